//! Degree-matched negatives by a random matching of stubs.
//!
//! Every entity gets `ratio` times as many stubs as it has positives; drug stubs are paired with target stubs at random (the
//! configuration model, Molloy & Reed 1995, doi 10.1002/rsa.3240060204). A pair that is known or repeated swaps partners
//! with another one, if both are new afterwards.

use std::collections::{BTreeMap, BTreeSet};

use rand::{RngExt, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use crate::{Error, ErrorKind};

/// Attempts to fix each invalid pair before sampling fails.
const ATTEMPTS: usize = 2_000;

pub(super) fn sample(
    positives: &BTreeSet<(u32, u32)>,
    known: &BTreeSet<(u32, u32)>,
    ratio: f64,
    random: &mut ChaCha8Rng,
) -> Result<Vec<(u32, u32)>, Error> {
    let wanted = (ratio * positives.len() as f64).round() as usize;
    let drugs = stubs(positives.iter().map(|pair| pair.0), ratio, wanted, random);
    let mut targets = stubs(positives.iter().map(|pair| pair.1), ratio, wanted, random);
    targets.shuffle(random);
    let mut pairs: Vec<(u32, u32)> = drugs.into_iter().zip(targets).collect();
    let mut taken = BTreeSet::new();
    let mut bad: Vec<usize> = (0..pairs.len())
        .filter(|at| known.contains(&pairs[*at]) || !taken.insert(pairs[*at]))
        .collect();
    let mut is_bad = vec![false; pairs.len()];
    bad.iter().for_each(|at| is_bad[*at] = true);
    bad.shuffle(random);
    let free = |pair: &(u32, u32), taken: &BTreeSet<(u32, u32)>| !known.contains(pair) && !taken.contains(pair);
    for at in bad {
        // Fixed already, as the partner of another one.
        if !is_bad[at] {
            continue;
        }
        let fixed = (0..ATTEMPTS).any(|_| {
            let other = random.random_range(0..pairs.len());
            let (first, second) = (pairs[at], pairs[other]);
            let exchanged = ((first.0, second.1), (second.0, first.1));
            if other == at || exchanged.0 == exchanged.1 || !free(&exchanged.0, &taken) || !free(&exchanged.1, &taken) {
                return false;
            }
            // A partner that was invalid too is fixed by the same swap.
            if !std::mem::replace(&mut is_bad[other], false) {
                taken.remove(&second);
            }
            is_bad[at] = false;
            taken.insert(exchanged.0);
            taken.insert(exchanged.1);
            (pairs[at], pairs[other]) = exchanged;
            true
        });
        if !fixed {
            let reason = "no unknown pairs are left that give every drug and target its number of negatives";
            return Err(Error::new(ErrorKind::Infeasible, reason).hint("give a smaller ratio, or sample at random"));
        }
    }
    Ok(taken.into_iter().collect())
}

/// `ratio` stubs per occurrence of an entity, `wanted` in all: fractions are rounded up for the largest remainders.
fn stubs(entities: impl Iterator<Item = u32>, ratio: f64, wanted: usize, random: &mut ChaCha8Rng) -> Vec<u32> {
    let mut degrees: BTreeMap<u32, usize> = BTreeMap::new();
    entities.for_each(|entity| *degrees.entry(entity).or_default() += 1);
    let mut shares: Vec<(u32, usize, f64)> = degrees
        .into_iter()
        .map(|(entity, degree)| {
            let share = ratio * degree as f64;
            (entity, share.floor() as usize, share.fract())
        })
        .collect();
    // Equal remainders are rounded up in random order.
    shares.shuffle(random);
    shares.sort_by(|a, b| b.2.total_cmp(&a.2));
    let whole: usize = shares.iter().map(|share| share.1).sum();
    let extra = wanted.saturating_sub(whole);
    let mut stubs: Vec<u32> = Vec::with_capacity(wanted);
    for (at, (entity, count, _)) in shares.into_iter().enumerate() {
        stubs.extend(std::iter::repeat_n(entity, count + usize::from(at < extra)));
    }
    stubs.sort_unstable();
    stubs.truncate(wanted);
    stubs
}
