//! Sparse rows of a batch: the weighted terms of each entity. Axis legend: `B` rows, `V` terms.

use super::row_index::RowIndex;

/// Sparse rows over `V` terms, with their transpose.
#[derive(Clone, Debug, PartialEq)]
pub struct Bag {
    /// First entry of each row, `[B + 1]`.
    pub offsets: Vec<u32>,
    /// Weight of each entry.
    pub weights: Vec<f32>,
    /// Row of each entry.
    pub rows: Vec<u32>,
    /// Term of each entry, and the entries of each term.
    pub terms: RowIndex,
}

impl Bag {
    /// A bag over `terms` terms from rows of (term, weight) lists. Every term must be below `terms`.
    pub fn new<'a>(rows: impl Iterator<Item = (&'a [u32], &'a [f32])>, terms: usize) -> Self {
        let (mut offsets, mut index, mut weights, mut of) = (vec![0u32], Vec::new(), Vec::new(), Vec::new());
        for (row, (ids, values)) in rows.enumerate() {
            index.extend_from_slice(ids);
            weights.extend_from_slice(values);
            of.resize(index.len(), row as u32);
            offsets.push(index.len() as u32);
        }
        Self {
            offsets,
            weights,
            rows: of,
            terms: RowIndex::new(index, terms),
        }
    }

    /// Number of rows `B`.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Words of the entities of a batch, in order, each as its position in the vocabulary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// Words of each entity, `[B][..]`; none where there is no text.
    pub rows: Vec<Vec<u32>>,
}
