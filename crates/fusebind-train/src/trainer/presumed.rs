//! Presumed negatives: unknown pairs that train as if they did not bind.
//!
//! Public binding sets report what binds far more often than what does not, and for popular compounds and targets above all. A
//! model learns from them that what is popular binds. Degree-matched negatives contain each drug and each target as often as the known
//! binders do, so that popularity says nothing ([`fusebind_data::negative`]). They train, and enter neither the reference set nor
//! any other part. Comes in: a [`Job`]. Goes out: its data set and split with such pairs behind the others.

use fusebind_data::{
    negative::{Draw, NegativeConfig, sample_negatives},
    split::Split,
    table::{Dataset, Interaction},
};

use super::job::{Job, Observer};

/// The data set and the split of `job` with presumed negatives; `None` where its recipe wants none or its data allow none.
pub(super) fn with_negatives(job: &Job<'_>, observer: &mut dyn Observer) -> Option<(Dataset, Split)> {
    let ratio = job.recipe.training.presumed_negatives;
    if ratio <= 0.0 {
        return None;
    }
    let Some(sampled) = sampled(job.dataset, job.split, ratio, job.seed) else {
        observer.note("no negatives are presumed: no pair is known to bind, or too few pairs of these drugs and targets are unknown");
        return None;
    };
    observer.note(&format!("{} unknown pairs train as presumed negatives", sampled.len()));
    let mut dataset = job.dataset.clone();
    let first = dataset.interactions.len() as u32;
    let negative = |(drug, target)| Interaction {
        drug,
        target,
        affinity: None,
        binds: Some(false),
        row: 0,
    };
    dataset.interactions.extend(sampled.into_iter().map(negative));
    let further = first..dataset.interactions.len() as u32;
    Some((dataset, job.split.clone().with_training(further)))
}

/// Unknown pairs between drugs and targets of training pairs that bind. Only pairs of the training and the validation part are spared, so
/// that no test label decides which pairs are presumed; no entity enters that training does not hold.
fn sampled(dataset: &Dataset, split: &Split, ratio: f64, seed: u64) -> Option<Vec<(u32, u32)>> {
    let interaction = |at: &u32| &dataset.interactions[*at as usize];
    let pair = |i: &Interaction| (i.drug, i.target);
    let train = split.train.indices().iter().map(interaction);
    let positives: Vec<(u32, u32)> = train.clone().filter(|i| i.binds == Some(true)).map(pair).collect();
    let valid = split.valid.indices().iter().map(interaction);
    let spared: Vec<(u32, u32)> = train.chain(valid).map(pair).collect();
    let entities = (dataset.drugs.len() as u32, dataset.targets.len() as u32);
    let config = NegativeConfig {
        draw: Draw::DegreeMatched,
        ratio,
        seed,
    };
    sample_negatives(&positives, &spared, entities, &config).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use fusebind_data::{
        split::Part,
        table::{Drug, Target},
    };
    use fusebind_features::entity::{
        molecule::{ChematicToolkit, Chemistry},
        protein::Protein,
    };

    use super::*;

    /// Six drugs, six targets; drug `i` binds target `i`, drug 5 and target 5 only in the test part.
    fn dataset() -> (Dataset, Split) {
        let drug = |length: usize| Drug {
            ids: vec![length.to_string()],
            keys: BTreeMap::new(),
            molecule: ChematicToolkit.molecule(&"C".repeat(length + 1)).expect("an alkane"),
        };
        let target = |at: usize| Target {
            ids: vec![at.to_string()],
            keys: BTreeMap::new(),
            protein: Protein::parse(&format!("MKTAYIAKQRQISFVKSHFSRQ{}", "L".repeat(at))).expect("a protein"),
        };
        let binder = |at: u32| Interaction {
            drug: at,
            target: at,
            affinity: None,
            binds: Some(true),
            row: u64::from(at) + 1,
        };
        let dataset = Dataset {
            drugs: (0..6).map(drug).collect(),
            targets: (0..6).map(target).collect(),
            interactions: (0..6).map(binder).collect(),
            ..Dataset::default()
        };
        let parts: Vec<Option<Part>> = (0..6)
            .map(|at| Some(if at < 5 { Part::Train } else { Part::Test }))
            .collect();
        let split = Split::from_parts(&dataset, &parts, "test");
        (dataset, split)
    }

    #[test]
    fn each_binder_is_as_frequent_among_the_negatives_and_no_test_entity_enters() {
        let (dataset, split) = dataset();
        let found = sampled(&dataset, &split, 1.0, 1).expect("there are unknown pairs");
        let mut drugs: Vec<u32> = found.iter().map(|pair| pair.0).collect();
        let mut targets: Vec<u32> = found.iter().map(|pair| pair.1).collect();
        drugs.sort_unstable();
        targets.sort_unstable();
        assert_eq!((drugs, targets), ((0..5).collect(), (0..5).collect()));
        assert!(
            found.iter().all(|(drug, target)| drug != target),
            "a binder is no negative"
        );
    }

    #[test]
    fn without_a_binder_nothing_is_presumed() {
        let (mut dataset, split) = dataset();
        dataset.interactions.iter_mut().for_each(|i| i.binds = Some(false));
        assert_eq!(sampled(&dataset, &split, 1.0, 1), None);
    }
}
