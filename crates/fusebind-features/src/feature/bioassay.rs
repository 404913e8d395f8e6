//! Assay outcomes as a set of tokens.
//!
//! Each assay has three tokens: active, inactive, and a number. An entity is the set of tokens of the assays it was tested
//! in; an assay that was not run has none, which is not the same as inactive. The weight of a class token is 1, that of a
//! number its value, compressed by `asinh`; rows have unit norm. Comes in: `[A]` with NaN where not tested. Goes out: sparse rows
//! over `3 A` tokens.

use crate::sparse_rows::SparseRows;

/// Tokens per assay.
pub const TOKENS: usize = 3;

/// Tokens of the assays in `outcomes`: `3 a` active, `3 a + 1` inactive, `3 a + 2` a number.
pub fn tokens(outcomes: &[f32]) -> impl Iterator<Item = (u32, f32)> {
    outcomes
        .iter()
        .enumerate()
        .filter(|(_, v)| v.is_finite())
        .map(|(assay, value)| {
            let first = (assay * TOKENS) as u32;
            match value {
                1.0 => (first, 1.0),
                0.0 => (first + 1, 1.0),
                value => (first + 2, value.asinh()),
            }
        })
}

/// The part of `rows` that measures how similarly two drugs act: actives count fully, inactives, which most drugs share, little.
pub fn likeness(rows: &SparseRows) -> SparseRows {
    let mut alike = SparseRows::default();
    for index in 0..rows.len() {
        let (terms, weights) = rows.row(index);
        let weighted = |(term, weight): (&u32, &f32)| (*term, if term % 3 == 1 { 0.2 * weight } else { *weight });
        alike.push(terms.iter().zip(weights).map(weighted).collect());
    }
    alike
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_tested_is_not_inactive() {
        let found: Vec<(u32, f32)> = tokens(&[1.0, 0.0, f32::NAN, 2.0]).collect();
        assert_eq!(found, [(0, 1.0), (4, 1.0), (11, 2.0f32.asinh())]);
        let mut rows = SparseRows::default();
        rows.push(tokens(&[1.0, 0.0]).collect());
        let alike = likeness(&rows);
        assert!(alike.row(0).1[0] > 4.0 * alike.row(0).1[1]);
    }
}
