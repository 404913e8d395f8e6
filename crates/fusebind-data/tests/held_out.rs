//! What is held out to learn about a model's errors: pairs of every novelty, and whole sources.

#![allow(clippy::unwrap_used)] // a failed assumption stops the test

use std::collections::{BTreeMap, HashSet};

use fusebind_data::{
    ErrorKind,
    simulate::{SimulateConfig, simulate},
    source::{LoadConfig, load_dataset},
    split::{
        EntityHoldOut, Fractions, Part, Split, SplitBy, hold_out_entities, hold_out_source, sources_to_hold_out, split,
    },
    table::{Dataset, Origin},
};
use fusebind_features::entity::molecule::ChematicToolkit;

fn simulated() -> (Dataset, Split) {
    let folder = tempfile::tempdir().unwrap();
    let config = SimulateConfig {
        drugs: 120,
        targets: 60,
        pairs: 3000,
        seed: 7,
        ..SimulateConfig::default()
    };
    simulate(&config).unwrap().write(folder.path()).unwrap();
    let (dataset, _) = load_dataset(folder.path(), &ChematicToolkit, &LoadConfig::default()).unwrap();
    let split = split(&dataset, SplitBy::Random, Fractions::default(), 1).unwrap();
    (dataset, split)
}

const CHOICES: [(SplitBy, SplitBy); 2] = [
    (SplitBy::UnseenDrug, SplitBy::UnseenTarget),
    (SplitBy::Scaffold, SplitBy::SequenceCluster),
];

#[test]
fn a_hold_out_has_pairs_of_every_novelty_and_no_test_pair() {
    let (dataset, given) = simulated();
    let tested: HashSet<u32> = given.part(Part::Test).iter().copied().collect();
    for (drugs, targets) in CHOICES {
        let choice = EntityHoldOut {
            drugs,
            targets,
            entities: 0.15,
            pairs: 0.1,
            seed: 3,
        };
        let held = hold_out_entities(&dataset, &given, &choice).unwrap();
        assert!(held.part(Part::Valid).is_empty());
        let of = |part| held.part(part).iter().map(|at| dataset.interactions[*at as usize]);
        assert!(
            held.part(Part::Train)
                .iter()
                .chain(held.part(Part::Test))
                .all(|at| !tested.contains(at))
        );
        assert_eq!(
            held.part(Part::Train).len() + held.part(Part::Test).len() + tested.len(),
            dataset.interactions.len()
        );
        let known: [HashSet<u32>; 2] = [
            of(Part::Train).map(|i| i.drug).collect(),
            of(Part::Train).map(|i| i.target).collect(),
        ];
        let mut counts: BTreeMap<(bool, bool), usize> = BTreeMap::new();
        for i in of(Part::Test) {
            *counts
                .entry((known[0].contains(&i.drug), known[1].contains(&i.target)))
                .or_default() += 1;
        }
        assert_eq!(counts.len(), 4, "{drugs:?} {counts:?}");
        assert!(
            counts[&(true, true)] > 100 && counts[&(false, false)] > 10,
            "{counts:?}"
        );
    }
}

#[test]
fn a_side_that_cannot_be_divided_loses_none() {
    let (mut dataset, _) = simulated();
    dataset.interactions.retain(|i| i.target == 0);
    let given = split(&dataset, SplitBy::Random, Fractions::default(), 1).unwrap();
    let choice = EntityHoldOut {
        drugs: SplitBy::UnseenDrug,
        targets: SplitBy::UnseenTarget,
        entities: 0.2,
        pairs: 0.1,
        seed: 1,
    };
    let held = hold_out_entities(&dataset, &given, &choice).unwrap();
    assert!(!held.part(Part::Test).is_empty() && !held.part(Part::Train).is_empty());
    let one = Dataset {
        interactions: dataset.interactions[..1].to_vec(),
        ..dataset.clone()
    };
    let given = Split::from_parts(&one, &[Some(Part::Train)], "one pair");
    assert_eq!(
        hold_out_entities(&one, &given, &choice).unwrap_err().kind(),
        ErrorKind::Infeasible
    );
}

#[test]
fn a_source_is_held_out_with_what_it_alone_reports() {
    let (mut dataset, given) = simulated();
    assert!(
        sources_to_hold_out(&dataset, &given, 10).is_empty(),
        "no source is named"
    );
    let name = |at: usize| Some(["a", "b", "b", "c"][if at < 5 { 3 } else { at % 3 }].to_string());
    let sources: Vec<Option<String>> = (0..dataset.interactions.len()).map(name).collect();
    dataset.origins.insert(Origin::Source, sources.clone());
    assert_eq!(
        sources_to_hold_out(&dataset, &given, 100),
        ["a", "b"],
        "c reports too little"
    );
    let held = hold_out_source(&dataset, &given, "a").unwrap();
    assert!(held.part(Part::Test).len() > 300);
    assert!(
        held.part(Part::Test)
            .iter()
            .all(|at| sources[*at as usize].as_deref() == Some("a"))
    );
    assert!(
        held.part(Part::Train)
            .iter()
            .all(|at| sources[*at as usize].as_deref() != Some("a"))
    );
    assert!(
        held.part(Part::Test)
            .iter()
            .all(|at| !given.part(Part::Test).contains(at))
    );
}
