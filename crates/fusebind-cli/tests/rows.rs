//! The user's own rows come back: one row out for each row in, in order, under its own ids, with its number.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

mod support;

use std::{fs, path::Path};

use support::{SEQUENCES, SMALL_RECIPE, SMILES, fusebind, text};

/// A run trained on a few pairs.
fn run(here: &Path) {
    let mut rows = String::from("smiles,sequence,Kd_nM\n");
    for (i, smiles) in SMILES.iter().enumerate() {
        for (j, sequence) in SEQUENCES.iter().enumerate() {
            rows += &format!("{smiles},{sequence},{}\n", 10 * (1 + i * 6 + j));
        }
    }
    fs::write(here.join("train.csv"), rows).unwrap();
    fs::write(here.join("small.toml"), SMALL_RECIPE).unwrap();
    succeed("data split train.csv --by random -o split.csv", here);
    succeed("train small.toml --data train.csv --split split.csv --out run", here);
}

fn succeed(command: &str, here: &Path) -> String {
    let output = fusebind(&command.split(' ').collect::<Vec<_>>(), here);
    assert!(output.status.success(), "{command}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// The cells of a column of CSV text without quoted commas.
fn column(csv: &str, name: &str) -> Vec<String> {
    let mut lines = csv::Reader::from_reader(csv.as_bytes());
    let at = lines.headers().unwrap().iter().position(|header| header == name);
    let at = at.unwrap_or_else(|| panic!("no column {name}: {csv}"));
    lines.records().map(|record| record.unwrap()[at].to_string()).collect()
}

#[test]
fn one_row_out_for_each_row_in() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    run(here);
    // Two forms of one drug, one pair twice, and a row that cannot be read.
    fs::write(
        here.join("pairs.csv"),
        "drug_id,smiles,target_id,sequence,note\nbase,CCCN,T1,MKTAYIAKQR,a\nsalt,CCCN.Cl,T1,MKTAYIAKQR,\"b, c\"\nbad,C1CC,T1,MKTAYIAKQR,d\nsalt,CCCN.Cl,T1,MKTAYIAKQR,e\n",
    )
    .unwrap();
    let out = succeed("predict run --pairs pairs.csv --keep-columns", here);
    assert_eq!(column(&out, "drug_id"), ["base", "salt", "salt"]);
    assert_eq!(column(&out, "row"), ["1", "2", "4"]);
    assert_eq!(column(&out, "note"), ["a", "b, c", "e"]);
    assert_eq!(column(&out, "smiles_input"), ["CCCN", "CCCN.Cl", "CCCN.Cl"]);
    let predictions = column(&out, "prediction");
    assert!(
        predictions.iter().all(|p| *p == predictions[0]),
        "one molecule, one prediction: {predictions:?}"
    );
    let one = succeed("predict run --pairs pairs.csv --keep-columns note", here);
    assert!(!one.lines().next().unwrap().contains("smiles_input") && one.contains("note"));
    let wrong = fusebind(
        &["predict", "run", "--pairs", "pairs.csv", "--keep-columns", "nothing"],
        here,
    );
    assert_eq!(wrong.status.code(), Some(1));
}

#[test]
fn ids_and_rows_survive_any_order_and_any_repetition() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    run(here);
    // Three spellings each of three compounds, in orders that a fixed rule mixes.
    let spellings = [
        ["CCO", "OCC", "C(C)O"],
        ["CCN", "NCC", "CCN.Cl"],
        ["CC(=O)O", "OC(C)=O", "CC(O)=O"],
    ];
    for round in 1..5_usize {
        let mut table = String::from("drug_id,smiles,target_id,sequence,note\n");
        let (mut drugs, mut targets, mut notes) = (Vec::new(), Vec::new(), Vec::new());
        for row in 0..40_usize {
            let (compound, spelling, target) = (row * round % 3, row * 7 % 3, (row * round * 5 + 1) % 4);
            drugs.push(format!("d{compound}{spelling}{}", row % 2));
            targets.push(format!("t{target}{}", row % 3));
            notes.push(format!("n{row}"));
            let (smiles, sequence) = (spellings[compound][spelling], SEQUENCES[target]);
            table += &format!("{},{smiles},{},{sequence},n{row}\n", drugs[row], targets[row]);
        }
        fs::write(here.join("p.csv"), table).unwrap();
        let out = succeed("predict run --pairs p.csv --keep-columns note", here);
        assert_eq!(column(&out, "drug_id"), drugs, "round {round}");
        assert_eq!(column(&out, "target_id"), targets, "round {round}");
        assert_eq!(column(&out, "note"), notes, "round {round}");
        let rows: Vec<String> = (1..=40).map(|row| row.to_string()).collect();
        assert_eq!(column(&out, "row"), rows, "round {round}");
    }
}

#[test]
fn all_with_all_have_the_names_and_rows_of_both_tables() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    run(here);
    fs::write(
        here.join("library.csv"),
        "id,smiles,price\na,CCCN,1\nb,CCCN.Cl,2\nc,CCCCCl,3\n",
    )
    .unwrap();
    fs::write(
        here.join("targets.fasta"),
        ">sp|P00533|EGFR_HUMAN a receptor\nMKTAYIAKQRLLKK\n>x\nGGSGGSPPLKLKLK\n",
    )
    .unwrap();
    let out = succeed(
        "predict run --drugs library.csv --targets targets.fasta --keep-columns price",
        here,
    );
    assert_eq!(column(&out, "drug_id"), ["a", "a", "b", "b", "c", "c"]);
    assert_eq!(column(&out, "price"), ["1", "1", "2", "2", "3", "3"]);
    assert_eq!(column(&out, "target_row"), ["1", "2", "1", "2", "1", "2"]);
    assert_eq!(column(&out, "drug_row"), ["1", "1", "2", "2", "3", "3"]);
    assert_eq!(column(&out, "row"), ["1", "2", "3", "4", "5", "6"]);
    let library = succeed("predict run --drugs library.csv --sequence MKTAYIAKQRLLKK", here);
    assert_eq!(column(&library, "drug_id"), ["a", "b", "c"]);
    let panel = succeed("predict run --smiles CCCN --targets targets.fasta", here);
    assert_eq!(column(&panel, "target_row"), ["1", "2"]);
    assert_eq!(column(&panel, "prediction"), column(&out, "prediction")[..2]);
    fs::write(here.join("ligands.csv"), "drug_id,smiles\na,CCCN\nb,CCCCCl\n").unwrap();
    let pairs = succeed("predict run --pairs ligands.csv --sequence MKTAYIAKQRLLKK", here);
    assert_eq!(column(&pairs, "row"), ["1", "2"]);
    assert_eq!(column(&pairs, "prediction")[0], column(&library, "prediction")[0]);
}

#[test]
fn predictions_of_an_evaluation_name_what_they_are_of() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    run(here);
    fs::write(
        here.join("test.csv"),
        "drug_id,smiles,target_id,sequence,affinity,unit,split\ntrain,CCO,T,MKTAYIAKQR,10,Kd_nM,train\nsalt,CCCN.Cl,T1,MKTAYIAKQR,>1000,Kd_nM,test\nbase,CCCN,T1,MKTAYIAKQR,100,Kd_nM,test\n",
    )
    .unwrap();
    succeed(
        "evaluate run --data test.csv --split split --no-baselines --predictions p.csv",
        here,
    );
    let out = fs::read_to_string(here.join("p.csv")).unwrap();
    assert_eq!(column(&out, "drug_id"), ["salt", "base"]);
    assert_eq!(column(&out, "row"), ["2", "3"]);
    assert_eq!(column(&out, "relation"), ["<=", "="]);
    assert_eq!(column(&out, "scale"), ["pKd", "pKd"]);
}

#[test]
fn no_input_is_written_to() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    run(here);
    fs::write(here.join("pairs.csv"), "smiles,sequence\nCCCN,MKTAYIAKQR\n").unwrap();
    std::os::unix::fs::symlink("train.csv", here.join("link.csv")).unwrap();
    fs::hard_link(here.join("train.csv"), here.join("hard.csv")).unwrap();
    let before: Vec<Vec<u8>> = ["train.csv", "pairs.csv", "split.csv"]
        .map(|f| fs::read(here.join(f)).unwrap())
        .into();
    for command in [
        "data split train.csv --by random -o train.csv",
        "data split train.csv --by random -o link.csv",
        "data split train.csv --by random -o hard.csv",
        "data split train.csv --by random -o ./x/../train.csv",
        "data check train.csv --rejected link.csv",
        "predict run --pairs pairs.csv -o pairs.csv",
        "evaluate run --predictions train.csv",
        "evaluate run --predictions split.csv",
        "evaluate run --predictions hard.csv",
        "recipe copy default small.toml",
        "model strip run -o run/model.safetensors",
        "train small.toml --data train.csv --split split.csv --out train.csv",
        "robustness run -o train.csv",
    ] {
        let output = fusebind(&command.split(' ').collect::<Vec<_>>(), here);
        assert!(!output.status.success(), "{command}");
        let after: Vec<Vec<u8>> = ["train.csv", "pairs.csv", "split.csv"]
            .map(|f| fs::read(here.join(f)).unwrap())
            .into();
        assert!(before == after, "{command}");
    }
}

#[test]
fn molecules_as_they_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    support::write_training(here);
    let rows = fs::read_to_string(here.join("train.csv"))
        .unwrap()
        .replace("CCN,", "CCN.Cl,");
    fs::write(here.join("train.csv"), rows).unwrap();
    let check = |flags: &str| succeed(&format!("data check train.csv{flags}"), here);
    assert_ne!(
        check(""),
        check(" --standardise none"),
        "another content, another fingerprint"
    );
    succeed(
        "train small.toml --data train.csv --split split --standardise none --out run",
        here,
    );
    // The model knows how its molecules are read.
    succeed("evaluate run", here);
    fs::write(
        here.join("pairs.csv"),
        "smiles,sequence\nCCN.Cl,MKTAYIAKQR\nCCN,MKTAYIAKQR\nCC[NH3+].[Cl-],MKTAYIAKQR\n",
    )
    .unwrap();
    let out = succeed("predict run --pairs pairs.csv", here);
    assert_eq!(column(&out, "smiles"), ["CCN.Cl", "CCN", "CC[NH3+].[Cl-]"]);
    let predictions = column(&out, "prediction");
    assert!(predictions[0] != predictions[1] && predictions[1] != predictions[2]);
    let single = succeed("predict run --smiles CCN.Cl --sequence MKTAYIAKQR", here);
    assert_eq!(column(&single, "prediction"), predictions[..1]);
    let hits = "screen run run --library pairs.csv --sequence MKTAYIAKQR --top 3 -o hits.csv";
    succeed(hits, here);
    let hits = fs::read_to_string(here.join("hits.csv")).unwrap();
    assert!(
        column(&hits, "smiles").contains(&"CC[NH3+].[Cl-]".to_string()),
        "{hits}"
    );
    let refused = fusebind(
        &["predict", "run", "--pairs", "pairs.csv", "--standardise", "parent"],
        here,
    );
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("the model was trained with `none`"));
}
