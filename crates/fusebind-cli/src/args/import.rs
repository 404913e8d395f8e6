//! Flags of `fusebind data import`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{SourceArgs, TableFormat};

/// Layouts that are imported.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ImportLayout {
    /// BindingDB's tab-separated export.
    Bindingdb,
    /// ChEMBL: activities as text, with --targets, or the SQLite database.
    Chembl,
    /// The data table of a PubChem assay, with --sequence or --targets.
    Pubchem,
    /// Tables of the Therapeutics Data Commons, with --unit unless they hold labels.
    Tdc,
    /// A folder of DeepDTA or GraphDTA, with --unit.
    Deepdta,
}

/// Options of `data import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// Layout of the files.
    pub format: ImportLayout,
    /// Files, or the folder of DeepDTA.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Table or FASTA file with the sequences of the targets, whose ids are those of the files.
    #[arg(long, value_name = "FILE")]
    pub targets: Option<PathBuf>,
    /// Sequence of the only target.
    #[arg(long, conflicts_with = "targets")]
    pub sequence: Option<String>,
    /// Keep what the database flags: doubtful or repeated values, assays that do not measure binding.
    #[arg(long)]
    pub keep_flagged: bool,
    /// Format of the written tables.
    #[arg(long, value_enum, default_value_t = TableFormat::Parquet)]
    pub tables: TableFormat,
    /// New folder for `drugs`, `targets` and `pairs`.
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
    /// One JSON object with the counts on stdout in place of text.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub source: SourceArgs,
}
