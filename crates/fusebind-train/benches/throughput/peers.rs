//! The batches in a file, for peers in other languages (`benches/peers`).
//!
//! Comes in: batches. Goes out: a safetensors file with the arrays that fusebind reads, the same graphs once for every pair, and the
//! characters that DeepDTA reads; the sizes of the model are in its metadata.

use std::{collections::HashMap, error::Error, path::Path};

use fusebind_features::{
    batch::GraphBatch,
    feature::graph::{ATOM_FIELD_SIZES, ATOM_FIELDS, BOND_FIELD_SIZES, BOND_FIELDS},
};
use fusebind_model::{
    encoder::graph::{bond_kind, bond_kinds},
    layer::embed::field_rows,
};
use safetensors::{Dtype, SafeTensorError, tensor::TensorView};

use crate::batches::{Batch, Bench, NEIGHBOUR_INPUTS};

/// Length of SMILES in DeepDTA's tables.
const SMILES_LENGTH: usize = 85;
/// Length of sequences in DeepDTA's tables.
const SEQUENCE_LENGTH: usize = 1000;

/// One array of the file.
struct PeerArray {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl PeerArray {
    fn real(name: String, shape: Vec<usize>, values: &[f32]) -> Self {
        Self {
            name,
            dtype: Dtype::F32,
            shape,
            bytes: values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        }
    }

    /// Whole numbers in rows of `width`; of width 1, a vector.
    fn whole(name: String, width: usize, values: impl IntoIterator<Item = i64>) -> Self {
        let bytes: Vec<u8> = values.into_iter().flat_map(i64::to_le_bytes).collect();
        let count = bytes.len() / size_of::<i64>();
        Self {
            name,
            dtype: Dtype::I64,
            shape: if width == 1 {
                vec![count]
            } else {
                vec![count / width, width]
            },
            bytes,
        }
    }
}

/// Writes the first `count` batches.
pub fn write(bench: &Bench<'_>, count: usize, path: &Path) -> Result<(), Box<dyn Error>> {
    let bonds = field_rows(&bond_kinds(), &BOND_FIELD_SIZES).into_iter().map(i64::from);
    let mut arrays = vec![PeerArray::whole("bond_fields".into(), BOND_FIELDS, bonds)];
    for (number, batch) in bench.batches.iter().take(count).enumerate() {
        rows(number, batch, &mut arrays);
        graphs(number, batch, bench, &mut arrays);
        let tokens = smiles_tokens(batch, bench);
        arrays.push(PeerArray::whole(
            format!("{number}/smiles_tokens"),
            SMILES_LENGTH,
            tokens,
        ));
        let tokens = protein_tokens(batch);
        arrays.push(PeerArray::whole(
            format!("{number}/protein_tokens"),
            SEQUENCE_LENGTH,
            tokens,
        ));
    }
    let views: Vec<(&String, TensorView<'_>)> = arrays
        .iter()
        .map(|array| {
            Ok((
                &array.name,
                TensorView::new(array.dtype, array.shape.clone(), &array.bytes)?,
            ))
        })
        .collect::<Result<_, SafeTensorError>>()?;
    safetensors::serialize_to_file(views, Some(sizes(bench, count)), path)?;
    Ok(())
}

/// What fusebind reads as rows, and the labels.
fn rows(number: usize, batch: &Batch, arrays: &mut Vec<PeerArray>) {
    for (name, rows) in [
        ("substructures", &batch.drugs.substructures),
        ("composition", &batch.targets.composition),
        ("neighbours", &batch.neighbours),
    ] {
        let shape = vec![rows.values.len() / rows.width, rows.width];
        arrays.push(PeerArray::real(format!("{number}/{name}"), shape, &rows.values));
    }
    let labels = &batch.labels.affinity;
    arrays.push(PeerArray::real(format!("{number}/label"), vec![labels.len()], labels));
}

/// The graphs of the distinct drugs, the pairs, and one graph for every pair, as a loader that knows no distinct drugs makes them.
fn graphs(number: usize, batch: &Batch, bench: &Bench<'_>, arrays: &mut Vec<PeerArray>) {
    let graphs = &batch.drugs.graphs;
    let of_pair = |drug: &u32| &bench.drugs.graphs[batch.of_drugs[*drug as usize] as usize];
    let per_pair = GraphBatch::pack(batch.pairs.drug.iter().map(of_pair));
    let ends = |(atom, bonds): (usize, &[u32])| (bonds[0]..bonds[1]).map(move |_| atom as i64);
    let ends: Vec<i64> = per_pair.incoming.windows(2).enumerate().flat_map(ends).collect();
    let kinds: Vec<i64> = graphs.bonds.iter().map(|fields| i64::from(bond_kind(fields))).collect();
    for (name, width, values) in [
        ("atoms", ATOM_FIELDS, atoms(graphs)),
        ("incoming", 1, wide(&graphs.incoming)),
        ("source", 1, wide(&graphs.source)),
        ("kind", 1, kinds),
        ("offsets", 1, wide(&graphs.offsets)),
        ("drug", 1, wide(&batch.pairs.drug)),
        ("target", 1, wide(&batch.pairs.target)),
        ("pair_atoms", ATOM_FIELDS, atoms(&per_pair)),
        ("pair_source", 1, wide(&per_pair.source)),
        ("pair_destination", 1, ends),
        ("pair_offsets", 1, wide(&per_pair.offsets)),
    ] {
        arrays.push(PeerArray::whole(format!("{number}/{name}"), width, values));
    }
}

fn atoms(graphs: &GraphBatch) -> Vec<i64> {
    let rows = field_rows(&graphs.atoms, &ATOM_FIELD_SIZES);
    rows.into_iter().map(i64::from).collect()
}

fn wide(values: &[u32]) -> Vec<i64> {
    values.iter().map(|v| i64::from(*v)).collect()
}

/// Characters of the SMILES of each pair, `[P, SMILES_LENGTH]`, cut and padded with 0.
fn smiles_tokens(batch: &Batch, bench: &Bench<'_>) -> Vec<i64> {
    let of_pair = |drug: &u32| {
        let drug = batch.of_drugs[*drug as usize] as usize;
        let smiles = bench.dataset.drugs[drug].molecule.smiles.bytes();
        padded(smiles.map(|b| i64::from(b) % 63 + 1), SMILES_LENGTH)
    };
    batch.pairs.drug.iter().flat_map(of_pair).collect()
}

/// Residues of the target of each pair, `[P, SEQUENCE_LENGTH]`, cut and padded with 0.
fn protein_tokens(batch: &Batch) -> Vec<i64> {
    let sequences = &batch.targets.sequences;
    let of_pair = |target: &u32| {
        let target = *target as usize;
        let (start, end) = (
            sequences.offsets[target] as usize,
            sequences.offsets[target + 1] as usize,
        );
        let residues = sequences.residues[start..end].iter();
        padded(residues.map(|r| i64::from(*r) % 25 + 1), SEQUENCE_LENGTH)
    };
    batch.pairs.target.iter().flat_map(of_pair).collect()
}

fn padded(tokens: impl Iterator<Item = i64>, length: usize) -> impl Iterator<Item = i64> {
    tokens.chain(std::iter::repeat(0)).take(length)
}

/// Sizes of the model that peers build.
fn sizes(bench: &Bench<'_>, count: usize) -> HashMap<String, String> {
    let model = &bench.recipe.model;
    let retrieval_weight = bench.recipe.training.objective.retrieval;
    [
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
        ("retrieval_weight", retrieval_weight.to_string()),
    ]
    .map(|(name, value)| (name.to_string(), value))
    .into()
}
