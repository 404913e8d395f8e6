//! Known outcomes of training pairs, by drug and by target.

/// One outcome per known pair, centred on the mean of all, in both orders.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InteractionMatrix {
    /// Mean that was subtracted.
    pub mean: f32,
    by_drug: Lists,
    by_target: Lists,
}

/// For each entity of a side its partners, ascending, with the centred outcome.
#[derive(Clone, Debug, Default, PartialEq)]
struct Lists {
    offsets: Vec<u32>,
    partners: Vec<u32>,
    values: Vec<f32>,
    sums: Vec<f32>,
}

/// The partners of one entity.
#[derive(Clone, Copy, Debug)]
pub(super) struct Partners<'a> {
    pub ids: &'a [u32],
    pub values: &'a [f32],
    /// Sum of the values.
    pub sum: f32,
}

impl Lists {
    fn new(entities: usize, mut entries: Vec<(u32, u32, f32)>) -> Self {
        entries.sort_unstable_by_key(|entry| (entry.0, entry.1));
        let mut lists = Self {
            offsets: vec![0; entities + 1],
            partners: entries.iter().map(|entry| entry.1).collect(),
            values: entries.iter().map(|entry| entry.2).collect(),
            sums: vec![0.0; entities],
        };
        for (entity, _, value) in &entries {
            lists.offsets[*entity as usize + 1] += 1;
            lists.sums[*entity as usize] += value;
        }
        for entity in 0..entities {
            lists.offsets[entity + 1] += lists.offsets[entity];
        }
        lists
    }

    fn without(&self, entity: u32, partner: u32) -> Self {
        let mut lists = self.clone();
        let first = self.offsets[entity as usize] as usize;
        if let Ok(at) = self.of(Some(entity)).ids.binary_search(&partner) {
            lists.sums[entity as usize] -= lists.values[first + at];
            lists.partners.remove(first + at);
            lists.values.remove(first + at);
            lists.offsets[entity as usize + 1..]
                .iter_mut()
                .for_each(|offset| *offset -= 1);
        }
        lists
    }

    fn of(&self, entity: Option<u32>) -> Partners<'_> {
        let Some(entity) = entity.map(|e| e as usize) else {
            return Partners {
                ids: &[],
                values: &[],
                sum: 0.0,
            };
        };
        let range = self.offsets[entity] as usize..self.offsets[entity + 1] as usize;
        Partners {
            ids: &self.partners[range.clone()],
            values: &self.values[range],
            sum: self.sums[entity],
        }
    }
}

impl InteractionMatrix {
    /// Outcomes `(drug, target, value)` between `drugs` and `targets` entities; repeated pairs count with their mean.
    pub fn new(drugs: usize, targets: usize, outcomes: &[(u32, u32, f32)]) -> Self {
        let mut sorted = outcomes.to_vec();
        sorted.sort_by_key(|outcome| (outcome.0, outcome.1));
        let merged: Vec<(u32, u32, f32)> = sorted
            .chunk_by(|a, b| (a.0, a.1) == (b.0, b.1))
            .map(|run| {
                (
                    run[0].0,
                    run[0].1,
                    run.iter().map(|o| o.2).sum::<f32>() / run.len() as f32,
                )
            })
            .collect();
        let total: f64 = merged.iter().map(|outcome| f64::from(outcome.2)).sum();
        let mean = (total / merged.len().max(1) as f64) as f32;
        let centred = |flip: bool| {
            let entry = |&(d, t, value): &(u32, u32, f32)| {
                if flip {
                    (t, d, value - mean)
                } else {
                    (d, t, value - mean)
                }
            };
            merged.iter().map(entry).collect::<Vec<_>>()
        };
        Self {
            mean,
            by_drug: Lists::new(drugs, centred(false)),
            by_target: Lists::new(targets, centred(true)),
        }
    }

    /// The same without the outcome of one pair. The mean that was subtracted stays what it is.
    pub fn without(&self, drug: u32, target: u32) -> Self {
        Self {
            mean: self.mean,
            by_drug: self.by_drug.without(drug, target),
            by_target: self.by_target.without(target, drug),
        }
    }

    /// The outcome of a pair, not centred.
    pub fn outcome(&self, drug: u32, target: u32) -> Option<f32> {
        let partners = self.by_drug.of(Some(drug));
        let at = partners.ids.binary_search(&target).ok()?;
        Some(partners.values[at] + self.mean)
    }

    /// All outcomes as `(drug, target, value)`, not centred.
    pub fn outcomes(&self) -> Vec<(u32, u32, f32)> {
        (0..self.by_drug.sums.len() as u32)
            .flat_map(|drug| {
                let partners = self.by_drug.of(Some(drug));
                let pair = move |(target, value): (&u32, &f32)| (drug, *target, value + self.mean);
                partners.ids.iter().zip(partners.values).map(pair)
            })
            .collect()
    }

    /// Targets that a drug was tested on.
    pub(super) fn of_drug(&self, drug: Option<u32>) -> Partners<'_> {
        self.by_drug.of(drug)
    }

    /// Drugs that were tested on a target.
    pub(super) fn of_target(&self, target: Option<u32>) -> Partners<'_> {
        self.by_target.of(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_orders_hold_the_same_outcomes() {
        let known = InteractionMatrix::new(3, 2, &[(2, 0, 1.0), (0, 1, 0.0), (2, 0, 0.0), (2, 1, 1.0)]);
        assert_eq!(known.mean, 0.5, "(2, 0) counts once, with its mean");
        assert_eq!(known.of_drug(Some(2)).ids, [0, 1]);
        assert_eq!(
            (known.of_target(Some(1)).ids, known.of_target(Some(1)).sum),
            ([0, 2].as_slice(), 0.0)
        );
        assert!(known.of_drug(Some(1)).ids.is_empty() && known.of_drug(None).ids.is_empty());
        let again = InteractionMatrix::new(3, 2, &known.outcomes());
        assert_eq!(again, known);
        assert_eq!((known.outcome(2, 1), known.outcome(1, 1)), (Some(1.0), None));
        let fewer = known.without(2, 1);
        assert_eq!(
            (fewer.of_drug(Some(2)).ids, fewer.of_target(Some(1)).ids),
            ([0].as_slice(), [0].as_slice())
        );
        assert_eq!(fewer.of_drug(Some(2)).sum, 0.0);
        assert_eq!(known.without(1, 1), known, "what is not there cannot be removed");
    }
}
