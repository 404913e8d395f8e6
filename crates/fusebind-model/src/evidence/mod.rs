//! Neighbour evidence as a model reads it: standardised, with absent blocks marked, and withheld where training asks for it.
//!
//! Comes in: a [`Bank`] of training entities and outcomes. Goes out: [`EvidenceTable`], one row per pair; a batch's rows hold
//! `F` standardised channels and `K` flags that are 1 where a block is absent. Axis legend: `P` pairs, `F` evidence
//! channels, `K` evidence blocks.

mod stored;

use std::collections::BTreeMap;

use crate::{
    confidence::{Confidence, Suspicion, Table},
    input::{DrugStore, InputScale, Rows, TargetStore},
};
use fusebind_features::{
    evidence::{Bank, BankSide, Descriptors, Layout, Needs, Queries, Source, extract},
    modality::{Modality, ModalitySet, Trust},
};

/// Standardised channels are cut here: a neighbourhood unlike any in training says no more than a rare one.
const CUT: f32 = 5.0;

/// Training entities with their outcomes, and the scale of the evidence they give.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    bank: Bank,
    layout: Layout,
    scale: InputScale,
    confidence: Confidence,
}

/// What a pair's evidence must do without, and how much the rest is trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Withheld {
    /// The drug is treated as one without labels.
    pub drug_labels: bool,
    /// The target is treated as one without labels.
    pub target_labels: bool,
    /// Modalities of the drug that are treated as absent.
    pub drug: ModalitySet,
    /// Modalities of the target that are treated as absent.
    pub target: ModalitySet,
    /// Trust in the modalities of the drug and of the target: what is not fully trusted is in part absent.
    pub trust: [Trust; 2],
}

/// Evidence of many pairs.
#[derive(Clone, Debug)]
pub struct EvidenceTable {
    layout: Layout,
    sources: [Vec<Source>; 2],
    values: Vec<f32>,
    present: Vec<bool>,
    empty: Vec<f32>,
    /// Trust in what the drug and the target of each pair have.
    trust: Vec<[Trust; 2]>,
}

impl Evidence {
    /// Evidence from `bank`, not yet scaled; `confidence` judges the side modalities of its entities and of others.
    pub fn new(bank: Bank, confidence: Confidence) -> Self {
        Self {
            layout: bank.layout(),
            bank,
            scale: InputScale::default(),
            confidence,
        }
    }

    /// Says of each entity of the stores how far its side modalities are trusted, and goes out with how much of what the drugs and the
    /// targets have is wrong. `tables` says where the values of each side are from. Comes before [`Evidence::table`].
    pub fn judge(&self, drugs: &mut DrugStore, targets: &mut TargetStore, tables: [Table; 2]) -> [Vec<Suspicion>; 2] {
        if self.confidence.is_empty() {
            return Default::default();
        }
        let (of_drugs, of_targets) = self.queries((drugs, targets));
        let (trust_of_drugs, drugs_suspected) = self.confidence.trust(0, &self.bank.drugs, &of_drugs, tables[0]);
        let (trust_of_targets, targets_suspected) =
            self.confidence.trust(1, &self.bank.targets, &of_targets, tables[1]);
        drugs.side.set_trust(trust_of_drugs);
        targets.side.set_trust(trust_of_targets);
        [drugs_suspected, targets_suspected]
    }

    /// Fits the scale on `train`, the pairs that a model learns from; the table of these pairs.
    pub fn fit(&mut self, stores: (&DrugStore, &TargetStore), train: &[(u32, u32)]) -> EvidenceTable {
        self.scale = InputScale::default();
        let mut table = self.table(stores, train);
        let raw = Rows {
            values: std::mem::take(&mut table.values),
            width: self.layout.width(),
        };
        self.scale = InputScale::standard(&raw);
        table.values = raw.values;
        self.standardise(&mut table);
        table
    }

    /// Channels that a model reads per pair: values and absence flags.
    pub fn inputs(&self) -> usize {
        self.layout.width() + self.layout.blocks.len()
    }

    /// The last of these channels, which say what is absent.
    pub fn flags(&self) -> usize {
        self.layout.blocks.len()
    }

    /// Whether each entity has labels of its own in the bank: drugs, targets.
    pub fn is_known(&self, stores: (&DrugStore, &TargetStore)) -> [Vec<bool>; 2] {
        let (drugs, targets) = self.queries(stores);
        [drugs, targets].map(|queries| queries.own.iter().map(Option::is_some).collect())
    }

    fn queries<'s>(&self, (drugs, targets): (&'s DrugStore, &'s TargetStore)) -> (Queries<'s>, Queries<'s>) {
        fn of<'s>(side: &BankSide, keys: &'s [String], known: &'s [(Source, Descriptors)]) -> Queries<'s> {
            let wanted = |(source, _): &(Source, Descriptors)| {
                let found = known.iter().find(|(own, _)| own == source);
                &found.expect("entities are described as the bank's are").1
            };
            Queries::new(
                side,
                keys.iter().map(String::as_str),
                side.sources.iter().map(wanted).collect(),
            )
        }
        (
            of(&self.bank.drugs, &drugs.keys, &drugs.descriptors),
            of(&self.bank.targets, &targets.keys, &targets.descriptors),
        )
    }

    /// Evidence of `pairs` of positions in the stores.
    pub fn table(&self, stores: (&DrugStore, &TargetStore), pairs: &[(u32, u32)]) -> EvidenceTable {
        let (drugs, targets) = self.queries(stores);
        let rows = extract(&self.bank, &drugs, &targets, pairs);
        let mut table = EvidenceTable {
            layout: self.layout.clone(),
            sources: [self.bank.drugs.names(), self.bank.targets.names()],
            values: rows.values,
            present: rows.present,
            empty: rows.empty,
            trust: (pairs.iter())
                .map(|&(d, t)| [stores.0.side.trust(d), stores.1.side.trust(t)])
                .collect(),
        };
        if !self.scale.mean.is_empty() {
            self.standardise(&mut table);
        }
        table
    }

    fn standardise(&self, table: &mut EvidenceTable) {
        for values in [&mut table.values, &mut table.empty] {
            let mut rows = Rows {
                values: std::mem::take(values),
                width: self.layout.width(),
            };
            rows.rescale(&self.scale);
            rows.values.iter_mut().for_each(|v| *v = v.clamp(-CUT, CUT));
            *values = rows.values;
        }
    }
}

impl EvidenceTable {
    /// Channels per row: values and absence flags.
    pub fn inputs(&self) -> usize {
        self.layout.width() + self.layout.blocks.len()
    }

    /// How well each modality's neighbours foretell `outcomes` (one per row, `None` where there is none) beyond the bias of the
    /// pair: the highest partial correlation of a neighbourhood's mean with them, given the plain mean over the same partners,
    /// over the rows in which the neighbourhood is not empty; 0 where it is negative. A similarity that means nothing weighs
    /// partners at random, tells no more than their plain mean, and has no skill. Drugs, then targets.
    pub fn skill(&self, outcomes: &[Option<f32>]) -> [BTreeMap<Modality, f64>; 2] {
        let (width, blocks) = (self.layout.width(), self.layout.blocks.len());
        let plain = |needs: Needs| {
            let block = self
                .layout
                .blocks
                .iter()
                .find(|b| b.needs == needs && b.drug.is_none() && b.target.is_none());
            block
                .expect("a layout begins with the means of both sides")
                .channels
                .start
        };
        let mut skills: [BTreeMap<Modality, f64>; 2] = Default::default();
        for (number, block) in self.layout.blocks.iter().enumerate() {
            let (side, source) = match (block.drug, block.target) {
                (Some(drug), None) => (0, self.sources[0][drug]),
                (None, Some(target)) => (1, self.sources[1][target]),
                _ => continue,
            };
            let mean = plain(block.needs);
            // The means of the three exponents; the masses beside them tell an empty neighbourhood.
            for channel in [0, 2, 4].map(|c| block.channels.start + c) {
                let told = (0..outcomes.len()).filter_map(|row| {
                    let value = |channel: usize| f64::from(self.values[row * width + channel]);
                    let empty = value(channel + 1) <= f64::from(self.empty[channel + 1]) + 1e-3;
                    let outcome = outcomes[row].filter(|_| self.present[row * blocks + number] && !empty)?;
                    Some([value(channel), f64::from(outcome), value(mean)])
                });
                let found = skills[side].entry(source.modality()).or_insert(0.0);
                *found = found.max(partial_correlation(told));
            }
        }
        skills
    }

    /// The rows at `rows`, each without what it must do without: `[P, F + K]`.
    pub fn rows(&self, rows: &[(u32, Withheld)]) -> Rows {
        let (width, blocks) = (self.layout.width(), self.layout.blocks.len());
        Rows::build(rows.len(), self.inputs(), |at, out| {
            let (row, withheld) = rows[at];
            let start = row as usize * width;
            let (channels, absent) = out.split_at_mut(width);
            for (number, block) in self.layout.blocks.iter().enumerate() {
                let gone = |side: usize, source: Option<usize>, set: ModalitySet| {
                    source.is_some_and(|s| set.contains(self.sources[side][s].modality()))
                };
                if !self.present[row as usize * blocks + number]
                    || gone(0, block.drug, withheld.drug)
                    || gone(1, block.target, withheld.target)
                {
                    absent[number] = 1.0;
                    continue;
                }
                let hidden = match block.needs {
                    Needs::DrugLabels => withheld.drug_labels,
                    Needs::TargetLabels => withheld.target_labels,
                    Needs::Nothing => false,
                };
                let range = block.channels.clone();
                let from = if hidden {
                    &self.empty[range.clone()]
                } else {
                    &self.values[start + range.start..start + range.end]
                };
                let own = &self.trust[row as usize];
                let trusted = |side: usize, source: Option<usize>| {
                    let both = own[side].and(withheld.trust[side]);
                    source.map_or(1.0, |s| both.of(self.sources[side][s].modality()))
                };
                // In part absent where it is trusted in part.
                let trust = trusted(0, block.drug) * trusted(1, block.target);
                absent[number] = 1.0 - trust;
                channels[range]
                    .iter_mut()
                    .zip(from)
                    .for_each(|(out, value)| *out = trust * value);
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
