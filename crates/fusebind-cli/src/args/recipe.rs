//! Flags of `fusebind recipe`.

use std::path::PathBuf;

use clap::Subcommand;

use super::example;

/// `recipe` commands.
#[derive(Debug, Subcommand)]
pub enum RecipeCommand {
    /// Built-in recipes.
    #[command(after_help = example::RECIPE_LIST)]
    List,
    /// Write a complete recipe, defaults included, to a new file.
    #[command(after_help = example::RECIPE_COPY)]
    Copy {
        /// Built-in recipe or recipe file.
        recipe: String,
        /// File to write.
        file: PathBuf,
    },
    /// Check a recipe and print it complete.
    #[command(after_help = example::RECIPE_CHECK)]
    Check {
        /// Built-in recipe or recipe file.
        recipe: String,
    },
}
