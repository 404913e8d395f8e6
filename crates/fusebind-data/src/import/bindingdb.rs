//! BindingDB's tab-separated export (<https://www.bindingdb.org>): a row has a column for each of Ki, IC50, Kd and EC50 in nM.
//! Until 2024 the sequence stood in `BindingDB Target Chain Sequence`, since 2025 in `BindingDB Target Chain Sequence 1` and so on. A
//! complex of several chains is no single protein and is left out.

use std::path::Path;

use super::{
    measurement::Cells,
    record::{Reader, Record},
    report::DropReason,
    rows::{Place, Rows},
};
use crate::Error;

pub(super) struct BindingDb {
    rows: Rows,
    smiles: usize,
    drug_id: Place,
    drug_name: Place,
    sequence: usize,
    second_sequence: Place,
    chains: Place,
    target_id: Place,
    second_target_id: Place,
    target_name: Place,
    source: Place,
    date: Place,
    measured: Vec<Measured>,
}

/// A column of values in nM.
struct Measured {
    measure: &'static str,
    place: usize,
}

impl BindingDb {
    pub fn open(path: &Path) -> Result<Self, Error> {
        let rows = Rows::open(path, b"\t,")?;
        let columns = [
            ("Ki", "ki_nm"),
            ("IC50", "ic50_nm"),
            ("Kd", "kd_nm"),
            ("EC50", "ec50_nm"),
        ];
        let measured = columns
            .into_iter()
            .filter_map(|(measure, name)| {
                Some(Measured {
                    measure,
                    place: rows.find(&[name])?,
                })
            })
            .collect();
        Ok(Self {
            smiles: rows.need(&["ligand_smiles"], "BindingDB")?,
            drug_id: rows.find(&["bindingdb_monomerid"]),
            drug_name: rows.find(&["bindingdb_ligand_name"]),
            sequence: rows.need(
                &["bindingdb_target_chain_sequence", "bindingdb_target_chain_sequence_1"],
                "BindingDB",
            )?,
            second_sequence: rows.find(&["bindingdb_target_chain_sequence_2"]),
            chains: rows.find(&[
                "number_of_protein_chains_in_target_1_implies_a_multichain_complex",
                "number_of_protein_chains_in_target",
            ]),
            target_id: rows.find(&[
                "uniprot_swissprot_primary_id_of_target_chain",
                "uniprot_swissprot_primary_id_of_target_chain_1",
            ]),
            second_target_id: rows.find(&[
                "uniprot_trembl_primary_id_of_target_chain",
                "uniprot_trembl_primary_id_of_target_chain_1",
            ]),
            target_name: rows.find(&["target_name"]),
            source: rows.find(&["curation_datasource"]),
            date: rows.find(&["date_of_publication", "date_in_bindingdb"]),
            measured,
            rows,
        })
    }
}

impl Reader for BindingDb {
    fn read(&mut self, record: &mut Record) -> Result<bool, Error> {
        if !self.rows.next()? {
            return Ok(false);
        }
        let cell = |place| self.rows.cell(place);
        record.smiles.push_str(&cell(Some(self.smiles)));
        record.drug_id.push_str(&cell(self.drug_id));
        record.drug_name.push_str(&cell(self.drug_name));
        record.sequence.push_str(&cell(Some(self.sequence)));
        record.target_id.push_str(&cell(self.target_id));
        if record.target_id.is_empty() {
            record.target_id.push_str(&cell(self.second_target_id));
        }
        record.target_name.push_str(&cell(self.target_name));
        record.source.push_str(&cell(self.source));
        record.date.push_str(&cell(self.date));
        let chains = cell(self.chains);
        let several = chains.parse().is_ok_and(|chains: u32| chains > 1);
        if several || !cell(self.second_sequence).is_empty() {
            record.refuse(DropReason::SeveralChains, "Number of Protein Chains in Target", &chains);
            return Ok(true);
        }
        for Measured { measure, place } in &self.measured {
            let value = cell(Some(*place));
            if value.is_empty() {
                continue;
            }
            let cells = Cells {
                measure,
                relation: "",
                value: &value,
                unit: "nM",
            };
            match cells.read() {
                Ok(measurement) => record.measurements.push(measurement),
                Err(reason) => record.leave_out(reason, measure, &value),
            }
        }
        Ok(true)
    }
}
