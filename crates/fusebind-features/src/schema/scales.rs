//! Everything that is fitted on training entities before the first step: scales and side schemas.

use serde::{Deserialize, Serialize};

use super::side_schema::SideSchema;
use crate::rows::InputScale;

/// Input scales of both sides.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct InputScales {
    /// Scale of folded substructure counts.
    pub substructures: InputScale,
    /// Scale of folded composition.
    pub composition: InputScale,
    /// Side modalities of drugs.
    pub drug: SideSchema,
    /// Side modalities of targets.
    pub target: SideSchema,
}
