//! Shares of the readers of a model, chosen on hold-outs by how new a pair is.
//!
//! Validation pairs of a random split are of known entities, which encoders have memorised: the shares that are best there are not the best
//! for new entities, nor are those of side modalities. For each [`Novelty`] a share of the encoders and a share of structure alone are
//! chosen that gain most, in the mean over hold-outs weighted by their pairs:
//!
//! ```text
//! gain = (auroc - auroc') / 0.002 + (mse' - mse) / (0.01 mse')        ': in the shares that validation chose
//! auroc = mean of that over all pairs, within targets and within drugs, as far as they are defined
//! ```
//!
//! A gain below 1, or one of fewer than 200 pairs, changes nothing. Comes in: [`Fold`]s. Goes out: shares by novelty.

use std::collections::BTreeMap;

use fusebind_data::table::Interaction;
use fusebind_eval::{classification, regression, within::by_entity};
use fusebind_features::novelty::Novelty;
use fusebind_model::{
    scoring::{EnsembleWeights, RawOutputs, Scores},
    trained::TrainedModel,
};

use crate::{evaluate::ReadSet, objective::scale_name, scored_labels::probability};

/// Shares of the encoders that are tried.
const ENCODER_SHARES: [f32; 8] = [0.0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1.0];
/// Shares of structure alone that are tried where there are side modalities.
const STRUCTURE_ONLY_SHARES: [f32; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];
/// Gains that count as one: of AUROC, and of the squared error relative to what it was.
const GAINS: [f64; 2] = [0.002, 0.01];
/// Fewest pairs of a novelty that choose.
const LEAST: usize = 200;
/// Fewest pairs of an entity, and fewest entities, that a ranking within entities is scored on.
const WITHIN: [usize; 2] = [5, 5];

/// What a model did not see, and what it says of it.
pub(super) struct Fold<'a> {
    /// Number of the hold-out.
    pub number: u32,
    pub interactions: Vec<&'a Interaction>,
    pub trained: TrainedModel,
    pub read: ReadSet,
}

impl Fold<'_> {
    /// What the model says of the pairs in these shares.
    pub fn scores(&self, shares: &BTreeMap<Novelty, EnsembleWeights>) -> Scores {
        self.read.scores(&self.trained, shares)
    }
}

/// Shares by novelty where others than those that validation chose gain enough.
pub(super) fn choose(folds: &[Fold<'_>]) -> BTreeMap<Novelty, EnsembleWeights> {
    let mut gains: BTreeMap<Novelty, Vec<f64>> = BTreeMap::new();
    let mut counts: BTreeMap<Novelty, usize> = BTreeMap::new();
    let candidates = candidates(folds);
    for fold in folds {
        let usual = fold.scores(&BTreeMap::new());
        let by_novelty = Novelty::ALL.map(|novelty| {
            let rows = (0..fold.read.novelty.len()).filter(|row| fold.read.novelty[*row] == novelty);
            (novelty, rows.collect::<Vec<usize>>())
        });
        let usual: Vec<Quality> = by_novelty.iter().map(|(_, rows)| fold.quality(&usual, rows)).collect();
        for (at, weights) in candidates.iter().enumerate() {
            let alike = Novelty::ALL.map(|novelty| (novelty, *weights)).into_iter().collect();
            let scores = fold.scores(&alike);
            for ((novelty, rows), usual) in by_novelty.iter().zip(&usual) {
                let gain = fold.quality(&scores, rows).gain(usual);
                let all = gains.entry(*novelty).or_insert_with(|| vec![0.0; candidates.len()]);
                all[at] += gain * rows.len() as f64;
            }
        }
        for (novelty, rows) in &by_novelty {
            *counts.entry(*novelty).or_default() += rows.len();
        }
    }
    let best = |(novelty, gains): (Novelty, Vec<f64>)| {
        let count = counts[&novelty];
        let (at, gain) = gains.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?;
        (count >= LEAST && *gain >= count as f64).then_some((novelty, candidates[at]))
    };
    gains.into_iter().filter_map(best).collect()
}

/// Shares that make a difference to the models of the hold-outs.
fn candidates(folds: &[Fold<'_>]) -> Vec<EnsembleWeights> {
    let outputs = || folds.iter().flat_map(|fold| &fold.read.outputs);
    let encoder_shares = match outputs().any(|[all, _]| all.neighbours.is_some()) {
        true => &ENCODER_SHARES[..],
        false => &[1.0],
    };
    let has_side = outputs().any(|[_, structure]| *structure != RawOutputs::default());
    let structure_only_shares = if has_side { &STRUCTURE_ONLY_SHARES[..] } else { &[0.0] };
    let all = encoder_shares.iter().flat_map(|&encoder_share| {
        structure_only_shares
            .iter()
            .map(move |&structure_only_share| EnsembleWeights {
                encoder_share,
                structure_only_share,
            })
    });
    all.collect()
}

/// How good predictions are; none of what has no labels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Quality {
    auroc: Option<f64>,
    mse: Option<f64>,
}

impl Quality {
    /// What is gained over `usual`, in the units of the file's header.
    fn gain(&self, usual: &Self) -> f64 {
        let of_auroc = self.auroc.zip(usual.auroc).map(|(own, usual)| (own - usual) / GAINS[0]);
        let of_mse = self.mse.zip(usual.mse).filter(|(_, usual)| *usual > 0.0);
        let of_mse = of_mse.map(|(own, usual)| (usual - own) / usual / GAINS[1]);
        of_auroc.unwrap_or_default() + of_mse.unwrap_or_default()
    }
}

impl Fold<'_> {
    /// How good `scores` are for the pairs at `rows`.
    fn quality(&self, scores: &Scores, rows: &[usize]) -> Quality {
        let description = &self.trained.description;
        let affinity = |row: &usize| {
            let scale = description.scales.first()?;
            let affinity = self.interactions[*row]
                .affinity
                .filter(|a| scale_name(a.scale) == scale.name)?;
            Some((
                affinity.value,
                scores.affinity_output(*row, 0).value * scale.std + scale.mean,
            ))
        };
        let (truth, predicted): (Vec<f64>, Vec<f64>) = rows.iter().filter_map(affinity).unzip();
        Quality {
            auroc: self.auroc(scores, rows),
            mse: regression::mse(&truth, &predicted).ok(),
        }
    }

    fn auroc(&self, scores: &Scores, rows: &[usize]) -> Option<f64> {
        let label = |row: &usize| {
            let binds = self.interactions[*row].binds?;
            Some((*row, binds, probability(*scores.binding.get(*row)?)))
        };
        let labelled: Vec<(usize, bool, f64)> = rows.iter().filter_map(label).collect();
        let auroc = |at: &mut dyn Iterator<Item = usize>| {
            let (truth, predicted): (Vec<bool>, Vec<f64>) = at.map(|at| (labelled[at].1, labelled[at].2)).unzip();
            classification::auroc(&truth, &predicted)
        };
        let whole = auroc(&mut (0..labelled.len())).ok();
        let within = |of: &dyn Fn(&Interaction) -> u32| {
            let entities: Vec<u32> = labelled.iter().map(|(row, ..)| of(self.interactions[*row])).collect();
            let scores = by_entity(&entities, WITHIN[0], |rows| auroc(&mut rows.iter().copied()));
            let enough = scores.len() >= WITHIN[1];
            enough.then(|| scores.values().sum::<f64>() / scores.len() as f64)
        };
        let all = [whole, within(&|i| i.target), within(&|i| i.drug)];
        let defined: Vec<f64> = all.into_iter().flatten().collect();
        (!defined.is_empty()).then(|| defined.iter().sum::<f64>() / defined.len() as f64)
    }
}
