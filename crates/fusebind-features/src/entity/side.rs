//! Side data of many entities: what is known about a drug or a target beside its structure.
//!
//! Comes in: tables, matched to entities. Goes out: [`SideData`], aligned with the drugs or the targets of a data set. What
//! was not measured is missing, never zero. Axis legend: `G` genes, `A` assays.

use std::collections::BTreeMap;

use rand::{Rng, RngExt};

use super::pretrained::EncoderReference;
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
    /// Assays that measure a target of the data set: position among the assays, and the target. To a pair with that target
    /// such an assay states the label, and it is left out of that pair alone.
    pub measured: Vec<(u32, u32)>,
}

/// Drugs as a pair may use them: all side data of a drug, or all but the assays that measure the pair's target.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DrugRows {
    /// Side data of all rows: the drugs, and behind them the further rows.
    pub side: SideData,
    /// Drug of each further row.
    pub drugs: Vec<u32>,
    /// Row and target of each pair.
    pub pairs: Vec<(u32, u32)>,
}

impl DrugRows {
    /// Rows of `drugs` drugs with the given side data for pairs of drug and target.
    pub fn new(side: &SideData, drugs: usize, pairs: &[(u32, u32)]) -> Self {
        let mut drug_rows = Self {
            side: side.clone(),
            drugs: Vec::new(),
            pairs: pairs.to_vec(),
        };
        if side.measured.is_empty() {
            return drug_rows;
        }
        let mut assays_of: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (assay, target) in &side.measured {
            assays_of.entry(*target).or_default().push(*assay);
        }
        let mut rows: BTreeMap<(u32, u32), u32> = BTreeMap::new();
        drug_rows.side.pad(drugs);
        for pair in &mut drug_rows.pairs {
            let Some(assays) = assays_of.get(&pair.1) else {
                continue;
            };
            let tested = |row: &[f32]| assays.iter().any(|a| row[*a as usize].is_finite());
            if side.bioassay.rows(pair.0 as usize).any(tested) {
                let next = (drugs + drug_rows.drugs.len()) as u32;
                let row = *rows.entry(*pair).or_insert_with(|| {
                    drug_rows.side.push_without_assays(pair.0, assays);
                    drug_rows.drugs.push(pair.0);
                    next
                });
                pair.0 = row;
            }
        }
        drug_rows
    }
}

/// Embeddings of one modality from another model, at most one row per entity.
#[derive(Clone, Debug, PartialEq)]
pub struct Embeddings {
    /// Modality that was embedded.
    pub modality: Modality,
    /// Rows over nameless channels.
    pub rows: Profiles,
    /// The encoder of the recipe that computed them; none for those of a side table.
    pub encoder: Option<EncoderReference>,
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
    /// Gives every modality a list for each of `entities` entities.
    pub fn pad(&mut self, entities: usize) {
        self.texts.resize(entities, Vec::new());
        let profiles = [&mut self.transcriptome, &mut self.bioassay].into_iter();
        let embedded = self.embeddings.iter_mut().map(|e| &mut e.rows);
        profiles
            .chain(embedded)
            .for_each(|p| p.of_entity.resize(entities, Vec::new()));
    }

    /// Appends a permuted copy of each of `entities` that has side values. Each modality is taken from a random one of `entities`
    /// that has it, some from the entity itself. Returns the copied entities, in order.
    pub fn push_permuted_copies(&mut self, entities: &[u32], random: &mut impl Rng) -> Vec<u32> {
        let having = |has: &dyn Fn(usize) -> bool| -> Vec<u32> {
            entities.iter().copied().filter(|e| has(*e as usize)).collect()
        };
        let permuted_from = [
            having(&|e| !self.texts[e].is_empty()),
            having(&|e| !self.transcriptome.of_entity[e].is_empty()),
            having(&|e| !self.bioassay.of_entity[e].is_empty()),
        ];
        let mut copied = Vec::new();
        for &entity in entities {
            let mut source =
                |permuted_from: &[u32]| match permuted_from.binary_search(&entity).is_ok() && random.random_bool(0.7) {
                    true => permuted_from[random.random_range(0..permuted_from.len())] as usize,
                    false => entity as usize,
                };
            let [text, transcriptome, bioassay] = [0, 1, 2].map(|m| source(&permuted_from[m]));
            if [text, transcriptome, bioassay]
                .iter()
                .all(|from| *from == entity as usize)
            {
                continue;
            }
            self.texts.push(self.texts[text].clone());
            let rows = &mut self.transcriptome.of_entity;
            rows.push(rows[transcriptome].clone());
            let rows = &mut self.bioassay.of_entity;
            rows.push(rows[bioassay].clone());
            for embeddings in &mut self.embeddings {
                // What the recipe's encoder made of a text goes with the text.
                let from = match (embeddings.modality, &embeddings.encoder) {
                    (Modality::Text, Some(_)) => text,
                    _ => entity as usize,
                };
                let rows = &mut embeddings.rows.of_entity;
                rows.push(rows[from].clone());
            }
            copied.push(entity);
        }
        copied
    }

    /// Appends a copy of an entity that was not tested in `assays`.
    fn push_without_assays(&mut self, entity: u32, assays: &[u32]) {
        let entity = entity as usize;
        self.texts.push(self.texts[entity].clone());
        let shared = [&mut self.transcriptome]
            .into_iter()
            .chain(self.embeddings.iter_mut().map(|e| &mut e.rows));
        shared.for_each(|p| p.of_entity.push(p.of_entity[entity].clone()));
        let width = self.bioassay.columns.len();
        let mut rows = Vec::new();
        for row in self.bioassay.of_entity[entity].clone() {
            let start = row as usize * width;
            let mut values = self.bioassay.values[start..start + width].to_vec();
            assays.iter().for_each(|a| values[*a as usize] = f32::NAN);
            rows.push((self.bioassay.values.len() / width) as u32);
            self.bioassay.values.extend(values);
        }
        self.bioassay.of_entity.push(rows);
    }

    /// Descriptions of an entity.
    pub fn texts(&self, entity: usize) -> &[String] {
        self.texts.get(entity).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assay_of_the_very_target_is_hidden_from_that_pair_alone() {
        let side = SideData {
            texts: vec![vec!["x".into()]],
            bioassay: Profiles {
                columns: vec!["a".into(), "b".into()],
                values: vec![1.0, 0.0, f32::NAN, 1.0],
                of_entity: vec![vec![0], vec![1]],
            },
            measured: vec![(0, 7)],
            ..SideData::default()
        };
        let drug_rows = DrugRows::new(&side, 2, &[(0, 7), (0, 3), (1, 7), (0, 7)]);
        assert_eq!(drug_rows.drugs, [0], "drug 1 was never tested in the assay");
        assert_eq!(drug_rows.pairs, [(2, 7), (0, 3), (1, 7), (2, 7)]);
        let row = |entity| {
            drug_rows
                .side
                .bioassay
                .rows(entity)
                .next()
                .map(<[f32]>::to_vec)
                .expect("was tested")
        };
        assert!(row(2)[0].is_nan() && row(2)[1] == 0.0 && row(0) == [1.0, 0.0]);
        assert_eq!(
            (drug_rows.side.texts(2), drug_rows.side.texts(1).len()),
            (["x".to_string()].as_slice(), 0)
        );
        let plain = DrugRows::new(&SideData::default(), 2, &[(0, 7)]);
        assert_eq!((plain.pairs, plain.drugs.len()), (vec![(0, 7)], 0));
    }

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
        assert_eq!(profiles.rows(7).count(), 0, "an entity that is in no table");
    }
}
