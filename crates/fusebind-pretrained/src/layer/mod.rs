//! Layers of an encoder, from its tokens to their states. Axes: `L` tokens of all sequences behind each other, `D` channels, `H` heads.

mod attention;
mod dense;
mod embedding;
mod features;
mod feed_forward;
mod relative;
mod rotary;
mod transformer;

pub(crate) use attention::{Attention, Position, Weighting};
pub(crate) use dense::Dense;
pub(crate) use embedding::Embedding;
pub(crate) use features::FeatureMap;
pub(crate) use feed_forward::FeedForward;
pub(crate) use relative::RelativeBias;
pub(crate) use rotary::Rotary;
pub(crate) use transformer::{Block, Order, Transformer};
