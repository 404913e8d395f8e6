//! The right factor of a product, in the order in which the product reads it.
//!
//! Comes in: a matrix `[inner, columns]`, value by value. Goes out: panels of [`PANEL`] columns, each `[inner, PANEL]`, the last one filled
//! with zeros. A dense layer is packed once, when it is read; nothing else of it is kept.

use rayon::prelude::*;

/// Columns of a panel: two AVX-512 registers.
pub(crate) const PANEL: usize = 32;

/// A packed matrix `[inner, columns]`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Packed {
    pub values: Vec<f32>,
    pub inner: usize,
    pub columns: usize,
}

impl Packed {
    /// Packs the transpose of `rows`, which is `[columns, inner]`: how dense layers are stored.
    pub fn of_transposed(rows: &[f32], inner: usize) -> Self {
        let columns = rows.len() / inner.max(1);
        let mut packed = Self::default();
        packed.resize(inner, columns);
        let panels = packed.values.par_chunks_mut(PANEL * inner.max(1)).enumerate();
        panels.for_each(|(panel, values)| {
            let first = panel * PANEL;
            for (column, row) in rows[first * inner..].chunks_exact(inner).take(PANEL).enumerate() {
                for (to, value) in values[column..].iter_mut().step_by(PANEL).zip(row) {
                    *to = *value;
                }
            }
        });
        packed
    }

    /// Packs the transpose of the `[columns, inner]` part of `rows` that begins in each row at `offset`.
    pub fn refill_transposed(&mut self, rows: &[f32], stride: usize, offset: usize, inner: usize) {
        self.resize(inner, rows.len() / stride);
        for (column, row) in rows.chunks_exact(stride).enumerate() {
            let from = column / PANEL * PANEL * inner + column % PANEL;
            for (to, value) in self.values[from..]
                .iter_mut()
                .step_by(PANEL)
                .zip(&row[offset..offset + inner])
            {
                *to = *value;
            }
        }
    }

    /// Packs the `[inner, columns]` part of `rows` that begins in each row at `offset`.
    pub fn refill(&mut self, rows: &[f32], stride: usize, offset: usize, columns: usize) {
        let inner = rows.len() / stride;
        self.resize(inner, columns);
        for (k, row) in rows.chunks_exact(stride).enumerate() {
            for (panel, part) in row[offset..offset + columns].chunks(PANEL).enumerate() {
                let from = (panel * inner + k) * PANEL;
                self.values[from..from + part.len()].copy_from_slice(part);
            }
        }
    }

    /// Part of a panel, `[depth, PANEL]`.
    pub fn part(&self, panel: usize, depth: &std::ops::Range<usize>) -> &[f32] {
        &self.values[(panel * self.inner + depth.start) * PANEL..(panel * self.inner + depth.end) * PANEL]
    }

    /// Room for `[inner, columns]`; what fills the last panel is zero.
    fn resize(&mut self, inner: usize, columns: usize) {
        (self.inner, self.columns) = (inner, columns);
        self.values.clear();
        self.values.resize(columns.div_ceil(PANEL) * PANEL * inner, 0.0);
    }
}
