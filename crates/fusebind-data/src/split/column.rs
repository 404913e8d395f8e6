//! Published splits: a column of part names or folds.
//!
//! Comes in: a column of the pair table, and which of its values train, validate and test. Goes out: a [`Split`]. A null
//! means that the pair is not in the split; so does a value that no list names.

use super::{Part, Split};
use crate::{Error, ErrorKind, table::Dataset};

/// Which values of a split column mean which part. Empty lists take the usual names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartNames {
    /// Values that train; empty for `train` and `training`; `*` for every value that is in no other part.
    pub train: Vec<String>,
    /// Values that validate; empty for `valid`, `val`, `validation` and `dev`.
    pub valid: Vec<String>,
    /// Values that test; empty for `test`.
    pub test: Vec<String>,
}

const REST: &str = "*";

impl PartNames {
    /// From text such as `valid=fold4` or `train=fold0+fold1,valid=fold4,test=test`. Where `train` is not given, everything
    /// trains that is in no other part; `valid=` means no validation, with the usual name of that part training as well.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let refuse = |reason: String| {
            Error::new(ErrorKind::Config, reason)
                .hint("write for instance `split_setting1:valid=fold4` or `fold:train=1+2+3,valid=4,test=5`")
        };
        let mut lists: [Option<Vec<String>>; 3] = Default::default();
        for clause in text
            .split([',', ';'])
            .map(str::trim)
            .filter(|clause| !clause.is_empty())
        {
            let (part, values) = clause.split_once('=').unwrap_or((clause, ""));
            let at = Part::ALL.iter().position(|known| known.name() == part.trim());
            let at = at.ok_or_else(|| refuse(format!("`{}` is not a part of a split", part.trim())))?;
            if lists[at].is_some() {
                return Err(refuse(format!("`{}` is given twice", part.trim())));
            }
            let values = values.split('+').map(str::trim).filter(|value| !value.is_empty());
            lists[at] = Some(values.map(String::from).collect());
        }
        let [train, valid, test] = lists;
        Ok(Self {
            train: train.unwrap_or_else(|| vec![REST.to_string()]),
            // A part that is given no values must not fall back to its usual names.
            valid: valid.map_or_else(Vec::new, nothing_if_empty),
            test: test.map_or_else(Vec::new, nothing_if_empty),
        })
    }

    fn list(&self, part: Part) -> &[String] {
        match part {
            Part::Train => &self.train,
            Part::Valid => &self.valid,
            Part::Test => &self.test,
        }
    }

    fn names(&self, part: Part, value: &str) -> bool {
        match self.list(part) {
            [] => usual(part).iter().any(|name| value.eq_ignore_ascii_case(name)),
            list => list.iter().any(|name| name == value),
        }
    }

    fn part(&self, value: &str) -> Option<Part> {
        let explicit = |part: &Part| !self.list(*part).is_empty() && self.names(*part, value);
        let by_rest = || self.train.iter().any(|name| name == REST).then_some(Part::Train);
        // Given values have priority over usual names: with `train = ["fold0", "test"]` the test fold trains.
        let given = Part::ALL.into_iter().find(explicit);
        given
            .or_else(|| Part::ALL.into_iter().find(|part| self.names(*part, value)))
            .or_else(by_rest)
    }

    fn check(&self, values: &[&str]) -> Result<(), String> {
        for part in Part::ALL {
            for name in self.list(part).iter().filter(|name| !name.is_empty() && *name != REST) {
                if !values.contains(&name.as_str()) {
                    return Err(format!("no pair has the value `{name}`, which is to {}", act(part)));
                }
                if let Some(other) = Part::ALL.iter().find(|o| **o != part && self.list(**o).contains(name)) {
                    return Err(format!("`{name}` is to {} and to {}", act(part), act(*other)));
                }
            }
        }
        Ok(())
    }
}

/// An empty list would mean the usual names; a list of the empty value, which no cell has, means none.
fn nothing_if_empty(list: Vec<String>) -> Vec<String> {
    if list.is_empty() { vec![String::new()] } else { list }
}

fn usual(part: Part) -> &'static [&'static str] {
    match part {
        Part::Train => &["train", "training"],
        Part::Valid => &["valid", "val", "validation", "dev"],
        Part::Test => &["test"],
    }
}

fn act(part: Part) -> &'static str {
    match part {
        Part::Train => "train",
        Part::Valid => "validate",
        Part::Test => "test",
    }
}

/// The split that `spec` names: a column, or a column and its parts as in `split_setting1:valid=fold4`.
pub fn from_spec(dataset: &Dataset, spec: &str) -> Result<Split, Error> {
    match spec.split_once(':') {
        // A column with a colon in its name is found too.
        Some((column, parts)) if !dataset.split_columns.contains_key(spec) => {
            from_column(dataset, column.trim(), &PartNames::parse(parts)?)
        }
        _ => from_column(dataset, spec, &PartNames::default()),
    }
}

/// The split in column `name`. Values that name no part take no part; a split without training pairs is refused, and so is a
/// value that is to train but never occurs.
pub fn from_column(dataset: &Dataset, name: &str, names: &PartNames) -> Result<Split, Error> {
    let column = dataset.split_columns.get(name).ok_or_else(|| {
        let known: Vec<&str> = dataset.split_columns.keys().map(String::as_str).collect();
        Error::new(
            ErrorKind::MissingColumn,
            format!("the pairs have no split column `{name}`"),
        )
        .hint(match known[..] {
            [] => "make a split with `fusebind data split`".to_string(),
            _ => format!(
                "use one of {}, or make a split with `fusebind data split`",
                known.join(", ")
            ),
        })
    })?;
    let mut values: Vec<&str> = column.iter().flatten().map(String::as_str).collect();
    values.sort_unstable();
    values.dedup();
    let hint = || {
        let shown = values.iter().take(20).copied().collect::<Vec<_>>().join(", ");
        let more = if values.len() > 20 { ", .." } else { "" };
        format!("its values are {shown}{more}: say which of them train, validate and test, as in `{name}:valid=..`")
    };
    names
        .check(&values)
        .map_err(|reason| Error::new(ErrorKind::Config, reason).in_column(name).hint(hint()))?;
    let parts: Vec<Option<Part>> = column.iter().map(|value| names.part(value.as_deref()?)).collect();
    if !parts.contains(&Some(Part::Train)) {
        let reason = "no value of the column names a training part";
        return Err(Error::new(ErrorKind::Config, reason).in_column(name).hint(hint()));
    }
    let method = Part::ALL.map(|part| match names.list(part) {
        [] => String::new(),
        list => format!(", {}={}", part.name(), list.join("+")),
    });
    Ok(Split::from_parts(
        dataset,
        &parts,
        format!("column {name}{}", method.concat()),
    ))
}
