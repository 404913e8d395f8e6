//! An index list with its transpose. Axis legend: `R` rows, `P` gathered rows.

/// Positions `p` grouped by the row they read: the transpose of an index list, in compressed rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowIndex {
    /// Row of each position, `[P]`.
    pub index: Vec<u32>,
    /// First entry of each row in `positions`, `[R + 1]`.
    pub offsets: Vec<u32>,
    /// Positions sorted by row, then by position, `[P]`.
    pub positions: Vec<u32>,
}

impl RowIndex {
    /// Groups `index` over `rows` rows. Every index must be below `rows`.
    pub fn new(index: Vec<u32>, rows: usize) -> Self {
        let mut offsets = vec![0u32; rows + 1];
        for &row in &index {
            offsets[row as usize + 1] += 1;
        }
        for row in 0..rows {
            offsets[row + 1] += offsets[row];
        }
        let mut next = offsets.clone();
        let mut positions = vec![0u32; index.len()];
        for (position, &row) in index.iter().enumerate() {
            positions[next[row as usize] as usize] = position as u32;
            next[row as usize] += 1;
        }
        Self {
            index,
            offsets,
            positions,
        }
    }

    /// Number of rows `R`.
    pub fn rows(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Number of gathered rows `P`.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether nothing is gathered.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Positions that read `row`.
    pub fn readers(&self, row: usize) -> &[u32] {
        &self.positions[self.offsets[row] as usize..self.offsets[row + 1] as usize]
    }
}
