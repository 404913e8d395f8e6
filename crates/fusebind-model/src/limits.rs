//! Upper bounds of configurations: a file or a recipe must not ask for more memory than any machine has.
//!
//! Comes in: a number with its name. Goes out: nothing, or an error that names the key and the bound.

use crate::{Error, ErrorKind};

/// Largest width of a layer.
pub const MOST_CHANNELS: usize = 65_536;
/// Most input channels of a side modality: terms, genes, assay tokens.
pub const MOST_INPUTS: usize = 1 << 20;
/// Most layers of one kind, and most embeddings from other models.
pub const MOST_LAYERS: usize = 64;
/// Most parameters of a model.
pub const MOST_PARAMETERS: usize = 1 << 31;

/// Refuses a `value` of `key` above `most`.
pub fn at_most(key: &str, value: usize, most: usize) -> Result<(), Error> {
    if value <= most {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Config,
        format!("model: `{key}` is {value}; it must be at most {most}"),
    ))
}

/// Refuses each `(key, value)` above `most`.
pub fn all_at_most(most: usize, values: &[(&str, usize)]) -> Result<(), Error> {
    values.iter().try_for_each(|(key, value)| at_most(key, *value, most))
}
