//! What every training drug says of a target with many pairs, summarised once for all of them.
//!
//! Comes in: targets with many pairs, then the nearest drugs of a compound. Goes out: what these drugs say of sixteen targets at a time. The
//! channels of as many summaries lie side by side, so that one vector step adds for all of them; each target's sums are taken in the order of
//! the drugs, as for one target alone, and have the same bits. Axis legend: `G` targets of a group.

use rayon::prelude::*;

use super::{
    ReferenceSet,
    descriptor::Weights,
    near::NearTargets,
    summary::{CHANNELS, Summary},
};
use crate::vectorised;

/// Targets side by side: the lanes of the widest vectors.
const LANES: usize = 16;
/// A target with more pairs than this share of the reference's drugs has all of them summarised for it once, not anew for each pair.
const MANY_PAIRS: usize = 8;
/// Marks a target without a place.
const NOWHERE: u32 = u32::MAX;

/// Summaries of one drug, or of several, for targets side by side: by channel, then by target.
pub(super) type Lanes = [[f32; LANES]; CHANNELS];

/// See the file's header.
pub(super) struct DrugTables {
    /// Place of each target of the group that has one, `[G]`.
    places: Vec<u32>,
    /// By source of targets and block of [`LANES`] places: one entry for each drug of the reference.
    blocks: Vec<Vec<Vec<Lanes>>>,
}

impl DrugTables {
    /// Tables for those targets of a group that have many pairs; `targets` are those of the pairs, counted from the first of the group.
    pub fn new(
        reference: &ReferenceSet,
        near: &[NearTargets],
        count: usize,
        targets: impl Iterator<Item = u32>,
    ) -> Self {
        let mut pairs = vec![0usize; count];
        targets.for_each(|target| pairs[target as usize] += 1);
        let drugs = reference.drugs.keys.len();
        let many: Vec<u32> = (0..count as u32)
            .filter(|target| pairs[*target as usize] * MANY_PAIRS > drugs)
            .collect();
        let mut places = vec![NOWHERE; count];
        (0..)
            .zip(&many)
            .for_each(|(place, target)| places[*target as usize] = place);
        let block = |near: &NearTargets, targets: &[u32]| {
            let mut rows = vec![[[0.0; LANES]; CHANNELS]; drugs];
            for (lane, target) in targets.iter().enumerate() {
                let row = near.row(*target as usize);
                for (drug, lanes) in rows.iter_mut().enumerate() {
                    let channels = row.of_drug(reference, drug as u32).channels();
                    lanes
                        .iter_mut()
                        .zip(channels)
                        .for_each(|(out, value)| out[lane] = value);
                }
            }
            rows
        };
        let of_source = |near: &NearTargets| many.par_chunks(LANES).map(|targets| block(near, targets)).collect();
        Self {
            blocks: near.iter().map(of_source).collect(),
            places,
        }
    }

    /// Block and lane of a target of the group, where it has a table.
    pub fn place(&self, target: usize) -> Option<(usize, usize)> {
        let place = self.places[target];
        (place != NOWHERE).then_some((place as usize / LANES, place as usize % LANES))
    }

    /// What the `nearest` drugs say of the targets of a block, by a source of targets.
    pub fn summed(&self, source: usize, block: usize, nearest: &[(u32, Weights)]) -> Lanes {
        let drugs = &self.blocks[source][block];
        let mut sum = [[0.0; LANES]; CHANNELS];
        vectorised!(|| {
            for (other, weights) in nearest {
                add_all(&mut sum, &drugs[*other as usize], *weights);
            }
        });
        sum
    }
}

/// [`Summary::add_all`] for targets side by side.
#[inline(always)]
fn add_all(sum: &mut Lanes, other: &Lanes, [powers @ .., similarity]: Weights) {
    let [sums @ .., above, below] = sum;
    let [others @ .., other_above, other_below] = other;
    for (at, (sum, other)) in sums.iter_mut().zip(others).enumerate() {
        let power = powers[at % powers.len()];
        sum.iter_mut().zip(other).for_each(|(sum, other)| *sum += power * other);
    }
    for (most, other) in [(above, other_above), (below, other_below)] {
        most.iter_mut()
            .zip(other)
            .for_each(|(most, other)| *most = most.max(similarity * other));
    }
}

/// One target of [`Lanes`].
pub(super) fn of_lane(lanes: &Lanes, lane: usize) -> Summary {
    Summary::from_channels(lanes.map(|channel| channel[lane]))
}
