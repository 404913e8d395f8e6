//! Expression signatures and assay profiles: noisy linear projections of the whole drug latent, hidden part included.
//!
//! ```text
//! expression[g] = <w_g, d> / |w_g| + noise          outcome[a] = <w_a, d> / |w_a| + noise > cut_a
//! ```

use rand::RngExt;

use super::{
    config::SimulateConfig,
    latent::{Latent, RANK, Stream, VISIBLE, dot, missing, normal, random_latent, stream},
    universe::SimulatedDrug,
};

/// Unit vectors that weigh the hidden numbers as much as the visible ones together, so that side data is informative.
fn directions(count: usize, random: &mut rand_chacha::ChaCha8Rng) -> Vec<Latent> {
    let lift = (VISIBLE as f64 / (RANK - VISIBLE) as f64).sqrt();
    (0..count)
        .map(|_| {
            let mut direction = random_latent(random, RANK);
            direction[VISIBLE..].iter_mut().for_each(|value| *value *= lift);
            let length = dot(&direction, &direction).sqrt().max(f64::MIN_POSITIVE);
            direction.map(|value| value / length)
        })
        .collect()
}

pub(super) fn expression(config: &SimulateConfig, drugs: &mut [SimulatedDrug]) {
    let genes = directions(config.genes, &mut stream(config.seed, Stream::GeneWeights));
    let gone = missing(
        drugs.len(),
        config.missing.transcriptome_drug,
        stream(config.seed, Stream::MissingTranscriptome),
    );
    let mut random = stream(config.seed, Stream::Transcriptome);
    for (drug, gone) in drugs.iter_mut().zip(gone) {
        let value = |gene: &Latent| dot(gene, &drug.latent) + config.noise.transcriptome * normal(&mut random);
        let values: Vec<f64> = genes.iter().map(value).collect();
        drug.transcriptome = (!gone).then_some(values);
    }
}

pub(super) fn assays(config: &SimulateConfig, drugs: &mut [SimulatedDrug]) {
    let mut random = stream(config.seed, Stream::AssayWeights);
    let assays = directions(config.assays, &mut random);
    let cuts: Vec<f64> = (0..config.assays).map(|_| 0.5 * normal(&mut random)).collect();
    let gone = missing(
        drugs.len(),
        config.missing.bioassay_drug,
        stream(config.seed, Stream::MissingBioassay),
    );
    let mut random = stream(config.seed, Stream::Bioassay);
    for (drug, gone) in drugs.iter_mut().zip(gone) {
        let outcome = |(assay, cut): (&Latent, &f64)| {
            let liability = dot(assay, &drug.latent) + config.noise.bioassay * normal(&mut random);
            // Sampled whether it is used or not, so that the rate changes no other number.
            let tested = random.random::<f64>() >= config.missing.assay_outcome;
            tested.then_some(liability > *cut)
        };
        let outcomes: Vec<Option<bool>> = assays.iter().zip(&cuts).map(outcome).collect();
        drug.bioassay = (!gone).then_some(outcomes);
    }
}
