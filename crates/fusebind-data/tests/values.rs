//! What cells and columns are taken for: missing words, kinds of texts, units, impossible numbers, contradictions.

#![allow(clippy::unwrap_used)]

mod support;

use fusebind_data::{
    ErrorKind,
    check::check_dataset,
    source::LoadConfig,
    table::{Censoring, Scale},
};
use support::{OTHER, SEQUENCE, affinities, read, read_as, table};

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
    // Too few for a refusal, or within what is read: a note.
    let (dataset, _) = read(&table("Kd_nM", &["5.1", "6.2", "7.3", "8.4"])).unwrap();
    assert!(dataset.notes[0].contains("--unit pKd"), "{:?}", dataset.notes);
    let (dataset, _) = read(&table("Kd_nM", &["5", "60", "700", "8e-6"])).unwrap();
    assert!(
        dataset.notes[0].starts_with("1 affinities") && dataset.notes[0].contains("row 4"),
        "{:?}",
        dataset.notes
    );
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
    // A source may call only the strongest positive.
    let cells = ["1,5", "1,10", "0,50", "0,80", "0,5000"];
    assert!(read(&table("label,Kd (nM)", &cells)).unwrap().0.notes.is_empty());
    let (dataset, _) = read(&table("label", &["1", "1"])).unwrap();
    assert!(dataset.notes[0].contains("--negatives"), "{:?}", dataset.notes);
    assert!(read(&table("label", &["1", "0"])).unwrap().0.notes.is_empty());
}
