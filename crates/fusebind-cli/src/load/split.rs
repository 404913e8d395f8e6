//! Splits: the one that a flag names, the recipe's, or the one that a run was trained on.

use fusebind::{
    data::{split::Split, table::Dataset},
    train::{
        recipe::Recipe,
        run_dir::RunInfo,
        run_split::{self, IsOther, NO_SPLIT, recipe_split},
    },
};

use crate::{console::Console, exit::Failure};

/// The split that a flag names, or else the recipe's.
pub fn split(dataset: &Dataset, flag: Option<&str>, recipe: &Recipe) -> anyhow::Result<Split> {
    match flag.is_none() && recipe.split.column.is_none() {
        true => Err(Failure::misuse("this recipe names no split", NO_SPLIT)),
        false => Ok(recipe_split(dataset, flag, recipe)?),
    }
}

/// The split that a run was trained on, or the one that a flag names, with a note if it is another.
pub fn split_of_run(
    dataset: &Dataset,
    flag: Option<&str>,
    (recipe, info): (&Recipe, &RunInfo),
    console: &Console,
) -> anyhow::Result<Split> {
    if flag.is_none() && recipe.split.column.is_none() {
        return Err(Failure::misuse("this recipe names no split", NO_SPLIT));
    }
    let (split, IsOther(is_other)) = run_split::run_split(dataset, flag, recipe, info)?;
    if is_other {
        console
            .note("note: this is not the split the model was trained on; pairs of this part may have been in training");
    }
    Ok(split)
}
