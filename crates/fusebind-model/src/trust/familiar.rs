//! How usual an entity is among the training entities of a model: where its embedding lies, and which modalities it has.
//!
//! ```text
//! distance(e) = sqrt(mean over channels of ((e_c - m_c) / s_c)^2) / q
//! ```
//!
//! `m` and `s` are the mean and the standard deviation of the embeddings of training entities, `q` the value that 95 % of these stay below: an entity at
//! more than 1 lies further out than all but a twentieth of them. Similarity to the nearest training entity sees the structure alone; the embedding is of
//! everything that is known of an entity. Comes in: embeddings `[B, D]`. Goes out: one number for each.

use fusebind_features::modality::{Modality, ModalitySet};
use serde::{Deserialize, Serialize};

/// Share of the training entities that are nearer than 1.
const NEARER: f64 = 0.95;
/// Added to each variance, relative to the mean one: rectified channels may be constant.
const FLOOR: f64 = 0.01;

/// See the file's header.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Familiar {
    /// Means, `[D]`.
    mean: Vec<f32>,
    /// One over the standard deviations times the value that most entities stay below, `[D]`.
    weight: Vec<f32>,
    /// Modalities that some training entity has, no more and no less.
    patterns: Vec<Vec<Modality>>,
}

/// How usual one entity is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Familiarity {
    /// Distance of its embedding, 1 at the edge of the usual.
    pub distance: Option<f64>,
    /// Whether no training entity has exactly its modalities.
    pub has_new_pattern: bool,
}

impl Familiar {
    /// Of training entities with embeddings of `width` channels and these modalities; none without an entity.
    pub fn fit(embeddings: &[f32], width: usize, present: impl Iterator<Item = ModalitySet>) -> Option<Self> {
        let count = embeddings.len().checked_div(width).filter(|count| *count > 0)? as f64;
        let (mut mean, mut variance) = (vec![0.0f64; width], vec![0.0f64; width]);
        for row in embeddings.chunks_exact(width) {
            mean.iter_mut()
                .zip(row)
                .for_each(|(sum, value)| *sum += f64::from(*value) / count);
        }
        for row in embeddings.chunks_exact(width) {
            let squares = variance.iter_mut().zip(row).zip(&mean);
            squares.for_each(|((sum, value), mean)| *sum += (f64::from(*value) - mean).powi(2) / count);
        }
        let floor = FLOOR * variance.iter().sum::<f64>() / width as f64 + f64::from(f32::MIN_POSITIVE);
        let mut patterns: Vec<Vec<Modality>> = present.map(|set| set.iter().collect()).collect();
        patterns.sort();
        patterns.dedup();
        let mut familiar = Self {
            mean: mean.iter().map(|mean| *mean as f32).collect(),
            weight: (variance.iter().map(|variance| (variance + floor).sqrt().recip() as f32)).collect(),
            patterns,
        };
        let mut distances: Vec<f64> = embeddings
            .chunks_exact(width)
            .map(|row| familiar.distance(row))
            .collect();
        distances.sort_by(f64::total_cmp);
        let most = distances[((NEARER * count) as usize).min(distances.len() - 1)];
        if most > 0.0 {
            familiar
                .weight
                .iter_mut()
                .for_each(|weight| *weight = (f64::from(*weight) / most) as f32);
        }
        Some(familiar)
    }

    /// Distance of an embedding, `[D]`.
    pub fn distance(&self, embedding: &[f32]) -> f64 {
        let parts = embedding.iter().zip(&self.mean).zip(&self.weight);
        let squares: f64 = parts
            .map(|((value, mean), weight)| f64::from((value - mean) * weight).powi(2))
            .sum();
        (squares / self.mean.len().max(1) as f64).sqrt()
    }

    /// How usual an entity with this embedding and these modalities is.
    pub fn of(&self, embedding: &[f32], present: ModalitySet) -> Familiarity {
        let present: Vec<Modality> = present.iter().collect();
        Familiarity {
            distance: Some(self.distance(embedding)),
            has_new_pattern: !self.patterns.contains(&present),
        }
    }

    /// Whether the numbers are of `width` channels and finite.
    pub fn is_sound(&self, width: usize) -> bool {
        let usual = |values: &[f32]| values.len() == width && values.iter().all(|v| v.is_finite());
        usual(&self.mean) && usual(&self.weight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_training_entities_are_nearer_than_one_and_a_stranger_is_not() {
        let width = 3;
        let at = |i: usize, c: usize| ((i * (c + 2) * 37 % 101) as f32) / 50.0 - 1.0;
        // The last channel is constant.
        let rows: Vec<f32> = (0..400).flat_map(|i| [at(i, 0), at(i, 1), 0.0]).collect();
        let graph: ModalitySet = [Modality::Graph].into_iter().collect();
        let familiar = Familiar::fit(&rows, width, std::iter::once(graph)).expect("there are entities");
        let near = rows.chunks(width).filter(|row| familiar.distance(row) <= 1.0).count();
        assert!((370..=390).contains(&near), "{near} of 400");
        assert!(familiar.distance(&[4.0, 4.0, 0.0]) > 2.0);
        assert!(
            familiar.distance(&[0.0, 0.0, 3.0]) > 2.0,
            "what never varied in training is strange"
        );
        assert!(!familiar.of(&[0.0; 3], graph).has_new_pattern);
        assert!(familiar.of(&[0.0; 3], ModalitySet::ALL).has_new_pattern);
        assert!(familiar.is_sound(width) && !familiar.is_sound(2));
        assert_eq!(Familiar::fit(&[], width, std::iter::empty()), None);
    }
}
