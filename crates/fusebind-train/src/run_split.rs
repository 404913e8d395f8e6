//! The split of a run: the one that a caller names, the recipe's, or the one that a run was trained on.
//!
//! Comes in: a data set, what the caller says, and a recipe. Goes out: a [`Split`].

use std::path::Path;

use fusebind_data::{
    Error, ErrorKind,
    split::{Part, PartNames, Split, from_column, from_spec, hold_out, read_split},
    table::Dataset,
};

use crate::{
    recipe::{Recipe, SplitSpec},
    run_dir::RunInfo,
};

fn names(spec: &SplitSpec) -> PartNames {
    PartNames {
        train: spec.train.clone(),
        valid: spec.valid.clone(),
        test: spec.test.clone(),
    }
}

/// Seed of the validation part that a recipe samples: every run of a recipe chooses on the same pairs.
const HELD_OUT_SEED: u64 = 0;

/// The split that a caller names, or else the recipe's.
///
/// # Errors
/// Where there is none, or it cannot be read or made.
pub fn recipe_split(dataset: &Dataset, flag: Option<&str>, recipe: &Recipe) -> Result<Split, Error> {
    let given = given_split(dataset, flag, recipe)?;
    Ok(match recipe.split.held_out {
        Some(by) => hold_out(dataset, &given, by, recipe.split.share, HELD_OUT_SEED)?,
        None => given,
    })
}

/// The split that a run was trained on, or the one that a caller names; whether it is another than that of the run.
///
/// # Errors
/// As for [`recipe_split`].
pub fn run_split(
    dataset: &Dataset,
    flag: Option<&str>,
    recipe: &Recipe,
    info: &RunInfo,
) -> Result<(Split, IsOther), Error> {
    let given = recipe_split(dataset, flag, recipe)?;
    if given.hash == info.split_hash {
        return Ok((given, IsOther(false)));
    }
    let all = all_folds(dataset, &given);
    match all.hash == info.split_hash {
        true => Ok((all, IsOther(false))),
        false => Ok((given, IsOther(true))),
    }
}

/// Whether a split is another than that of the run: its pairs may have been in training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IsOther(pub bool);

/// What to do where a recipe names no split.
pub const NO_SPLIT: &str = "give --split FILE, as `fusebind data split` writes it, or --split COLUMN";

fn given_split(dataset: &Dataset, flag: Option<&str>, recipe: &Recipe) -> Result<Split, Error> {
    let spec = &recipe.split;
    match (flag, &spec.column) {
        (Some(flag), Some(column)) if flag == column => from_column(dataset, column, &names(spec)),
        (Some(flag), _) => match SplitFlag::new(dataset, flag) {
            SplitFlag::File(file) => read_split(file, dataset),
            SplitFlag::Column(spec) => from_spec(dataset, spec),
        },
        (None, Some(column)) => from_column(dataset, column, &names(spec)),
        (None, None) => Err(Error::new(ErrorKind::Config, "this recipe names no split").hint(NO_SPLIT)),
    }
}

/// What a split flag names. A column of the data set goes before a file of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitFlag<'a> {
    /// A split file.
    File(&'a Path),
    /// A column, or a column and parts.
    Column(&'a str),
}

impl<'a> SplitFlag<'a> {
    /// What `flag` names in `dataset`.
    pub fn new(dataset: &Dataset, flag: &'a str) -> Self {
        match !dataset.split_columns.contains_key(flag) && names_a_file(flag) {
            true => Self::File(Path::new(flag)),
            false => Self::Column(flag),
        }
    }
}

/// Whether a split flag means a file, whether it exists or not.
fn names_a_file(flag: &str) -> bool {
    let path = Path::new(flag);
    path.exists() || path.extension().is_some_and(|extension| extension == "csv") || path.components().count() > 1
}

/// The same split with its validation pairs added to training.
pub fn all_folds(dataset: &Dataset, split: &Split) -> Split {
    let mut parts = vec![None; dataset.interactions.len()];
    for (part, becomes) in [
        (Part::Train, Part::Train),
        (Part::Valid, Part::Train),
        (Part::Test, Part::Test),
    ] {
        split.part(part).iter().for_each(|i| parts[*i as usize] = Some(becomes));
    }
    Split::from_parts(
        dataset,
        &parts,
        format!("{}, validation pairs train as well", split.method),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_flag_is_a_file_if_it_looks_like_one() {
        assert!(names_a_file("split.csv") && names_a_file("splits/1"));
        assert!(!names_a_file("split_setting1") && !names_a_file("fold:valid=4"));
    }
}
