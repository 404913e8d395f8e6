//! Whether a pair lies inside what a model knows.
//!
//! Comes in: what is known of the two entities, the error to expect, and limits of both. Goes out: [`Domain`], and what decided.
//!
//! | pair | error to expect: usual | large | very large |
//! |---|---|---|---|
//! | drug and target are known, or not unlike training | inside | edge | outside |
//! | one of them is unlike training | edge | outside | outside |
//!
//! Similarity alone does not say where a model errs: what is unlike training is mostly predicted not to bind, and mostly does not. The error
//! to expect was learned from held-out pairs and has novelty and similarity among its causes (a distance to the model, as the spread of an ensemble is in Tetko
//! et al. 2008, doi 10.1021/ci800151m). A model that knows no limits of it goes by similarity alone.

use fusebind_features::neighbours::EntityEvidence;
use serde::{Deserialize, Serialize};

use super::channels::PairEvidence;

/// Share of the held-out pairs of which a smaller error is expected than one that is large.
const LARGE: f64 = 0.75;
/// The same, where they are very large.
const VERY_LARGE: f64 = 0.95;

/// Where a pair lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Domain {
    /// Nothing speaks against the prediction.
    #[default]
    Inside,
    /// A large error is to be expected, or drug or target is unlike training.
    Edge,
    /// Both, or a very large error.
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
    /// As most training entities have them to another one: drug, target.
    pub inside: [f32; 2],
    /// As nearly all have them; below, an entity is unlike training.
    pub edge: [f32; 2],
}

/// Errors from which on they are large and very large.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorLimits {
    /// More than three quarters of the held-out pairs have.
    pub large: f64,
    /// More than 19 of 20 have.
    pub very_large: f64,
}

/// An error to expect, beside its limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LimitedError {
    /// The error to expect.
    pub expected: f64,
    /// Its limits.
    pub limits: ErrorLimits,
}

/// An entity that is less similar to training than most training entities are to each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stranger {
    /// Drug (0) or target (1).
    pub side: usize,
    /// Its similarity to the nearest training entity.
    pub similarity: f32,
    /// The limit that it misses.
    pub limit: f32,
    /// Whether it is unlike training.
    pub is_unlike: bool,
}

/// Where a pair lies, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DomainFinding {
    /// Where.
    pub domain: Domain,
    /// The side that is less like training, where one is a stranger.
    pub stranger: Option<Stranger>,
    /// The error to expect, where it is large.
    pub error: Option<LimitedError>,
}

impl DomainLimits {
    /// Where a pair lies for which `error` is to be expected, if that is known.
    pub fn find(&self, evidence: &PairEvidence, error: Option<LimitedError>) -> DomainFinding {
        let stranger = self.stranger(evidence);
        let is_unlike = stranger.is_some_and(|stranger| stranger.is_unlike);
        let domain = match error {
            Some(of) => match (of.expected > of.limits.large, of.expected > of.limits.very_large) {
                (_, true) => Domain::Outside,
                (true, _) if is_unlike => Domain::Outside,
                (true, _) => Domain::Edge,
                _ if is_unlike => Domain::Edge,
                _ => Domain::Inside,
            },
            None => match stranger {
                Some(_) if is_unlike => Domain::Outside,
                Some(_) => Domain::Edge,
                None => Domain::Inside,
            },
        };
        DomainFinding {
            domain,
            stranger,
            error: error.filter(|of| of.expected > of.limits.large),
        }
    }

    /// The side that is less like training; none where both are like it.
    fn stranger(&self, evidence: &PairEvidence) -> Option<Stranger> {
        let of = |(side, entity): (usize, &EntityEvidence)| {
            let similarity = entity.similarity();
            let is_unlike = similarity < self.edge[side];
            let is_stranger = !entity.is_known && (is_unlike || similarity < self.inside[side]);
            is_stranger.then_some(Stranger {
                side,
                similarity,
                limit: if is_unlike { self.edge[side] } else { self.inside[side] },
                is_unlike,
            })
        };
        let [drug, target] = [(0, &evidence.drug), (1, &evidence.target)].map(of);
        let is_unlike = |side: Option<Stranger>| side.is_some_and(|side| side.is_unlike);
        match is_unlike(target) && !is_unlike(drug) {
            true => target,
            false => drug.or(target),
        }
    }

    /// Whether the limits are similarities in order.
    pub fn is_sound(&self) -> bool {
        let sides = self.edge.into_iter().zip(self.inside);
        sides
            .into_iter()
            .all(|(edge, inside)| (0.0..=1.0).contains(&edge) && (edge..=1.0).contains(&inside))
    }
}

impl ErrorLimits {
    /// The limits among errors that are expected of held-out pairs, none without any.
    pub fn of(mut expected: Vec<f64>) -> Option<Self> {
        expected.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let place = (share * expected.len() as f64) as usize;
            expected.get(place.min(expected.len().saturating_sub(1))).copied()
        };
        Some(Self {
            large: at(LARGE)?,
            very_large: at(VERY_LARGE)?,
        })
    }

    /// Whether the limits are errors in order.
    pub fn is_sound(&self) -> bool {
        0.0 <= self.large && self.large <= self.very_large && self.very_large < 1e6
    }
}

impl std::fmt::Display for DomainFinding {
    /// The reason in words.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(LimitedError { expected, limits }) = self.error {
            let (share, limit) = match expected > limits.very_large {
                true => ("19 of 20", limits.very_large),
                false => ("three quarters", limits.large),
            };
            write!(
                f,
                "an error of {expected:.2} is to be expected, more than for {share} of the held-out pairs ({limit:.2})"
            )?;
        }
        let Some(stranger) = self.stranger else {
            return match self.error {
                None => f.write_str("drug and target are in training, or close to it"),
                Some(_) => Ok(()),
            };
        };
        let Stranger {
            side,
            similarity,
            limit,
            is_unlike,
        } = stranger;
        let side = ["drug", "target"][side];
        if self.error.is_some() {
            f.write_str("; ")?;
        }
        match is_unlike {
            true => write!(
                f,
                "the {side} is unlike training: nearest similarity {similarity:.2}, and nearly all training {side}s have one of {limit:.2} to another"
            ),
            false => write!(
                f,
                "the {side} is less similar to training ({similarity:.2}) than most training {side}s are to each other ({limit:.2})"
            ),
        }?;
        match self.domain {
            Domain::Inside => f.write_str(", but no large error is to be expected"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: DomainLimits = DomainLimits {
        inside: [0.5, 0.4],
        edge: [0.2, 0.1],
    };

    fn pair(drug: (bool, f32), target: (bool, f32)) -> PairEvidence {
        let [drug, target] = [drug, target].map(|(is_known, similarity)| EntityEvidence {
            is_known,
            nearest: Some((0, similarity)),
            ..EntityEvidence::default()
        });
        PairEvidence { drug, target }
    }

    fn error(expected: f64) -> Option<LimitedError> {
        let limits = ErrorLimits {
            large: 0.5,
            very_large: 1.0,
        };
        Some(LimitedError { expected, limits })
    }

    #[test]
    fn without_limits_of_the_error_the_stranger_side_decides_and_is_named() {
        let find = |drug, target| LIMITS.find(&pair(drug, target), None);
        assert_eq!(find((true, 0.0), (false, 0.4)), DomainFinding::default());
        let edge = find((false, 0.3), (true, 1.0));
        let decided = edge.stranger.map(|of| (of.side, of.similarity, of.limit));
        assert_eq!((edge.domain, decided), (Domain::Edge, Some((0, 0.3, 0.5))));
        let outside = find((false, 0.3), (false, 0.05));
        let decided = outside.stranger.map(|of| (of.side, of.similarity, of.limit));
        assert_eq!((outside.domain, decided), (Domain::Outside, Some((1, 0.05, 0.1))));
        assert!(outside.to_string().contains("target is unlike training"));
    }

    #[test]
    fn a_large_error_and_a_stranger_each_lead_one_step_out() {
        let [known, less, unlike] = [(true, 1.0), (false, 0.3), (false, 0.1)];
        let of = |drug, expected| LIMITS.find(&pair(drug, (true, 1.0)), error(expected)).domain;
        assert_eq!(
            [0.4, 0.7, 1.2].map(|e| of(known, e)),
            [Domain::Inside, Domain::Edge, Domain::Outside]
        );
        assert_eq!([0.4, 0.7].map(|e| of(less, e)), [Domain::Inside, Domain::Edge]);
        assert_eq!([0.4, 0.7].map(|e| of(unlike, e)), [Domain::Edge, Domain::Outside]);
        let said = |drug, expected| LIMITS.find(&pair(drug, (true, 1.0)), error(expected)).to_string();
        assert!(said(less, 0.4).ends_with("but no large error is to be expected"));
        assert!(said(known, 0.7).contains("more than for three quarters of the held-out pairs (0.50)"));
        assert!(said(unlike, 1.2).contains("19 of 20"));
        assert!(said(unlike, 1.2).contains("; the drug is unlike training"));
    }

    #[test]
    fn limits_are_in_order() {
        assert!(LIMITS.is_sound());
        let turned = DomainLimits {
            inside: [0.1; 2],
            edge: [0.2; 2],
        };
        assert!(!turned.is_sound());
        let limits = ErrorLimits::of((0..100).rev().map(f64::from).collect()).expect("errors");
        assert_eq!((limits.large, limits.very_large), (75.0, 95.0));
        assert!(limits.is_sound());
        assert_eq!(ErrorLimits::of(Vec::new()), None);
    }
}
