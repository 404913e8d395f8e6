//! Neighbour features of many pairs. Similarities of a drug are computed once for all its pairs, those of a target once per
//! group of targets, so memory is bounded by the group.

use rayon::prelude::*;

use super::{
    Layout, Queries, ReferenceSet,
    descriptor::Weights,
    drug_table::{DrugTables, Lanes, of_lane},
    interaction_matrix::Partners,
    layout::{CROSSED, MEAN, NEIGHBOURS},
    near::{Known, NearDrugs, NearTarget, NearTargets, anchors, near_targets},
    nearest_active::Actives,
    summary::{FAINT, PRIOR, Summary},
};

/// Similarities of targets that are held at a time.
const HELD: usize = 1 << 23;

/// Neighbour features of pairs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NeighbourRows {
    /// Channels, `[P, F]`; meaningless where the block is absent.
    pub values: Vec<f32>,
    /// Whether each block is present, `[P, K]`: its modalities are, of the drug and of the target.
    pub present: Vec<bool>,
    /// Excess of the similarity to the nearest active, `[P]`: see `nearest_active.rs`.
    pub excess: Vec<f32>,
    /// A row without any label: what a block holds where the labels that it depends on are missing, `[F]`.
    pub empty: Vec<f32>,
}

/// Neighbour features of `pairs` of positions in `drugs` and `targets`.
pub fn extract(
    reference: &ReferenceSet,
    drugs: &Queries<'_>,
    targets: &Queries<'_>,
    pairs: &[(u32, u32)],
) -> NeighbourRows {
    let layout = reference.layout();
    let (width, blocks) = (layout.width(), layout.blocks.len());
    let mut rows = NeighbourRows {
        values: vec![0.0; pairs.len() * width],
        present: present(&layout, drugs, targets, pairs),
        excess: vec![0.0; pairs.len()],
        empty: empty(&layout),
    };
    debug_assert_eq!(rows.present.len(), pairs.len() * blocks);
    let held = (HELD / reference.targets.keys.len().max(1)).max(1) as u32;
    let mut order: Vec<u32> = (0..pairs.len() as u32).collect();
    order.sort_unstable_by_key(|&row| {
        let (drug, target) = pairs[row as usize];
        (target / held, drug, target)
    });
    let actives = Actives::new(reference);
    let crossed: Vec<(usize, usize)> = layout
        .blocks
        .iter()
        .filter_map(|block| block.drug.zip(block.target))
        .collect();
    for group in order.chunk_by(|&a, &b| pairs[a as usize].1 / held == pairs[b as usize].1 / held) {
        let first = pairs[group[0] as usize].1 / held * held;
        let last = (first + held).min(targets.own.len() as u32);
        let near = near_targets(reference, targets, first..last);
        let of_group = group.iter().map(|at| pairs[*at as usize].1 - first);
        let tables = DrugTables::new(reference, &near, (last - first) as usize, of_group);
        let anchors = anchors(reference, &actives, targets, &near, (first, group, pairs));
        let runs: Vec<&[u32]> = group
            .chunk_by(|&a, &b| pairs[a as usize].0 == pairs[b as usize].0)
            .collect();
        let group = Group {
            reference,
            queries: (drugs, targets),
            pairs,
            first,
            near: &near,
            tables: &tables,
            crossed: &crossed,
            layout: &layout,
        };
        let written: Vec<(&[u32], Vec<f32>, Vec<f32>)> = runs
            .into_par_iter()
            .map(|run| {
                let (near_drugs, values) = group.write(run);
                let excess = run.iter().map(|at| {
                    let anchor = anchors.get((pairs[*at as usize].1 - first) as usize)?.as_ref()?;
                    near_drugs.excess(&actives, anchor)
                });
                (run, values, excess.map(Option::unwrap_or_default).collect())
            })
            .collect();
        for (run, values, excess) in written {
            for ((at, row), excess) in run.iter().zip(values.chunks(width.max(1))).zip(excess) {
                rows.excess[*at as usize] = excess;
                rows.values[*at as usize * width..(*at as usize + 1) * width].copy_from_slice(row);
            }
        }
    }
    rows
}

/// A group of targets, whose similarities are at hand, with what their pairs are made of.
struct Group<'a> {
    reference: &'a ReferenceSet,
    queries: (&'a Queries<'a>, &'a Queries<'a>),
    pairs: &'a [(u32, u32)],
    /// First target of the group.
    first: u32,
    near: &'a [NearTargets],
    tables: &'a DrugTables,
    /// Sources of drugs and of targets of the crossed blocks.
    crossed: &'a [(usize, usize)],
    layout: &'a Layout,
}

impl Group<'_> {
    /// Features of the pairs of one drug, in the order of `run`, with the drug.
    fn write(&self, run: &[u32]) -> (NearDrugs, Vec<f32>) {
        let (drugs, targets) = self.queries;
        let near_drugs = NearDrugs::new(self.reference, drugs, self.pairs[run[0] as usize].0 as usize);
        let width = self.layout.width();
        let mut values = vec![0.0; run.len() * width];
        // What the nearest drugs say of the targets of the block that the run is at.
        let mut summed: Option<(usize, Vec<Lanes>)> = None;
        for (row, at) in values.chunks_mut(width.max(1)).zip(run) {
            let target = self.pairs[*at as usize].1 as usize;
            let of_group = target - self.first as usize;
            let place = self.tables.place(of_group);
            if let Some((block, _)) = place
                && summed.as_ref().is_none_or(|(other, _)| *other != block)
            {
                let of =
                    |(drug, target): &(usize, usize)| self.tables.summed(*target, block, &near_drugs.nearest[*drug]);
                summed = Some((block, self.crossed.iter().map(of).collect()));
            }
            let pair = Pair {
                reference: self.reference,
                drug: near_drugs.known,
                target: Known::new(targets.own[target], targets.counterpart(target)),
                near_drugs: &near_drugs,
                near_targets: (self.near, of_group),
                summed: (place.zip(summed.as_ref())).map(|((_, lane), (_, lanes))| (lanes.as_slice(), lane)),
            };
            pair.write(self.layout, row);
        }
        (near_drugs, values)
    }
}

fn present(layout: &Layout, drugs: &Queries<'_>, targets: &Queries<'_>, pairs: &[(u32, u32)]) -> Vec<bool> {
    let known = |queries: &Queries<'_>| -> Vec<Vec<bool>> {
        let of = |d: &&super::Descriptors| (0..d.len()).map(|i| d.is_present(i)).collect();
        queries.descriptors.iter().map(of).collect()
    };
    let (drugs, targets) = (known(drugs), known(targets));
    let has = |side: &[Vec<bool>], source: Option<usize>, entity: u32| source.is_none_or(|s| side[s][entity as usize]);
    pairs
        .iter()
        .flat_map(|&(d, t)| {
            let (drugs, targets) = (&drugs, &targets);
            layout
                .blocks
                .iter()
                .map(move |b| has(drugs, b.drug, d) && has(targets, b.target, t))
        })
        .collect()
}

fn empty(layout: &Layout) -> Vec<f32> {
    let mut row = vec![0.0; layout.width()];
    for block in &layout.blocks {
        let channels = &mut row[block.channels.clone()];
        match channels.len() {
            MEAN => channels[1] = PRIOR.ln(),
            _ => channels
                .chunks_mut(NEIGHBOURS)
                .for_each(|summary| [1, 3, 5].into_iter().for_each(|c| summary[c] = FAINT.ln())),
        }
    }
    row
}

/// One pair with everything that its neighbour features rest on.
struct Pair<'a> {
    reference: &'a ReferenceSet,
    drug: Known,
    target: Known,
    near_drugs: &'a NearDrugs,
    /// Those of the group, and the place of this target in it.
    near_targets: (&'a [NearTargets], usize),
    /// What the nearest drugs say of this target and others, by crossed block, and which of them it is; where it has a table.
    summed: Option<(&'a [Lanes], usize)>,
}

impl<'a> Pair<'a> {
    fn near_target(&self, source: usize) -> NearTarget<'a> {
        let (near, target) = self.near_targets;
        near[source].row(target)
    }

    fn write(&self, layout: &Layout, row: &mut [f32]) {
        let known = &self.reference.known;
        let of_drug = (known.of_drug(self.drug.id), self.target.excluded(self.drug));
        let of_target = (known.of_target(self.target.id), self.drug.excluded(self.target));
        let mut crossed = 0;
        for block in &layout.blocks {
            let out = &mut row[block.channels.clone()];
            match (block.drug, block.target) {
                (None, None) if matches!(block.depends_on, super::LabelDependency::TargetLabels) => {
                    mean(of_target, self.target.weight, out)
                }
                (None, None) => mean(of_drug, self.drug.weight, out),
                (Some(drug), None) => {
                    let weights = &self.near_drugs.weights[drug];
                    neighbours(of_target, self.target.weight, |id| weights[id as usize], out);
                }
                (None, Some(target)) => {
                    let kind = self.reference.targets.sources[target].0;
                    let similarities = self.near_target(target).similarities;
                    neighbours(
                        of_drug,
                        self.drug.weight,
                        |id| kind.weights(similarities[id as usize]),
                        out,
                    );
                }
                (Some(drug), Some(target)) => {
                    self.crossed(drug, target, crossed, out);
                    crossed += 1;
                }
            }
        }
    }

    /// Labels of the nearest drugs with all targets, then labels of the nearest targets with all drugs; `number` is that of the block among
    /// the crossed ones.
    fn crossed(&self, drug: usize, target: usize, number: usize, out: &mut [f32]) {
        debug_assert_eq!(out.len(), CROSSED);
        let near_target = self.near_target(target);
        let by_drug = match self.summed {
            Some((lanes, lane)) => of_lane(&lanes[number], lane),
            None => {
                let mut by_drug = Summary::default();
                for &(other, weights) in &self.near_drugs.nearest[drug] {
                    by_drug.add_all(&near_target.of_drug(self.reference, other), weights);
                }
                by_drug
            }
        };
        by_drug.write(1.0, &mut out[..NEIGHBOURS]);
        let mut by_target = Summary::default();
        for &(other, weights) in near_target.nearest {
            let summary = self.near_drugs.of_target(self.reference, drug, other);
            by_target.add_all(&summary, weights);
        }
        by_target.write(1.0, &mut out[NEIGHBOURS..]);
    }
}

/// Leave-one-out mean of an entity's outcomes: that of the `excluded` partner is left out.
fn mean((partners, excluded): (Partners<'_>, Option<u32>), weight: f32, out: &mut [f32]) {
    let at = excluded.and_then(|id| partners.ids.binary_search(&id).ok());
    let (sum, count) = match at {
        Some(at) => (partners.sum - partners.values[at], partners.ids.len() - 1),
        None => (partners.sum, partners.ids.len()),
    };
    let count = weight * count as f32;
    out[0] = if count == 0.0 {
        0.0
    } else {
        weight * sum / (count + 1.0)
    };
    out[1] = (count + PRIOR).ln();
}

/// Outcomes of similar partners, without that of the `excluded` one.
fn neighbours(
    (partners, excluded): (Partners<'_>, Option<u32>),
    weight: f32,
    weights: impl Fn(u32) -> Weights,
    out: &mut [f32],
) {
    let mut summary = Summary::default();
    for (&id, &value) in partners.ids.iter().zip(partners.values) {
        if excluded != Some(id) {
            summary.add(value, weights(id));
        }
    }
    summary.write(weight, out);
}

#[cfg(test)]
mod tests {
    use super::{super::Counterpart, *};
    use crate::neighbours::{Descriptors, InteractionMatrix, ReferenceEntities, SimilarityKind};

    /// Three drugs and two targets on dense profiles: everything can be worked out by hand.
    fn reference(outcomes: &[(u32, u32, f32)]) -> ReferenceSet {
        let side = |values: Vec<f32>, names: &[&str]| ReferenceEntities {
            keys: names.iter().map(|n| n.to_string()).collect(),
            sources: vec![(SimilarityKind::Text, Descriptors::dense(values, 2))],
            ..ReferenceEntities::default()
        };
        ReferenceSet {
            drugs: side(vec![1.0, 0.0, 0.6, 0.8, 0.0, 1.0], &["a", "b", "c"]),
            targets: side(vec![1.0, 0.0, 0.8, 0.6], &["x", "y"]),
            known: InteractionMatrix::new(3, 2, outcomes),
        }
    }

    fn queries(reference: &ReferenceSet) -> (Queries<'_>, Queries<'_>) {
        fn of(side: &ReferenceEntities) -> Queries<'_> {
            Queries::new(side, side.keys.iter().map(String::as_str), vec![&side.sources[0].1])
        }
        (of(&reference.drugs), of(&reference.targets))
    }

    const OUTCOMES: [(u32, u32, f32); 4] = [(0, 0, 1.0), (1, 0, 1.0), (2, 0, 0.0), (0, 1, 0.0)];

    #[test]
    fn values_are_those_of_the_formulas() {
        let reference = reference(&OUTCOMES);
        let (drugs, targets) = queries(&reference);
        let rows = extract(&reference, &drugs, &targets, &[(0, 0)]);
        let close = |at: usize, expected: f32| {
            assert!(
                (rows.values[at] - expected).abs() < 1e-5,
                "{at}: {} is not {expected}",
                rows.values[at]
            );
        };
        // Mean 0.5. Other drugs of x: b (+0.5) and c (-0.5).
        close(0, 0.0);
        close(1, 2.3f32.ln());
        // Other targets of a: y (-0.5).
        close(2, -0.25);
        close(3, 1.3f32.ln());
        // a resembles b by 0.6 and c not at all.
        close(4, 0.6 * 0.5 / 0.9);
        close(5, 0.65f32.ln());
        close(6, 0.36 * 0.5 / 0.66);
        close(10, 0.6);
        close(11, 0.0);
        // x resembles y by 0.8, and a does not bind y.
        close(12, -0.8 * 0.5 / 1.1);
        close(18, 0.0);
        close(19, 0.8);
        // Crossed: b and c were never tested on y.
        close(20, 0.0);
        close(21, FAINT.ln());
        // Nor was anything else on y, the nearest target, than a itself.
        close(28, 0.0);
        close(29, FAINT.ln());
        assert!(rows.present.iter().all(|p| *p));
    }

    #[test]
    fn a_counterpart_gives_its_labels_in_part_and_that_of_the_same_drug_as_well() {
        let reference = reference(&OUTCOMES);
        let (drugs, mut targets) = queries(&reference);
        let own = extract(&reference, &drugs, &targets, &[(1, 0)]).values;
        // The first target is written otherwise: it is known under no name of its own.
        targets.own = vec![None, Some(1)];
        let stranger = extract(&reference, &drugs, &targets, &[(1, 0)]).values;
        let found = [Some(Counterpart { id: 0, weight: 0.5 }), None];
        targets.counterparts = &found;
        let recognised = extract(&reference, &drugs, &targets, &[(1, 0)]).values;
        assert_eq!(stranger[..2], [0.0, PRIOR.ln()], "a stranger has no labels");
        // a, b and c at half weight; (b, x) itself is a label of another protein here.
        assert!((recognised[0] - 0.5 * 0.5 / 2.5).abs() < 1e-6, "{}", recognised[0]);
        assert!((recognised[1] - 1.8f32.ln()).abs() < 1e-6);
        assert_ne!(recognised[..2], own[..2]);
        // The nearest active is b itself, at half weight.
        assert!((recognised[10] - 0.5).abs() < 1e-6, "{}", recognised[10]);
    }

    #[test]
    fn the_label_of_a_pair_never_reaches_its_own_features() {
        let (plain, mut flipped) = (OUTCOMES, OUTCOMES);
        flipped[0].2 = 0.0;
        flipped[3].2 = 1.0; // Keeps the mean.
        let (one, other) = (reference(&plain), reference(&flipped));
        let (drugs, targets) = queries(&one);
        let of = |reference: &ReferenceSet| extract(reference, &drugs, &targets, &[(0, 0), (1, 0)]).values;
        let (a, b) = (of(&one), of(&other));
        let width = one.layout().width();
        // The drug-neighbour block of (0, 0) depends on b and c alone.
        assert_eq!(a[..2], b[..2]);
        assert_eq!(a[4..12], b[4..12]);
        assert_ne!(a[width..], b[width..], "the neighbour's features do change");
    }

    #[test]
    fn a_new_entity_has_the_empty_row() {
        let reference = reference(&OUTCOMES);
        let (mut drugs, mut targets) = queries(&reference);
        drugs.own = vec![None; 3];
        targets.own = vec![None; 2];
        let nothing = Descriptors::dense(vec![0.0; 6], 2);
        drugs.descriptors = vec![&nothing];
        let rows = extract(&reference, &drugs, &targets, &[(0, 0)]);
        assert_eq!(rows.values, rows.empty);
        let present: Vec<bool> = reference.layout().blocks.iter().map(|b| b.drug.is_none()).collect();
        assert_eq!(rows.present, present, "a block with a missing descriptor is absent");
    }

    #[test]
    fn a_target_of_many_pairs_has_the_same_features() {
        // So many drugs that one pair makes no table of them, and forty do.
        let drugs = 12;
        let values = (0..drugs).flat_map(|at| [1.0, at as f32 * 0.2]).collect();
        let outcomes: Vec<(u32, u32, f32)> = (0..drugs)
            .flat_map(|d| [(d, d % 2, 1.0), (d, 1 - d % 2, 0.0)])
            .collect();
        let reference = ReferenceSet {
            drugs: ReferenceEntities {
                keys: (0..drugs).map(|at| at.to_string()).collect(),
                sources: vec![(SimilarityKind::Text, Descriptors::dense(values, 2))],
                ..ReferenceEntities::default()
            },
            known: InteractionMatrix::new(drugs as usize, 2, &outcomes),
            ..reference(&OUTCOMES)
        };
        let (drugs, targets) = queries(&reference);
        let alone = extract(&reference, &drugs, &targets, &[(5, 1)]).values;
        let many = extract(&reference, &drugs, &targets, &[(5, 1); 40]).values;
        assert!(many.chunks(alone.len()).all(|row| row == alone));
        let layout = reference.layout();
        let crossed = &layout.blocks.last().expect("a crossed block").channels;
        assert!(alone[crossed.start + 1] > FAINT.ln(), "there is something to summarise");
    }

    #[test]
    fn many_targets_side_by_side_have_the_features_of_each_alone() {
        // More targets than stand side by side, and fewer than twice as many.
        let (drugs, targets) = (12u32, 21u32);
        let side = |count: u32, step: f32| ReferenceEntities {
            keys: (0..count).map(|at| at.to_string()).collect(),
            sources: vec![(
                SimilarityKind::Text,
                Descriptors::dense((0..count).flat_map(|at| [1.0, at as f32 * step]).collect(), 2),
            )],
            ..ReferenceEntities::default()
        };
        let outcomes: Vec<(u32, u32, f32)> = (0..drugs * targets)
            .filter(|at| at % 3 > 0)
            .map(|at| (at % drugs, at / drugs, (at * 7 % 11) as f32))
            .collect();
        let reference = ReferenceSet {
            drugs: side(drugs, 0.2),
            targets: side(targets, 0.1),
            known: InteractionMatrix::new(drugs as usize, targets as usize, &outcomes),
        };
        let (queried_drugs, queried_targets) = queries(&reference);
        let of = |pairs: &[(u32, u32)]| extract(&reference, &queried_drugs, &queried_targets, pairs).values;
        let all: Vec<(u32, u32)> = (0..drugs * targets).map(|at| (at % drugs, at / drugs)).collect();
        let together = of(&all);
        let width = reference.layout().width();
        for (pair, row) in all.iter().zip(together.chunks(width)) {
            assert_eq!(of(&[*pair]), row, "{pair:?}");
        }
    }

    #[test]
    fn order_and_company_of_pairs_do_not_matter() {
        let reference = reference(&OUTCOMES);
        let (drugs, targets) = queries(&reference);
        let all = [(0, 0), (2, 1), (1, 1), (2, 0)];
        let rows = extract(&reference, &drugs, &targets, &all);
        let width = reference.layout().width();
        for (at, pair) in all.iter().enumerate() {
            let alone = extract(&reference, &drugs, &targets, &[*pair]);
            assert_eq!(alone.values, rows.values[at * width..(at + 1) * width]);
        }
    }
}
