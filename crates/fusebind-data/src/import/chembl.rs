//! Activities as ChEMBL's web page exports them: text with `;` (or `,`, or tabs) and quoted cells, one measurement per row, targets by
//! their ChEMBL id. The relation is quoted twice (`"'='"`). <https://chembl.gitbook.io/chembl-interface-documentation/downloads>

use std::path::Path;

use super::{
    measurement::Cells,
    record::{Reader, Record},
    report::DropReason,
    rows::{Place, Rows},
    sequences::Sequences,
};
use crate::Error;

pub(super) struct ChemblText<'c> {
    rows: Rows,
    places: Places,
    sequences: &'c Sequences,
    keep_flagged: bool,
}

struct Places {
    drug_id: Place,
    drug_name: Place,
    smiles: usize,
    measure: usize,
    relation: Place,
    value: usize,
    unit: Place,
    validity: Place,
    duplicate: Place,
    assay_type: Place,
    target_id: usize,
    target_name: Place,
    target_type: Place,
    sequence: Place,
    source: Place,
    year: Place,
}

impl<'c> ChemblText<'c> {
    pub fn open(path: &Path, sequences: &'c Sequences, keep_flagged: bool) -> Result<Self, Error> {
        let rows = Rows::open(path, b";,\t")?;
        let need = |name: &'static str| rows.need(&[name], "ChEMBL");
        let find = |name: &'static str| rows.find(&[name]);
        let places = Places {
            drug_id: rows.find(&["molecule_chembl_id", "parent_molecule_chembl_id"]),
            drug_name: find("molecule_name"),
            smiles: rows.need(&["smiles", "canonical_smiles"], "ChEMBL")?,
            measure: need("standard_type")?,
            relation: find("standard_relation"),
            value: need("standard_value")?,
            unit: find("standard_units"),
            validity: find("data_validity_comment"),
            duplicate: find("potential_duplicate"),
            assay_type: find("assay_type"),
            target_id: need("target_chembl_id")?,
            target_name: rows.find(&["target_name", "target_pref_name"]),
            target_type: find("target_type"),
            sequence: rows.find(&["sequence", "target_sequence"]),
            source: rows.find(&["source_description", "src_id", "source_id"]),
            year: find("document_year"),
        };
        Ok(Self {
            rows,
            places,
            sequences,
            keep_flagged,
        })
    }
}

impl Reader for ChemblText<'_> {
    fn read(&mut self, record: &mut Record) -> Result<bool, Error> {
        if !self.rows.next()? {
            return Ok(false);
        }
        let places = &self.places;
        let cell = |place| self.rows.cell(place);
        record.drug_id.push_str(&cell(places.drug_id));
        record.drug_name.push_str(&cell(places.drug_name));
        record.smiles.push_str(&cell(Some(places.smiles)));
        record.target_id.push_str(&cell(Some(places.target_id)));
        record.target_name.push_str(&cell(places.target_name));
        record.source.push_str(&cell(places.source));
        record.date.push_str(&cell(places.year));
        let stated = cell(places.sequence);
        let known = || self.sequences.get(&record.target_id).unwrap_or_default();
        record
            .sequence
            .push_str(if stated.is_empty() { known() } else { &stated });

        let kind = Kind {
            target: &cell(places.target_type),
            assay: &cell(places.assay_type),
            validity: &cell(places.validity),
            duplicate: &cell(places.duplicate),
        };
        kind.check(self.keep_flagged, record);
        let (measure, value) = (cell(Some(places.measure)), cell(Some(places.value)));
        let cells = Cells {
            measure: &measure,
            relation: &cell(places.relation),
            value: &value,
            unit: &cell(places.unit),
        };
        if !value.is_empty() {
            match cells.read() {
                Ok(measurement) => record.measurements.push(measurement),
                Err(reason) => {
                    let (field, blamed) = cells.blamed(reason);
                    record.leave_out(reason, field, blamed);
                }
            }
        }
        Ok(true)
    }
}

/// What an activity is about, as ChEMBL states it in text or in the database. Empty where it does not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind<'r> {
    /// For instance `SINGLE PROTEIN`.
    pub target: &'r str,
    /// `B` for binding, `F` for functional and so on; the web page writes the word in some exports.
    pub assay: &'r str,
    /// What the curators found doubtful.
    pub validity: &'r str,
    /// `1` where the same value was published before.
    pub duplicate: &'r str,
}

impl Kind<'_> {
    /// Leaves a record out that is about no single protein, or that is flagged.
    pub fn check(self, keep_flagged: bool, record: &mut Record) {
        if !self.target.is_empty() && !self.target.eq_ignore_ascii_case("single protein") {
            record.refuse(DropReason::NoSingleProtein, "Target Type", self.target);
        }
        if keep_flagged {
            return;
        }
        let binding = ["b", "binding", ""]
            .iter()
            .any(|word| self.assay.eq_ignore_ascii_case(word));
        if !binding {
            record.refuse(DropReason::AssayType, "Assay Type", self.assay);
        }
        let validated = ["", "manually validated"];
        if !validated.iter().any(|word| self.validity.eq_ignore_ascii_case(word)) {
            record.refuse(DropReason::Flagged, "Data Validity Comment", self.validity);
        }
        if self.duplicate == "1" {
            record.refuse(DropReason::Flagged, "Potential Duplicate", self.duplicate);
        }
    }
}
