//! Everything between encoded entities and the outputs of a pair in one pass, for scoring many pairs without gradients.
//!
//! The same function as [`super::interaction`], [`super::neighbours`] and [`crate::head`] together, on tiles of pairs that stay in cache:
//! per pair `2 (R H + 2 L H^2 + F (H + E))` operations for rank `R`, `H` channels, `L` layers, `F` neighbour features and `E` channels of
//! the neighbour head, and nothing of size `[P, H]` in memory. Comes in: projected entities, index pairs, rows of neighbour features. Goes out: affinity
//! columns and the binding logit of each pair, of both readers.

use burn::tensor::Tensor;
use fusebind_features::vectorised;
use rayon::prelude::*;

use super::{
    interaction::Interaction,
    neighbours::NeighbourEncoder,
    plain::{Dense, Layers, NeighbourHead, heads, host},
};
use crate::head::Heads;

/// Pairs of a tile.
const TILE: usize = 256;

/// Entities of one side, projected for [`FusedHead::score`].
#[derive(Clone, Debug)]
pub struct Projected {
    /// `[B, H]`.
    dim: Vec<f32>,
    /// `[B, R]`.
    rank: Vec<f32>,
}

impl Projected {
    /// Each of `rows` entities alone.
    pub(crate) fn apart(&self, rows: usize) -> Vec<Self> {
        let row = |values: &[f32], at: usize| {
            let width = values.len() / rows;
            values[at * width..(at + 1) * width].to_vec()
        };
        let one = |at: usize| Self {
            dim: row(&self.dim, at),
            rank: row(&self.rank, at),
        };
        (0..rows).map(one).collect()
    }

    /// Entities behind each other.
    pub(crate) fn joined<'a>(parts: impl Iterator<Item = &'a Self>) -> Self {
        let mut all = Self {
            dim: Vec::new(),
            rank: Vec::new(),
        };
        for part in parts {
            all.dim.extend_from_slice(&part.dim);
            all.rank.extend_from_slice(&part.rank);
        }
        all
    }

    /// Number of values.
    pub(crate) fn len(&self) -> usize {
        self.dim.len() + self.rank.len()
    }
}

/// The scoring pass, see the file's header.
#[derive(Clone, Debug)]
pub struct FusedHead {
    layers: Layers,
    heads: Dense,
    neighbour_head: Option<NeighbourHead>,
}

/// Outputs of pairs: affinity columns and, behind them, the binding logit, `[P, outputs]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    /// Of the encoders with the neighbour features.
    pub joint: Vec<f32>,
    /// Of the neighbour head alone; empty without.
    pub neighbours: Vec<f32>,
}

/// Room for the tiles of one thread.
#[derive(Default)]
struct Room {
    hidden: Vec<f32>,
    normal: Vec<f32>,
    inner: Vec<f32>,
    product: Vec<f32>,
    shown: Vec<f32>,
    neighbour_head: Vec<f32>,
}

fn row(values: &[f32], index: u32, width: usize) -> &[f32] {
    &values[index as usize * width..][..width]
}

#[inline(always)]
fn relu(values: &mut [f32]) {
    values.iter_mut().for_each(|v| *v = v.max(0.0));
}

impl FusedHead {
    /// The pass of a model's parts.
    pub(crate) fn new(interaction: &Interaction, neighbours: Option<&NeighbourEncoder>, outputs: &Heads) -> Self {
        Self {
            layers: interaction.layers(),
            heads: heads(outputs),
            neighbour_head: neighbours.map(NeighbourEncoder::layers),
        }
    }

    /// Outputs of a pair.
    pub fn outputs(&self) -> usize {
        self.heads.outputs()
    }

    /// Projects embedded entities, `[B, width]`; `side` is 0 for drugs and 1 for targets.
    pub fn project(&self, embeddings: Tensor<2>, side: usize) -> Projected {
        let (dim, rank) = &self.layers.projections[side];
        let rows = embeddings.dims()[0];
        let values = host(embeddings);
        let apply = |dense: &Dense| {
            let mut out = vec![0.0; rows * dense.outputs()];
            out.par_chunks_mut(dense.outputs() * TILE)
                .zip(values.par_chunks(dense.inputs() * TILE))
                .for_each(|(out, x)| dense.apply(x, out));
            out
        };
        Projected {
            dim: apply(dim),
            rank: rank.as_ref().map(apply).unwrap_or_default(),
        }
    }

    /// Scores index pairs, given as drugs and targets; `neighbours` holds a row of `width` channels per pair.
    pub fn score(
        &self,
        [drugs, targets]: [&Projected; 2],
        (of_drugs, of_targets): (&[u32], &[u32]),
        neighbours: Option<(&[f32], usize)>,
    ) -> Columns {
        let (pairs, outputs) = (of_drugs.len(), self.outputs());
        let neighbour_head = self.neighbour_head.as_ref().zip(neighbours);
        let mut columns = Columns {
            joint: vec![0.0; pairs * outputs],
            neighbours: vec![0.0; if neighbour_head.is_some() { pairs * outputs } else { 0 }],
        };
        let tile = |room: &mut Room, at: usize, joint: &mut [f32], alone: &mut [f32]| {
            let range = at * TILE..(at * TILE + joint.len() / outputs);
            let index = (&of_drugs[range.clone()], &of_targets[range.clone()]);
            self.start([drugs, targets], index, room);
            if let Some((neighbour_head, (rows, width))) = neighbour_head {
                neighbour_head.read(&rows[range.start * width..range.end * width], width, room, alone);
            }
            self.finish(room, joint);
        };
        match neighbour_head {
            None => (columns.joint.par_chunks_mut(outputs * TILE).enumerate())
                .for_each_init(Room::default, |room, (at, joint)| tile(room, at, joint, &mut [])),
            Some(_) => (columns.joint.par_chunks_mut(outputs * TILE))
                .zip(columns.neighbours.par_chunks_mut(outputs * TILE))
                .enumerate()
                .for_each_init(Room::default, |room, (at, (joint, alone))| tile(room, at, joint, alone)),
        }
        columns
    }

    /// `h0` of a tile.
    fn start(&self, [drugs, targets]: [&Projected; 2], (of_drugs, of_targets): (&[u32], &[u32]), room: &mut Room) {
        let width = self.layers.norm.gain.len();
        room.hidden.resize(of_drugs.len() * width, 0.0);
        vectorised!(|| {
            let rows = room.hidden.chunks_exact_mut(width).zip(of_drugs).zip(of_targets);
            for ((out, drug), target) in rows {
                let sums = row(&drugs.dim, *drug, width)
                    .iter()
                    .zip(row(&targets.dim, *target, width));
                out.iter_mut().zip(sums).for_each(|(o, (d, t))| *o = d + t);
            }
        });
        if let Some(bilinear) = &self.layers.bilinear {
            let rank = bilinear.inputs();
            room.product.resize(of_drugs.len() * rank, 0.0);
            let rows = room.product.chunks_exact_mut(rank).zip(of_drugs).zip(of_targets);
            for ((out, drug), target) in rows {
                let factors = row(&drugs.rank, *drug, rank)
                    .iter()
                    .zip(row(&targets.rank, *target, rank));
                out.iter_mut().zip(factors).for_each(|(o, (d, t))| *o = d * t);
            }
            bilinear.add(&room.product, &mut room.hidden);
            for hidden in room.hidden.chunks_exact_mut(width) {
                hidden.iter_mut().zip(&bilinear.bias).for_each(|(h, b)| *h += b);
            }
        }
    }

    /// From `h0` of a tile to its outputs.
    fn finish(&self, room: &mut Room, out: &mut [f32]) {
        let Room {
            hidden, normal, inner, ..
        } = room;
        normal.resize(hidden.len(), 0.0);
        for block in &self.layers.blocks {
            vectorised!(|| block.norm.apply(hidden, normal));
            inner.resize(hidden.len() / block.first.inputs() * block.first.outputs(), 0.0);
            block.first.apply(normal, inner);
            vectorised!(|| {
                relu(inner);
                for hidden in hidden.chunks_exact_mut(block.second.outputs()) {
                    hidden.iter_mut().zip(&block.second.bias).for_each(|(h, b)| *h += b);
                }
            });
            block.second.add(inner, hidden);
        }
        vectorised!(|| {
            self.layers.norm.apply(hidden, normal);
            relu(normal);
        });
        self.heads.apply(normal, out);
    }
}

impl NeighbourHead {
    /// Adds the neighbour features to the hidden states of a tile, and writes the output of the neighbour head.
    fn read(&self, rows: &[f32], width: usize, room: &mut Room, out: &mut [f32]) {
        let rows = match self.hidden_flags {
            0 => rows,
            flags => {
                room.shown.clear();
                room.shown.extend_from_slice(rows);
                room.shown
                    .chunks_mut(width)
                    .for_each(|row| row[width - flags..].fill(0.0));
                &room.shown
            }
        };
        self.pair.add(rows, &mut room.hidden);
        room.neighbour_head
            .resize(rows.len() / width * self.hidden.outputs(), 0.0);
        self.hidden.apply(rows, &mut room.neighbour_head);
        vectorised!(|| relu(&mut room.neighbour_head));
        self.heads.apply(&room.neighbour_head, out);
    }
}
