//! Adaptive curriculum over modalities: the reliable ones lead, the others are admitted gradually, none is trusted beyond its
//! skill.
//!
//! **Reliability.** `r_m` in [0, 1]: how well the neighbours under modality `m` alone foretell the labels of training pairs,
//! leave-one-out and beyond the bias of the pair (`EvidenceTable::skill`), relative to the best modality of the same side. No validation or test pair takes
//! part. **Admission.** Competence grows as `c(t) = c0 + (1 - c0) min(1, t / T)` with `t` the share of training that is done
//! (competence-based curricula, Platanios et al. 2019, arXiv:1903.09848); a modality of difficulty `d_m` is admitted by
//! `a_m(t) = 1 / (1 + exp(-(c(t) - d_m) / tau))`, with `d_m = 1 - r_m`. **Trust.** `w_m(t) = max(r_m, floor) a_m(t)` adds
//! `ln w_m` to attention scores and scales neighbour evidence; the trust at the end belongs to the model. Weighting instead of
//! dropping keeps a gradient to what is not trusted yet.
//!
//! Comes in: [`Skills`] and [`CurriculumConfig`]. Goes out: a [`Curriculum`].

use std::collections::BTreeMap;

use fusebind_features::modality::{Modality, Trust};
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind};

/// Skill of each modality's neighbours: drugs, then targets.
pub type Skills = [BTreeMap<Modality, f64>; 2];

/// Trust in modalities over training.
pub trait Curriculum: Send + Sync {
    /// Trust in the modalities of drugs and of targets when the share `progress` of training is done.
    fn trust(&self, progress: f64) -> [Trust; 2];
}

/// Order in which modalities are admitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CurriculumKind {
    /// All at once, all trusted alike.
    #[default]
    None,
    /// The reliable ones first.
    Acmo,
    /// The reliable ones last: a control.
    Reversed,
    /// In random order: a control.
    Random,
}

/// Configuration of a [`Curriculum`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CurriculumConfig {
    /// Order of admission.
    pub kind: CurriculumKind,
    /// Share of training after which every modality is admitted (`T`).
    pub admitted: f64,
    /// Competence at the start (`c0`).
    pub start: f64,
    /// Least trust in a modality.
    pub floor: f64,
}

impl Default for CurriculumConfig {
    fn default() -> Self {
        Self {
            kind: CurriculumKind::None,
            admitted: 0.5,
            start: 0.2,
            floor: 0.05,
        }
    }
}

/// Softness of admission (`tau`).
const SOFTNESS: f64 = 0.1;

impl CurriculumConfig {
    /// Refuses what makes no curriculum.
    pub fn check(&self) -> Result<(), Error> {
        let share = |s: f64| (0.0..=1.0).contains(&s);
        if share(self.start) && share(self.floor) && self.admitted > 0.0 && self.admitted <= 1.0 {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Recipe,
            "curriculum: `start` and `floor` must lie in [0, 1], `admitted` in (0, 1]",
        ))
    }

    /// The curriculum for modalities of the given skills.
    pub fn build(&self, skills: &Skills, seed: u64) -> Box<dyn Curriculum> {
        if self.kind == CurriculumKind::None {
            return Box::new(Plain);
        }
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let stages = skills.each_ref().map(|side| {
            let best = side.values().copied().fold(1e-6, f64::max);
            let reliability: Vec<(Modality, f64)> = side.iter().map(|(m, skill)| (*m, skill / best)).collect();
            let mut difficulties: Vec<f64> = reliability.iter().map(|(_, r)| 1.0 - r).collect();
            match self.kind {
                CurriculumKind::Reversed => difficulties.iter_mut().for_each(|d| *d = 1.0 - *d),
                CurriculumKind::Random => difficulties.shuffle(&mut random),
                _ => {}
            }
            let stage = |((modality, reliability), difficulty): ((Modality, f64), f64)| Stage {
                modality,
                trust: reliability.max(self.floor),
                difficulty,
            };
            reliability.into_iter().zip(difficulties).map(stage).collect()
        });
        Box::new(Admission {
            config: self.clone(),
            stages,
        })
    }
}

/// Everything at once.
struct Plain;

impl Curriculum for Plain {
    fn trust(&self, _progress: f64) -> [Trust; 2] {
        Default::default()
    }
}

/// One modality of one side.
struct Stage {
    modality: Modality,
    trust: f64,
    difficulty: f64,
}

/// Gradual admission, see the file's header.
struct Admission {
    config: CurriculumConfig,
    stages: [Vec<Stage>; 2],
}

impl Curriculum for Admission {
    fn trust(&self, progress: f64) -> [Trust; 2] {
        let grown = (progress / self.config.admitted).min(1.0);
        let competence = self.config.start + (1.0 - self.config.start) * grown;
        self.stages.each_ref().map(|side| {
            let mut trust = Trust::default();
            for stage in side {
                let admission = 1.0 / (1.0 + (-(competence - stage.difficulty) / SOFTNESS).exp());
                trust.set(stage.modality, (stage.trust * admission) as f32);
            }
            trust
        })
    }
}

/// Trust by name, for logs: `graph`, `drug text`, ..
pub fn named(trust: [Trust; 2], skills: &Skills) -> BTreeMap<String, f64> {
    let mut named = BTreeMap::new();
    for ((side, trust), skills) in ["drug", "target"].into_iter().zip(trust).zip(skills) {
        for modality in skills.keys() {
            let name = match modality {
                Modality::Graph | Modality::Sequence => modality.name().to_string(),
                _ => format!("{side} {modality}"),
            };
            named.insert(name, f64::from(trust.of(*modality)));
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skills() -> Skills {
        let drug = [(Modality::Graph, 0.6), (Modality::Text, 0.3), (Modality::Bioassay, 0.0)];
        let target = [(Modality::Sequence, 0.2), (Modality::Text, 0.4)];
        [drug.into_iter().collect(), target.into_iter().collect()]
    }

    fn curriculum(kind: CurriculumKind) -> Box<dyn Curriculum> {
        let config = CurriculumConfig {
            kind,
            ..CurriculumConfig::default()
        };
        config.check().expect("the default holds together");
        config.build(&skills(), 3)
    }

    #[test]
    fn the_reliable_lead_and_the_others_follow() {
        let acmo = curriculum(CurriculumKind::Acmo);
        let [early, late] = [0.0, 1.0].map(|t| acmo.trust(t));
        assert!(
            early[0].of(Modality::Graph) > 0.8,
            "the best modality is there from the start"
        );
        assert!(
            early[0].of(Modality::Text) < 0.05 && late[0].of(Modality::Text) > 0.45,
            "the second best comes later"
        );
        assert!(
            late[0].of(Modality::Bioassay) < 0.05,
            "one without skill is never trusted"
        );
        assert!(
            late[1].of(Modality::Text) > late[1].of(Modality::Sequence),
            "sides are judged apart"
        );
        assert_eq!(
            late[0].of(Modality::Transcriptome),
            1.0,
            "what is not there is not judged"
        );
    }

    #[test]
    fn controls_differ_and_end_alike() {
        assert_eq!(curriculum(CurriculumKind::None).trust(0.0), <[Trust; 2]>::default());
        let (acmo, reversed) = (curriculum(CurriculumKind::Acmo), curriculum(CurriculumKind::Reversed));
        assert!(reversed.trust(0.0)[0].of(Modality::Graph) < acmo.trust(0.0)[0].of(Modality::Graph));
        let random = curriculum(CurriculumKind::Random);
        assert_eq!(
            random.trust(0.3),
            curriculum(CurriculumKind::Random).trust(0.3),
            "a seed fixes the order"
        );
        let refused = CurriculumConfig {
            admitted: 0.0,
            ..CurriculumConfig::default()
        };
        assert!(refused.check().is_err());
        assert_eq!(named(acmo.trust(1.0), &skills()).len(), 5);
    }
}
