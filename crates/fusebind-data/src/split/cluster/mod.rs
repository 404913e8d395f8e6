//! Clusters of similar sequences: k-mer filter, banded alignment, greedy and longest first.
//!
//! Comes in: residue tokens. Goes out: for each sequence the index of its cluster's representative. After CD-HIT (Li & Godzik
//! 2006, doi 10.1093/bioinformatics/btl158): sequences are taken longest first; each joins the representative that it matches
//! best by k-mers and then by alignment, else it starts a cluster. Only similarity to the representative is guaranteed: two
//! members of different clusters may still resemble each other more than either resembles a representative.

mod align;
mod greedy;
mod kmer;

pub use align::identity;
pub use greedy::cluster_sequences;

use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind};

/// Configuration of [`cluster_sequences`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClusterConfig {
    /// Least share of the shorter sequence that is identical to the representative in the alignment.
    pub identity: f64,
    /// Diagonals that the alignment may use beyond those where k-mers match.
    pub band: usize,
    /// Of the 3-mer matches that are expected at `identity` (identity³ per residue), the share that must lie near one diagonal,
    /// on top of those expected by chance, before a pair is aligned. Less finds more and takes longer.
    pub filter: f64,
}

impl Default for ClusterConfig {
    fn default() -> Self {
        Self {
            identity: 0.4,
            band: 32,
            filter: 0.5,
        }
    }
}

impl ClusterConfig {
    /// Refuses thresholds out of range.
    pub fn check(&self) -> Result<(), Error> {
        if !(self.identity > 0.0 && self.identity <= 1.0 && (0.0..=1.0).contains(&self.filter)) {
            let reason = "sequence clusters: `identity` must lie in (0, 1] and `filter` in [0, 1]";
            return Err(Error::new(ErrorKind::Config, reason));
        }
        Ok(())
    }
}
