//! The batches that everything is measured on: structure under a recipe, each entity once, neighbour features sampled at random.
//!
//! Goes out: batches, a model, and a safetensors file of the same for peers.

use std::{error::Error, path::Path};

use burn::tensor::Device;
use fusebind_data::{
    sampler::{BatchSampler, SamplerConfig, distinct_batch},
    table::Dataset,
};
use fusebind_features::{
    batch::{GraphBatch, PairIndex},
    feature::graph::{ATOM_FIELD_SIZES, ATOM_FIELDS, BOND_FIELD_SIZES, BOND_FIELDS},
    rows::{InputScale, Rows},
    schema::{DrugBatch, DrugStore, TargetBatch, TargetStore},
};
use fusebind_model::{
    checkpoint::{Archive, Array},
    encoder::graph::{bond_kind, bond_kinds},
    layer::embed::field_rows,
};
use fusebind_train::{objective::Labels, recipe::Recipe};
use safetensors::{Dtype, tensor::TensorView};

/// Values in a row of neighbour features.
const NEIGHBOUR_INPUTS: usize = 40;
/// Batches that are kept.
const BATCHES: usize = 8;
/// Length of SMILES and sequences in DeepDTA's tables.
const LENGTHS: [usize; 2] = [85, 1000];

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
        let (drugs, targets) = (drugs.scaled(&substructures), targets.scaled(&composition));
        let pairs: Vec<(u32, u32)> = dataset.interactions.iter().map(|i| (i.drug, i.target)).collect();
        let sampler = BatchSampler::new(SamplerConfig {
            batch_pairs: recipe.training.sampler.batch_pairs,
            ..SamplerConfig::default()
        });
        let mut drawn = 1u64;
        let mut draw = || {
            drawn = drawn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (drawn >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        };
        let batch = |positions: &Vec<u32>| {
            let own: Vec<(u32, u32)> = positions.iter().map(|p| pairs[*p as usize]).collect();
            let (of_drugs, of_targets, index) = distinct_batch(&own);
            let value = |p: &u32| {
                dataset.interactions[*p as usize]
                    .affinity
                    .map_or(0.0, |a| a.value as f32 - 5.5)
            };
            Batch {
                drugs: drugs.batch(&of_drugs),
                targets: targets.batch(&of_targets),
                pairs: index,
                of_drugs,
                neighbours: Rows {
                    values: (0..own.len() * NEIGHBOUR_INPUTS).map(|_| draw()).collect(),
                    width: NEIGHBOUR_INPUTS,
                },
                labels: Labels {
                    affinity: positions.iter().map(value).collect(),
                    measured: vec![1.0; own.len()],
                    bound: vec![0.0; own.len()],
                    binds: vec![0.0; own.len()],
                    annotated: vec![0.0; own.len()],
                },
            }
        };
        let batches = sampler.epoch(&pairs, 1, 0).iter().take(BATCHES).map(batch).collect();
        Ok(Self {
            dataset,
            recipe,
            drugs,
            targets,
            pairs,
            batches,
            device,
        })
    }

    /// Writes the first `count` batches for peers, see `benches/peers`.
    pub fn write(&self, count: usize, path: &Path) -> Result<(), Box<dyn Error>> {
        let mut arrays: Vec<(String, Dtype, Vec<usize>, Vec<u8>)> = Vec::new();
        let mut put_f32 = |name: String, shape: Vec<usize>, values: &[f32]| {
            let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
            arrays.push((name, Dtype::F32, shape, bytes));
        };
        for (i, batch) in self.batches.iter().take(count).enumerate() {
            let rows = [
                ("substructures", &batch.drugs.substructures),
                ("composition", &batch.targets.composition),
                ("neighbours", &batch.neighbours),
            ];
            for (name, rows) in rows {
                put_f32(
                    format!("{i}/{name}"),
                    vec![rows.values.len() / rows.width, rows.width],
                    &rows.values,
                );
            }
            put_f32(format!("{i}/label"), vec![batch.pairs.len()], &batch.labels.affinity);
        }
        let mut put = |name: String, shape: Vec<usize>, values: &mut dyn Iterator<Item = i64>| {
            arrays.push((name, Dtype::I64, shape, values.flat_map(|v| v.to_le_bytes()).collect()));
        };
        let rows = field_rows(&bond_kinds(), &BOND_FIELD_SIZES);
        let kinds = rows.len() / BOND_FIELDS;
        put(
            "bond_fields".into(),
            vec![kinds, BOND_FIELDS],
            &mut rows.iter().map(|r| i64::from(*r)),
        );
        let long = |values: &[u32]| values.iter().map(|v| i64::from(*v)).collect::<Vec<_>>();
        for (i, batch) in self.batches.iter().take(count).enumerate() {
            let graphs = &batch.drugs.graphs;
            let atoms = |g: &GraphBatch| -> Vec<i64> {
                field_rows(&g.atoms, &ATOM_FIELD_SIZES)
                    .iter()
                    .map(|r| i64::from(*r))
                    .collect()
            };
            let kinds: Vec<i64> = graphs.bonds.iter().map(|fields| i64::from(bond_kind(fields))).collect();
            // One graph for every pair, as a loader that knows no distinct drugs makes them.
            let each: Vec<u32> = batch.pairs.drug.clone();
            let singles = each
                .iter()
                .map(|d| &self.drugs.graphs[batch.of_drugs[*d as usize] as usize]);
            let per_pair = GraphBatch::pack(singles);
            let ends = |g: &GraphBatch| -> Vec<i64> {
                let of = |(atom, pair): (usize, &[u32])| (pair[0]..pair[1]).map(move |_| atom as i64);
                g.incoming.windows(2).enumerate().flat_map(of).collect()
            };
            let lists: [(&str, Vec<i64>, usize); 12] = [
                ("atoms", atoms(graphs), ATOM_FIELDS),
                ("incoming", long(&graphs.incoming), 1),
                ("source", long(&graphs.source), 1),
                ("kind", kinds, 1),
                ("offsets", long(&graphs.offsets), 1),
                ("drug", long(&batch.pairs.drug), 1),
                ("target", long(&batch.pairs.target), 1),
                ("pair_atoms", atoms(&per_pair), ATOM_FIELDS),
                ("pair_source", long(&per_pair.source), 1),
                ("pair_destination", ends(&per_pair), 1),
                ("pair_offsets", long(&per_pair.offsets), 1),
                ("smiles_tokens", self.tokens(i, 0), LENGTHS[0]),
            ];
            let proteins = ("protein_tokens", self.tokens(i, 1), LENGTHS[1]);
            for (name, values, width) in lists.into_iter().chain([proteins]) {
                let shape = if width == 1 {
                    vec![values.len()]
                } else {
                    vec![values.len() / width, width]
                };
                put(format!("{i}/{name}"), shape, &mut values.into_iter());
            }
        }
        let model = &self.recipe.model;
        let mut about = std::collections::HashMap::new();
        for (name, value) in [
            ("batches", count.to_string()),
            ("width", model.width.to_string()),
            ("dropout", model.dropout.to_string()),
            ("graph_layers", model.graph.layers.to_string()),
            ("graph_channels", model.graph.dim.to_string()),
            ("substructures", model.graph.substructures.to_string()),
            ("composition", model.sequence.composition.to_string()),
            ("pair_channels", model.interaction.dim.to_string()),
            ("pair_layers", model.interaction.layers.to_string()),
            ("pair_dropout", model.interaction.dropout.to_string()),
            ("neighbour_inputs", NEIGHBOUR_INPUTS.to_string()),
            ("neighbour_dim", model.neighbours.dim.to_string()),
            ("retrieval_channels", model.retrieval.dim.to_string()),
            ("atom_rows", ATOM_FIELD_SIZES.iter().sum::<usize>().to_string()),
            ("bond_rows", BOND_FIELD_SIZES.iter().sum::<usize>().to_string()),
            ("neighbour_head_weight", "1.0".into()),
            ("retrieval_weight", self.recipe.training.objective.retrieval.to_string()),
        ] {
            about.insert(name.to_string(), value);
        }
        let views: Vec<(&String, TensorView<'_>)> = arrays
            .iter()
            .map(|(name, dtype, shape, bytes)| Ok((name, TensorView::new(*dtype, shape.clone(), bytes)?)))
            .collect::<Result<_, safetensors::SafeTensorError>>()?;
        safetensors::serialize_to_file(views, Some(about), path)?;
        Ok(())
    }

    /// Characters of the SMILES (0) or the sequence (1) of each pair, cut and padded with 0.
    fn tokens(&self, i: usize, side: usize) -> Vec<i64> {
        let batch = &self.batches[i];
        let length = LENGTHS[side];
        let pad = |text: &str, alphabet: i64| -> Vec<i64> {
            let mut tokens: Vec<i64> = text
                .bytes()
                .take(length)
                .map(|b| i64::from(b) % (alphabet - 1) + 1)
                .collect();
            tokens.resize(length, 0);
            tokens
        };
        let sequences = &batch.targets.sequences;
        let text = |pair: usize| match side {
            0 => {
                let drug = batch.of_drugs[batch.pairs.drug[pair] as usize] as usize;
                pad(&self.dataset.drugs[drug].molecule.smiles, 64)
            }
            _ => {
                let target = batch.pairs.target[pair] as usize;
                let residues =
                    &sequences.residues[sequences.offsets[target] as usize..sequences.offsets[target + 1] as usize];
                let mut tokens: Vec<i64> = residues.iter().take(length).map(|r| i64::from(*r) % 25 + 1).collect();
                tokens.resize(length, 0);
                tokens
            }
        };
        (0..batch.pairs.len()).flat_map(text).collect()
    }
}

/// Number of parameters of a model.
pub fn parameters(archive: &Archive) -> usize {
    archive.arrays.values().map(|Array { values, .. }| values.len()).sum()
}
