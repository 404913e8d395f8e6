//! Which of two pairs has the higher affinity: the comparisons of a batch, and what it costs to get them wrong.
//!
//! ```text
//! mean over comparisons of ln(1 + exp(-(z_above - z_below) / tau))
//! ```
//!
//! with `z` a standardised affinity (RankNet of Burges et al. 2005, doi 10.1145/1102351.1102363). Pairs of one drug are compared, pairs of one target,
//! and any two: the first two kinds are few in a batch, and what is added to all pairs of an entity changes none of its own comparisons. Two pairs
//! are compared where one is certainly above the other: a lower bound above an upper one. Comes in: labels of a batch. Goes out: positions of the
//! two of each comparison.

use burn::tensor::{Device, Int, Tensor, TensorData, activation::relu};

/// Most pairs behind it in its batch that a pair is compared with, of each kind: the work grows with the batch and not with its square.
const RIVALS: usize = 16;
/// `tau` of the file's header: a lead of one standard deviation counts as sure.
const TEMPERATURE: f32 = 0.25;

/// Comparisons of the pairs of a batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparisons {
    /// Positions of the stronger ones in an array of outputs.
    above: Vec<i32>,
    /// Positions of the weaker ones.
    below: Vec<i32>,
}

/// Between which values a label lies; they are one where it is exact.
pub(super) type Bounds = [f32; 2];

impl Comparisons {
    /// Comparisons between pairs that share a drug, that share a target, and between any; `pairs` are the two of each. A pair without bounds has no
    /// label.
    pub(super) fn of(pairs: &[[u32; 2]], bounds: impl Fn(usize) -> Option<Bounds>) -> Self {
        let labelled = (0..pairs.len()).filter_map(|at| Some((at, bounds(at)?)));
        let mut labelled: Vec<(usize, Bounds)> = labelled.collect();
        let mut comparisons = Self::default();
        let kinds: [fn(&[u32; 2]) -> u32; 3] = [|pair| pair[0], |pair| pair[1], |_| 0];
        for kind in kinds {
            let shared = |(at, _): &(usize, Bounds)| kind(&pairs[*at]);
            // By what they share, and as in the batch within one, where the order is random.
            labelled.sort_unstable_by_key(|one| (shared(one), one.0));
            for group in labelled.chunk_by(|a, b| shared(a) == shared(b)) {
                for (place, one) in group.iter().enumerate() {
                    let rivals = group[place + 1..].iter().take(RIVALS);
                    rivals.for_each(|other| comparisons.compare(*one, *other));
                }
            }
        }
        comparisons
    }

    fn compare(&mut self, one: (usize, Bounds), other: (usize, Bounds)) {
        let is_above = |a: Bounds, b: Bounds| a[0] > b[1];
        let (above, below) = match () {
            () if is_above(one.1, other.1) => (one, other),
            () if is_above(other.1, one.1) => (other, one),
            () => return,
        };
        self.above.push(above.0 as i32);
        self.below.push(below.0 as i32);
    }

    /// The same in one of the columns of an array.
    pub(super) fn in_column(mut self, column: usize, columns: usize) -> Self {
        for at in self.above.iter_mut().chain(&mut self.below) {
            *at = *at * columns as i32 + column as i32;
        }
        self
    }

    /// The cost of the file's header, `[1]`, of an array of outputs; none where nothing is compared.
    pub(super) fn cost(&self, outputs: &Tensor<2>, device: &Device) -> Option<Tensor<1>> {
        if self.above.is_empty() {
            return None;
        }
        let outputs: Tensor<1> = outputs.clone().flatten(0, 1);
        let at = |positions: &[i32]| {
            let positions = TensorData::new(positions.to_vec(), [positions.len()]);
            outputs
                .clone()
                .select(0, Tensor::<1, Int>::from_data(positions, device))
        };
        let lead = (at(&self.above) - at(&self.below)) / TEMPERATURE;
        // ln(1 + exp(-x)) = max(-x, 0) + ln(1 + exp(-|x|)): finite for every x.
        Some((relu(lead.clone().neg()) + (lead.abs().neg().exp() + 1.0).log()).mean())
    }
}

impl FromIterator<Self> for Comparisons {
    fn from_iter<I: IntoIterator<Item = Self>>(all: I) -> Self {
        all.into_iter().fold(Self::default(), |mut sum, one| {
            sum.above.extend(one.above);
            sum.below.extend(one.below);
            sum
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_compared_where_one_is_certainly_stronger_and_once_more_where_they_share_an_entity() {
        // Two drugs of target 0, and drug 0 with target 1; the last pair shares nothing.
        let pairs = [[0, 0], [1, 0], [0, 1], [2, 2]];
        let of = |bounds: [Option<Bounds>; 4]| {
            let found = Comparisons::of(&pairs, |at| bounds[at]);
            found.above.into_iter().zip(found.below).collect::<Vec<_>>()
        };
        let exact = |value: f32| Some([value; 2]);
        let (most, least) = (
            |value| Some([f32::NEG_INFINITY, value]),
            |value| Some([value, f32::INFINITY]),
        );
        let any = [(1, 0), (0, 2), (3, 0), (1, 2), (3, 1), (3, 2)];
        let all = of([exact(5.0), exact(7.0), exact(4.0), exact(9.0)]);
        assert_eq!(all, [&[(0, 2), (1, 0)], &any[..]].concat());
        assert_eq!(of([exact(5.0), exact(5.0), None, None]), []);
        // At most 5 is below 7, and may or may not be below 4; at least 6 is above at most 5.
        assert_eq!(of([most(5.0), exact(7.0), exact(4.0), None]), [(1, 0), (1, 0), (1, 2)]);
        assert_eq!(of([most(5.0), least(6.0), least(4.0), None]), [(1, 0), (1, 0)]);
        let third = Comparisons::of(&pairs, |at| (at < 2).then_some([at as f32; 2])).in_column(2, 3);
        assert_eq!((third.above, third.below), (vec![5, 5], vec![2, 2]));
    }

    #[test]
    fn what_all_pairs_of_an_entity_have_in_common_costs_nothing() {
        let device = Device::flex();
        let pairs = [[0, 0], [1, 0], [2, 0]];
        let compared = Comparisons::of(&pairs, |at| Some([at as f32; 2]));
        let cost = |outputs: [f32; 3]| {
            let outputs = Tensor::<2>::from_data([outputs], &device);
            compared.cost(&outputs, &device).unwrap().into_scalar::<f32>()
        };
        // Leads of 1, 2 and 1, in quarters.
        let ln = |lead: f32| (-4.0 * lead).exp().ln_1p();
        assert!((cost([0.0, 1.0, 2.0]) - (2.0 * ln(1.0) + ln(2.0)) / 3.0).abs() < 1e-6);
        assert!((cost([0.0, 1.0, 2.0]) - cost([7.0, 8.0, 9.0])).abs() < 1e-6);
        assert!(cost([2.0, 1.0, 0.0]) > 1.0);
        assert!(cost([0.0, 500.0, -500.0]).is_finite());
        let outputs = Tensor::<2>::from_data([[1.0, 2.0, 3.0]], &device);
        assert!(Comparisons::default().cost(&outputs, &device).is_none());
    }

    #[test]
    fn the_work_grows_with_the_batch() {
        let pairs = vec![[0, 0]; 1000];
        let compared = Comparisons::of(&pairs, |at| Some([at as f32; 2]));
        assert!(compared.above.len() <= 3 * RIVALS * pairs.len());
    }
}
