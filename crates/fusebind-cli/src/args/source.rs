//! Flags that several commands share: how tables are read, and where tensors live.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use fusebind::{data::store::ReadAs, features::entity::molecule::Standardise};
use serde::{Deserialize, Serialize};

use crate::exit::Failure;

/// Columns and units, where detection is not enough.
#[derive(Debug, Default, PartialEq, Eq, Args, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[command(next_help_heading = "How tables are read")]
pub struct SourceArgs {
    /// Column of drug ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[arg(long, value_name = "COLUMN")]
    pub drug_id: Option<String>,
    /// Column of SMILES.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[arg(long, value_name = "COLUMN")]
    pub smiles_column: Option<String>,
    /// Column of target ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[arg(long, value_name = "COLUMN")]
    pub target_id: Option<String>,
    /// Column of sequences.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[arg(long, value_name = "COLUMN")]
    pub sequence_column: Option<String>,
    /// Column of binding labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[arg(long, value_name = "COLUMN")]
    pub label: Option<String>,
    /// Column of affinities.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[arg(long, value_name = "COLUMN")]
    pub affinity: Option<String>,
    /// Column of units.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[arg(long, value_name = "COLUMN", conflicts_with = "unit")]
    pub unit_column: Option<String>,
    /// Column that says what was measured, such as Kd or IC50.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[arg(long, value_name = "COLUMN")]
    pub measure_column: Option<String>,
    /// Column of relations, such as `>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[arg(long, value_name = "COLUMN")]
    pub relation_column: Option<String>,
    /// Unit of every affinity, for instance `Kd_nM` or `pIC50`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[arg(long)]
    pub unit: Option<String>,
    /// Column that counts where several contradict each other about one quantity, such as `Ki (nM)` and `pKi`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[arg(long, value_name = "COLUMN")]
    pub prefer: Option<String>,
    /// Read affinities although the numbers of their column look like those of another unit.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[arg(long)]
    pub accept_values: bool,
    /// What is made of molecules: their uncharged parent without counter-ions, or nothing. Predictions follow the model [default: parent].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[arg(long, value_name = "WHAT", value_parser = standardise)]
    pub standardise: Option<Standardise>,
    /// Go on although a side table describes none of the drugs or targets.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[arg(long)]
    pub allow_unmatched: bool,
    /// Folder that keeps featurised molecules, so that the next command reads them instead of featurising them again.
    #[serde(skip)]
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
}

impl SourceArgs {
    /// These flags, and those of `other` where there is none. A unit and a column of units exclude each other.
    pub fn or(self, other: Self) -> Self {
        let unit_given = self.unit.is_some() || self.unit_column.is_some();
        let (unit, unit_column) = match unit_given {
            true => (self.unit, self.unit_column),
            false => (other.unit, other.unit_column),
        };
        Self {
            drug_id: self.drug_id.or(other.drug_id),
            smiles_column: self.smiles_column.or(other.smiles_column),
            target_id: self.target_id.or(other.target_id),
            sequence_column: self.sequence_column.or(other.sequence_column),
            label: self.label.or(other.label),
            affinity: self.affinity.or(other.affinity),
            unit_column,
            measure_column: self.measure_column.or(other.measure_column),
            relation_column: self.relation_column.or(other.relation_column),
            unit,
            prefer: self.prefer.or(other.prefer),
            standardise: self.standardise.or(other.standardise),
            accept_values: self.accept_values || other.accept_values,
            allow_unmatched: self.allow_unmatched || other.allow_unmatched,
            cache: self.cache,
        }
    }
}

fn standardise(text: &str) -> Result<Standardise, String> {
    match text {
        "parent" => Ok(Standardise::Parent),
        "none" => Ok(Standardise::None),
        _ => Err("give parent or none".into()),
    }
}

impl From<SourceArgs> for ReadAs {
    /// What a stored library remembers of the flags; where molecules are kept changes nothing.
    fn from(args: SourceArgs) -> Self {
        Self {
            drug_id: args.drug_id,
            smiles_column: args.smiles_column,
            target_id: args.target_id,
            sequence_column: args.sequence_column,
            label: args.label,
            affinity: args.affinity,
            unit_column: args.unit_column,
            measure_column: args.measure_column,
            relation_column: args.relation_column,
            unit: args.unit,
            prefer: args.prefer,
            accept_values: args.accept_values,
            standardise: args.standardise,
            allow_unmatched: args.allow_unmatched,
        }
    }
}

impl SourceArgs {
    /// The toolkit that these flags ask for.
    pub fn toolkit(&self) -> Standardise {
        self.standardise.unwrap_or_default()
    }

    /// These flags, with molecules as the model was trained on them; refused where a flag asks for others.
    pub fn following(&self, model: Standardise) -> anyhow::Result<Self> {
        if self.standardise.is_some_and(|wanted| wanted != model) {
            return Err(Failure::misuse(
                format!("--standardise: the model was trained with `{model}`"),
                "leave the flag out: predictions follow the model",
            ));
        }
        let mut source = self.clone();
        source.standardise = Some(model);
        Ok(source)
    }
}

/// Where tensors live.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum DeviceName {
    /// A GPU if there is one, else the processor.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// An NVIDIA GPU.
    Cuda,
}
