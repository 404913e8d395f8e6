//! The own kernels composed of framework operations: what runs on every device but the processor, and what tests hold the kernels to.
//!
//! Each function says the same as the kernel of its name. They keep intermediate tensors that the kernels do not need, which a GPU
//! has room and bandwidth for.

use burn::{
    nn::Linear,
    tensor::{Device, IndexingUpdateOp, Int, Tensor, TensorData, activation},
};
use fusebind_features::batch::SequenceBatch;

/// Added to a variance before its root is taken.
pub(super) const EPSILON: f32 = 1e-5;
/// Bound of attention scores.
pub const SCORE_BOUND: f64 = 8.0;
/// Keeps the sum of an empty segment's weights above zero; below every possible weight.
pub(super) const NOTHING: f64 = 1e-6;

fn indices(values: impl Iterator<Item = u32>, device: &Device) -> Tensor<1, Int> {
    let values: Vec<i32> = values.map(|v| v as i32).collect();
    let count = values.len();
    Tensor::from_data(TensorData::new(values, [count]), device)
}

/// Rows by index: `[R, D]` to `[P, D]`.
pub fn gather_rows(x: Tensor<2>, index: &[u32]) -> Tensor<2> {
    let index = indices(index.iter().copied(), &x.device().inner());
    x.select(0, index)
}

/// Sums of the rows that `index` sends to each of `rows` rows: `[P, D]` to `[R, D]`.
fn scatter_rows(x: Tensor<2>, index: impl Iterator<Item = u32>, rows: usize) -> Tensor<2> {
    let device = x.device();
    let index = indices(index, &device.clone().inner());
    let nothing = Tensor::zeros([rows, x.dims()[1]], &device);
    nothing.select_assign(0, index, x, IndexingUpdateOp::Add)
}

/// Segment of each row.
fn segments(offsets: &[u32]) -> impl Iterator<Item = u32> {
    (offsets.windows(2).enumerate()).flat_map(|(segment, pair)| (pair[0]..pair[1]).map(move |_| segment as u32))
}

/// Sums rows by segment: `[N, D]` to `[B, D]`.
pub fn segment_sum(x: Tensor<2>, offsets: &[u32]) -> Tensor<2> {
    scatter_rows(x, segments(offsets), offsets.len() - 1)
}

/// Pools rows by scores: `[N, D]` twice to `[B, D]`.
pub fn attention_pool(x: Tensor<2>, scores: Tensor<2>, offsets: &[u32]) -> Tensor<2> {
    let weights = scores.clamp(-SCORE_BOUND, SCORE_BOUND).exp();
    segment_sum(weights.clone() * x, offsets) / (segment_sum(weights, offsets) + NOTHING)
}

/// Messages along bonds, of which each atom has those behind its offset in `incoming`: `[N, D]` and `[K, D]` to `[N, D]`.
pub fn aggregate(atoms: Tensor<2>, bond_kinds: Tensor<2>, incoming: &[u32], source: &[u32], kind: &[u16]) -> Tensor<2> {
    let rows = atoms.dims()[0];
    let kind: Vec<u32> = kind.iter().map(|k| u32::from(*k)).collect();
    let messages = activation::relu(gather_rows(atoms, source) + gather_rows(bond_kinds, &kind));
    scatter_rows(messages, segments(incoming), rows)
}

/// Layer normalisation with `[gain, shift]`.
pub fn layer_norm(x: Tensor<2>, [gain, shift]: [Tensor<1>; 2]) -> Tensor<2> {
    let centred = x.clone() - x.mean_dim(1);
    let variance = (centred.clone() * centred.clone()).mean_dim(1);
    centred / (variance + EPSILON).sqrt() * gain.unsqueeze::<2>() + shift.unsqueeze::<2>()
}

/// Sums of `fields` table rows: `[V, D]` to `[R, D]`.
pub fn embed(table: Tensor<2>, rows: &[u16], fields: usize) -> Tensor<2> {
    let all: Vec<u32> = rows.iter().map(|row| u32::from(*row)).collect();
    let (count, channels) = (rows.len() / fields, table.dims()[1]);
    gather_rows(table, &all)
        .reshape([count, fields, channels])
        .sum_dim(1)
        .reshape([count, channels])
}

/// Weighted sums of table rows, from the term, the weight and the row of each entry: `[V, D]` to `[B, D]`.
pub fn bag(table: Tensor<2>, (terms, weights, of): (&[u32], &[f32], &[u32]), rows: usize) -> Tensor<2> {
    let device = table.device().inner();
    let weights = Tensor::<2>::from_data(TensorData::new(weights.to_vec(), [weights.len(), 1]), &device);
    scatter_rows(gather_rows(table, terms) * weights, of.iter().copied(), rows)
}

/// `x W + b`, rectified where asked for.
pub fn dense(x: Tensor<2>, linear: &Linear, relu: bool) -> Tensor<2> {
    let y = linear.forward(x);
    if relu { activation::relu(y) } else { y }
}

/// A residual block of two dense layers; `normal` is `x` normalised, `act` rectifies and drops.
pub fn residual(
    x: Tensor<2>,
    normal: Tensor<2>,
    first: &Linear,
    act: impl FnOnce(Tensor<2>) -> Tensor<2>,
    second: &Linear,
) -> Tensor<2> {
    x + second.forward(act(first.forward(normal)))
}

/// Strongest match of each motif: a table of `[W * V, D]` to `[B, D]`.
pub fn motif_scan(table: Tensor<2>, sequences: &SequenceBatch, tokens: usize) -> Tensor<2> {
    let [rows, channels] = table.dims();
    let (taps, count) = (rows / tokens, sequences.offsets.len() - 1);
    let longest = sequences
        .offsets
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .max()
        .unwrap_or(0) as usize;
    // A row of zeros stands before and after the ends; windows beyond them must not win.
    let padded = Tensor::cat(vec![table.clone(), Tensor::zeros([1, channels], &table.device())], 0);
    let half = taps / 2;
    let mut sum: Option<Tensor<2>> = None;
    let residues = |b: usize| &sequences.residues[sequences.offsets[b] as usize..sequences.offsets[b + 1] as usize];
    for tap in 0..taps {
        let row = |(b, at): (usize, usize)| match (at + tap).checked_sub(half).and_then(|i| residues(b).get(i)) {
            Some(token) => (tap * tokens + usize::from(*token)) as u32,
            None => rows as u32,
        };
        let of: Vec<u32> = (0..count)
            .flat_map(|b| (0..longest).map(move |at| (b, at)))
            .map(row)
            .collect();
        let term = gather_rows(padded.clone(), &of);
        sum = Some(sum.map_or(term.clone(), |sum| sum + term));
    }
    let beyond: Vec<f32> = (0..count)
        .flat_map(|b| (0..longest).map(move |at| if at < residues(b).len() { 0.0 } else { -1e30 }))
        .collect();
    let beyond = TensorData::new(beyond, [count * longest, 1]);
    let sum = sum.expect("a motif has a tap") + Tensor::<2>::from_data(beyond, &table.device().inner());
    sum.reshape([count, longest, channels])
        .max_dim(1)
        .reshape([count, channels])
}
