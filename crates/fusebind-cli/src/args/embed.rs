//! Flags of `fusebind embed`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};

/// What becomes of the states of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PoolingName {
    /// Their mean over the residues, atoms or words.
    Mean,
    /// Their mean over all tokens, the special ones included, as sentence encoders are used.
    MeanAll,
    /// The state of the first, special token.
    Cls,
}

/// How numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PrecisionName {
    /// Two bytes.
    Float16,
    /// Four bytes.
    Float32,
}

/// Options of `embed`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").args(["targets", "drugs", "texts"]).required(true))]
pub struct EmbedArgs {
    /// Folder of the encoder in the Hugging Face layout: config.json, tokeniser, safetensors.
    #[arg(long, value_name = "FOLDER")]
    pub encoder: PathBuf,
    /// Table or FASTA file of targets.
    #[arg(long, value_name = "FILE")]
    pub targets: Option<PathBuf>,
    /// Table or SD file of drugs.
    #[arg(long, value_name = "FILE")]
    pub drugs: Option<PathBuf>,
    /// Table of texts with a key of the drug or target that each describes.
    #[arg(long, value_name = "FILE")]
    pub texts: Option<PathBuf>,
    /// Column of the sequences, SMILES or texts.
    #[arg(long)]
    pub column: Option<String>,
    /// Column of the ids of targets or drugs.
    #[arg(long, value_name = "COLUMN", conflicts_with = "texts")]
    pub id: Option<String>,
    /// Layer, 0 for the embeddings of tokens; the last one without it.
    #[arg(long, value_name = "N")]
    pub layer: Option<usize>,
    /// What becomes of the states of tokens.
    #[arg(long, value_enum, default_value = "mean")]
    pub pooling: PoolingName,
    /// Keep the state of every residue or token, in a safetensors file.
    #[arg(long, conflicts_with = "pooling")]
    pub per_residue: bool,
    /// Most tokens at once; the most that the encoder reads without it. Longer inputs are read in overlapping windows.
    #[arg(long, value_name = "TOKENS")]
    pub window: Option<usize>,
    /// Tokens that neighbouring windows share; a quarter of the window without it.
    #[arg(long, value_name = "TOKENS")]
    pub overlap: Option<usize>,
    /// How numbers are stored.
    #[arg(long, value_enum, default_value = "float16")]
    pub precision: PrecisionName,
    /// Folder that keeps embeddings for later calls; without it they are kept beside the output until it is complete.
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
    /// Parquet file, or safetensors file with --per-residue.
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,
}
