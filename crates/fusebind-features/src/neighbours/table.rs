//! Neighbour features as a model reads them: standardised, with absent blocks flagged, and masked where training requires it.
//!
//! One row per pair; a batch's rows hold `F` standardised features and `K` flags that are 1 where a block is absent. Axis legend:
//! `P` pairs, `F` neighbour features, `K` feature blocks.

use std::collections::BTreeMap;

use super::{LabelDependency, Layout, SimilarityKind};
use crate::{
    modality::{Modality, ModalitySet, ModalityWeights},
    rows::Rows,
};

/// What is masked of a pair's neighbour features, and the weight of the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mask {
    /// The drug is treated as one without labels.
    pub drug_labels: bool,
    /// The target is treated as one without labels.
    pub target_labels: bool,
    /// Modalities of the drug that are masked.
    pub drug: ModalitySet,
    /// Modalities of the target that are masked.
    pub target: ModalitySet,
    /// Weights of the modalities of the drug and of the target: a modality of weight below 1 is missing in part.
    pub modality_weights: [ModalityWeights; 2],
}

/// Neighbour features of many pairs.
#[derive(Clone, Debug)]
pub struct NeighbourTable {
    pub(crate) layout: Layout,
    pub(crate) sources: [Vec<SimilarityKind>; 2],
    pub(crate) values: Vec<f32>,
    pub(crate) present: Vec<bool>,
    pub(crate) empty: Vec<f32>,
    /// Excess of the similarity to the nearest active, `[P]`.
    pub(crate) excess: Vec<f32>,
    /// Modality weights of the drug and the target of each pair.
    pub(crate) modality_weights: Vec<[ModalityWeights; 2]>,
}

impl NeighbourTable {
    /// Channels per row: values and absence flags.
    pub fn inputs(&self) -> usize {
        self.layout.width() + self.layout.blocks.len()
    }

    /// How well each modality's neighbours predict `outcomes` (one per row, `None` where there is none) beyond the bias of the
    /// pair: the highest partial correlation of a neighbourhood's mean with them, given the plain mean over the same partners,
    /// over the rows in which the neighbourhood is not empty; 0 where it is negative. An uninformative similarity
    /// weighs partners at random, adds nothing to their plain mean, and has a correlation near 0. Drugs, then targets.
    pub fn neighbour_correlation(&self, outcomes: &[Option<f32>]) -> [BTreeMap<Modality, f64>; 2] {
        let (width, blocks) = (self.layout.width(), self.layout.blocks.len());
        let plain = |depends_on: LabelDependency| {
            let block = self
                .layout
                .blocks
                .iter()
                .find(|b| b.depends_on == depends_on && b.drug.is_none() && b.target.is_none());
            block
                .expect("a layout begins with the means of both sides")
                .channels
                .start
        };
        let mut correlations: [BTreeMap<Modality, f64>; 2] = Default::default();
        for (number, block) in self.layout.blocks.iter().enumerate() {
            let (side, source) = match (block.drug, block.target) {
                (Some(drug), None) => (0, self.sources[0][drug]),
                (None, Some(target)) => (1, self.sources[1][target]),
                _ => continue,
            };
            let mean = plain(block.depends_on);
            // The means of the three exponents; the masses beside them show whether a neighbourhood is empty.
            for channel in [0, 2, 4].map(|c| block.channels.start + c) {
                let triples = (0..outcomes.len()).filter_map(|row| {
                    let value = |channel: usize| f64::from(self.values[row * width + channel]);
                    let empty = value(channel + 1) <= f64::from(self.empty[channel + 1]) + 1e-3;
                    let outcome = outcomes[row].filter(|_| self.present[row * blocks + number] && !empty)?;
                    Some([value(channel), f64::from(outcome), value(mean)])
                });
                let found = correlations[side].entry(source.modality()).or_insert(0.0);
                *found = found.max(partial_correlation(triples));
            }
        }
        correlations
    }

    /// Excess of the similarity to the nearest active of a row whose drug has no labels, 0 of others and where graph or sequence is masked.
    pub fn excess(&self, row: u32, mask: &Mask) -> f32 {
        let seen = !mask.drug.contains(Modality::Graph) && !mask.target.contains(Modality::Sequence);
        match seen {
            true => self.excess[row as usize],
            false => 0.0,
        }
    }

    /// The rows at `rows`, each with its mask applied: `[P, F + K]`.
    pub fn rows(&self, rows: &[(u32, Mask)]) -> Rows {
        let (width, blocks) = (self.layout.width(), self.layout.blocks.len());
        Rows::build(rows.len(), self.inputs(), |at, out| {
            let (row, mask) = rows[at];
            let start = row as usize * width;
            let (channels, absent) = out.split_at_mut(width);
            for (number, block) in self.layout.blocks.iter().enumerate() {
                let gone = |side: usize, source: Option<usize>, set: ModalitySet| {
                    source.is_some_and(|s| set.contains(self.sources[side][s].modality()))
                };
                if !self.present[row as usize * blocks + number]
                    || gone(0, block.drug, mask.drug)
                    || gone(1, block.target, mask.target)
                {
                    absent[number] = 1.0;
                    continue;
                }
                let hidden = match block.depends_on {
                    LabelDependency::DrugLabels => mask.drug_labels,
                    LabelDependency::TargetLabels => mask.target_labels,
                    LabelDependency::Nothing => false,
                };
                let range = block.channels.clone();
                let from = if hidden {
                    &self.empty[range.clone()]
                } else {
                    &self.values[start + range.start..start + range.end]
                };
                let own = &self.modality_weights[row as usize];
                let weight_of = |side: usize, source: Option<usize>| {
                    let both = own[side].and(mask.modality_weights[side]);
                    source.map_or(1.0, |s| both.of(self.sources[side][s].modality()))
                };
                // In part absent where the weight is below 1.
                let weight = weight_of(0, block.drug) * weight_of(1, block.target);
                absent[number] = 1.0 - weight;
                channels[range]
                    .iter_mut()
                    .zip(from)
                    .for_each(|(out, value)| *out = weight * value);
            }
        })
    }
}

/// Correlation of the first two of three numbers given the third; 0 for fewer than ten triples, and where one of the first two
/// follows from the third or never varies.
fn partial_correlation(triples: impl Iterator<Item = [f64; 3]>) -> f64 {
    let (mut count, mut sums, mut products) = (0.0, [0.0; 3], [[0.0; 3]; 3]);
    for triple in triples {
        count += 1.0;
        for a in 0..3 {
            sums[a] += triple[a];
            for b in 0..3 {
                products[a][b] += triple[a] * triple[b];
            }
        }
    }
    let covariance = |a: usize, b: usize| products[a][b] - sums[a] * sums[b] / f64::max(count, 1.0);
    let given = |a: usize, b: usize| match covariance(2, 2) > 1e-9 {
        true => covariance(a, b) - covariance(a, 2) * covariance(b, 2) / covariance(2, 2),
        false => covariance(a, b),
    };
    if count < 10.0 || given(0, 0) <= 1e-9 || given(1, 1) <= 1e-9 {
        return 0.0;
    }
    given(0, 1) / (given(0, 0) * given(1, 1)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::partial_correlation;

    #[test]
    fn what_the_third_number_explains_does_not_count() {
        let wave = |i: u32, period: u32| f64::from(i % period) - f64::from(period - 1) / 2.0;
        let all = || (0..210u32).map(move |i| (wave(i, 7), wave(i, 3), wave(i, 2)));
        // Both follow the third, and nothing else joins them.
        let joined = partial_correlation(all().map(|(z, x, y)| [x + 3.0 * z, y + 3.0 * z, z]));
        assert!(joined.abs() < 1e-9, "{joined}");
        let own = partial_correlation(all().map(|(z, x, y)| [x + z, x + 0.1 * y + z, z]));
        assert!(own > 0.9, "{own}");
        assert_eq!(partial_correlation((0..9).map(|i| [f64::from(i); 3])), 0.0, "too few");
    }
}
