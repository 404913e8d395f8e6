//! Ablations: what does each part of a recipe bring?
//!
//! [`Arm`]s are variations of one recipe: a part taken away, replaced by a control, or the training data damaged. Every arm is
//! trained with several seeds and scored under [`CONDITIONS`]; the [`summary`] compares each arm with the recipe as it is.
//! Comes in: a recipe; then the scored cells of its arms. Goes out: recipes; then an [`Ablation`].

mod arm;
mod summary;

pub use arm::{Arm, arms};
pub use summary::{Ablation, ArmSummary, CONDITIONS, Condition, ScoredRun, summary};
