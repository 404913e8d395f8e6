//! Files of users whose shape leaves something open: what is read is said, what is unclear is refused by name, word for word in the snapshot.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

mod support;

use std::{fs, path::Path};

use insta::{Settings, assert_snapshot};
use support::{SMALL_RECIPE, fusebind, text};

const KINASE: &str = "MGSNKSKPKDASQRRRSLEPAENVHGAGGGAFPASQTPSKPASADGHRGPSAAFAPAAAE";
const RECEPTOR: &str = "MQPPPSLCGRALVALVLACGLSRIWGEERGFPPDRATPLLQTAEIMTPPTKTLWPKGSNA";

/// Both streams and the exit code, without what differs from run to run.
fn said(arguments: &[&str], folder: &Path) -> String {
    let output = fusebind(arguments, folder);
    let mut all = format!(
        "$ fusebind {}\n[{}]\n",
        arguments.join(" "),
        output.status.code().unwrap()
    );
    for (name, stream) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        let stream = text(stream);
        if !stream.trim().is_empty() {
            all += &format!("--- {name}\n{}\n", stream.trim_end());
        }
    }
    all
}

fn settings() -> Settings {
    let mut settings = Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter(r"\b[0-9a-f]{64}\b", "HASH");
    settings
}

#[test]
fn commas_and_missing_headers() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    put(
        "unclear.csv",
        &format!("smiles;sequence;Ki (nM)\nCCO;{KINASE};1,500\nCCN;{KINASE};12\n"),
    );
    put(
        "quoted.csv",
        &format!("smiles,sequence,Ki (nM)\nCCO,{KINASE},\"1,500\"\nCCN,{KINASE},12\n"),
    );
    put(
        "settled.csv",
        &format!("smiles;sequence;Ki (nM);logP\nCCO;{KINASE};1,500;0,5\n"),
    );
    put(
        "davis.tab",
        &format!("ID1\tX1\tID2\tX2\tY\n1\tCCO\tT\t{KINASE}\t10000.0\n2\tCCN\tT\t{KINASE}\t12\n"),
    );
    put("bare.csv", &format!("CCO,{KINASE},1\nCCN,{RECEPTOR},0\n"));
    put("bare.tsv", &format!("CCO\t{KINASE}\t1\nCCN\t{RECEPTOR}\t0\n"));
    put(
        "bare.txt",
        &format!("D1 T1 CCO {KINASE} 43\nD2 T2 CCN {RECEPTOR} 10000\n"),
    );
    put(
        "blanks.txt",
        &format!("SMILES SEQUENCE LABEL\nCCO {KINASE} 1\nCCN {RECEPTOR} 0\nCCC {KINASE}\n"),
    );
    let asked: [&[&str]; 9] = [
        &["data", "check", "unclear.csv"],
        &["data", "check", "quoted.csv"],
        &["data", "check", "settled.csv"],
        &["data", "check", "davis.tab"],
        &["data", "check", "bare.csv"],
        &["data", "check", "bare.tsv"],
        &["data", "check", "bare.txt"],
        &["data", "check", "bare.txt", "--unit", "Kd_nM"],
        &["data", "check", "blanks.txt"],
    ];
    let all: Vec<String> = asked.iter().map(|arguments| said(arguments, folder.path())).collect();
    settings().bind(|| assert_snapshot!("files", all.join("\n")));
}

#[test]
fn side_tables_that_do_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let pairs = format!(
        "drug_id,smiles,target_id,sequence,gene,label,split\nD1,CCO,T1,{KINASE},EGFR,1,train\nD2,CCN,T2,{RECEPTOR},KIT,0,train\n\
         D1,CCO,T2,{RECEPTOR},KIT,0,valid\nD2,CCN,T1,{KINASE},EGFR,1,test\n"
    );
    put("pairs.csv", &pairs);
    put("small.toml", SMALL_RECIPE);
    put("foreign/bioassay.csv", "drug_id,a,b\nCHEMBL25,1,0\nCHEMBL26,0,1\n");
    put(
        "turned/transcriptomics.csv",
        "gene,description,D1,D2\nEGFR,kinase,1.5,2\nTP53,tumour,-1,0.5\nTP53,again,0,0\n",
    );
    put("mixed/bioassay.csv", "drug_id,mol_weight,a\nD1,46.1,1\nD2,45.1,maybe\n");
    put(
        "mixed/text_drug.csv",
        "drug_id,text,text_strict\nD1,An inhibitor of EGFR.,A clear liquid.\nD2,A kit of parts.,A kit of parts.\n",
    );
    let train = |side| {
        [
            "train",
            "small.toml",
            "--data",
            "pairs.csv",
            "--split",
            "split",
            "--modalities",
            side,
            "--out",
            "run",
        ]
    };
    let mut all = String::new();
    for side in ["foreign", "turned", "mixed"] {
        all += &said(&["data", "check", "pairs.csv", "--modalities", side], folder.path());
    }
    all += &said(
        &[
            "data",
            "check",
            "pairs.csv",
            "--modalities",
            "foreign",
            "--allow-unmatched",
        ],
        folder.path(),
    );
    all += &said(&train("foreign"), folder.path());
    settings().bind(|| assert_snapshot!("side_tables", all));

    // What a run was allowed once it remembers.
    let allowed = fusebind(&[&train("foreign")[..], &["--allow-unmatched"]].concat(), folder.path());
    assert!(allowed.status.success(), "{}", text(&allowed.stderr));
    let scored = fusebind(&["evaluate", "run", "--no-baselines"], folder.path());
    assert!(scored.status.success(), "{}", text(&scored.stderr));
    let predict = [
        "predict",
        "run",
        "--pairs",
        "pairs.csv",
        "--modalities",
        "foreign",
        "-o",
        "p.csv",
    ];
    let refused = text(&fusebind(&predict, folder.path()).stderr);
    assert!(refused.contains("--allow-unmatched"), "{refused}");
    let allowed = fusebind(&[&predict[..], &["--allow-unmatched"]].concat(), folder.path());
    assert!(allowed.status.success(), "{}", text(&allowed.stderr));

    let json = fusebind(
        &["data", "check", "pairs.csv", "--modalities", "mixed", "--json"],
        folder.path(),
    );
    let json: serde_json::Value = serde_json::from_str(&text(&json.stdout)).unwrap();
    let table = &json["side_tables"][0];
    assert_eq!(
        (&table["set_apart"][0], &table["unreadable_cells"]),
        (&"mol_weight".into(), &1.into())
    );
}
