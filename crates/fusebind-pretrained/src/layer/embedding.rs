//! The first state of each token. Comes in: token ids. Goes out: rows `[L, D]`: the token's row, times a factor, and where there are such
//! tables the row of its position within its sequence.

use crate::kernel::Norm;

/// Tables of an encoder.
#[derive(Clone, Debug)]
pub(crate) struct Embedding {
    /// `[vocabulary, D]`.
    pub tokens: Vec<f32>,
    pub width: usize,
    pub factor: f32,
    /// `[positions, D]`, from the first position of a sequence on; empty where positions are known otherwise. What is added to every
    /// token (its type) is part of it.
    pub positions: Vec<f32>,
    pub norm: Option<Norm>,
}

impl Embedding {
    /// Number of tokens that it knows.
    pub fn vocabulary(&self) -> usize {
        self.tokens.len() / self.width
    }

    /// The states of sequences that end at `ends`.
    pub fn states(&self, ids: &[u32], ends: &[usize]) -> Vec<f32> {
        let mut states = Vec::with_capacity(ids.len() * self.width);
        let mut start = 0;
        for &end in ends {
            for (position, &id) in ids[start..end].iter().enumerate() {
                let token = &self.tokens[id as usize * self.width..][..self.width];
                let place = self.positions.get(position * self.width..(position + 1) * self.width);
                match place {
                    Some(place) => states.extend(token.iter().zip(place).map(|(x, place)| x * self.factor + place)),
                    None => states.extend(token.iter().map(|x| x * self.factor)),
                }
            }
            start = end;
        }
        if let Some(norm) = &self.norm {
            norm.apply_in_place(&mut states);
        }
        states
    }
}
