//! Similarity of two proteins without alignment.
//!
//! In: residue tokens `[L]`. Out: [`KmerSet`], the distinct k-mers of a protein as sorted codes, and between two of them the
//! Jaccard coefficient (Broder 1997, shared over all) and the cosine (shared over the geometric mean of the sizes, higher for
//! a domain inside a long protein). Merging two sorted lists takes one pass, so a thousand proteins are compared with each
//! other in about a second.

use super::sequence::RESIDUE_TOKENS;
use crate::{Error, ErrorKind};

/// Longest k-mer whose code fits 64 bits.
pub const MAX_KMER: usize = 14;

/// The distinct k-mers of one protein.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KmerSet {
    length: usize,
    codes: Vec<u64>,
}

impl KmerSet {
    /// The distinct k-mers of `length` residues; a protein shorter than that has none.
    ///
    /// A length of 0 or beyond [`MAX_KMER`] is refused.
    pub fn new(residues: &[u8], length: usize) -> Result<Self, Error> {
        if length == 0 || length > MAX_KMER {
            return Err(Error::new(
                ErrorKind::Protein,
                format!("k-mers of {length} residues; choose 1 to {MAX_KMER}"),
            ));
        }
        let base = RESIDUE_TOKENS as u64;
        let mut codes: Vec<u64> = residues
            .windows(length)
            .map(|window| {
                window
                    .iter()
                    .fold(0, |code, &token| code * base + u64::from(token).min(base - 1))
            })
            .collect();
        codes.sort_unstable();
        codes.dedup();
        Ok(Self { length, codes })
    }

    /// Number of distinct k-mers.
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether the protein is shorter than a k-mer.
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// Number of k-mers in both; none are shared between different lengths.
    pub fn shared(&self, other: &Self) -> usize {
        if self.length != other.length {
            return 0;
        }
        let (mut a, mut b) = (self.codes.iter().peekable(), other.codes.iter().peekable());
        let mut shared = 0;
        while let (Some(&x), Some(&y)) = (a.peek(), b.peek()) {
            match x.cmp(y) {
                std::cmp::Ordering::Less => {
                    a.next();
                }
                std::cmp::Ordering::Greater => {
                    b.next();
                }
                std::cmp::Ordering::Equal => {
                    shared += 1;
                    a.next();
                    b.next();
                }
            }
        }
        shared
    }

    /// Shared over all k-mers, in [0, 1]; 0 where neither has any, since nothing is known then.
    pub fn jaccard(&self, other: &Self) -> f32 {
        let shared = self.shared(other);
        let all = self.len() + other.len() - shared;
        if all == 0 { 0.0 } else { shared as f32 / all as f32 }
    }

    /// Shared over the geometric mean of the two sizes, in [0, 1]; 0 where either has none.
    pub fn cosine(&self, other: &Self) -> f32 {
        let scale = (self.len() as f64 * other.len() as f64).sqrt();
        if scale == 0.0 {
            0.0
        } else {
            (self.shared(other) as f64 / scale) as f32
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn set(residues: &[u8], length: usize) -> KmerSet {
        KmerSet::new(residues, length).expect("length is allowed")
    }

    #[test]
    fn shared_kmers_are_counted_once() {
        let (a, b) = (set(&[0, 1, 2, 0, 1, 2], 2), set(&[0, 1, 2, 3], 2));
        // a: 01 12 20; b: 01 12 23.
        assert_eq!((a.len(), b.len(), a.shared(&b)), (3, 3, 2));
        assert_eq!(a.jaccard(&b), 0.5);
        assert!((a.cosine(&b) - 2.0 / 3.0).abs() < 1e-6);
        assert_eq!(a.shared(&set(&[0, 1, 2], 3)), 0, "lengths differ");
    }

    #[test]
    fn short_proteins_and_bad_lengths() {
        let none = set(&[1, 2], 3);
        assert!(none.is_empty());
        assert_eq!((none.jaccard(&none), none.cosine(&set(&[1, 2, 3], 3))), (0.0, 0.0));
        assert!(KmerSet::new(&[1], 0).is_err() && KmerSet::new(&[1], MAX_KMER + 1).is_err());
        // The longest codes do not overflow.
        let (top, next) = (set(&[22; 14], MAX_KMER), set(&[21; 14], MAX_KMER));
        assert_eq!((top.shared(&top), top.shared(&next)), (1, 0));
    }

    proptest! {
        #[test]
        fn similarity_is_symmetric_bounded_and_one_with_itself(
            a in prop::collection::vec(0_u8..23, 3..80),
            b in prop::collection::vec(0_u8..23, 3..80),
        ) {
            let (a, b) = (set(&a, 3), set(&b, 3));
            prop_assert_eq!(a.jaccard(&b), b.jaccard(&a));
            prop_assert!((0.0..=1.0).contains(&a.cosine(&b)) && a.jaccard(&b) <= a.cosine(&b) + 1e-6);
            prop_assert_eq!(a.jaccard(&a), 1.0);
        }
    }
}
