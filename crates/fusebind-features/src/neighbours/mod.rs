//! Neighbour features: the labels of training pairs, summarised for a pair whose drug or target resembles theirs.
//!
//! For a pair (d, t), a training label `y` centred on the training mean, and a similarity `s` of one modality:
//! - drug neighbours: `n = sum over d' != d of s(d, d')^p y(d', t)` and `m = sum over the same of s(d, d')^p`, for three `p`;
//!   the two features are `n / (m + 0.3)` and `ln(m + 0.05)`;
//! - target neighbours: the same over `t' != t` with `s(t, t')` and `y(d, t')`;
//! - crossed neighbours: the same over pairs `(d', t')` with `d' != d` and `t' != t`, weighted by both similarities: once for the nearest
//!   drugs with all that they were tested on, once for the nearest targets with all that was tested on them;
//! - the largest similarity to a partner above and to a partner below the mean, and the leave-one-out mean of each side.
//!
//! A protein that is a training protein in another form, and a compound that differs from a training compound in stereo only, have the
//! labels of their counterpart, weighted ([`Counterpart`]).
//!
//! The pair itself never takes part, so that features of training pairs have the distribution of those of new pairs: label
//! propagation with a zero diagonal (Zhu & Ghahramani 2002; for drugs and targets the weighted nearest neighbours of Liu et
//! al. 2016, doi 10.1371/journal.pcbi.1004760). Comes in: [`ReferenceSet`] (training entities and outcomes), [`Queries`] and index
//! pairs. Goes out: [`NeighbourRows`].
//! Axis legend: `P` pairs, `F` neighbour features, `K` feature blocks.

mod counterpart;
mod descriptor;
mod drug_table;
mod evidence;
mod extract;
mod interaction_matrix;
mod landmarks;
mod layout;
mod lookup;
mod near;
mod nearest_active;
mod reference_set;
mod similarities;
mod summary;
mod table;

pub use counterpart::Counterpart;
pub use descriptor::{Descriptors, SimilarityKind};
pub use evidence::{EntityEvidence, evidence, similar};
pub use extract::{NeighbourRows, extract};
pub use interaction_matrix::InteractionMatrix;
pub use landmarks::Landmarks;
pub use layout::{FeatureBlock, LabelDependency, Layout};
pub use lookup::Lookup;
pub use reference_set::{Queries, ReferenceEntities, ReferenceSet};
pub use similarities::Similarities;
pub use table::{Mask, NeighbourTable};
