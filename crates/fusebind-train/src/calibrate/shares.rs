//! Shares of the readers of a model, chosen on hold-outs by how new a pair is.
//!
//! Validation pairs of a random split are of known entities, which encoders have memorised: the shares that are best there are not the best
//! for new entities, nor are those of side modalities. For each [`Novelty`] a share of the encoders and a share of structure alone are
//! chosen that gain most, in the mean over hold-outs weighted by their pairs:
//!
//! ```text
//! gain = (auroc - auroc') / 0.002 + (mse' - mse) / (0.01 mse')        ': in the shares that validation chose
//! auroc = mean of that over all pairs, within targets and within drugs; the last two weigh as the number of their entities, 1 from 100 on
//! ```
//!
//! A gain below 1, or one of fewer than 200 pairs, changes nothing. Where a recipe tolerates it, a larger share of the encoders is chosen whose
//! gain lies within standard errors of the largest (`share_rule.rs`); hold-outs that do not agree make that error large. Comes in: [`Fold`]s.
//! Goes out: shares by novelty.

use std::collections::BTreeMap;

use fusebind_data::table::Interaction;
use fusebind_eval::{classification, regression, within::by_entity};
use fusebind_features::novelty::Novelty;
use fusebind_model::{
    scoring::{EnsembleWeights, RawOutputs, Scores},
    trained::{OutputScale, TrainedModel},
};

use crate::{
    evaluate::ReadSet,
    objective::scale_name,
    scored_labels::probability,
    share_rule::{ScoredShare, largest_within},
};

/// Shares of structure alone that are tried where there are side modalities.
const STRUCTURE_ONLY_SHARES: [f32; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];
/// Gains that count as one: of AUROC, and of the squared error relative to what it was.
const GAINS: [f64; 2] = [0.002, 0.01];
/// Fewest pairs of a novelty that choose.
const LEAST: usize = 200;
/// Fewest pairs of an entity whose ranking counts.
const LEAST_OF_ENTITY: usize = 5;
/// Entities from which on the mean of their rankings weighs as much as the ranking of all pairs. Few are too noisy: chosen with full weight for
/// any number, the share of the encoders on new proteins of BIOSNAP was 0.6 where 0.15 is best.
const ENOUGH_ENTITIES: f64 = 100.0;

/// What a model did not see, and what it says of it.
pub(super) struct Fold<'a> {
    /// Number of the hold-out.
    pub number: u32,
    pub interactions: Vec<&'a Interaction>,
    pub trained: TrainedModel,
    pub read: ReadSet,
}

/// Shares by novelty.
pub(super) type Shares = BTreeMap<Novelty, EnsembleWeights>;

impl Fold<'_> {
    /// What the model says of the pairs in these shares.
    pub fn scores(&self, shares: &Shares) -> Scores {
        self.read.scores(&self.trained, shares)
    }
}

/// Shares by novelty where others than those that validation chose, `usual`, gain enough. What a structure model says is chosen first, as if
/// it were all that is said.
pub(super) fn of_folds(folds: &[Fold<'_>], usual: EnsembleWeights, encoder_shares: &[f32], tolerance: f64) -> Shares {
    let of = |shares: &Shares| folds.iter().map(|fold| fold.scores(shares)).collect();
    let tried: Vec<Tried<'_>> = (folds.iter())
        .map(|fold| Tried {
            interactions: &fold.interactions,
            novelty: &fold.read.novelty,
            scale: fold.trained.description.scales.first(),
        })
        .collect();
    let of_structure = match usual.structure_encoder_share {
        None => Shares::new(),
        Some(_) => {
            let alone = EnsembleWeights {
                structure_only_share: 1.0,
                ..usual
            };
            let candidate = |share: &f32| {
                everywhere(EnsembleWeights {
                    structure_encoder_share: Some(*share),
                    ..alone
                })
            };
            let candidates: Vec<Shares> = encoder_shares.iter().map(candidate).collect();
            let rule = Rule {
                tolerance,
                share: |weights| weights.structure_encoder_share.unwrap_or_default(),
            };
            choose(&tried, &everywhere(alone), &candidates, &rule, of)
        }
    };
    let with_structure = |shares: Shares| -> Shares {
        let of = |(novelty, weights): (Novelty, EnsembleWeights)| {
            let chosen = of_structure.get(&novelty).unwrap_or(&usual).structure_encoder_share;
            let weights = EnsembleWeights {
                structure_encoder_share: chosen,
                one_sided_share: usual.one_sided_share,
                ..weights
            };
            (novelty, weights)
        };
        shares.into_iter().map(of).collect()
    };
    let candidates: Vec<Shares> = candidates(folds, encoder_shares)
        .into_iter()
        .map(everywhere)
        .map(with_structure)
        .collect();
    // Pairs of other novelties have the shares of each member.
    let changed: Shares = of_structure.keys().map(|novelty| (*novelty, usual)).collect();
    let mut all = with_structure(changed);
    let rule = Rule {
        tolerance,
        share: |weights| weights.encoder_share,
    };
    all.extend(choose(&tried, &all, &candidates, &rule, of));
    all
}

/// How a share is chosen.
struct Rule {
    /// Standard errors by which the gain of a larger share of the encoders may lie below the largest.
    tolerance: f64,
    /// The share of the encoders that is chosen.
    share: fn(&EnsembleWeights) -> f32,
}

/// The same weights for pairs of every novelty.
fn everywhere(weights: EnsembleWeights) -> Shares {
    Novelty::ALL.map(|novelty| (novelty, weights)).into_iter().collect()
}

/// The pairs of a hold-out that shares are tried on.
struct Tried<'a> {
    interactions: &'a [&'a Interaction],
    novelty: &'a [Novelty],
    /// The first affinity of the model.
    scale: Option<&'a OutputScale>,
}

/// Chooses among `candidates`, each of which has weights for every novelty, what gains over `usual`; `scores` gives what the model of each
/// hold-out says in some shares.
fn choose(
    folds: &[Tried<'_>],
    usual: &Shares,
    candidates: &[Shares],
    rule: &Rule,
    scores: impl Fn(&Shares) -> Vec<Scores>,
) -> Shares {
    let rows_of = |fold: &Tried<'_>, novelty: Novelty| -> Vec<usize> {
        (0..fold.novelty.len())
            .filter(|row| fold.novelty[*row] == novelty)
            .collect()
    };
    let usual = scores(usual);
    let tried: Vec<Vec<Scores>> = candidates.iter().map(&scores).collect();
    let best = |novelty: Novelty| {
        let rows: Vec<Vec<usize>> = folds.iter().map(|fold| rows_of(fold, novelty)).collect();
        let count: usize = rows.iter().map(Vec::len).sum();
        let usual: Vec<Quality> = (folds.iter().zip(&usual).zip(&rows))
            .map(|((fold, scores), rows)| fold.quality(scores, rows))
            .collect();
        let by_fold = |of: &Vec<Scores>| -> Vec<Gain> {
            let folds = folds
                .iter()
                .zip(of)
                .zip(&rows)
                .zip(&usual)
                .filter(|((_, rows), _)| !rows.is_empty());
            let gain = |(((fold, scores), rows), usual): (((&Tried<'_>, &Scores), &Vec<usize>), &Quality)| Gain {
                weight: rows.len() as f64 / count as f64,
                gain: fold.quality(scores, rows).gain(usual),
                error: fold.error(scores, rows, usual),
            };
            folds.map(gain).collect()
        };
        let gains: Vec<ScoredShare> = (tried.iter().zip(candidates))
            .map(|(scores, shares)| ScoredShare {
                encoder_share: (rule.share)(&shares[&novelty]),
                ..ScoredShare::new(shares[&novelty], mean(&by_fold(scores)))
            })
            .collect();
        let most = gains.iter().map(|one| one.score).max_by(f64::total_cmp)?;
        if count < LEAST || most < 1.0 {
            return None;
        }
        let taken = largest_within(&gains, rule.tolerance, |at| standard_error(&by_fold(&tried[at])))?;
        Some((novelty, candidates[taken][&novelty]))
    };
    Novelty::ALL.into_iter().filter_map(best).collect()
}

/// What is gained in a hold-out.
#[derive(Clone, Copy, Debug)]
struct Gain {
    /// Its share of the pairs.
    weight: f64,
    gain: f64,
    /// Standard error of the gain over samples of its pairs.
    error: f64,
}

fn mean(folds: &[Gain]) -> f64 {
    folds.iter().map(|of| of.weight * of.gain).sum()
}

/// Standard error of [`mean`]: over samples of pairs or, where that is larger, over hold-outs, which differ more than their pairs let expect.
fn standard_error(folds: &[Gain]) -> f64 {
    let (mean, count) = (mean(folds), folds.len() as f64);
    let sum = |of: fn(&Gain, f64) -> f64| folds.iter().map(|one| of(one, mean).powi(2)).sum::<f64>();
    let over_pairs = sum(|of, _| of.weight * of.error);
    let over_folds = match folds.len() {
        0 | 1 => 0.0,
        _ => count / (count - 1.0) * sum(|of, mean| of.weight * (of.gain - mean)),
    };
    over_pairs.max(over_folds).sqrt()
}

/// Shares that make a difference to the models of the hold-outs.
fn candidates(folds: &[Fold<'_>], encoder_shares: &[f32]) -> Vec<EnsembleWeights> {
    let outputs = || folds.iter().flat_map(|fold| &fold.read.outputs);
    let encoder_shares = match outputs().any(|[all, _]| all.neighbours.is_some()) {
        true => encoder_shares,
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
                structure_encoder_share: None,
                one_sided_share: 0.0,
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

impl Tried<'_> {
    /// How good `scores` are for the pairs at `rows`.
    fn quality(&self, scores: &Scores, rows: &[usize]) -> Quality {
        let (truth, predicted) = self.affinities(scores, rows);
        Quality {
            auroc: self.auroc(scores, rows),
            mse: regression::mse(&truth, &predicted).ok(),
        }
    }

    /// Standard error of a gain over `usual`, in the units of the file's header; 0 where there are too few labels for one.
    fn error(&self, scores: &Scores, rows: &[usize], usual: &Quality) -> f64 {
        let labelled = self.labelled(scores, rows);
        let (truth, predicted): (Vec<bool>, Vec<f64>) = labelled.iter().map(|of| (of.1, of.2)).unzip();
        let of_auroc = classification::auroc_standard_error(&truth, &predicted).map_or(0.0, |error| error / GAINS[0]);
        let (truth, predicted) = self.affinities(scores, rows);
        let of_mse = regression::mse_standard_error(&truth, &predicted).ok();
        let of_mse = of_mse.zip(usual.mse).filter(|(_, usual)| *usual > 0.0);
        of_auroc.hypot(of_mse.map_or(0.0, |(error, usual)| error / usual / GAINS[1]))
    }

    /// Rows with a binding label, with it and with the probability of binding.
    fn labelled(&self, scores: &Scores, rows: &[usize]) -> Vec<(usize, bool, f64)> {
        let label = |row: &usize| {
            let binds = self.interactions[*row].binds?;
            Some((*row, binds, probability(*scores.binding.get(*row)?)))
        };
        rows.iter().filter_map(label).collect()
    }

    /// Affinities of rows that have one on the first scale, and what is predicted.
    fn affinities(&self, scores: &Scores, rows: &[usize]) -> (Vec<f64>, Vec<f64>) {
        let affinity = |row: &usize| {
            let scale = self.scale?;
            let affinity = self.interactions[*row]
                .affinity
                .filter(|a| scale_name(a.scale) == scale.name)?;
            Some((
                affinity.value,
                scores.affinity_output(*row, 0).value * scale.std + scale.mean,
            ))
        };
        rows.iter().filter_map(affinity).unzip()
    }

    fn auroc(&self, scores: &Scores, rows: &[usize]) -> Option<f64> {
        let labelled = self.labelled(scores, rows);
        let auroc = |at: &mut dyn Iterator<Item = usize>| {
            let (truth, predicted): (Vec<bool>, Vec<f64>) = at.map(|at| (labelled[at].1, labelled[at].2)).unzip();
            classification::auroc(&truth, &predicted)
        };
        let whole = auroc(&mut (0..labelled.len())).ok()?;
        let within = |of: &dyn Fn(&Interaction) -> u32| {
            let entities: Vec<u32> = labelled.iter().map(|(row, ..)| of(self.interactions[*row])).collect();
            let scores = by_entity(&entities, LEAST_OF_ENTITY, |rows| auroc(&mut rows.iter().copied()));
            let weight = (scores.len() as f64 / ENOUGH_ENTITIES).min(1.0);
            (weight, scores.values().sum::<f64>() / scores.len().max(1) as f64)
        };
        let all = [(1.0, whole), within(&|i| i.target), within(&|i| i.drug)];
        let weights: f64 = all.iter().map(|(weight, _)| weight).sum();
        Some(all.iter().map(|(weight, score)| weight * score).sum::<f64>() / weights)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interaction(drug: u32, target: u32, binds: bool) -> Interaction {
        Interaction {
            drug,
            target,
            affinity: None,
            binds: Some(binds),
            row: 1,
        }
    }

    #[test]
    fn hold_outs_that_do_not_agree_leave_a_larger_error_than_their_pairs() {
        let of = |gain| Gain {
            weight: 0.5,
            gain,
            error: 1.0,
        };
        assert!((standard_error(&[of(2.0), of(2.0)]) - 0.5f64.sqrt()).abs() < 1e-12);
        // Both are 2 from their mean: the variance of a mean of two is 8 / 2.
        assert!((standard_error(&[of(1.0), of(5.0)]) - 2.0).abs() < 1e-12);
        assert!((standard_error(&[Gain { weight: 1.0, ..of(3.0) }]) - 1.0).abs() < 1e-12);
    }

    /// Encoders know the known pairs and nothing of new drugs, the neighbour head the other way round.
    #[test]
    fn each_novelty_gets_the_reader_that_knows_it() {
        let labels: Vec<bool> = (0..800).map(|i| i * 7 % 13 < 6).collect();
        let interactions: Vec<Interaction> = (labels.iter().enumerate())
            .map(|(i, binds)| interaction((i / 10) as u32, (i % 10) as u32, *binds))
            .collect();
        let interactions: Vec<&Interaction> = interactions.iter().collect();
        let novelty: Vec<Novelty> = (0..800)
            .map(|i| if i < 400 { Novelty::Known } else { Novelty::NewDrug })
            .collect();
        let right = |i: usize| if labels[i] { 1.0 } else { -1.0 };
        let noise = |i: usize| ((i * 37 % 101) as f32 / 50.0 - 1.0) * 3.0;
        let usual = EnsembleWeights {
            encoder_share: 0.5,
            structure_only_share: 0.0,
            structure_encoder_share: None,
            one_sided_share: 0.0,
        };
        let scores = |shares: &Shares| {
            let binding = (0..800).map(|i| {
                let share = shares.get(&novelty[i]).unwrap_or(&usual).encoder_share;
                let (encoders, neighbours) = match novelty[i] {
                    Novelty::Known => (right(i), noise(i)),
                    _ => (noise(i), right(i)),
                };
                share * encoders + (1.0 - share) * neighbours
            });
            vec![Scores {
                binding: binding.collect(),
                ..Scores::default()
            }]
        };
        let of_tried = || Tried {
            interactions: &interactions,
            novelty: &novelty,
            scale: None,
        };
        let candidates: Vec<Shares> = ([0.0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1.0].iter())
            .map(|encoder_share| EnsembleWeights {
                encoder_share: *encoder_share,
                ..usual
            })
            .map(everywhere)
            .collect();
        let rule = |tolerance| Rule {
            tolerance,
            share: |weights| weights.encoder_share,
        };
        let chosen = choose(&[of_tried()], &Shares::new(), &candidates, &rule(0.0), scores);
        assert!(chosen[&Novelty::Known].encoder_share >= 0.75, "{chosen:?}");
        assert!(chosen[&Novelty::NewDrug].encoder_share <= 0.3, "{chosen:?}");
        assert_eq!(chosen.len(), 2, "nothing is chosen where there are no pairs");

        // Where even the right reader errs, the pairs do not know exactly how good it is.
        let erring = |shares: &Shares| {
            let mut all = scores(shares);
            let wrong = all[0].binding.iter_mut().step_by(9);
            wrong.for_each(|logit| *logit = -*logit);
            all
        };
        let of_new_drugs = |tolerance| {
            choose(&[of_tried()], &Shares::new(), &candidates, &rule(tolerance), erring)[&Novelty::NewDrug]
                .encoder_share
        };
        assert!(of_new_drugs(0.0) <= 0.3 && of_new_drugs(1e6) == 1.0);

        // Shares that change nothing gain nothing.
        let alike = |_: &Shares| scores(&Shares::new());
        assert_eq!(
            choose(&[of_tried()], &Shares::new(), &candidates, &rule(0.0), alike),
            Shares::new()
        );
    }
}
