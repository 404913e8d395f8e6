//! Flags of `fusebind recipe`.

use std::path::PathBuf;

use clap::Subcommand;

/// `recipe` commands.
#[derive(Debug, Subcommand)]
pub enum RecipeCommand {
    /// Built-in recipes.
    List,
    /// Write a complete recipe, defaults included, to a new file.
    Copy {
        /// Built-in recipe or recipe file.
        recipe: String,
        /// File to write.
        file: PathBuf,
    },
    /// Check a recipe and print it complete.
    Check {
        /// Built-in recipe or recipe file.
        recipe: String,
    },
}
