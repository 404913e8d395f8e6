//! Named arrays in memory.
//!
//! Comes in and goes out: arrays of numbers and lists of whole numbers by name, with texts beside them.

use std::collections::BTreeMap;

/// One named array.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Array {
    /// Shape.
    pub shape: Vec<usize>,
    /// Values in row-major order.
    pub values: Vec<f32>,
}

/// Named arrays with string metadata.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Archive {
    /// Arrays by name.
    pub arrays: BTreeMap<String, Array>,
    /// Whole numbers by name, each a list.
    pub indices: BTreeMap<String, Vec<u32>>,
    /// Metadata, for instance the model's configuration.
    pub metadata: BTreeMap<String, String>,
}
