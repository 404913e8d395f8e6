//! From entities to what encoders read: what is fitted on training entities, stores of featurised entities, batches of them.
//!
//! Comes in: molecules, proteins and their side data. Goes out: [`InputScales`] and [`SideSchema`] (fitted), [`DrugStore`] and
//! [`TargetStore`] (all entities of a run), [`DrugBatch`] and [`TargetBatch`] (those of a batch).

mod batch;
mod kept;
mod scales;
mod side_dims;
mod side_schema;
mod side_store;
mod store;
mod variants;

pub use batch::{DrugBatch, TargetBatch};
pub use scales::InputScales;
pub use side_dims::SideDims;
pub use side_schema::{EmbeddingSchema, SideSchema};
pub use side_store::{SideBatch, SideStore};
pub use store::{DrugStore, TargetStore, reference_entities, reference_set};
