//! Self-attention within each sequence (Vaswani et al., 2017).
//!
//! Comes in: rows `[L, D]` of several sequences behind each other and where each ends. Goes out: rows `[L, D]`. Sequences never see each
//! other and nothing is padded.
//!
//! ```text
//! out = softmax(scale Q K^T + bias) V W_o,   Q, K, V = x W_q, x W_k, x W_v   per head
//! ```
//!
//! Linear attention has other weights in place of the softmax (features.rs).

use super::{Dense, FeatureMap, RelativeBias, Rotary};
use crate::kernel::{Norm, Packed, Room, Rows, product, softmax};

/// Queries whose scores are held at a time.
const QUERIES: usize = 96;

/// How a layer knows where a token stands.
#[derive(Clone, Debug)]
pub(crate) enum Position {
    /// It is told by the embeddings.
    Embedded,
    Rotary(std::sync::Arc<Rotary>),
    Relative(std::sync::Arc<RelativeBias>),
}

/// How scores of queries and keys become weights.
#[derive(Clone, Debug)]
pub(crate) enum Weighting {
    Softmax,
    Features(FeatureMap),
}

/// One layer of attention.
#[derive(Clone, Debug)]
pub(crate) struct Attention {
    /// Queries, keys and values of all heads behind each other.
    pub inputs: Dense,
    pub output: Dense,
    pub heads: usize,
    pub head_width: usize,
    pub scale: f32,
    pub position: Position,
    pub weighting: Weighting,
    /// Norms of the queries and of the keys, over all heads; few architectures have them.
    pub norms: Option<Box<[Norm; 2]>>,
}

/// What attention writes to on the way, to be used again.
#[derive(Default)]
pub(crate) struct AttentionRoom {
    inputs: Vec<f32>,
    context: Vec<f32>,
    scores: Vec<f32>,
    part: Vec<f32>,
    bias: Vec<f32>,
    features: Vec<f32>,
    keys: Packed,
    values: Packed,
}

impl Attention {
    /// Applies the layer; `ends` are the ends of the sequences among the rows.
    pub fn apply(
        &self,
        rows: &[f32],
        ends: &[usize],
        out: &mut [f32],
        (room, packing): (&mut AttentionRoom, &mut Room),
    ) {
        let inner = self.heads * self.head_width;
        let length = ends.last().copied().unwrap_or(0);
        room.inputs.resize(length * 3 * inner, 0.0);
        self.inputs.apply(rows, &mut room.inputs, packing);
        room.context.resize(length * inner, 0.0);
        let mut start = 0;
        for &end in ends {
            let mut inputs = std::mem::take(&mut room.inputs);
            let sequence = &mut inputs[start * 3 * inner..end * 3 * inner];
            self.place(sequence);
            for head in 0..self.heads {
                self.head(sequence, head, start, room, packing);
            }
            room.inputs = inputs;
            start = end;
        }
        self.output.apply(&room.context, out, packing);
    }

    /// Normalises queries and keys where the architecture does, scales the queries, and tells queries and keys where they stand.
    fn place(&self, sequence: &mut [f32]) {
        let inner = self.heads * self.head_width;
        for (position, row) in sequence.chunks_exact_mut(3 * inner).enumerate() {
            if let Some(norms) = &self.norms {
                norms[0].apply_in_place(&mut row[..inner]);
                norms[1].apply_in_place(&mut row[inner..2 * inner]);
            }
            row[..inner].iter_mut().for_each(|x| *x *= self.scale);
            if let Position::Rotary(rotary) = &self.position {
                row[..2 * inner]
                    .chunks_exact_mut(self.head_width)
                    .for_each(|head| rotary.turn(head, position));
            }
        }
    }

    /// One head of one sequence, whose first row is `start`.
    fn head(&self, sequence: &[f32], head: usize, start: usize, room: &mut AttentionRoom, packing: &mut Room) {
        let (width, inner) = (self.head_width, self.heads * self.head_width);
        let stride = 3 * inner;
        let length = sequence.len() / stride;
        let part = |values, offset| Rows { values, stride, offset };
        match &self.weighting {
            Weighting::Softmax => room
                .keys
                .refill_transposed(sequence, stride, inner + head * width, width),
            Weighting::Features(map) => {
                map.apply(part(sequence, inner + head * width), &mut room.features, packing);
                room.keys.refill_transposed(&room.features, map.count(), 0, map.count());
            }
        }
        room.values.refill(sequence, stride, 2 * inner + head * width, width);
        if let Position::Relative(bias) = &self.position {
            bias.fill(head, length, &mut room.bias);
        }
        for first in (0..length).step_by(QUERIES) {
            let count = QUERIES.min(length - first);
            let queries = part(&sequence[first * stride..(first + count) * stride], head * width);
            room.scores.resize(count * length, 0.0);
            let queries = match &self.weighting {
                Weighting::Softmax => queries,
                Weighting::Features(map) => {
                    map.apply(queries, &mut room.features, packing);
                    Rows::whole(&room.features, map.count())
                }
            };
            product(queries, &room.keys, &mut room.scores, packing);
            if matches!(self.position, Position::Relative(_)) {
                for (at, row) in room.scores.chunks_exact_mut(length).enumerate() {
                    // The first key is `query` behind.
                    let bias = &room.bias[length - 1 - (first + at)..];
                    row.iter_mut().zip(bias).for_each(|(score, bias)| *score += bias);
                }
            }
            match &self.weighting {
                Weighting::Softmax => softmax(&mut room.scores, length),
                Weighting::Features(map) => map.normalise(&mut room.scores, length),
            }
            room.part.resize(count * width, 0.0);
            product(Rows::whole(&room.scores, length), &room.values, &mut room.part, packing);
            let context = room.context[(start + first) * inner..].chunks_exact_mut(inner);
            for (row, part) in context.zip(room.part.chunks_exact(width)) {
                row[head * width..(head + 1) * width].copy_from_slice(part);
            }
        }
    }
}
