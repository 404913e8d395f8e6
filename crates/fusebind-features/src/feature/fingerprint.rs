//! ECFP4 bits of a molecule, for similarity.
//!
//! Comes in: identifiers of circular substructures. Goes out: 2048 bits and the Tanimoto coefficient between two of them.

use serde::{Deserialize, Serialize};

/// Number of bits.
pub const BITS: usize = 2048;

/// A folded circular fingerprint (Rogers & Hahn 2010, doi 10.1021/ci100050t).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fingerprint([u64; BITS / 64]);

impl Default for Fingerprint {
    fn default() -> Self {
        Self([0; BITS / 64])
    }
}

impl Fingerprint {
    /// Sets the bit that a substructure identifier folds to.
    pub fn set(&mut self, identifier: u32) {
        let bit = identifier as usize % BITS;
        self.0[bit / 64] |= 1 << (bit % 64);
    }

    /// The bits as 32-bit words, lowest first.
    pub fn words(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().flat_map(|word| [*word as u32, (*word >> 32) as u32])
    }

    /// A fingerprint from its [`Self::words`]; missing words are empty.
    pub fn from_words(words: &[u32]) -> Self {
        let mut print = Self::default();
        for (at, word) in words.iter().take(BITS / 32).enumerate() {
            print.0[at / 2] |= u64::from(*word) << (32 * (at % 2));
        }
        print
    }

    /// Bits that are set, ascending.
    pub fn bits(&self) -> impl Iterator<Item = usize> + '_ {
        (0..BITS).filter(|bit| self.0[bit / 64] >> (bit % 64) & 1 == 1)
    }

    /// Shared bits over all bits, in [0, 1]; 0 for two empty fingerprints.
    pub fn tanimoto(&self, other: &Self) -> f64 {
        let (mut shared, mut all) = (0u32, 0u32);
        for (a, b) in self.0.iter().zip(&other.0) {
            shared += (a & b).count_ones();
            all += (a | b).count_ones();
        }
        if all == 0 {
            0.0
        } else {
            f64::from(shared) / f64::from(all)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Fingerprint;

    #[test]
    fn tanimoto_is_shared_over_all() {
        let of = |ids: &[u32]| {
            let mut f = Fingerprint::default();
            ids.iter().for_each(|id| f.set(*id));
            f
        };
        assert_eq!(of(&[1, 2, 3]).tanimoto(&of(&[2, 3, 4])), 0.5);
        assert_eq!(of(&[1]).tanimoto(&of(&[1 + 2048])), 1.0, "identifiers fold");
        assert_eq!(of(&[]).tanimoto(&of(&[])), 0.0);
        let print = of(&[0, 31, 32, 63, 64, 2047]);
        assert_eq!(Fingerprint::from_words(&print.words().collect::<Vec<_>>()), print);
        assert_eq!(of(&[5, 64, 2047]).bits().collect::<Vec<_>>(), [5, 64, 2047]);
    }
}
