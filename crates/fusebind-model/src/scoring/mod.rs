//! Many pairs through a model: each entity encoded once, pairs scored in chunks of bounded memory.
//!
//! A prediction is a weighted mean of up to four outputs of one model: of the encoders with the neighbour features and of the neighbour
//! head alone, from all modalities and from graph and sequence alone:
//!
//! ```text
//! y(A) = m joint(A) + (1 - m) neighbours(A)      A: modalities that are read, m: `EnsembleWeights::encoder_share`
//! prediction = s y(structure) + (1 - s) y(all)   s: `EnsembleWeights::structure_only_share`; 0 for a pair without its graph or its sequence
//! ```
//!
//! Modality dropout trains one model for every subset of the modalities; this is the mean of two members of that ensemble (as
//! dropout is averaged at test, Gal & Ghahramani 2016, arXiv:1506.02142). It costs no second encoder pass. Where side modalities say
//! little, their noise shrinks with `s`, and so does the harm of a wrong one; where they say much, validation chooses `s = 0`.
//!
//! Where the model has a structure model ([`Scorer::structure`]), a second one that never saw a side modality, `y(structure)` is what that one
//! says, and it alone answers for a *bare* pair, one that has no side modality: a user without side tables gets what a model trained without
//! them says. Of a pair of which one side alone has side values it says a share of at least [`EnsembleWeights::one_sided_share`]: there is nothing on the
//! other side for them to be compared with. What that is worth stands in docs/experiments/across-sources.md.
//!
//! Comes in: stores of featurised entities and pairs of indices into them. Goes out: one row per pair, in order.

mod encoded;
mod kept;
mod missing;
mod raw_output;
mod scorer;
mod shares;

pub(crate) use encoded::distinct;
pub use encoded::{AttentionWeights, Encoded, InputSubset};
pub use kept::{EncodedEntity, PairHeads};
pub use missing::{MissingModalities, NeighbourSource};
pub use raw_output::{EnsembleWeights, RawOutputs, Scores, Spread};
pub(crate) use scorer::GATHERED;
pub use scorer::{EntityEmbeddings, Scorer};
pub use shares::PairShares;
