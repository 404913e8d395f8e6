//! What the columns of a wide table are: genes, assays or channels of an embedding.

use fusebind_features::modality::Modality;
use serde::{Deserialize, Serialize};

/// What the columns of a profile are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProfileKind {
    /// Genes: an expression signature.
    Transcriptome,
    /// Assays: outcomes or hit calls.
    Bioassay,
    /// Channels of an embedding of this modality that another model computed.
    Embedding(Modality),
}
