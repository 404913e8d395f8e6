//! Whole groups to parts.
//!
//! Comes in: a class number per row, and the shares of train, valid and test. Goes out: one part per row, the same for all rows of a
//! class.

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::Part;

/// Assigns whole groups to parts: groups in random order, each to the part that lacks most pairs of its share.
pub(super) fn assign(classes: &[u32], shares: [f64; 3], random: &mut ChaCha8Rng) -> Vec<Option<Part>> {
    let mut groups: Vec<Vec<usize>> = vec![Vec::new(); classes.iter().max().map_or(0, |last| *last as usize + 1)];
    classes
        .iter()
        .enumerate()
        .for_each(|(at, class)| groups[*class as usize].push(at));
    groups.shuffle(random);
    let total = classes.len() as f64;
    let mut filled = [0usize; 3];
    let mut taken: [Vec<usize>; 3] = Default::default();
    for (number, group) in groups.iter().enumerate() {
        let lack = |part: usize| match shares[part] > 0.0 {
            true => shares[part] - filled[part] as f64 / total,
            false => f64::MIN,
        };
        let part = (0..3).max_by(|a, b| lack(*a).total_cmp(&lack(*b))).unwrap_or(0);
        filled[part] += group.len();
        taken[part].push(number);
    }
    // With few large groups a small part may be left with none: it gets the smallest group of the part with most groups.
    for part in 0..3 {
        if shares[part] > 0.0 && taken[part].is_empty() {
            let richest = (0..3).max_by_key(|other| taken[*other].len()).unwrap_or(0);
            let smallest = (0..taken[richest].len()).min_by_key(|at| groups[taken[richest][*at]].len());
            if let Some(at) = smallest.filter(|_| taken[richest].len() > 1) {
                let group = taken[richest].remove(at);
                taken[part].push(group);
            }
        }
    }
    let mut parts = vec![None; classes.len()];
    for (part, numbers) in Part::ALL.into_iter().zip(taken) {
        numbers
            .into_iter()
            .flat_map(|number| &groups[number])
            .for_each(|at| parts[*at] = Some(part));
    }
    parts
}
