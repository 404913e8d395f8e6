//! What cells and columns are taken for: missing words, kinds of texts, units, impossible numbers, contradictions, spellings of columns.

#![allow(clippy::unwrap_used)]

use std::fs;

use fusebind_data::{
    Error, ErrorKind,
    check::check_dataset,
    source::{ColumnMap, LabelPolicy, LoadConfig, load_dataset},
    table::{Censoring, Dataset, Rejection, Scale},
};
use fusebind_features::entity::molecule::ChematicToolkit;

const SEQUENCE: &str = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ";
const OTHER: &str = "MSTNPKPQRKTKRNTNRRPQDVKFPGGGQIVGG";

fn read_as(name: &str, text: &str, config: &LoadConfig) -> Result<(Dataset, Vec<Rejection>), Error> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    fs::write(&path, text).unwrap();
    load_dataset(&path, &ChematicToolkit, config)
}

fn read(text: &str) -> Result<(Dataset, Vec<Rejection>), Error> {
    read_as("pairs.csv", text, &LoadConfig::default())
}

/// A flat table with one row for each cell of `column`.
fn table(column: &str, cells: &[&str]) -> String {
    let mut text = format!("smiles,sequence,{column}\n");
    for (at, cell) in cells.iter().enumerate() {
        text += &format!("{}O,{SEQUENCE},{cell}\n", "C".repeat(at + 1));
    }
    text
}

fn affinities(dataset: &Dataset) -> Vec<(f64, Scale, Censoring)> {
    let rows = dataset.interactions.iter().filter_map(|row| row.affinity);
    rows.map(|a| ((a.value * 1e6).round() / 1e6, a.scale, a.censoring))
        .collect()
}

#[test]
fn words_for_nothing_are_missing_in_every_column() {
    for word in [
        "nan",
        "NaN",
        "NA",
        "N/A",
        "None",
        "null",
        "missing",
        "-",
        ".",
        "<NA>",
        "#N/A",
        "nd",
        "not available",
    ] {
        let text = format!(
            "drug_id,smiles,target_id,sequence,label,Kd (nM)\na,CCO,t,{SEQUENCE},1,{word}\nb,{word},t,{SEQUENCE},1,10\n\
             c,CCC,t,{word},1,10\n{word},CCCC,{word},{OTHER},1,{word}\nd,CCN,t,{SEQUENCE},{word},10\ne,CCCl,t,{SEQUENCE},{word},{word}\n"
        );
        let (dataset, rejections) = read(&text).unwrap();
        assert_eq!(dataset.interactions.len(), 3, "{word}: {rejections:?}");
        // A row without an id is known by its structure.
        assert!(dataset.drugs.iter().any(|drug| drug.ids == ["CCCC"]), "{word}");
        let named: Vec<_> = rejections.iter().map(|r| (r.row, r.field.as_str())).collect();
        assert_eq!(named, [(2, "smiles"), (3, "sequence"), (6, "label")], "{word}");
        assert!(rejections[0].reason.starts_with("no structure"), "{}", rejections[0]);
        assert!(rejections[1].reason.starts_with("no sequence"), "{}", rejections[1]);
    }
}

#[test]
fn what_is_no_sequence_is_refused_by_its_kind() {
    for (text, kind) in [
        ("EGFR", "a gene name"),
        ("KIT", "a gene name"),
        ("ABL1", "a gene name"),
        ("P00533", "a UniProt accession"),
        ("Q9Y6K9-2", "a UniProt accession"),
        ("CHEMBL203", "a ChEMBL id"),
        ("1M17", "a PDB id"),
        ("ACGTACGTACGTACGTACGTACGT", "DNA or RNA"),
        ("AUGGCUAGCUAGCUAGCUAGCUAG", "DNA or RNA"),
        ("InChI=1S/CH4/h1H4", "an InChI"),
        ("BSYNRYMUTXBXSQ-UHFFFAOYSA-N", "an InChIKey"),
        ("CC(=O)Oc1ccccc1C(=O)O", "a SMILES"),
        ("M", "short peptide"),
        ("MKTAYIAKQ", "the least is 10 residues"),
    ] {
        let (dataset, rejections) = read(&format!("smiles,sequence,label\nCCO,{text},1\nCCO,{SEQUENCE},0\n")).unwrap();
        assert_eq!((dataset.interactions.len(), rejections.len()), (1, 1), "{text}");
        let reason = &rejections[0].reason;
        assert!(
            reason.contains(kind) && reason.contains("--sequence-column"),
            "{text}: {reason}"
        );
    }
    let (dataset, _) = read("smiles,sequence,label\nCCO,MKTAYIAKQR,1\n").unwrap();
    assert_eq!(dataset.interactions.len(), 1);
}

#[test]
fn what_is_no_structure_is_refused_by_its_kind() {
    for (text, kind) in [
        ("aspirin", "a name"),
        ("CHEMBL25", "a ChEMBL id"),
        ("50-78-2", "a CAS number"),
        ("2244", "a number"),
        ("InChI=1S/CH4/h1H4", "an InChI"),
        ("BSYNRYMUTXBXSQ-UHFFFAOYSA-N", "an InChIKey"),
        (SEQUENCE, "an amino acid sequence"),
    ] {
        let (_, rejections) = read(&format!("smiles,sequence,label\n{text},{SEQUENCE},1\n")).unwrap();
        let reason = &rejections[0].reason;
        assert!(
            reason.contains(kind) && reason.contains("--smiles-column"),
            "{text}: {reason}"
        );
    }
}

#[test]
fn units_are_read_as_people_write_them_and_refused_with_stray_signs() {
    let unit = |unit: &str| {
        let text =
            format!("smiles,sequence,standard_type,standard_value,standard_units\nCCO,{SEQUENCE},Kd,100,{unit}\n");
        read(&text).unwrap()
    };
    for (texts, value) in [
        (&["nM", "nmol/L", "nmol l-1", "nmol·L-1", "(nM)"][..], 7.0),
        (&["uM", "µM", "μM", "umol/L", "μmol/l"], 4.0),
        (&["mM", "mmol/L"], 1.0),
        (&["pM"], 10.0),
    ] {
        for text in texts {
            assert_eq!(
                affinities(&unit(text).0),
                [(value, Scale::PKd, Censoring::Exact)],
                "{text}"
            );
        }
    }
    for text in ["/nM", "nM?", "nM)", "(nM", "MM", "nmol", "10^-9 M", "%", "log M"] {
        let (dataset, rejections) = unit(text);
        assert!(dataset.interactions.is_empty(), "{text}");
        assert_eq!(rejections[0].field, "standard_units", "{text}");
        assert!(rejections[0].reason.contains("write"), "{}", rejections[0]);
    }
}

#[test]
fn single_impossible_values_are_refused_with_the_likely_unit() {
    let cells = [
        "5.1", "6", "7", "8.2", "9", "12000", "-8.5", "15", "0", "15.1", "5", "6", "7", "8", "9", "7",
    ];
    let (dataset, rejections) = read(&table("pKd", &cells)).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((dataset.interactions.len(), rejections.len()), (13, 3));
    for (rejection, words) in rejections
        .iter()
        .zip(["--unit Kd_nM", "log10 of the molar value", "--unit Kd_nM"])
    {
        assert!(rejection.reason.contains(words), "{rejection}");
    }
}

#[test]
fn a_column_under_a_wrong_unit_is_refused_unless_insisted() {
    for (column, cells, likely) in [
        ("Kd (nM)", &["2e-8", "1.5e-9", "3e-7", "5e-6"][..], "--unit Kd_M"),
        ("pKi", &["120", "10000", "3.5", "88"], "--unit Ki_nM"),
        (
            "IC50_nM",
            &["5.1", "6.2", "7.3", "8.4", "9.5", "4.6", "6.7", "7.8"],
            "--unit pIC50",
        ),
        ("pKd", &["-8.1", "-7.2", "-6.3"], "turn its sign"),
    ] {
        let text = table(column, cells);
        let error = read(&text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unit, "{column}");
        assert!(
            error.to_string().contains(column) && error.remedy().contains(likely),
            "{error}; {}",
            error.remedy()
        );
        assert!(error.remedy().contains("--accept-values"), "{}", error.remedy());
        let insist = LoadConfig {
            accept_values: true,
            ..LoadConfig::default()
        };
        assert!(read_as("pairs.csv", &text, &insist).is_ok(), "{column}");
    }
    // The remedy helps.
    let config = LoadConfig {
        unit: Some("Kd_M".into()),
        ..LoadConfig::default()
    };
    let (dataset, _) = read_as("pairs.csv", &table("Kd (nM)", &["1e-8", "1e-9", "1e-7"]), &config).unwrap();
    let values: Vec<f64> = affinities(&dataset).iter().map(|a| a.0).collect();
    assert_eq!(values, [8.0, 9.0, 7.0]);
}

#[test]
fn columns_that_contradict_each_other_are_refused_or_decided() {
    let text = format!(
        "smiles,sequence,Ki (nM),pKi\nCO,{SEQUENCE},10,8\nCCO,{SEQUENCE},10,7.96\nCCCO,{SEQUENCE},10,6.0\nCCCCO,{SEQUENCE},>10000,5\n\
         CCCCCO,{SEQUENCE},,6\n"
    );
    let (dataset, rejections) = read(&text).unwrap();
    let exact = |value| (value, Scale::PKi, Censoring::Exact);
    assert_eq!(
        affinities(&dataset),
        [exact(8.0), exact(8.0), (5.0, Scale::PKi, Censoring::AtMost), exact(6.0)]
    );
    assert_eq!((rejections.len(), rejections[0].row), (1, 3));
    for words in ["`Ki (nM)` = `10`", "`pKi` = `6.0`", "--prefer"] {
        assert!(rejections[0].reason.contains(words), "{}", rejections[0]);
    }
    let prefer = |column: &str| LoadConfig {
        prefer: Some(column.into()),
        ..LoadConfig::default()
    };
    for (column, value) in [("Ki (nM)", 8.0), ("pKi", 6.0)] {
        let (dataset, rejections) = read_as("pairs.csv", &text, &prefer(column)).unwrap();
        assert!(rejections.is_empty());
        assert_eq!(affinities(&dataset)[2], exact(value), "{column}");
    }
    let error = read_as("pairs.csv", &text, &prefer("pKd")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingColumn);
    // pChEMBL is derived: the standard value counts, and a note says so.
    let text = format!(
        "smiles,sequence,standard_type,standard_value,standard_units,pchembl_value\nCCO,{SEQUENCE},Ki,10,nM,6\n"
    );
    let (dataset, _) = read(&text).unwrap();
    assert_eq!(affinities(&dataset), [exact(8.0)]);
    assert!(dataset.notes[0].contains("pChEMBL contradicts"), "{:?}", dataset.notes);
}

#[test]
fn labels_against_affinities_and_positives_alone_are_noted() {
    let text = format!(
        "smiles,sequence,label,Kd (nM)\nCO,{SEQUENCE},0,1\nCCO,{SEQUENCE},0,>1\nCCCO,{SEQUENCE},1,100000\nCCCCO,{SEQUENCE},1,<100000\n\
         CCCCCO,{SEQUENCE},0,5000\n"
    );
    let (dataset, _) = read(&text).unwrap();
    let notes = check_dataset(&dataset, None, &[]).notes;
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(
        notes[0].contains("1 rows are labelled 0") && notes[0].contains("1 are labelled 1"),
        "{notes:?}"
    );
    let (dataset, _) = read(&table("label", &["1", "1"])).unwrap();
    assert!(dataset.notes[0].contains("--negatives"), "{:?}", dataset.notes);
    assert!(read(&table("label", &["1", "0"])).unwrap().0.notes.is_empty());
}

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
    let error = read(&table("logKd", &["-7"])).unwrap_err();
    assert!(error.to_string().contains("sign"), "{error}");
}

#[test]
fn a_value_without_a_scale_needs_one() {
    for column in ["Y", "Label", "affinity", "value"] {
        let text = table(column, &["10000.0", "12", "3.3"]);
        let error = read(&text).unwrap_err();
        assert!(
            error.kind() == ErrorKind::Unit && error.remedy().contains("--unit"),
            "{column}: {error}"
        );
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
