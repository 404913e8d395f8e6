//! Side modalities as encoders read them: fitted on training entities, packed per batch.
//!
//! Comes in: [`SideData`] of the drugs or the targets. Goes out: [`SideSchema`] (what the terms, genes and assays of a model
//! are), [`SideStore`] (all entities of a run) and [`SideBatch`] (those of a batch). Axis legend: `V` terms, `G` genes, `A`
//! assays, `S` signatures.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{side_dims::SideDims, side_store::SideStore};
use crate::{
    entity::{
        pretrained::EncoderReference,
        side::{Embeddings, Profiles, SideData},
    },
    feature::{
        bioassay::{self, TOKENS},
        text::Vocabulary,
        transcriptome,
    },
    modality::{Modality, ModalitySet},
    rows::{InputScale, Rows},
    sparse_rows::SparseRows,
};

/// What the channels of the side modalities mean, fitted on training entities.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SideSchema {
    /// Terms of texts.
    pub vocabulary: Vocabulary,
    /// Genes of signatures.
    pub genes: Vec<String>,
    /// Assays.
    pub assays: Vec<String>,
    /// Embeddings from another model.
    pub embeddings: Vec<EmbeddingSchema>,
    /// Whether neighbours are found by embeddings as well.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub compare_embeddings: bool,
    /// Requested text columns; the first that a table has is read.
    pub text_fields: Vec<String>,
    /// Words that are read of a text in their order; 0 where only terms are.
    pub text_length: usize,
}

/// An embedding from another model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbeddingSchema {
    /// Modality that was embedded.
    pub modality: Modality,
    /// Scale of the channels, fitted on training entities.
    pub scale: InputScale,
    /// The encoder that computes it where the recipe names one; none for an embedding of a side table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoder: Option<EncoderReference>,
}

impl EmbeddingSchema {
    /// Whether `embeddings` are those that the model was trained on: the same encoder, or none, and the same width.
    pub fn reads(&self, embeddings: &Embeddings) -> bool {
        let encoded_alike = match (&self.encoder, &embeddings.encoder) {
            (Some(own), Some(other)) => own.is_same(other),
            (None, None) => true,
            _ => false,
        };
        let width = self.scale.mean.len();
        encoded_alike && embeddings.modality == self.modality && embeddings.rows.columns.len() == width
    }
}

impl SideSchema {
    /// Fits the modalities in `read` on the entities at `train`: at most `terms` terms, and the genes and assays that a
    /// training entity has a value of.
    pub fn fit(data: &SideData, train: &[u32], read: ModalitySet, terms: usize) -> Self {
        let measured = |profiles: &Profiles| -> Vec<String> {
            let mut seen = vec![false; profiles.columns.len()];
            for entity in train {
                for row in profiles.rows(*entity as usize) {
                    seen.iter_mut().zip(row).for_each(|(seen, v)| *seen |= v.is_finite());
                }
            }
            let columns = profiles.columns.iter().zip(seen);
            columns
                .filter(|(_, seen)| *seen)
                .map(|(name, _)| name.clone())
                .collect()
        };
        let mut schema = Self::default();
        if read.contains(Modality::Text) {
            schema.vocabulary = Vocabulary::fit(train.iter().map(|e| data.texts(*e as usize)), terms);
        }
        if read.contains(Modality::Transcriptome) {
            schema.genes = measured(&data.transcriptome);
        }
        if read.contains(Modality::Bioassay) {
            schema.assays = measured(&data.bioassay);
        }
        for embeddings in data.embeddings.iter().filter(|e| read.contains(e.modality)) {
            let own = train
                .iter()
                .filter_map(|entity| embeddings.rows.rows(*entity as usize).next());
            let rows = Rows {
                values: own.flatten().copied().collect(),
                width: embeddings.rows.columns.len(),
            };
            if !rows.values.is_empty() {
                schema.embeddings.push(EmbeddingSchema {
                    modality: embeddings.modality,
                    scale: InputScale::standard(&rows),
                    encoder: embeddings.encoder.clone(),
                });
            }
        }
        schema
    }

    /// Refuses a schema that training does not write: names that are there twice, a vocabulary without its weights.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn check(&self) -> Result<(), String> {
        if !self.vocabulary.is_whole() {
            return Err("a vocabulary whose terms are not in order, or without the weight of each".into());
        }
        for (what, names) in [("gene", &self.genes), ("assay", &self.assays)] {
            let mut seen = HashSet::new();
            if let Some(name) = names.iter().find(|name| !seen.insert(name.as_str())) {
                return Err(format!("the {what} `{name}` twice"));
            }
        }
        if self.embeddings.iter().any(|e| e.scale.mean.is_empty()) {
            return Err("an embedding without channels".into());
        }
        let encoded = |e: &EmbeddingSchema| e.encoder.as_ref().map(|r| (r.modality, r.width));
        let differs = |e: &EmbeddingSchema| encoded(e).is_some_and(|own| own != (e.modality, e.scale.mean.len()));
        match self.embeddings.iter().any(differs) {
            true => Err("an encoder of another modality or width than its embedding".into()),
            false => Ok(()),
        }
    }

    /// The encoders that the model was trained with.
    pub fn encoders(&self) -> impl Iterator<Item = &EncoderReference> {
        self.embeddings
            .iter()
            .filter_map(|embedding| embedding.encoder.as_ref())
    }

    /// Channels of each modality.
    pub fn channels(&self) -> SideDims {
        SideDims {
            text: self.vocabulary.len(),
            transcriptome: self.genes.len(),
            bioassay: TOKENS * self.assays.len(),
            embeddings: (self.embeddings.iter())
                .map(|e| (e.modality, e.scale.mean.len()))
                .collect(),
        }
    }

    /// Reads the side data of `entities` entities; with a note on everything that could not be used.
    pub fn store(&self, data: &SideData, entities: usize) -> (SideStore, Vec<String>) {
        let mut notes = Vec::new();
        let (text, cut) = self.vocabulary.rows((0..entities).map(|entity| data.texts(entity)));
        if cut > 0 {
            notes.push(format!(
                "the texts of {cut} entities are longer than {} words and were cut",
                crate::feature::text::MOST_WORDS
            ));
        }
        let genes = Places::new(&self.genes, &data.transcriptome);
        notes.extend(genes.unknown("genes", &data.transcriptome));
        let assays = Places::new(&self.assays, &data.bioassay);
        notes.extend(assays.unknown("assays", &data.bioassay));
        let channels = self.channels();
        let mut store = SideStore {
            words: (0..entities)
                .map(|entity| self.vocabulary.sequence(data.texts(entity), self.text_length))
                .collect(),
            text,
            signatures: Rows {
                values: Vec::new(),
                width: channels.transcriptome,
            },
            of_entity: Vec::with_capacity(entities),
            bioassay: SparseRows::default(),
            embeddings: Vec::new(),
            compare_embeddings: self.compare_embeddings,
            present: vec![ModalitySet::default(); entities],
            modality_weights: Vec::new(),
            channels,
        };
        push_signatures(&mut store, &data.transcriptome, &genes, entities);
        push_outcomes(&mut store, &data.bioassay, &assays, entities);
        for entity in (0..entities).filter(|entity| !store.text.row(*entity).0.is_empty()) {
            store.present[entity].insert(Modality::Text);
        }
        self.embed(data, entities, &mut store, &mut notes);
        (store, notes)
    }
}

/// Where the columns of a table stand among those of a model.
struct Places {
    /// `None` for a column that the model does not know.
    of_column: Vec<Option<usize>>,
    /// Columns of the model.
    width: usize,
}

impl Places {
    fn new(known: &[String], profiles: &Profiles) -> Self {
        let place: HashMap<&str, usize> = known.iter().enumerate().map(|(at, n)| (n.as_str(), at)).collect();
        let of_column = profiles.columns.iter().map(|n| place.get(n.as_str()).copied());
        Self {
            of_column: of_column.collect(),
            width: known.len(),
        }
    }

    /// A note on the columns that the model does not know, if it reads any such table.
    fn unknown(&self, what: &str, profiles: &Profiles) -> Option<String> {
        let unknown = self.of_column.iter().filter(|place| place.is_none()).count();
        let first = &profiles.columns[self.of_column.iter().position(Option::is_none)?];
        let all = self.of_column.len();
        (self.width > 0)
            .then(|| format!("{unknown} of {all} {what} are unknown to the model and were left out, `{first}` first"))
    }

    /// A row of the table as the model orders it, `[width]`; NaN for what it lacks.
    fn gather(&self, row: &[f32]) -> Vec<f32> {
        let mut own = vec![f32::NAN; self.width];
        for (place, value) in self.of_column.iter().zip(row) {
            if let Some(place) = place {
                own[*place] = *value;
            }
        }
        own
    }
}

fn push_signatures(store: &mut SideStore, profiles: &Profiles, genes: &Places, entities: usize) {
    let mut count = 0;
    for entity in 0..entities {
        let mut mine = Vec::new();
        for row in profiles.rows(entity).filter(|_| genes.width > 0) {
            let mut own = genes.gather(row);
            if transcriptome::normalise(&mut own) {
                store.signatures.values.extend(own);
                mine.push(count);
                count += 1;
            }
        }
        if !mine.is_empty() {
            store.present[entity].insert(Modality::Transcriptome);
        }
        store.of_entity.push(mine);
    }
}

fn push_outcomes(store: &mut SideStore, profiles: &Profiles, assays: &Places, entities: usize) {
    for entity in 0..entities {
        let outcomes = profiles
            .rows(entity)
            .flat_map(|row| bioassay::tokens(&assays.gather(row)).collect::<Vec<_>>());
        store.bioassay.push(outcomes.collect());
        if !store.bioassay.row(entity).0.is_empty() {
            store.present[entity].insert(Modality::Bioassay);
        }
    }
}

impl SideSchema {
    /// Reads the embeddings that the model knows: the first of the same modality and width.
    fn embed(&self, data: &SideData, entities: usize, store: &mut SideStore, notes: &mut Vec<String>) {
        let mut left: Vec<_> = data.embeddings.iter().collect();
        for schema in &self.embeddings {
            let width = schema.scale.mean.len();
            let mut rows = Rows::build(entities, width, |_, _| {});
            if let Some(at) = left.iter().position(|e| schema.reads(e)) {
                let source = left.remove(at);
                for (entity, out) in rows.values.chunks_mut(width).enumerate() {
                    if let Some(row) = source.rows.rows(entity).next() {
                        let scaled = row.iter().zip(&schema.scale.mean).zip(&schema.scale.factor);
                        out.iter_mut().zip(scaled).for_each(|(o, ((v, m), f))| *o = (v - m) * f);
                        store.present[entity].insert(schema.modality);
                    }
                }
            }
            store.embeddings.push((schema.modality, rows));
        }
        for other in left.into_iter().filter(|_| !self.embeddings.is_empty()) {
            notes.push(format!(
                "an embedding of {} with {} channels is unknown to the model and was left out",
                other.modality,
                other.rows.columns.len()
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        neighbours::{ReferenceEntities, ReferenceSet, SimilarityKind},
        quality::MismatchModel,
        reference::Reference,
        schema::DrugStore,
    };

    fn data() -> SideData {
        let texts = ["kinase inhibitor", "kinase ligand", "", "ligand"];
        SideData {
            texts: texts
                .map(|t| if t.is_empty() { vec![] } else { vec![t.to_string()] })
                .to_vec(),
            transcriptome: Profiles {
                columns: vec!["g1".into(), "g2".into()],
                values: vec![1.0, -2.0, 0.5, f32::NAN],
                of_entity: vec![vec![0, 1], vec![], vec![1], vec![]],
            },
            bioassay: Profiles {
                columns: vec!["a".into(), "b".into()],
                values: vec![1.0, f32::NAN],
                of_entity: vec![vec![], vec![0], vec![], vec![]],
            },
            embeddings: vec![Embeddings {
                modality: Modality::Text,
                rows: Profiles {
                    columns: vec!["0".into(), "1".into()],
                    values: vec![1.0, 5.0, 3.0, 5.0],
                    of_entity: vec![vec![0], vec![], vec![], vec![1]],
                },
                encoder: None,
            }],
            ..SideData::default()
        }
    }

    #[test]
    fn embeddings_are_scaled_and_missing_ones_add_nothing() {
        let schema = SideSchema::fit(&data(), &[0, 1, 3], ModalitySet::ALL, 10);
        assert_eq!(schema.channels().embeddings, [(Modality::Text, 2)]);
        let (store, _) = schema.store(&data(), 4);
        assert!(store.present(3).contains(Modality::Text) && !store.present(2).contains(Modality::Text));
        let all = [0, 1, 3].map(|e| (e, ModalitySet::default()));
        let rows = &store.batch(&all).embeddings[0].1;
        assert_eq!(
            rows.values,
            [-1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
            "a channel that never varies is 0"
        );
        assert!(
            store.batch(&[(0, ModalitySet::ALL)]).embeddings[0]
                .1
                .values
                .iter()
                .all(|v| *v == 0.0)
        );
        let mut other = data();
        other.embeddings[0].rows.columns.push("2".into());
        other.embeddings[0].rows.values = vec![0.0; 6];
        let (_, notes) = schema.store(&other, 4);
        assert!(notes.iter().any(|n| n.contains("3 channels is unknown")), "{notes:?}");
    }

    #[test]
    fn neighbours_are_found_by_embeddings_where_that_is_asked_for() {
        let mut data = data();
        data.embeddings.push(data.embeddings[0].clone());
        let mut schema = SideSchema::fit(&data, &[0, 1, 3], ModalitySet::ALL, 10);
        assert_eq!(schema.store(&data, 4).0.descriptors().len(), 3, "not unasked");
        schema.compare_embeddings = true;
        let (store, _) = schema.store(&data, 4);
        let all = store.descriptors();
        let (kind, embedded) = all.last().expect("four sources");
        assert_eq!((all.len(), *kind), (4, SimilarityKind::TextEmbedding));
        assert_eq!(
            [0, 1, 2, 3].map(|at| embedded.is_present(at)),
            [true, false, false, true]
        );
        let one = DrugStore::default().with_side(store.repeated(0, 2)).descriptors;
        assert_eq!(one.last().expect("the same sources").1, embedded.select(&[0, 0]));
        let side = ReferenceEntities {
            keys: vec!["a".into(), "b".into(), "c".into(), "d".into()],
            sources: all,
            ..ReferenceEntities::default()
        };
        let mut reference = Reference::new(ReferenceSet::default(), MismatchModel::default());
        reference.set.drugs = side;
        let other = SideSchema::default();
        assert_eq!(reference.check([&schema, &other]), Ok(()));
        schema.compare_embeddings = false;
        let found = reference.check([&schema, &other]).expect_err("is not read");
        assert!(found.contains("textembedding"), "{found}");
    }

    #[test]
    fn only_training_entities_decide_on_channels() {
        let schema = SideSchema::fit(&data(), &[0, 1], ModalitySet::ALL, 10);
        assert_eq!(
            schema.vocabulary.len(),
            1,
            "`kinase` only: `ligand` occurs once in training"
        );
        assert_eq!(
            (schema.genes.len(), schema.assays.as_slice()),
            (2, ["a".to_string()].as_slice())
        );
        let none = SideSchema::fit(&data(), &[0, 1], ModalitySet::default(), 10);
        assert_eq!(none.channels(), SideDims::default());
        assert!(schema.channels().modalities().contains(Modality::Text));
    }

    #[test]
    fn what_is_missing_or_masked_is_not_present() {
        let schema = SideSchema::fit(&data(), &[0, 1, 2, 3], ModalitySet::ALL, 10);
        let (store, notes) = schema.store(&data(), 4);
        assert_eq!(
            notes,
            ["1 of 2 assays are unknown to the model and were left out, `b` first"]
        );
        let of = |e: u32| store.present(e).iter().collect::<Vec<_>>();
        assert_eq!(of(0), [Modality::Text, Modality::Transcriptome]);
        assert_eq!(
            (of(1), of(2)),
            (vec![Modality::Text, Modality::Bioassay], vec![Modality::Transcriptome])
        );
        let batch = store.batch(&[(0, ModalitySet::default()), (0, ModalitySet::ALL)]);
        let (signatures, offsets) = batch.transcriptome.expect("is read");
        assert_eq!((signatures.values.len(), offsets.as_slice()), (4, [0, 2, 2].as_slice()));
        assert_eq!(store.descriptors().len(), 3);
    }
}
