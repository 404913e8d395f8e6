//! Neighbour aggregation of a graph layer, fused: gather, add the bond state, rectify, sum over incoming bonds.
//!
//! `out[v] = sum over bonds e = (u -> v) of relu(h[u] + bond[kind[e]])` (the aggregation of GINE, Hu et al. 2020,
//! arXiv:1905.12265). Nothing of size `E x D` is stored. The graph is undirected: each bond stands in both directions with
//! the same kind, so the gradient walks the same list. Axis legend: `N` atoms, `E` directed bonds, `K` bond kinds, `D`
//! channels.

use std::sync::Arc;

use burn::tensor::Tensor;
use fusebind_features::vectorised;
use rayon::prelude::*;

use super::{
    composed,
    kernel::{self, ArrayView, HostKernel, on_host},
};

/// Incoming bonds of every atom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bonds {
    /// First incoming bond of each atom, `[N + 1]`.
    pub incoming: Vec<u32>,
    /// Atom each bond comes from, `[E]`.
    pub source: Vec<u32>,
    /// Kind of each bond, `[E]`.
    pub kind: Vec<u16>,
}

#[derive(Debug)]
struct Aggregate(Arc<Bonds>);

/// Atoms per task: fixed, so that sums over tasks do not depend on the number of threads.
const BLOCK: usize = 512;

impl Aggregate {
    fn incoming(&self, atom: usize) -> std::ops::Range<usize> {
        self.0.incoming[atom] as usize..self.0.incoming[atom + 1] as usize
    }
}

impl HostKernel for Aggregate {
    fn output_shape(&self, inputs: &[ArrayView<'_>]) -> Vec<usize> {
        inputs[0].shape.to_vec()
    }

    fn forward(&self, inputs: &[ArrayView<'_>], output: &mut [f32]) {
        let channels = inputs[0].channels();
        output
            .par_chunks_mut(channels)
            .with_min_len(64)
            .enumerate()
            .for_each(|(atom, out)| {
                vectorised!(|| {
                    for bond in self.incoming(atom) {
                        let (from, kind) = (self.0.source[bond] as usize, self.0.kind[bond] as usize);
                        let state = &inputs[0].values[from * channels..(from + 1) * channels];
                        let edge = &inputs[1].values[kind * channels..(kind + 1) * channels];
                        for ((o, h), b) in out.iter_mut().zip(state).zip(edge) {
                            *o += (h + b).max(0.0);
                        }
                    }
                });
            });
    }

    fn backward(&self, inputs: &[ArrayView<'_>], grad: &[f32], grads: &mut [&mut [f32]]) {
        let channels = inputs[0].channels();
        let [atom_grads, bond_grads] = grads else {
            unreachable!("two inputs have two gradients")
        };
        let partial: Vec<Vec<f32>> = atom_grads
            .par_chunks_mut(channels * BLOCK)
            .enumerate()
            .map(|(block, rows)| {
                let mut bond_grad = vec![0.0f32; inputs[1].values.len()];
                vectorised!(|| {
                    for (offset, out) in rows.chunks_mut(channels).enumerate() {
                        let atom = block * BLOCK + offset;
                        let state = &inputs[0].values[atom * channels..(atom + 1) * channels];
                        for bond in self.incoming(atom) {
                            // The reversed bond atom -> to has the same kind: its message is relu(h[atom] + bond[kind]).
                            let (to, kind) = (self.0.source[bond] as usize, self.0.kind[bond] as usize);
                            let edge = &inputs[1].values[kind * channels..(kind + 1) * channels];
                            let message = &grad[to * channels..(to + 1) * channels];
                            let edge_out = &mut bond_grad[kind * channels..(kind + 1) * channels];
                            for c in 0..channels {
                                let g = if state[c] + edge[c] > 0.0 { message[c] } else { 0.0 };
                                out[c] += g;
                                edge_out[c] += g;
                            }
                        }
                    }
                });
                bond_grad
            })
            .collect();
        for block in partial {
            super::gather::add_assign(bond_grads, &block);
        }
    }
}

/// Aggregates neighbours: atom states `[N, D]` and one state per bond kind `[K, D]` to `[N, D]`.
pub fn aggregate(atoms: Tensor<2>, bond_kinds: Tensor<2>, bonds: &Arc<Bonds>) -> Tensor<2> {
    match on_host(&atoms.device()) {
        true => kernel::binary(atoms, bond_kinds, Aggregate(bonds.clone())),
        false => composed::aggregate(atoms, bond_kinds, &bonds.incoming, &bonds.source, &bonds.kind),
    }
}
