//! A screening benchmark hides what it tests, and its decoys are ligands of other targets.

#![allow(clippy::unwrap_used)] // a failed assumption stops the test

use std::collections::BTreeSet;

use fusebind_data::{
    ErrorKind,
    screening::{CONSTRUCT, FISHING, FULL, Library, ScreeningConfig, screening_benchmark},
    simulate::{SimulateConfig, simulate},
    source::{LoadConfig, load_dataset},
    table::Dataset,
};
use fusebind_features::entity::molecule::ChematicToolkit;

fn dataset() -> Dataset {
    let config = SimulateConfig {
        drugs: 150,
        targets: 12,
        pairs: 1200,
        seed: 5,
        ..SimulateConfig::default()
    };
    let dir = tempfile::tempdir().unwrap();
    simulate(&config).unwrap().write(dir.path()).unwrap();
    load_dataset(dir.path(), &ChematicToolkit, &LoadConfig::default())
        .unwrap()
        .0
}

fn config(library: Library) -> ScreeningConfig {
    ScreeningConfig {
        library,
        decoys: 2,
        // Simulated molecules are made of few fragments.
        most_similar: 0.9,
        ..ScreeningConfig::default()
    }
}

/// Drug, target and label of the pairs of a part, and whether the set trains on each of their drugs.
fn part(dataset: &Dataset, column: &str, name: &str) -> Vec<(u32, u32, Option<bool>)> {
    let parts = dataset.split_columns[column].iter().zip(&dataset.interactions);
    let of_part = parts.filter(|(part, _)| part.as_deref() == Some(name));
    of_part.map(|(_, i)| (i.drug, i.target, i.binds)).collect()
}

#[test]
fn a_new_library_is_not_in_training_and_neither_are_its_scaffolds() {
    let source = dataset();
    let (built, report) = screening_benchmark(&source, &config(Library::New)).unwrap();
    let tested = part(&built, FULL, "test");
    assert!(report.targets > 0 && report.actives > 0 && tested.len() == report.actives + report.decoys);
    let library: BTreeSet<u32> = tested.iter().map(|pair| pair.0).collect();
    let trained: Vec<(u32, u32, Option<bool>)> = [part(&built, FULL, "train"), part(&built, FULL, "valid")].concat();
    assert!(trained.iter().all(|pair| !library.contains(&pair.0)));
    let scaffold = |drug: u32| built.drugs[drug as usize].molecule.scaffold().unwrap();
    let of_library: BTreeSet<String> = library
        .iter()
        .map(|drug| scaffold(*drug))
        .filter(|s| !s.is_empty())
        .collect();
    let binders = trained.iter().filter(|pair| pair.2 == Some(true));
    assert!(
        binders
            .map(|pair| scaffold(pair.0))
            .all(|scaffold| !of_library.contains(&scaffold))
    );
    // Actives bind and decoys were never tested on the target.
    for (drug, target, binds) in tested {
        let known = source
            .interactions
            .iter()
            .find(|i| (i.drug, i.target) == (drug, target));
        assert_eq!(binds, Some(known.is_some()));
        assert!(known.is_none_or(|i| i.binds == Some(true)));
    }
}

#[test]
fn constructs_are_tested_with_the_same_compounds() {
    let source = dataset();
    let (built, _) = screening_benchmark(&source, &config(Library::New)).unwrap();
    let (full, construct) = (part(&built, FULL, "test"), part(&built, CONSTRUCT, "test"));
    assert_eq!(full.len(), construct.len());
    for (full, construct) in full.iter().zip(&construct) {
        assert_eq!((full.0, full.2), (construct.0, construct.2));
        let sequence = |target: u32| built.targets[target as usize].protein.sequence.as_str();
        let kept = &sequence(construct.1)["MGSSHHHHHHSSGLVPRGSHM".len()..];
        assert!(sequence(full.1).contains(kept) && construct.1 as usize >= source.targets.len());
    }
}

#[test]
fn a_known_library_may_be_in_training_with_other_targets() {
    let (built, _) = screening_benchmark(&dataset(), &config(Library::Known)).unwrap();
    let trained = part(&built, FULL, "train");
    let tested = part(&built, FULL, "test");
    assert!(tested.iter().any(|pair| trained.iter().any(|other| other.0 == pair.0)));
    assert!(
        tested
            .iter()
            .all(|pair| !trained.iter().any(|other| (other.0, other.1) == (pair.0, pair.1)))
    );
}

#[test]
fn drugs_are_asked_for_all_proteins_and_training_holds_no_answer() {
    let source = dataset();
    for library in [Library::New, Library::Known] {
        let (built, report) = screening_benchmark(&source, &config(library)).unwrap();
        let tested = part(&built, FISHING, "test");
        let drugs: BTreeSet<u32> = tested.iter().map(|pair| pair.0).collect();
        assert!(report.fished > 0 && drugs.len() == report.fished);
        let binders = tested.iter().filter(|pair| pair.2 == Some(true)).count();
        assert!(binders == report.fished_targets && binders < tested.len());
        let trained = [part(&built, FISHING, "train"), part(&built, FISHING, "valid")].concat();
        assert_eq!(trained.len(), report.train);
        let known: BTreeSet<(u32, u32)> = trained.iter().map(|pair| (pair.0, pair.1)).collect();
        assert!(tested.iter().all(|pair| !known.contains(&(pair.0, pair.1))));
        match library {
            // All proteins, and nothing of the drug in training.
            Library::New => {
                assert_eq!(tested.len(), drugs.len() * source.targets.len());
                assert!(trained.iter().all(|pair| !drugs.contains(&pair.0)));
            }
            Library::Known => assert!(trained.iter().any(|pair| drugs.contains(&pair.0))),
        }
    }
    let none = ScreeningConfig {
        most_fished: 0,
        ..config(Library::New)
    };
    let (built, _) = screening_benchmark(&source, &none).unwrap();
    assert!(!built.split_columns.contains_key(FISHING));
}

#[test]
fn too_few_actives_are_an_error() {
    let config = ScreeningConfig {
        least_actives: 10_000,
        ..ScreeningConfig::default()
    };
    let error = screening_benchmark(&dataset(), &config).unwrap_err();
    assert!(error.kind() == ErrorKind::Infeasible && error.remedy().contains("--least-actives"));
}
