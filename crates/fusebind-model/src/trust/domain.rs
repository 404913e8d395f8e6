//! Whether a pair lies inside what a model knows.
//!
//! Comes in: what is known of the two entities, and limits of similarity. Goes out: [`Domain`], and which side decided. A training entity is
//! inside; another is inside where it is as similar to training as training entities are to each other.

use serde::{Deserialize, Serialize};

use super::channels::PairEvidence;

/// Where a pair lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Domain {
    /// Drug and target are known, or as similar to known ones as those are to each other.
    #[default]
    Inside,
    /// One of them is less similar than most known ones are to each other.
    Edge,
    /// One of them is unlike nearly all known ones.
    Outside,
}

impl Domain {
    /// All, from the best known.
    pub const ALL: [Self; 3] = [Self::Inside, Self::Edge, Self::Outside];

    /// Name in files and on the console.
    pub fn name(self) -> &'static str {
        match self {
            Self::Inside => "inside",
            Self::Edge => "edge",
            Self::Outside => "outside",
        }
    }
}

/// Least similarities of a new drug and of a new target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DomainLimits {
    /// To be inside: drug, target.
    pub inside: [f32; 2],
    /// To be at the edge and not outside.
    pub edge: [f32; 2],
}

/// Where a pair lies, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DomainFinding {
    /// Where.
    pub domain: Domain,
    /// What decided: drug (0) or target (1) with its similarity and the limit that it misses; none inside.
    pub because: Option<(usize, f32, f32)>,
}

impl DomainLimits {
    /// Where a pair lies; the side that is further outside decides.
    pub fn find(&self, evidence: &PairEvidence) -> DomainFinding {
        let of = |(side, entity): (usize, &fusebind_features::neighbours::EntityEvidence)| {
            let similarity = entity.similarity();
            let finding = |domain, limit| DomainFinding {
                domain,
                because: Some((side, similarity, limit)),
            };
            match () {
                () if entity.is_known || similarity >= self.inside[side] => DomainFinding::default(),
                () if similarity >= self.edge[side] => finding(Domain::Edge, self.inside[side]),
                () => finding(Domain::Outside, self.edge[side]),
            }
        };
        let [drug, target] = [(0, &evidence.drug), (1, &evidence.target)].map(of);
        if target.domain > drug.domain { target } else { drug }
    }

    /// Whether the limits are similarities in order.
    pub fn is_sound(&self) -> bool {
        let sides = self.edge.into_iter().zip(self.inside);
        sides
            .into_iter()
            .all(|(edge, inside)| (0.0..=1.0).contains(&edge) && (edge..=1.0).contains(&inside))
    }
}

impl std::fmt::Display for DomainFinding {
    /// The reason in words.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Some((side, similarity, limit)) = self.because else {
            return f.write_str("drug and target are in training, or close to it");
        };
        let side = ["drug", "target"][side];
        match self.domain {
            Domain::Outside => write!(
                f,
                "the {side} is unlike training: nearest similarity {similarity:.2}, and nearly all training {side}s have one of {limit:.2} to another"
            ),
            _ => write!(
                f,
                "the {side} is less similar to training ({similarity:.2}) than most training {side}s are to each other ({limit:.2})"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use fusebind_features::neighbours::EntityEvidence;

    use super::*;

    fn entity(is_known: bool, similarity: f32) -> EntityEvidence {
        EntityEvidence {
            is_known,
            nearest: Some((0, similarity)),
            ..EntityEvidence::default()
        }
    }

    #[test]
    fn the_stranger_side_decides_and_is_named() {
        let limits = DomainLimits {
            inside: [0.5, 0.4],
            edge: [0.2, 0.1],
        };
        let find = |drug, target| limits.find(&PairEvidence { drug, target });
        assert_eq!(find(entity(true, 0.0), entity(false, 0.4)), DomainFinding::default());
        let edge = find(entity(false, 0.3), entity(true, 1.0));
        assert_eq!((edge.domain, edge.because), (Domain::Edge, Some((0, 0.3, 0.5))));
        let outside = find(entity(false, 0.3), entity(false, 0.05));
        assert_eq!(
            (outside.domain, outside.because),
            (Domain::Outside, Some((1, 0.05, 0.1)))
        );
        assert!(outside.to_string().contains("target is unlike training"));
        assert!(limits.is_sound());
        assert!(
            !DomainLimits {
                inside: [0.1; 2],
                edge: [0.2; 2]
            }
            .is_sound()
        );
    }
}
