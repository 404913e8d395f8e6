//! The product of a matrix with a packed one, by one thread.
//!
//! Comes in: `a [rows, inner]` and a packed `b [inner, columns]`. Goes out: `out [rows, columns]`. Every value is the sum over `inner` in
//! one fixed order, in blocks of [`DEPTH`], whatever the number of rows: a sequence has the same bits alone and among others.
//!
//! ```text
//! out[r, c] = sum_k a[r, k] b[k, c]
//! ```
//!
//! A tile of the result stays in registers while `inner` runs, as in Goto and van de Geijn, Anatomy of high-performance matrix
//! multiplication (2008). Packing `b` beforehand saves what a general routine spends on it in each call.

use pulp::{Arch, Simd, WithSimd};

use super::packed::{PANEL, Packed};

/// Terms that are summed in registers before they are added to the result: a panel of them fits the second cache beside the tiles.
const DEPTH: usize = 512;
/// Rows whose tiles are reused for each panel.
const BLOCK: usize = 96;

/// Columns up to which rows are read where they lie: packing them pays where many panels read them.
const FEW: usize = 4 * PANEL;

/// Room for packed rows, to be used again.
#[derive(Default)]
pub(crate) struct Room(Vec<f32>);

/// `out = a b`; rows of `a` are `stride` values apart and begin at `offset`.
pub(crate) fn product(a: Rows<'_>, b: &Packed, out: &mut [f32], room: &mut Room) {
    assert_eq!(out.len(), a.count() * b.columns, "the destination fits");
    assert!(
        a.offset + b.inner <= a.stride,
        "the rows reach as far as the inner axis"
    );
    if !out.is_empty() {
        Arch::new().dispatch(Product {
            a,
            b,
            out,
            room: &mut room.0,
        });
    }
}

/// Rows of a matrix: parts of equal length of longer rows.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    pub values: &'a [f32],
    pub stride: usize,
    pub offset: usize,
}

impl<'a> Rows<'a> {
    /// Whole rows of `width` values.
    pub fn whole(values: &'a [f32], width: usize) -> Self {
        Self {
            values,
            stride: width,
            offset: 0,
        }
    }

    /// Number of rows.
    pub fn count(&self) -> usize {
        self.values.len() / self.stride
    }

    fn at(&self, row: usize, inner: usize) -> &'a [f32] {
        &self.values[row * self.stride + self.offset..][..inner]
    }
}

struct Product<'a, 'o> {
    a: Rows<'a>,
    b: &'a Packed,
    out: &'o mut [f32],
    room: &'o mut Vec<f32>,
}

impl WithSimd for Product<'_, '_> {
    type Output = ();

    /// A tile is as many rows as the registers of the machine hold, over the width of a panel.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match S::F32_LANES {
            16 => self.run::<S, 2, 12>(simd),
            8 => self.run::<S, 4, 3>(simd),
            4 => self.run::<S, 8, 3>(simd),
            _ => self.run::<S, PANEL, 1>(simd),
        }
    }
}

impl Product<'_, '_> {
    #[inline(always)]
    fn run<S: Simd, const VECTORS: usize, const TILE: usize>(self, simd: S) {
        let Self { a, b, out, room } = self;
        let count = a.count();
        for first in (0..count).step_by(BLOCK) {
            let rows = first..count.min(first + BLOCK);
            let out = &mut out[first * b.columns..rows.end * b.columns];
            for from in (0..b.inner).step_by(DEPTH) {
                let depth = from..b.inner.min(from + DEPTH);
                let onto = if from == 0 { Onto::Nothing } else { Onto::Present };
                if b.columns <= FEW {
                    for (tile, out) in out.chunks_mut(TILE * b.columns).enumerate() {
                        let begin = first + tile * TILE;
                        // Rows beyond the last one are read as the last one, and nobody asks for their sums.
                        let a =
                            std::array::from_fn(|row| &a.at((begin + row).min(rows.end - 1), b.inner)[depth.clone()]);
                        for panel in 0..b.columns.div_ceil(PANEL) {
                            let sums = row_sums::<S, VECTORS, TILE>(simd, a, b.part(panel, &depth));
                            write::<S, VECTORS, TILE>(&sums, out, (panel, b.columns), onto);
                        }
                    }
                    continue;
                }
                pack::<TILE>(a, rows.clone(), depth.clone(), b.inner, room);
                for panel in 0..b.columns.div_ceil(PANEL) {
                    let tiles = room
                        .chunks_exact(TILE * depth.len())
                        .zip(out.chunks_mut(TILE * b.columns));
                    for (a, out) in tiles {
                        let sums = tile_sums::<S, VECTORS, TILE>(simd, a, b.part(panel, &depth));
                        write::<S, VECTORS, TILE>(&sums, out, (panel, b.columns), onto);
                    }
                }
            }
        }
    }
}

/// What happens to the values that are there before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Onto {
    Nothing,
    Present,
}

/// Writes the sums of a tile to its rows of `out`.
#[inline(always)]
fn write<S: Simd, const VECTORS: usize, const TILE: usize>(
    sums: &[[S::f32s; VECTORS]; TILE],
    out: &mut [f32],
    (panel, columns): (usize, usize),
    onto: Onto,
) {
    for (row, sums) in out.chunks_exact_mut(columns).zip(sums) {
        let sums: &[f32] = pulp::bytemuck::cast_slice(sums.as_slice());
        let part = &mut row[panel * PANEL..columns.min((panel + 1) * PANEL)];
        // A whole panel is a few stores, where the length is known.
        if let (Ok(part), Ok(sums)) = (
            <&mut [f32; PANEL]>::try_from(&mut *part),
            <&[f32; PANEL]>::try_from(sums),
        ) {
            match onto {
                Onto::Nothing => *part = *sums,
                Onto::Present => part.iter_mut().zip(sums).for_each(|(value, sum)| *value += sum),
            }
            continue;
        }
        for (value, sum) in part.iter_mut().zip(sums) {
            *value = if onto == Onto::Nothing { *sum } else { *value + sum };
        }
    }
}

/// Rows `rows` as tiles `[depth, TILE]`; rows that are missing in the last one are zero.
#[inline(always)]
fn pack<const TILE: usize>(
    a: Rows<'_>,
    rows: std::ops::Range<usize>,
    depth: std::ops::Range<usize>,
    inner: usize,
    room: &mut Vec<f32>,
) {
    room.clear();
    room.resize(rows.len().div_ceil(TILE) * TILE * depth.len(), 0.0);
    for (tile, values) in room.chunks_exact_mut(TILE * depth.len()).enumerate() {
        let first = rows.start + tile * TILE;
        for at in 0..TILE.min(rows.end - first) {
            let row = &a.at(first + at, inner)[depth.clone()];
            for (to, value) in values.chunks_exact_mut(TILE).zip(row) {
                to[at] = *value;
            }
        }
    }
}

/// The sums of one tile: `a [depth, TILE]` and `b [depth, PANEL]`.
#[inline(always)]
fn tile_sums<S: Simd, const VECTORS: usize, const TILE: usize>(
    simd: S,
    a: &[f32],
    b: &[f32],
) -> [[S::f32s; VECTORS]; TILE] {
    let mut sums = [[simd.splat_f32s(0.0); VECTORS]; TILE];
    let (b, _) = S::as_simd_f32s(b);
    for (a, b) in a.chunks_exact(TILE).zip(b.chunks_exact(VECTORS)) {
        for row in 0..TILE {
            let value = simd.splat_f32s(a[row]);
            for vector in 0..VECTORS {
                sums[row][vector] = simd.mul_add_f32s(value, b[vector], sums[row][vector]);
            }
        }
    }
    sums
}

/// The same, of rows where they lie.
#[inline(always)]
fn row_sums<S: Simd, const VECTORS: usize, const TILE: usize>(
    simd: S,
    a: [&[f32]; TILE],
    b: &[f32],
) -> [[S::f32s; VECTORS]; TILE] {
    let mut sums = [[simd.splat_f32s(0.0); VECTORS]; TILE];
    let (b, _) = S::as_simd_f32s(b);
    let depth = b.len() / VECTORS;
    let a = a.map(|row| &row[..depth]);
    for (k, b) in b.chunks_exact(VECTORS).enumerate().take(depth) {
        for row in 0..TILE {
            let value = simd.splat_f32s(a[row][k]);
            for vector in 0..VECTORS {
                sums[row][vector] = simd.mul_add_f32s(value, b[vector], sums[row][vector]);
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(count: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        };
        (0..count).map(next).collect()
    }

    #[test]
    fn agrees_with_the_sum_in_double_precision_at_every_edge() {
        for (rows, inner, columns) in [(1, 1, 1), (13, 7, 33), (12, 513, 32), (97, 64, 65), (5, 1030, 20)] {
            let (a, b) = (values(rows * inner, 1), values(inner * columns, 2));
            let mut out = vec![9.0; rows * columns];
            let packed = Packed::of_transposed(&b, inner);
            product(Rows::whole(&a, inner), &packed, &mut out, &mut Room::default());
            for r in 0..rows {
                for c in 0..columns {
                    let terms = (0..inner).map(|k| f64::from(a[r * inner + k]) * f64::from(b[c * inner + k]));
                    let due: f64 = terms.sum();
                    assert!(
                        (f64::from(out[r * columns + c]) - due).abs() < 1e-4,
                        "{rows} {inner} {columns}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_row_has_the_same_bits_alone_and_among_others() {
        let (inner, columns) = (600, 40);
        let (a, b) = (values(130 * inner, 3), values(inner * columns, 4));
        let packed = Packed::of_transposed(&b, inner);
        let of = |rows: &[f32]| {
            let mut out = vec![0.0; rows.len() / inner * columns];
            product(Rows::whole(rows, inner), &packed, &mut out, &mut Room::default());
            out
        };
        let together = of(&a);
        for row in [0, 11, 12, 95, 96, 129] {
            let alone = of(&a[row * inner..(row + 1) * inner]);
            assert_eq!(alone, together[row * columns..(row + 1) * columns]);
        }
    }
}
