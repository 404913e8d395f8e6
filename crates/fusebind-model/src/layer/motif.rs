//! Motif scan over residue tokens, fused: embedding, one convolution and a maximum over positions.
//!
//! `out[b][c] = max over positions l of sum over taps k of table[k][token[l + k]][c]`. An embedding followed by a
//! convolution is a table lookup per tap, so no matrix product is needed and nothing of size `L x D` is stored; only the
//! winning position of each channel carries gradient. Positions before and after the ends contribute nothing, so a sequence
//! shorter than the motif is still scanned. Axis legend: `B` sequences, `L` residues, `W` taps, `V` tokens, `D` channels.

use std::sync::{Arc, OnceLock};

use burn::tensor::Tensor;
use fusebind_features::batch::SequenceBatch;
use rayon::prelude::*;

use super::{
    composed,
    gather::add_assign,
    kernel::{self, ArrayView, HostKernel, on_host},
};

#[derive(Debug)]
struct MotifScan {
    sequences: Arc<SequenceBatch>,
    tokens: usize,
    taps: usize,
    /// Winning position of each sequence and channel, `[B, D]`, left by the forward pass.
    winners: OnceLock<Vec<i32>>,
}

impl MotifScan {
    fn residues(&self, sequence: usize) -> &[u8] {
        let offsets = &self.sequences.offsets;
        &self.sequences.residues[offsets[sequence] as usize..offsets[sequence + 1] as usize]
    }

    /// Table rows that the window starting at `position` (possibly before the sequence) sums.
    fn window(&self, residues: &[u8], position: i32) -> impl Iterator<Item = usize> {
        (0..self.taps).filter_map(move |tap| {
            let at = usize::try_from(position + tap as i32).ok()?;
            Some(tap * self.tokens + usize::from(*residues.get(at)?))
        })
    }

    fn scan(&self, table: &[f32], residues: &[u8], best: &mut [f32], winners: &mut [i32]) {
        let channels = best.len();
        best.fill(f32::NEG_INFINITY);
        let mut sum = vec![0.0f32; channels];
        let half = (self.taps / 2) as i32;
        for position in -half..residues.len() as i32 - half {
            sum.fill(0.0);
            for row in self.window(residues, position) {
                add_assign(&mut sum, &table[row * channels..(row + 1) * channels]);
            }
            for c in 0..channels {
                if sum[c] > best[c] {
                    best[c] = sum[c];
                    winners[c] = position;
                }
            }
        }
    }
}

impl HostKernel for MotifScan {
    fn output_shape(&self, inputs: &[ArrayView<'_>]) -> Vec<usize> {
        vec![self.sequences.len(), inputs[0].channels()]
    }

    fn forward(&self, inputs: &[ArrayView<'_>], output: &mut [f32]) {
        let channels = inputs[0].channels();
        let mut winners = vec![0i32; output.len()];
        output
            .par_chunks_mut(channels)
            .zip(winners.par_chunks_mut(channels))
            .enumerate()
            .for_each(|(sequence, (best, winners))| {
                self.scan(inputs[0].values, self.residues(sequence), best, winners)
            });
        // A second forward pass of the same call finds the same winners.
        let _ = self.winners.set(winners);
    }

    fn backward(&self, inputs: &[ArrayView<'_>], grad: &[f32], grads: &mut [&mut [f32]]) {
        let channels = inputs[0].channels();
        let winners = self.winners.get().expect("the forward pass precedes the backward pass");
        for (sequence, (grad, winners)) in grad.chunks(channels).zip(winners.chunks(channels)).enumerate() {
            let residues = self.residues(sequence);
            for c in 0..channels {
                for row in self.window(residues, winners[c]) {
                    grads[0][row * channels + c] += grad[c];
                }
            }
        }
    }
}

/// Scans `sequences` with the motifs of `table`, `[W * V, D]`: `[B, D]`.
pub fn motif_scan(table: Tensor<2>, sequences: &Arc<SequenceBatch>, tokens: usize) -> Tensor<2> {
    let taps = table.dims()[0] / tokens;
    if !on_host(&table.device()) {
        return composed::motif_scan(table, sequences, tokens);
    }
    kernel::unary(
        table,
        MotifScan {
            sequences: sequences.clone(),
            tokens,
            taps,
            winners: OnceLock::new(),
        },
    )
}
