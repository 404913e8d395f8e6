//! The batches that everything is measured on: structure under a recipe, each entity once, neighbour features sampled at random.
//!
//! Goes out: batches, stores and the recipe of a model.

use std::error::Error;

use burn::tensor::Device;
use fusebind_data::{
    sampler::{BatchSampler, SamplerConfig, distinct_batch},
    table::Dataset,
};
use fusebind_features::{
    batch::PairIndex,
    random::Stream,
    rows::{InputScale, Rows},
    schema::{DrugBatch, DrugStore, TargetBatch, TargetStore},
};
use fusebind_model::checkpoint::{Archive, Array};
use fusebind_train::{objective::Labels, recipe::Recipe};

/// Values in a row of neighbour features.
pub const NEIGHBOUR_INPUTS: usize = 40;
/// Batches that are kept.
const BATCHES: usize = 8;

/// One batch.
pub struct Batch {
    /// Rows of the distinct drugs in the store.
    pub of_drugs: Vec<u32>,
    pub drugs: DrugBatch,
    pub targets: TargetBatch,
    pub pairs: PairIndex,
    pub neighbours: Rows,
    pub labels: Labels,
}

/// What is measured on.
pub struct Bench<'a> {
    pub dataset: &'a Dataset,
    pub recipe: Recipe,
    pub drugs: DrugStore,
    pub targets: TargetStore,
    pub pairs: Vec<(u32, u32)>,
    pub batches: Vec<Batch>,
    pub device: Device,
}

impl<'a> Bench<'a> {
    pub fn new(dataset: &'a Dataset, recipe: &str, device: Device) -> Result<Self, Box<dyn Error>> {
        let mut recipe = Recipe::open(recipe)?;
        recipe.model.neighbours.inputs = NEIGHBOUR_INPUTS;
        (recipe.model.heads.affinities, recipe.model.heads.binding) = (1, false);
        recipe.model.alignment.dim = 0;
        let drugs = DrugStore::new(
            dataset.drugs.iter().map(|d| &d.molecule),
            recipe.model.graph.substructures,
        );
        let targets = TargetStore::new(
            dataset.targets.iter().map(|t| &t.protein),
            recipe.model.sequence.composition,
        );
        let all = |count: usize| (0..count as u32).collect::<Vec<_>>();
        let substructures = InputScale::fit(&drugs.substructures, &all(dataset.drugs.len()));
        let composition = InputScale::fit(&targets.composition, &all(dataset.targets.len()));
        let mut bench = Self {
            dataset,
            drugs: drugs.scaled(&substructures),
            targets: targets.scaled(&composition),
            pairs: dataset.interactions.iter().map(|i| (i.drug, i.target)).collect(),
            batches: Vec::new(),
            recipe,
            device,
        };
        let sampler = BatchSampler::new(SamplerConfig {
            batch_pairs: bench.recipe.training.sampler.batch_pairs,
            ..SamplerConfig::default()
        });
        let batches = sampler.epoch(&bench.pairs, 1, 0).into_iter().take(BATCHES);
        bench.batches = batches
            .enumerate()
            .map(|(number, positions)| bench.batch(Stream::new(1).child(number as u64), &positions))
            .collect();
        Ok(bench)
    }

    /// The batch of the pairs at `positions`, with neighbour features from `stream`.
    fn batch(&self, stream: Stream, positions: &[u32]) -> Batch {
        let own: Vec<(u32, u32)> = positions.iter().map(|p| self.pairs[*p as usize]).collect();
        let (of_drugs, of_targets, index) = distinct_batch(&own);
        let affinity = |p: &u32| {
            let affinity = self.dataset.interactions[*p as usize].affinity;
            affinity.map_or(0.0, |a| a.value as f32 - 5.5)
        };
        let feature = |at: usize| 2.0 * stream.child(at as u64).unit() as f32 - 1.0;
        Batch {
            drugs: self.drugs.batch(&of_drugs),
            targets: self.targets.batch(&of_targets),
            pairs: index,
            of_drugs,
            neighbours: Rows {
                values: (0..own.len() * NEIGHBOUR_INPUTS).map(feature).collect(),
                width: NEIGHBOUR_INPUTS,
            },
            labels: Labels {
                affinity: positions.iter().map(affinity).collect(),
                measured: vec![1.0; own.len()],
                bound: vec![0.0; own.len()],
                binds: vec![0.0; own.len()],
                annotated: vec![0.0; own.len()],
                ..Labels::default()
            },
        }
    }
}

/// Number of parameters of a model.
pub fn parameters(archive: &Archive) -> usize {
    archive.arrays.values().map(|Array { values, .. }| values.len()).sum()
}
