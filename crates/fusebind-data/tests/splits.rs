//! Every split is disjoint in the entities that it promises, for any data; split files and published columns.

#![allow(clippy::unwrap_used)] // a failed assumption stops the test

use std::collections::{BTreeMap, BTreeSet};

use fusebind_data::{
    ErrorKind,
    split::{
        Fractions, OverlapAudit, Part, PartNames, Split, SplitBy, SplitConfig, from_column, from_spec, read_split,
        split, write_split,
    },
    table::{Dataset, Drug, Interaction, Target},
};
use fusebind_features::entity::{
    molecule::{ChematicToolkit, Chemistry},
    protein::Protein,
};
use proptest::prelude::*;

/// Methods that look at molecules and sequences alone.
const BY_CONTENT: [SplitBy; 6] = [
    SplitBy::Random,
    SplitBy::UnseenDrug,
    SplitBy::UnseenTarget,
    SplitBy::UnseenPair,
    SplitBy::Scaffold,
    SplitBy::SequenceCluster,
];

/// Scaffold of the molecule with a number: one ring of `rings` sizes, or nothing for every fifth.
fn scaffold(number: u8, rings: u8) -> Option<String> {
    (!number.is_multiple_of(5)).then(|| format!("C1{}C1", "C".repeat(1 + usize::from(number % rings))))
}

/// A data set from content numbers: equal numbers are equal molecules (with [`scaffold`], and a chain that makes them distinct) or
/// sequences, under several indices, as in a table with duplicates.
fn dataset(drugs: &[u8], targets: &[u8], pairs: &[(u8, u8)], rings: u8) -> Dataset {
    let molecule = |number: u8| {
        let chain = "C".repeat(1 + usize::from(number));
        ChematicToolkit.molecule(&format!("{chain}{}", scaffold(number, rings).unwrap_or_default()))
    };
    let drug = |(at, number): (usize, &u8)| Drug {
        ids: vec![format!("D{at}")],
        keys: BTreeMap::from([("number".to_string(), number.to_string())]),
        molecule: molecule(*number).expect("is valid"),
    };
    let target = |(at, number): (usize, &u8)| {
        // Families of four: the first half of the sequence is the family's, the rest its own.
        let letters = b"ACDEFGHIKLMNPQRSTVWY";
        // Families must have nothing in common: a hash, not a formula with a period.
        let letter = |salt: usize, at: usize| {
            let hash = (salt * 1000 + at + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            letters[((hash ^ hash >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40 & 0xFFFF) % 20] as char
        };
        let own = usize::from(*number);
        let sequence: String = (0..40)
            .map(|at| letter(own / 4, at))
            .chain((0..30).map(|at| letter(own + 50, at)))
            .collect();
        Target {
            ids: vec![format!("T{at}")],
            keys: BTreeMap::new(),
            protein: Protein::parse(&sequence).expect("a sequence of standard residues"),
        }
    };
    let mut dataset = Dataset {
        drugs: drugs.iter().enumerate().map(drug).collect(),
        targets: targets.iter().enumerate().map(target).collect(),
        interactions: pairs
            .iter()
            .enumerate()
            .map(|(at, (drug, target))| Interaction {
                drug: u32::from(*drug) % drugs.len() as u32,
                target: u32::from(*target) % targets.len() as u32,
                affinity: None,
                binds: Some(at % 2 == 0),
                // Two interactions per row, as wide tables give.
                row: at as u64 / 2 + 1,
            })
            .collect(),
        ..Dataset::default()
    };
    dataset.refresh_fingerprint();
    dataset
}

/// What each part holds of `key`.
fn keys<K: Ord>(split: &Split, key: impl Fn(u32) -> K) -> [BTreeSet<K>; 3] {
    Part::ALL.map(|part| split.part(part).iter().map(|i| key(*i)).collect())
}

fn disjoint<K: Ord>([train, valid, test]: &[BTreeSet<K>; 3]) -> bool {
    train.is_disjoint(valid) && train.is_disjoint(test) && valid.is_disjoint(test)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parts_are_disjoint_and_nothing_is_lost(
        drugs in prop::collection::vec(0u8..30, 3..40),
        targets in prop::collection::vec(0u8..24, 3..30),
        pairs in prop::collection::vec((any::<u8>(), any::<u8>()), 10..200),
        rings in 2u8..12,
        seed in any::<u64>(),
        valid in 0.0..0.3f64,
    ) {
        let data = dataset(&drugs, &targets, &pairs, rings);
        let drug = |i: u32| &data.drugs[data.interactions[i as usize].drug as usize];
        let smiles = |i: u32| drug(i).molecule.smiles.clone();
        let number = |i: u32| drug(i).keys["number"].parse().expect("is a number");
        let sequence = |i: u32| data.targets[data.interactions[i as usize].target as usize].protein.sequence.clone();
        let fractions = Fractions { train: 0.8 - valid, valid, test: 0.2 };
        for by in BY_CONTENT {
            let split = match split(&data, by, fractions, seed) {
                Ok(split) => split,
                Err(error) => {
                    // Too few groups for three parts is the only reason to refuse.
                    prop_assert_eq!(error.kind(), ErrorKind::Infeasible, "{}", error);
                    continue;
                }
            };
            let mut all: Vec<u32> = Part::ALL.iter().flat_map(|part| split.part(*part)).copied().collect();
            let listed = all.len();
            all.sort_unstable();
            all.dedup();
            prop_assert_eq!(all.len(), listed, "a pair is in two parts");
            prop_assert_eq!(listed + split.unused, pairs.len());
            prop_assert_eq!(split.unused == 0 || by == SplitBy::UnseenPair, true);
            let holds = match by {
                SplitBy::Random => disjoint(&keys(&split, |i| (smiles(i), sequence(i)))),
                SplitBy::UnseenDrug => disjoint(&keys(&split, smiles)),
                SplitBy::UnseenTarget => disjoint(&keys(&split, sequence)),
                SplitBy::UnseenPair => disjoint(&keys(&split, smiles)) && disjoint(&keys(&split, sequence)),
                SplitBy::Scaffold => {
                    disjoint(&keys(&split, smiles))
                        && disjoint(&keys(&split, |i| scaffold(number(i), rings).unwrap_or_else(|| smiles(i))))
                }
                // The family's half makes more than 40 % identity: no family is on two sides.
                _ => disjoint(&keys(&split, sequence)) && disjoint(&keys(&split, |i| sequence(i)[..40].to_string())),
            };
            prop_assert!(holds, "{:?} leaks", by);
            prop_assert_eq!(&split, &split_again(&data, by, fractions, seed), "a split is a function of its seed");
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(garbage in "\\PC{0,200}", cut in 0usize..400) {
        let data = dataset(&[1, 2, 3, 4], &[1, 9, 20], &[(0, 0), (1, 1), (2, 2), (3, 1), (1, 2)], 3);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("split.csv");
        std::fs::write(&path, &garbage).unwrap();
        prop_assert!(read_split(&path, &data).is_err());
        write_split(&path, &data, &split(&data, SplitBy::Random, Fractions::default(), 1).unwrap()).unwrap();
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..cut.min(whole.len() - 2)]).unwrap();
        prop_assert!(read_split(&path, &data).is_err(), "a file cut short is refused");
    }
}

fn split_again(data: &Dataset, by: SplitBy, fractions: Fractions, seed: u64) -> Split {
    split(data, by, fractions, seed).expect("it was feasible the first time")
}

/// 40 drugs by 24 targets, every pair measured.
fn full() -> Dataset {
    let pairs: Vec<(u8, u8)> = (0..40)
        .flat_map(|drug| (0..24).map(move |target| (drug, target)))
        .collect();
    dataset(&(0..40).collect::<Vec<_>>(), &(0..24).collect::<Vec<_>>(), &pairs, 9)
}

#[test]
fn fractions_are_kept_and_seeds_differ() {
    let data = full();
    for by in BY_CONTENT {
        let made = split(&data, by, Fractions::default(), 11).unwrap();
        let used = (data.interactions.len() - made.unused) as f64;
        for (part, share) in Part::ALL.into_iter().zip([0.7, 0.1, 0.2]) {
            let got = made.part(part).len() as f64 / used;
            assert!((got - share).abs() < 0.1, "{by:?}: {} has {got}", part.name());
        }
        let other = split(&data, by, Fractions::default(), 12).unwrap();
        assert_ne!(made.hash, other.hash, "{by:?}");
        assert!(made.method.contains(by.name()) && made.method.contains("seed 11"));
        assert_eq!(by.name().parse::<SplitBy>().unwrap(), by);
    }
    assert_eq!("cold".parse::<SplitBy>().unwrap_err().kind(), ErrorKind::Config);
    assert!(
        split(&data, SplitBy::UnseenPair, Fractions::default(), 1)
            .unwrap()
            .unused
            > 300
    );
}

#[test]
fn the_identity_threshold_changes_the_clusters() {
    let data = full();
    let at = |identity| {
        let mut config = SplitConfig {
            by: SplitBy::SequenceCluster,
            seed: 2,
            ..SplitConfig::default()
        };
        config.cluster.identity = identity;
        config.split(&data).unwrap()
    };
    assert_ne!(at(0.4).hash, at(0.95).hash);
    let mut config = SplitConfig::default();
    config.cluster.identity = 0.0;
    assert_eq!(config.split(&data).unwrap_err().kind(), ErrorKind::Config);
}

#[test]
fn impossible_splits_are_refused() {
    let fractions = Fractions::default();
    let one_drug = dataset(&[1], &[1, 2, 3, 4], &[(0, 0), (0, 1), (0, 2), (0, 3)], 3);
    let error = split(&one_drug, SplitBy::UnseenDrug, fractions, 0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Infeasible);
    assert!(error.remedy().contains("too few distinct groups"));
    assert!(
        split(&one_drug, SplitBy::UnseenTarget, fractions, 0).is_ok(),
        "four groups fill three parts"
    );
    assert_eq!(
        split(&Dataset::default(), SplitBy::Random, fractions, 0)
            .unwrap_err()
            .kind(),
        ErrorKind::Infeasible
    );
    for (train, valid, test) in [(0.5, 0.1, 0.2), (1.2, -0.1, -0.1), (f64::NAN, 0.5, 0.5)] {
        let error = split(&one_drug, SplitBy::Random, Fractions { train, valid, test }, 0).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
    }
    let mut torn = full();
    torn.drugs.truncate(3);
    assert_eq!(
        split(&torn, SplitBy::Random, fractions, 0).unwrap_err().kind(),
        ErrorKind::Infeasible
    );
}

#[test]
fn the_order_of_entities_does_not_matter() {
    let data = full();
    let mut shuffled = full();
    shuffled.drugs.reverse();
    shuffled.interactions.iter_mut().for_each(|i| i.drug = 39 - i.drug);
    for by in BY_CONTENT {
        let (a, b) = (
            split(&data, by, Fractions::default(), 4).unwrap(),
            split(&shuffled, by, Fractions::default(), 4).unwrap(),
        );
        assert_eq!(a.test, b.test, "{by:?}");
    }
}

#[test]
fn a_split_survives_its_file_and_refuses_other_data() {
    let data = full();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("split.csv");
    let made = split(&data, SplitBy::UnseenPair, Fractions::default(), 3).unwrap();
    write_split(&path, &data, &made).unwrap();
    assert_eq!(read_split(&path, &data).unwrap(), made);

    let text = std::fs::read_to_string(&path).unwrap();
    let edited = text.replacen(",test", ",train", 1);
    let pair_twice = format!("{text}{}\n", text.lines().last().unwrap());
    for (wrong, words) in [
        (edited, "hash does not match"),
        (pair_twice, "earlier row"),
        (text.replace(",valid", ",dev"), "must be train, valid or test"),
        (text.replace("pair,row", "number,row"), "no column `pair`"),
        (format!("{text}99999,1,a,b,train\n"), "from 1 to 960"),
        ("drug_id,part\nD1,train\n".into(), "not a fusebind split file"),
        (String::new(), "empty"),
    ] {
        std::fs::write(&path, wrong).unwrap();
        let error = read_split(&path, &data).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        assert!(error.remedy().contains("fusebind data split"), "{error}");
        assert!(error.to_string().contains("split.csv"));
    }
    std::fs::write(&path, b"# fusebind \xff").unwrap();
    assert!(read_split(&path, &data).unwrap_err().reason().contains("UTF-8"));
    assert_eq!(
        read_split(&dir.path().join("none.csv"), &data).unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert_eq!(
        read_split(dir.path(), &data).unwrap_err().kind(),
        ErrorKind::WrongFileType
    );

    write_split(&path, &data, &made).unwrap();
    let mut changed = full();
    changed.interactions[0].binds = None;
    changed.refresh_fingerprint();
    assert_eq!(read_split(&path, &changed).unwrap_err().kind(), ErrorKind::Config);
    assert!(
        write_split(&path, &dataset(&[1], &[1], &[(0, 0)], 2), &made).is_err(),
        "a split of other data"
    );
}

/// Six pairs in folds `f0`, `f1`, `f2`, `test`, one of them in none.
fn folds() -> Dataset {
    let mut data = dataset(
        &[1, 2, 3],
        &[1, 9],
        &[(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)],
        3,
    );
    let column = |values: [&str; 6]| values.map(|v| Some(v.to_string()).filter(|v| !v.is_empty())).to_vec();
    data.split_columns
        .insert("fold".into(), column(["f0", "f1", "f2", "test", "", "f0"]));
    data.split_columns
        .insert("plain".into(), column(["train", "val", "test", "Train", "valid", ""]));
    data
}

#[test]
fn published_columns_become_parts() {
    let data = folds();
    let parts = |spec: &str| {
        let split = from_spec(&data, spec).unwrap();
        (Part::ALL.map(|part| split.part(part).to_vec()), split.unused)
    };
    assert_eq!(parts("plain"), ([vec![0, 3], vec![1, 4], vec![2]], 1));
    assert_eq!(parts("fold:valid=f2"), ([vec![0, 1, 5], vec![2], vec![3]], 1));
    assert_eq!(parts("fold:train=f0+f1+f2"), ([vec![0, 1, 2, 5], vec![], vec![3]], 1));
    assert_eq!(
        parts("fold:train=f0,valid=f1,test=f2"),
        ([vec![0, 5], vec![1], vec![2]], 2)
    );
    assert_eq!(parts("fold:test="), ([vec![0, 1, 2, 3, 5], vec![], vec![]], 1));
    let names = PartNames {
        train: vec!["f0".into(), "f1".into()],
        valid: vec!["f2".into()],
        test: vec![],
    };
    let split = from_column(&data, "fold", &names).unwrap();
    assert_eq!((split.part(Part::Test), split.unused), (&[3][..], 1));
    assert_eq!(split.method, "column fold, train=f0+f1, valid=f2");
}

#[test]
fn unusable_columns_are_refused_with_their_values() {
    let data = folds();
    for (spec, kind, words) in [
        ("split_setting1", ErrorKind::MissingColumn, "use one of fold, plain"),
        ("fold", ErrorKind::Config, "its values are f0, f1, f2, test"),
        ("fold:valid=fold4", ErrorKind::Config, "no pair has the value `fold4`"),
        (
            "fold:train=f0,valid=f0",
            ErrorKind::Config,
            "`f0` is to train and to validate",
        ),
        ("fold:dev=f0", ErrorKind::Config, "`dev` is not a part"),
        ("fold:valid=f0,valid=f1", ErrorKind::Config, "given twice"),
    ] {
        let error = from_spec(&data, spec).unwrap_err();
        assert_eq!(error.kind(), kind, "{spec}: {error}");
        assert!(error.to_string().contains(words), "{spec}: {error}");
    }
}

#[test]
fn the_audit_counts_what_training_has_seen() {
    let mut data = dataset(
        &[1, 2, 3],
        &[1, 9, 17],
        &[(0, 0), (1, 1), (0, 1), (2, 0), (1, 2), (2, 2), (0, 0)],
        3,
    );
    let column = ["train", "train", "test", "test", "test", "test", "test"].map(|v| Some(v.to_string()));
    data.split_columns.insert("split".into(), column.to_vec());
    let split = from_spec(&data, "split").unwrap();
    let audit = OverlapAudit::of(&data.interactions, &split.train, split.test.indices());
    let expected = OverlapAudit {
        pairs: 5,
        drug_seen: 0.6,
        target_seen: 0.6,
        both_seen: 0.4,
        pair_seen: 0.2,
    };
    assert_eq!(audit, expected);
    let nothing = OverlapAudit::of(&data.interactions, &split.train, &[]);
    assert_eq!(nothing, OverlapAudit::default());
}
