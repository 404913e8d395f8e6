//! The reasons of a [`Model`] for its predictions, and controls of them.
//!
//! Comes in: pairs. Goes out: [`Explanation`]s, [`Controls`] and [`PlantedScores`].

use fusebind_model::Error;

use crate::{
    explain::{Controls, Explained, Explanation, PlantedPair, PlantedScores, controls, explain, planted_scores},
    model::{Entities, Model},
    pair::{DistinctPairs, Pair},
};

impl Model {
    /// How much the reasons for `pairs` resemble those of models with shuffled weights or labels: see [`Controls`].
    ///
    /// # Errors
    /// None that can be expected: the weights are those of this model, in another order.
    pub fn explanation_controls(
        &self,
        entities: Entities<'_>,
        pairs: &[(u32, u32)],
        seed: u64,
    ) -> Result<Controls, Error> {
        let (drugs, targets, pairs, _) = self.stores(entities, pairs);
        let explained: Vec<Explained<'_>> = (pairs.iter())
            .map(|pair| Explained {
                trained: &self.trained,
                stores: (&drugs, &targets),
                pair: *pair,
            })
            .collect();
        controls(&explained, self.mask(), seed)
    }

    /// How well the reasons for `pairs` find the atoms and residues that make them bind, and how much they resemble those of `other`.
    pub fn planted_scores(
        &self,
        entities: Entities<'_>,
        pairs: &[((u32, u32), PlantedPair)],
        other: Option<&Self>,
    ) -> PlantedScores {
        let positions: Vec<(u32, u32)> = pairs.iter().map(|pair| pair.0).collect();
        let (drugs, targets, own, _) = self.stores(entities, &positions);
        let own: Vec<(Explained<'_>, &PlantedPair)> = (own.iter().zip(pairs))
            .map(|(pair, (_, planted))| {
                let explained = Explained {
                    trained: &self.trained,
                    stores: (&drugs, &targets),
                    pair: *pair,
                };
                (explained, planted)
            })
            .collect();
        let Some(other) = other else {
            return planted_scores(&own, &[], self.mask());
        };
        let (drugs, targets, of_other, _) = other.stores(entities, &positions);
        let of_other: Vec<Explained<'_>> = (of_other.iter())
            .map(|pair| Explained {
                trained: &other.trained,
                stores: (&drugs, &targets),
                pair: *pair,
            })
            .collect();
        planted_scores(&own, &of_other, self.mask())
    }

    /// Why `pairs` have their predictions, in order.
    pub fn explain(&self, pairs: &[Pair]) -> Vec<Explanation> {
        let distinct = DistinctPairs::new(pairs);
        let (molecules, proteins, side) = (distinct.molecules(), distinct.proteins(), distinct.side());
        let entities = Entities {
            drugs: &molecules,
            targets: &proteins,
            side: [&side[0], &side[1]],
        };
        self.explain_indexed(entities, &distinct.pairs, |_| {})
    }

    /// Why `pairs` of indices into the entities have their predictions, in order; `progress` is called with the number of pairs done.
    pub fn explain_indexed(
        &self,
        entities: Entities<'_>,
        pairs: &[(u32, u32)],
        mut progress: impl FnMut(usize),
    ) -> Vec<Explanation> {
        let (drugs, targets, pairs, _) = self.stores(entities, pairs);
        let mut changed = self.trained.clone();
        let explain = |(at, pair): (usize, &(u32, u32))| {
            let explained = Explained {
                trained: &self.trained,
                stores: (&drugs, &targets),
                pair: *pair,
            };
            let explanation = explain(explained, &mut changed, self.mask());
            progress(at + 1);
            explanation
        };
        pairs.iter().enumerate().map(explain).collect()
    }
}
