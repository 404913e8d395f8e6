//! Sparse rows of unit norm, and the cosine of one row with all of them through an inverted index.
//!
//! Comes in: (term, weight) lists. Goes out: [`SparseRows`] and similarities. An empty row is an entity without this
//! modality.

/// Rows of (term, weight), each sorted by term and of unit norm, or empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SparseRows {
    /// First entry of each row, and the total as the last, `[rows + 1]`; empty where there is no row.
    pub offsets: Vec<u32>,
    /// Terms.
    pub terms: Vec<u32>,
    /// Weights.
    pub weights: Vec<f32>,
}

impl SparseRows {
    /// Appends a row; entries of one term are added up, and the row is scaled to unit norm.
    pub fn push(&mut self, mut entries: Vec<(u32, f32)>) {
        if self.offsets.is_empty() {
            self.offsets.push(0);
        }
        entries.sort_by_key(|entry| entry.0);
        let first = self.terms.len();
        for run in entries.chunk_by(|a, b| a.0 == b.0) {
            let weight: f32 = run.iter().map(|entry| entry.1).sum();
            if weight != 0.0 {
                self.terms.push(run[0].0);
                self.weights.push(weight);
            }
        }
        let norm = self.weights[first..].iter().map(|w| w * w).sum::<f32>().sqrt();
        if norm > 0.0 {
            self.weights[first..].iter_mut().for_each(|w| *w /= norm);
        }
        self.offsets.push(self.terms.len() as u32);
    }

    /// Appends a row of other rows as it is.
    pub(crate) fn push_row(&mut self, (terms, weights): (&[u32], &[f32])) {
        if self.offsets.is_empty() {
            self.offsets.push(0);
        }
        self.terms.extend_from_slice(terms);
        self.weights.extend_from_slice(weights);
        self.offsets.push(self.terms.len() as u32);
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Terms and weights of a row.
    pub fn row(&self, index: usize) -> (&[u32], &[f32]) {
        let (start, end) = (self.offsets[index] as usize, self.offsets[index + 1] as usize);
        (&self.terms[start..end], &self.weights[start..end])
    }

    /// The rows at `indices`.
    pub fn select(&self, indices: &[u32]) -> Self {
        let mut selected = Self {
            offsets: vec![0],
            ..Self::default()
        };
        for &index in indices {
            selected.push_row(self.row(index as usize));
        }
        selected
    }
}

/// Rows by term.
#[derive(Clone, Debug, Default)]
pub(super) struct InvertedIndex {
    rows: usize,
    terms: Vec<u32>,
    offsets: Vec<u32>,
    postings: Vec<(u32, f32)>,
}

impl InvertedIndex {
    pub fn new(rows: &SparseRows) -> Self {
        let mut entries: Vec<(u32, u32, f32)> = Vec::with_capacity(rows.terms.len());
        for index in 0..rows.len() {
            let (terms, weights) = rows.row(index);
            entries.extend(terms.iter().zip(weights).map(|(t, w)| (*t, index as u32, *w)));
        }
        entries.sort_unstable_by_key(|entry| (entry.0, entry.1));
        let mut index = Self {
            rows: rows.len(),
            ..Self::default()
        };
        for run in entries.chunk_by(|a, b| a.0 == b.0) {
            index.terms.push(run[0].0);
            index.offsets.push(index.postings.len() as u32);
            index.postings.extend(run.iter().map(|entry| (entry.1, entry.2)));
        }
        index.offsets.push(index.postings.len() as u32);
        index
    }

    /// Number of `terms` that each row holds, `[rows]`.
    pub fn shared(&self, terms: &[u32]) -> Vec<u32> {
        let mut shared = vec![0; self.rows];
        for term in terms {
            if let Ok(at) = self.terms.binary_search(term) {
                let (start, end) = (self.offsets[at] as usize, self.offsets[at + 1] as usize);
                self.postings[start..end]
                    .iter()
                    .for_each(|(row, _)| shared[*row as usize] += 1);
            }
        }
        shared
    }

    /// Cosine of a unit row with every row, into `out` of `[rows]`.
    pub fn cosines(&self, (terms, weights): (&[u32], &[f32]), out: &mut [f32]) {
        debug_assert_eq!(out.len(), self.rows);
        out.fill(0.0);
        for (term, weight) in terms.iter().zip(weights) {
            if let Ok(at) = self.terms.binary_search(term) {
                let (start, end) = (self.offsets[at] as usize, self.offsets[at + 1] as usize);
                for (row, other) in &self.postings[start..end] {
                    out[*row as usize] += weight * other;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_unit_norm_and_cosines_are_dot_products() {
        let mut rows = SparseRows::default();
        rows.push(vec![(7, 3.0), (2, 4.0)]);
        rows.push(vec![]);
        rows.push(vec![(2, 1.0), (2, 1.0)]);
        assert_eq!((rows.row(0).0, rows.len()), ([2, 7].as_slice(), 3));
        assert!(rows.row(0).1.iter().zip([0.8, 0.6]).all(|(a, b)| (a - b).abs() < 1e-6));
        let index = InvertedIndex::new(&rows);
        let mut out = [9.0; 3];
        index.cosines(rows.row(0), &mut out);
        assert!(
            (out[0] - 1.0).abs() < 1e-6 && out[1] == 0.0 && (out[2] - 0.8).abs() < 1e-6,
            "{out:?}"
        );
        assert_eq!(index.shared(&[1, 2, 7]), [2, 0, 1]);
        assert_eq!(rows.select(&[2, 0]).row(1), rows.row(0));
    }
}
