//! Sum of field embeddings: `out[r] = sum over fields f of table[first[f] + field[r][f]]`.
//!
//! One row of categorical fields to one state, without a one-hot matrix. Axis legend: `R` rows, `F` fields, `V` table
//! rows (all categories of all fields), `D` channels.

use std::sync::Arc;

use burn::{
    module::{Initializer, Module, Param},
    tensor::{Device, Tensor},
};
use fusebind_features::vectorised;
use rayon::prelude::*;

use super::{
    composed,
    gather::add_assign,
    kernel::{self, ArrayView, HostKernel, on_host},
};

/// Rows per task: fixed, so that sums over tasks do not depend on the number of threads.
const BLOCK: usize = 1024;

/// Learned table of all categories of all fields, `[V, D]`.
#[derive(Module, Debug)]
pub struct FieldEmbedding {
    table: Param<Tensor<2>>,
}

impl FieldEmbedding {
    /// A table for fields of the given sizes, drawn from N(0, 1 / F).
    pub fn new(sizes: &[usize], channels: usize, device: &Device) -> Self {
        let deviation = 1.0 / (sizes.len() as f64).sqrt();
        let init = Initializer::Normal {
            mean: 0.0,
            std: deviation,
        };
        Self {
            table: init.init([sizes.iter().sum(), channels], device),
        }
    }

    /// Embeds table rows (see [`field_rows`]) of `F` fields each: `[R, D]`.
    pub fn forward(&self, rows: Arc<Vec<u16>>, fields: usize) -> Tensor<2> {
        let table = self.table.val();
        match on_host(&table.device()) {
            true => kernel::unary(table, EmbedSum { rows, fields }),
            false => composed::embed(table, &rows, fields),
        }
    }
}

/// Table row of every field of every input row, `[R * F]`.
pub fn field_rows<const F: usize>(rows: &[[u8; F]], sizes: &[usize; F]) -> Vec<u16> {
    let mut first = [0u16; F];
    for field in 1..F {
        first[field] = first[field - 1] + sizes[field - 1] as u16;
    }
    rows.iter()
        .flat_map(|row| (0..F).map(move |f| first[f] + u16::from(row[f])))
        .collect()
}

#[derive(Debug)]
struct EmbedSum {
    rows: Arc<Vec<u16>>,
    fields: usize,
}

impl HostKernel for EmbedSum {
    fn output_shape(&self, inputs: &[ArrayView<'_>]) -> Vec<usize> {
        vec![self.rows.len() / self.fields, inputs[0].channels()]
    }

    fn forward(&self, inputs: &[ArrayView<'_>], output: &mut [f32]) {
        let channels = inputs[0].channels();
        output
            .par_chunks_mut(channels)
            .with_min_len(64)
            .zip(self.rows.par_chunks(self.fields))
            .for_each(|(out, rows)| {
                vectorised!(|| {
                    for &row in rows {
                        let start = row as usize * channels;
                        add_assign(out, &inputs[0].values[start..start + channels]);
                    }
                });
            });
    }

    fn backward(&self, inputs: &[ArrayView<'_>], grad: &[f32], grads: &mut [&mut [f32]]) {
        let channels = inputs[0].channels();
        let partial: Vec<Vec<f32>> = grad
            .par_chunks(channels * BLOCK)
            .zip(self.rows.par_chunks(self.fields * BLOCK))
            .map(|(grads, rows)| {
                let mut table = vec![0.0f32; inputs[0].values.len()];
                vectorised!(|| {
                    for (g, rows) in grads.chunks(channels).zip(rows.chunks(self.fields)) {
                        for &row in rows {
                            add_assign(&mut table[row as usize * channels..(row as usize + 1) * channels], g);
                        }
                    }
                });
                table
            })
            .collect();
        for table in partial {
            add_assign(grads[0], &table);
        }
    }
}
