//! The reference set of a model: training entities with their labels, the scale of the neighbour features that they give, and the
//! mismatch model that weighs side values.
//!
//! Comes in: a [`ReferenceSet`] and stores of entities. Goes out: [`NeighbourTable`], one row per pair. Axis legend: `P` pairs.

use crate::{
    neighbours::{
        Descriptors, EntityEvidence, Layout, NeighbourTable, Queries, ReferenceEntities, ReferenceSet, SimilarityKind,
        evidence, extract, similar,
    },
    quality::{MismatchModel, MismatchRates, TableQuality},
    rows::{InputScale, Rows},
    schema::{DrugStore, TargetStore},
};

/// Standardised channels are cut here: a neighbourhood unlike any in training counts no more than a rare one.
const CUT: f32 = 5.0;

/// Training entities with their outcomes, and the scale of the neighbour features they give.
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
    /// What the training data call its drugs and its targets, in the order of the set; empty where nobody said.
    pub names: [Vec<String>; 2],
}

impl Reference {
    /// A reference of the given set, not yet scaled; `mismatch` weighs the side values of its entities and of others.
    pub fn new(reference: ReferenceSet, mismatch: MismatchModel) -> Self {
        Self {
            layout: reference.layout(),
            set: reference,
            scale: InputScale::default(),
            mismatch,
            names: Default::default(),
        }
    }

    /// Sets the modality weights of every entity of the stores from the mismatch `rates`, and returns how many values of each table
    /// look mismatched. Comes before [`Reference::table`].
    pub fn weigh(
        &self,
        drugs: &mut DrugStore,
        targets: &mut TargetStore,
        rates: &MismatchRates,
    ) -> [Vec<TableQuality>; 2] {
        let own = [drugs.keys.len(), targets.keys.len()];
        self.weigh_own(drugs, targets, rates, own)
    }

    /// [`Reference::weigh`] where entities from position `own` on (drugs, targets) are permuted copies.
    pub fn weigh_own(
        &self,
        drugs: &mut DrugStore,
        targets: &mut TargetStore,
        rates: &MismatchRates,
        own: [usize; 2],
    ) -> [Vec<TableQuality>; 2] {
        if self.mismatch.is_empty() {
            return Default::default();
        }
        let (of_drugs, of_targets) = self.queries((drugs, targets));
        let weigh = |side: usize, reference: &ReferenceEntities, queried: &Queries<'_>| {
            let comparison = self.mismatch.compare(side, reference, queried);
            let used = rates.side(side);
            let weights = self
                .mismatch
                .modality_weights(side, reference, &comparison, used, own[side]);
            let estimated = self.mismatch.estimate(side, reference, &comparison);
            let quality = estimated.into_iter().map(|(modality, rate)| TableQuality {
                modality,
                mismatch_rate: rate.rate,
                used: used.get(&modality).map_or(0.0, |used| used.rate),
                values: rate.values,
            });
            (weights, quality.collect())
        };
        let (drug_weights, drug_quality) = weigh(0, &self.set.drugs, &of_drugs);
        let (target_weights, target_quality) = weigh(1, &self.set.targets, &of_targets);
        drugs.side.set_modality_weights(drug_weights);
        targets.side.set_modality_weights(target_weights);
        [drug_quality, target_quality]
    }

    /// Mismatch rates of the training tables.
    pub fn training_rates(&self) -> MismatchRates {
        self.mismatch.training_rates(&self.set)
    }

    /// Estimates the mismatch rates of the tables that the entities of the stores come from.
    pub fn estimate_rates(&self, drugs: &DrugStore, targets: &TargetStore) -> MismatchRates {
        let (of_drugs, of_targets) = self.queries((drugs, targets));
        let estimate = |side: usize, reference: &ReferenceEntities, queried: &Queries<'_>| {
            let comparison = self.mismatch.compare(side, reference, queried);
            self.mismatch.estimate(side, reference, &comparison)
        };
        MismatchRates {
            drug: estimate(0, &self.set.drugs, &of_drugs),
            target: estimate(1, &self.set.targets, &of_targets),
        }
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

    /// The last of these channels, which flag absent blocks.
    pub fn flags(&self) -> usize {
        self.layout.blocks.len()
    }

    /// Whether each entity has labels of its own in the reference: drugs, targets.
    pub fn is_known(&self, stores: (&DrugStore, &TargetStore)) -> [Vec<bool>; 2] {
        let (drugs, targets) = self.queries(stores);
        let is_known =
            |queries: &Queries<'_>, at: usize| queries.own[at].is_some() || queries.counterpart(at).is_some();
        [drugs, targets].map(|queries| (0..queries.own.len()).map(|at| is_known(&queries, at)).collect())
    }

    /// What the training data call a drug (`side` 0) or a target (1); its structure where nobody said.
    pub fn name(&self, side: usize, id: u32) -> &str {
        let entities = [&self.set.drugs, &self.set.targets][side];
        let known = self.names[side].get(id as usize).or(entities.keys.get(id as usize));
        known.map_or("", String::as_str)
    }

    /// What is known of the drugs and targets of the stores at the positions `wanted`.
    pub fn evidence(&self, stores: (&DrugStore, &TargetStore), wanted: [&[u32]; 2]) -> [Vec<EntityEvidence>; 2] {
        let (drugs, targets) = self.queries(stores);
        [
            evidence(&self.set, 0, &drugs, wanted[0]),
            evidence(&self.set, 1, &targets, wanted[1]),
        ]
    }

    /// For a pair of positions in the stores, the similarity of each training drug and of each training target, with what a label of
    /// it counts: see [`similar`].
    pub fn similar(&self, stores: (&DrugStore, &TargetStore), pair: (u32, u32)) -> [Vec<(f32, f32)>; 2] {
        let (drugs, targets) = self.queries(stores);
        [
            similar(&self.set, 0, &drugs, pair.0),
            similar(&self.set, 1, &targets, pair.1),
        ]
    }

    /// Positions of the drug and of the target of a pair in the reference, where they are in it letter for letter.
    pub fn own(&self, stores: (&DrugStore, &TargetStore), pair: (u32, u32)) -> [Option<u32>; 2] {
        let (drugs, targets) = self.queries(stores);
        [drugs.own[pair.0 as usize], targets.own[pair.1 as usize]]
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
        let targets = Queries {
            counterparts: &targets.counterparts,
            ..of(&self.set.targets, &targets.keys, &targets.descriptors)
        };
        (of(&self.set.drugs, &drugs.keys, &drugs.descriptors), targets)
    }

    /// Neighbour features of `pairs` of positions in the stores.
    pub fn table(&self, stores: (&DrugStore, &TargetStore), pairs: &[(u32, u32)]) -> NeighbourTable {
        let (drugs, targets) = self.queries(stores);
        let rows = extract(&self.set, &drugs, &targets, pairs);
        let mut table = NeighbourTable {
            layout: self.layout.clone(),
            sources: [self.set.drugs.names(), self.set.targets.names()],
            values: rows.values,
            present: rows.present,
            empty: rows.empty,
            excess: rows.excess,
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
