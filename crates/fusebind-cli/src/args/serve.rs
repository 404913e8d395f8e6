//! Flags of `fusebind serve`.

use std::{net::IpAddr, path::PathBuf};

use clap::Args;

use super::EncoderArgs;

/// Options of `serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Run folder or model file.
    pub run: PathBuf,
    /// Address to listen at. Any but a loopback address needs a token.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub host: IpAddr,
    /// Port to listen at; 0 takes a free one.
    #[arg(long, value_name = "N", default_value_t = 8080)]
    pub port: u16,
    /// What clients must send as `Authorization: Bearer TOKEN`; the variable FUSEBIND_TOKEN keeps it out of the list of processes.
    #[arg(long)]
    pub token: Option<String>,
    /// Folder for the results of jobs; without it nothing is written.
    #[arg(long, value_name = "DIR")]
    pub results: Option<PathBuf>,
    /// Most pairs of a request that is answered at once.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub max_rows: u32,
    /// Most pairs of a job of predictions.
    #[arg(long, value_name = "N", default_value_t = 200_000)]
    pub max_job_rows: u32,
    /// Largest body of a request in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub max_body: u32,
    /// Seconds until a request is given up.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub max_seconds: u32,
    /// Seconds for which a finished job is kept.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    pub keep_jobs: u32,
    #[command(flatten)]
    pub encoders: EncoderArgs,
}
