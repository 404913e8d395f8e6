//! Recognition: which training entity a new one is, although it is written otherwise.
//!
//! A protein is recognised by the 4-mers that it shares with a training protein, `c = |A ∩ B| / min(|A|, |B|)` (containment, Broder
//! 1997), so that a tag, a missing signal peptide, a few mutations or a construct of one domain do not make it a stranger. Each
//! substituted residue costs four 4-mers: 0.6 is about nine equal residues in ten. A compound is recognised by equal ECFP4
//! bits, which stereoisomers share. Comes in: descriptors of the reference and of the queried entities. Goes out: a [`Counterpart`], or
//! none.

use rayon::prelude::*;

use super::{Descriptors, descriptor::Comparer};

/// Least containment that makes a counterpart.
const LEAST_CONTAINMENT: f32 = 0.6;
/// Containment from which on everything that is known of the counterpart counts in full.
const FULL_CONTAINMENT: f32 = 0.8;
/// Least number of shared 4-mers: shorter common parts occur by chance and in every repeat.
const LEAST_SHARED: u32 = 25;
/// Tanimoto coefficient of equal fingerprints, less rounding.
const EQUAL: f32 = 0.9999;
/// Weight of what is known of a compound with equal fingerprint: most are stereoisomers.
const STEREOISOMER: f32 = 0.9;

/// The training entity that a new one is recognised as.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Counterpart {
    /// Its position in the reference.
    pub id: u32,
    /// Weight of what is known of it, in (0, 1].
    pub weight: f32,
}

/// The counterpart of each protein that is `strange` (none of the reference) from the 4-mers of the reference, with what looks them up, and of
/// the `queried` proteins; none where either lacks them.
pub(super) fn recognise(
    (index, reference): (&Comparer, &Descriptors),
    queried: &Descriptors,
    strange: &[bool],
) -> Vec<Option<Counterpart>> {
    let (Comparer::Sparse(index), Descriptors::Sparse(reference), Descriptors::Sparse(queried)) =
        (index, reference, queried)
    else {
        return vec![None; strange.len()];
    };
    let size = |at: usize| reference.row(at).0.len() as u32;
    let one = |(at, strange): (usize, &bool)| {
        let terms = queried.row(at).0;
        strange
            .then(|| contained(&index.shared(terms), terms.len() as u32, size))
            .flatten()
    };
    strange.par_iter().enumerate().map(one).collect()
}

/// The first compound whose fingerprint is equal, from the similarities to all compounds of the reference.
pub(super) fn equal_compound(similarities: &[f32]) -> Option<Counterpart> {
    let id = similarities.iter().position(|similarity| *similarity >= EQUAL)? as u32;
    Some(Counterpart {
        id,
        weight: STEREOISOMER,
    })
}

/// The entity that shares most with a query of `own` terms; of equally good ones the one of most similar size, then the first.
fn contained(shared: &[u32], own: u32, size: impl Fn(usize) -> u32) -> Option<Counterpart> {
    let containment = |at: usize| shared[at] as f32 / own.min(size(at)).max(1) as f32;
    let enough = |at: &usize| shared[*at] >= LEAST_SHARED && containment(*at) >= LEAST_CONTAINMENT;
    let order = |at: &usize| (shared[*at], std::cmp::Reverse((size(*at).abs_diff(own), *at)));
    let best = (0..shared.len()).filter(enough).max_by_key(order)?;
    let above = (containment(best) - LEAST_CONTAINMENT) / (FULL_CONTAINMENT - LEAST_CONTAINMENT);
    Some(Counterpart {
        id: best as u32,
        weight: (0.5 + 0.5 * above).min(1.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::protein::Protein;

    /// A sequence without repeats, from a number.
    fn sequence(seed: u64, length: usize) -> String {
        let mut state = seed;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            char::from(b"ACDEFGHIKLMNPQRSTVWY"[(state >> 33) as usize % 20])
        };
        (0..length).map(|_| next()).collect()
    }

    fn described(sequences: &[&str]) -> Descriptors {
        let proteins = sequences.iter().map(|s| Protein::parse(s).expect("a protein"));
        Descriptors::kmers(proteins.collect::<Vec<_>>().iter(), 4)
    }

    fn found(reference: &[&str], queries: &[&str], strange: &[bool]) -> Vec<Option<Counterpart>> {
        let reference = described(reference);
        recognise((&Comparer::new(&reference), &reference), &described(queries), strange)
    }

    #[test]
    fn a_protein_is_recognised_however_it_is_written() {
        let (a, b) = (sequence(1, 400), sequence(2, 300));
        let mut mutated: Vec<char> = b.chars().collect();
        (0..10).for_each(|at| mutated[13 + 27 * at] = 'A');
        let mutated: String = mutated.into_iter().collect();
        let tagged = format!("MGSSHHHHHHSSGLVPRGSHM{}", &a[1..]);
        let stranger = sequence(3, 350);
        let queries = [&a[1..], &tagged, &a[140..260], &mutated, &stranger, &a, &b[..20]];
        let strange = queries.map(|query| query != a);
        let found = found(&[&a, &b], &queries, &strange);
        let ids: Vec<Option<u32>> = found.iter().map(|c| c.map(|c| c.id)).collect();
        let expected = [Some(0), Some(0), Some(0), Some(1), None, None, None];
        assert_eq!(ids, expected, "the stranger, the known one and the short one have none");
        assert!(
            found.iter().flatten().all(|c| c.weight > 0.95 && c.weight <= 1.0),
            "{found:?}"
        );
    }

    #[test]
    fn a_distant_relative_is_none_and_a_near_one_counts_in_part() {
        let a = sequence(1, 400);
        let every = |step: usize| -> String {
            let letters = a.chars().enumerate();
            letters
                .map(|(at, c)| {
                    if at % step == 0 {
                        if c == 'W' { 'Y' } else { 'W' }
                    } else {
                        c
                    }
                })
                .collect()
        };
        let (near, far) = (every(12), every(5));
        let queries = [near.as_str(), far.as_str()];
        let found = found(&[&a], &queries, &[true; 2]);
        assert!(found[0].is_some_and(|c| c.weight > 0.5 && c.weight < 0.9), "{found:?}");
        assert_eq!(found[1], None);
    }
}
