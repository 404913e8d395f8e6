//! How many entities and pairs each modality reaches.

use serde::Serialize;

use super::{ModalityTables, Side};
use crate::table::Dataset;

/// Reach of one modality, or of one variant of a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Table, and for further text variants `table:field`.
    pub name: String,
    /// Side that is described.
    pub side: Side,
    /// Entities with a value.
    pub entities: u64,
    /// Entities on this side.
    pub of_entities: u64,
    /// Interactions whose entity has a value.
    pub pairs: u64,
    /// Interactions.
    pub of_pairs: u64,
}

/// Which entities of a side have a value.
struct Presence {
    name: String,
    side: Side,
    present: Vec<bool>,
    /// A further variant of a text that was counted already.
    variant: bool,
}

impl ModalityTables {
    /// Coverage of each table by entities and by pairs; text variants have their own line.
    pub fn coverage(&self, dataset: &Dataset) -> Vec<Coverage> {
        self.presences()
            .into_iter()
            .map(|presence| presence.coverage(dataset))
            .collect()
    }

    /// Number of modality tables that describe the drug plus those that describe the target, per interaction.
    pub fn count_present(&self, dataset: &Dataset) -> Vec<u32> {
        let mut counts = [vec![0_u32; dataset.drugs.len()], vec![0_u32; dataset.targets.len()]];
        for presence in self.presences().iter().filter(|presence| !presence.variant) {
            let side = &mut counts[usize::from(presence.side == Side::Target)];
            side.iter_mut()
                .zip(&presence.present)
                .for_each(|(count, &present)| *count += u32::from(present));
        }
        let of = |side: usize, entity: u32| counts[side].get(entity as usize).copied().unwrap_or(0);
        dataset
            .interactions
            .iter()
            .map(|row| of(0, row.drug) + of(1, row.target))
            .collect()
    }

    fn presences(&self) -> Vec<Presence> {
        let mut presences = Vec::new();
        for table in &self.texts {
            for (at, field) in table.fields.iter().enumerate() {
                let present = |entity| table.texts(entity, field).next().is_some();
                presences.push(Presence {
                    name: if at == 0 {
                        table.name.clone()
                    } else {
                        format!("{}:{field}", table.name)
                    },
                    side: table.side,
                    present: (0..table.of_entity.len() as u32).map(present).collect(),
                    variant: at > 0,
                });
            }
        }
        presences.extend(self.profiles.iter().map(|table| Presence {
            name: table.name.clone(),
            side: table.side,
            present: table.profiles.of_entity.iter().map(|rows| !rows.is_empty()).collect(),
            variant: false,
        }));
        presences
    }
}

impl Presence {
    fn coverage(self, dataset: &Dataset) -> Coverage {
        let entity = |row: &crate::table::Interaction| match self.side {
            Side::Drug => row.drug,
            Side::Target => row.target,
        };
        let has = |row: &&crate::table::Interaction| self.present.get(entity(row) as usize).copied().unwrap_or(false);
        Coverage {
            entities: self.present.iter().filter(|&&present| present).count() as u64,
            of_entities: self.side.entities(dataset) as u64,
            pairs: dataset.interactions.iter().filter(has).count() as u64,
            of_pairs: dataset.interactions.len() as u64,
            name: self.name,
            side: self.side,
        }
    }
}
