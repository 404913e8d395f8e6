//! Columns as published tables call them, measures and scales that they name or leave open, ids that conversions change.

#![allow(clippy::unwrap_used)]

mod support;

use std::fs;

use fusebind_data::{
    ErrorKind,
    source::{ColumnMap, Keep, LabelPolicy, LoadConfig, load_dataset, load_drugs},
    table::{Censoring, Dataset, Scale},
};
use fusebind_features::entity::molecule::ChematicToolkit;
use support::{OTHER, SEQUENCE, affinities, read, read_as, table};

#[test]
fn published_tables_are_read_as_they_are() {
    let labels = |dataset: &Dataset| dataset.interactions.iter().filter(|row| row.binds.is_some()).count();
    for (name, header) in [
        ("a.tab", "Drug_ID\tDrug\tTarget_ID\tTarget\tY"),
        ("a.tab", "ID1\tX1\tID2\tX2\tY"),
        ("a.tsv", "moleculeID\tmoleculeSmiles\tproteinID\tproteinSequence\tLabel"),
        ("a.tsv", "drug id\tSMILES\ttarget id\tTarget Sequence\tLabel"),
        ("a.tsv", "x\tcompound_iso_smiles\tz\ttarget_sequence\taffinity"),
        ("a.tsv", "x\tSMILES\tz\tProtein\tY"),
    ] {
        let text = format!("{header}\nd\tCCO\tt\t{SEQUENCE}\t1\ne\tCCN\tt\t{SEQUENCE}\t0.0\n");
        let (dataset, rejections) =
            read_as(name, &text, &LoadConfig::default()).unwrap_or_else(|error| panic!("{header}: {error}"));
        assert_eq!((labels(&dataset), rejections.len()), (2, 0), "{header}: {rejections:?}");
    }
    for chain in ["BindingDB Target Chain Sequence", "BindingDB Target Chain Sequence 1"] {
        let count = "Number of Protein Chains in Target (>1 implies a multichain complex)";
        let text = format!(
            "Ligand SMILES\tKi (nM)\tIC50 (nM)\t{count}\t{chain}\nCCO\t 12.0\t\t2\t{SEQUENCE}\nCCN\t\t>10000\t1\t{OTHER}\n"
        );
        let (dataset, _) = read_as("b.tsv", &text, &LoadConfig::default()).unwrap();
        let scales: Vec<Scale> = affinities(&dataset).iter().map(|a| a.1).collect();
        assert_eq!(scales, [Scale::PKi, Scale::PIc50], "{chain}");
        assert!(
            dataset.notes[0].starts_with("1 rows have a target of several chains"),
            "{:?}",
            dataset.notes
        );
    }
    let text = format!(
        "PUBCHEM_RESULT_TAG,PUBCHEM_EXT_DATASOURCE_SMILES,PUBCHEM_ACTIVITY_OUTCOME,Sequence\nRESULT_TYPE,,,\nRESULT_UNIT,,,\n\
         1,CCO,Active,{SEQUENCE}\n2,CCN,Inactive,{SEQUENCE}\n3,CCC,Inconclusive,{SEQUENCE}\n"
    );
    let (dataset, rejections) = read(&text).unwrap();
    assert_eq!(labels(&dataset), 2);
    // As a library it holds no more rows.
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("library.csv"), &text).unwrap();
    let library = load_drugs(
        &dir.path().join("library.csv"),
        &ChematicToolkit,
        &ColumnMap::default(),
        &Keep::Nothing,
    )
    .unwrap();
    assert_eq!((library.rows.len(), library.rejections.len()), (3, 0));
    let text = format!(
        "PUBCHEM_RESULT_TAG,PUBCHEM_EXT_DATASOURCE_SMILES,Potency,Sequence\nRESULT_TYPE,,FLOAT,\nRESULT_UNIT,,MICROMOLAR,\n\
         1,CCO,0.1,{SEQUENCE}\n"
    );
    let (potency, _) = read(&text).unwrap();
    assert_eq!(affinities(&potency), [(7.0, Scale::PAc50, Censoring::Exact)]);
    assert_eq!(rejections.iter().map(|r| r.row).collect::<Vec<_>>(), [5]);
}

#[test]
fn pchembl_has_the_measure_of_its_row_and_further_measures_are_read() {
    let text = format!(
        "Smiles;sequence;Standard Type;pChEMBL Value\nCCO;{SEQUENCE};Ki;7.5\nCCN;{SEQUENCE};IC50;6.5\nCCC;{SEQUENCE};GI50;6\n"
    );
    let (dataset, rejections) = read(&text).unwrap();
    let exact = |value, scale| (value, scale, Censoring::Exact);
    assert_eq!(affinities(&dataset), [exact(7.5, Scale::PKi), exact(6.5, Scale::PIc50)]);
    assert_eq!(rejections[0].field, "Standard Type");
    assert_eq!(
        read(&table("pchembl_value", &["7.5"])).unwrap_err().kind(),
        ErrorKind::Unit
    );
    for (column, value, scale) in [
        ("AC50 (nM)", "100", Scale::PAc50),
        ("Potency_uM", "0.1", Scale::PAc50),
        ("pAC50", "7", Scale::PAc50),
        ("-logKd", "7", Scale::PKd),
        ("-log10 Ki", "7", Scale::PKi),
    ] {
        assert_eq!(
            affinities(&read(&table(column, &[value])).unwrap().0),
            [exact(7.0, scale)],
            "{column}"
        );
    }
    for (column, words) in [
        ("logKd", "sign"),
        ("-logKd/Ki", "contradict"),
        ("Kd (MM)", "mM or uM"),
        ("nM", "what was measured"),
    ] {
        let error = read(&table(column, &["7"])).unwrap_err();
        assert!(
            error.kind() == ErrorKind::Unit && error.to_string().contains(words),
            "{column}: {error}"
        );
    }
}

#[test]
fn a_value_without_a_scale_needs_one() {
    for column in ["Y", "Label", "affinity", "value"] {
        let text = table(column, &["10000.0", "12", "3.3"]);
        let error = read(&text).unwrap_err();
        assert!(error.kind() == ErrorKind::Unit, "{column}: {error}");
        for words in ["look like concentrations in nM", "--unit"] {
            assert!(error.remedy().contains(words), "{column}: {}", error.remedy());
        }
        let config = LoadConfig {
            unit: Some("Kd_nM".into()),
            ..LoadConfig::default()
        };
        let (dataset, _) = read_as("pairs.csv", &text, &config).unwrap();
        assert_eq!(affinities(&dataset)[0], (5.0, Scale::PKd, Censoring::Exact), "{column}");
        // Prediction needs no measurement, and gives one pair for a row.
        let config = LoadConfig {
            labels: LabelPolicy::Optional,
            ..LoadConfig::default()
        };
        assert_eq!(
            read_as("pairs.csv", &text, &config).unwrap().0.interactions.len(),
            3,
            "{column}"
        );
    }
    let text = format!("smiles,sequence,label,value\nCCO,{SEQUENCE},1,7\nCCN,{SEQUENCE},0,3\n");
    let (dataset, _) = read(&text).unwrap();
    assert!(
        affinities(&dataset).is_empty() && dataset.notes[0].contains("`value` is not read"),
        "{:?}",
        dataset.notes
    );
    for cells in [["7.5,10", "3.5,400"], ["agonist,10", "blocker,400"]] {
        let (dataset, rejections) = read(&table("Y,Kd (nM)", &cells)).unwrap();
        assert_eq!((affinities(&dataset).len(), rejections.len()), (2, 0));
        assert!(dataset.notes[0].contains("`Y` is not read"), "{:?}", dataset.notes);
    }
    let named = LoadConfig {
        columns: ColumnMap {
            label: Some("Y".into()),
            ..ColumnMap::default()
        },
        ..LoadConfig::default()
    };
    let (_, rejections) = read_as("pairs.csv", &table("Y", &["5", "1", "7"]), &named).unwrap();
    assert_eq!(rejections.len(), 2);
}

#[test]
fn ids_that_differ_by_a_conversion_are_named() {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("drugs.csv", "drug_id,smiles\n101,CCO\n007,CCN\n".to_string()),
        ("targets.csv", format!("target_id,sequence\nT1,{SEQUENCE}\n")),
        (
            "pairs.csv",
            "drug_id,target_id,label\n101.0,T1,1\n7,T1,0\n8,T1,0\n".to_string(),
        ),
    ] {
        fs::write(dir.path().join(name), text).unwrap();
    }
    let (_, rejections) = load_dataset(dir.path(), &ChematicToolkit, &LoadConfig::default()).unwrap();
    let similar = |at: usize, id: &str| rejections[at].reason.contains(&format!("`{id}` differs by `.0`"));
    assert!(similar(0, "101") && similar(1, "007"), "{rejections:?}");
    assert!(
        rejections[2].reason.contains("add it to its table"),
        "{}",
        rejections[2]
    );
}
