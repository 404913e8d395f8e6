//! The reference set of a model: training entities with their labels, the scale of the neighbour features that they give, and the
//! mismatch model that weighs side values.
//!
//! Comes in: a [`ReferenceSet`] and stores of entities. Goes out: [`NeighbourTable`], one row per pair. Axis legend: `P` pairs.

use crate::{
    neighbours::{
        Descriptors, Layout, NeighbourTable, Queries, ReferenceEntities, ReferenceSet, SimilarityKind, extract,
    },
    quality::{MismatchModel, Table, TableQuality},
    rows::{InputScale, Rows},
    schema::{DrugStore, TargetStore},
};

/// Standardised channels are cut here: a neighbourhood unlike any in training says no more than a rare one.
const CUT: f32 = 5.0;

/// Training entities with their outcomes, and the scale of the evidence they give.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// Training entities and the labels of their pairs.
    pub set: ReferenceSet,
    /// Which neighbour feature is which.
    pub layout: Layout,
    /// Scale of the neighbour features, fitted on training pairs.
    pub scale: InputScale,
    /// Weighs the values of side modalities.
    pub mismatch: MismatchModel,
}

impl Reference {
    /// Reference from `reference`, not yet scaled; `mismatch` judges the side modalities of its entities and of others.
    pub fn new(reference: ReferenceSet, mismatch: MismatchModel) -> Self {
        Self {
            layout: reference.layout(),
            set: reference,
            scale: InputScale::default(),
            mismatch,
        }
    }

    /// Says of each entity of the stores how far its side modalities are trusted, and goes out with how much of what the drugs and the
    /// targets have is wrong. `tables` says where the values of each side are from. Comes before [`Reference::table`].
    pub fn judge(
        &self,
        drugs: &mut DrugStore,
        targets: &mut TargetStore,
        tables: [Table; 2],
    ) -> [Vec<TableQuality>; 2] {
        if self.mismatch.is_empty() {
            return Default::default();
        }
        let (of_drugs, of_targets) = self.queries((drugs, targets));
        let (drug_weights, drugs_suspected) = self.mismatch.modality_weights(0, &self.set.drugs, &of_drugs, tables[0]);
        let (target_weights, targets_suspected) =
            self.mismatch
                .modality_weights(1, &self.set.targets, &of_targets, tables[1]);
        drugs.side.set_modality_weights(drug_weights);
        targets.side.set_modality_weights(target_weights);
        [drugs_suspected, targets_suspected]
    }

    /// Fits the scale on `train`, the pairs that a model learns from; the table of these pairs.
    pub fn fit(&mut self, stores: (&DrugStore, &TargetStore), train: &[(u32, u32)]) -> NeighbourTable {
        self.scale = InputScale::default();
        let mut table = self.table(stores, train);
        let raw = Rows {
            values: std::mem::take(&mut table.values),
            width: self.layout.width(),
        };
        self.scale = InputScale::standard(&raw);
        table.values = raw.values;
        self.standardise(&mut table);
        table
    }

    /// Channels that a model reads per pair: values and absence flags.
    pub fn inputs(&self) -> usize {
        self.layout.width() + self.layout.blocks.len()
    }

    /// The last of these channels, which say what is absent.
    pub fn flags(&self) -> usize {
        self.layout.blocks.len()
    }

    /// Whether each entity has labels of its own in the reference: drugs, targets.
    pub fn is_known(&self, stores: (&DrugStore, &TargetStore)) -> [Vec<bool>; 2] {
        let (drugs, targets) = self.queries(stores);
        [drugs, targets].map(|queries| queries.own.iter().map(Option::is_some).collect())
    }

    fn queries<'s>(&self, (drugs, targets): (&'s DrugStore, &'s TargetStore)) -> (Queries<'s>, Queries<'s>) {
        fn of<'s>(
            side: &ReferenceEntities,
            keys: &'s [String],
            known: &'s [(SimilarityKind, Descriptors)],
        ) -> Queries<'s> {
            let wanted = |(source, _): &(SimilarityKind, Descriptors)| {
                let found = known.iter().find(|(own, _)| own == source);
                &found.expect("entities are described as the reference's are").1
            };
            Queries::new(
                side,
                keys.iter().map(String::as_str),
                side.sources.iter().map(wanted).collect(),
            )
        }
        (
            of(&self.set.drugs, &drugs.keys, &drugs.descriptors),
            of(&self.set.targets, &targets.keys, &targets.descriptors),
        )
    }

    /// Reference of `pairs` of positions in the stores.
    pub fn table(&self, stores: (&DrugStore, &TargetStore), pairs: &[(u32, u32)]) -> NeighbourTable {
        let (drugs, targets) = self.queries(stores);
        let rows = extract(&self.set, &drugs, &targets, pairs);
        let mut table = NeighbourTable {
            layout: self.layout.clone(),
            sources: [self.set.drugs.names(), self.set.targets.names()],
            values: rows.values,
            present: rows.present,
            empty: rows.empty,
            modality_weights: (pairs.iter())
                .map(|&(d, t)| [stores.0.side.modality_weights(d), stores.1.side.modality_weights(t)])
                .collect(),
        };
        if !self.scale.mean.is_empty() {
            self.standardise(&mut table);
        }
        table
    }

    fn standardise(&self, table: &mut NeighbourTable) {
        for values in [&mut table.values, &mut table.empty] {
            let mut rows = Rows {
                values: std::mem::take(values),
                width: self.layout.width(),
            };
            rows.rescale(&self.scale);
            rows.values.iter_mut().for_each(|v| *v = v.clamp(-CUT, CUT));
            *values = rows.values;
        }
    }
}
