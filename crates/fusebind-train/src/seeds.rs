//! Seeds of the random choices of a run, one stream for each purpose.
//!
//! A choice follows from the seed of the run and from where it is made (step, epoch, pair, entity), never from earlier choices: a
//! resumed run makes the same ones. The keys are part of every recorded result and stay as they are; what is new takes
//! [`Stream::child`]. Comes in: a seed and a place. Goes out: a [`Stream`].

use fusebind_features::random::Stream;

use crate::missing::Pattern;

/// Which side values the permuted copies of entities get.
pub(crate) fn permuted_copies(seed: u64) -> Stream {
    Stream::new(seed).apart(0x7415_B0DD)
}

/// Which labels and side values of training data are perturbed.
pub(crate) fn perturbation(seed: u64) -> Stream {
    Stream::new(seed).apart(0x0DA3_A6ED)
}

/// How the side values of drugs (`side` 0) or targets (1) are perturbed.
pub(crate) fn noise(seed: u64, side: usize) -> Stream {
    Stream::new(seed).apart(side as u64)
}

/// Which part of the training pairs the one at `position` belongs to, of which each member of an ensemble leaves one out.
pub(crate) fn left_out(seed: u64, position: u32) -> Stream {
    Stream::new(seed).child(0x1EF7).child(u64::from(position))
}

/// The seed of further member `number` of an ensemble.
pub(crate) fn member(seed: u64, number: u64) -> u64 {
    Stream::new(seed).child(0x3E3B).child(number).seed()
}

/// What dropout drops in a step of training.
pub(crate) fn step(seed: u64, step: u64) -> Stream {
    Stream::new(seed).apart((step + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// What dropout drops in a step of pretraining.
pub(crate) fn pretraining_step(seed: u64, step: u64) -> Stream {
    Stream::new(seed).apart((step + 1).wrapping_mul(0xC2B2_AE3D_27D4_EB4F))
}

/// The order of the entities in an epoch of pretraining.
pub(crate) fn pretraining_epoch(seed: u64, epoch: u64) -> Stream {
    Stream::new(seed).apart(epoch.wrapping_mul(0x9E6C_63D0_876A_3F6B))
}

/// How the training pair at `position` is shown in an epoch; the two lowest bits are left for [`Stream::apart`].
pub(crate) fn pair(seed: u64, epoch: u64, position: u32) -> Stream {
    let epoch = Stream::new(seed).apart(epoch.wrapping_mul(0xD1B5_4A32_D192_ED03));
    epoch.apart(u64::from(position) << 2)
}

/// How the drugs (`side` 0) or targets (1) of a batch are shown, which begins with the training pair at `first`.
pub(crate) fn batch(seed: u64, epoch: u64, first: u32, side: usize) -> Stream {
    let epoch = Stream::new(seed).apart(epoch.wrapping_mul(0xA076_1D64_78BD_642F));
    epoch.apart(u64::from(first) << 40).apart([0, u64::MAX][side])
}

/// How the entity in store row `row` is shown in a batch; the four lowest bits are left for [`Stream::apart`].
pub(crate) fn entity(batch: Stream, row: u32) -> Stream {
    batch.apart(u64::from(row) << 8 | 16)
}

/// Which modalities are missing in repetition `draw` of a pattern and a missing rate.
pub(crate) fn missing(seed: u64, pattern: Pattern, rate: f64, draw: u64) -> Stream {
    let draw = Stream::new(seed.wrapping_add(draw));
    draw.apart((rate * 1000.0) as u64).apart((pattern as u64) << 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_of_recorded_results_stay() {
        let seed = 0x0123_4567_89AB_CDEF;
        for (stream, expected) in [
            (permuted_copies(seed), seed ^ 0x7415_B0DD),
            (perturbation(seed), seed ^ 0x0DA3_A6ED),
            (noise(seed, 1), seed ^ 1),
            (step(seed, 0), seed ^ 0x9E37_79B9_7F4A_7C15),
            (pair(seed, 0, 5), seed ^ 20),
            (batch(seed, 0, 3, 0), seed ^ 3 << 40),
            (batch(seed, 0, 3, 1), !(seed ^ 3 << 40)),
            (entity(Stream::new(seed), 2), seed ^ 528),
            (missing(seed, Pattern::DrugSide, 0.5, 2), (seed + 2) ^ 500 ^ 1 << 32),
        ] {
            assert_eq!(stream.seed(), expected);
        }
    }
}
