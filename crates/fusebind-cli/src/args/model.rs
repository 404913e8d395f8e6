//! Flags of `fusebind model`.

use std::path::PathBuf;

use clap::Subcommand;

use super::example;

/// `model` commands.
#[derive(Debug, Subcommand)]
pub enum ModelCommand {
    /// Check a model file and print what it holds.
    #[command(after_help = example::MODEL_INFO)]
    Info {
        /// Run folder or model file.
        path: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write a model file without the training pairs, where its predictions do not depend on them.
    #[command(after_help = example::MODEL_STRIP)]
    Strip {
        /// Run folder or model file.
        path: PathBuf,
        /// Model file to write.
        #[arg(long, short, value_name = "NEW")]
        output: PathBuf,
    },
}
