//! Dumps of millions of rows: time and peak memory of an import.
//!
//! ```text
//! cargo bench --bench import                            2 million BindingDB rows, 1 million ChEMBL activities
//! cargo bench --bench import -- bindingdb 100000        fewer
//! ```
//!
//! The dumps are made up in the layouts that the databases publish: the molecules are combinations of substituents, the proteins random
//! sequences, and a tenth of the rows has one of the usual faults. The limit is 1 GiB of memory; each import runs in a process of
//! its own, so that its peak is its own.

#![allow(clippy::unwrap_used)] // a benchmark that meets the unexpected should stop

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
    process::Command,
    time::Instant,
};

use fusebind_data::{
    import::{ImportConfig, ImportFormat, Sequences, import},
    table::FolderFormat,
};
use fusebind_features::entity::molecule::ChematicToolkit;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Limit on memory, in MiB.
const LIMIT: f64 = 1024.0;
const PROTEINS: usize = 5000;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let word = |at: usize| words.get(at).map(String::as_str);
    match (word(0), word(1), word(2)) {
        (Some("import"), Some(layout), Some(folder)) => measured(layout, Path::new(folder)),
        (Some(layout), Some(rows), _) => one(layout, rows.parse().unwrap()),
        (Some(layout), None, _) => one(layout, 1_000_000),
        _ => {
            one("bindingdb", 2_000_000);
            one("chembl", 1_000_000);
        }
    }
}

/// Writes a dump and imports it twice.
fn one(layout: &str, rows: usize) {
    let folder = tempfile::tempdir().unwrap();
    let dump = folder.path().join("dump");
    match layout {
        "bindingdb" => bindingdb(&dump, rows),
        "chembl" => chembl(&dump, rows),
        other => panic!("{other} is no layout: bindingdb or chembl"),
    }
    let size = fs::metadata(&dump).unwrap().len() as f64 / 1e9;
    println!("{layout}: {rows} rows, {size:.2} GB");
    let mut tables = Vec::new();
    for _ in 0..2 {
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["import", layout])
            .arg(folder.path())
            .status()
            .unwrap();
        assert!(status.success());
        let out = folder.path().join("out");
        tables.push(["drugs", "targets", "pairs"].map(|stem| fs::read(out.join(format!("{stem}.parquet"))).unwrap()));
        fs::remove_dir_all(out).unwrap();
    }
    println!("  the same files twice: {}", tables[0] == tables[1]);
}

/// Imports the dump and prints what it took.
fn measured(layout: &str, folder: &Path) {
    let config = ImportConfig {
        format: if layout == "chembl" {
            ImportFormat::Chembl
        } else {
            ImportFormat::BindingDb
        },
        files: vec![folder.join("dump")],
        sequences: Sequences::default(),
        unit: None,
        keep_flagged: false,
        tables: FolderFormat::Parquet,
    };
    let started = Instant::now();
    let rejected = folder.join("rejected.csv");
    let report = import(&config, &ChematicToolkit, &folder.join("out"), &rejected, |_| ()).unwrap();
    let seconds = started.elapsed().as_secs_f64();
    print!("{report}");
    print!("  {seconds:.1} s, {:.0} rows/s", report.rows as f64 / seconds);
    match peak_mib() {
        Some(peak) => println!(", peak {peak:.0} MiB: {:.2} of the limit", peak / LIMIT),
        None => println!(),
    }
}

/// Most memory that this process held, where the system tells.
fn peak_mib() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024.0)
}

const FIRST: [&str; 20] = [
    "F", "Cl", "Br", "C", "CC", "CCC", "OC", "OCC", "N", "CN", "CNC", "CCO", "N#C", "O", "CS", "CC(C)", "CC(=O)",
    "NC(=O)", "CC(=O)N", "OC(=O)",
];
const LINKER: [&str; 20] = [
    "",
    "C",
    "CC",
    "O",
    "N",
    "S",
    "C(=O)N",
    "NC(=O)",
    "OC",
    "CO",
    "CN",
    "NC",
    "S(=O)(=O)N",
    "NS(=O)(=O)",
    "C=C",
    "C#C",
    "CCC",
    "CCO",
    "OCC",
    "C(=O)",
];
const RING: [&str; 20] = [
    "c2ccccc2",
    "c2ccncc2",
    "c2cccnc2",
    "c2ncccn2",
    "c2ccoc2",
    "c2ccsc2",
    "C2CCCCC2",
    "N2CCOCC2",
    "N2CCNCC2",
    "C2CCNCC2",
    "c2cnc3ccccc3c2",
    "c2c[nH]c3ccccc23",
    "c2nc3ccccc3[nH]2",
    "c2nccs2",
    "c2ncc[nH]2",
    "C2CC2",
    "C2CCOCC2",
    "c2ccc3OCOc3c2",
    "N2CCCC2",
    "c2cc(F)cc(F)c2",
];

/// Molecule number `number`: one of about 800,000.
fn molecule(number: usize) -> String {
    let mut rest = number;
    let mut pick = |count: usize| {
        let picked = rest % count;
        rest /= count;
        picked
    };
    let (first, linker, ring, second) = (FIRST[pick(20)], LINKER[pick(20)], RING[pick(20)], FIRST[pick(20)]);
    let place = [
        "c1ccc({M})cc1",
        "c1cccc({M})c1",
        "c1ccccc1{M}",
        "c1cnc({M})cc1",
        "c1cc({M})ccn1",
    ][pick(5)];
    format!("{second}C({first}){}", place.replace("{M}", &format!("{linker}{ring}")))
}

fn proteins(random: &mut ChaCha8Rng) -> Vec<String> {
    let letters = b"ACDEFGHIKLMNPQRSTVWY";
    let mut protein = || -> String {
        let length = random.random_range(80..900);
        (0..length)
            .map(|_| char::from(letters[random.random_range(0..20)]))
            .collect()
    };
    (0..PROTEINS).map(|_| protein()).collect()
}

fn bindingdb(path: &Path, rows: usize) {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let proteins = proteins(&mut random);
    let mut out = BufWriter::new(File::create(path).unwrap());
    writeln!(
        out,
        "BindingDB Reactant_set_id\tLigand SMILES\tLigand InChI\tLigand InChI Key\tBindingDB MonomerID\tBindingDB Ligand Name\t\
         Target Name\tKi (nM)\tIC50 (nM)\tKd (nM)\tEC50 (nM)\tkon (M-1-s-1)\tkoff (s-1)\tpH\tTemp (C)\tCuration/DataSource\t\
         Date of publication\tNumber of Protein Chains in Target (>1 implies a multichain complex)\tBindingDB Target Chain Sequence\t\
         UniProt (SwissProt) Primary ID of Target Chain"
    )
    .unwrap();
    for row in 0..rows {
        let number = random.random_range(0..800_000);
        let protein = random.random_range(0..PROTEINS);
        let fault = random.random_range(0..100);
        let smiles = if fault == 0 {
            "C1CC".to_string()
        } else {
            molecule(number)
        };
        let chains = if fault < 4 { 2 } else { 1 };
        let sequence = if fault == 5 { "" } else { &proteins[protein] };
        let exponent: f64 = random.random_range(-1.0..5.0);
        let value = match fault {
            6 => "n.d.".to_string(),
            7..20 => format!(">{:.0}", 10f64.powf(exponent.max(3.0))),
            _ => format!(" {:.3}", 10f64.powf(exponent)),
        };
        let mut cells = [const { String::new() }; 4];
        cells[row % 4] = value;
        let [ki, ic50, kd, ec50] = cells;
        writeln!(
            out,
            "{row}\t{smiles}\tInChI=1S/x\tXXXXXXXXXXXXXX-UHFFFAOYSA-N\t{number}\tname \"of\" {number}\tprotein {protein}\t{ki}\t{ic50}\t{kd}\t\
             {ec50}\t\t\t7.4\t25.00 C\tCurated from the literature\t{}/{}/{}\t{chains}\t{sequence}\tP{protein:05}",
            1 + row % 12,
            1 + row % 28,
            1990 + row % 35
        )
        .unwrap();
    }
    out.flush().unwrap();
}

fn chembl(path: &Path, rows: usize) {
    let mut random = ChaCha8Rng::seed_from_u64(2);
    let mut database = rusqlite::Connection::open(path).unwrap();
    database
        .execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
             CREATE TABLE activities (activity_id INTEGER PRIMARY KEY, assay_id, doc_id, molregno, standard_relation, standard_value,
               standard_units, standard_type, data_validity_comment, potential_duplicate);
             CREATE TABLE assays (assay_id INTEGER PRIMARY KEY, tid, assay_type);
             CREATE TABLE target_dictionary (tid INTEGER PRIMARY KEY, target_type, pref_name, chembl_id);
             CREATE TABLE target_components (targcomp_id INTEGER PRIMARY KEY, tid INTEGER, component_id INTEGER);
             CREATE INDEX of_target ON target_components (tid);
             CREATE TABLE component_sequences (component_id INTEGER PRIMARY KEY, accession, sequence);
             CREATE TABLE molecule_dictionary (molregno INTEGER PRIMARY KEY, pref_name, chembl_id);
             CREATE TABLE compound_structures (molregno INTEGER PRIMARY KEY, canonical_smiles);
             CREATE TABLE docs (doc_id INTEGER PRIMARY KEY, year);",
        )
        .unwrap();
    let writing = database.transaction().unwrap();
    entities(&writing, &mut random);
    activities(&writing, &mut random, rows);
    writing.commit().unwrap();
}

/// Targets with an assay each, molecules and documents.
fn entities(writing: &rusqlite::Transaction<'_>, random: &mut ChaCha8Rng) {
    for (at, sequence) in proteins(random).iter().enumerate() {
        let at = at as i64;
        let kind = if at % 20 == 0 {
            "PROTEIN FAMILY"
        } else {
            "SINGLE PROTEIN"
        };
        writing
            .execute(
                "INSERT INTO target_dictionary VALUES (?1, ?2, ?3, ?4)",
                (at, kind, "protein", format!("CHEMBL{at}")),
            )
            .unwrap();
        writing
            .execute("INSERT INTO target_components VALUES (?1, ?1, ?1)", [at])
            .unwrap();
        writing
            .execute(
                "INSERT INTO component_sequences VALUES (?1, ?2, ?3)",
                (at, format!("P{at}"), sequence),
            )
            .unwrap();
        writing
            .execute(
                "INSERT INTO assays VALUES (?1, ?1, ?2)",
                (at, if at % 10 == 0 { "F" } else { "B" }),
            )
            .unwrap();
    }
    for at in 0..400_000_i64 {
        writing
            .execute(
                "INSERT INTO molecule_dictionary VALUES (?1, NULL, ?2)",
                (at, format!("CHEMBL1{at}")),
            )
            .unwrap();
        writing
            .execute(
                "INSERT INTO compound_structures VALUES (?1, ?2)",
                (at, molecule(at as usize)),
            )
            .unwrap();
    }
    for year in 1990..2026_i64 {
        writing.execute("INSERT INTO docs VALUES (?1, ?1)", [year]).unwrap();
    }
}

fn activities(writing: &rusqlite::Transaction<'_>, random: &mut ChaCha8Rng, rows: usize) {
    let measures = ["Ki", "IC50", "Kd", "EC50", "Inhibition"];
    for row in 0..rows as i64 {
        let value = 10f64.powf(random.random_range(-1.0..5.0));
        let relation = if row % 8 == 0 { ">" } else { "=" };
        let cells = (
            row,
            random.random_range(0..PROTEINS as i64),
            1990 + row % 36,
            random.random_range(0..400_000_i64),
            relation,
            value,
            "nM",
            measures[row as usize % 5],
            (row % 50 == 0).then_some("Outside typical range"),
            row % 40 == 0,
        );
        writing
            .execute(
                "INSERT INTO activities VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                cells,
            )
            .unwrap();
    }
}
