//! Flags of `fusebind calibrate`.

use std::path::PathBuf;

use clap::Args;

use super::{DeviceName, EncoderArgs, SourceArgs};

/// Options of `calibrate`.
#[derive(Debug, Args)]
pub struct CalibrateArgs {
    /// Run folder or model file.
    pub run: PathBuf,
    /// Data set folder or table of labelled pairs, at least 50 that the model was not trained on.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Folder of side modalities.
    #[arg(long, value_name = "DIR")]
    pub modalities: Option<PathBuf>,
    /// Model file to write; the given model stays what it is.
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,
    /// Where to compute.
    #[arg(long, value_enum, default_value_t)]
    pub device: DeviceName,
    #[command(flatten)]
    pub encoders: EncoderArgs,
    #[command(flatten)]
    pub source: SourceArgs,
}
