//! Clusters of similar sequences: k-mer filter, banded global alignment, greedy and longest first.
//!
//! Sequences are taken longest first; each joins the first cluster whose representative it matches, else founds one (the
//! greedy scheme of CD-HIT, Li & Godzik 2006, doi 10.1093/bioinformatics/btl158). A match is an identity of at least
//! `identity` over the shorter sequence, found by a banded alignment (match 2, mismatch -1, gap -2; gaps at the ends of the
//! longer sequence are free). Pairs that share too few 3-mers are not aligned.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// Configuration of [`cluster_sequences`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClusterConfig {
    /// Least identity over the shorter sequence within a cluster.
    pub identity: f64,
    /// Half width of the alignment band, beyond the difference in length.
    pub band: usize,
    /// Least share of the shorter sequence's 3-mers that both must have before they are aligned.
    pub shared: f64,
}

impl Default for ClusterConfig {
    fn default() -> Self {
        Self { identity: 0.4, band: 32, shared: 0.05 }
    }
}

const K: usize = 3;

/// Distinct k-mer codes, ascending.
fn codes(sequence: &[u8]) -> Vec<u32> {
    let mut codes: Vec<u32> =
        sequence.windows(K).map(|w| w.iter().fold(0, |code, token| code * 32 + u32::from(*token))).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// Cluster of each sequence (residue tokens); a cluster is named by the index of its representative.
pub fn cluster_sequences(sequences: &[&[u8]], config: &ClusterConfig) -> Vec<u32> {
    let mut order: Vec<usize> = (0..sequences.len()).collect();
    order.sort_by(|a, b| sequences[*b].len().cmp(&sequences[*a].len()).then(sequences[*a].cmp(sequences[*b])));
    let mut cluster = vec![0u32; sequences.len()];
    let mut representatives: Vec<usize> = Vec::new();
    // Which representatives hold a k-mer.
    let mut holders: HashMap<u32, Vec<u32>> = HashMap::new();
    let mut shared: Vec<u32> = Vec::new();
    for sequence in order {
        let own = codes(sequences[sequence]);
        shared.clear();
        shared.resize(representatives.len(), 0);
        for code in &own {
            holders.get(code).into_iter().flatten().for_each(|r| shared[*r as usize] += 1);
        }
        let needed = (own.len() as f64 * config.shared).max(1.0);
        let mut candidates: Vec<usize> =
            (0..representatives.len()).filter(|r| f64::from(shared[*r]) >= needed).collect();
        candidates.sort_by_key(|r| std::cmp::Reverse(shared[*r]));
        let found = candidates.into_iter().find(|r| {
            identity(sequences[representatives[*r]], sequences[sequence], config.band) >= config.identity
        });
        match found {
            Some(r) => cluster[sequence] = representatives[r] as u32,
            None => {
                let number = representatives.len() as u32;
                own.into_iter().for_each(|code| holders.entry(code).or_default().push(number));
                representatives.push(sequence);
                cluster[sequence] = sequence as u32;
            }
        }
    }
    cluster
}

/// Score of an alignment and the identical residues on its path.
type Cell = (i32, u32);

const MATCH: i32 = 2;
const MISMATCH: i32 = -1;
const GAP: i32 = -2;

/// Identical residues of the best banded alignment over the length of the shorter sequence.
pub fn identity(long: &[u8], short: &[u8], band: usize) -> f64 {
    if short.is_empty() {
        return 0.0;
    }
    let (long, short) = if long.len() < short.len() { (short, long) } else { (long, short) };
    // Residue j of the short sequence may meet residues j - band ..= j + spread + band of the long one.
    let width = long.len() - short.len() + 2 * band + 1;
    let outside: Cell = (i32::MIN / 2, 0);
    let (mut previous, mut current) = (vec![(0, 0); width + 1], vec![outside; width + 1]);
    for (j, residue) in short.iter().enumerate() {
        for cell in 0..width {
            // The diagonal step is the same cell of the residue before; a gap in the long sequence is the next cell of the
            // residue before; a gap in the short sequence is the cell before.
            let inside = (j + cell).checked_sub(band).filter(|i| *i < long.len());
            let diagonal = inside.map_or(outside, |i| {
                let (score, identical) = previous[cell];
                if long[i] == *residue { (score + MATCH, identical + 1) } else { (score + MISMATCH, identical) }
            });
            let gap_long = (previous[cell + 1].0 + GAP, previous[cell + 1].1);
            let gap_short = if cell > 0 { (current[cell - 1].0 + GAP, current[cell - 1].1) } else { outside };
            current[cell] = diagonal.max(gap_long).max(gap_short);
        }
        current[width] = outside;
        std::mem::swap(&mut previous, &mut current);
    }
    let (_, identical) = previous.into_iter().max().unwrap_or(outside);
    f64::from(identical) / short.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence(length: u32, salt: u64) -> Vec<u8> {
        let mut state = salt.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        (0..length)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state % 20) as u8
            })
            .collect()
    }

    #[test]
    fn identity_counts_matches_through_gaps() {
        let a = sequence(200, 1);
        assert_eq!(identity(&a, &a, 16), 1.0);
        let mut gapped = a.clone();
        gapped.drain(50..60);
        assert_eq!(identity(&a, &gapped, 16), 1.0);
        let mut mutated = a.clone();
        (0..200).step_by(4).for_each(|i| mutated[i] = 20);
        assert!((identity(&a, &mutated, 16) - 0.75).abs() < 0.03);
        assert!(identity(&a, &sequence(180, 2), 16) < 0.35, "strangers share residues by chance only");
    }

    #[test]
    fn families_cluster_and_strangers_do_not() {
        let mut sequences = Vec::new();
        for family in 0..5u64 {
            let parent = sequence(150 + 10 * family as u32, family + 10);
            for child in 0..4usize {
                let mut own = parent.clone();
                (child..own.len()).step_by(5).for_each(|i| own[i] = (own[i] + 1 + child as u8) % 20);
                sequences.push(own);
            }
        }
        let views: Vec<&[u8]> = sequences.iter().map(Vec::as_slice).collect();
        let clusters = cluster_sequences(&views, &ClusterConfig::default());
        for (i, cluster) in clusters.iter().enumerate() {
            assert_eq!(*cluster as usize / 4, i / 4, "sequence {i}");
            assert_eq!(*cluster, clusters[i / 4 * 4], "one cluster per family");
        }
    }
}
