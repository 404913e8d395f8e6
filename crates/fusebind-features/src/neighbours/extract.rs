//! Neighbour features of many pairs. Similarities of a drug are computed once for all its pairs, those of a target once per
//! group of targets, so memory is bounded by the group.

use rayon::prelude::*;

use super::{
    Layout, Queries, ReferenceSet, SimilarityKind,
    descriptor::Comparer,
    interaction_matrix::Partners,
    layout::{CROSSED, MEAN, NEIGHBOURS},
};

/// Weight of the prior in a neighbourhood's mean.
const PRIOR: f32 = 0.3;
/// Keeps the logarithm of an empty neighbourhood finite.
const FAINT: f32 = 0.05;
/// Neighbours that take part in a crossed block.
const MOST_CROSSED: usize = 64;
/// Similarities of targets that are held at a time.
const HELD: usize = 1 << 26;

/// Neighbour features of pairs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NeighbourRows {
    /// Channels, `[P, F]`; meaningless where the block is absent.
    pub values: Vec<f32>,
    /// Whether each block is present, `[P, K]`: its modalities are, of the drug and of the target.
    pub present: Vec<bool>,
    /// A row without any label: what a block holds where the labels that it depends on are missing, `[F]`.
    pub empty: Vec<f32>,
}

/// Neighbour features of `pairs` of positions in `drugs` and `targets`.
pub fn extract(
    reference: &ReferenceSet,
    drugs: &Queries<'_>,
    targets: &Queries<'_>,
    pairs: &[(u32, u32)],
) -> NeighbourRows {
    let layout = reference.layout();
    let (width, blocks) = (layout.width(), layout.blocks.len());
    let mut rows = NeighbourRows {
        values: vec![0.0; pairs.len() * width],
        present: present(&layout, drugs, targets, pairs),
        empty: empty(&layout),
    };
    debug_assert_eq!(rows.present.len(), pairs.len() * blocks);
    let held = (HELD / reference.targets.keys.len().max(1)).max(1) as u32;
    let mut order: Vec<u32> = (0..pairs.len() as u32).collect();
    order.sort_unstable_by_key(|&row| {
        let (drug, target) = pairs[row as usize];
        (target / held, drug, target)
    });
    let comparers: Vec<Comparer<'_>> = reference.drugs.sources.iter().map(|(_, d)| Comparer::new(d)).collect();
    for group in order.chunk_by(|&a, &b| pairs[a as usize].1 / held == pairs[b as usize].1 / held) {
        let first = pairs[group[0] as usize].1 / held * held;
        let near = near_targets(reference, targets, first..(first + held).min(targets.own.len() as u32));
        let runs: Vec<&[u32]> = group
            .chunk_by(|&a, &b| pairs[a as usize].0 == pairs[b as usize].0)
            .collect();
        let written: Vec<(&[u32], Vec<f32>)> = runs
            .into_par_iter()
            .map(|run| {
                let drug = pairs[run[0] as usize].0 as usize;
                let near_drugs = NearDrugs::new(reference, &comparers, drugs, drug);
                let mut values = vec![0.0; run.len() * width];
                for (row, at) in values.chunks_mut(width.max(1)).zip(run) {
                    let target = pairs[*at as usize].1;
                    let pair = Pair {
                        reference,
                        drug: drugs.own[drug],
                        target: targets.own[target as usize],
                        near_drugs: &near_drugs,
                        near_targets: near.iter().map(|n| n.row((target - first) as usize)).collect(),
                    };
                    pair.write(&layout, row);
                }
                (run, values)
            })
            .collect();
        for (run, values) in written {
            for (at, row) in run.iter().zip(values.chunks(width.max(1))) {
                rows.values[*at as usize * width..(*at as usize + 1) * width].copy_from_slice(row);
            }
        }
    }
    rows
}

fn present(layout: &Layout, drugs: &Queries<'_>, targets: &Queries<'_>, pairs: &[(u32, u32)]) -> Vec<bool> {
    let known = |queries: &Queries<'_>| -> Vec<Vec<bool>> {
        let of = |d: &&super::Descriptors| (0..d.len()).map(|i| d.is_present(i)).collect();
        queries.descriptors.iter().map(of).collect()
    };
    let (drugs, targets) = (known(drugs), known(targets));
    let has = |side: &[Vec<bool>], source: Option<usize>, entity: u32| source.is_none_or(|s| side[s][entity as usize]);
    pairs
        .iter()
        .flat_map(|&(d, t)| {
            let (drugs, targets) = (&drugs, &targets);
            layout
                .blocks
                .iter()
                .map(move |b| has(drugs, b.drug, d) && has(targets, b.target, t))
        })
        .collect()
}

fn empty(layout: &Layout) -> Vec<f32> {
    let mut row = vec![0.0; layout.width()];
    for block in &layout.blocks {
        let channels = &mut row[block.channels.clone()];
        match channels.len() {
            MEAN => channels[1] = PRIOR.ln(),
            NEIGHBOURS => [1, 3, 5].into_iter().for_each(|c| channels[c] = FAINT.ln()),
            _ => channels[1] = FAINT.ln(),
        }
        if block.drug.is_some() && block.target.is_some() {
            channels[1] = FAINT.ln();
        }
    }
    row
}

/// Similarities of one drug to the reference's drugs, by source.
struct NearDrugs {
    /// `[sources][drugs]`
    similarities: Vec<Vec<f32>>,
    /// Nearest drugs other than the drug itself, with the middle power of their similarity, by source.
    nearest: Vec<Vec<(u32, f32)>>,
}

impl NearDrugs {
    fn new(reference: &ReferenceSet, comparers: &[Comparer<'_>], drugs: &Queries<'_>, drug: usize) -> Self {
        let count = reference.drugs.keys.len();
        let own = drugs.own[drug];
        let similarities: Vec<Vec<f32>> = comparers
            .iter()
            .zip(&drugs.descriptors)
            .map(|(comparer, queries)| {
                let mut row = vec![0.0; count];
                comparer.similarities(queries, drug, &mut row);
                row
            })
            .collect();
        let nearest = similarities
            .iter()
            .zip(&reference.drugs.sources)
            .map(|(row, (source, _))| {
                let mut near: Vec<(u32, f32)> = (row.iter().enumerate())
                    .filter(|(at, s)| **s > 0.0 && own != Some(*at as u32))
                    .map(|(at, s)| (at as u32, s.powf(source.powers()[1])))
                    .collect();
                if near.len() > MOST_CROSSED {
                    near.select_nth_unstable_by(MOST_CROSSED, |a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
                    near.truncate(MOST_CROSSED);
                }
                near.sort_unstable_by_key(|n| n.0);
                near
            })
            .collect();
        Self { similarities, nearest }
    }
}

/// Similarities of a group of targets to the reference's targets, for one source.
struct NearTargets {
    count: usize,
    /// `[group, targets]`
    similarities: Vec<f32>,
    /// The same to the middle power, and 0 for the target itself.
    weights: Vec<f32>,
}

impl NearTargets {
    fn row(&self, target: usize) -> (&[f32], &[f32]) {
        let range = target * self.count..(target + 1) * self.count;
        (&self.similarities[range.clone()], &self.weights[range])
    }
}

fn near_targets(reference: &ReferenceSet, targets: &Queries<'_>, group: std::ops::Range<u32>) -> Vec<NearTargets> {
    let count = reference.targets.keys.len();
    reference
        .targets
        .sources
        .iter()
        .zip(&targets.descriptors)
        .map(|((source, descriptors), queries)| {
            let comparer = Comparer::new(descriptors);
            let mut similarities = vec![0.0; group.len() * count];
            let mut weights = similarities.clone();
            similarities
                .par_chunks_mut(count.max(1))
                .zip(weights.par_chunks_mut(count.max(1)))
                .enumerate()
                .for_each(|(at, (row, weight))| {
                    let target = group.start as usize + at;
                    comparer.similarities(queries, target, row);
                    for (weight, similarity) in weight.iter_mut().zip(row.iter()) {
                        *weight = similarity.powf(source.powers()[1]);
                    }
                    if let Some(own) = targets.own[target] {
                        weight[own as usize] = 0.0;
                    }
                });
            NearTargets {
                count,
                similarities,
                weights,
            }
        })
        .collect()
}

/// One pair with everything that its neighbour features rest on.
struct Pair<'a> {
    reference: &'a ReferenceSet,
    drug: Option<u32>,
    target: Option<u32>,
    near_drugs: &'a NearDrugs,
    near_targets: Vec<(&'a [f32], &'a [f32])>,
}

impl Pair<'_> {
    fn write(&self, layout: &Layout, row: &mut [f32]) {
        let known = &self.reference.known;
        let (of_drug, of_target) = (known.of_drug(self.drug), known.of_target(self.target));
        for block in &layout.blocks {
            let out = &mut row[block.channels.clone()];
            match (block.drug, block.target) {
                (None, None) if matches!(block.depends_on, super::LabelDependency::TargetLabels) => {
                    mean(of_target, self.drug, out)
                }
                (None, None) => mean(of_drug, self.target, out),
                (Some(drug), None) => {
                    let source = self.reference.drugs.sources[drug].0;
                    neighbours(of_target, self.drug, &self.near_drugs.similarities[drug], source, out);
                }
                (None, Some(target)) => {
                    let source = self.reference.targets.sources[target].0;
                    neighbours(of_drug, self.target, self.near_targets[target].0, source, out);
                }
                (Some(drug), Some(target)) => self.crossed(drug, target, out),
            }
        }
    }

    fn crossed(&self, drug: usize, target: usize, out: &mut [f32]) {
        let weights = self.near_targets[target].1;
        let (mut sum, mut mass) = (0.0, 0.0);
        for &(other, near) in &self.near_drugs.nearest[drug] {
            let partners = self.reference.known.of_drug(Some(other));
            let (mut own_sum, mut own_mass) = (0.0, 0.0);
            for (partner, value) in partners.ids.iter().zip(partners.values) {
                let weight = weights[*partner as usize];
                own_sum += weight * value;
                own_mass += weight;
            }
            sum += near * own_sum;
            mass += near * own_mass;
        }
        debug_assert_eq!(out.len(), CROSSED);
        out[0] = sum / (mass + PRIOR);
        out[1] = (mass + FAINT).ln();
    }
}

/// Leave-one-out mean of an entity's outcomes, `own` left out.
fn mean(partners: Partners<'_>, own: Option<u32>, out: &mut [f32]) {
    let at = own.and_then(|own| partners.ids.binary_search(&own).ok());
    let (sum, count) = match at {
        Some(at) => (partners.sum - partners.values[at], partners.ids.len() - 1),
        None => (partners.sum, partners.ids.len()),
    };
    out[0] = if count == 0 { 0.0 } else { sum / (count as f32 + 1.0) };
    out[1] = (count as f32 + PRIOR).ln();
}

/// Outcomes of similar partners, `own` left out.
fn neighbours(partners: Partners<'_>, own: Option<u32>, similarities: &[f32], source: SimilarityKind, out: &mut [f32]) {
    let (mut sums, mut masses, mut above, mut below) = ([0.0f32; 3], [0.0f32; 3], 0.0f32, 0.0f32);
    for (&id, &value) in partners.ids.iter().zip(partners.values) {
        let similarity = similarities[id as usize];
        if own == Some(id) || similarity <= 0.0 {
            continue;
        }
        for (power, (sum, mass)) in source.powers().into_iter().zip(sums.iter_mut().zip(&mut masses)) {
            let weight = similarity.powf(power);
            *sum += weight * value;
            *mass += weight;
        }
        if value > 0.0 {
            above = above.max(similarity);
        } else {
            below = below.max(similarity);
        }
    }
    for (at, (sum, mass)) in sums.into_iter().zip(masses).enumerate() {
        out[2 * at] = sum / (mass + PRIOR);
        out[2 * at + 1] = (mass + FAINT).ln();
    }
    out[6] = above;
    out[7] = below;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neighbours::{Descriptors, InteractionMatrix, ReferenceEntities};

    /// Three drugs and two targets on dense profiles: everything can be worked out by hand.
    fn reference(outcomes: &[(u32, u32, f32)]) -> ReferenceSet {
        let side = |values: Vec<f32>, names: &[&str]| ReferenceEntities {
            keys: names.iter().map(|n| n.to_string()).collect(),
            sources: vec![(SimilarityKind::Text, Descriptors::dense(values, 2))],
        };
        ReferenceSet {
            drugs: side(vec![1.0, 0.0, 0.6, 0.8, 0.0, 1.0], &["a", "b", "c"]),
            targets: side(vec![1.0, 0.0, 0.8, 0.6], &["x", "y"]),
            known: InteractionMatrix::new(3, 2, outcomes),
        }
    }

    fn queries(reference: &ReferenceSet) -> (Queries<'_>, Queries<'_>) {
        fn of(side: &ReferenceEntities) -> Queries<'_> {
            Queries::new(side, side.keys.iter().map(String::as_str), vec![&side.sources[0].1])
        }
        (of(&reference.drugs), of(&reference.targets))
    }

    const OUTCOMES: [(u32, u32, f32); 4] = [(0, 0, 1.0), (1, 0, 1.0), (2, 0, 0.0), (0, 1, 0.0)];

    #[test]
    fn values_are_those_of_the_formulas() {
        let reference = reference(&OUTCOMES);
        let (drugs, targets) = queries(&reference);
        let rows = extract(&reference, &drugs, &targets, &[(0, 0)]);
        let close = |at: usize, expected: f32| {
            assert!(
                (rows.values[at] - expected).abs() < 1e-5,
                "{at}: {} is not {expected}",
                rows.values[at]
            );
        };
        // Mean 0.5. Other drugs of x: b (+0.5) and c (-0.5).
        close(0, 0.0);
        close(1, 2.3f32.ln());
        // Other targets of a: y (-0.5).
        close(2, -0.25);
        close(3, 1.3f32.ln());
        // a resembles b by 0.6 and c not at all.
        close(4, 0.6 * 0.5 / 0.9);
        close(5, 0.65f32.ln());
        close(6, 0.36 * 0.5 / 0.66);
        close(10, 0.6);
        close(11, 0.0);
        // x resembles y by 0.8, and a does not bind y.
        close(12, -0.8 * 0.5 / 1.1);
        close(18, 0.0);
        close(19, 0.8);
        // Crossed: b and c were never tested on y.
        close(20, 0.0);
        close(21, FAINT.ln());
        assert!(rows.present.iter().all(|p| *p));
    }

    #[test]
    fn the_label_of_a_pair_never_reaches_its_own_features() {
        let (plain, mut flipped) = (OUTCOMES, OUTCOMES);
        flipped[0].2 = 0.0;
        flipped[3].2 = 1.0; // Keeps the mean.
        let (one, other) = (reference(&plain), reference(&flipped));
        let (drugs, targets) = queries(&one);
        let of = |reference: &ReferenceSet| extract(reference, &drugs, &targets, &[(0, 0), (1, 0)]).values;
        let (a, b) = (of(&one), of(&other));
        let width = one.layout().width();
        // The drug-neighbour block of (0, 0) depends on b and c alone.
        assert_eq!(a[..2], b[..2]);
        assert_eq!(a[4..12], b[4..12]);
        assert_ne!(a[width..], b[width..], "the neighbour's features do change");
    }

    #[test]
    fn a_new_entity_has_the_empty_row() {
        let reference = reference(&OUTCOMES);
        let (mut drugs, mut targets) = queries(&reference);
        drugs.own = vec![None; 3];
        targets.own = vec![None; 2];
        let nothing = Descriptors::dense(vec![0.0; 6], 2);
        drugs.descriptors = vec![&nothing];
        let rows = extract(&reference, &drugs, &targets, &[(0, 0)]);
        assert_eq!(rows.values, rows.empty);
        let present: Vec<bool> = reference.layout().blocks.iter().map(|b| b.drug.is_none()).collect();
        assert_eq!(rows.present, present, "a block with a missing descriptor is absent");
    }

    #[test]
    fn order_and_company_of_pairs_do_not_matter() {
        let reference = reference(&OUTCOMES);
        let (drugs, targets) = queries(&reference);
        let all = [(0, 0), (2, 1), (1, 1), (2, 0)];
        let rows = extract(&reference, &drugs, &targets, &all);
        let width = reference.layout().width();
        for (at, pair) in all.iter().enumerate() {
            let alone = extract(&reference, &drugs, &targets, &[*pair]);
            assert_eq!(alone.values, rows.values[at * width..(at + 1) * width]);
        }
    }
}
