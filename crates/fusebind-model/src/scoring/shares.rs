//! Shares of the readers of a model in its predictions, by how new a pair is.
//!
//! Encoders memorise training entities, so that their share is chosen for pairs of known entities and, on hold-outs, for new ones apart.

use std::collections::BTreeMap;

use fusebind_features::novelty::Novelty;

use super::raw_output::EnsembleWeights;

/// Ensemble weights of some pairs.
#[derive(Clone, Copy, Debug)]
pub struct PairShares<'a> {
    /// Where no others are chosen.
    usual: EnsembleWeights,
    /// Others, by how new a pair is.
    by_novelty: Option<(&'a BTreeMap<Novelty, EnsembleWeights>, &'a [Novelty])>,
}

impl<'a> PairShares<'a> {
    /// The same for all pairs.
    pub fn alike(usual: EnsembleWeights) -> Self {
        Self {
            usual,
            by_novelty: None,
        }
    }

    /// Those of `by_novelty` where it has some; `novelty` says how new each pair is, and is not looked at where `by_novelty` is empty.
    pub fn by_novelty(
        usual: EnsembleWeights,
        by_novelty: &'a BTreeMap<Novelty, EnsembleWeights>,
        novelty: &'a [Novelty],
    ) -> Self {
        Self {
            usual,
            by_novelty: (!by_novelty.is_empty()).then_some((by_novelty, novelty)),
        }
    }

    /// Those of most pairs.
    pub fn usual(&self) -> EnsembleWeights {
        self.usual
    }

    /// All that some pair may have.
    pub fn all(&self) -> impl Iterator<Item = EnsembleWeights> {
        let others = self.by_novelty.into_iter().flat_map(|(by, _)| by.values().copied());
        std::iter::once(self.usual).chain(others)
    }

    /// Weights other than the usual ones, each with the rows of the pairs that have them.
    pub fn others(&self) -> impl Iterator<Item = (EnsembleWeights, Vec<usize>)> {
        let by = self.by_novelty.into_iter();
        by.flat_map(move |(by, novelty)| {
            by.iter()
                .filter(|(_, weights)| **weights != self.usual)
                .filter_map(|(of, weights)| {
                    let rows = (0..novelty.len()).filter(|row| novelty[*row] == *of);
                    let rows: Vec<usize> = rows.collect();
                    (!rows.is_empty()).then_some((*weights, rows))
                })
        })
    }
}
