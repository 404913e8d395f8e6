//! Training data perturbed on purpose, for experiments: what does a model tolerate, and what helps it?
//!
//! Comes in: a job. Goes out: its data set and side data, perturbed where training and validation read them; test labels stay what they
//! are. The recipe carries the perturbation, so that one line reproduces it; `evaluate` and `robustness` read the data as they are.

use fusebind_data::{split::Part, table::Dataset};
use fusebind_features::{entity::side::SideData, modality::Modality};
use rand::{RngExt, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::noise::Noise;
use crate::{
    Error, calibrate,
    recipe::PerturbationConfig,
    seeds,
    trainer::{Job, Observer, Trained},
};

/// Trains on the data of `job` as its recipe perturbs them; without a perturbation this is [`calibrate::train`].
pub fn train(job: &Job<'_>, observer: &mut dyn Observer) -> Result<Trained, Error> {
    if job.recipe.perturbation.is_none() {
        return calibrate::train(job, observer);
    }
    job.recipe.check()?;
    let (dataset, side) = perturb(&job.recipe.perturbation, job);
    let perturbed = Job {
        dataset: &dataset,
        side: [&side[0], &side[1]],
        ..*job
    };
    calibrate::train(&perturbed, observer)
}

/// The data of `job`, perturbed; test labels stay what they are.
fn perturb(config: &PerturbationConfig, job: &Job<'_>) -> (Dataset, [SideData; 2]) {
    let mut dataset = job.dataset.clone();
    let mut random = seeds::perturbation(job.seed).generator();
    let mut hit = job.split.part(Part::Train).to_vec();
    hit.retain(|_| random.random_bool(config.flipped));
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
        let stream = seeds::noise(job.seed, side);
        let shuffles = config.shuffled.iter().filter_map(|m| shuffle_of(*m));
        let mut perturbed = shuffles.fold(job.side[side].clone(), |data, noise| noise.perturb(&data, stream));
        thin(config.missing, &mut perturbed, &mut random);
        perturbed
    });
    (dataset, side)
}

fn thin(missing: f64, side: &mut SideData, random: &mut ChaCha8Rng) {
    let mut lose = |lost: &mut dyn FnMut()| {
        if random.random_bool(missing) {
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
        let mut side = SideData {
            texts: vec![vec!["text".into()]; 1000],
            ..SideData::default()
        };
        thin(0.5, &mut side, &mut seeds::perturbation(1).generator());
        let left = side.texts.iter().filter(|t| !t.is_empty()).count();
        assert!((430..570).contains(&left), "{left}");
        let wrong = PerturbationConfig {
            shuffled: vec![Modality::Graph],
            ..PerturbationConfig::default()
        };
        assert!(wrong.check().is_err());
    }
}
