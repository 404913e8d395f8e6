//! The data table of a PubChem assay: one row per substance with an outcome, and columns of readouts. The rows before the first
//! substance describe the columns: `RESULT_TYPE`, `RESULT_DESCR`, `RESULT_UNIT` and so on.
//! <https://pubchem.ncbi.nlm.nih.gov/docs/bioassays>

use std::path::Path;

use super::{
    measurement::Cells,
    record::{Reader, Record},
    report::DropReason,
    rows::{Place, Rows},
    sequences::Sequences,
};
use crate::{Error, ErrorKind};

pub(super) struct PubChem<'c> {
    rows: Rows,
    tag: Place,
    substance: Place,
    compound: Place,
    smiles: usize,
    outcome: Place,
    measure: Place,
    relation: Place,
    value: Place,
    unit: Place,
    sequence: Place,
    target_id: Place,
    /// Columns named after a binding constant; their unit stands in the row `RESULT_UNIT`.
    readouts: Vec<Readout>,
    sequences: &'c Sequences,
}

struct Readout {
    measure: &'static str,
    place: usize,
    unit: String,
}

impl<'c> PubChem<'c> {
    pub fn open(path: &Path, sequences: &'c Sequences) -> Result<Self, Error> {
        let rows = Rows::open(path, b",\t")?;
        let readouts = ["Kd", "Ki", "IC50", "EC50", "AC50", "Potency"]
            .into_iter()
            .map(|measure| (measure, measure.to_lowercase()))
            .filter_map(|(measure, name)| {
                Some(Readout {
                    measure,
                    place: rows.find(&[&name])?,
                    unit: String::new(),
                })
            })
            .collect();
        let (sequence, target_id) = (
            rows.find(&["sequence", "target_sequence"]),
            rows.find(&["target_id", "target_accession", "protein_accession"]),
        );
        if sequence.is_none() && target_id.is_none() && sequences.only().is_none() {
            return Err(Error::new(
                ErrorKind::MissingColumn,
                "the assay does not hold the sequence of its target",
            )
            .in_file(path)
            .hint("give the sequence of the target, or a table or FASTA file that holds it alone"));
        }
        Ok(Self {
            tag: rows.find(&["pubchem_result_tag"]),
            substance: rows.find(&["pubchem_sid"]),
            compound: rows.find(&["pubchem_cid"]),
            smiles: rows.need(&["pubchem_ext_datasource_smiles", "smiles"], "PubChem")?,
            outcome: rows.find(&["pubchem_activity_outcome"]),
            measure: rows.find(&["standard_type"]),
            relation: rows.find(&["standard_relation"]),
            value: rows.find(&["standard_value"]),
            unit: rows.find(&["standard_units"]),
            sequence,
            target_id,
            readouts,
            sequences,
            rows,
        })
    }

    /// A row that describes the columns.
    fn describes_columns(&mut self) -> bool {
        let tag = self.rows.cell(self.tag).into_owned();
        if !tag.starts_with("RESULT_") {
            return false;
        }
        if tag == "RESULT_UNIT" {
            for readout in &mut self.readouts {
                readout.unit = self.rows.cell(Some(readout.place)).into_owned();
            }
        }
        true
    }

    fn measurements(&self, record: &mut Record) {
        let cell = |place| self.rows.cell(place);
        let mut take = |cells: Cells<'_>| match cells.read() {
            Ok(measurement) => record.measurements.push(measurement),
            Err(reason) => {
                let (field, blamed) = cells.blamed(reason);
                record.leave_out(reason, field, blamed);
            }
        };
        let value = cell(self.value);
        if !value.is_empty() {
            take(Cells {
                measure: &cell(self.measure),
                relation: &cell(self.relation),
                value: &value,
                unit: &cell(self.unit),
            });
        }
        for Readout { measure, place, unit } in &self.readouts {
            let value = cell(Some(*place));
            if !value.is_empty() {
                take(Cells {
                    measure,
                    relation: "",
                    value: &value,
                    unit,
                });
            }
        }
    }
}

impl Reader for PubChem<'_> {
    fn read(&mut self, record: &mut Record) -> Result<bool, Error> {
        loop {
            if !self.rows.next()? {
                return Ok(false);
            }
            if !self.describes_columns() {
                break;
            }
        }
        let cell = |place| self.rows.cell(place);
        let compound = cell(self.compound);
        match compound.is_empty() {
            false => {
                record.drug_id.push_str("CID");
                record.drug_id.push_str(&compound);
            }
            true if !cell(self.substance).is_empty() => {
                record.drug_id.push_str("SID");
                record.drug_id.push_str(&cell(self.substance));
            }
            true => {}
        }
        record.smiles.push_str(&cell(Some(self.smiles)));
        record.target_id.push_str(&cell(self.target_id));
        let stated = cell(self.sequence);
        let known = || self.sequences.get(&record.target_id).or(self.sequences.only());
        record.sequence.push_str(match stated.is_empty() {
            true => known().unwrap_or_default(),
            false => &stated,
        });
        let outcome = cell(self.outcome);
        match outcome.to_ascii_lowercase().as_str() {
            "active" | "probe" => record.binds = Some(true),
            "inactive" => record.binds = Some(false),
            "" => {}
            _ => record.leave_out(DropReason::Outcome, "PUBCHEM_ACTIVITY_OUTCOME", &outcome),
        }
        self.measurements(record);
        Ok(true)
    }
}
