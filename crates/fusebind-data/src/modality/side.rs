//! Side data as encoders read it: the tables of one side, joined.
//!
//! Comes in: [`ModalityTables`]. Goes out: [`SideData`], aligned with the drugs or the targets of the data set that the
//! tables were matched to. Assays that measure a target directly state the label: where the notes name the target they are
//! hidden from pairs with it, otherwise they are left out altogether.

use fusebind_features::entity::side::{Embeddings, Profiles, SideData};

use super::{ModalityTables, ProfileKind, Side};
use crate::table::{Dataset, Target};

impl ModalityTables {
    /// Side data of `side`. Of a text table with several variants, the first of `fields` that it has is read, or else its main
    /// one.
    pub fn side(&self, side: Side, fields: &[String], dataset: &Dataset) -> SideData {
        let mut data = SideData::default();
        for table in self.texts.iter().filter(|table| table.side == side) {
            let wanted = fields.iter().find(|field| table.fields.contains(field));
            let Some(field) = wanted.or(table.fields.first()) else {
                continue;
            };
            data.texts
                .resize(data.texts.len().max(table.of_entity.len()), Vec::new());
            for (entity, texts) in data.texts.iter_mut().enumerate() {
                texts.extend(table.texts(entity as u32, field).map(str::to_string));
            }
        }
        for table in self.profiles.iter().filter(|table| table.side == side) {
            match table.kind {
                ProfileKind::Transcriptome => data.transcriptome.append(&table.profiles),
                ProfileKind::Bioassay => data.bioassay.append(&self.indirect(&table.profiles)),
                ProfileKind::Embedding(modality) => data.embeddings.push(Embeddings {
                    modality,
                    rows: table.profiles.clone(),
                    encoder: None,
                }),
            }
        }
        if !data.bioassay.columns.is_empty() {
            data.measured = self.measured(&data.bioassay.columns, dataset);
        }
        data
    }

    /// Each assay with the targets that it measures.
    fn measured(&self, assays: &[String], dataset: &Dataset) -> Vec<(u32, u32)> {
        let names = |target: &Target, name: &str| {
            target.ids.iter().any(|id| id == name) || target.keys.values().any(|key| key == name)
        };
        let mut measured = Vec::new();
        for (assay, column) in assays.iter().enumerate() {
            let Some(name) = self.measured_target(column) else {
                continue;
            };
            let targets = dataset
                .targets
                .iter()
                .enumerate()
                .filter(|(_, target)| names(target, name));
            measured.extend(targets.map(|(target, _)| (assay as u32, target as u32)));
        }
        measured
    }

    /// Whether an assay is left out of every pair.
    fn is_left_out(&self, column: &str) -> bool {
        self.measures_target(column) == Some(true) && self.measured_target(column).is_none()
    }

    /// Names of the assays that are left out because they measure a target that the notes do not name.
    pub fn direct_assays(&self) -> Vec<&str> {
        let assays = self.profiles.iter().filter(|table| table.kind == ProfileKind::Bioassay);
        assays
            .flat_map(|table| &table.profiles.columns)
            .filter(|column| self.is_left_out(column))
            .map(String::as_str)
            .collect()
    }

    fn indirect(&self, all: &Profiles) -> Profiles {
        let kept: Vec<usize> = (0..all.columns.len())
            .filter(|&at| !self.is_left_out(&all.columns[at]))
            .collect();
        let rows = all.values.chunks(all.columns.len().max(1));
        Profiles {
            values: rows.flat_map(|row| kept.iter().map(|at| row[*at])).collect(),
            columns: kept.iter().map(|at| all.columns[*at].clone()).collect(),
            of_entity: all.of_entity.clone(),
        }
    }
}
