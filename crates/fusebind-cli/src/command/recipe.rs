//! `fusebind recipe`: list, copy, check.

use anyhow::Context;
use fusebind::train::recipe::Recipe;

use super::say;
use crate::{args::RecipeCommand, outcome::Misuse};

pub fn run(command: RecipeCommand) -> anyhow::Result<()> {
    match command {
        RecipeCommand::List => {
            for (name, text) in Recipe::list() {
                say(format_args!("{name:24} {}", Recipe::parse(text)?.description))?;
            }
        }
        RecipeCommand::Copy { recipe, file } => {
            if file.exists() {
                return Err(Misuse(format!("{} exists already: name another file", file.display())).into());
            }
            let text = Recipe::open(&recipe)?.to_toml()?;
            std::fs::write(&file, text).with_context(|| format!("{} cannot be written", file.display()))?;
        }
        RecipeCommand::Check { recipe } => say(Recipe::open(&recipe)?.to_toml()?.trim_end())?,
    }
    Ok(())
}
