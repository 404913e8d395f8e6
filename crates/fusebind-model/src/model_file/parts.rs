//! Which key of the description lies in which section.
//!
//! Comes in: [`Description`], or three sections. Goes out: the sections, or the description. A key that is named nowhere here belongs
//! to `schema`.

use serde_json::{Map, Value};

use crate::{
    Error, ErrorKind,
    checkpoint::{Known, Section, Sections},
    trained::Description,
};

/// Parameters.
pub(super) const WEIGHTS: Known = Known {
    name: "weights",
    version: 1,
};
/// What the inputs and the outputs mean.
pub(super) const SCHEMA: Known = Known {
    name: "schema",
    version: 1,
};
/// Training pairs.
pub(super) const REFERENCE: Known = Known {
    name: "reference",
    version: 1,
};
/// From outputs to decisions.
pub(super) const CALIBRATION: Known = Known {
    name: "calibration",
    version: 1,
};
/// Where the model comes from.
pub(super) const PROVENANCE: Known = Known {
    name: "provenance",
    version: 1,
};

const CALIBRATION_KEYS: [&str; 3] = ["prior", "threshold", "trust"];
const PROVENANCE_KEYS: [&str; 6] = [
    "version",
    "recipe",
    "data_fingerprint",
    "split_hash",
    "seed",
    "training",
];

/// Adds the description to `sections`.
pub(super) fn save_description(description: &Description, sections: &mut Sections) -> Result<(), Error> {
    let value = serde_json::to_value(description)
        .map_err(|e| Error::new(ErrorKind::Checkpoint, format!("the description cannot be written: {e}")))?;
    let Value::Object(all) = value else {
        return Err(Error::new(ErrorKind::Checkpoint, "the description is no JSON object"));
    };
    let mut of = [Map::new(), Map::new(), Map::new()];
    for (key, value) in all {
        let place = match key.as_str() {
            key if CALIBRATION_KEYS.contains(&key) => 1,
            key if PROVENANCE_KEYS.contains(&key) => 2,
            _ => 0,
        };
        of[place].insert(key, value);
    }
    for (known, map) in [SCHEMA, CALIBRATION, PROVENANCE].into_iter().zip(&of) {
        let section = Section::of(known.version, map)?;
        sections.by_name.insert(known.name.into(), section);
    }
    Ok(())
}

/// Takes the description out of `sections`.
pub(super) fn take_description(sections: &mut Sections) -> Result<Description, Error> {
    let mut all = Map::new();
    for Known { name, .. } in [SCHEMA, CALIBRATION, PROVENANCE] {
        let section = sections.take(name)?;
        if !section.arrays.is_empty() || !section.indices.is_empty() {
            return Err(other_version(&format!("section `{name}` holds arrays")));
        }
        let map: Map<String, Value> = section.parse(name)?;
        for (key, value) in map {
            if all.insert(key.clone(), value).is_some() {
                return Err(other_version(&format!("`{key}` is there twice")));
            }
        }
    }
    serde_json::from_value(Value::Object(all)).map_err(|e| other_version(&e.to_string()))
}

fn other_version(reason: &str) -> Error {
    Error::new(
        ErrorKind::Checkpoint,
        format!(
            "sections `schema`, `calibration` and `provenance` are not as this version of fusebind writes them ({reason}): train again \
             with this one, or use the version that wrote the file"
        ),
    )
}
