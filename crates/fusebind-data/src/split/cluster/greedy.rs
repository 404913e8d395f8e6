//! The greedy pass: longest first; each sequence joins a cluster or starts a new one.

use super::{
    ClusterConfig,
    align::identity,
    kmer::{CHANCE, Candidate, KmerIndex},
};

/// Cluster of each sequence (residue tokens); a cluster is named by the index of its representative. The result depends on the
/// set of sequences, not on their order: ties in length are broken by content.
pub fn cluster_sequences(sequences: &[&[u8]], config: &ClusterConfig) -> Vec<u32> {
    let mut order: Vec<usize> = (0..sequences.len()).collect();
    order.sort_by(|a, b| {
        let (a, b) = (sequences[*a], sequences[*b]);
        b.len().cmp(&a.len()).then(a.cmp(b))
    });
    let mut cluster: Vec<u32> = vec![0; sequences.len()];
    let mut representatives: Vec<usize> = Vec::new();
    let mut index = KmerIndex::new();
    let band = isize::try_from(config.band)
        .unwrap_or(isize::MAX / 4)
        .min(isize::MAX / 4);
    let mut before: Option<usize> = None;
    for own in order {
        let sequence = sequences[own];
        // Equal sequences are adjacent in the order; they share a cluster even where they hold no k-mer.
        if let Some(equal) = before.filter(|equal| sequences[*equal] == sequence) {
            cluster[own] = cluster[equal];
            continue;
        }
        before = Some(own);
        let needed = (config.filter * config.identity.powi(3) + CHANCE) * sequence.len() as f64;
        let joins = |candidate: &Candidate| {
            let (low, high) = candidate.diagonals;
            let representative = sequences[representatives[candidate.representative]];
            identity(representative, sequence, (low - band, high + band)) >= config.identity
        };
        match index
            .candidates(sequence, needed.max(1.0))
            .iter()
            .find(|candidate| joins(candidate))
        {
            Some(candidate) => cluster[own] = representatives[candidate.representative] as u32,
            None => {
                index.add(sequence);
                representatives.push(own);
                cluster[own] = own as u32;
            }
        }
    }
    cluster
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// Families of three: a parent and children with the share `kept` of its residues and a deletion.
    fn families(count: usize, length: usize, kept: f64, random: &mut ChaCha8Rng) -> Vec<Vec<u8>> {
        let mut sequences = Vec::new();
        for _ in 0..count {
            let parent: Vec<u8> = (0..length + random.random_range(0..40))
                .map(|_| random.random_range(0..20))
                .collect();
            for _ in 0..2 {
                let mut child: Vec<u8> = parent
                    .iter()
                    .map(|residue| {
                        if random.random_bool(kept) {
                            *residue
                        } else {
                            random.random_range(0..20)
                        }
                    })
                    .collect();
                let at = random.random_range(20..length - 40);
                child.drain(at..at + random.random_range(1..12));
                sequences.push(child);
            }
            sequences.push(parent);
        }
        sequences
    }

    fn clusters(sequences: &[Vec<u8>], identity: f64) -> Vec<u32> {
        let slices: Vec<&[u8]> = sequences.iter().map(Vec::as_slice).collect();
        cluster_sequences(
            &slices,
            &ClusterConfig {
                identity,
                ..ClusterConfig::default()
            },
        )
    }

    #[test]
    fn families_cluster_and_strangers_do_not() {
        let mut random = ChaCha8Rng::seed_from_u64(5);
        let sequences = families(12, 300, 0.55, &mut random);
        let found = clusters(&sequences, 0.4);
        for (i, cluster) in found.iter().enumerate() {
            assert_eq!(*cluster as usize / 3, i / 3, "sequence {i} left its family");
            assert_eq!(*cluster, found[i / 3 * 3], "one cluster per family");
        }
        let strict = clusters(&sequences, 0.9);
        assert!((0..36).all(|i| strict[i] == i as u32), "at 90 % nothing is similar");
    }

    #[test]
    fn the_order_of_sequences_does_not_matter() {
        let mut random = ChaCha8Rng::seed_from_u64(6);
        let mut sequences = families(6, 120, 0.6, &mut random);
        sequences.push(sequences[0].clone());
        sequences.extend([vec![], vec![1], vec![1], vec![22; 50]]);
        let found = clusters(&sequences, 0.4);
        assert_eq!(found[0], found[18], "equal sequences");
        assert_eq!(found[20], found[21], "equal sequences too short for a k-mer");
        let reversed: Vec<Vec<u8>> = sequences.iter().rev().cloned().collect();
        let backwards = clusters(&reversed, 0.4);
        for a in 0..sequences.len() {
            for b in 0..sequences.len() {
                let last = sequences.len() - 1;
                assert_eq!(found[a] == found[b], backwards[last - a] == backwards[last - b]);
            }
        }
    }
}
