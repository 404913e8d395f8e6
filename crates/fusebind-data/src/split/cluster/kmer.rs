//! The filter before the alignment: 3-mers that two sequences share near one diagonal.
//!
//! Unrelated sequences of `L` residues share about `L²/8000` 3-mers, scattered over all diagonals; related ones share
//! `identity³ L` on the few diagonals of their alignment. Counting per strip of diagonals separates the two where a plain count
//! cannot.

/// Residues per k-mer; codes take five bits per residue.
const K: usize = 3;
/// Diagonals per strip; a match is sought in two neighbouring strips.
const STRIP: usize = 32;
/// Matches per residue of the query that two neighbouring strips hold by chance, at equal residue frequencies.
pub(super) const CHANCE: f64 = 2.0 * STRIP as f64 / 8000.0;
/// Strips on either side of the best that may join the band.
const REACH: usize = 6;
/// Token of `X`: unknown, so it is in no k-mer.
const UNKNOWN: u8 = 22;

/// A representative that is similar enough to align.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// Number of the representative in the order of insertion.
    pub representative: usize,
    /// Shared 3-mers in its best two neighbouring strips.
    pub matches: u32,
    /// Lowest and highest diagonal (position in the representative minus position in the query) with a fair share of them.
    pub diagonals: (isize, isize),
}

/// 3-mers of the representatives, with their places.
pub(super) struct KmerIndex {
    /// Per code: (representative, position).
    places: Vec<Vec<(u32, u32)>>,
    /// First strip of each representative, and the total as the last entry.
    strips: Vec<usize>,
    /// Matches per strip; all zero between queries.
    tally: Vec<u32>,
}

/// Codes of the k-mers of `sequence` with their positions.
fn codes(sequence: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    sequence
        .windows(K)
        .enumerate()
        .filter(|(_, kmer)| kmer.iter().all(|residue| *residue < UNKNOWN))
        .map(|(at, kmer)| {
            (
                at,
                kmer.iter().fold(0, |code, residue| code << 5 | usize::from(*residue)),
            )
        })
}

impl KmerIndex {
    pub fn new() -> Self {
        Self {
            places: vec![Vec::new(); 1 << (5 * K)],
            strips: vec![0],
            tally: Vec::new(),
        }
    }

    /// Adds the next representative. Queries after it must not be longer than it.
    pub fn add(&mut self, sequence: &[u8]) {
        let number = (self.strips.len() - 1) as u32;
        for (at, code) in codes(sequence) {
            self.places[code].push((number, at as u32));
        }
        // Diagonals run from -(query - 1) to representative - 1.
        let strips = self.tally.len() + 2 * sequence.len() / STRIP + 2;
        self.tally.resize(strips, 0);
        self.strips.push(strips);
    }

    /// Representatives with at least `needed` matches near one diagonal, most matches first.
    pub fn candidates(&mut self, query: &[u8], needed: f64) -> Vec<Candidate> {
        let mut touched: Vec<u32> = Vec::new();
        for (at, code) in codes(query) {
            for (representative, place) in &self.places[code] {
                // The shift by the query's length makes every diagonal positive.
                let diagonal = *place as usize + query.len() - at;
                let strip = &mut self.tally[self.strips[*representative as usize] + diagonal / STRIP];
                if *strip == 0 {
                    touched.push(*representative);
                }
                *strip = strip.saturating_add(1);
            }
        }
        touched.sort_unstable();
        touched.dedup();
        let mut found: Vec<Candidate> = Vec::new();
        for representative in touched {
            let representative = representative as usize;
            let tally = &mut self.tally[self.strips[representative]..self.strips[representative + 1]];
            let best =
                (0..tally.len() - 1).max_by_key(|at| (tally[*at].saturating_add(tally[at + 1]), tally.len() - at));
            let best = best.unwrap_or(0);
            let matches = tally[best].saturating_add(tally[best + 1]);
            if f64::from(matches) >= needed {
                // A long insertion moves the alignment to another strip, which then holds matches as well.
                let near = best.saturating_sub(REACH)..(best + 2 + REACH).min(tally.len());
                let fair = |strip: &usize| 3 * u64::from(tally[*strip]) >= u64::from(matches);
                let low = near.clone().find(fair).unwrap_or(best).min(best);
                let high = near.rev().find(fair).unwrap_or(best).max(best + 1);
                let diagonal = |shifted: usize| shifted as isize - query.len() as isize;
                found.push(Candidate {
                    representative,
                    matches,
                    diagonals: (diagonal(low * STRIP), diagonal((high + 1) * STRIP - 1)),
                });
            }
            tally.fill(0);
        }
        found.sort_by_key(|candidate| (std::cmp::Reverse(candidate.matches), candidate.representative));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_are_counted_near_one_diagonal() {
        let long: Vec<u8> = (0..200u32).map(|i| (i * i * 7 % 19) as u8).collect();
        let query = long[60..120].to_vec();
        let mut index = KmerIndex::new();
        index.add(&[0; 200]);
        index.add(&long);
        let found = index.candidates(&query, 30.0);
        assert_eq!(found[0].representative, 1);
        assert!(found[0].matches >= 58);
        assert!(
            found[0].diagonals.0 <= 60 && 60 <= found[0].diagonals.1,
            "{:?}",
            found[0].diagonals
        );
        assert_eq!(index.candidates(&query, 30.0), found, "a query leaves nothing behind");
        assert!(
            index.candidates(&[22; 60], 1.0).is_empty(),
            "unknown residues match nothing"
        );
        assert!(index.candidates(&[1, 2], 0.0).is_empty());
    }
}
