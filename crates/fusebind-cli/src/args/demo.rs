//! Flags of `fusebind demo`.

use std::path::PathBuf;

use clap::Args;

/// Options of `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// New folder for the simulated data, the split file and the run; `fusebind-demo` without it.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Seed.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// A smaller universe and fewer epochs: shows that everything works, not how well.
    #[arg(long)]
    pub quick: bool,
}
