//! Ways in which modalities are wrong.
//!
//! Comes in: the data that a model is scored on. Goes out: the same with one modality perturbed; every choice follows from a stream.

use fusebind_features::{
    entity::{
        protein::Protein,
        side::{Profiles, SideData},
    },
    modality::Modality,
    random::Stream,
};
use rand::{RngExt, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

/// A way to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Noise {
    /// Every text belongs to another entity.
    ShuffledText,
    /// A fifth of the texts belong to other entities.
    FifthShuffledText,
    /// Every signature belongs to another entity.
    ShuffledTranscriptome,
    /// Every assay profile belongs to another entity.
    ShuffledBioassay,
    /// Signatures with Gaussian noise of twice their own deviation.
    NoisyTranscriptome,
    /// The first half of every sequence.
    TruncatedSequence,
}

impl Noise {
    /// All kinds of noise.
    pub const ALL: [Self; 6] = [
        Self::ShuffledText,
        Self::FifthShuffledText,
        Self::ShuffledTranscriptome,
        Self::ShuffledBioassay,
        Self::NoisyTranscriptome,
        Self::TruncatedSequence,
    ];

    /// Name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::ShuffledText => "shuffled-text",
            Self::FifthShuffledText => "fifth-shuffled-text",
            Self::ShuffledTranscriptome => "shuffled-transcriptome",
            Self::ShuffledBioassay => "shuffled-bioassay",
            Self::NoisyTranscriptome => "noisy-transcriptome",
            Self::TruncatedSequence => "truncated-sequence",
        }
    }

    /// What is perturbed.
    pub fn modality(self) -> Modality {
        match self {
            Self::ShuffledText | Self::FifthShuffledText => Modality::Text,
            Self::ShuffledTranscriptome | Self::NoisyTranscriptome => Modality::Transcriptome,
            Self::ShuffledBioassay => Modality::Bioassay,
            Self::TruncatedSequence => Modality::Sequence,
        }
    }

    /// The side data of one side, perturbed.
    pub fn perturb(self, side: &SideData, stream: Stream) -> SideData {
        let mut random = stream.generator();
        let mut perturbed = side.clone();
        match self {
            Self::ShuffledText => shuffle(&mut perturbed.texts, 1, &mut random),
            Self::FifthShuffledText => shuffle(&mut perturbed.texts, 5, &mut random),
            Self::ShuffledTranscriptome => shuffle(&mut perturbed.transcriptome.of_entity, 1, &mut random),
            Self::ShuffledBioassay => shuffle(&mut perturbed.bioassay.of_entity, 1, &mut random),
            Self::NoisyTranscriptome => blur(&mut perturbed.transcriptome, &mut random),
            Self::TruncatedSequence => {}
        }
        perturbed
    }

    /// A sequence, perturbed; where what is left is no protein any more the sequence stays as it is.
    pub fn truncate(self, protein: &Protein) -> Protein {
        match self {
            Self::TruncatedSequence => {
                let half = protein.sequence.len().div_ceil(2);
                Protein::parse(&protein.sequence[..half]).unwrap_or_else(|_| protein.clone())
            }
            _ => protein.clone(),
        }
    }
}

/// Gives what every `each`th entity has to others of them, so that what exists stays the same.
fn shuffle<T: Clone>(values: &mut [Vec<T>], each: usize, random: &mut ChaCha8Rng) {
    let having = (0..values.len()).filter(|at| !values[*at].is_empty());
    let having: Vec<usize> = having.step_by(each).collect();
    let mut order = having.clone();
    order.shuffle(random);
    let moved: Vec<Vec<T>> = order.iter().map(|at| values[*at].clone()).collect();
    for (at, value) in having.into_iter().zip(moved) {
        values[at] = value;
    }
}

fn blur(profiles: &mut Profiles, random: &mut ChaCha8Rng) {
    let width = profiles.columns.len().max(1);
    for row in profiles.values.chunks_mut(width) {
        let (sum, count) = row
            .iter()
            .filter(|v| v.is_finite())
            .fold((0.0f32, 0u32), |(s, n), v| (s + v * v, n + 1));
        let deviation = (sum / count.max(1) as f32).sqrt();
        for value in row.iter_mut() {
            // Box & Muller 1958, doi 10.1214/aoms/1177706645.
            let (u, v): (f32, f32) = (random.random::<f32>().max(f32::MIN_POSITIVE), random.random());
            *value += 2.0 * deviation * (-2.0 * u.ln()).sqrt() * (std::f32::consts::TAU * v).cos();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_exists_stays_and_what_it_says_moves() {
        let side = SideData {
            texts: (0..50)
                .map(|i| if i % 2 == 0 { vec![format!("{i}")] } else { vec![] })
                .collect(),
            transcriptome: Profiles {
                columns: vec!["g".into()],
                values: (0..50).map(|i| i as f32).collect(),
                of_entity: (0..50).map(|i| vec![i]).collect(),
            },
            ..SideData::default()
        };
        let moved = Noise::ShuffledText.perturb(&side, Stream::new(1));
        let empty = |s: &SideData| s.texts.iter().map(Vec::is_empty).collect::<Vec<_>>();
        assert_eq!(empty(&moved), empty(&side));
        assert_ne!(moved.texts, side.texts);
        assert_eq!(moved.transcriptome, side.transcriptome, "nothing else moves");
        let fifth = Noise::FifthShuffledText.perturb(&side, Stream::new(1));
        let changed = (0..50).filter(|at| fifth.texts[*at] != side.texts[*at]).count();
        assert!(
            (1..=5).contains(&changed) && empty(&fifth) == empty(&side),
            "{changed} of 25"
        );
        assert_ne!(
            Noise::ShuffledTranscriptome
                .perturb(&side, Stream::new(1))
                .transcriptome,
            side.transcriptome
        );
        assert_ne!(
            Noise::NoisyTranscriptome
                .perturb(&side, Stream::new(1))
                .transcriptome
                .values,
            side.transcriptome.values
        );
        let protein = Protein::parse("MKTAYIAKQRLLGGSSGGSS").expect("a protein");
        assert_eq!(Noise::TruncatedSequence.truncate(&protein).sequence, "MKTAYIAKQR");
        assert_eq!(Noise::ShuffledText.truncate(&protein), protein);
    }
}
