//! Encoder of the `graph` modality: message passing over the molecular graph, beside a path for counted substructures.
//!
//! Atoms: `h0 = sum of field embeddings`; each layer `h <- h + W2 relu(norm(W1 (h + sum over incoming bonds of
//! relu(h[u] + b[kind]))))`, the residual form of GINE (Hu et al. 2020, arXiv:1905.12265). Pooling: channel-wise softmax
//! attention `sum(exp(s) h) / sum(exp(s))` beside a scaled sum, which keeps molecular size. Substructures: folded,
//! log-scaled counts of circular substructures (Rogers & Hahn 2010, doi 10.1021/ci100050t) through a dense layer. The two
//! paths are added.
//!
//! Comes in: [`DrugBatch`]. Goes out: `[B, D]`.

use std::sync::Arc;

use burn::{
    module::Module,
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor, TensorData},
};
use fusebind_features::{
    entity::pretrained::PretrainedConfig,
    feature::graph::{ATOM_FIELD_SIZES, ATOM_FIELDS, BOND_FIELD_SIZES, BOND_FIELDS},
    schema::DrugBatch,
};
use serde::{Deserialize, Serialize};

use super::{Encoder, EncoderConfig, path, sum};
use crate::{
    Error, ErrorKind,
    layer::{
        dense::dense,
        dropout::Dropout,
        edge::{Bonds, aggregate},
        embed::{FieldEmbedding, field_rows},
        norm::LayerNorm,
        pool::attention_pool,
        segment::segment_sum,
    },
    limits,
};

/// Configuration of [`GraphEncoder`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GraphEncoderConfig {
    /// Rounds of message passing; 0 switches the graph path off.
    pub layers: usize,
    /// Channels of an atom state.
    pub dim: usize,
    /// Channels of the folded substructure counts; 0 switches the substructure path off.
    pub substructures: usize,
    /// Dropout of whole substructure inputs.
    pub input_dropout: f64,
    /// A frozen encoder whose embeddings of SMILES are added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pretrained: Option<PretrainedConfig>,
}

impl Default for GraphEncoderConfig {
    fn default() -> Self {
        Self {
            layers: 3,
            dim: 96,
            substructures: 2048,
            input_dropout: 0.0,
            pretrained: None,
        }
    }
}

impl EncoderConfig for GraphEncoderConfig {
    type Encoder = GraphEncoder;

    fn check(&self) -> Result<(), Error> {
        let channels = [("graph.dim", self.dim), ("graph.substructures", self.substructures)];
        limits::all_at_most(limits::MOST_CHANNELS, &channels)?;
        limits::at_most("graph.layers", self.layers, limits::MOST_LAYERS)?;
        if self.layers == 0 && self.substructures == 0 {
            return Err(Error::new(
                ErrorKind::Config,
                "graph encoder: `layers` and `substructures` are both 0",
            ));
        }
        if self.layers > 0 && self.dim == 0 {
            return Err(Error::new(ErrorKind::Config, "graph encoder: `dim` must be above 0"));
        }
        if !(0.0..1.0).contains(&self.input_dropout) {
            return Err(Error::new(
                ErrorKind::Config,
                "graph encoder: `input_dropout` must lie in [0, 1)",
            ));
        }
        Ok(())
    }

    fn init(&self, _inputs: usize, width: usize, device: &Device) -> GraphEncoder {
        let message = (self.layers > 0).then(|| MessagePath {
            atoms: FieldEmbedding::new(&ATOM_FIELD_SIZES, self.dim, device),
            rounds: (0..self.layers).map(|_| Round::new(self.dim, device)).collect(),
            norm: LayerNorm::new(self.dim, device),
            score: LinearConfig::new(self.dim, self.dim).init(device),
            output: LinearConfig::new(2 * self.dim, width).init(device),
        });
        let substructure = (self.substructures > 0).then(|| SubstructurePath {
            dropout: Dropout::new(self.input_dropout),
            linear: LinearConfig::new(self.substructures, width).init(device),
        });
        GraphEncoder { message, substructure }
    }
}

/// Encodes molecular graphs, see the file's header.
#[derive(Module, Debug)]
pub struct GraphEncoder {
    message: Option<MessagePath>,
    substructure: Option<SubstructurePath>,
}

#[derive(Module, Debug)]
struct SubstructurePath {
    dropout: Dropout,
    linear: Linear,
}

#[derive(Module, Debug)]
struct MessagePath {
    atoms: FieldEmbedding,
    rounds: Vec<Round>,
    norm: LayerNorm,
    score: Linear,
    output: Linear,
}

#[derive(Module, Debug)]
struct Round {
    bonds: FieldEmbedding,
    first: Linear,
    norm: LayerNorm,
    second: Linear,
}

/// Fields of every bond kind: every combination of them.
pub fn bond_kinds() -> Vec<[u8; BOND_FIELDS]> {
    let count: usize = BOND_FIELD_SIZES.iter().product();
    (0..count)
        .map(|mut kind| {
            BOND_FIELD_SIZES.map(|size| {
                let field = kind % size;
                kind /= size;
                field as u8
            })
        })
        .collect()
}

/// The kind of a bond with these fields: its place in [`bond_kinds`].
pub fn bond_kind(fields: &[u8; BOND_FIELDS]) -> u16 {
    let mut kind = 0usize;
    for (field, size) in fields.iter().zip(BOND_FIELD_SIZES).rev() {
        kind = kind * size + usize::from(*field);
    }
    kind as u16
}

impl Round {
    fn new(dim: usize, device: &Device) -> Self {
        Self {
            bonds: FieldEmbedding::new(&BOND_FIELD_SIZES, dim, device),
            first: LinearConfig::new(dim, dim).init(device),
            norm: LayerNorm::new(dim, device),
            second: LinearConfig::new(dim, dim).init(device),
        }
    }

    fn forward(&self, atoms: Tensor<2>, kinds: &Arc<Vec<u16>>, bonds: &Arc<Bonds>) -> Tensor<2> {
        let bond_states = self.bonds.forward(kinds.clone(), BOND_FIELDS); // [K, D]
        let gathered = atoms.clone() + aggregate(atoms.clone(), bond_states, bonds); // [N, D]
        let hidden = self.norm.relu(dense(gathered, &self.first), None);
        atoms + dense(hidden, &self.second)
    }
}

/// Scale of the summed atom states beside the attention: about one over the size of a drug-like molecule.
const SUM_SCALE: f64 = 0.04;

impl Encoder for MessagePath {
    type Input = DrugBatch;

    fn encode(&self, input: &DrugBatch, _device: &Device) -> Tensor<2> {
        let graphs = &input.graphs;
        let atom_rows = Arc::new(field_rows(&graphs.atoms, &ATOM_FIELD_SIZES));
        let kinds = Arc::new(field_rows(&bond_kinds(), &BOND_FIELD_SIZES));
        let bonds = Arc::new(Bonds {
            incoming: graphs.incoming.clone(),
            source: graphs.source.clone(),
            kind: graphs.bonds.iter().map(bond_kind).collect(),
        });
        let mut atoms = self.atoms.forward(atom_rows, ATOM_FIELDS); // [N, D]
        for round in &self.rounds {
            atoms = round.forward(atoms, &kinds, &bonds);
        }
        let atoms = self.norm.forward(atoms);
        let offsets = Arc::new(graphs.offsets.clone());
        let attended = attention_pool(atoms.clone(), dense(atoms.clone(), &self.score), &offsets); // [B, D]
        let summed = segment_sum(atoms, &offsets) * SUM_SCALE; // [B, D]
        dense(Tensor::cat(vec![attended, summed], 1), &self.output) // [B, width]
    }
}

impl Encoder for SubstructurePath {
    type Input = DrugBatch;

    fn encode(&self, input: &DrugBatch, device: &Device) -> Tensor<2> {
        let rows = &input.substructures;
        let shape = [input.graphs.len(), rows.width];
        let counts = Tensor::<2>::from_data(TensorData::new(rows.values.clone(), shape), device);
        dense(self.dropout.forward(counts), &self.linear)
    }
}

impl Encoder for GraphEncoder {
    type Input = DrugBatch;

    fn encode(&self, input: &DrugBatch, device: &Device) -> Tensor<2> {
        sum(&[path(&self.message), path(&self.substructure)], input, device)
            .expect("a configuration that was checked has a path")
    }
}
