//! Tables of the Therapeutics Data Commons (<https://tdcommons.ai>): two ids, a SMILES, a sequence and a value. Some exports name the
//! columns `ID1`, `X1`, `ID2`, `X2`, `Y`, others `Drug_ID`, `Drug`, `Target_ID`, `Target`, `Y`. The unit is not in the file.

use std::path::Path;

use super::{
    measurement::Measurement,
    record::{Reader, Record},
    report::DropReason,
    rows::{Place, Rows},
};
use crate::{
    Error, ErrorKind,
    source::{Unit, UnitParts},
};

pub(super) struct Tdc {
    rows: Rows,
    drug_id: Place,
    smiles: usize,
    target_id: Place,
    sequence: usize,
    value: usize,
    /// `None` where the values are labels.
    unit: Option<Unit>,
}

impl Tdc {
    pub fn open(path: &Path, unit: Option<&str>) -> Result<Self, Error> {
        let rows = Rows::open(path, b"\t,")?;
        let unit = match unit {
            None => None,
            Some(text) => Some(
                UnitParts::parse(text)
                    .ok()
                    .and_then(|parts| parts.complete().ok())
                    .ok_or_else(|| {
                        Error::new(ErrorKind::Unit, format!("the unit `{text}` is not known"))
                            .hint("write for instance Kd_nM, IC50_uM, Ki_M, pKd or KIBA_score")
                    })?,
            ),
        };
        Ok(Self {
            drug_id: rows.find(&["drug_id", "id1"]),
            smiles: rows.need(&["drug", "x1"], "TDC")?,
            target_id: rows.find(&["target_id", "id2"]),
            sequence: rows.need(&["target", "x2"], "TDC")?,
            value: rows.need(&["y"], "TDC")?,
            unit,
            rows,
        })
    }
}

impl Reader for Tdc {
    fn read(&mut self, record: &mut Record) -> Result<bool, Error> {
        if !self.rows.next()? {
            return Ok(false);
        }
        let cell = |place| self.rows.cell(place);
        record.drug_id.push_str(&cell(self.drug_id));
        record.smiles.push_str(&cell(Some(self.smiles)));
        record.target_id.push_str(&cell(self.target_id));
        record.sequence.push_str(&cell(Some(self.sequence)));
        let value = cell(Some(self.value));
        match (self.unit, value.as_ref()) {
            (_, "") => {}
            (Some(unit), text) => match unit.affinity("", text) {
                Ok(affinity) => record.measurements.push(Measurement { affinity }),
                Err(_) => record.leave_out(DropReason::Value, "Y", text),
            },
            (None, "1" | "1.0") => record.binds = Some(true),
            (None, "0" | "0.0") => record.binds = Some(false),
            (None, text) => record.leave_out(DropReason::Unit, "Y", text),
        }
        Ok(true)
    }
}
