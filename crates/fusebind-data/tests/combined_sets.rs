//! Data sets combined, excluded from one another, and split by where and when their rows come from.

#![allow(clippy::unwrap_used)] // a failed assumption stops the test

use std::{collections::BTreeSet, fs, path::Path};

use fusebind_data::{
    ErrorKind,
    source::{LoadConfig, load_dataset},
    split::{Fractions, Part, Split, SplitBy, SplitConfig},
    table::{Dataset, ExcludeBy, FolderFormat, NamedDataset, Origin, combine_datasets, exclude, write_dataset},
};
use fusebind_features::entity::molecule::ChematicToolkit;

const KINASE: &str = "MGSNKSKPKDASQRRRSLEPAENVHGAGGGAFPASQTPSKPASADGHRGPSAAFAPAAAE";
const RECEPTOR: &str = "MQPPPSLCGRALVALVLACGLSRIWGEERGFPPDRATPLLQTAEIMTPPTKTLWPKGSNA";

fn load(folder: &Path, name: &str, rows: &str) -> Dataset {
    let path = folder.join(name);
    fs::write(&path, rows).unwrap();
    let (dataset, rejections) = load_dataset(&path, &ChematicToolkit, &LoadConfig::default()).unwrap();
    assert!(rejections.is_empty(), "{rejections:?}");
    dataset
}

fn first(folder: &Path) -> Dataset {
    load(
        folder,
        "first.csv",
        &format!(
            "drug_id,smiles,target_id,sequence,label,year\n\
             D1,CCO,T1,{KINASE},1,2010\nD2,c1ccccc1,T1,{KINASE},0,2012\nD3,CC(=O)Nc1ccccc1,T2,{RECEPTOR},1,2015\n"
        ),
    )
}

fn second(folder: &Path) -> Dataset {
    // The first compound under another spelling and id, and the id `D2` for another compound.
    load(
        folder,
        "second.csv",
        &format!(
            "drug_id,smiles,target_id,sequence,label\n\
             X1,OCC,P1,{KINASE},0\nD2,CCCCN,P1,{KINASE},1\n"
        ),
    )
}

fn combined(folder: &Path) -> Dataset {
    let named = |name: &str, dataset| NamedDataset {
        name: name.into(),
        dataset,
    };
    combine_datasets(vec![named("first", first(folder)), named("second", second(folder))]).0
}

#[test]
fn one_compound_stays_one_and_every_row_states_its_source() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let named = |name: &str, dataset| NamedDataset {
        name: name.into(),
        dataset,
    };
    let sets = vec![named("first", first(here)), named("second", second(here))];
    let (whole, report) = combine_datasets(sets);
    assert_eq!(
        (
            report.shared_drugs,
            report.shared_targets,
            report.shared_pairs,
            report.renamed_ids
        ),
        (1, 1, 1, 1)
    );
    assert_eq!(report.sources, [("first".to_string(), 3), ("second".to_string(), 2)]);
    assert_eq!(report.duplicates.label_conflicts, 1);
    assert_eq!(
        (whole.drugs.len(), whole.targets.len(), whole.interactions.len()),
        (4, 2, 5)
    );
    assert_eq!(whole.drugs[0].ids, ["D1", "X1"]);
    assert_eq!(whole.drugs[3].ids, ["second:D2"]);
    let sources: Vec<_> = whole.origins[&Origin::Source]
        .iter()
        .flatten()
        .map(String::as_str)
        .collect();
    assert_eq!(sources, ["first", "first", "first", "second", "second"]);
    assert_eq!(whole.origins[&Origin::Date][3], None);

    // What is written reads back to the same data set.
    let out = here.join("whole");
    write_dataset(&out, &whole, FolderFormat::Csv).unwrap();
    let (again, rejections) = load_dataset(&out, &ChematicToolkit, &LoadConfig::default()).unwrap();
    assert!(rejections.is_empty());
    assert_eq!(again.fingerprint, whole.fingerprint);
}

#[test]
fn a_source_of_a_source_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let whole = combined(folder.path());
    let (twice, _) = combine_datasets(vec![NamedDataset {
        name: "all".into(),
        dataset: whole,
    }]);
    assert_eq!(twice.origins[&Origin::Source][4].as_deref(), Some("all/second"));
}

#[test]
fn what_another_set_holds_is_excluded_under_any_id() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    for (by, left) in [
        (ExcludeBy::Pair, 2),
        (ExcludeBy::Drug, 2),
        (ExcludeBy::Target, 1),
        (ExcludeBy::Either, 1),
    ] {
        let mut dataset = first(here);
        let before = dataset.fingerprint.clone();
        let report = exclude(&mut dataset, &second(here), by);
        assert_eq!((report.left, report.rows), (left, 3 - left), "{by:?}");
        assert_eq!((report.shared_drugs, report.shared_targets), (1, 1));
        assert_eq!(dataset.interactions.len() as u64, left);
        assert_ne!(dataset.fingerprint, before);
        // Entities without rows are gone, and the others are still named rightly.
        let drugs: BTreeSet<u32> = dataset.interactions.iter().map(|row| row.drug).collect();
        assert_eq!(drugs.len(), dataset.drugs.len());
        let last = dataset.interactions.last().unwrap();
        assert_eq!(dataset.drugs[last.drug as usize].ids, ["D3"]);
        assert_eq!(dataset.origins[&Origin::Date].len() as u64, left);
    }
}

fn split(dataset: &Dataset, by: SplitBy, test_sources: &[&str], fractions: [f64; 3]) -> Split {
    let [train, valid, test] = fractions;
    let config = SplitConfig {
        by,
        fractions: Fractions { train, valid, test },
        seed: 3,
        test_sources: test_sources.iter().map(|name| name.to_string()).collect(),
        ..SplitConfig::default()
    };
    config.split(dataset).unwrap()
}

#[test]
fn a_source_tests_alone_and_without_the_pairs_that_training_knows() {
    let folder = tempfile::tempdir().unwrap();
    let whole = combined(folder.path());
    let split_ = split(&whole, SplitBy::Source, &["second"], [0.7, 0.3, 0.0]);
    // Row 3 of `second` is a pair that `first` holds too.
    assert_eq!((split_.test.indices(), split_.unused), (&[4][..], 1));
    let known: BTreeSet<u32> = [split_.part(Part::Train), split_.part(Part::Valid)]
        .concat()
        .into_iter()
        .collect();
    assert_eq!(known, BTreeSet::from([0, 1, 2]));
    assert!(split_.method.contains("tested on second"), "{}", split_.method);

    let config = SplitConfig {
        by: SplitBy::Source,
        test_sources: vec!["third".into()],
        ..SplitConfig::default()
    };
    let error = config.split(&whole).unwrap_err();
    assert!(error.remedy().contains("first, second"), "{error}");
}

#[test]
fn whole_sources_are_divided_by_shares() {
    let folder = tempfile::tempdir().unwrap();
    let whole = combined(folder.path());
    let split = split(&whole, SplitBy::Source, &[], [0.6, 0.0, 0.4]);
    let sources = |part| -> BTreeSet<&str> {
        let rows = split.part(part).iter();
        rows.filter_map(|row| whole.origins[&Origin::Source][*row as usize].as_deref())
            .collect()
    };
    assert!(sources(Part::Train).is_disjoint(&sources(Part::Test)));
}

#[test]
fn the_latest_rows_test() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = first(folder.path());
    let split = split(&dataset, SplitBy::Time, &[], [0.4, 0.3, 0.3]);
    let parts: Vec<&[u32]> = Part::ALL.iter().map(|part| split.part(*part)).collect();
    assert_eq!(parts, [&[0][..], &[1], &[2]]);
    let none = SplitConfig {
        by: SplitBy::Time,
        ..SplitConfig::default()
    };
    let error = none.split(&second(folder.path())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingColumn);
}
