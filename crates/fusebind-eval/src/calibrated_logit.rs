//! A calibration map that depends on what is known of a pair.
//!
//! Comes in: [`LabelledLogits`] of pairs that no model was fitted on, with rows of `W` channels. Goes out: [`CalibratedLogit`],
//!
//! ```text
//! logit p' = A z + C 2 ln cosh(z/2) + D 2 tanh(z/2) + b · x        z = logit p
//! A = max(0, 1 + a · x)    C = c · x, from -A to A    D = d · x, no less than -(A + sqrt(A² - C²))/2
//! ```
//!
//! Platt's map (1999) whose slope and offset depend on the row: what a model says of a new compound can be worth less than what it says
//! of a known one. The slope may depend on fewer channels than the offset. `C` lets the two ends have slopes of their own, as beta calibration does (Kull
//! et al. 2017, Electron. J. Stat. 11:5052), `D` the middle; their limits keep the map from falling. Both may be left out. Weights are drawn
//! to 0, which changes nothing, or to those of an earlier map, as if by `ridge`; those of slope and offset for the first channel, which is 1, are free.

use serde::{Deserialize, Serialize};

use crate::{
    error::Undefined,
    newton::{Convex, add_outer, dot, minimise},
    ridge::Ridge,
};

/// Logits are cut here before they are mapped.
const MOST: f64 = 20.0;
/// Share of the ridge that the two weights of the first channel have, so that classes that do not overlap have a slope.
const FREE: f64 = 1e-3;

/// A calibration map whose slope and offset depend on a row of channels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibratedLogit {
    /// Of the slope, added to 1.
    pub slope: Vec<f64>,
    /// Of the offset.
    pub offset: Vec<f64>,
    /// Of `C` and `D`; empty where the map is straight.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bend: Vec<[f64; 2]>,
}

/// Channels, by their numbers, that the parts of a map depend on beside its offset, which depends on all.
#[derive(Clone, Copy, Debug)]
pub struct MapChannels<'a> {
    /// Those of the slope; the first is 0.
    pub slope: &'a [usize],
    /// Those of `C` and of `D`; none for a straight map.
    pub bend: &'a [usize],
}

/// Pairs that a calibration map is fitted on.
#[derive(Clone, Copy, Debug)]
pub struct LabelledLogits<'a> {
    /// Channels, `[N, width]`; the first of each row is 1.
    pub rows: &'a [f64],
    /// Number of channels.
    pub width: usize,
    /// `[N]`
    pub logits: &'a [f64],
    /// Whether each pair binds, `[N]`.
    pub truth: &'a [bool],
    /// For how many pairs each pair counts, `[N]`.
    pub weights: &'a [f64],
}

impl CalibratedLogit {
    /// The map of `pairs`, whose parts depend on these `channels`. What an earlier map makes of other channels is left out.
    ///
    /// # Errors
    /// Where there is nothing, lengths differ, a number is not finite, a weight is not positive, `channels` names no channel of a row or the slope
    /// begins with another than 0, the ridge is not positive, or an earlier map is of rows of another width.
    pub fn fit(
        pairs: LabelledLogits<'_>,
        channels: MapChannels<'_>,
        ridge: Ridge<'_, Self>,
    ) -> Result<Self, Undefined> {
        let width = pairs.width;
        let MapChannels { slope, bend } = channels;
        pairs.check()?;
        let is_unknown = |at: &usize| *at >= width;
        match () {
            () if slope.first() != Some(&0) || slope.iter().chain(bend).any(is_unknown) => {
                return Err(Undefined::Parameter);
            }
            () if !(ridge.strength > 0.0 && ridge.strength.is_finite()) => return Err(Undefined::Parameter),
            () if ridge.toward.is_some_and(|map| !map.is_sound(width)) => return Err(Undefined::Length),
            () => {}
        }
        let logits: Vec<f64> = pairs.logits.iter().map(|l| l.clamp(-MOST, MOST)).collect();
        // What the channels of the slope weigh, then those of the offset, then those of the bends.
        let mut inputs = Vec::with_capacity(logits.len() * (slope.len() + width + 2 * bend.len()));
        for (row, logit) in pairs.rows.chunks(width).zip(&logits) {
            inputs.extend(slope.iter().map(|at| row[*at] * logit));
            inputs.extend_from_slice(row);
            for bent in bends(*logit) {
                inputs.extend(bend.iter().map(|at| row[*at] * bent));
            }
        }
        let problem = Problem {
            inputs: &inputs,
            logits: &logits,
            truth: pairs.truth,
            counts: pairs.weights,
            slopes: slope.len(),
            ridge: ridge.strength,
            toward: &(ridge.toward).map_or_else(
                || vec![0.0; slope.len() + width + 2 * bend.len()],
                |map| map.weights(channels),
            ),
        };
        let mut slopes = minimise(&problem, problem.toward.to_vec());
        let mut offset = slopes.split_off(slope.len());
        let bent = offset.split_off(width);
        let mut found = Self {
            slope: vec![0.0; width],
            offset,
            bend: vec![[0.0; 2]; if bend.is_empty() { 0 } else { width }],
        };
        slope
            .iter()
            .zip(slopes)
            .for_each(|(at, weight)| found.slope[*at] = weight);
        for (place, at) in bend.iter().enumerate() {
            found.bend[*at] = [bent[place], bent[bend.len() + place]];
        }
        Ok(found)
    }

    /// The weights of these channels in the order in which they are fitted: of the slope, of the offset, of `C`, of `D`.
    fn weights(&self, channels: MapChannels<'_>) -> Vec<f64> {
        let slope = channels.slope.iter().map(|at| self.slope[*at]);
        let bend = |part: usize| {
            let of = move |at: &usize| self.bend.get(*at).map_or(0.0, |bend| bend[part]);
            channels.bend.iter().map(of)
        };
        slope
            .chain(self.offset.iter().copied())
            .chain(bend(0))
            .chain(bend(1))
            .collect()
    }

    /// The calibrated probability of a pair with this `logit`.
    pub fn apply(&self, row: &[f64], logit: f64) -> f64 {
        let logit = logit.clamp(-MOST, MOST);
        let slope = (1.0 + dot(&self.slope, row)).max(0.0);
        let z = slope * logit + dot(&self.offset, row) + self.bent(row, logit, slope);
        1.0 / (1.0 + (-z).exp())
    }

    /// What the bends add to a logit; 0 where the map is straight.
    fn bent(&self, row: &[f64], logit: f64, slope: f64) -> f64 {
        if self.bend.is_empty() {
            return 0.0;
        }
        let [even, odd] = [0, 1].map(|part| self.bend.iter().zip(row).map(|(w, x)| w[part] * x).sum::<f64>());
        let even = even.clamp(-slope, slope);
        // The derivative is A + C u + D (1 - u²) with u = tanh(z/2), which is nowhere negative then.
        let odd = odd.max(-0.5 * (slope + (slope * slope - even * even).max(0.0).sqrt()));
        let [of_even, of_odd] = bends(logit);
        even * of_even + odd * of_odd
    }

    /// Whether it has weights for `width` channels and all of them are finite.
    pub fn is_sound(&self, width: usize) -> bool {
        let mut all = self.slope.iter().chain(&self.offset).chain(self.bend.iter().flatten());
        let is_bend = self.bend.is_empty() || self.bend.len() == width;
        self.slope.len() == width && self.offset.len() == width && is_bend && all.all(|w| w.abs() < 1e6)
    }
}

/// `2 ln cosh(z/2)` and `2 tanh(z/2)`.
fn bends(logit: f64) -> [f64; 2] {
    let size = logit.abs();
    [
        size + 2.0 * ((-size).exp().ln_1p() - std::f64::consts::LN_2),
        2.0 * (logit / 2.0).tanh(),
    ]
}

impl LabelledLogits<'_> {
    fn check(&self) -> Result<(), Undefined> {
        let n = self.truth.len();
        match () {
            () if n == 0 || self.width == 0 => Err(Undefined::Empty),
            () if self.logits.len() != n || self.weights.len() != n || self.rows.len() != n * self.width => {
                Err(Undefined::Length)
            }
            () if !self.rows.iter().chain(self.logits).all(|v| v.is_finite()) => Err(Undefined::NotFinite),
            () if !self.weights.iter().all(|w| *w > 0.0 && w.is_finite()) => Err(Undefined::Parameter),
            () => Ok(()),
        }
    }
}

struct Problem<'a> {
    /// `[N, slopes + W + bends]`
    inputs: &'a [f64],
    logits: &'a [f64],
    truth: &'a [bool],
    /// For how many pairs each counts.
    counts: &'a [f64],
    /// Number of channels of the slope.
    slopes: usize,
    ridge: f64,
    /// What the weights are drawn to.
    toward: &'a [f64],
}

/// A pair as the loss sees it.
struct Row<'a> {
    inputs: &'a [f64],
    logit: f64,
    label: f64,
    count: f64,
}

impl Problem<'_> {
    fn pairs<'s>(&'s self, width: usize) -> impl Iterator<Item = Row<'s>> + 's {
        let labels = self.truth.iter().map(|truth| f64::from(u8::from(*truth)));
        let all = self.inputs.chunks(width).zip(self.logits).zip(labels).zip(self.counts);
        all.map(|(((inputs, logit), label), count)| Row {
            inputs,
            logit: *logit,
            label,
            count: *count,
        })
    }

    fn ridge(&self, at: usize) -> f64 {
        if at == 0 || at == self.slopes {
            self.ridge * FREE
        } else {
            self.ridge
        }
    }
}

impl Convex for Problem<'_> {
    fn loss(&self, weights: &[f64]) -> f64 {
        let pair = |row: Row<'_>| {
            let z = row.logit + dot(weights, row.inputs);
            row.count * (z.max(0.0) + (-z.abs()).exp().ln_1p() - row.label * z)
        };
        let penalty: f64 = (weights.iter().zip(self.toward).enumerate())
            .map(|(at, (w, v))| self.ridge(at) * (w - v) * (w - v))
            .sum();
        self.pairs(weights.len()).map(pair).sum::<f64>() + 0.5 * penalty
    }

    fn derivatives(&self, weights: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let width = weights.len();
        let (mut gradient, mut hessian) = (vec![0.0; width], vec![0.0; width * width]);
        for row in self.pairs(width) {
            let p = 1.0 / (1.0 + (-(row.logit + dot(weights, row.inputs))).exp());
            let slope = row.count * (p - row.label);
            gradient.iter_mut().zip(row.inputs).for_each(|(g, x)| *g += slope * x);
            add_outer(&mut hessian, row.inputs, row.count * (p * (1.0 - p)).max(1e-12));
        }
        for at in 0..width {
            gradient[at] += self.ridge(at) * (weights[at] - self.toward[at]);
            hessian[at * width + at] += self.ridge(at);
        }
        (gradient, hessian)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a failed assumption stops the test
mod tests {
    use super::*;

    fn straight(slope: &[usize]) -> MapChannels<'_> {
        MapChannels { slope, bend: &[] }
    }

    #[test]
    fn slope_and_offset_follow_the_row() {
        // Logits are right where the channel is 0, and twice as sure as they may be, and half too high, where it is 1.
        let n = 40_000;
        let pair = |i: usize| {
            let logit = 6.0 * (i as f64 * 0.618_033_988_749_895).fract() - 3.0;
            let x = f64::from(u8::from(i % 2 == 1));
            let z = logit * (1.0 - 0.5 * x) - 0.5 * x;
            let u = ((i as f64 + 0.5) * 0.754_877_666_246_693).fract();
            ([1.0, x], logit, u < 1.0 / (1.0 + (-z).exp()))
        };
        let pairs: Vec<([f64; 2], f64, bool)> = (0..n).map(pair).collect();
        let rows: Vec<f64> = pairs.iter().flat_map(|p| p.0).collect();
        let (logits, truth): (Vec<f64>, Vec<bool>) = pairs.iter().map(|p| (p.1, p.2)).unzip();
        let all = LabelledLogits {
            rows: &rows,
            width: 2,
            logits: &logits,
            truth: &truth,
            weights: &vec![1.0; n],
        };
        let map = CalibratedLogit::fit(all, straight(&[0, 1]), Ridge::to_zero(1.0)).unwrap();
        let near = |found: &[f64], expected: [f64; 2]| found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 0.05);
        assert!(
            near(&map.slope, [0.0, -0.5]) && near(&map.offset, [0.0, -0.5]),
            "{map:?}"
        );
        assert!((map.apply(&[1.0, 1.0], 2.0) - 1.0 / (1.0 + (-0.5f64).exp())).abs() < 0.02);
        assert!(map.is_sound(2) && !map.is_sound(1));
        // An order is never turned around, however far the row is from all others.
        assert!(map.apply(&[1.0, 9.0], 2.0) >= map.apply(&[1.0, 9.0], -2.0));
    }

    #[test]
    fn a_pair_counts_as_often_as_its_weight_says_and_a_slope_may_know_less_than_the_offset() {
        let (rows, logits) = ([1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0], [-1.0, 2.0, 0.5, -0.5]);
        let truth = [false, true, true, false];
        let fit = |twice: bool| {
            let often = |of: &[f64], width: usize| match twice {
                true => [of, &of[..width]].concat(),
                false => of.to_vec(),
            };
            let truth: Vec<bool> = truth.iter().chain(&truth[..usize::from(twice)]).copied().collect();
            let mut weights = vec![1.0; truth.len()];
            weights[0] = if twice { 1.0 } else { 2.0 };
            let pairs = LabelledLogits {
                rows: &often(&rows, 2),
                width: 2,
                logits: &often(&logits, 1),
                truth: &truth,
                weights: &weights,
            };
            CalibratedLogit::fit(pairs, straight(&[0]), Ridge::to_zero(1.0)).unwrap()
        };
        let [once, twice] = [fit(false), fit(true)];
        let pairs = once
            .slope
            .iter()
            .zip(&twice.slope)
            .chain(once.offset.iter().zip(&twice.offset));
        pairs.for_each(|(one, other)| assert!((one - other).abs() < 1e-6, "{once:?} {twice:?}"));
        assert_eq!(once.slope[1], 0.0);
        assert!(once.offset[1] != 0.0 && once.slope[0] != 0.0);
    }

    #[test]
    fn a_bent_map_has_ends_of_their_own_and_never_falls() {
        // What is above 0 is half as sure as it may be, what is below twice.
        let n = 40_000;
        let pair = |i: usize| {
            let logit = 8.0 * (i as f64 * 0.618_033_988_749_895).fract() - 4.0;
            let z = if logit > 0.0 { 2.0 * logit } else { 0.5 * logit };
            let u = ((i as f64 + 0.5) * 0.754_877_666_246_693).fract();
            (logit, u < 1.0 / (1.0 + (-z).exp()))
        };
        let (logits, truth): (Vec<f64>, Vec<bool>) = (0..n).map(pair).unzip();
        let pairs = LabelledLogits {
            rows: &vec![1.0; n],
            width: 1,
            logits: &logits,
            truth: &truth,
            weights: &vec![1.0; n],
        };
        let fit = |bend: &[usize]| {
            CalibratedLogit::fit(pairs, MapChannels { slope: &[0], bend }, Ridge::to_zero(1.0)).unwrap()
        };
        let (line, bent) = (fit(&[]), fit(&[0]));
        let at = |map: &CalibratedLogit, logit: f64| map.apply(&[1.0], logit);
        let low = 1.0 / (1.0 + 1.5f64.exp());
        let off = |map: &CalibratedLogit| (at(map, -3.0) - low).abs();
        assert!(off(&bent) < 0.03 && off(&line) > 0.05, "{bent:?} {line:?}");
        assert!(bent.is_sound(1) && line.bend.is_empty());
        let steep = CalibratedLogit {
            slope: vec![-0.5],
            offset: vec![0.0],
            bend: vec![[-3.0, -3.0]],
        };
        let steps: Vec<f64> = (-200..=200).map(|z| at(&steep, f64::from(z) / 10.0)).collect();
        assert!(steps.windows(2).all(|pair| pair[0] <= pair[1] + 1e-12));
        assert!(
            !CalibratedLogit {
                bend: vec![[0.0; 2]; 2],
                ..steep
            }
            .is_sound(1)
        );
    }

    #[test]
    fn few_pairs_move_an_earlier_map_and_do_not_forget_it() {
        let earlier = CalibratedLogit {
            slope: vec![0.0, -0.5],
            offset: vec![0.0, 1.0],
            bend: vec![[0.25, 0.5], [0.0, -0.125]],
        };
        // Half of these bind, where the earlier map expects a quarter.
        let pairs = LabelledLogits {
            rows: &[1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0],
            width: 2,
            logits: &[-1.1; 4],
            truth: &[true, false, true, false],
            weights: &[3e3; 4],
        };
        let ridge = Ridge {
            strength: 1e5,
            toward: Some(&earlier),
        };
        let channels = MapChannels {
            slope: &[0, 1],
            bend: &[0, 1],
        };
        let map = CalibratedLogit::fit(pairs, channels, ridge).unwrap();
        let near = |one: f64, other: f64| (one - other).abs() < 0.05;
        assert!(near(map.slope[1], -0.5) && near(map.offset[1], 1.0), "{map:?}");
        let of = |map: &CalibratedLogit| map.bend.concat();
        assert!(
            of(&map).iter().zip(of(&earlier)).all(|(one, other)| near(*one, other)),
            "{map:?}"
        );
        let said = |map: &CalibratedLogit| map.apply(&[1.0, 0.0], -1.1);
        assert!(said(&earlier) < 0.25 && (said(&map) - 0.5).abs() < 0.03, "{map:?}");
        // Without these channels the bends of the earlier map are left out.
        let line = CalibratedLogit::fit(pairs, straight(&[0]), ridge).unwrap();
        assert!(line.bend.is_empty() && line.slope[1] == 0.0);
        let wide = CalibratedLogit {
            offset: vec![0.0; 3],
            slope: vec![0.0; 3],
            bend: Vec::new(),
        };
        let toward = Some(&wide);
        assert_eq!(
            CalibratedLogit::fit(pairs, channels, Ridge { toward, ..ridge }),
            Err(Undefined::Length)
        );
    }

    #[test]
    fn classes_that_do_not_overlap_have_a_finite_map() {
        let pairs = LabelledLogits {
            rows: &[1.0; 4],
            width: 1,
            logits: &[-1.0, -2.0, 1.0, 2.0],
            truth: &[false, false, true, true],
            weights: &[1.0; 4],
        };
        let map = CalibratedLogit::fit(pairs, straight(&[0]), Ridge::to_zero(1.0)).unwrap();
        assert!(map.is_sound(1), "{map:?}");
    }

    #[test]
    fn what_cannot_be_fitted_is_said() {
        let pairs = LabelledLogits {
            rows: &[1.0],
            width: 1,
            logits: &[0.0],
            truth: &[true],
            weights: &[1.0],
        };
        let fit = |pairs, slope: &[usize], ridge| CalibratedLogit::fit(pairs, straight(slope), Ridge::to_zero(ridge));
        assert!(fit(pairs, &[0], 1.0).is_ok());
        let nothing = LabelledLogits { truth: &[], ..pairs };
        let uncounted = LabelledLogits {
            weights: &[0.0],
            ..pairs
        };
        let unequal = LabelledLogits { weights: &[], ..pairs };
        assert_eq!(fit(nothing, &[0], 1.0), Err(Undefined::Empty));
        assert_eq!(fit(unequal, &[0], 1.0), Err(Undefined::Length));
        assert_eq!(fit(uncounted, &[0], 1.0), Err(Undefined::Parameter));
        for (slope, ridge) in [(&[][..], 1.0), (&[1], 1.0), (&[0, 1], 1.0), (&[0], 0.0)] {
            assert_eq!(fit(pairs, slope, ridge), Err(Undefined::Parameter), "{slope:?} {ridge}");
        }
        let unknown = MapChannels {
            slope: &[0],
            bend: &[1],
        };
        assert_eq!(
            CalibratedLogit::fit(pairs, unknown, Ridge::to_zero(1.0)),
            Err(Undefined::Parameter)
        );
    }
}
