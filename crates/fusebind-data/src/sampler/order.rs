//! The order of the pairs of an epoch, before blocks are shuffled and cut into batches.
//!
//! Comes in: pairs and an [`Order`]. Goes out: positions in which pairs that share entities are near each other.

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::config::Order;

/// Positions of `pairs` in the order of an epoch of `blocks` blocks.
pub(super) fn arrange(pairs: &[(u32, u32)], order: Order, blocks: usize, random: &mut ChaCha8Rng) -> Vec<u32> {
    let mut positions: Vec<u32> = (0..pairs.len() as u32).collect();
    positions.shuffle(random);
    match order {
        Order::Shuffled => {}
        // The sort is stable: pairs of one entity stay shuffled.
        Order::DrugBlocks => {
            let rank = Ranks::new(pairs.iter().map(|pair| pair.0), random);
            positions.sort_by_key(|p| rank.of(pairs[*p as usize].0));
        }
        Order::TargetBlocks => {
            let rank = Ranks::new(pairs.iter().map(|pair| pair.1), random);
            positions.sort_by_key(|p| rank.of(pairs[*p as usize].1));
        }
        Order::Blocks => {
            let drugs = Ranks::new(pairs.iter().map(|pair| pair.0), random);
            let targets = Ranks::new(pairs.iter().map(|pair| pair.1), random);
            let (rows, columns) = tiles(drugs.count(), targets.count(), blocks);
            positions.sort_by_key(|p| {
                let (drug, target) = pairs[*p as usize];
                let row = drugs.of(drug) * rows / drugs.count();
                let column = targets.of(target) * columns / targets.count();
                // Every second row of tiles is reversed: a batch that straddles two tiles shares a group with both.
                (
                    row,
                    if row.is_multiple_of(2) {
                        column
                    } else {
                        columns - 1 - column
                    },
                )
            });
        }
    }
    positions
}

/// Rows and columns of a grid of about `blocks` tiles. A tile costs `drugs / rows + targets / columns` encodings; with
/// `rows * columns` given this is least where the two terms are equal.
fn tiles(drugs: usize, targets: usize, blocks: usize) -> (usize, usize) {
    let rows = (blocks as f64 * drugs as f64 / targets.max(1) as f64).sqrt().round() as usize;
    let rows = rows.clamp(1, drugs.max(1));
    let columns = (blocks as f64 / rows as f64).round() as usize;
    (rows, columns.clamp(1, targets.max(1)))
}

/// A random rank for each distinct entity.
struct Ranks {
    entities: Vec<u32>,
    ranks: Vec<usize>,
}

impl Ranks {
    fn new(entities: impl Iterator<Item = u32>, random: &mut ChaCha8Rng) -> Self {
        let mut entities: Vec<u32> = entities.collect();
        entities.sort_unstable();
        entities.dedup();
        let mut ranks: Vec<usize> = (0..entities.len()).collect();
        ranks.shuffle(random);
        Self { entities, ranks }
    }

    fn count(&self) -> usize {
        self.entities.len()
    }

    fn of(&self, entity: u32) -> usize {
        self.ranks[self.entities.partition_point(|e| *e < entity)]
    }
}

/// Samples the share `mixing` of all positions and shuffles their values.
pub(super) fn exchange(positions: &mut [u32], mixing: f64, random: &mut ChaCha8Rng) {
    let count = (mixing.clamp(0.0, 1.0) * positions.len() as f64).round() as usize;
    if count < 2 {
        return;
    }
    let mut places: Vec<usize> = (0..positions.len()).collect();
    let (places, _) = places.partial_shuffle(random, count);
    let values: Vec<u32> = places.iter().map(|place| positions[*place]).collect();
    // The places were sampled in random order; assigning them in sorted order is the shuffle.
    places.sort_unstable();
    places
        .iter()
        .zip(values)
        .for_each(|(place, value)| positions[*place] = value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_balance_both_sides() {
        assert_eq!(tiles(68, 379, 6), (1, 6));
        assert_eq!(tiles(2068, 229, 96), (29, 3));
        assert_eq!(tiles(100, 100, 16), (4, 4));
        assert_eq!(tiles(1, 1, 50), (1, 1));
        assert_eq!(tiles(0, 0, 0), (1, 1));
    }
}
