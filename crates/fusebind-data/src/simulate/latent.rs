//! Latent vectors, random streams, and normal deviates that are the same on every machine.

use fusebind_features::random;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Numbers of a latent vector.
pub const RANK: usize = 6;
/// How many of them the structure of a drug shows; the rest is hidden.
pub const VISIBLE: usize = 4;

/// A latent vector.
pub type Latent = [f64; RANK];

/// What has a random stream of its own.
#[derive(Clone, Copy)]
pub(super) enum Stream {
    Fragments = 1,
    Molecules,
    Hidden,
    Motifs,
    Proteins,
    Pairs,
    Noise,
    TextDrug,
    TextTarget,
    Transcriptome,
    Bioassay,
    AssayWeights,
    GeneWeights,
    MissingTextDrug,
    MissingTextTarget,
    MissingTranscriptome,
    MissingBioassay,
}

pub(super) fn stream(seed: u64, stream: Stream) -> ChaCha8Rng {
    random::Stream::new(seed).numbered(stream as u64)
}

/// A normal deviate by the sum of twelve uniform ones: no logarithm or cosine that differs between mathematics libraries.
pub(super) fn normal(random: &mut ChaCha8Rng) -> f64 {
    (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0
}

/// A latent of which the first `filled` numbers are normal and the others zero.
pub(super) fn random_latent(random: &mut ChaCha8Rng, filled: usize) -> Latent {
    let mut latent = [0.0; RANK];
    latent[..filled].iter_mut().for_each(|value| *value = normal(random));
    latent
}

pub(super) fn add(sum: &mut Latent, weight: f64, part: &Latent) {
    sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += weight * part);
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The planted interaction: variance about 0.8, the share `hidden` of it from the hidden numbers.
pub(super) fn interaction(drug: &Latent, target: &Latent, hidden: f64) -> f64 {
    let visible = dot(&drug[..VISIBLE], &target[..VISIBLE]) / (VISIBLE as f64).sqrt();
    let unseen = dot(&drug[VISIBLE..], &target[VISIBLE..]) / ((RANK - VISIBLE) as f64).sqrt();
    0.9 * ((1.0 - hidden).sqrt() * visible + hidden.sqrt() * unseen)
}

/// True for the share `rate` of `count` things, exactly (rounded), which ones being random.
pub(super) fn missing(count: usize, rate: f64, mut random: ChaCha8Rng) -> Vec<bool> {
    use rand::seq::SliceRandom;
    let gone = (rate * count as f64).round() as usize;
    let mut flags: Vec<bool> = (0..count).map(|at| at < gone).collect();
    flags.shuffle(&mut random);
    flags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviates_are_standard_normal() {
        let mut random = stream(1, Stream::Noise);
        let values: Vec<f64> = (0..20_000).map(|_| normal(&mut random)).collect();
        let mean = values.iter().sum::<f64>() / 20_000.0;
        let variance = values.iter().map(|v| v * v).sum::<f64>() / 20_000.0;
        let beyond = values.iter().filter(|v| v.abs() > 1.96).count() as f64 / 20_000.0;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.04 && (beyond - 0.05).abs() < 0.01);
    }

    #[test]
    fn exactly_the_rate_is_missing() {
        let flags = missing(50, 0.3, stream(1, Stream::MissingBioassay));
        assert_eq!(flags.iter().filter(|gone| **gone).count(), 15);
    }
}
