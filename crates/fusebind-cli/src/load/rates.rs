//! Files of mismatch rates: written by `quality estimate`, read by `--mismatch-rates`.

use std::path::Path;

use anyhow::Context;
use fusebind::{
    Model,
    features::{quality::MismatchRates, regular},
    model::trained::Description,
};
use serde::{Deserialize, Serialize};

use crate::exit::Failure;

/// Version of the file.
const VERSION: u32 = 1;

/// Mismatch rates, and the model that they were estimated with.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RatesFile {
    version: u32,
    /// Fingerprint of the data that the model was trained on.
    data_fingerprint: String,
    /// Seed of the model.
    seed: u64,
    rates: MismatchRates,
}

impl RatesFile {
    /// Rates that `model` estimated.
    pub fn new(model: &Model, rates: MismatchRates) -> Self {
        Self {
            version: VERSION,
            data_fingerprint: model.description().data_fingerprint.clone(),
            seed: model.description().seed,
            rates,
        }
    }
}

/// Reads the rates that a flag names; they must have been estimated with the same model.
pub fn mismatch_rates(path: &Path, model: &Description) -> anyhow::Result<MismatchRates> {
    let text = regular::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let again = "write it again with `fusebind quality estimate`";
    let file: RatesFile = serde_json::from_str(&text)
        .map_err(|e| Failure::failed(format!("{}: is no file of mismatch rates ({e})", path.display()), again))?;
    if file.version != VERSION || !file.rates.is_valid() {
        return Err(Failure::failed(
            format!(
                "{}: is of another version, or holds rates outside 0 to 1",
                path.display()
            ),
            again,
        ));
    }
    if (&file.data_fingerprint, file.seed) != (&model.data_fingerprint, model.seed) {
        return Err(Failure::failed(
            format!("{}: was estimated with another model", path.display()),
            again,
        ));
    }
    Ok(file.rates)
}
