//! A universe as a data set folder that reads back like any other.
//!
//! ```text
//! DIR/drugs.csv  targets.csv  pairs.csv
//! DIR/planted_keys.json            where keys make pairs bind
//! DIR/modalities/text_drug.csv  text_target.csv  transcriptome_drug.csv  bioassay_drug.csv
//! ```

use std::{fs, path::Path};

use super::{PlantedKeys, Universe};
use crate::{
    Error,
    table::{Column, write, write_atomically},
};

impl Universe {
    /// Writes the universe into the folder `dir`, which is created where it is missing. The truth is not written, but for the places of keys
    /// ([`PlantedKeys`]).
    pub fn write(&self, dir: &Path) -> Result<(), Error> {
        let sides = dir.join("modalities");
        fs::create_dir_all(&sides).map_err(|source| Error::write(&sides, source))?;
        let drug_ids = || Column::text("drug_id", self.drugs.iter().map(|drug| Some(drug.id.as_str())));
        let smiles = Column::text("smiles", self.drugs.iter().map(|drug| Some(drug.smiles.as_str())));
        write(&dir.join("drugs.csv"), &[drug_ids(), smiles])?;
        let target_ids = Column::text("target_id", self.targets.iter().map(|target| Some(target.id.as_str())));
        let sequences = Column::text(
            "sequence",
            self.targets.iter().map(|target| Some(target.sequence.as_str())),
        );
        write(&dir.join("targets.csv"), &[target_ids, sequences])?;
        write(&dir.join("pairs.csv"), &self.pair_columns())?;
        if let Some(keys) = self.planted_keys() {
            let text = serde_json::to_string(&keys).expect("places of keys are plain numbers");
            let path = dir.join(PlantedKeys::FILE);
            write_atomically(&path, |out| std::io::Write::write_all(out, text.as_bytes()))?;
        }

        let texts: Vec<(&str, &str)> = self
            .drugs
            .iter()
            .filter_map(|d| Some((d.id.as_str(), d.text.as_deref()?)))
            .collect();
        write(&sides.join("text_drug.csv"), &text_columns("drug_id", &texts))?;
        let texts: Vec<(&str, &str)> = self
            .targets
            .iter()
            .filter_map(|t| Some((t.id.as_str(), t.text.as_deref()?)))
            .collect();
        write(&sides.join("text_target.csv"), &text_columns("target_id", &texts))?;

        let mut columns = vec![Column::text(
            "drug_id",
            self.drugs
                .iter()
                .filter(|d| d.transcriptome.is_some())
                .map(|d| Some(d.id.as_str())),
        )];
        columns.extend((0..self.config.genes).map(|gene| {
            let values = self
                .drugs
                .iter()
                .filter_map(|drug| Some(drug.transcriptome.as_ref()?.get(gene).copied()));
            Column::real(format!("g{:03}", gene + 1), values)
        }));
        write(&sides.join("transcriptome_drug.csv"), &columns)?;

        let mut columns = vec![Column::text(
            "drug_id",
            self.drugs
                .iter()
                .filter(|d| d.bioassay.is_some())
                .map(|d| Some(d.id.as_str())),
        )];
        columns.extend((0..self.config.assays).map(|assay| {
            let outcomes = self.drugs.iter().filter_map(|drug| drug.bioassay.as_ref()?.get(assay));
            Column::whole(
                format!("assay_{:02}", assay + 1),
                outcomes.map(|outcome| outcome.map(i64::from)),
            )
        }));
        write(&sides.join("bioassay_drug.csv"), &columns)
    }

    fn pair_columns(&self) -> [Column; 5] {
        let pairs = &self.pairs;
        let drug = |at: u32| self.drugs.get(at as usize).map(|drug| drug.id.as_str());
        let target = |at: u32| self.targets.get(at as usize).map(|target| target.id.as_str());
        [
            Column::text("drug_id", pairs.iter().map(|pair| drug(pair.drug))),
            Column::text("target_id", pairs.iter().map(|pair| target(pair.target))),
            Column::real("affinity", pairs.iter().map(|pair| Some(pair.affinity))),
            Column::text("unit", pairs.iter().map(|_| Some("pKd"))),
            Column::whole("label", pairs.iter().map(|pair| Some(i64::from(pair.binds)))),
        ]
    }
}

fn text_columns(id: &str, texts: &[(&str, &str)]) -> [Column; 2] {
    [
        Column::text(id, texts.iter().map(|row| Some(row.0))),
        Column::text("text", texts.iter().map(|row| Some(row.1))),
    ]
}
