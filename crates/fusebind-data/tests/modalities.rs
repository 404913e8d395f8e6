//! Modality tables are matched to entities by the most specific key; the check report counts them and finds leakage.

#![allow(clippy::unwrap_used)]

use std::fs;

use fusebind_data::{
    ErrorKind,
    check::check_dataset,
    modality::{Side, load_modalities},
    source::{LoadConfig, load_dataset},
    table::Dataset,
};
use fusebind_features::entity::{molecule::ChematicToolkit, side::SideData};
use tempfile::TempDir;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

fn dataset() -> Dataset {
    let dir = folder(&[
        (
            "drugs.csv",
            "drug_id,smiles,inchikey,ik14\nd1,CCO,AAA-1,AAA\nd2,CCN,AAA-2,AAA\nd3,CCC,BBB-1,BBB\nd4,CCCC,CCC-1,CCC\n",
        ),
        (
            "targets.csv",
            "target_id,sequence,seq_md5\nt1,MKLVAAGIVG,m1\nt2,MSTNPKPQRK,m2\n",
        ),
        (
            "pairs.csv",
            "drug_id,target_id,label\nd1,t1,1\nd1,t2,1\nd2,t1,1\nd2,t2,1\nd3,t1,0\nd3,t2,0\nd4,t1,0\nd4,t2,0\nd4,t2,1\n",
        ),
    ]);
    load_dataset(dir.path(), &ChematicToolkit, &LoadConfig::default())
        .unwrap()
        .0
}

#[test]
fn descriptions_are_set_apart_and_words_are_outcomes() {
    let dir = folder(&[
        (
            "transcriptomics.csv",
            "drug_id,pert_dose,Cell_ID,g1,HBD\nd1,10,5,1.5,2\nd2,10,5,oops,1\n",
        ),
        (
            "bioassay.csv",
            "drug_id,tox::a,tox::b,MW,odd\nd1,inconclusive,1,300,7\nd2,Active,0,301,8\nd3,inactive,unspecified,302,9\n",
        ),
    ]);
    let (tables, rejections) = load_modalities(dir.path(), &dataset()).unwrap();
    assert!(rejections.is_empty(), "{rejections:?}");
    let table = |name: &str| tables.profiles.iter().find(|table| table.name == name).unwrap();
    let (genes, assays) = (table("transcriptomics"), table("bioassay"));
    assert_eq!(genes.set_apart, ["pert_dose", "Cell_ID"]);
    assert_eq!(genes.profiles.columns, ["g1", "HBD"]);
    assert_eq!((genes.unreadable_cells, assays.unreadable_cells), (1, 2));
    assert_eq!(assays.set_apart, ["MW"]);
    assert_eq!(assays.profiles.columns, ["tox::a", "tox::b", "odd"]);
    let of = |entity| assays.profiles.rows(entity).next().unwrap();
    assert!(of(0)[0].is_nan() && of(0)[1..] == [1.0, 7.0]);
    assert_eq!(of(1), [1.0, 0.0, 8.0]);
    assert!(of(2)[0] == 0.0 && of(2)[1].is_nan());
}

#[test]
fn texts_and_profiles_reach_the_entities_that_their_keys_name() {
    let dataset = dataset();
    let dir = folder(&[
        (
            "text_drug.csv",
            "ik14,inchikey,name,source,text,text_strict,is_template\nAAA,AAA-1,n,s1,first,,false\nAAA,AAA-9,n,s2,other,strict,false\n\
             BBB,BBB-1,n,s3,only a name,,true\nZZZ,ZZZ-1,n,s4,nobody,,false\n",
        ),
        ("text_protein.csv", "seq_md5,refseq_summary,text\nm1,summary,joined\n"),
        (
            "transcriptomics.csv",
            "ik14,n_instances,g1,g2\nAAA,3,1.5,\nAAA,3,2.5,-1\nBBB,1,,\nCCC,1,inf,2\n",
        ),
        ("bioassay.csv", "drug_id,tox::a,tox::b\nd3,1,\nd9,,0\n"),
        (
            "bioassay_columns.csv",
            "column,direct_target_assay\ntox::a,true\ntox::b,false\n",
        ),
        ("sider.csv", "ik14,x\nAAA,1\n"),
    ]);
    let (tables, rejections) = load_modalities(dir.path(), &dataset).unwrap();
    let texts = &tables.texts[0];
    assert_eq!((texts.side, texts.unmatched_rows), (Side::Drug, 1));
    assert_eq!(texts.fields, ["text", "text_strict"]);
    let of = |entity, field: &str| texts.texts(entity, field).map(str::to_string).collect::<Vec<_>>();
    // d1 is named by its full key; d2 has none of its own and takes every row of its first block.
    assert_eq!(
        (of(0, "text"), of(1, "text")),
        (vec!["first".into()], vec!["first".into(), "other".into()])
    );
    assert_eq!(
        (of(1, "text_strict"), of(2, "text")),
        (vec!["strict".to_string()], vec![])
    );
    assert_eq!(tables.texts[1].texts(0, "text").collect::<Vec<_>>(), ["joined"]);

    let expression = tables
        .profiles
        .iter()
        .find(|table| table.name == "transcriptomics")
        .unwrap();
    assert_eq!(expression.profiles.columns, ["g1", "g2"]);
    let signatures = |entity| {
        expression
            .profiles
            .rows(entity)
            .map(<[f32]>::to_vec)
            .collect::<Vec<_>>()
    };
    let two = signatures(0);
    assert!(two.len() == 2 && two[0][0] == 1.5 && two[0][1].is_nan() && two[1] == [2.5, -1.0]);
    assert!(signatures(2).is_empty() && signatures(3).is_empty());
    assert_eq!(
        rejections.iter().map(|r| (r.row, r.field.as_str())).collect::<Vec<_>>(),
        [(4, "g1")]
    );
    let assays = tables.profiles.iter().find(|table| table.name == "bioassay").unwrap();
    let profile = assays.profiles.rows(2).next().unwrap();
    assert!(profile[0] == 1.0 && profile[1].is_nan());
    assert_eq!(
        (tables.measures_target("tox::a"), tables.measures_target("tox::b")),
        (Some(true), Some(false))
    );
    let side = tables.side(Side::Drug, &["text_strict".to_string()], &dataset);
    assert_eq!(
        side.bioassay.columns,
        ["tox::b"],
        "an assay of the target itself is left out"
    );
    assert_eq!(tables.direct_assays(), ["tox::a"]);
    let mut named = tables.clone();
    let note = named.notes.get_mut("tox::a").unwrap();
    note.insert("measures".into(), "m2".into());
    let side_of_named = named.side(Side::Drug, &[], &dataset);
    assert_eq!(side_of_named.bioassay.columns, ["tox::a", "tox::b"]);
    assert_eq!(
        side_of_named.measured,
        [(0, 1)],
        "hidden from pairs with the target of this key only"
    );
    assert_eq!(
        (side.texts(0).len(), side.texts(1)),
        (0, ["strict".to_string()].as_slice())
    );
    assert_eq!(
        (side.transcriptome.rows(1).count(), side.transcriptome.rows(2).count()),
        (2, 0)
    );
    assert_eq!(tables.side(Side::Target, &[], &dataset).texts(0), ["joined"]);
    assert!(tables.skipped.len() == 1 && tables.skipped[0].0.ends_with("sider.csv"));

    let coverage = tables.coverage(&dataset);
    let reach = |name: &str| {
        coverage
            .iter()
            .find(|c| c.name == name)
            .map(|c| (c.entities, c.pairs))
            .unwrap()
    };
    assert_eq!(reach("text_drug"), (2, 4));
    assert_eq!(reach("text_drug:text_strict"), (1, 2));
    assert_eq!(reach("text_protein"), (1, 4));
    assert_eq!((reach("transcriptomics"), reach("bioassay")), ((2, 4), (1, 2)));
}

#[test]
fn the_report_finds_duplicates_and_leakage_and_prints_them() {
    let dataset = dataset();
    let dir = folder(&[("text_drug.csv", "drug_id,text\nd1,a\nd2,b\n")]);
    let (tables, rejections) = load_modalities(dir.path(), &dataset).unwrap();
    let report = check_dataset(&dataset, Some(&tables), &rejections);
    assert_eq!((report.drugs, report.targets, report.interactions), (4, 2, 9));
    assert_eq!((report.labels.positive, report.labels.negative), (5, 4));
    assert_eq!((report.duplicates.repeats, report.duplicates.label_conflicts), (1, 1));
    // Only drugs that bind have a text: 4 of 5 positives rank above all 4 negatives, the last one ties with them.
    assert!((report.presence.unwrap().auroc - 0.9).abs() < 1e-12);
    assert!(report.popularity.unwrap().auroc > 0.75);
    let text = report.to_string();
    assert!(
        text.contains("AUROC 0.900") && text.contains(&dataset.fingerprint),
        "{text}"
    );
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["coverage"][0]["pairs"], 4);
}

#[test]
fn a_folder_that_holds_no_table_is_an_error() {
    let dataset = dataset();
    let dir = folder(&[("notes.md", "x")]);
    assert_eq!(
        load_modalities(dir.path(), &dataset).unwrap_err().kind(),
        ErrorKind::Empty
    );
    assert_eq!(
        load_modalities(&dir.path().join("no"), &dataset).unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert_eq!(
        load_modalities(&dir.path().join("notes.md"), &dataset)
            .unwrap_err()
            .kind(),
        ErrorKind::WrongFileType
    );
    let dir = folder(&[("text_drug.csv", "drug_id,weight\nd1,2\n")]);
    assert_eq!(
        load_modalities(dir.path(), &dataset).unwrap_err().kind(),
        ErrorKind::MissingColumn
    );
}

/// A safetensors file of F32 tensors.
fn safetensors(tensors: &[(&str, &[f32])]) -> Vec<u8> {
    let (mut header, mut data) = (serde_json::Map::new(), Vec::new());
    for (name, values) in tensors {
        let start = data.len();
        values.iter().for_each(|v| data.extend(v.to_le_bytes()));
        let info = serde_json::json!({"dtype": "F32", "shape": [values.len()], "data_offsets": [start, data.len()]});
        header.insert(name.to_string(), info);
    }
    let header = serde_json::to_vec(&header).unwrap();
    [&(header.len() as u64).to_le_bytes()[..], &header, &data].concat()
}

#[test]
fn embeddings_come_as_arrays_too() {
    let dataset = dataset();
    let dir = folder(&[("embedding_sequence_b.ids.txt", "m1\nt2\n")]);
    let tensors = safetensors(&[
        ("AAA-1", &[1.0, 2.0]),
        ("d3", &[3.0, 4.0]),
        ("d4", &[5.0]),
        ("CCC", &[f32::NAN, 0.0]),
        ("nobody", &[0.0, 0.0]),
    ]);
    fs::write(dir.path().join("embedding_graph_a.safetensors"), &tensors).unwrap();
    let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }";
    let mut npy = b"\x93NUMPY\x01\x00".to_vec();
    npy.extend((header.len() as u16).to_le_bytes());
    npy.extend(header.as_bytes());
    (0..6).for_each(|v| npy.extend(f64::from(v).to_le_bytes()));
    fs::write(dir.path().join("embedding_sequence_b.npy"), &npy).unwrap();
    let (tables, rejections) = load_modalities(dir.path(), &dataset).unwrap();
    let drug = tables.side(Side::Drug, &[], &dataset);
    let rows = |data: &SideData, entity| {
        data.embeddings[0]
            .rows
            .rows(entity)
            .map(<[f32]>::to_vec)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (rows(&drug, 0), rows(&drug, 2)),
        (vec![vec![1.0, 2.0]], vec![vec![3.0, 4.0]])
    );
    assert!(rows(&drug, 3).is_empty());
    let reasons: Vec<&str> = rejections.iter().map(|r| r.reason.as_str()).collect();
    assert!(
        reasons.iter().any(|r| r.contains("width")) && reasons.iter().any(|r| r.contains("finite")),
        "{reasons:?}"
    );
    let target = tables.side(Side::Target, &[], &dataset);
    assert_eq!(
        (rows(&target, 0), rows(&target, 1)),
        (vec![vec![0.0, 1.0, 2.0]], vec![vec![3.0, 4.0, 5.0]])
    );

    for (name, bytes) in [
        ("embedding_graph_a.safetensors", &tensors),
        ("embedding_sequence_b.npy", &npy),
    ] {
        for length in [0, 5, 9, bytes.len() - 1] {
            fs::write(dir.path().join(name), &bytes[..length]).unwrap();
            let error = load_modalities(dir.path(), &dataset).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Malformed, "{name} cut to {length}: {error}");
        }
        fs::write(dir.path().join(name), bytes).unwrap();
    }
    fs::write(dir.path().join("embedding_sequence_b.ids.txt"), "m1\n").unwrap();
    let error = load_modalities(dir.path(), &dataset).unwrap_err().to_string();
    assert!(error.contains("1 ids for 2 rows"), "{error}");
}

/// A NumPy file of float32 rows.
fn npy(rows: &[[f32; 2]]) -> Vec<u8> {
    let header = format!(
        "{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, 2), }}",
        rows.len()
    );
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    rows.iter().flatten().for_each(|v| bytes.extend(v.to_le_bytes()));
    bytes
}

#[test]
fn one_embedding_as_table_and_as_array_reaches_the_same_drugs() {
    let dataset = dataset();
    let values = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]];
    for (key, names) in [
        ("drug_id", ["d1", "d3", "nobody"]),
        ("inchikey", ["AAA-2", "BBB-1", "ZZZ-1"]),
        // One name of two drugs, and two rows of one name, which are averaged.
        ("ik14", ["AAA", "BBB", "AAA"]),
        // The canonical SMILES of a drug, and one that is not canonical and matches nothing.
        ("smiles", ["CCO", "NCC", "CCCC"]),
    ] {
        let mut table = format!("{key},a,b\n");
        for (name, [a, b]) in names.iter().zip(values) {
            table += &format!("{name},{a},{b}\n");
        }
        let as_table = folder(&[("embedding_graph_x.csv", &table)]);
        let as_array = folder(&[("embedding_graph_x.ids.txt", &names.join("\n"))]);
        fs::write(as_array.path().join("embedding_graph_x.npy"), npy(&values)).unwrap();
        let rows = |dir: &TempDir| {
            let (tables, rejections) = load_modalities(dir.path(), &dataset).unwrap();
            assert!(rejections.is_empty(), "{rejections:?}");
            let side = tables.side(Side::Drug, &[], &dataset);
            let rows = &side.embeddings[0].rows;
            let of_drugs: Vec<Vec<Vec<f32>>> = (0..dataset.drugs.len())
                .map(|drug| rows.rows(drug).map(<[f32]>::to_vec).collect())
                .collect();
            (of_drugs, tables.profiles[0].unmatched_rows)
        };
        let (table, array) = (rows(&as_table), rows(&as_array));
        assert_eq!(table, array, "{key}");
        assert!(table.0.iter().any(|rows| !rows.is_empty()), "{key}");
    }
}

#[test]
fn arrays_of_other_programs_are_read() {
    let dir = folder(&[("embedding_sequence_x.ids.txt", "t1\nt2\n")]);
    let at = |name: &str| dir.path().join(name);
    // [[1, 2, 3], [4, 5, 6]] as float16, by columns.
    let header = "{'descr': '<f2', 'fortran_order': True, 'shape': (2, 3), }";
    let mut npy = b"\x93NUMPY\x01\x00".to_vec();
    npy.extend((header.len() as u16).to_le_bytes());
    npy.extend(header.as_bytes());
    for value in [1.0f32, 4.0, 2.0, 5.0, 3.0, 6.0] {
        npy.extend(half::f16::from_f32(value).to_le_bytes());
    }
    fs::write(at("embedding_sequence_x.npy"), npy).unwrap();
    let mut builder = hdf5_pure::FileBuilder::new();
    builder.create_dataset("t1").with_f64_data(&[7.0, 8.0]);
    builder
        .create_dataset("t2")
        .with_f64_data(&[1.0, 2.0, 3.0, 4.0])
        .with_shape(&[2, 2]);
    fs::write(at("embedding_sequence_y.h5"), builder.finish().unwrap()).unwrap();
    fs::write(
        at("transcriptome.gct"),
        "#1.3\n2\t2\t1\t1\nid\tsymbol\tS1\tS2\npert_iname\tna\td1\td3\n5720\tPSME1\t0.5\t-2\n466\tATF1\t1\t3\n",
    )
    .unwrap();
    let (tables, rejections) = load_modalities(dir.path(), &dataset()).unwrap();
    assert!(rejections.is_empty(), "{rejections:?}");
    let values = |name: &str| {
        &tables
            .profiles
            .iter()
            .find(|table| table.name == name)
            .unwrap()
            .profiles
            .values
    };
    assert_eq!(*values("embedding_sequence_x"), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(
        *values("embedding_sequence_y"),
        [7.0, 8.0, 2.0, 3.0],
        "residues are averaged"
    );
    assert_eq!(*values("transcriptome"), [0.5, 1.0, -2.0, 3.0]);
}

#[test]
fn tensors_that_overlap_or_lie_about_their_shape_are_refused() {
    let dir = folder(&[]);
    let file = dir.path().join("embedding_sequence_x.safetensors");
    let write = |header: &str| {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend([0u8; 16]);
        fs::write(&file, bytes).unwrap();
        load_modalities(dir.path(), &dataset())
    };
    let overlapping = r#"{"t1":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"t2":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#;
    assert!(write(overlapping).unwrap_err().to_string().contains("overlap"));
    let (_, rejections) = write(r#"{"t1":{"dtype":"F32","shape":[400],"data_offsets":[0,16]}}"#).unwrap();
    assert!(rejections[0].to_string().contains("shape"), "{rejections:?}");
}
