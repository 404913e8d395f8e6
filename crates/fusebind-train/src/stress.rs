//! Damage done to training data on purpose, for experiments: what does a model stand, and what helps it?
//!
//! Comes in: a job. Goes out: its data set and side data, damaged where training and validation read them. A recipe carries the
//! damage, so that one line reproduces it; `evaluate` and `robustness` read the data as they are.

use fusebind_data::{split::Part, table::Dataset};
use fusebind_features::{entity::side::SideData, modality::Modality};
use rand::{RngExt, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind, robustness::Noise, trainer::Job};

/// Damage to the training data.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StressConfig {
    /// Share of the side values of entities that are removed for good.
    pub missing: f64,
    /// Share of the training labels that are flipped; an affinity becomes that of another such pair.
    pub flipped: f64,
    /// Modalities whose values are dealt out again among the entities that have them.
    pub shuffled: Vec<Modality>,
}

impl StressConfig {
    /// Whether nothing is damaged.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Refuses what is no damage.
    pub fn check(&self) -> Result<(), Error> {
        let wrong = |message: &str| Err(Error::new(ErrorKind::Recipe, message));
        if ![self.missing, self.flipped].iter().all(|s| (0.0..=1.0).contains(s)) {
            return wrong("stress: `missing` and `flipped` must lie in [0, 1]");
        }
        if self.shuffled.iter().any(|m| shuffle_of(*m).is_none()) {
            return wrong("stress: only `text`, `transcriptome` and `bioassay` can be `shuffled`");
        }
        Ok(())
    }

    /// The data of `job`, damaged; test labels stay what they are.
    pub fn damage(&self, job: &Job<'_>) -> (Dataset, [SideData; 2]) {
        let mut dataset = job.dataset.clone();
        let mut random = ChaCha8Rng::seed_from_u64(job.seed ^ 0x0DA3_A6ED);
        let mut hit = job.split.part(Part::Train).to_vec();
        hit.retain(|_| random.random_bool(self.flipped));
        let mut given = hit.clone();
        given.shuffle(&mut random);
        let affinities: Vec<_> = given
            .iter()
            .map(|i| dataset.interactions[*i as usize].affinity)
            .collect();
        for (index, affinity) in hit.into_iter().zip(affinities) {
            let interaction = &mut dataset.interactions[index as usize];
            interaction.affinity = affinity;
            interaction.binds = interaction.binds.map(|binds| !binds);
        }
        let side = [0, 1].map(|side| {
            let seed = job.seed ^ side as u64;
            let shuffles = self.shuffled.iter().filter_map(|m| shuffle_of(*m));
            let mut damaged = shuffles.fold(job.side[side].clone(), |data, noise| noise.spoil(&data, seed));
            self.thin(&mut damaged, &mut random);
            damaged
        });
        (dataset, side)
    }

    fn thin(&self, side: &mut SideData, random: &mut ChaCha8Rng) {
        let mut lose = |lost: &mut dyn FnMut()| {
            if random.random_bool(self.missing) {
                lost();
            }
        };
        side.texts.iter_mut().for_each(|texts| lose(&mut || texts.clear()));
        let profiles = [&mut side.transcriptome, &mut side.bioassay].into_iter();
        let embedded = side.embeddings.iter_mut().map(|e| &mut e.rows);
        for rows in profiles.chain(embedded) {
            rows.of_entity.iter_mut().for_each(|mine| lose(&mut || mine.clear()));
        }
    }
}

fn shuffle_of(modality: Modality) -> Option<Noise> {
    match modality {
        Modality::Text => Some(Noise::ShuffledText),
        Modality::Transcriptome => Some(Noise::ShuffledTranscriptome),
        Modality::Bioassay => Some(Noise::ShuffledBioassay),
        Modality::Graph | Modality::Sequence => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_takes_its_share() {
        let stress = StressConfig {
            missing: 0.5,
            ..StressConfig::default()
        };
        let mut side = SideData {
            texts: vec![vec!["text".into()]; 1000],
            ..SideData::default()
        };
        stress.thin(&mut side, &mut ChaCha8Rng::seed_from_u64(1));
        let left = side.texts.iter().filter(|t| !t.is_empty()).count();
        assert!((430..570).contains(&left), "{left}");
        assert!(stress.check().is_ok() && !stress.is_none());
        let wrong = StressConfig {
            shuffled: vec![Modality::Graph],
            ..StressConfig::default()
        };
        assert!(wrong.check().is_err());
    }
}
