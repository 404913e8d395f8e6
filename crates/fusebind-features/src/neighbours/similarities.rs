//! Similarities of many entities to those of a reference, kept where they fit in memory: the mismatch classifiers
//! read the same row dozens of times.
//!
//! Comes in: descriptors of a reference and of the queried entities. Goes out: rows of similarities `[reference]` in [0, 1].

use rayon::prelude::*;

use super::{Descriptors, descriptor::Comparer};

/// Similarities of one source that are kept at most, 128 MiB; of larger tables each row is computed when it is read.
const KEPT: usize = 1 << 25;

/// Rows of similarities, one for each queried entity that has a descriptor.
pub struct Similarities<'a> {
    queried: &'a Descriptors,
    reference: &'a Descriptors,
    comparer: Comparer,
    /// Entities of the reference.
    width: usize,
    /// Rows of present entities, `[present, width]`, and where that of each queried entity is.
    kept: Option<(Vec<f32>, Vec<u32>)>,
}

impl<'a> Similarities<'a> {
    /// Similarities of the `queried` entities to those of `reference`.
    pub fn of(reference: &'a Descriptors, queried: &'a Descriptors) -> Self {
        Self::within(KEPT, reference, queried)
    }

    fn within(most: usize, reference: &'a Descriptors, queried: &'a Descriptors) -> Self {
        let mut found = Self {
            queried,
            reference,
            comparer: Comparer::new(reference),
            width: reference.len(),
            kept: None,
        };
        let present: Vec<u32> = (0..queried.len() as u32)
            .filter(|at| queried.is_present(*at as usize))
            .collect();
        if !present.is_empty() && (1..=most).contains(&(present.len() * found.width)) {
            let mut rows = vec![0.0; present.len() * found.width];
            rows.par_chunks_mut(found.width)
                .zip(&present)
                .for_each(|(row, at)| found.comparer.similarities(found.reference, queried, *at as usize, row));
            let mut places = vec![u32::MAX; queried.len()];
            for (place, at) in present.iter().enumerate() {
                places[*at as usize] = place as u32;
            }
            found.kept = Some((rows, places));
        }
        found
    }

    /// Similarities of entity `at` to all of the reference; `None` where it has no descriptor. `scratch` holds what is not kept.
    pub(crate) fn row<'s>(&'s self, at: usize, scratch: &'s mut Vec<f32>) -> Option<&'s [f32]> {
        if let Some((rows, places)) = &self.kept {
            let place = places[at] as usize;
            return rows.get(place * self.width..(place + 1) * self.width);
        }
        if !self.queried.is_present(at) {
            return None;
        }
        scratch.resize(self.width, 0.0);
        self.comparer.similarities(self.reference, self.queried, at, scratch);
        Some(scratch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_rows_are_those_that_are_not_kept() {
        let reference = Descriptors::dense((0..24).map(|i| (i * i % 7) as f32).collect(), 4);
        let queried = Descriptors::dense(vec![1.0, 2.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 3.0, 1.0, 1.0, 2.0], 4);
        let (kept, fleeting) = (
            Similarities::within(12, &reference, &queried),
            Similarities::within(11, &reference, &queried),
        );
        assert!(kept.kept.is_some() && fleeting.kept.is_none());
        for at in 0..3 {
            let (mut one, mut other) = (vec![], vec![]);
            let row = kept.row(at, &mut one);
            assert_eq!(row, fleeting.row(at, &mut other));
            assert_eq!(row.is_some(), at != 1);
        }
    }
}
