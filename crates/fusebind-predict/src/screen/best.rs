//! The best of many scores, in memory that does not grow with their number.
//!
//! Comes in: scores with the place of what was scored, in any order. Goes out: the best of them, from the best on. Equal scores are ordered by
//! place.

use std::{cmp::Ordering, collections::BinaryHeap};

/// A score and what it belongs to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked {
    /// Score; more is better.
    pub score: f64,
    /// Place of what was scored, by which ties are decided.
    pub place: u64,
}

impl Eq for Ranked {}

impl Ord for Ranked {
    /// The better is the lesser, so that sorting begins with the best.
    fn cmp(&self, other: &Self) -> Ordering {
        let by_score = other.score.total_cmp(&self.score);
        by_score.then(self.place.cmp(&other.place))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The best so far.
#[derive(Clone, Debug)]
pub struct Best {
    most: usize,
    /// The worst on top.
    held: BinaryHeap<Ranked>,
}

impl Best {
    /// Will hold at most `most`.
    pub fn new(most: usize) -> Self {
        Self {
            most,
            held: BinaryHeap::new(),
        }
    }

    /// Takes a score in where it is among the best.
    pub fn offer(&mut self, ranked: Ranked) {
        if self.held.len() < self.most {
            self.held.push(ranked);
        } else if let Some(mut worst) = self.held.peek_mut()
            && ranked < *worst
        {
            *worst = ranked;
        }
    }

    /// What is held, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Ranked> {
        self.held.iter()
    }

    /// The best, from the best on.
    pub fn ranking(&self) -> Vec<Ranked> {
        let mut all: Vec<Ranked> = self.held.iter().copied().collect();
        all.sort_unstable();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_are_held_whatever_the_order() {
        let scores = [0.5, 2.0, 1.0, 2.0, -1.0, 0.5];
        let all: Vec<Ranked> = (scores.iter().zip(0..))
            .map(|(score, place)| Ranked { score: *score, place })
            .collect();
        let best = |order: &[usize], most| {
            let mut best = Best::new(most);
            order.iter().for_each(|at| best.offer(all[*at]));
            best.ranking().iter().map(|ranked| ranked.place).collect::<Vec<_>>()
        };
        // Of equal scores the earlier place counts.
        assert_eq!(best(&[0, 1, 2, 3, 4, 5], 4), [1, 3, 2, 0]);
        assert_eq!(best(&[5, 4, 3, 2, 1, 0], 4), [1, 3, 2, 0]);
        assert_eq!(best(&[5, 4, 3, 2, 1, 0], 100), [1, 3, 2, 0, 5, 4]);
        assert_eq!(best(&[0, 1], 0), [0u64; 0]);
    }
}
