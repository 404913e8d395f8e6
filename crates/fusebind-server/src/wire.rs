//! Bodies as clients write them. Comes in: JSON. Goes out: objects whose fields are known, or the field that is wrong.

use std::collections::BTreeMap;

use fusebind_features::modality::Modality;
use fusebind_predict::SideRecord;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::refusal::{Refusal, RowFault};

/// A body before its rows are looked at: one bad row does not refuse the others.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    /// Objects with a compound and a protein each.
    pub(crate) pairs: Option<Vec<Value>>,
    /// Objects, or a text table.
    pub(crate) compounds: Option<Value>,
    /// Objects, or a text table.
    pub(crate) targets: Option<Value>,
    /// Hits of a screening for each protein.
    pub(crate) top: Option<usize>,
    /// Whether a screening keeps pairs inside the domain alone.
    pub(crate) inside: Option<bool>,
    /// Whether each result has the sequence of its protein.
    #[serde(default)]
    pub(crate) sequences: bool,
}

/// Several compounds or proteins.
pub(crate) enum List {
    /// Objects.
    Rows(Vec<Value>),
    /// A file that was pasted or uploaded.
    Text { name: String, text: String },
}

/// Side data as clients write them.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SideIn {
    texts: Vec<String>,
    signatures: Vec<BTreeMap<String, f32>>,
    assays: BTreeMap<String, f32>,
    embeddings: BTreeMap<Modality, Vec<f32>>,
}

impl Body {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        serde_json::from_slice(bytes).map_err(|error| {
            Refusal::malformed(
                format!("the body is not the JSON that is asked for: {error}"),
                "send {\"pairs\": [{\"smiles\": .., \"sequence\": ..}]} or {\"compounds\": [..], \"targets\": [..]}; see /docs",
            )
        })
    }
}

impl Body {
    /// Refuses fields of a screening where none is asked for.
    pub(crate) fn refuse_screening(&self) -> Result<(), Refusal> {
        match self.top.is_some() || self.inside.is_some() {
            true => Err(Refusal::malformed(
                "`top` and `inside` are fields of a screening",
                "remove them, or send the body to /v1/screen",
            )),
            false => Ok(()),
        }
    }
}

impl List {
    /// The list under `field`; a text has at most `most_name` letters of name.
    pub(crate) fn parse(field: &str, value: Value, default_name: &str) -> Result<Self, Refusal> {
        let wrong = || {
            Refusal::malformed(
                format!("`{field}` is neither a list of objects nor {{\"name\": .., \"text\": ..}}"),
                format!("send {field} as a list, or the text of a file with its name"),
            )
        };
        match value {
            Value::Array(rows) => Ok(Self::Rows(rows)),
            Value::Object(mut fields) => {
                let name = match fields.remove("name") {
                    None => default_name.to_string(),
                    Some(Value::String(name)) => name,
                    Some(_) => return Err(wrong()),
                };
                match (fields.remove("text"), fields.is_empty()) {
                    (Some(Value::String(text)), true) => Ok(Self::Text { name, text }),
                    _ => Err(wrong()),
                }
            }
            _ => Err(wrong()),
        }
    }
}

/// The fields of one row; whatever is left at the end is unknown.
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    pub(crate) fn of(value: Value) -> Result<Self, RowFault> {
        match value {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Err(RowFault::new(
                "",
                "the row is no object",
                "write it as {\"smiles\": .., ..}",
            )),
        }
    }

    /// A text that must be there.
    pub(crate) fn text(&mut self, field: &str, most: usize) -> Result<String, RowFault> {
        match self.0.remove(field) {
            Some(Value::String(text)) if text.len() <= most => Ok(text),
            Some(Value::String(text)) => Err(RowFault::new(
                field,
                format!("{} letters are more than the limit of {most}", text.len()),
                "shorten it, or start the server with other limits",
            )),
            None | Some(Value::Null) => Err(RowFault::new(
                field,
                format!("there is no `{field}`"),
                format!("add `{field}`"),
            )),
            Some(_) => Err(RowFault::new(
                field,
                format!("`{field}` is no text"),
                "write it in double quotes",
            )),
        }
    }

    /// A name that may be missing; numbers are read as they are written.
    pub(crate) fn id(&mut self, field: &str, most: usize) -> Result<Option<String>, RowFault> {
        match self.0.remove(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(value) => {
                self.0.insert(field.to_string(), value);
                self.text(field, most).map(Some)
            }
        }
    }

    /// Side data that may be missing; `most` values of all kinds together.
    pub(crate) fn side(&mut self, field: &str, most: usize) -> Result<Option<SideRecord>, RowFault> {
        let value = match self.0.remove(field) {
            None | Some(Value::Null) => return Ok(None),
            Some(value) => value,
        };
        let side: SideIn = serde_json::from_value(value).map_err(|error| {
            RowFault::new(
                field,
                error.to_string(),
                "side data are `texts`, `signatures`, `assays` and `embeddings`; see /docs",
            )
        })?;
        let letters: usize = side.texts.iter().map(String::len).sum();
        let signatures: usize = side.signatures.iter().map(BTreeMap::len).sum();
        let embedded: usize = side.embeddings.values().map(Vec::len).sum();
        let count = letters + signatures + side.assays.len() + embedded;
        if count > most {
            let reason = format!("{count} letters and numbers are more than the limit of {most}");
            return Err(RowFault::new(field, reason, "leave some out"));
        }
        Ok(Some(SideRecord {
            texts: side.texts,
            signatures: side.signatures,
            assays: side.assays,
            embeddings: side.embeddings.into_iter().collect(),
        }))
    }

    /// Refuses what nobody asked for: a misspelt field would be ignored in silence.
    pub(crate) fn finish(self) -> Result<(), RowFault> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(field) => Err(RowFault::new(
                field.clone(),
                format!("there is no field `{}`", shortened(field)),
                "remove it, or fix its spelling; see /docs",
            )),
        }
    }
}

/// A text that is shown in a message.
fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}
