//! Many molecules at once: a slice of SMILES to molecules, in parallel, each distinct string once.

use std::collections::HashMap;

use rayon::prelude::*;

use super::{Chemistry, Molecule};
use crate::Error;

/// Reads every SMILES of `smiles`; the answers stand in the order of the input and one bad molecule spoils no other.
///
/// Strings that occur several times are read once and cloned.
pub fn featurise_molecules<S: AsRef<str> + Sync>(
    chemistry: &dyn Chemistry,
    smiles: &[S],
) -> Vec<Result<Molecule, Error>> {
    let mut first: HashMap<&str, usize> = HashMap::with_capacity(smiles.len());
    let mut distinct: Vec<&str> = Vec::new();
    let slots: Vec<usize> = smiles
        .iter()
        .map(|text| {
            *first.entry(text.as_ref()).or_insert_with(|| {
                distinct.push(text.as_ref());
                distinct.len() - 1
            })
        })
        .collect();
    let mut read: Vec<Option<Result<Molecule, Error>>> =
        distinct.par_iter().map(|text| Some(chemistry.molecule(text))).collect();
    let mut uses = vec![0_usize; read.len()];
    for &slot in &slots {
        uses[slot] += 1;
    }
    slots
        .into_iter()
        .map(|slot| {
            uses[slot] -= 1;
            // The last use takes the value, the others copy it.
            let answer = if uses[slot] == 0 {
                read[slot].take()
            } else {
                read[slot].clone()
            };
            answer.expect("a slot is emptied by its last use only")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::entity::molecule::ChematicToolkit;

    struct Counting(AtomicUsize);

    impl Chemistry for Counting {
        fn molecule(&self, smiles: &str) -> Result<Molecule, Error> {
            self.0.fetch_add(1, Ordering::Relaxed);
            ChematicToolkit.molecule(smiles)
        }
        fn molecule_from_sd(&self, record: &str) -> Result<Molecule, Error> {
            ChematicToolkit.molecule_from_sd(record)
        }
    }

    #[test]
    fn order_is_kept_and_repeats_are_read_once() {
        let counting = Counting(AtomicUsize::new(0));
        let read = featurise_molecules(&counting, &["CCO", "bad", "c1ccccc1", "CCO", "CCO", "bad"]);
        assert_eq!(counting.0.load(Ordering::Relaxed), 3);
        let smiles: Vec<Option<&str>> = read
            .iter()
            .map(|one| one.as_ref().ok().map(|m| m.smiles.as_str()))
            .collect();
        assert_eq!(
            smiles,
            [Some("CCO"), None, Some("c1ccccc1"), Some("CCO"), Some("CCO"), None]
        );
        assert_eq!(read[0], read[4]);
    }
}
