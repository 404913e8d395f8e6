//! Splits that fusebind makes: whole groups of molecules or sequences, seeded, with stated fractions.
//!
//! Comes in: a data set and a [`SplitConfig`]. Goes out: a [`Split`], which depends on the seed and on content, not on ids.
//! Every method assigns whole groups: a molecule, a sequence, a scaffold, a cluster. Random groups by the very (molecule,
//! sequence) pair, so that a repeated measurement is never on both sides.

use std::str::FromStr;

use fusebind_features::random::Stream;
use serde::{Deserialize, Serialize};

use super::{ClusterConfig, Part, Split, assign::assign, identity::Identity, origin};
use crate::{Error, ErrorKind, table::Dataset};

/// How a data set is split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SplitBy {
    /// Pairs at random.
    #[default]
    Random,
    /// No drug of one part occurs in another.
    UnseenDrug,
    /// No target of one part occurs in another.
    UnseenTarget,
    /// Neither occurs in another part; pairs that mix two parts are unused.
    UnseenPair,
    /// No Murcko scaffold of one part occurs in another; acyclic molecules count as their own scaffold.
    Scaffold,
    /// No cluster of similar sequences is on two sides.
    SequenceCluster,
    /// No source of one part reports in another.
    Source,
    /// The earliest rows train, the latest test.
    Time,
}

impl SplitBy {
    /// All methods.
    pub const ALL: [Self; 8] = [
        Self::Random,
        Self::UnseenDrug,
        Self::UnseenTarget,
        Self::UnseenPair,
        Self::Scaffold,
        Self::SequenceCluster,
        Self::Source,
        Self::Time,
    ];

    /// Name in files and flags.
    pub fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::UnseenDrug => "unseen-drug",
            Self::UnseenTarget => "unseen-target",
            Self::UnseenPair => "unseen-pair",
            Self::Scaffold => "scaffold",
            Self::SequenceCluster => "sequence-cluster",
            Self::Source => "source",
            Self::Time => "time",
        }
    }
}

impl FromStr for SplitBy {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|method| method.name() == name)
            .ok_or_else(|| {
                let names = Self::ALL.map(Self::name).join(", ");
                Error::new(ErrorKind::Config, format!("`{name}` is not a split method"))
                    .hint(format!("use one of {names}"))
            })
    }
}

/// Shares of the parts; they add up to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
        Self {
            train: 0.7,
            valid: 0.1,
            test: 0.2,
        }
    }
}

impl Fractions {
    fn shares(self) -> [f64; 3] {
        [self.train, self.valid, self.test]
    }

    /// Refuses shares that are negative or do not add up to 1.
    pub fn check(&self) -> Result<(), Error> {
        let shares = self.shares();
        if shares.iter().any(|share| !(0.0..=1.0).contains(share)) || (shares.iter().sum::<f64>() - 1.0).abs() > 1e-6 {
            let [train, valid, test] = shares;
            return Err(Error::new(
                ErrorKind::Config,
                format!("split fractions {train},{valid},{test} do not add up to 1"),
            )
            .hint("give three shares such as 0.7, 0.1 and 0.2"));
        }
        Ok(())
    }
}

/// How a data set is split, in full.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SplitConfig {
    /// What is disjoint between the parts.
    pub by: SplitBy,
    /// Shares of the parts, in pairs.
    pub fractions: Fractions,
    /// Seed.
    pub seed: u64,
    /// Clusters of [`SplitBy::SequenceCluster`].
    pub cluster: ClusterConfig,
    /// Sources that test in [`SplitBy::Source`]; where there are none, the fractions decide. The other pairs are divided at random
    /// in the ratio of the training and validation shares.
    pub test_sources: Vec<String>,
}

impl SplitConfig {
    /// Splits `dataset`; refused where a part with a share would be empty.
    pub fn split(&self, dataset: &Dataset) -> Result<Split, Error> {
        self.fractions.check()?;
        self.cluster.check()?;
        let identity = Identity::of(dataset)?;
        let mut random = Stream::new(self.seed).generator();
        let shares = self.fractions.shares();
        let parts: Vec<Option<Part>> = match self.by {
            SplitBy::Random => assign(&identity.pairs(), shares, &mut random),
            SplitBy::UnseenDrug => assign(&identity.molecules(), shares, &mut random),
            SplitBy::UnseenTarget => assign(&identity.sequences(), shares, &mut random),
            SplitBy::UnseenPair => {
                // A part keeps the product of its shares of drugs and targets: with roots, the parts have the requested ratios.
                let roots = shares.map(f64::sqrt);
                let roots = roots.map(|root| root / roots.iter().sum::<f64>());
                let drugs = assign(&identity.molecules(), roots, &mut random);
                let targets = assign(&identity.sequences(), roots, &mut random);
                drugs
                    .into_iter()
                    .zip(targets)
                    .map(|(d, t)| d.filter(|part| Some(*part) == t))
                    .collect()
            }
            SplitBy::Scaffold => assign(&identity.scaffolds(), shares, &mut random),
            SplitBy::SequenceCluster => assign(&identity.clusters(&self.cluster), shares, &mut random),
            SplitBy::Source => origin::by_source(dataset, &self.test_sources, shares, &mut random)?,
            SplitBy::Time => origin::by_time(dataset, shares)?,
        };
        for (part, share) in Part::ALL.into_iter().zip(shares) {
            if share > 0.0 && !parts.contains(&Some(part)) {
                let reason = format!("the {} part of a {} split would be empty", part.name(), self.by.name());
                return Err(Error::new(ErrorKind::Infeasible, reason).hint(
                    "the data set has too few distinct groups for this method: choose another one or other fractions",
                ));
            }
        }
        Ok(Split::from_parts(dataset, &parts, self.describe()))
    }

    fn describe(&self) -> String {
        let [train, valid, test] = self.fractions.shares();
        let further = match self.by {
            SplitBy::SequenceCluster => format!(", identity {}", self.cluster.identity),
            SplitBy::Source if !self.test_sources.is_empty() => {
                format!(", tested on {}", self.test_sources.join(" and "))
            }
            _ => String::new(),
        };
        format!(
            "{}, seed {}, fractions {train}/{valid}/{test}{further}",
            self.by.name(),
            self.seed
        )
    }
}

/// Splits `dataset` by `method`, sequence clusters at their default threshold.
pub fn split(dataset: &Dataset, method: SplitBy, fractions: Fractions, seed: u64) -> Result<Split, Error> {
    let config = SplitConfig {
        by: method,
        fractions,
        seed,
        ..SplitConfig::default()
    };
    config.split(dataset)
}
