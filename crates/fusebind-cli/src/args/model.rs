//! Flags of `fusebind model`.

use std::path::PathBuf;

use clap::Subcommand;

/// `model` commands.
#[derive(Debug, Subcommand)]
pub enum ModelCommand {
    /// Check a model file and print what it holds.
    #[command(after_help = "Example: fusebind model info runs/first --json")]
    Info {
        /// Run folder or model file.
        path: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write a model file without the training pairs, where its predictions do not depend on them.
    #[command(after_help = "Example: fusebind model strip runs/first -o shared.safetensors")]
    Strip {
        /// Run folder or model file.
        path: PathBuf,
        /// Model file to write.
        #[arg(long, short, value_name = "NEW")]
        output: PathBuf,
    },
}
