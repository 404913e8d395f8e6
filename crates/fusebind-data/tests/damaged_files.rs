//! Damaged files of every kind: a reader reads them, rejects rows or refuses the file, and never panics.
//!
//! Each mutant of a good file has bits flipped, is cut, has a piece twice, or has bytes that matter to parsers in random places.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

mod support;

use std::{fs, path::Path};

use fusebind_data::{
    modality::load_modalities,
    source::{ColumnMap, Keep, LoadConfig, load_dataset, load_drugs, load_targets},
    split::read_split,
    table::{Column, Dataset, write},
};
use fusebind_features::entity::molecule::ChematicToolkit;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use support::{SEQUENCE, archive, gzip};

/// Mutants of each good file.
const MUTANTS: usize = 60;
/// Bytes that parsers look for.
const TELLING: &[u8] = b"\0\xFF\"',;\t\n\r><=~#[]{}()0-9eE.$PK\x1F\x8B";

fn mutant(good: &[u8], random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for _ in 0..random.random_range(1..6) {
        let at = random.random_range(0..bytes.len().max(1));
        match random.random_range(0..4) {
            _ if bytes.is_empty() => bytes.push(b'x'),
            0 => bytes[at] ^= 1 << random.random_range(0..8),
            1 => bytes.truncate(at),
            2 => {
                let end = (at + random.random_range(1..64)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => bytes[at] = TELLING[random.random_range(0..TELLING.len())],
        }
    }
    bytes
}

fn pairs(separator: char) -> String {
    let header = ["drug_id", "smiles", "target_id", "sequence", "Kd (nM)", "label"].join(&separator.to_string());
    let rows = (1..9).map(|at| {
        let id = format!("D{at}");
        let smiles = format!("{}O", "C".repeat(at));
        [id.as_str(), &smiles, "T1", SEQUENCE, ">10,5", "1"].join(&separator.to_string())
    });
    std::iter::once(header).chain(rows).collect::<Vec<_>>().join("\n") + "\n"
}

fn workbook() -> Vec<u8> {
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006/relationships";
    let cell = |name: &str, text: &str| format!("<c r=\"{name}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let rows = format!(
        "<row r=\"1\">{}{}</row><row r=\"2\">{}{}</row>",
        cell("A1", "id"),
        cell("B1", "smiles"),
        cell("A2", "d1"),
        cell("B2", "CCO")
    );
    archive(&[
        (
            "xl/workbook.xml",
            &format!(
                "<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            &format!(
                "<Relationships xmlns=\"{package}\"><Relationship Id=\"r1\" Type=\"{office}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
            ),
        ),
        (
            "_rels/.rels",
            &format!(
                "<Relationships xmlns=\"{package}\"><Relationship Id=\"r1\" Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/worksheets/sheet1.xml",
            &format!("<worksheet xmlns=\"{main}\"><sheetData>{rows}</sheetData></worksheet>"),
        ),
    ])
}

fn parquet(folder: &Path) -> Vec<u8> {
    let path = folder.join("good.parquet");
    let texts = |text: &'static str| (0..6).map(move |_| Some(text.to_string()));
    let columns = [
        Column::text("smiles", texts("CCO")),
        Column::text("sequence", texts(SEQUENCE)),
        Column::real("pKd", (0..6).map(|at| Some(5.0 + f64::from(at)))),
    ];
    write(&path, &columns).unwrap();
    fs::read(path).unwrap()
}

/// A structure file of two ethanols.
fn sd() -> String {
    let record = "ethanol\n  made\n\n  3  2  0  0  0  0            999 V2000\n    0.0000    0.0000    0.0000 C   0  0\n    1.5000    0.0000    0.0000 C   0  0\n    2.0000    1.4000    0.0000 O   0  0\n  1  2  1  0\n  2  3  1  0\nM  END\n> <ID>\nd1\n\n$$$$\n";
    record.repeat(2)
}

/// Reads every mutant of `good`; what comes of it does not matter.
fn damage(name: &str, good: &[u8], read: impl Fn(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(name.bytes().map(u64::from).sum());
    let path = folder.path().join(name);
    for _ in 0..MUTANTS {
        fs::write(&path, mutant(good, &mut random)).unwrap();
        read(&path);
    }
}

#[test]
fn tables_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let read = |path: &Path| {
        let _ = load_dataset(path, &ChematicToolkit, &LoadConfig::default());
        let _ = load_drugs(path, &ChematicToolkit, &ColumnMap::default(), &Keep::Nothing);
    };
    let comma = pairs(',');
    damage("pairs.csv", comma.as_bytes(), read);
    damage("pairs.tsv", pairs('\t').as_bytes(), read);
    damage("pairs.txt", pairs(';').as_bytes(), read);
    damage("pairs.csv.gz", &gzip(comma.as_bytes()), read);
    damage("pairs.zip", &archive(&[("pairs.csv", &comma)]), read);
    damage("pairs.parquet", &parquet(folder.path()), read);
    damage("book.xlsx", &workbook(), read);
    damage("library.sdf", sd().as_bytes(), read);
    damage("library.smi", b"CCO d1\nCCN d2\nc1ccccc1 d3\n", read);
    let utf16: Vec<u8> = std::iter::once(0xFEFFu16)
        .chain(comma.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    damage("utf16.csv", &utf16, read);
}

#[test]
fn sequences_and_splits_are_read_or_refused() {
    let fasta = format!(">sp|P00533|EGFR_HUMAN x\n{SEQUENCE}\n>two\n{SEQUENCE}\n");
    damage("targets.fasta", fasta.as_bytes(), |path| {
        let _ = load_targets(path, &ColumnMap::default(), &Keep::Nothing);
    });
    let dataset = dataset();
    let text = format!(
        "# fusebind split 1\n# data {}\ninteraction,part\n0,train\n1,test\n",
        dataset.fingerprint
    );
    damage("split.csv", text.as_bytes(), |path| {
        let _ = read_split(path, &dataset);
    });
}

fn dataset() -> Dataset {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pairs.csv");
    fs::write(&path, pairs(',').replace("10,5", "10")).unwrap();
    load_dataset(&path, &ChematicToolkit, &LoadConfig::default()).unwrap().0
}

fn npy() -> Vec<u8> {
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
    let header = format!("{header:<117}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    (0..6u8).for_each(|v| bytes.extend(f32::from(v).to_le_bytes()));
    bytes
}

#[test]
fn side_tables_are_read_or_refused() {
    let dataset = dataset();
    let read = |path: &Path| {
        let ids = path.with_extension("ids");
        let _ = fs::write(ids, "D1\nD2\n");
        let _ = load_modalities(path.parent().unwrap(), &dataset);
    };
    damage("text_drug.csv", b"drug_id,text\nD1,an acid\nD2,a base\n", read);
    damage(
        "transcriptomics.csv",
        b"drug_id,TP53,EGFR\nD1,0.5,-1\nD2,1e3,nan\n",
        read,
    );
    damage(
        "bioassay.tsv",
        b"drug_id\ta1\ta2\nD1\tActive\t0\nD2\t1\tInactive\n",
        read,
    );
    damage("embedding_graph_x.npy", &npy(), read);
    damage(
        "transcriptomics.gct",
        b"#1.2\n2\t2\nName\tDescription\tD1\tD2\nTP53\tx\t0.1\t0.2\nEGFR\ty\t1\t2\n",
        read,
    );
    let tensors = r#"{"D1":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
    let mut bytes = (tensors.len() as u64).to_le_bytes().to_vec();
    bytes.extend(tensors.as_bytes());
    bytes.extend([0u8; 8]);
    damage("embedding_graph_y.safetensors", &bytes, read);
    let mut builder = hdf5_pure::FileBuilder::new();
    builder.create_dataset("D1").with_f64_data(&[7.0, 8.0]);
    builder.create_dataset("D2").with_f64_data(&[1.0, 2.0]);
    damage("embedding_graph_z.h5", &builder.finish().unwrap(), read);
}

#[test]
fn the_layout_of_deepdta_is_read_or_refused() {
    let mut pickle = b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x00cnumpy\nndarray\nq\x01K\x00\x85q\x02U\x01bq\x03\x87q\x04Rq\x05(K\x01K\x02K\x01\x86q\x06cnumpy\ndtype\nq\x07U\x02f8q\x08K\x00K\x01\x87q\tRq\n(K\x03U\x01<q\x0bNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x0cb\x89U\x10".to_vec();
    [43.0f64, 10000.0]
        .iter()
        .for_each(|value| pickle.extend(value.to_le_bytes()));
    pickle.extend(b"q\rtq\x0eb.");
    damage("Y", &pickle, |path| {
        let folder = path.parent().unwrap();
        fs::write(folder.join("ligands_can.txt"), r#"{"z": "CCO", "a": "CCN"}"#).unwrap();
        fs::write(folder.join("proteins.txt"), format!(r#"{{"P": "{SEQUENCE}"}}"#)).unwrap();
        let _ = load_dataset(folder, &ChematicToolkit, &LoadConfig::default());
    });
}
