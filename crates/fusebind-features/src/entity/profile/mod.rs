//! Side modalities of an entity as typed values: texts, expression signatures, assay outcomes.

mod assay;
mod expression;
mod text;

pub use assay::{AssayOutcome, AssayProfile};
pub use expression::{ExpressionSignature, GenePanel};
pub use text::TextRecord;
