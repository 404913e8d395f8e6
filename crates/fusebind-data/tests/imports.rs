//! Exports of public databases, written here from their published layouts, become data set folders.

#![allow(clippy::unwrap_used)] // a failed assumption stops the test

use std::{
    fs,
    path::{Path, PathBuf},
};

use fusebind_data::{
    ErrorKind,
    import::{DropReason, ImportConfig, ImportFormat, ImportReport, Sequences, import},
    source::{LoadConfig, load_dataset},
    table::{Censoring, Dataset, FolderFormat, Origin, Scale},
};
use fusebind_features::entity::molecule::ChematicToolkit;
use rusqlite::Connection;

const KINASE: &str = "MGSNKSKPKDASQRRRSLEPAENVHGAGGGAFPASQTPSKPASADGHRGPSAAFAPAAAE";
const RECEPTOR: &str = "MQPPPSLCGRALVALVLACGLSRIWGEERGFPPDRATPLLQTAEIMTPPTKTLWPKGSNA";

fn config(format: ImportFormat, files: Vec<PathBuf>) -> ImportConfig {
    ImportConfig {
        format,
        files,
        sequences: Sequences::default(),
        unit: None,
        keep_flagged: false,
        tables: FolderFormat::Csv,
    }
}

/// Imports, and reads the folder back.
fn imported(folder: &Path, config: &ImportConfig) -> (ImportReport, Dataset) {
    let out = folder.join("out");
    if out.exists() {
        fs::remove_dir_all(&out).unwrap();
    }
    let report = import(config, &ChematicToolkit, &out, &folder.join("out.rejected.csv"), |_| ()).unwrap();
    let (dataset, rejections) = load_dataset(&out, &ChematicToolkit, &LoadConfig::default()).unwrap();
    assert!(rejections.is_empty(), "{rejections:?}");
    assert_eq!(dataset.interactions.len() as u64, report.interactions);
    assert_eq!(dataset.drugs.len() as u64, report.drugs);
    assert_eq!(dataset.targets.len() as u64, report.targets);
    let partial = fs::read_dir(folder).unwrap().flatten().any(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        name.contains("partial")
    });
    assert!(!partial, "nothing half-written is left");
    (report, dataset)
}

fn dropped(report: &ImportReport) -> Vec<(DropReason, u64)> {
    let mut all: Vec<_> = report
        .dropped
        .iter()
        .map(|dropped| (dropped.reason, dropped.count))
        .collect();
    all.sort_unstable();
    all
}

fn bindingdb(sequence_column: &str) -> String {
    let head = format!(
        "BindingDB Reactant_set_id\tLigand SMILES\tBindingDB MonomerID\tBindingDB Ligand Name\tTarget Name\tKi (nM)\tIC50 (nM)\t\
         Kd (nM)\tEC50 (nM)\tCuration/DataSource\tDate of publication\t\
         Number of Protein Chains in Target (>1 implies a multichain complex)\t{sequence_column}\t\
         UniProt (SwissProt) Primary ID of Target Chain\n"
    );
    [
        head,
        // Two measures in one row; a quote inside of a name.
        format!("1\tCCO\t900\tan \"odd name\tKinase\t 12.0\t>10000\t\t\tCurated\t3/7/2019\t1\t{KINASE}\tP1\n"),
        // The same compound under another id.
        format!("2\tOCC\t901\tx\tReceptor\t\t\t5\t\tUS Patent\t2021\t1\t{RECEPTOR}\tP2\n"),
        // A complex, a broken SMILES, no sequence, no measurement, no number, an id of another structure.
        format!("3\tCCN\t902\tx\tComplex\t1\t\t\t\t\t\t2\t{RECEPTOR}\tP2\n"),
        format!("4\tC1CC\t903\tx\tKinase\t1\t\t\t\t\t\t1\t{KINASE}\tP1\n"),
        "5\tCCN\t904\tx\tKinase\t1\t\t\t\t\t\t1\t\tP9\n".to_string(),
        format!("6\tCCN\t905\tx\tKinase\t\t\t\t\t\t\t1\t{KINASE}\tP1\n"),
        format!("7\tCCN\t906\tx\tKinase\tabout 5\t\t\t\t\t\t1\t{KINASE}\tP1\n"),
        format!("8\tCCCN\t900\tx\tKinase\t3\t\t\t\t\t\t1\t{KINASE}\tP1\n"),
    ]
    .concat()
}

#[test]
fn bindingdb_of_old_and_new_exports() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("BindingDB_All.tsv");
    let mut fingerprints = Vec::new();
    for column in ["BindingDB Target Chain Sequence", "BindingDB Target Chain Sequence 1"] {
        fs::write(&file, bindingdb(column)).unwrap();
        let (report, dataset) = imported(folder.path(), &config(ImportFormat::BindingDb, vec![file.clone()]));
        assert_eq!(
            (report.rows, report.kept_rows, report.interactions, report.bounds),
            (8, 2, 3, 1)
        );
        assert_eq!(
            dropped(&report),
            [
                (DropReason::Structure, 1),
                (DropReason::NoSequence, 1),
                (DropReason::SeveralChains, 1),
                (DropReason::NoMeasurement, 1),
                (DropReason::Value, 1),
                (DropReason::Id, 1),
            ]
        );
        let first = dataset.interactions[0].affinity.unwrap();
        assert_eq!((first.scale, first.censoring), (Scale::PKi, Censoring::Exact));
        assert!((first.value - 7.920_818_75).abs() < 1e-6);
        assert_eq!(dataset.interactions[1].affinity.unwrap().censoring, Censoring::AtMost);
        assert_eq!(dataset.drugs[0].ids, ["900", "901"]);
        assert_eq!(dataset.origins[&Origin::Source][2].as_deref(), Some("US Patent"));
        let rejected = fs::read_to_string(folder.path().join("out.rejected.csv")).unwrap();
        assert!(
            rejected.contains(",3,") && rejected.contains("several chains"),
            "{rejected}"
        );
        fingerprints.push(dataset.fingerprint);
    }
    assert_eq!(fingerprints[0], fingerprints[1], "the same import twice");
}

#[test]
fn chembl_text_takes_its_sequences_from_a_target_table() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("activities.csv");
    fs::write(
        &file,
        "\"Molecule ChEMBL ID\";\"Molecule Name\";\"Smiles\";\"Standard Type\";\"Standard Relation\";\"Standard Value\";\
         \"Standard Units\";\"Data Validity Comment\";\"Assay Type\";\"Target ChEMBL ID\";\"Target Type\";\"Document Year\"\n\
         \"CHEMBL1\";\"A\";\"CCO\";\"Ki\";\"'='\";\"10\";\"nM\";\"\";\"B\";\"CHEMBL203\";\"SINGLE PROTEIN\";\"2004\"\n\
         \"CHEMBL1\";\"A\";\"CCO\";\"IC50\";\"'>'\";\"30\";\"uM\";\"\";\"B\";\"CHEMBL203\";\"SINGLE PROTEIN\";\"2004\"\n\
         \"CHEMBL2\";\"\";\"CCN\";\"Ki\";\"'='\";\"10\";\"nM\";\"Outside typical range\";\"B\";\"CHEMBL203\";\"SINGLE PROTEIN\";\"\"\n\
         \"CHEMBL2\";\"\";\"CCN\";\"Ki\";\"'='\";\"10\";\"nM\";\"\";\"F\";\"CHEMBL203\";\"SINGLE PROTEIN\";\"\"\n\
         \"CHEMBL2\";\"\";\"CCN\";\"Ki\";\"'='\";\"10\";\"nM\";\"\";\"B\";\"CHEMBL9\";\"CELL-LINE\";\"\"\n\
         \"CHEMBL2\";\"\";\"CCN\";\"Inhibition\";\"'='\";\"10\";\"%\";\"\";\"B\";\"CHEMBL203\";\"SINGLE PROTEIN\";\"\"\n\
         \"CHEMBL2\";\"\";\"CCN\";\"Ki\";\"'='\";\"10\";\"ug.mL-1\";\"\";\"B\";\"CHEMBL203\";\"SINGLE PROTEIN\";\"\"\n",
    )
    .unwrap();
    let fasta = folder.path().join("targets.fasta");
    fs::write(&fasta, format!(">CHEMBL203\n{KINASE}\n>CHEMBL204\n{RECEPTOR}\n")).unwrap();
    let targets = fusebind_data::source::load_targets(&fasta, &Default::default(), &Default::default())
        .unwrap()
        .entities;
    let mut config = config(ImportFormat::Chembl, vec![file]);
    config.sequences = Sequences::of(&targets);
    let (report, dataset) = imported(folder.path(), &config);
    assert_eq!((report.rows, report.interactions, report.bounds), (7, 2, 1));
    assert_eq!(
        dropped(&report),
        [
            (DropReason::NoSingleProtein, 1),
            (DropReason::Measure, 1),
            (DropReason::Unit, 1),
            (DropReason::Flagged, 1),
            (DropReason::AssayType, 1),
        ]
    );
    assert_eq!(dataset.origins[&Origin::Date][0].as_deref(), Some("2004"));
    config.keep_flagged = true;
    let (kept, _) = imported(folder.path(), &config);
    assert_eq!(kept.interactions, 4);
    // Without sequences there is nothing to keep, and nothing is written.
    config.sequences = Sequences::default();
    let out = folder.path().join("none");
    let error = import(&config, &ChematicToolkit, &out, &folder.path().join("none.csv"), |_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Empty);
    assert!(error.remedy().contains("sequence") && !out.exists(), "{error}");
}

fn chembl_database(path: &Path) {
    let database = Connection::open(path).unwrap();
    database
        .execute_batch(&format!(
            "CREATE TABLE activities (activity_id INTEGER PRIMARY KEY, assay_id, doc_id, molregno, standard_relation, standard_value,
               standard_units, standard_type, data_validity_comment, potential_duplicate);
             CREATE TABLE assays (assay_id INTEGER PRIMARY KEY, tid, assay_type);
             CREATE TABLE target_dictionary (tid INTEGER PRIMARY KEY, target_type, pref_name, chembl_id);
             CREATE TABLE target_components (targcomp_id INTEGER PRIMARY KEY, tid, component_id);
             CREATE TABLE component_sequences (component_id INTEGER PRIMARY KEY, accession, sequence);
             CREATE TABLE molecule_dictionary (molregno INTEGER PRIMARY KEY, pref_name, chembl_id);
             CREATE TABLE compound_structures (molregno INTEGER PRIMARY KEY, canonical_smiles);
             CREATE TABLE docs (doc_id INTEGER PRIMARY KEY, year);
             INSERT INTO assays VALUES (1, 1, 'B'), (2, 2, 'B'), (3, 1, 'F');
             INSERT INTO target_dictionary VALUES (1, 'SINGLE PROTEIN', 'Kinase', 'CHEMBL203'),
               (2, 'PROTEIN COMPLEX', 'Two', 'CHEMBL204');
             INSERT INTO target_components VALUES (1, 1, 1), (2, 2, 1), (3, 2, 2);
             INSERT INTO component_sequences VALUES (1, 'P1', '{KINASE}'), (2, 'P2', '{RECEPTOR}');
             INSERT INTO molecule_dictionary VALUES (1, 'A', 'CHEMBL1'), (2, NULL, 'CHEMBL2'), (3, NULL, 'CHEMBL3');
             INSERT INTO compound_structures VALUES (1, 'CCO'), (2, 'c1ccccc1');
             INSERT INTO docs VALUES (1, 2012);
             INSERT INTO activities VALUES
               (1, 1, 1, 1, '=', 10.5, 'nM', 'Ki', NULL, 0), (2, 1, 1, 2, '>', 10000, 'nM', 'IC50', NULL, 0),
               (3, 2, 1, 1, '=', 10, 'nM', 'Ki', NULL, 0), (4, 3, 1, 1, '=', 10, 'nM', 'Ki', NULL, 0),
               (5, 1, 1, 3, '=', 10, 'nM', 'Ki', NULL, 0), (6, 1, 1, 1, '=', 10, 'nM', 'Ki', NULL, 1),
               (7, 1, 1, 1, '=', 50, '%', 'Inhibition', NULL, 0), (8, 1, 1, 1, '=', NULL, NULL, 'Ki', NULL, 0);"
        ))
        .unwrap();
}

#[test]
fn chembl_as_a_database_is_read_and_never_written_to() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("chembl 36.db");
    chembl_database(&file);
    let before = fs::read(&file).unwrap();
    let (report, dataset) = imported(folder.path(), &config(ImportFormat::Chembl, vec![file.clone()]));
    assert_eq!(
        (report.rows, report.interactions, report.bounds, report.drugs),
        (7, 2, 1, 2)
    );
    assert_eq!(
        dropped(&report),
        [
            (DropReason::NoStructure, 1),
            (DropReason::NoSingleProtein, 1),
            (DropReason::Measure, 1),
            (DropReason::Flagged, 1),
            (DropReason::AssayType, 1),
        ]
    );
    assert_eq!(dataset.targets[0].ids, ["CHEMBL203"]);
    assert_eq!(fs::read(&file).unwrap(), before);
    let journals = fs::read_dir(folder.path()).unwrap().flatten().filter(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        name.ends_with("-wal") || name.ends_with("-journal") || name.ends_with("-shm")
    });
    assert_eq!(journals.count(), 0);

    let other = folder.path().join("other.db");
    Connection::open(&other)
        .unwrap()
        .execute_batch("CREATE TABLE a (b); INSERT INTO a VALUES (1)")
        .unwrap();
    let config = config(ImportFormat::Chembl, vec![other]);
    let error = import(
        &config,
        &ChematicToolkit,
        &folder.path().join("x"),
        &folder.path().join("x.csv"),
        |_| (),
    );
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Malformed);
}

#[test]
fn a_pubchem_assay_has_one_target_and_rows_about_its_columns() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("AID_1_datatable.csv");
    fs::write(
        &file,
        "PUBCHEM_RESULT_TAG,PUBCHEM_SID,PUBCHEM_CID,PUBCHEM_EXT_DATASOURCE_SMILES,PUBCHEM_ACTIVITY_OUTCOME,PUBCHEM_ACTIVITY_SCORE,IC50\n\
         RESULT_TYPE,,,,,,FLOAT\nRESULT_DESCR,,,,,,half-maximal\nRESULT_UNIT,,,,,,MICROMOLAR\n\
         1,10,100,CCO,Active,90,2.5\n2,11,,CCN,Inactive,0,\n3,12,102,CCCC,Inconclusive,0,\n4,13,103,,Active,1,\n",
    )
    .unwrap();
    let mut config = config(ImportFormat::PubChem, vec![file]);
    let none = import(
        &config,
        &ChematicToolkit,
        &folder.path().join("x"),
        &folder.path().join("x.csv"),
        |_| (),
    );
    assert_eq!(none.unwrap_err().kind(), ErrorKind::MissingColumn);
    config.sequences = Sequences::single(KINASE);
    let (report, dataset) = imported(folder.path(), &config);
    assert_eq!((report.rows, report.interactions), (4, 2));
    assert_eq!(
        dropped(&report),
        [(DropReason::NoStructure, 1), (DropReason::Outcome, 1)]
    );
    assert_eq!(dataset.drugs[0].ids, ["CID100"]);
    assert_eq!(dataset.drugs[1].ids, ["SID11"]);
    let first = &dataset.interactions[0];
    assert_eq!(first.binds, Some(true));
    assert!((first.affinity.unwrap().value - 5.602_06).abs() < 1e-4);
}

#[test]
fn tdc_needs_a_unit_for_values_and_none_for_labels() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("davis.tab");
    fs::write(
        &file,
        format!("ID1\tX1\tID2\tX2\tY\n11\tCCO\tT1\t{KINASE}\t10000.0\n12\tCCN\tT2\t{RECEPTOR}\t12\n"),
    )
    .unwrap();
    let mut config = config(ImportFormat::Tdc, vec![file.clone()]);
    let error = import(
        &config,
        &ChematicToolkit,
        &folder.path().join("x"),
        &folder.path().join("x.csv"),
        |_| (),
    );
    assert!(error.unwrap_err().remedy().contains("unit"));
    config.unit = Some("Kd_nM".into());
    let (report, _) = imported(folder.path(), &config);
    assert_eq!(report.scales["pKd"], 2);
    fs::write(
        &file,
        format!("Drug_ID\tDrug\tTarget_ID\tTarget\tY\n11\tCCO\tT1\t{KINASE}\t1\n12\tCCN\tT1\t{KINASE}\t0\n"),
    )
    .unwrap();
    config.unit = None;
    let (report, dataset) = imported(folder.path(), &config);
    assert_eq!((report.interactions, report.targets), (2, 1));
    assert_eq!(dataset.interactions[1].binds, Some(false));
}

#[test]
fn parquet_tables_hold_the_same_data_set() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("BindingDB_All.tsv");
    fs::write(&file, bindingdb("BindingDB Target Chain Sequence")).unwrap();
    let mut config = config(ImportFormat::BindingDb, vec![file]);
    let (_, text) = imported(folder.path(), &config);
    config.tables = FolderFormat::Parquet;
    let (_, parquet) = imported(folder.path(), &config);
    assert_eq!(text.fingerprint, parquet.fingerprint);
    // A folder that holds something is not touched.
    let error = import(
        &config,
        &ChematicToolkit,
        &folder.path().join("out"),
        &folder.path().join("r.csv"),
        |_| (),
    );
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Config);
}
