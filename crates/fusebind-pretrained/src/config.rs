//! What `config.json` says of an encoder.
//!
//! Comes in: the file. Goes out: fields by name, and sizes within bounds, so that a wrong number is an error before it is an allocation.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::{Error, kernel::Activation, weights::read_text};

/// Largest size that is believed: widths, vocabularies and windows of published encoders are far below.
const LARGEST: usize = 1 << 22;

/// The fields of `config.json`.
pub(crate) struct Config {
    path: PathBuf,
    fields: Map<String, Value>,
}

impl Config {
    /// Reads the file in `folder`.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let path = folder.join("config.json");
        let remedy =
            "name a folder in the Hugging Face layout: config.json, model.safetensors and the tokeniser's files";
        if !path.is_file() {
            return Err(Error::new("holds no config.json", remedy).about(folder));
        }
        let fields = serde_json::from_str(&read_text(&path)?)
            .map_err(|error| Error::new(error.to_string(), "copy or download the file again").about(&path))?;
        Ok(Self { path, fields })
    }

    /// An error about a field.
    pub fn fault(&self, field: &str, what: &str, remedy: &str) -> Error {
        Error::new(format!("`{field}` {what}"), remedy).about(&self.path)
    }

    /// A text, where the field is there.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field)?.as_str()
    }

    /// Whether a flag is set; `default` where it is not there.
    pub fn flag(&self, field: &str, default: bool) -> bool {
        self.fields.get(field).and_then(Value::as_bool).unwrap_or(default)
    }

    /// A size from 1 on.
    pub fn size(&self, field: &str) -> Result<usize, Error> {
        let value = self
            .fields
            .get(field)
            .and_then(Value::as_u64)
            .and_then(|value| usize::try_from(value).ok());
        value.filter(|value| (1..=LARGEST).contains(value)).ok_or_else(|| {
            let what = format!("is no size from 1 to {LARGEST}");
            self.fault(field, &what, "copy or download config.json again")
        })
    }

    /// A size, or `default` where the field is not there.
    pub fn size_or(&self, field: &str, default: usize) -> Result<usize, Error> {
        match self.fields.get(field) {
            None | Some(Value::Null) => Ok(default),
            Some(_) => self.size(field),
        }
    }

    /// A position in the vocabulary.
    pub fn token(&self, field: &str, default: usize) -> usize {
        let value = self.fields.get(field).and_then(Value::as_u64);
        value
            .and_then(|value| usize::try_from(value).ok())
            .filter(|at| *at < LARGEST)
            .unwrap_or(default)
    }

    /// A small positive number.
    pub fn epsilon(&self, field: &str, default: f32) -> f32 {
        let value = self.fields.get(field).and_then(Value::as_f64).map(|value| value as f32);
        value.filter(|value| *value > 0.0 && *value < 1.0).unwrap_or(default)
    }

    /// The activation that the field names, or `default` where it is not there.
    pub fn activation_or(&self, field: &str, default: &str) -> Result<Activation, Error> {
        self.activation(field, self.text(field).unwrap_or(default))
    }

    /// The activation that `name` means.
    pub fn activation(&self, field: &str, name: &str) -> Result<Activation, Error> {
        Activation::named(name).ok_or_else(|| {
            let what = format!("is `{name}`, which is not known here");
            self.fault(field, &what, "relu, gelu, gelu_new and silu are known")
        })
    }
}
