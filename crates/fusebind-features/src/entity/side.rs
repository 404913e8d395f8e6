//! Side data of many entities: what is known of a drug or a target beside its structure.
//!
//! Comes in: tables, matched to entities. Goes out: [`SideData`], aligned with the drugs or the targets of a data set. What
//! was not measured is missing, never zero. Axis legend: `G` genes, `A` assays.

use crate::modality::Modality;

/// Side data of the entities of one side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SideData {
    /// Descriptions of each entity.
    pub texts: Vec<Vec<String>>,
    /// Expression signatures over genes; an entity may have several.
    pub transcriptome: Profiles,
    /// Outcomes over assays: 1 active, 0 inactive, any other number a value, NaN not tested.
    pub bioassay: Profiles,
    /// Embeddings that another model computed.
    pub embeddings: Vec<Embeddings>,
}

/// Embeddings of one modality from another model, at most one row per entity.
#[derive(Clone, Debug, PartialEq)]
pub struct Embeddings {
    /// Modality that was embedded.
    pub modality: Modality,
    /// Rows over nameless channels.
    pub rows: Profiles,
}

/// Numeric rows over named columns.
#[derive(Clone, Debug, Default)]
pub struct Profiles {
    /// Names of the genes or assays.
    pub columns: Vec<String>,
    /// Rows behind each other, `[rows, columns]`; NaN where not measured.
    pub values: Vec<f32>,
    /// Rows of each entity.
    pub of_entity: Vec<Vec<u32>>,
}

/// Missing values are equal to each other here.
impl PartialEq for Profiles {
    fn eq(&self, other: &Self) -> bool {
        let bits = |p: &Self| p.values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        (&self.columns, &self.of_entity) == (&other.columns, &other.of_entity) && bits(self) == bits(other)
    }
}

impl Profiles {
    /// Rows of an entity; none where nothing is known.
    pub fn rows(&self, entity: usize) -> impl Iterator<Item = &[f32]> {
        let width = self.columns.len();
        let rows = self.of_entity.get(entity).map_or(&[][..], Vec::as_slice);
        rows.iter()
            .map(move |row| &self.values[*row as usize * width..(*row as usize + 1) * width])
    }

    /// Adds rows over `columns`, aligned with the same entities; columns that are new are missing in older rows.
    pub fn append(&mut self, other: &Self) {
        let mut place = Vec::with_capacity(other.columns.len());
        let mut columns = self.columns.clone();
        let known: std::collections::HashMap<&str, usize> = self
            .columns
            .iter()
            .enumerate()
            .map(|(at, name)| (name.as_str(), at))
            .collect();
        for name in &other.columns {
            place.push(known.get(name.as_str()).copied().unwrap_or_else(|| {
                columns.push(name.clone());
                columns.len() - 1
            }));
        }
        let (old, new) = (self.columns.len(), columns.len());
        let mut values = Vec::new();
        let mut rows = 0u32;
        if old > 0 {
            for row in self.values.chunks(old) {
                values.extend_from_slice(row);
                values.resize(values.len() + new - old, f32::NAN);
                rows += 1;
            }
        }
        for row in other.values.chunks(other.columns.len().max(1)) {
            let start = values.len();
            values.resize(start + new, f32::NAN);
            for (at, value) in place.iter().zip(row) {
                values[start + at] = *value;
            }
        }
        self.of_entity
            .resize(self.of_entity.len().max(other.of_entity.len()), Vec::new());
        for (mine, theirs) in self.of_entity.iter_mut().zip(&other.of_entity) {
            mine.extend(theirs.iter().map(|row| row + rows));
        }
        self.columns = columns;
        self.values = values;
    }
}

impl SideData {
    /// Descriptions of an entity.
    pub fn texts(&self, entity: usize) -> &[String] {
        self.texts.get(entity).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_over_other_columns_are_joined() {
        let of = |columns: &[&str], values: &[f32], of_entity: Vec<Vec<u32>>| Profiles {
            columns: columns.iter().map(|c| c.to_string()).collect(),
            values: values.to_vec(),
            of_entity,
        };
        let mut profiles = of(&["a", "b"], &[1.0, 2.0], vec![vec![0], vec![]]);
        profiles.append(&of(&["b", "c"], &[3.0, 4.0, 5.0, 6.0], vec![vec![1], vec![0]]));
        assert_eq!(profiles.columns, ["a", "b", "c"]);
        let rows: Vec<Vec<f32>> = profiles.rows(0).map(<[f32]>::to_vec).collect();
        assert_eq!((rows.len(), &rows[0][..2]), (2, [1.0, 2.0].as_slice()));
        assert!(rows[0][2].is_nan() && rows[1][0].is_nan());
        assert_eq!(rows[1][1..], [5.0, 6.0]);
        assert_eq!(profiles.rows(1).count(), 1);
        assert_eq!(profiles.rows(7).count(), 0, "an entity that no table knows");
    }
}
