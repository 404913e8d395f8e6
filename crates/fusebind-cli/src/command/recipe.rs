//! `fusebind recipe`: list, copy, check.

use std::{fs, path::Path};

use fusebind::{
    data::table::write_atomically,
    train::{recipe::Recipe, trainer::check_encoders},
};
use std::io::Write;

use super::output::{create_parent, protect, say};
use crate::{args::RecipeCommand, console::Console, exit::Failure};

pub fn run(command: RecipeCommand, console: &Console) -> anyhow::Result<()> {
    match command {
        RecipeCommand::List => {
            for (name, text) in Recipe::list() {
                say(format_args!("{name:24} {}", Recipe::parse(text)?.description))?;
            }
        }
        RecipeCommand::Copy { recipe, file } => {
            let text = Recipe::open(&recipe)?.to_toml()?;
            protect([&file], [Path::new(&recipe)])?;
            if file.exists() {
                return Err(Failure::failed(
                    format!("{}: exists", file.display()),
                    "name a new file",
                ));
            }
            create_parent(&file)?;
            write_atomically(&file, |out| write!(out, "{}{text}", head(&recipe)))?;
        }
        RecipeCommand::Check { recipe } => {
            let recipe = Recipe::open(&recipe)?;
            for reference in check_encoders(&recipe)? {
                console.note(format_args!("{reference}, sha256 {}", reference.sha256));
            }
            say(recipe.to_toml()?.trim_end())?
        }
    }
    Ok(())
}

/// The comment lines that open a recipe: what it assumes, how it is launched, what to expect.
fn head(recipe: &str) -> String {
    let builtin = Recipe::list().iter().find(|(name, _)| *name == recipe);
    let text = builtin.map_or_else(
        || fs::read_to_string(Path::new(recipe)).unwrap_or_default(),
        |(_, text)| text.to_string(),
    );
    text.lines()
        .take_while(|line| line.starts_with('#'))
        .map(|line| format!("{line}\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_a_builtin_recipe_is_kept() {
        let head = head("default");
        assert!(head.starts_with("# Assumes:") && head.contains("\n# Launch:"), "{head}");
        assert!(head.lines().all(|line| line.starts_with('#')));
    }
}
