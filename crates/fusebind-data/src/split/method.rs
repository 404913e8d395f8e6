//! Splits that fusebind makes: by group of molecule or sequence, seeded, with stated fractions.
//!
//! Every method assigns whole groups: a molecule, a sequence, a scaffold, a cluster. Random groups by the very (molecule,
//! sequence) pair, so that a repeated measurement never stands on both sides.

use std::collections::BTreeMap;

use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{ClusterConfig, Part, Split, cluster_sequences};
use crate::{Error, ErrorKind, table::Dataset};

/// How a data set is split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SplitBy {
    /// Pairs at random.
    Random,
    /// No test drug occurs in training.
    UnseenDrug,
    /// No test target occurs in training.
    UnseenTarget,
    /// Neither occurs in training; pairs that mix both sides are unused.
    UnseenPair,
    /// No scaffold of a test drug occurs in training; acyclic molecules count as their own scaffold.
    Scaffold,
    /// No test target is similar in sequence to a training target.
    SequenceCluster,
}

/// Shares of the parts; they add up to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fractions {
    /// Share that trains.
    pub train: f64,
    /// Share that validates.
    pub valid: f64,
    /// Share that tests.
    pub test: f64,
}

impl Default for Fractions {
    fn default() -> Self {
        Self { train: 0.7, valid: 0.1, test: 0.2 }
    }
}

impl Fractions {
    fn check(&self) -> Result<(), Error> {
        let all = [self.train, self.valid, self.test];
        if all.iter().any(|f| !(0.0..=1.0).contains(f)) || (all.iter().sum::<f64>() - 1.0).abs() > 1e-6 {
            return Err(Error::new(ErrorKind::Config, format!("split fractions {all:?} do not add up to 1")));
        }
        Ok(())
    }
}

/// Splits `dataset` by `method`.
pub fn split(dataset: &Dataset, method: SplitBy, fractions: Fractions, seed: u64) -> Result<Split, Error> {
    fractions.check()?;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let by = |key: &dyn Fn(usize) -> String, random: &mut ChaCha8Rng| assign(dataset, key, fractions, random);
    let interactions = &dataset.interactions;
    let drug = |i: usize| dataset.drugs[interactions[i].drug as usize].molecule.smiles.clone();
    let target = |i: usize| dataset.targets[interactions[i].target as usize].protein.sequence.clone();
    let parts: Vec<Option<Part>> = match method {
        SplitBy::Random => by(&|i| format!("{}\n{}", drug(i), target(i)), &mut random),
        SplitBy::UnseenDrug => by(&drug, &mut random),
        SplitBy::UnseenTarget => by(&target, &mut random),
        SplitBy::UnseenPair => {
            // Each side keeps the root of its share, so that the pairs on both sides keep about the share itself.
            let root = root_fractions(fractions);
            let drugs = assign(dataset, &drug, root, &mut random);
            let targets = assign(dataset, &target, root, &mut random);
            drugs.into_iter().zip(targets).map(|(d, t)| if d == t { d } else { None }).collect()
        }
        SplitBy::Scaffold => by(
            &|i| {
                let molecule = &dataset.drugs[interactions[i].drug as usize].molecule;
                if molecule.scaffold.is_empty() { molecule.smiles.clone() } else { molecule.scaffold.clone() }
            },
            &mut random,
        ),
        SplitBy::SequenceCluster => {
            let sequences: Vec<&[u8]> =
                dataset.targets.iter().map(|t| t.protein.features.residues.as_slice()).collect();
            let clusters = cluster_sequences(&sequences, &ClusterConfig::default());
            by(&|i| clusters[interactions[i].target as usize].to_string(), &mut random)
        }
    };
    for (part, share) in Part::ALL.into_iter().zip([fractions.train, fractions.valid, fractions.test]) {
        if share > 0.0 && !parts.contains(&Some(part)) {
            return Err(Error::new(ErrorKind::Infeasible, format!("the {} part would be empty", part.name()))
                .hint("the data set has too few distinct groups for this method: choose another one or other fractions"));
        }
    }
    Ok(Split::from_parts(dataset, &parts))
}

fn root_fractions(fractions: Fractions) -> Fractions {
    let [train, valid, test] = [fractions.train, fractions.valid, fractions.test].map(f64::sqrt);
    let sum = train + valid + test;
    Fractions { train: train / sum, valid: valid / sum, test: test / sum }
}

/// Gives whole groups to parts: groups in random order, each to the part that lacks most of its share.
fn assign(
    dataset: &Dataset,
    key: &dyn Fn(usize) -> String,
    fractions: Fractions,
    random: &mut ChaCha8Rng,
) -> Vec<Option<Part>> {
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for interaction in 0..dataset.interactions.len() {
        groups.entry(key(interaction)).or_default().push(interaction);
    }
    // Sorted keys before the shuffle: the result depends on the seed and the content, not on the order of rows.
    let mut groups: Vec<Vec<usize>> = groups.into_values().collect();
    groups.shuffle(random);
    let total = dataset.interactions.len() as f64;
    let shares = [fractions.train, fractions.valid, fractions.test];
    let mut filled = [0usize; 3];
    let mut parts = vec![None; dataset.interactions.len()];
    for group in groups {
        let lack = |part: usize| if shares[part] > 0.0 { shares[part] - filled[part] as f64 / total } else { f64::MIN };
        let part = (0..3).max_by(|a, b| lack(*a).total_cmp(&lack(*b))).unwrap_or(0);
        filled[part] += group.len();
        group.into_iter().for_each(|i| parts[i] = Some(Part::ALL[part]));
    }
    parts
}
