//! Files that people really have, in the layouts of other programs, and word for word what the commands say of them. Molecules are
//! common ones, proteins are invented, and every file is made here from its published layout.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

mod support;

use std::{fs, path::Path, sync::Arc};

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use insta::assert_snapshot;
use parquet::{
    arrow::ArrowWriter,
    basic::{BrotliLevel, Compression, GzipLevel},
    file::properties::WriterProperties,
};
use support::{fusebind, said_settings, text};

const MOLECULES: [&str; 4] = [
    "CCO",
    "CC(=O)Oc1ccccc1C(=O)O",
    "Cn1c(=O)c2c(ncn2C)n(C)c1=O",
    "CC(=O)Nc1ccc(O)cc1",
];
const KINASE: &str = "MGSNKSKPKDASQRRRSLEPAENVHGAGGGAFPASQTPSKPASADGHRGPSAAFAPAAAE";
const RECEPTOR: &str = "MQPPPSLCGRALVALVLACGLSRIWGEERGFPPDRATPLLQTAEIMTPPTKTLWPKGSNA";

/// What was typed, the exit code, and what came back on both streams.
fn said(arguments: &str, folder: &Path) -> String {
    let output = fusebind(&arguments.split(' ').collect::<Vec<_>>(), folder);
    let code = output.status.code().map_or("none".to_string(), |code| code.to_string());
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    let streams: Vec<&str> = [out.trim_end(), err.trim_end()]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect();
    format!("$ fusebind {arguments}\n[{code}]\n{}\n", streams.join("\n"))
}

fn said_of_each(commands: &[&str], folder: &Path) -> String {
    let all: Vec<String> = commands.iter().map(|arguments| said(arguments, folder)).collect();
    all.join("\n")
}

/// `header`, then a line for each molecule with both proteins.
fn pairs(header: &str, line: impl Fn(usize, &str, usize, &str) -> String) -> String {
    let mut all = format!("{header}\n");
    for (i, smiles) in MOLECULES.iter().enumerate() {
        for (j, sequence) in [KINASE, RECEPTOR].iter().enumerate() {
            all += &format!("{}\n", line(i, smiles, j, sequence));
        }
    }
    all
}

fn write_parquet(path: &Path, compression: Compression) {
    let column = |values: Vec<String>| Arc::new(StringArray::from(values)) as ArrayRef;
    let rows: Vec<(usize, usize)> = (0..MOLECULES.len()).flat_map(|i| [(i, 0), (i, 1)]).collect();
    let of = |value: &dyn Fn(usize, usize) -> String| column(rows.iter().map(|&(i, j)| value(i, j)).collect());
    let batch = RecordBatch::try_from_iter([
        ("smiles", of(&|i, _| MOLECULES[i].into())),
        ("sequence", of(&|_, j| [KINASE, RECEPTOR][j].into())),
        ("pKd", of(&|i, j| format!("{}", 5.0 + 0.5 * (i + j) as f64))),
    ])
    .unwrap();
    let properties = WriterProperties::builder().set_compression(compression).build();
    let out = fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(out, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// Measures and scales as databases spell them, one a row.
fn write_measures(here: &Path) {
    let spellings = [
        ("Kd", "7.5", "nM"),
        ("KD", "7.5", "nM"),
        ("Kd apparent", "7.5", "nM"),
        ("pKd", "7.5", ""),
        ("-logKd", "7.5", ""),
        ("AC50", "30", "nM"),
        ("Potency", "30", "nM"),
        ("EC50", "0.3", "uM"),
        ("Inhibition", "80", "%"),
        ("Ki", "1,5", "nM"),
    ];
    let mut table = String::from("smiles,sequence,standard_type,standard_value,standard_units\n");
    for (i, (measure, value, unit)) in spellings.iter().enumerate() {
        table += &format!("{}CO,{KINASE},{measure},\"{value}\",{unit}\n", "C".repeat(i));
    }
    fs::write(here.join("measures.csv"), table).unwrap();
}

/// The layout of DeepDTA: two JSON dictionaries and a pickled matrix of doubles.
fn write_deepdta(folder: &Path) {
    fs::create_dir(folder).unwrap();
    fs::write(folder.join("ligands_can.txt"), r#"{"z": "CCO", "a": "CCN"}"#).unwrap();
    fs::write(folder.join("proteins.txt"), format!(r#"{{"P": "{KINASE}"}}"#)).unwrap();
    let mut pickle = b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x00cnumpy\nndarray\nq\x01K\x00\x85q\x02U\x01bq\x03\x87q\x04Rq\x05(K\x01K\x02K\x01\x86q\x06cnumpy\ndtype\nq\x07U\x02f8q\x08K\x00K\x01\x87q\tRq\n(K\x03U\x01<q\x0bNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x0cb\x89U\x10".to_vec();
    for value in [43.0f64, 10000.0] {
        pickle.extend(value.to_le_bytes());
    }
    pickle.extend(b"q\rtq\x0eb.");
    fs::write(folder.join("Y"), pickle).unwrap();
}

#[test]
fn tables_of_other_programs() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write_parquet(&here.join("gzip.parquet"), Compression::GZIP(GzipLevel::default()));
    write_parquet(
        &here.join("brotli.parquet"),
        Compression::BROTLI(BrotliLevel::default()),
    );
    write_parquet(&here.join("lz4.parquet"), Compression::LZ4_RAW);
    write_measures(here);
    write_deepdta(&here.join("deepdta"));
    let davis = pairs("ID1\tX1\tID2\tX2\tY", |i, smiles, j, sequence| {
        format!(
            "{}\t{smiles}\tT{j}\t{sequence}\t{}",
            100 + i,
            [10000.0, 12.0, 3.3, 450.0][(i + j) % 4]
        )
    });
    fs::write(here.join("davis.tab"), &davis).unwrap();
    fs::write(here.join("unknown.tab"), &davis).unwrap();
    fs::create_dir(here.join("two")).unwrap();
    let labelled = pairs("smiles,sequence,label", |i, smiles, j, sequence| {
        format!("{smiles},{sequence},{}", (i + j) % 2)
    });
    for name in ["pairs.csv", "interactions.csv"] {
        fs::write(here.join("two").join(name), &labelled).unwrap();
    }
    let wide = "drug,smiles,EGFR,ABL1\na,CCO,7.1,5\nb,CCN,6,5\n";
    fs::write(here.join("wide.csv"), wide).unwrap();
    let nan = ["nan", "None", "NA", "null", "missing", KINASE];
    let rows: Vec<String> = nan.iter().map(|sequence| format!("CCO,{sequence},7.5")).collect();
    fs::write(
        here.join("nothing.csv"),
        format!("smiles,sequence,pKd\n{}\n", rows.join("\n")),
    )
    .unwrap();
    let commands = [
        "data check gzip.parquet",
        "data check brotli.parquet",
        "data check lz4.parquet",
        "data check measures.csv",
        "data check deepdta",
        "data check davis.tab",
        "data check unknown.tab",
        "data check two",
        "data check wide.csv",
        "data check nothing.csv",
    ];
    said_settings().bind(|| assert_snapshot!("tables_of_other_programs", said_of_each(&commands, here)));
}

/// Signatures with their doses, outcomes in words, and the arrays of other programs, each in a folder of its own.
fn write_side_tables(here: &Path) {
    let put = |name: &str, bytes: &[u8]| {
        let path = here.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    put(
        "signatures/transcriptome_drug.csv",
        b"drug_id,pert_dose,pert_time,TP53,MYC\nD0,10,24,0.5,-1\nD1,10,24,1.5,2\nD1,3,24,oops,2\n",
    );
    put(
        "assays/bioassay_tox21.csv",
        b"drug_id,mol_weight,NR-AR,SR-p53\nD0,46.1,Active,Inactive\nD1,180.2,inconclusive,1\nD2,194.2,0,\n",
    );
    put(
        "gct/transcriptome.gct",
        b"#1.3\n2\t2\t1\t1\nid\tsymbol\tS1\tS2\npert_iname\tna\tD0\tD1\n5720\tPSME1\t0.5\t-2\n466\tATF1\t1\t3\n",
    );
    let header = "{'descr': '<f2', 'fortran_order': True, 'shape': (2, 3), }";
    let mut npy = b"\x93NUMPY\x01\x00".to_vec();
    npy.extend((header.len() as u16).to_le_bytes());
    npy.extend(header.as_bytes());
    // 1, 2 and 3 for the first protein, by columns, as float16.
    for bits in [0x3c00u16, 0x4400, 0x4000, 0x4500, 0x4200, 0x4600] {
        npy.extend(bits.to_le_bytes());
    }
    put("f16/embedding_sequence_esm2.npy", &npy);
    put("f16/embedding_sequence_esm2.ids.txt", b"T0\nT1\n");
    let mut builder = hdf5_pure::FileBuilder::new();
    builder.create_dataset("T0").with_f64_data(&[7.0, 8.0]);
    builder.create_dataset("T1").with_f64_data(&[1.0, 2.0]);
    put("hdf5/embedding_sequence_prott5.h5", &builder.finish().unwrap());
    put(
        "empty_hdf5/text_drug.csv",
        b"drug_id,text\nD0,a small alcohol\nD1,an analgesic\n",
    );
    put(
        "empty_hdf5/embedding_sequence_prott5.h5",
        b"\x89HDF\r\n\x1a\n\0\0\0\0\0\0\0\0",
    );
}

#[test]
fn side_data_of_other_programs() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write_side_tables(here);
    let table = pairs("drug_id,smiles,target_id,sequence,label", |i, smiles, j, sequence| {
        format!("D{i},{smiles},T{j},{sequence},{}", (i + j) % 2)
    });
    fs::write(here.join("pairs.csv"), table).unwrap();
    let folders = ["signatures", "assays", "gct", "f16", "hdf5", "empty_hdf5"];
    let commands = folders.map(|folder| format!("data check pairs.csv --modalities {folder}"));
    let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
    said_settings().bind(|| assert_snapshot!("side_data_of_other_programs", said_of_each(&commands, here)));
}

/// An SD record of ethanol with a title and the fields given.
fn record(title: &str, fields: &[(&str, &str)]) -> String {
    let fields: String = fields
        .iter()
        .map(|(name, value)| format!(">  <{name}>\n{value}\n\n"))
        .collect();
    format!(
        "{title}\n     made by hand\n\n  3  2  0  0  0  0  0  0  0  0999 V2000\n\
         \x20   0.0000    0.0000    0.0000 C   0  0  0  0  0  0  0  0  0  0  0  0\n\
         \x20   1.5000    0.0000    0.0000 C   0  0  0  0  0  0  0  0  0  0  0  0\n\
         \x20   3.0000    0.0000    0.0000 O   0  0  0  0  0  0  0  0  0  0  0  0\n\
         \x20 1  2  1  0\n  2  3  1  0\nM  END\n{fields}$$$$\n"
    )
}

/// Libraries and pairs for a model, and what comes back of their names.
#[test]
fn libraries_come_back_under_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    support::write_training(here);
    let trained = said("train small.toml --data train.csv --split split --out run", here);
    assert!(trained.contains("[0]"), "{trained}");
    let put = |name: &str, text: String| fs::write(here.join(name), text).unwrap();
    put("target.csv", format!("target_id,sequence\nkinase,{KINASE}\n"));
    put(
        "uniprot.fasta",
        format!(">sp|P1|ONE_HUMAN Kinase OS=Homo sapiens\n{KINASE}\n"),
    );
    put("library.smi", "CCO ethanol\nCCN\nC1CC broken\n".into());
    put("blanks.txt", "ethanol CCO\nethylamine CCN\n".into());
    put("no_titles.sdf", record("", &[]) + &record("", &[]));
    put(
        "one_id.sdf",
        record("first", &[("id", "x1")]) + &record("second", &[("weight", "46")]),
    );
    put(
        "empty_field.sdf",
        record("first", &[("id", "")]) + &record("second", &[("id", "x2")]),
    );
    put(
        "merged.csv",
        format!(
            "drug_id,smiles,target_id,sequence\nA,CCN,k,{KINASE}\nA-HCl,CCN.Cl,k,{KINASE}\nB,OCC,k,{KINASE}\nA,NCC,k,{KINASE}\n"
        ),
    );
    let mut log = Vec::new();
    for asked in [
        "--drugs library.smi --targets target.csv",
        "--drugs blanks.txt --targets target.csv",
        "--drugs no_titles.sdf --targets target.csv",
        "--drugs one_id.sdf --targets target.csv",
        "--drugs empty_field.sdf --targets uniprot.fasta",
        "--pairs merged.csv",
    ] {
        let _ = fs::remove_file(here.join("out.csv"));
        log.push(said(&format!("predict run {asked} -o out.csv"), here));
        let out = fs::read_to_string(here.join("out.csv")).unwrap();
        // Without the predictions: their last digits differ between processors.
        log.extend(
            out.lines()
                .map(|row| row.split(',').take(3).collect::<Vec<_>>().join(",")),
        );
        log.push(String::new());
    }
    said_settings().bind(|| assert_snapshot!("libraries_come_back_under_their_names", log.join("\n")));
}
