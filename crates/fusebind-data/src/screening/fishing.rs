//! Target fishing: one drug against all proteins.
//!
//! Comes in: which drugs of which targets are active, and the drugs that may be asked for. Goes out: some drugs, each with the targets that
//! training does not tell of and all others. Pairs without a label are presumed not to bind; among them may be a relative of a target that does, so that
//! scores are lower bounds.

use std::collections::{BTreeMap, BTreeSet};

use fusebind_features::random::Stream;
use rand::seq::SliceRandom;

/// Fewest targets of a drug that is asked for.
const LEAST_TARGETS: usize = 2;
/// Share of its targets that is hidden of a drug that stays in training.
const HIDDEN: f64 = 0.5;

/// One drug whose targets are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fished {
    /// The drug.
    pub drug: u32,
    /// Targets that it binds and that training does not tell of, ascending.
    pub hidden: Vec<u32>,
    /// Targets that it is known or presumed not to bind, ascending; without those that training tells of.
    pub others: Vec<u32>,
}

/// Drugs by target, and whether they are active.
pub type Labels = BTreeMap<u32, BTreeMap<u32, bool>>;

/// Chooses at most `most` drugs, of `library` where training knows none of it, else of all.
pub fn fishing(
    labels: &Labels,
    targets: usize,
    library: Option<&BTreeSet<u32>>,
    most: usize,
    seed: Stream,
) -> Vec<Fished> {
    let mut of_drug: BTreeMap<u32, BTreeMap<u32, bool>> = BTreeMap::new();
    for (target, drugs) in labels {
        for (drug, active) in drugs {
            of_drug.entry(*drug).or_default().insert(*target, *active);
        }
    }
    let least = if library.is_some() {
        LEAST_TARGETS
    } else {
        2 * LEAST_TARGETS
    };
    let bound = |known: &BTreeMap<u32, bool>| known.iter().filter(|t| *t.1).map(|t| *t.0).collect::<Vec<u32>>();
    let mut drugs: Vec<u32> = (of_drug.iter())
        .filter(|(drug, _)| library.is_none_or(|library| library.contains(drug)))
        .filter(|(_, known)| bound(known).len() >= least)
        .map(|(drug, _)| *drug)
        .collect();
    drugs.shuffle(&mut seed.generator());
    drugs.truncate(most);
    drugs.sort_unstable();
    let fish = |drug: u32| {
        let known = &of_drug[&drug];
        let mut hidden = bound(known);
        if library.is_none() {
            hidden.shuffle(&mut seed.child(u64::from(drug)).generator());
            hidden.truncate((HIDDEN * hidden.len() as f64) as usize);
            hidden.sort_unstable();
        }
        // Pairs that training holds are no question.
        let is_other = |target: &u32| match library {
            Some(_) => known.get(target) != Some(&true),
            None => !known.contains_key(target),
        };
        Fished {
            drug,
            others: (0..targets as u32).filter(is_other).collect(),
            hidden,
        }
    };
    drugs.into_iter().map(fish).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Drug `d` binds target `t` where `t` is below `d`, and is known not to bind target 9.
    fn labels() -> Labels {
        let drugs = |target: u32| (0..8).filter(move |d| target < *d).map(|d| (d, true)).collect();
        let mut labels: Labels = (0..7).map(|target| (target, drugs(target))).collect();
        labels.insert(9, (0..8).map(|d| (d, false)).collect());
        labels
    }

    #[test]
    fn a_new_drug_is_asked_for_all_its_targets() {
        let library = BTreeSet::from([1, 3, 6]);
        let fished = fishing(&labels(), 10, Some(&library), 9, Stream::new(1));
        // Drug 1 binds one target alone.
        assert_eq!(fished.iter().map(|f| f.drug).collect::<Vec<_>>(), [3, 6]);
        assert_eq!(fished[0].hidden, [0, 1, 2]);
        assert_eq!(fished[0].others, [3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(fishing(&labels(), 10, Some(&library), 1, Stream::new(1)).len(), 1);
    }

    #[test]
    fn a_known_drug_keeps_half_of_its_targets_in_training() {
        let fished = fishing(&labels(), 10, None, 9, Stream::new(1));
        assert_eq!(fished.iter().map(|f| f.drug).collect::<Vec<_>>(), [4, 5, 6, 7]);
        for one in &fished {
            assert_eq!(one.hidden.len(), one.drug as usize / 2);
            // Neither what training tells of it, nor what is known not to bind.
            assert!(one.others.iter().all(|t| *t >= one.drug && *t != 9));
            assert_eq!(one.others.len(), 9 - one.drug as usize);
        }
    }
}
