//! Tables of structural alerts.
//!
//! Comes in: a table with a column `smarts` and, if it has one, `name`; or one without a header whose first column is the pattern and whose second is its
//! name, as RDKit ships them (`<regId=name>`). Goes out: patterns that can be read, and a reason for every other row.

use std::path::Path;

use fusebind_features::entity::molecule::Alerts;
use serde::{Deserialize, Serialize};

use super::{
    columns::normalise,
    headerless,
    raw::{RawColumn, RawTable},
};
use crate::{Error, ErrorKind, table::Rejection};

/// Columns of names.
const NAMES: [&str; 5] = ["name", "alert", "id", "regid", "description"];

/// A pattern under its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedSmarts {
    /// What it is called; the pattern itself where the table has no name for it.
    pub name: String,
    /// The pattern.
    pub smarts: String,
}

/// Reads a table of alerts.
///
/// # Errors
/// Where the file is no table, or holds no pattern.
pub fn load_alerts(path: &Path) -> Result<(Vec<NamedSmarts>, Vec<Rejection>), Error> {
    let (table, mut rejections) = RawTable::read(path)?;
    let table = settled(table)?;
    let named = |wanted: &[&str]| {
        let is = |column: &&RawColumn| wanted.contains(&normalise(column.name()).as_str());
        table.columns().iter().find(is)
    };
    let (Some(smarts), names) = (named(&["smarts"]), named(&NAMES)) else {
        return Err(table.missing("smarts", "there is no column of patterns"));
    };
    let mut found = Vec::new();
    for row in 0..table.len() {
        let Some(pattern) = smarts.get(row).map(str::trim).filter(|text| !text.is_empty()) else {
            rejections.push(table.reject(row, smarts.name(), "there is no pattern: write a SMARTS"));
            continue;
        };
        let name = names.and_then(|names| names.get(row)).map(bare);
        let name = name.filter(|name| !name.is_empty()).unwrap_or(pattern);
        match Alerts::default().add(name, pattern) {
            Ok(()) => found.push(NamedSmarts {
                name: name.to_string(),
                smarts: pattern.to_string(),
            }),
            Err(error) => rejections.push(table.reject(row, smarts.name(), error.to_string())),
        }
    }
    match found.is_empty() {
        true => Err(Error::new(ErrorKind::Empty, "holds no pattern that can be read")
            .in_file(path)
            .hint("give a table with the columns name and smarts")),
        false => Ok((found, rejections)),
    }
}

/// The table, with names of columns where its first line is data.
fn settled(table: RawTable) -> Result<RawTable, Error> {
    let columns = table.columns();
    if columns.iter().any(|column| normalise(column.name()) == "smarts") {
        return Ok(table);
    }
    let is_pattern = |text: &str| Alerts::default().add("", text).is_ok();
    match columns.first() {
        Some(first) if is_pattern(first.name()) => {
            let name = |at: usize| match at {
                0 => "smarts".to_string(),
                1 => "name".to_string(),
                at => format!("column_{}", at + 1),
            };
            let names: Vec<String> = (0..columns.len()).map(name).collect();
            Ok(headerless::with_names(table, &names))
        }
        _ => Err(table.missing("smarts", "there is no column of patterns")),
    }
}

/// A name without quotes and without the mark that RDKit's tables write around it.
fn bare(name: &str) -> &str {
    let name = name.trim().trim_matches('"').trim();
    let marked = name.strip_prefix("<regId=").and_then(|name| name.strip_suffix('>'));
    marked.unwrap_or(name)
}
