//! Which columns of a wide table are genes, assays or channels, and what their cells say.
//!
//! Comes in: the columns of a table and its kind. Goes out: the measured columns, the names of numeric columns that describe the
//! experiment or the molecule instead, and the value of a cell.

use super::{kind::ProfileKind, matching::is_key};
use crate::source::{RawColumn, RawTable, normalise};

/// Columns of an expression table that describe the experiment. None is a symbol of a gene.
const OF_EXPERIMENTS: &[&str] = &[
    "cell_id",
    "cell_line",
    "batch",
    "batch_id",
    "plate",
    "well",
    "replicate",
    "dose",
    "time",
    "conc",
    "concentration",
    "dose_um",
    "time_h",
    "sig_id",
    "inst_id",
    "is_gold",
    "is_exemplar",
    "tas",
    "nsample",
];

/// Columns of an assay table that describe the molecule.
const OF_MOLECULES: &[&str] = &[
    "mol_weight",
    "molecular_weight",
    "molweight",
    "mw",
    "mwt",
    "mol_wt",
    "molwt",
    "exact_mass",
    "formula_weight",
    "fw",
    "logp",
    "clogp",
    "alogp",
    "xlogp",
    "xlogp3",
    "mollogp",
    "tpsa",
    "psa",
    "hbd",
    "hba",
    "rotb",
    "rotatable_bonds",
    "num_rotatable_bonds",
    "heavy_atoms",
    "heavy_atom_count",
    "qed",
];

/// Words for an empty cell.
const EMPTY: &[&str] = &["na", "n/a", "null", "none"];

/// Words for a cell without a clear outcome.
const UNCLEAR: &[&str] = &[
    "inconclusive",
    "unspecified",
    "not tested",
    "missing",
    "nd",
    "n.d.",
    "?",
];

/// The measured columns of `table`, and the names of numeric columns that are set apart.
pub(super) fn measured(table: &RawTable, kind: ProfileKind) -> (Vec<&RawColumn>, Vec<String>) {
    let numeric = |column: &&RawColumn| {
        let name = normalise(column.name());
        !is_key(column) && !name.starts_with("n_") && holds_values(kind, column)
    };
    let (apart, measured): (Vec<_>, Vec<_>) = table
        .columns()
        .iter()
        .filter(numeric)
        .partition(|column| is_description(kind, &normalise(column.name())));
    (
        measured,
        apart.into_iter().map(|column| column.name().to_string()).collect(),
    )
}

/// Whether the first cell of `column` that says something is a value.
fn holds_values(kind: ProfileKind, column: &RawColumn) -> bool {
    let mut cells = (0..column.len()).filter_map(|row| column.get(row));
    let first = cells.find(|cell| value(kind, cell).is_some() || !is_missing(cell));
    first.is_some_and(|cell| value(kind, cell).is_some())
}

fn is_description(kind: ProfileKind, name: &str) -> bool {
    match kind {
        ProfileKind::Transcriptome => {
            OF_EXPERIMENTS.contains(&name) || ["pert_", "distil_", "qc_"].iter().any(|word| name.starts_with(word))
        }
        ProfileKind::Bioassay => OF_MOLECULES.contains(&name),
        ProfileKind::Embedding(_) => false,
    }
}

/// The number that `cell` states; assays may state an outcome in a word. `None` where it is neither.
pub(super) fn value(kind: ProfileKind, cell: &str) -> Option<f32> {
    if let Ok(number) = cell.parse() {
        return Some(number);
    }
    if kind != ProfileKind::Bioassay {
        return None;
    }
    match cell.trim().to_ascii_lowercase().as_str() {
        "active" | "true" | "yes" | "positive" | "+" => Some(1.0),
        "inactive" | "false" | "no" | "negative" | "-" => Some(0.0),
        _ => None,
    }
}

/// Whether `cell` says that it is empty.
pub(super) fn is_empty(cell: &str) -> bool {
    EMPTY.iter().any(|word| cell.trim().eq_ignore_ascii_case(word))
}

/// Whether `cell` says that nothing was measured, or nothing clear.
fn is_missing(cell: &str) -> bool {
    is_empty(cell) || UNCLEAR.iter().any(|word| cell.trim().eq_ignore_ascii_case(word))
}
