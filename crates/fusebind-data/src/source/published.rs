//! Units of published files that state none.
//!
//! Comes in: a table. Goes out: the unit that its source documents, where the columns are those of the Therapeutics Data Commons (Huang et al. 2021,
//! arXiv:2102.09548) and the file still has its name: `Y` is a dissociation constant in nM in DAVIS, a score in KIBA, and in the parts of
//! BindingDB what the name says, in nM.

use super::{RawTable, columns::normalise};

/// Columns of a table of that source, in both spellings.
const LAYOUTS: [[&str; 5]; 2] = [
    ["id1", "x1", "id2", "x2", "y"],
    ["drug_id", "drug", "target_id", "target", "y"],
];
/// Name of a file, and the unit of `Y` in it.
const UNITS: [(&str, &str); 5] = [
    ("davis", "Kd_nM"),
    ("kiba", "KIBA_score"),
    ("bindingdb_kd", "Kd_nM"),
    ("bindingdb_ki", "Ki_nM"),
    ("bindingdb_ic50", "IC50_nM"),
];

/// The unit of `Y`, and a sentence that says why it is read so.
pub(super) fn unit(table: &RawTable) -> Option<(&'static str, String)> {
    let names: Vec<String> = table.columns().iter().map(|column| normalise(column.name())).collect();
    let has = |layout: &[&str; 5]| layout.iter().all(|wanted| names.iter().any(|name| name == wanted));
    if !LAYOUTS.iter().any(has) {
        return None;
    }
    let file = std::path::Path::new(&table.file)
        .file_name()?
        .to_str()?
        .to_ascii_lowercase();
    let stem = file.split('.').next()?.replace('-', "_");
    let (name, unit) = UNITS.into_iter().find(|(name, _)| stem == *name)?;
    let note = format!(
        "the columns are those of the Therapeutics Data Commons and the file is called {name}, so `Y` is read as {unit}; name another unit with --unit"
    );
    Some((unit, note))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::RawColumn;

    fn table(file: &str, names: &[&str]) -> RawTable {
        RawTable::from_columns(file, names.iter().map(|name| RawColumn::new(*name)).collect())
    }

    #[test]
    fn only_a_file_with_its_layout_and_its_name_has_a_unit() {
        let names = ["ID1", "X1", "ID2", "X2", "Y"];
        let of = |file: &str| unit(&table(file, &names)).map(|found| found.0);
        assert_eq!(
            [of("a/davis.tab"), of("KIBA.tab"), of("BindingDB_Ki.csv")],
            [Some("Kd_nM"), Some("KIBA_score"), Some("Ki_nM")]
        );
        assert_eq!([of("a/mine.tab"), of("davis2.tab")], [None, None]);
        assert!(unit(&table("davis.tab", &["Drug", "Target", "Y"])).is_none());
        assert!(unit(&table("davis.tab", &["Drug_ID", "Drug", "Target_ID", "Target", "Y"])).is_some());
    }
}
