//! Published splits: a column of part names or folds.

use super::{Part, Split};
use crate::{Error, ErrorKind, table::Dataset};

/// Which values of a split column mean which part. Empty lists take the usual names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartNames {
    /// Values that train; empty for `train`.
    pub train: Vec<String>,
    /// Values that validate; empty for `valid`, `val`, `validation`, `dev`.
    pub valid: Vec<String>,
    /// Values that test; empty for `test`.
    pub test: Vec<String>,
}

impl PartNames {
    fn part(&self, value: &str) -> Option<Part> {
        let named = !(self.train.is_empty() && self.valid.is_empty() && self.test.is_empty());
        if named {
            let lists = [(&self.train, Part::Train), (&self.valid, Part::Valid), (&self.test, Part::Test)];
            return lists.into_iter().find(|(list, _)| list.iter().any(|name| name == value)).map(|(_, part)| part);
        }
        match value.to_ascii_lowercase().as_str() {
            "train" | "training" => Some(Part::Train),
            "valid" | "val" | "validation" | "dev" => Some(Part::Valid),
            "test" => Some(Part::Test),
            _ => None,
        }
    }
}

/// The split in column `name`. Values that name no part take no part; a split without training pairs is refused.
pub fn from_column(dataset: &Dataset, name: &str, names: &PartNames) -> Result<Split, Error> {
    let column = dataset.split_columns.get(name).ok_or_else(|| {
        let known: Vec<&str> = dataset.split_columns.keys().map(String::as_str).collect();
        Error::new(ErrorKind::MissingColumn, format!("the pairs have no split column `{name}`")).hint(match known[..] {
            [] => "make one with `fusebind data split`".to_string(),
            _ => format!("use one of {}, or make one with `fusebind data split`", known.join(", ")),
        })
    })?;
    let parts: Vec<Option<Part>> = column.iter().map(|value| names.part(value.as_deref()?)).collect();
    if !parts.contains(&Some(Part::Train)) {
        let mut values: Vec<&str> = column.iter().flatten().map(String::as_str).collect();
        values.sort_unstable();
        values.dedup();
        return Err(Error::new(ErrorKind::Config, format!("no value of `{name}` names a training part")).hint(format!(
            "its values are {}: say which train in the recipe's [split]",
            values.join(", ")
        )));
    }
    Ok(Split::from_parts(dataset, &parts))
}
