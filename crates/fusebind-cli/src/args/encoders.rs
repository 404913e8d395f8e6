//! Flags that several commands share: where the pretrained encoders of a model are.

use std::path::PathBuf;

use clap::Args;
use fusebind::predict::{EncoderFolders, KeptIn};

/// Where the pretrained encoders of a model are.
#[derive(Debug, Default, Args, Clone)]
#[command(next_help_heading = "Pretrained encoders")]
pub struct EncoderArgs {
    /// Folder of a pretrained encoder that the model was trained with, for each of them; where the model says without it.
    #[arg(long = "encoder", value_name = "FOLDER")]
    pub encoders: Vec<PathBuf>,
    /// Go on without pretrained encoders: what they embed is missing, as a modality may be.
    #[arg(long, conflicts_with = "encoders")]
    pub without_encoders: bool,
}

impl EncoderArgs {
    /// The folders, and where what the encoders compute is kept.
    pub fn folders(&self, kept: KeptIn) -> EncoderFolders {
        EncoderFolders {
            folders: self.encoders.clone(),
            without: self.without_encoders,
            kept,
        }
    }
}
