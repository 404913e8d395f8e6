//! `data import`, `data merge`, `data exclude` and splits by source and time, as a user meets them.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

mod support;

use std::fs;

use support::{fusebind, text};

const KINASE: &str = "MGSNKSKPKDASQRRRSLEPAENVHGAGGGAFPASQTPSKPASADGHRGPSAAFAPAAAE";
const RECEPTOR: &str = "MQPPPSLCGRALVALVLACGLSRIWGEERGFPPDRATPLLQTAEIMTPPTKTLWPKGSNA";

#[test]
fn from_two_sources_to_an_honest_split() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let done = |arguments: &[&str]| {
        let output = fusebind(arguments, here);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        output
    };
    fs::write(
        here.join("public.tsv"),
        format!(
            "Ligand SMILES\tBindingDB MonomerID\tKi (nM)\tBindingDB Target Chain Sequence\tUniProt (SwissProt) Primary ID of Target \
             Chain\tDate of publication\nCCO\t1\t10\t{KINASE}\tP1\t1/2/2010\nCCN\t2\t20\t{KINASE}\tP1\t1/2/2015\n\
             CCC\t3\t>1000\t{RECEPTOR}\tP2\t1/2/2020\nC1CC\t4\t1\t{KINASE}\tP1\t\n"
        ),
    )
    .unwrap();
    let import = done(&["data", "import", "bindingdb", "public.tsv", "-o", "public", "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&import.stdout).unwrap();
    assert_eq!(
        (report["rows"].as_u64(), report["interactions"].as_u64()),
        (Some(4), Some(3))
    );
    assert!(here.join("public/pairs.parquet").is_file());
    assert!(
        fs::read_to_string(here.join("public.rejected.csv"))
            .unwrap()
            .contains("C1CC")
    );

    fs::write(
        here.join("own.csv"),
        format!(
            "drug_id,smiles,target_id,sequence,affinity,unit\nX,OCC,T,{KINASE},12,Ki_nM\nY,CCCC,T,{KINASE},5,Ki_nM\n"
        ),
    )
    .unwrap();
    let merge = done(&["data", "merge", "public", "own.csv", "-o", "all", "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&merge.stdout).unwrap();
    assert_eq!(report["shared_pairs"].as_u64(), Some(1));
    let pairs = fs::read_to_string(here.join("all/pairs.csv")).unwrap();
    assert!(
        pairs.starts_with("drug_id,target_id") && pairs.contains(",own"),
        "{pairs}"
    );

    done(&[
        "data",
        "split",
        "all",
        "--by",
        "source",
        "--test-source",
        "own",
        "--fractions",
        "0.7,0.3,0",
        "-o",
        "source.csv",
    ]);
    let split = fs::read_to_string(here.join("source.csv")).unwrap();
    assert_eq!(split.matches(",test").count(), 1, "{split}");
    done(&[
        "data",
        "split",
        "all",
        "--by",
        "time",
        "--fractions",
        "0.4,0.3,0.3",
        "-o",
        "time.csv",
    ]);

    done(&["data", "exclude", "all", "--pairs", "own.csv", "-o", "rest"]);
    let rest = fs::read_to_string(here.join("rest/pairs.csv")).unwrap();
    assert_eq!(rest.lines().count(), 1 + 2, "{rest}");
    let nothing = fusebind(&["data", "exclude", "own.csv", "--pairs", "all", "-o", "none"], here);
    assert_eq!(nothing.status.code(), Some(1));
    assert!(!here.join("none").exists(), "nothing is written");
    let taken = fusebind(&["data", "merge", "public", "own.csv", "-o", "all"], here);
    assert!(text(&taken.stderr).contains("not empty"), "{}", text(&taken.stderr));
    let same = fusebind(&["data", "merge", "own.csv", "own.csv", "-o", "twice"], here);
    assert_eq!(same.status.code(), Some(2), "{}", text(&same.stderr));
}
