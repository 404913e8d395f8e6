//! A new user's first hour, word for word: files of each layout as people have them, what the reader says of them, and the way from a
//! spreadsheet to predictions. The files follow the published layouts; molecules are common ones and the proteins are invented.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

mod support;

use std::{fs, path::Path};

use insta::assert_snapshot;
use support::{fusebind, said_settings, text};

const MOLECULES: [&str; 6] = [
    "CC(=O)Oc1ccccc1C(=O)O",
    "Cn1c(=O)c2c(ncn2C)n(C)c1=O",
    "CC(C)Cc1ccc(cc1)C(C)C(=O)O",
    "CC(=O)Nc1ccc(O)cc1",
    "CN1CCC[C@H]1c1cccnc1",
    "OCC1OC(O)C(O)C(O)C1O",
];
const KINASE: &str = "MGSNKSKPKDASQRRRSLEPAENVHGAGGGAFPASQTPSKPASADGHRGPSAAFAPAAAE";
const RECEPTOR: &str = "MQPPPSLCGRALVALVLACGLSRIWGEERGFPPDRATPLLQTAEIMTPPTKTLWPKGSNA";

/// One line for each molecule and protein, by `line`, under a header.
fn table(header: &str, line: impl Fn(usize, &str, usize, &str) -> String) -> String {
    let mut all = String::from(header);
    for (i, smiles) in MOLECULES.iter().enumerate() {
        for (j, sequence) in [KINASE, RECEPTOR].iter().enumerate() {
            all += &line(i, smiles, j, sequence);
        }
    }
    all
}

/// What was typed and what came back; numbers of models are left to other tests, since they differ between processors.
fn said(arguments: &str, folder: &Path, is_scored: bool) -> String {
    let output = fusebind(&arguments.split(' ').collect::<Vec<_>>(), folder);
    let code = output.status.code().map_or("none".to_string(), |code| code.to_string());
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    let shown = match is_scored {
        true => out.lines().next().unwrap_or_default().to_string(),
        false => out,
    };
    let streams = [shown, if is_scored { String::new() } else { err }];
    let streams: Vec<&str> = streams
        .iter()
        .map(|text| text.trim_end())
        .filter(|text| !text.is_empty())
        .collect();
    format!("$ fusebind {arguments}\n[{code}]\n{}\n", streams.join("\n"))
}

/// Tables of the usual databases and benchmarks.
fn write_databases(here: &Path) {
    let put = |name: &str, text: String| fs::write(here.join(name), text).unwrap();
    for (name, sequence) in [("bindingdb_2023.tsv", "Sequence"), ("bindingdb_2025.tsv", "Sequence 1")] {
        let header = format!(
            "BindingDB Reactant_set_id\tLigand SMILES\tLigand InChI\tBindingDB MonomerID\tTarget Name\tKi (nM)\tIC50 (nM)\tKd (nM)\t\
             EC50 (nM)\tNumber of Protein Chains in Target (>1 implies a multichain complex)\tBindingDB Target Chain {sequence}\n"
        );
        let line = |i: usize, smiles: &str, j: usize, sequence: &str| {
            let (ki, ic50) = if j == 0 {
                (format!(" {}.0", 4 + i), String::new())
            } else {
                (String::new(), ">10000".into())
            };
            format!(
                "{i}{j}\t{smiles}\tInChI=1S/x\t{}\tP{j}\t{ki}\t{ic50}\t\t\t{}\t{sequence}\n",
                50 + i,
                1 + i / 5
            )
        };
        put(name, table(&header, line));
    }
    put(
        "chembl.csv",
        table(
            "\"Molecule ChEMBL ID\";\"Smiles\";\"Standard Type\";\"Standard Relation\";\"Standard Value\";\"Standard Units\";\"pChEMBL Value\";\"Target ChEMBL ID\";\"Sequence\"\n",
            |i, smiles, j, sequence| {
                let relation = if i == 2 { "'>'" } else { "'='" };
                format!(
                    "\"CHEMBL{i}\";\"{smiles}\";\"IC50\";\"{relation}\";\"{}\";\"nM\";\"\";\"CHEMBL20{j}\";\"{sequence}\"\n",
                    30 * (i + 1)
                )
            },
        ),
    );
    put(
        "pubchem.csv",
        table(
            "PUBCHEM_RESULT_TAG,PUBCHEM_SID,PUBCHEM_CID,PUBCHEM_EXT_DATASOURCE_SMILES,PUBCHEM_ACTIVITY_OUTCOME,Sequence\n\
             RESULT_TYPE,,,,,\nRESULT_DESCR,,,,,\nRESULT_UNIT,,,,,\n",
            |i, smiles, j, sequence| {
                let outcome = ["Active", "Inactive", "Inconclusive"][(i + j) % 3];
                format!("{i}{j},{},{},{smiles},{outcome},{sequence}\n", 100 + i, 200 + i)
            },
        ),
    );
    put(
        "kiba.tab",
        table("ID1\tX1\tID2\tX2\tY\n", |i, smiles, j, sequence| {
            format!("D{i}\t{smiles}\tT{j}\t{sequence}\t{}\n", 11.1 + 0.2 * (i + j) as f64)
        }),
    );
    put(
        "conplex.tsv",
        table(
            "proteinID\tmoleculeID\tproteinSequence\tmoleculeSmiles\n",
            |i, smiles, j, sequence| format!("T{j}\tm{i}\t{sequence}\t{smiles}\n"),
        ),
    );
    put(
        "drugban.csv",
        table("SMILES,Protein,Y\n", |i, smiles, j, sequence| {
            format!("{smiles},{sequence},{}\n", (i + j) % 2)
        }),
    );
    put(
        "moltrans.csv",
        table(",SMILES,Target Sequence,Label\n", |i, smiles, j, sequence| {
            format!("{i},{smiles},{sequence},{}.0\n", (i + j) % 2)
        }),
    );
    put(
        "graphdta.csv",
        table(
            "compound_iso_smiles,target_sequence,affinity\n",
            |i, smiles, j, sequence| format!("{smiles},{sequence},{}\n", 5.0 + 0.5 * (i + j) as f64),
        ),
    );
    put(
        "pchembl.csv",
        table(
            "smiles,sequence,standard_type,pchembl_value\n",
            |i, smiles, j, sequence| format!("{smiles},{sequence},{},{}\n", ["Ki", "IC50"][j], 6.0 + 0.3 * i as f64),
        ),
    );
}

/// What comes out of spreadsheet programs, and columns that do not hold what their header says.
fn write_spreadsheets(here: &Path) {
    let put = |name: &str, text: String| fs::write(here.join(name), text).unwrap();
    put(
        "commas.csv",
        table("Smiles;Sequence;Ki [nM];Comment\n", |i, smiles, _, sequence| {
            format!("{smiles};{sequence};{},5;\"plate {i}; 2024\"\n", 10 * i + 1)
        }),
    );
    put(
        "sep.csv",
        table("sep=;\nsmiles;sequence;pKi\n", |i, smiles, _, sequence| {
            format!("{smiles};{sequence};6,{i}\n")
        }),
    );
    put(
        "units.csv",
        table("smiles,sequence,measure,affinity,unit\n", |i, smiles, j, sequence| {
            let unit = ["nmol/L", "umol/L", "pM", "mol/L", "/nM", "nM?"][i];
            let value = [12.0, 0.4, 900.0, 3e-7, 5.0, 5.0][i];
            format!("{smiles},{sequence},{},{value},{unit}\n", ["Kd", "Ki"][j])
        }),
    );
    put(
        "genes.csv",
        "smiles,sequence,label\nCCO,EGFR,1\nCCN,P00533,0\nCCC,nan,1\nCCCC,MKT,0\n".into(),
    );
    put(
        "nm_as_pkd.csv",
        table("smiles,sequence,pKd\n", |i, smiles, _, sequence| {
            format!("{smiles},{sequence},{}\n", 120 * (i + 1))
        }),
    );
    put(
        "both.csv",
        table("smiles,sequence,Ki (nM),pKi,label\n", |i, smiles, _, sequence| {
            format!(
                "{smiles},{sequence},10,{},{}\n",
                if i == 0 { 5.0 } else { 8.0 },
                usize::from(i != 1)
            )
        }),
    );
}

#[test]
fn files_of_each_layout() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write_databases(here);
    write_spreadsheets(here);
    let asked = [
        "data check bindingdb_2023.tsv",
        "data check bindingdb_2025.tsv",
        "data import bindingdb bindingdb_2025.tsv -o imported",
        "data check chembl.csv",
        "data check pubchem.csv",
        "data check kiba.tab",
        "data check conplex.tsv",
        "data check drugban.csv",
        "data check moltrans.csv",
        "data check graphdta.csv",
        "data check graphdta.csv --unit pKd",
        "data check pchembl.csv",
        "data check commas.csv",
        "data check sep.csv",
        "data check units.csv",
        "data check genes.csv",
        "data check nm_as_pkd.csv",
        "data check both.csv",
    ];
    let all: Vec<String> = asked.iter().map(|arguments| said(arguments, here, false)).collect();
    said_settings().bind(|| assert_snapshot!("files_of_each_layout", all.join("\n")));
}

#[test]
fn from_a_spreadsheet_to_predictions() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write_databases(here);
    fs::write(here.join("small.toml"), support::SMALL_RECIPE).unwrap();
    fs::write(
        here.join("library.smi"),
        "CC(=O)Oc1ccccc1C(=O)[O-].[Na+] aspirin_sodium\nC1CC broken\nCCO ethanol\n",
    )
    .unwrap();
    fs::write(
        here.join("uniprot.fasta"),
        format!(">sp|P1|ONE_HUMAN Kinase OS=Homo sapiens\n{KINASE}\n"),
    )
    .unwrap();
    let mut log = Vec::new();
    for (arguments, is_scored) in [
        ("data check pchembl.csv", false),
        (
            "data split pchembl.csv --by unseen-drug --fractions 0.6,0.2,0.2 --seed 1 -o split.csv",
            false,
        ),
        ("data split pchembl.csv --by unseen-drug -o pchembl.csv", false),
        (
            "train small.toml --data pchembl.csv --split other.csv --out runs/first",
            false,
        ),
        (
            "train small.toml --data pchembl.csv --split split.csv --out runs/first",
            true,
        ),
        (
            "train small.toml --data pchembl.csv --split split.csv --out runs/first",
            false,
        ),
        ("evaluate runs/first", true),
        ("predict runs/first --smiles CCO", false),
        ("predict runs/first --smiles CCO --sequence EGFR", false),
        (
            "predict runs/first --drugs library.smi --targets uniprot.fasta -o out.csv",
            false,
        ),
        (
            "predict runs/first --drugs library.smi --targets uniprot.fasta -o library.smi",
            false,
        ),
        ("predict runs/first --smiles CCO --targets uniprot.fasta", true),
    ] {
        log.push(said(arguments, here, is_scored));
    }
    let names = |text: &str| -> Vec<String> {
        let rows = text.lines().skip(1);
        rows.map(|row| row.split(',').take(3).collect::<Vec<_>>().join(","))
            .collect()
    };
    let out = fs::read_to_string(here.join("out.csv")).unwrap();
    log.push(format!("out.csv, first columns\n{}\n", names(&out).join("\n")));
    let rejected = fs::read_to_string(here.join("out.csv.rejected.csv")).unwrap();
    log.push(format!("out.csv.rejected.csv\n{rejected}"));
    said_settings().bind(|| assert_snapshot!("from_a_spreadsheet_to_predictions", log.join("\n")));
    // Training had two kinds of labels: no neighbour has a label in the unit of one of them.
    let explained = support::fusebind(
        &[
            "predict",
            "runs/first",
            "--smiles",
            "CCO",
            "--targets",
            "uniprot.fasta",
            "--explain",
            "why.json",
        ],
        here,
    );
    assert!(explained.status.success(), "{}", support::text(&explained.stderr));
    let reasons: serde_json::Value = serde_json::from_slice(&fs::read(here.join("why.json")).unwrap()).unwrap();
    assert_eq!(reasons[0]["label_unit"], "standard deviations");
}
