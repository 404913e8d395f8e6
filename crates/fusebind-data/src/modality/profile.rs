//! Wide numeric tables: one row per entity, one column per gene or assay, missing where not measured.

use std::collections::{HashMap, HashSet};

use fusebind_features::entity::side::Profiles;

use super::{
    columns,
    kind::ProfileKind,
    matching::{RowNames, Side, side_of},
};
use crate::{
    source::{RawColumn, RawTable},
    table::{Dataset, Rejection},
};

/// A table of profiles, matched to the entities of a data set.
#[derive(Clone, Debug, PartialEq)]
pub struct ProfileTable {
    /// File name without extension.
    pub name: String,
    /// What the columns are.
    pub kind: ProfileKind,
    /// Side that is described.
    pub side: Side,
    /// The profiles of each entity, over genes `[G]`, assays `[A]` or channels: every signature of its own, assay outcomes and
    /// embeddings merged into one.
    pub profiles: Profiles,
    /// Rows of the file that belong to no entity of the data set.
    pub unmatched_rows: u64,
    /// Numeric columns that describe the experiment or the molecule, and are no genes or assays.
    pub set_apart: Vec<String>,
    /// Cells of matched rows with a word that is no value, such as `inconclusive`; they count as not measured.
    pub unreadable_cells: u64,
}

impl ProfileTable {
    /// Reads the rows of `table` that belong to an entity; `None` where it has no key column or no number.
    pub(super) fn new(
        (name, kind): (String, ProfileKind),
        table: &RawTable,
        dataset: &Dataset,
        rejections: &mut Vec<Rejection>,
    ) -> Option<Self> {
        let side = side_of(table)?;
        let rows_of = RowNames::of_table(table, side)?.rows_of_entities(dataset);
        let (columns, set_apart) = columns::measured(table, kind);
        if columns.is_empty() {
            return None;
        }
        let mut unreadable_cells = 0;
        let values = |row| match parse(kind, &columns, row, &mut unreadable_cells) {
            Ok(profile) => Some(profile),
            Err((column, reason)) => {
                rejections.push(table.reject(row, column, reason));
                None
            }
        };
        let names = columns.iter().map(|column| column.name().to_string()).collect();
        let (profiles, matched) = collect(kind, names, rows_of, values);
        Some(Self {
            name,
            kind,
            side,
            profiles,
            unmatched_rows: (table.len() - matched.len()) as u64,
            set_apart,
            unreadable_cells,
        })
    }
}

/// The profiles over `columns` of entities that have the rows `rows_of`, and the rows that were used. `values` is called once per
/// row and gives `None` for a rejected one.
pub(super) fn collect(
    kind: ProfileKind,
    columns: Vec<String>,
    rows_of: Vec<Vec<usize>>,
    mut values: impl FnMut(usize) -> Option<Vec<f32>>,
) -> (Profiles, HashSet<usize>) {
    let mut parsed: HashMap<usize, Option<Vec<f32>>> = HashMap::new();
    let mut merged: HashMap<Vec<usize>, Option<u32>> = HashMap::new();
    let mut profiles = Profiles {
        columns,
        values: Vec::new(),
        of_entity: Vec::with_capacity(rows_of.len()),
    };
    let (width, mut count) = (profiles.columns.len(), 0);
    for rows in rows_of {
        for &row in &rows {
            parsed.entry(row).or_insert_with(|| values(row));
        }
        // Signatures differ in dose, time and cell line; outcomes of one assay are repeats of one measurement.
        let groups: Vec<Vec<usize>> = match kind {
            ProfileKind::Transcriptome => rows.into_iter().map(|row| vec![row]).collect(),
            ProfileKind::Bioassay | ProfileKind::Embedding(_) => vec![rows],
        };
        let mut own = Vec::new();
        for rows in groups {
            own.extend(*merged.entry(rows).or_insert_with_key(|rows| {
                let mean = mean(rows.iter().filter_map(|row| parsed[row].as_deref()), width)?;
                profiles.values.extend(mean);
                count += 1;
                Some(count - 1)
            }));
        }
        profiles.of_entity.push(own);
    }
    (profiles, parsed.into_keys().collect())
}

const GAP: &str = "an embedding must have a number in every channel; leave the row out where there is none";

/// Largest assay outcome that is accepted.
const MOST_OUTCOME: f32 = 1e6;

/// The row as numbers, or the column without a number, and why. Cells of a profile without a value are missing; those that say
/// something else are counted in `unreadable`.
fn parse<'t>(
    kind: ProfileKind,
    columns: &[&'t RawColumn],
    row: usize,
    unreadable: &mut u64,
) -> Result<Vec<f32>, (&'t str, &'static str)> {
    let embedded = matches!(kind, ProfileKind::Embedding(_));
    let mut number = |column: &&'t RawColumn| {
        let cell = column.get(row);
        match cell.map(|cell| columns::value(kind, cell)) {
            None if embedded => Err((column.name(), GAP)),
            None => Ok(f32::NAN),
            Some(Some(value)) if embedded && value.is_nan() => Err((column.name(), GAP)),
            Some(Some(value)) if value.is_infinite() => {
                Err((column.name(), "the value is infinite; leave the cell empty"))
            }
            Some(Some(value)) if kind == ProfileKind::Bioassay && value.abs() > MOST_OUTCOME => Err((
                column.name(),
                "the outcome is out of range; give 1, 0, or a number on a scale such as pIC50 or percent",
            )),
            Some(Some(value)) => Ok(value),
            Some(None) if embedded => Err((column.name(), GAP)),
            Some(None) => {
                *unreadable += u64::from(!cell.is_some_and(columns::is_empty));
                Ok(f32::NAN)
            }
        }
    };
    columns.iter().map(&mut number).collect()
}

/// Mean over the measured values of several rows of one entity; `None` where nothing was measured.
fn mean<'r>(rows: impl Iterator<Item = &'r [f32]>, width: usize) -> Option<Vec<f32>> {
    let (mut sums, mut counts) = (vec![0.0_f64; width], vec![0_u32; width]);
    for row in rows {
        for ((sum, count), &value) in sums.iter_mut().zip(&mut counts).zip(row) {
            if !value.is_nan() {
                *sum += f64::from(value);
                *count += 1;
            }
        }
    }
    let average = |(sum, count): (&f64, &u32)| {
        if *count == 0 {
            f32::NAN
        } else {
            (sum / f64::from(*count)) as f32
        }
    };
    counts
        .iter()
        .any(|&count| count > 0)
        .then(|| sums.iter().zip(&counts).map(average).collect())
}
