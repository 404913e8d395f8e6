//! Random numbers: every choice follows from a seed and from keys that say what it is for.
//!
//! A [`Stream`] is the state of a SplitMix64 generator (Steele et al. 2014, doi 10.1145/2660193.2660195). [`Stream::child`] splits it
//! into independent ones, so that no choice depends on how many were made before, nor on the order of threads. Comes in: a seed and
//! keys. Goes out: a seed, a number, or a ChaCha8 generator (Bernstein 2008, <https://cr.yp.to/chacha.html>) for longer sequences.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Step of the state of SplitMix64: the odd number nearest to 2^64 over the golden ratio.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// A source of random numbers that can be split by keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Stream {
    seed: u64,
}

impl Stream {
    /// The stream of a seed.
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The independent stream of `key`: its seed is output number `key` of SplitMix64, counted from 0.
    pub const fn child(self, key: u64) -> Self {
        Self::new(mix(self.seed.wrapping_add(GOLDEN.wrapping_mul(key.wrapping_add(1)))))
    }

    /// The stream whose seed differs from this one by the bits of `key`: the keys of recorded results, which [`Self::child`] would
    /// change. Two keys one after the other are as one, so each must have bits that no other has.
    pub const fn apart(self, key: u64) -> Self {
        Self::new(self.seed ^ key)
    }

    /// The seed, for a generator of another library.
    pub const fn seed(self) -> u64 {
        self.seed
    }

    /// A number in [0, 1), always the same.
    pub fn unit(self) -> f64 {
        (self.child(0).seed >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A generator of as many numbers as are wanted.
    pub fn generator(self) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(self.seed)
    }

    /// Generator `number` of a family that shares the seed and nothing else (a nonce of ChaCha).
    pub fn numbered(self, number: u64) -> ChaCha8Rng {
        let mut generator = self.generator();
        generator.set_stream(number);
        generator
    }
}

/// The output of SplitMix64 in a state.
const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;

    #[test]
    fn children_are_the_outputs_of_the_published_generator() {
        // First outputs for the seed 1234567, as Rosetta Code lists them for Vigna's splitmix64.c.
        let published = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        for (key, expected) in published.into_iter().enumerate() {
            assert_eq!(Stream::new(1_234_567).child(key as u64).seed(), expected);
        }
    }

    #[test]
    fn seeds_of_recorded_results_stay() {
        assert_eq!(Stream::new(7).apart(0x7415_B0DD).seed(), 7 ^ 0x7415_B0DD);
        assert_eq!(
            Stream::new(7).unit(),
            (Stream::new(7).child(0).seed() >> 11) as f64 * 2f64.powi(-53)
        );
        let mut expected = ChaCha8Rng::seed_from_u64(7);
        expected.set_stream(3);
        assert_eq!(Stream::new(7).numbered(3).random::<u64>(), expected.random::<u64>());
        assert_ne!(
            Stream::new(7).numbered(3).random::<u64>(),
            Stream::new(7).generator().random::<u64>()
        );
    }

    #[test]
    fn numbers_are_even_and_children_independent() {
        let numbers: Vec<f64> = (0..20_000).map(|key| Stream::new(1).child(key).unit()).collect();
        assert!(numbers.iter().all(|u| (0.0..1.0).contains(u)));
        let mean = numbers.iter().sum::<f64>() / 20_000.0;
        let pairs = numbers.windows(2).map(|w| (w[0] - mean) * (w[1] - mean)).sum::<f64>() / 20_000.0;
        assert!(
            (mean - 0.5).abs() < 0.01 && (12.0 * pairs).abs() < 0.03,
            "{mean} {pairs}"
        );
    }
}
