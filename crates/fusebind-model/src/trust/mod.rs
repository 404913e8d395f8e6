//! How far a prediction can be trusted: fitted on pairs that were held out, kept in the model file.
//!
//! In reading order: what is known of a pair ([`PairEvidence`]) as numbers, its group ([`groups`]), [`Trust`] with what it
//! says of one pair ([`AffinityEstimate`], [`BindingEstimate`]), whether the pair lies inside what the model knows ([`Domain`]),
//! and how usual its entities are ([`Familiar`]).
//! Everything here is read from a file and applied; `fusebind-train` fits it.

mod channels;
mod domain;
mod estimate;
mod familiar;
pub mod groups;

pub use channels::{AFFINITY_CHANNELS, BEND_CHANNELS, BINDING_CHANNELS, Output, PairEvidence, SLOPE_CHANNELS};
pub use domain::{Domain, DomainFinding, DomainLimits, ErrorLimits, LimitedError, Stranger};
pub use estimate::{
    AffinityEstimate, AffinityTrust, BindingEstimate, BindingTrust, IntervalLevel, SetLevel, SourceScores, Trust,
};
pub use familiar::{Familiar, Familiarity};
