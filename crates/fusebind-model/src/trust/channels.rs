//! What is known of a pair, as the numbers that errors and calibration maps depend on.
//!
//! Comes in: what the reference knows of the drug and the target, and the output of the model. Goes out: rows of channels, the first of
//! which is 1. All are of order 1, so that one ridge suits them.

use fusebind_features::{neighbours::EntityEvidence, novelty::Novelty};

/// Channels that both have, the first ones.
const NOVELTY_CHANNELS: usize = 8;
/// Channels that an expected error depends on.
pub const AFFINITY_CHANNELS: usize = 17;
/// Channels that a calibration map depends on.
pub const BINDING_CHANNELS: usize = 9;
/// Of these, those that the slope of the map depends on: all but how many training pairs the entities have. What these numbers say differs from one
/// source to the next (docs/experiments/calibration.md).
pub const SLOPE_CHANNELS: [usize; 7] = [0, 1, 2, 3, 4, 5, 8];
/// Those that the bends of the map depend on, where it has any: which of the entities are new.
pub const BEND_CHANNELS: [usize; 4] = [0, 1, 2, 3];
/// Outputs are cut here.
const CUT: f64 = 4.0;

/// What the reference of a model knows of the two entities of a pair.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PairEvidence {
    /// Of the drug.
    pub drug: EntityEvidence,
    /// Of the target.
    pub target: EntityEvidence,
}

/// What the model says of a pair.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Output {
    /// Standardised affinity, or logit of binding.
    pub value: f64,
    /// Added to the calibrated logit for what is known without training data; 0 for an affinity.
    pub prior_shift: f64,
    /// How far the encoders and the neighbour head are apart on it.
    pub disagreement: f64,
}

impl PairEvidence {
    /// How new the pair is.
    pub fn novelty(&self) -> Novelty {
        Novelty::of(self.drug.is_known, self.target.is_known)
    }

    /// Channels of the expected error of an affinity.
    pub fn affinity_channels(&self, output: Output) -> [f64; AFFINITY_CHANNELS] {
        let value = output.value.clamp(-CUT, CUT);
        let disagreement = output.disagreement.min(CUT);
        let mut channels = [0.0; AFFINITY_CHANNELS];
        channels[..NOVELTY_CHANNELS].copy_from_slice(&self.novelty_channels());
        channels[NOVELTY_CHANNELS..].copy_from_slice(&[
            f64::from(self.drug.spread),
            f64::from(self.target.spread),
            f64::from(self.drug.mean),
            f64::from(self.target.mean),
            value,
            value.abs(),
            (value - 1.0).max(0.0),
            disagreement,
            disagreement.sqrt(),
        ]);
        channels
    }

    /// Channels of the calibration map of binding.
    pub fn binding_channels(&self, output: Output) -> [f64; BINDING_CHANNELS] {
        let mut channels = [0.0; BINDING_CHANNELS];
        channels[..NOVELTY_CHANNELS].copy_from_slice(&self.novelty_channels());
        channels[NOVELTY_CHANNELS] = output.disagreement.min(CUT) / CUT;
        channels
    }

    /// 1, then how new and how far the entities are, and how many training pairs they have.
    fn novelty_channels(&self) -> [f64; NOVELTY_CHANNELS] {
        let new = |entity: &EntityEvidence| f64::from(u8::from(!entity.is_known));
        let far = |entity: &EntityEvidence| new(entity) * f64::from(1.0 - entity.similarity());
        let pairs = |entity: &EntityEvidence| f64::from(entity.partners).ln_1p() / 5.0;
        let [new_drug, new_target] = [new(&self.drug), new(&self.target)];
        [
            1.0,
            new_drug,
            new_target,
            new_drug * new_target,
            far(&self.drug),
            far(&self.target),
            pairs(&self.drug),
            pairs(&self.target),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_and_distant_drug_shows_in_its_channels_alone() {
        let known = EntityEvidence {
            is_known: true,
            nearest: Some((0, 1.0)),
            partners: 9,
            mean: 0.5,
            spread: 1.0,
        };
        let new = EntityEvidence {
            is_known: false,
            nearest: Some((3, 0.25)),
            partners: 0,
            ..known
        };
        let output = Output {
            value: -9.0,
            prior_shift: 0.0,
            disagreement: 0.25,
        };
        let [of_known, of_new] =
            [known, new].map(|drug| PairEvidence { drug, target: known }.affinity_channels(output));
        assert_eq!(of_known[..7], [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 10f64.ln() / 5.0]);
        assert_eq!(of_new[..7], [1.0, 1.0, 0.0, 0.0, 0.75, 0.0, 0.0]);
        assert_eq!(of_known[7..], of_new[7..]);
        assert_eq!((of_new[12], of_new[13], of_new[16]), (-4.0, 4.0, 0.5));
        let pair = PairEvidence {
            drug: new,
            target: known,
        };
        assert_eq!(pair.binding_channels(output)[..5], of_new[..5]);
        assert_eq!(pair.novelty(), Novelty::NewDrug);
    }

    #[test]
    fn a_slope_does_not_know_how_many_partners_there_are() {
        let of = |partners: u32| {
            let entity = EntityEvidence {
                partners,
                ..EntityEvidence::default()
            };
            let pair = PairEvidence {
                drug: entity,
                target: entity,
            };
            pair.binding_channels(Output::default())
        };
        let [few, many] = [of(1), of(100)];
        let differ = |at: &usize| few[*at] != many[*at];
        assert_eq!((0..BINDING_CHANNELS).filter(differ).count(), 2);
        assert!(!SLOPE_CHANNELS.iter().any(differ));
        assert_eq!(SLOPE_CHANNELS.len(), BINDING_CHANNELS - 2);
    }

    #[test]
    fn bends_know_which_entities_are_new_and_nothing_else() {
        let of = |is_new: [bool; 2], similarity: f32, partners: u32, disagreement: f64| {
            let entity = |is_new: bool| EntityEvidence {
                is_known: !is_new,
                nearest: Some((0, similarity)),
                partners,
                ..EntityEvidence::default()
            };
            let pair = PairEvidence {
                drug: entity(is_new[0]),
                target: entity(is_new[1]),
            };
            let channels = pair.binding_channels(Output {
                disagreement,
                ..Output::default()
            });
            BEND_CHANNELS.map(|at| channels[at])
        };
        let all = [[false, false], [true, false], [false, true], [true, true]];
        for (at, is_new) in all.iter().enumerate() {
            assert_eq!(of(*is_new, 0.2, 1, 0.0), of(*is_new, 0.9, 100, 2.0));
            assert!(
                all[..at]
                    .iter()
                    .all(|other| of(*other, 0.2, 1, 0.0) != of(*is_new, 0.2, 1, 0.0))
            );
        }
    }
}
