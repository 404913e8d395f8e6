//! Matrix products over slices, shared between the cores the same way on every machine.
//!
//! `out <- A B` or `out <- out + A B`, row-major `out`. Large products are cut into bands of rows or of columns; every element is
//! still one sum over the whole inner axis, so bands and threads do not change the result. Axis legend: `A` is `[M, K]`, `B` is `[K, N]`.

use rayon::prelude::*;

/// Multiply-adds below which a second thread costs more than it brings.
const SMALL: usize = 1 << 19;
/// Least rows or columns of a band. The library sums products of up to 64 by 64 in another order than larger ones: with bands above
/// that, the number of bands does not show in the result.
const BAND: usize = 96;
/// Most bands; so many leave the last one no more than 31 short of [`BAND`].
const MOST: usize = 32;

/// A matrix in a slice, row-major or the transpose of one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// The row-major matrix of `columns` columns that `values` hold.
    pub fn new(values: &'a [f32], columns: usize) -> Self {
        Self {
            values,
            rows: values.len() / columns,
            columns,
            row_stride: columns,
            column_stride: 1,
        }
    }

    /// The transpose, without moving anything.
    pub fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    /// Rows `first..first + rows`.
    fn band(self, first: usize, rows: usize) -> Self {
        Self {
            values: &self.values[first * self.row_stride..],
            rows,
            ..self
        }
    }
}

/// Destination whose bands are written by several tasks.
#[derive(Clone, Copy)]
struct Destination {
    start: *mut f32,
    row_stride: usize,
}

impl Destination {
    /// The destination from `offset` on.
    ///
    /// # Safety
    /// `offset` lies within what the destination points into.
    unsafe fn further(self, offset: usize) -> Self {
        Self {
            // SAFETY: the caller's promise.
            start: unsafe { self.start.add(offset) },
            ..self
        }
    }
}

// SAFETY: a destination is an address and a stride; a thread that has one may only write by `whole`, whose callers promise that
// nobody else touches what is written.
unsafe impl Send for Destination {}
// SAFETY: as for `Send`; reading the address from several threads writes nothing.
unsafe impl Sync for Destination {}

/// What happens to the values that are there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Onto {
    /// They are overwritten.
    Nothing,
    /// They are added to.
    Present,
}

/// The product of two matrices, by one thread.
///
/// # Safety
/// From `out` on lie `a.rows` rows, `out.row_stride` values apart, and the first `b.columns` values of each may be written: they are
/// alive and nobody else reads or writes them meanwhile. The inner axes agree, and `a` and `b` reach only into their own values, as
/// [`destination`] checks.
unsafe fn whole(a: Matrix<'_>, b: Matrix<'_>, out: Destination, onto: Onto) {
    debug_assert_eq!(a.columns, b.rows);
    if a.rows == 0 || b.columns == 0 {
        return;
    }
    // SAFETY: the caller's promise; both factors are borrowed for the call.
    unsafe {
        gemm::gemm(
            a.rows,
            b.columns,
            a.columns,
            out.start,
            1,
            out.row_stride as isize,
            onto == Onto::Present,
            a.values.as_ptr(),
            a.column_stride as isize,
            a.row_stride as isize,
            b.values.as_ptr(),
            b.column_stride as isize,
            b.row_stride as isize,
            1.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// Destination of `a b`, checked.
fn destination(a: Matrix<'_>, b: Matrix<'_>, out: &mut [f32]) -> Destination {
    assert_eq!(a.columns, b.rows, "inner axes agree");
    assert_eq!(out.len(), a.rows * b.columns, "the destination fits");
    for matrix in [a, b] {
        let last = (matrix.rows.max(1) - 1) * matrix.row_stride + (matrix.columns.max(1) - 1) * matrix.column_stride;
        assert!(
            matrix.rows * matrix.columns == 0 || last < matrix.values.len(),
            "in bounds"
        );
    }
    Destination {
        start: out.as_mut_ptr(),
        row_stride: b.columns,
    }
}

/// `out <- a b` or `out <- out + a b` on this thread.
pub(crate) fn product_here(a: Matrix<'_>, b: Matrix<'_>, out: &mut [f32], onto: Onto) {
    let destination = destination(a, b, out);
    // SAFETY: `destination` checked the factors and that `out` holds `a.rows` rows of `b.columns`; `out` is borrowed alone.
    unsafe { whole(a, b, destination, onto) };
}

/// `out <- a b` or `out <- out + a b` on all threads.
pub(crate) fn product(a: Matrix<'_>, b: Matrix<'_>, out: &mut [f32], onto: Onto) {
    let destination = destination(a, b, out);
    let (rows, columns) = (a.rows, b.columns);
    let by_rows = rows >= columns;
    let length = if by_rows { rows } else { columns };
    let bands = rayon::current_num_threads().min(MOST).min(length / BAND);
    if bands <= 1 || rows * columns * a.columns < SMALL {
        // SAFETY: `destination` checked the factors and that `out` holds `rows` rows of `columns`; `out` is borrowed alone.
        return unsafe { whole(a, b, destination, onto) };
    }
    let band = length.div_ceil(bands);
    (0..length.div_ceil(band)).into_par_iter().for_each(|task| {
        let (first, count) = (task * band, band.min(length - task * band));
        let (a, b, offset) = if by_rows {
            (a.band(first, count), b, first * columns)
        } else {
            (a, b.transposed().band(first, count).transposed(), first)
        };
        // SAFETY: `first + count` is at most `length`, so that the offset and the band behind it lie within `out`, which `destination`
        // checked along with the factors. Bands of different tasks share no row, or no column, and `out` is borrowed alone.
        unsafe { whole(a, b, destination.further(offset), onto) };
    });
}

/// Rows that a product has at least, where its rows must not depend on how many others there are: the library sums smaller products
/// in another order.
const LEAST_ROWS: usize = 65;
/// The same for fewer than [`NARROW`] columns, and the most rows that such a product may have.
const NARROW_ROWS: usize = 256;
/// Columns below which the library takes its way by the number of elements.
const NARROW: usize = 4;

/// Calls `multiply` with `a` and `out`, or with copies that are padded with rows of zeros where `a` has few rows, so that every row of the
/// result has the same bits whatever other rows there are.
fn padded(a: Matrix<'_>, columns: usize, out: &mut [f32], multiply: impl Fn(Matrix<'_>, &mut [f32])) {
    debug_assert_eq!(
        (a.column_stride, a.row_stride),
        (1, a.columns),
        "the factor is row-major"
    );
    let least = if columns < NARROW { NARROW_ROWS } else { LEAST_ROWS };
    let narrow_and_long = columns < NARROW && a.rows > NARROW_ROWS;
    if a.rows >= least && !narrow_and_long || a.rows == 0 || columns == 0 {
        return multiply(a, out);
    }
    for (rows, out) in (a.values.chunks(least * a.columns)).zip(out.chunks_mut(least * columns)) {
        if rows.len() == least * a.columns {
            multiply(Matrix::new(rows, a.columns), out);
            continue;
        }
        let mut factor = rows.to_vec();
        factor.resize(least * a.columns, 0.0);
        let mut product = out.to_vec();
        product.resize(least * columns, 0.0);
        multiply(Matrix::new(&factor, a.columns), &mut product);
        out.copy_from_slice(&product[..out.len()]);
    }
}

/// [`product`] of a row-major `a`, whose rows have the same bits whatever other rows `a` has.
pub(crate) fn product_by_row(a: Matrix<'_>, b: Matrix<'_>, out: &mut [f32], onto: Onto) {
    padded(a, b.columns, out, |a, out| product(a, b, out, onto));
}

/// [`product_here`] of a row-major `a`, whose rows have the same bits whatever other rows `a` has.
pub(crate) fn product_by_row_here(a: Matrix<'_>, b: Matrix<'_>, out: &mut [f32], onto: Onto) {
    padded(a, b.columns, out, |a, out| product_here(a, b, out, onto));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(a: Matrix<'_>, b: Matrix<'_>) -> Vec<f32> {
        let at = |m: Matrix<'_>, r: usize, c: usize| m.values[r * m.row_stride + c * m.column_stride];
        let cell = |r: usize, c: usize| (0..a.columns).map(|k| at(a, r, k) * at(b, k, c)).sum::<f32>();
        (0..a.rows * b.columns)
            .map(|i| cell(i / b.columns, i % b.columns))
            .collect()
    }

    #[test]
    fn a_row_has_the_same_bits_whatever_other_rows_there_are() {
        let values = |count: usize, salt: usize| -> Vec<f32> {
            (0..count)
                .map(|i| ((i * 37 + salt * 11) % 101) as f32 / 101.0 - 0.4)
                .collect()
        };
        for (n, k) in [
            (1, 300),
            (2, 300),
            (3, 2000),
            (5, 700),
            (64, 2048),
            (70, 2048),
            (256, 40),
            (300, 1100),
        ] {
            let (a, b) = (values(600 * k, 1), values(k * n, 2));
            let rows = |first: usize, count: usize| {
                let mut ways: Vec<Vec<f32>> = Vec::new();
                for multiply in [product_by_row, product_by_row_here] {
                    let mut out = vec![0.5; count * n];
                    let a = Matrix::new(&a[first * k..(first + count) * k], k);
                    multiply(a, Matrix::new(&b, n), &mut out, Onto::Present);
                    ways.push(out);
                }
                assert_eq!(ways[0], ways[1]);
                ways.swap_remove(0)
            };
            let all = rows(0, 600);
            for (first, count) in [
                (0, 1),
                (7, 1),
                (599, 1),
                (3, 2),
                (10, 63),
                (10, 64),
                (10, 65),
                (20, 130),
                (30, 300),
            ] {
                assert!(
                    rows(first, count) == all[first * n..(first + count) * n],
                    "{n} {k} {first} {count}"
                );
            }
        }
    }

    #[test]
    fn bands_and_transposes_give_the_product_whatever_the_threads() {
        let values = |count: usize, salt: usize| -> Vec<f32> {
            (0..count)
                .map(|i| ((i * 37 + salt * 11) % 101) as f32 / 101.0 - 0.4)
                .collect()
        };
        for (m, n, k) in [
            (300, 70, 45),
            (33, 400, 60),
            (64, 200, 2000),
            (300, 40, 1100),
            (1, 5, 3),
            (5, 1, 200),
            (0, 4, 2),
            (130, 130, 1),
        ] {
            let (a, b) = (values(m * k, 1), values(k * n, 2));
            let (a_turned, b_turned) = (Matrix::new(&a, k), Matrix::new(&b, n));
            let (a_store, b_store): (Vec<f32>, Vec<f32>) = (
                (0..k * m).map(|i| a[(i % m.max(1)) * k + i / m.max(1)]).collect(),
                (0..n * k).map(|i| b[(i % k) * n + i / k]).collect(),
            );
            let expected = plain(a_turned, b_turned);
            let run = |threads: usize, a: Matrix<'_>, b: Matrix<'_>| {
                let pool = rayon::ThreadPoolBuilder::new()
                    .num_threads(threads)
                    .build()
                    .expect("a pool");
                let mut out = vec![1.0; m * n];
                pool.install(|| product(a, b, &mut out, Onto::Present));
                out
            };
            let turned = |store: &'static [f32], columns| Matrix::new(store, columns).transposed();
            let (a_store, b_store): (&'static [f32], &'static [f32]) = (a_store.leak(), b_store.leak());
            let mut ways = vec![
                run(1, a_turned, b_turned),
                run(2, a_turned, b_turned),
                run(3, a_turned, b_turned),
            ];
            assert!(ways.iter().all(|w| w == &ways[0]), "{m} {n} {k}: the same bits");
            if m > 0 {
                ways.push(run(2, turned(a_store, m), turned(b_store, k)));
            }
            for way in ways {
                let close = way.iter().zip(&expected).all(|(x, y)| (x - y - 1.0).abs() < 1e-3);
                assert!(close, "{m} {n} {k}");
            }
        }
    }
}
