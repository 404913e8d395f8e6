//! Ablations: what does each part of a recipe bring?
//!
//! [`Variant`]s are variations of one recipe: a part taken away, replaced by a control, or the training data perturbed. Every variant is
//! trained with several seeds and scored under [`CONDITIONS`]; the [`summary`] compares each variant with the recipe as it is.
//! Comes in: a recipe; then the scored measurements of its variants. Goes out: recipes; then an [`Ablation`].

mod summary;
mod variant;

pub use summary::{Ablation, CONDITIONS, Condition, ScoredRun, VariantSummary, summary};
pub use variant::{Variant, variants};
