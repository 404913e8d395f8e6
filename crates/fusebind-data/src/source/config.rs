//! How a data set folder is read: which column means what, and what to do where the files leave a choice.

use serde::{Deserialize, Serialize};

/// Explicit column names. What is not named here is detected from the header; a name given here has priority over detection and
/// must exist in at least one of the tables.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ColumnMap {
    /// Id of a drug, in the drug and the pair table.
    pub drug_id: Option<String>,
    /// SMILES of a drug.
    pub smiles: Option<String>,
    /// Id of a target, in the target and the pair table.
    pub target_id: Option<String>,
    /// Sequence of a target.
    pub sequence: Option<String>,
    /// Binds or not.
    pub label: Option<String>,
    /// Measured affinity.
    pub affinity: Option<String>,
    /// Unit of the affinity, such as `nM` or `Kd_nM`.
    pub unit: Option<String>,
    /// What was measured, such as `Kd` or `IC50`, where the unit does not state it.
    pub measure: Option<String>,
    /// Relation such as `>` in front of the affinity, where it has a column of its own.
    pub relation: Option<String>,
}

/// Whether a pair must carry a label or an affinity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LabelPolicy {
    /// A pair without label and affinity is rejected (training and evaluation).
    #[default]
    Required,
    /// Pairs may be without label and affinity (prediction): each row is one pair, and what cannot be read of a label or an affinity is
    /// left out.
    Optional,
}

/// How a data set is read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoadConfig {
    /// Explicit column names.
    pub columns: ColumnMap,
    /// Unit of every affinity, such as `Kd_nM`; has priority over the files.
    pub unit: Option<String>,
    /// Whether labels are needed.
    pub labels: LabelPolicy,
    /// Exact values at or below this floor are in fact bounds (`5.0` for Davis, whose weakest measured Kd is 10 µM):
    /// they are marked [`Censoring::AtMost`](crate::table::Censoring::AtMost).
    pub censor_at_floor: Option<f64>,
    /// Column that counts where several columns of a row contradict each other about one quantity; without it the row is rejected.
    pub prefer: Option<String>,
    /// Reads columns whose numbers cannot be what their unit says, in place of refusing the table. Single values outside 0 to 15 are
    /// rejected all the same.
    pub accept_values: bool,
    /// Keeps what each row calls its drug and its target ([`Dataset::names`](crate::table::Dataset::names)).
    pub keep_names: bool,
}
