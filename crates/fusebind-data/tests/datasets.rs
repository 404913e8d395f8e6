//! Folders to data sets: detection, merging, units, splits, rejections; and back to a folder.

#![allow(clippy::unwrap_used)]

use std::{fs, path::Path};

use fusebind_data::{
    Error, ErrorKind,
    source::{ColumnMap, Keep, LabelPolicy, LoadConfig, load_dataset, load_drugs, load_targets},
    table::{Censoring, Dataset, FolderFormat, Rejection, Scale, write_dataset, write_rejections},
};
use fusebind_features::entity::molecule::ChematicToolkit;
use tempfile::TempDir;

const DRUGS: &str =
    "drug_id,smiles,ik14,has_text\nd1,CCO,AAA,1\nd2,OCC,BBB,0\nd3,c1ccccc1,CCC,1\nbad,C1CC,DDD,0\nabsent,,EEE,0\n";
const TARGETS: &str = "target_id,sequence,uniprot\nt1,MKLVAAGIVG,P1\nt2,mklvaagivg,P2\nt3,MSTNPKPQRK,P3\nt4,,P4\n";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

fn load(dir: &Path, config: &LoadConfig) -> Result<(Dataset, Vec<Rejection>), Error> {
    load_dataset(dir, &ChematicToolkit, config)
}

fn load_pairs(pairs: &str, config: &LoadConfig) -> Result<(Dataset, Vec<Rejection>), Error> {
    let dir = folder(&[("drugs.csv", DRUGS), ("targets.csv", TARGETS), ("pairs.csv", pairs)]);
    load(dir.path(), config)
}

#[test]
fn rows_with_one_molecule_or_sequence_become_one_entity() {
    let pairs = "drug_id,target_id,label\nd1,t1,1\nd2,t2,0\nd3,t3,true\n";
    let (dataset, rejections) = load_pairs(pairs, &LoadConfig::default()).unwrap();
    assert_eq!((dataset.drugs.len(), dataset.targets.len()), (2, 2));
    assert_eq!(dataset.drugs[0].ids, ["d1", "d2"]);
    assert_eq!(dataset.drugs[0].keys["ik14"], "AAA");
    assert!(!dataset.drugs[0].keys.contains_key("has_text"));
    assert_eq!(dataset.targets[0].ids, ["t1", "t2"]);
    let pairs: Vec<_> = dataset
        .interactions
        .iter()
        .map(|row| (row.drug, row.target, row.binds))
        .collect();
    assert_eq!(pairs, [(0, 0, Some(true)), (0, 0, Some(false)), (1, 1, Some(true))]);
    let named: Vec<_> = rejections.iter().map(|r| (r.row, r.field.as_str())).collect();
    assert_eq!(named, [(4, "smiles"), (5, "smiles"), (4, "sequence")], "{rejections:?}");
}

#[test]
fn every_bad_pair_is_rejected_with_its_field() {
    let pairs = "drug_id,target_id,label\nd1,t1,NaN\nd9,t1,1\nd1,t9,1\nbad,t1,1\n,t1,1\nd1,t1,\nd1,t1,2\nd3,t3,0\n";
    let (dataset, rejections) = load_pairs(pairs, &LoadConfig::default()).unwrap();
    assert_eq!(dataset.interactions.len(), 1);
    let pairs: Vec<_> = rejections.iter().filter(|r| r.file.ends_with("pairs.csv")).collect();
    let named: Vec<_> = pairs.iter().map(|r| (r.row, r.field.as_str())).collect();
    let expected = ["label", "drug_id", "target_id", "drug_id", "drug_id", "label", "label"];
    assert_eq!(named, (1..).zip(expected).collect::<Vec<_>>());
    assert!(pairs[1].reason.contains("no accepted row has this id"), "{}", pairs[1]);
    assert!(pairs[3].reason.contains("was rejected"), "{}", pairs[3]);
}

#[test]
fn an_id_for_two_structures_is_rejected_and_the_first_stands() {
    let drugs = "drug_id,smiles\nd1,CCO\nd1,CCN\nd1,OCC\n";
    let dir = folder(&[
        ("drugs.csv", drugs),
        ("targets.csv", TARGETS),
        ("pairs.csv", "drug_id,target_id,label\nd1,t1,1\n"),
    ]);
    let (dataset, rejections) = load(dir.path(), &LoadConfig::default()).unwrap();
    assert_eq!((dataset.drugs.len(), dataset.drugs[0].ids.len()), (1, 1));
    let clash = rejections.iter().find(|r| r.file.ends_with("drugs.csv")).unwrap();
    assert_eq!((clash.row, clash.field.as_str()), (2, "drug_id"));
}

#[test]
fn affinities_carry_scale_and_censoring() {
    let pairs = "drug_id,target_id,affinity,unit,relation\nd1,t1,10000,Kd_nM,\nd1,t3,>10000,Kd (nM),\nd3,t1,0.1,IC50_uM,<\n\
                 d3,t3,11.1,KIBA_score,\nd3,t3,5,mg/mL,\nd3,t3,0,Kd_nM,\nd3,t3,inf,Kd_nM,\nd3,t3,5,nM,\n";
    let (dataset, rejections) = load_pairs(pairs, &LoadConfig::default()).unwrap();
    let read: Vec<_> = dataset.interactions.iter().filter_map(|row| row.affinity).collect();
    let read: Vec<_> = read.iter().map(|a| (a.value, a.scale, a.censoring)).collect();
    assert_eq!(
        read,
        [
            (5.0, Scale::PKd, Censoring::Exact),
            (5.0, Scale::PKd, Censoring::AtMost),
            (7.0, Scale::PIc50, Censoring::AtLeast),
            (11.1, Scale::Kiba, Censoring::Exact),
        ]
    );
    let pairs: Vec<_> = rejections.iter().filter(|r| r.file.ends_with("pairs.csv")).collect();
    let named: Vec<_> = pairs.iter().map(|r| (r.row, r.field.as_str())).collect();
    assert_eq!(named, [(5, "unit"), (6, "affinity"), (7, "affinity"), (8, "unit")]);
}

#[test]
fn a_floor_becomes_a_bound_on_request_only() {
    let pairs = "drug_id,target_id,kd_nm\nd1,t1,10000\nd1,t3,10\n";
    let censoring = |config: &LoadConfig| -> Vec<Censoring> {
        let (dataset, _) = load_pairs(pairs, config).unwrap();
        dataset
            .interactions
            .iter()
            .filter_map(|row| row.affinity)
            .map(|a| a.censoring)
            .collect()
    };
    assert_eq!(censoring(&LoadConfig::default()), [Censoring::Exact, Censoring::Exact]);
    let config = LoadConfig {
        censor_at_floor: Some(5.0),
        ..LoadConfig::default()
    };
    assert_eq!(censoring(&config), [Censoring::AtMost, Censoring::Exact]);
}

#[test]
fn several_measures_in_one_row_are_several_interactions_but_one_quantity_counts_once() {
    let pairs = "drug_id,target_id,Kd (nM),Ki (nM),pkd,split_a\nd1,t1,10,100,8,train\nd3,t3,,100,,\n";
    let (dataset, _) = load_pairs(pairs, &LoadConfig::default()).unwrap();
    let scales: Vec<_> = dataset
        .interactions
        .iter()
        .filter_map(|row| row.affinity)
        .map(|a| a.scale)
        .collect();
    assert_eq!(scales, [Scale::PKd, Scale::PKi, Scale::PKi]);
    let train = Some("train".to_string());
    assert_eq!(dataset.split_columns["split_a"], [train.clone(), train, None]);
}

#[test]
fn a_missing_unit_is_an_error_and_an_explicit_one_wins() {
    let pairs = "drug_id,target_id,affinity\nd1,t1,10\n";
    let error = load_pairs(pairs, &LoadConfig::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unit);
    let config = LoadConfig {
        unit: Some("Ki_uM".into()),
        ..LoadConfig::default()
    };
    let (dataset, _) = load_pairs(pairs, &config).unwrap();
    let affinity = dataset.interactions[0].affinity.unwrap();
    assert_eq!((affinity.value, affinity.scale), (5.0, Scale::PKi));
    let config = LoadConfig {
        unit: Some("mg".into()),
        ..LoadConfig::default()
    };
    assert_eq!(load_pairs(pairs, &config).unwrap_err().kind(), ErrorKind::Unit);
}

#[test]
fn a_flat_table_names_its_entities_inline() {
    let flat = "SMILES,Protein,Y\nCCO,MKLVAAGIVG,1\nOCC,MKLVAAGIVG,0\nC1CC,MKLVAAGIVG,0\nCCO,MK1,0\n";
    let dir = folder(&[("all.csv", flat)]);
    let (dataset, rejections) = load(&dir.path().join("all.csv"), &LoadConfig::default()).unwrap();
    assert_eq!(
        (dataset.drugs.len(), dataset.targets.len(), dataset.interactions.len()),
        (1, 1, 2)
    );
    assert_eq!(dataset.drugs[0].ids, ["CCO", "OCC"]);
    assert_eq!(
        rejections.iter().map(|r| (r.row, r.field.as_str())).collect::<Vec<_>>(),
        [(3, "SMILES"), (4, "Protein")]
    );
    let error = load(dir.path(), &LoadConfig::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.remedy().contains("all.csv"), "{error}");
}

#[test]
fn pairs_without_labels_are_read_for_prediction_only() {
    let pairs = "drug_id,target_id\nd1,t1\n";
    assert_eq!(
        load_pairs(pairs, &LoadConfig::default()).unwrap_err().kind(),
        ErrorKind::MissingColumn
    );
    let config = LoadConfig {
        labels: LabelPolicy::Optional,
        ..LoadConfig::default()
    };
    assert_eq!(load_pairs(pairs, &config).unwrap().0.interactions.len(), 1);
}

#[test]
fn explicit_columns_win_and_must_exist() {
    let pairs = "a,b,label,truth\nd1,t1,1,0\n";
    let mut columns = ColumnMap {
        drug_id: Some("a".into()),
        target_id: Some("b".into()),
        label: Some("truth".into()),
        ..ColumnMap::default()
    };
    let config = LoadConfig {
        columns: columns.clone(),
        ..LoadConfig::default()
    };
    assert_eq!(load_pairs(pairs, &config).unwrap().0.interactions[0].binds, Some(false));
    columns.label = Some("nowhere".into());
    let error = load_pairs(
        pairs,
        &LoadConfig {
            columns,
            ..LoadConfig::default()
        },
    )
    .unwrap_err();
    assert_eq!(
        (error.kind(), error.position().column.as_deref()),
        (ErrorKind::MissingColumn, Some("nowhere"))
    );
}

#[test]
fn two_files_for_one_table_are_ambiguous() {
    let dir = folder(&[("drugs.csv", DRUGS), ("drugs.tsv", DRUGS), ("pairs.csv", "x\n1\n")]);
    assert_eq!(
        load(dir.path(), &LoadConfig::default()).unwrap_err().kind(),
        ErrorKind::Ambiguous
    );
    let missing = load(&dir.path().join("nowhere"), &LoadConfig::default()).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
}

#[test]
fn a_data_set_survives_csv_and_parquet_with_its_fingerprint() {
    let pairs = "drug_id,target_id,affinity,unit,label,split_a\nd1,t1,3,Kd_nM,1,train\nd3,t3,>5,Kd_uM,,\nd2,t3,12.3,KIBA_score,0,test\n";
    let (dataset, rejections) = load_pairs(pairs, &LoadConfig::default()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    for (name, format) in [("csv", FolderFormat::Csv), ("parquet", FolderFormat::Parquet)] {
        let folder = dir.path().join(name);
        write_dataset(&folder, &dataset, format).unwrap();
        let (again, rejected) = load(&folder, &LoadConfig::default()).unwrap();
        assert!(rejected.is_empty(), "{rejected:?}");
        assert_eq!(again.split_columns, dataset.split_columns);
        assert_eq!(again.fingerprint, dataset.fingerprint, "{name}");
    }
    let path = dir.path().join("rejections.csv");
    write_rejections(&path, &rejections).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), rejections.len() + 1);
    assert!(text.starts_with("file,row,field,value,reason\n"));
}

#[test]
fn the_fingerprint_sees_labels_order_and_splits() {
    let print = |pairs: &str| load_pairs(pairs, &LoadConfig::default()).unwrap().0.fingerprint;
    let base = print("drug_id,target_id,label,split_a\nd1,t1,1,x\nd3,t3,0,y\n");
    assert_eq!(base.len(), 64);
    for other in [
        "drug_id,target_id,label,split_a\nd1,t1,0,x\nd3,t3,0,y\n",
        "drug_id,target_id,label,split_a\nd3,t3,0,y\nd1,t1,1,x\n",
        "drug_id,target_id,label,split_a\nd1,t1,1,x\nd3,t3,0,x\n",
        "drug_id,target_id,label,split_a\nd1,t1,1,x\n",
    ] {
        assert_ne!(print(other), base, "{other}");
    }
}

#[test]
fn single_tables_are_read_for_screening() {
    let dir = folder(&[
        ("library.csv", "id,canonical_smiles\na,CCO\nb,C1CC\n"),
        (
            "proteins.fasta",
            ">sp|P00533|EGFR_HUMAN receptor\nMRPSGTAGAA\n>x\nMK9\n",
        ),
    ]);
    let map = ColumnMap::default();
    let drugs = load_drugs(&dir.path().join("library.csv"), &ChematicToolkit, &map, &Keep::Nothing).unwrap();
    assert_eq!((drugs.entities.len(), drugs.rejections.len()), (1, 1));
    let table = load_targets(&dir.path().join("proteins.fasta"), &map, &Keep::Nothing).unwrap();
    let (targets, rejections) = (table.entities, table.rejections);
    assert_eq!(table.rows.len(), 1, "a header with an alias is one row");
    assert_eq!(targets[0].ids, ["P00533"]);
    assert_eq!(targets[0].keys["uniprot"], "P00533");
    assert_eq!((rejections.len(), rejections[0].row), (1, 2));
}
