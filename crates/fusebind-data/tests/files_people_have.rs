//! Files as people have them: packed, from spreadsheets, of other encodings, without headers. What is unclear is refused by name.

#![allow(clippy::unwrap_used)]

mod support;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use fusebind_data::{
    Error, ErrorKind,
    source::{ColumnMap, Keep, RawTable, load_drugs, load_targets},
};
use fusebind_features::entity::molecule::ChematicToolkit;
use support::{archive, gzip};
use tempfile::TempDir;

const TABLE: &str = "id,smiles\nd1,C\nd2,CC\n";

fn file(name: &str, bytes: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    fs::write(&path, bytes).unwrap();
    (dir, path)
}

fn rows(name: &str, bytes: impl AsRef<[u8]>) -> (Vec<Vec<String>>, Vec<String>) {
    let (_dir, path) = file(name, bytes);
    let (table, rejections) = RawTable::read(&path).unwrap();
    assert!(rejections.is_empty(), "{name}: {rejections:?}");
    let header = table.columns().iter().map(|column| column.name().to_string()).collect();
    let row = |row| {
        table
            .columns()
            .iter()
            .map(|c| c.get(row).unwrap_or("").to_string())
            .collect()
    };
    let rows = std::iter::once(header).chain((0..table.len()).map(row)).collect();
    (rows, table.notes().to_vec())
}

fn expected(text: &str) -> Vec<Vec<String>> {
    text.lines()
        .map(|line| line.split(',').map(str::to_string).collect())
        .collect()
}

fn error(path: &Path) -> Error {
    let error = RawTable::read(path).unwrap_err();
    assert!(error.to_string().contains("\nhint: "), "there is a hint: {error}");
    error
}

#[test]
fn packed_tables_are_read_by_content_whatever_their_name() {
    let members = [gzip(b"id,smiles\nd1,C\n"), gzip(b"d2,CC\n")].concat();
    let zst = zstd::encode_all(TABLE.as_bytes(), 3).unwrap();
    let zip = archive(&[("inner/table.csv", TABLE), ("__MACOSX/._table.csv", "x")]);
    for (name, bytes) in [
        ("a.csv.gz", gzip(TABLE.as_bytes())),
        ("a.csv", gzip(TABLE.as_bytes())),
        ("a.csv.bgz", members),
        ("a.csv.zst", zst.clone()),
        ("a", zst),
        ("a.zip", zip.clone()),
        ("a.csv", zip),
    ] {
        assert_eq!(rows(name, bytes).0, expected(TABLE), "{name}");
    }
}

#[test]
fn archives_of_several_files_and_damaged_ones_are_refused_by_name() {
    let (_dir, path) = file("a.zip", archive(&[("one.csv", TABLE), ("two.csv", TABLE)]));
    let several = error(&path);
    assert_eq!(several.kind(), ErrorKind::Ambiguous);
    assert!(several.to_string().contains("one.csv, two.csv"), "{several}");
    let whole = gzip("id,smiles\nd1,C\n".repeat(5000).as_bytes());
    let (_dir, path) = file("a.csv.gz", &whole[..whole.len() - 20]);
    assert_eq!(error(&path).kind(), ErrorKind::Malformed);
    let (_dir, path) = file("a.csv", b"BZh91AY&SY");
    assert!(error(&path).to_string().contains("bzip2"));
    let (_dir, path) = file("a.csv", b"id,smiles\nd1,\0\0\x01\n");
    assert!(error(&path).to_string().contains("binary"));
}

#[test]
fn a_bomb_is_refused_before_it_fills_memory() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.csv.gz");
    let mut encoder = flate2::write::GzEncoder::new(fs::File::create(&path).unwrap(), flate2::Compression::best());
    encoder.write_all(b"id,smiles\n").unwrap();
    let lines = vec![b'\n'; 1 << 20];
    for _ in 0..400 {
        encoder.write_all(&lines).unwrap();
    }
    encoder.finish().unwrap();
    let refused = error(&path);
    assert_eq!(refused.kind(), ErrorKind::TooLarge, "{refused}");
}

#[test]
fn other_encodings_and_line_ends_are_read() {
    let table = "id,name\nd1,café\n";
    let utf16 = |unit: fn(u16) -> [u8; 2], mark: bool| -> Vec<u8> {
        let mark = mark.then_some(0xFEFF);
        mark.into_iter().chain(table.encode_utf16()).flat_map(unit).collect()
    };
    for bytes in [
        utf16(u16::to_le_bytes, true),
        utf16(u16::to_be_bytes, true),
        utf16(u16::to_le_bytes, false),
        table.replace('\n', "\r\n").into_bytes(),
        table.replace('\n', "\r").into_bytes(),
        format!("\u{feff}{table}").into_bytes(),
    ] {
        assert_eq!(rows("a.csv", &bytes).0, expected(table), "{bytes:?}");
    }
    let (latin, notes) = rows("a.csv", b"id,name\nd1,caf\xe9\n");
    assert_eq!(latin, expected(table));
    assert!(notes[0].contains("1 cells or lines are not UTF-8"), "{notes:?}");
}

#[test]
fn tables_from_spreadsheet_programs_are_read() {
    for text in [
        "sep=;\nid;ki\nd1;1,5\nd2;10\n",
        "id;ki\nd1;1,5\nd2;10\n",
        "id\tki\nd1\t1,5\nd2\t10\n",
        "id|ki\nd1|1.5\nd2|10\n",
        "Kinases, measured 2024\n\nid;ki\nd1;1,5\nd2;10\n",
        "Kinases;\nid;ki\nd1;1,5\nd2;10\n",
        "# made by hand\nid,ki\nd1,1.5\nd2,10\n",
        "id;ki;;\nd1;1,5;;\nd2;10;;\n",
    ] {
        let (read, _) = rows("a.csv", text);
        assert_eq!(read, expected("id,ki\nd1,1.5\nd2,10"), "{text:?}");
    }
    let (read, notes) = rows("a.csv", "Kinases;\nid;ki\nd1;1,234\nd2;12,345\n");
    assert_eq!(read[1][1], "1,234", "thousands or decimals: unclear, and left as it is");
    assert!(notes[0].contains("1 lines above the header"), "{notes:?}");
}

#[test]
fn a_table_of_a_million_columns_is_refused() {
    let (_dir, path) = file("a.csv", "c,".repeat(1_000_000));
    assert_eq!(error(&path).kind(), ErrorKind::TooLarge);
}

#[test]
fn lists_of_smiles_need_no_header() {
    let read = |name: &str, text: &str| {
        let (_dir, path) = file(name, text);
        let library = load_drugs(&path, &ChematicToolkit, &ColumnMap::default(), &Keep::Nothing).unwrap();
        let rows: Vec<(u64, String)> = library.rows.into_iter().map(|row| (row.row, row.id)).collect();
        (rows, library.notes)
    };
    let named = |one: &str, two: &str| vec![(1, one.to_string()), (2, two.to_string())];
    for (name, text) in [
        ("a.smi", "CCO ethyl alcohol\nCCN x\n"),
        ("a.smiles", "CCO\tethyl alcohol\nCCN\tx\n"),
        ("a.ism", "smiles name\nCCO ethyl alcohol\nCCN x\n"),
        ("a.txt", "CCO ethyl alcohol\nCCN x\n"),
        ("a.txt", "smiles zinc_id\nCCO ethyl alcohol\nCCN x\n"),
        ("a.csv", "ethyl alcohol,CCO\nx,CCN\n"),
    ] {
        let (rows, notes) = read(name, text);
        assert_eq!(rows, named("ethyl alcohol", "x"), "{name}: {text:?}");
        let header = text.starts_with("smiles");
        assert_eq!(notes.is_empty(), header, "{text:?}: {notes:?}");
    }
    for name in ["a.smi", "a.txt", "a.csv"] {
        assert_eq!(read(name, "CCO\nCCN\n").0, named("CCO", "CCN"), "{name}");
    }
    let (_dir, path) = file("a.txt", "MKTAYIAKQRQISFVKSHFSRQ\nMKLVINGKTLKGEITVEGVDAA\n");
    let targets = load_targets(&path, &ColumnMap::default(), &Keep::Nothing).unwrap();
    assert_eq!(targets.entities.len(), 2);
}

#[cfg(unix)]
#[test]
fn only_regular_files_are_opened() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.csv");
    let _socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let socket = error(&path);
    assert_eq!(socket.kind(), ErrorKind::WrongFileType);
    assert!(socket.to_string().contains("socket"), "{socket}");
    assert!(error(Path::new("/dev/null")).to_string().contains("device"));
    let pipe = dir.path().join("pipe.csv");
    if std::process::Command::new("mkfifo")
        .arg(&pipe)
        .status()
        .is_ok_and(|status| status.success())
    {
        assert!(error(&pipe).to_string().contains("pipe"));
    }
}

/// A folder as DeepDTA publishes it; numpy pickled `Y` with protocol 2.
#[test]
fn the_layout_of_deepdta_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let write = |name: &str, bytes: &[u8]| fs::write(dir.join(name), bytes).unwrap();
    write("ligands_can.txt", br#"{"z": "CCO", "a": "CCN"}"#);
    write("proteins.txt", br#"{"P": "MKTAYIAKQRQISFVKSHFSRQ"}"#);
    let mut pickle = b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x00cnumpy\nndarray\nq\x01K\x00\x85q\x02U\x01bq\x03\x87q\x04Rq\x05(K\x01K\x02K\x01\x86q\x06cnumpy\ndtype\nq\x07U\x02f8q\x08K\x00K\x01\x87q\tRq\n(K\x03U\x01<q\x0bNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x0cb\x89U\x10".to_vec();
    for value in [43.0f64, 10000.0] {
        pickle.extend(value.to_le_bytes());
    }
    pickle.extend(b"q\rtq\x0eb.");
    write("Y", &pickle);
    let (dataset, rejections) =
        fusebind_data::source::load_dataset(dir, &ChematicToolkit, &Default::default()).unwrap();
    assert!(rejections.is_empty(), "{rejections:?}");
    // Ids keep the order of the file, which is that of the rows of Y.
    assert_eq!((dataset.drugs[0].ids[0].as_str(), dataset.interactions.len()), ("z", 2));
    assert!(
        (dataset.interactions[1].affinity.unwrap().value - 5.0).abs() < 1e-9,
        "10000 nM"
    );
    assert!(
        dataset.notes.iter().any(|note| note.contains("Kd_nM")),
        "{:?}",
        dataset.notes
    );
}

mod parquet_bombs {
    use std::sync::Arc;

    use arrow::{
        array::{ArrayRef, DictionaryArray, Int32Array, RecordBatch, StringArray},
        datatypes::Int32Type,
    };
    use parquet::{
        arrow::ArrowWriter,
        basic::{Compression, ZstdLevel},
        file::properties::WriterProperties,
    };

    use super::*;

    fn write(batch: &RecordBatch, times: usize) -> (TempDir, PathBuf) {
        let (dir, path) = file("a.parquet", "");
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_dictionary_page_size_limit(1 << 30)
            .build();
        let out = fs::File::create(&path).unwrap();
        let mut writer = ArrowWriter::try_new(out, batch.schema(), Some(properties)).unwrap();
        (0..times).for_each(|_| writer.write(batch).unwrap());
        writer.close().unwrap();
        (dir, path)
    }

    #[test]
    fn a_dictionary_that_repeats_a_long_text_is_refused() {
        let keys = Int32Array::from(vec![0; 1000]);
        let long = "C".repeat(1 << 20);
        let values: ArrayRef = Arc::new(StringArray::from(vec![long.as_str()]));
        let column: ArrayRef = Arc::new(DictionaryArray::<Int32Type>::try_new(keys, values).unwrap());
        let (_dir, path) = write(&RecordBatch::try_from_iter([("smiles", column)]).unwrap(), 1);
        assert!(fs::metadata(&path).unwrap().len() < 100_000);
        assert_eq!(error(&path).kind(), ErrorKind::TooLarge);
    }

    #[test]
    fn millions_of_nulls_in_a_small_file_are_refused() {
        let column: ArrayRef = Arc::new(Int32Array::new_null(1_000_000));
        let (_dir, path) = write(&RecordBatch::try_from_iter([("id", column)]).unwrap(), 60);
        let refused = error(&path);
        assert_eq!(refused.kind(), ErrorKind::TooLarge);
        assert!(refused.to_string().contains("60000000 rows"), "{refused}");
    }
}

#[test]
fn sd_fields_that_differ_in_each_record_take_no_quadratic_memory() {
    let block = "\n\n\n\nM  END\n";
    let text: String = (0..20_000)
        .map(|at| format!("{block}> <F{at}>\n{at}\n\n$$$$\n"))
        .collect();
    let (_dir, path) = file("a.sdf", text);
    let (table, _) = RawTable::read(&path).unwrap();
    assert_eq!(table.len(), 20_000);
    assert!(table.columns().len() <= 1000);
    assert!(table.notes()[0].contains("rarest data fields"), "{:?}", table.notes());
}

/// A workbook of two sheets; `rows` is the XML of the second one, the first one is empty.
fn workbook(rows: &str) -> Vec<u8> {
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006/relationships";
    let sheet = |rows: &str| format!("<worksheet xmlns=\"{main}\"><sheetData>{rows}</sheetData></worksheet>");
    let sheets: String = (1..=3)
        .map(|at| format!("<sheet name=\"S{at}\" sheetId=\"{at}\" r:id=\"r{at}\"/>"))
        .collect();
    let links: String = (1..=3)
        .map(|at| {
            format!("<Relationship Id=\"r{at}\" Type=\"{office}/worksheet\" Target=\"worksheets/sheet{at}.xml\"/>")
        })
        .collect();
    archive(&[
        (
            "xl/workbook.xml",
            &format!("<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets>{sheets}</sheets></workbook>"),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            &format!("<Relationships xmlns=\"{package}\">{links}</Relationships>"),
        ),
        (
            "_rels/.rels",
            &format!(
                "<Relationships xmlns=\"{package}\"><Relationship Id=\"r1\" Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        ("xl/worksheets/sheet1.xml", &sheet("")),
        ("xl/worksheets/sheet2.xml", &sheet(rows)),
        (
            "xl/worksheets/sheet3.xml",
            &sheet("<row r=\"1\"><c r=\"A1\"><v>1</v></c></row>"),
        ),
    ])
}

#[test]
fn the_first_filled_sheet_of_a_workbook_is_read() {
    let text = |place: &str, text: &str| format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let rows_xml = format!(
        "<row r=\"1\">{}</row><row r=\"3\">{}{}</row><row r=\"4\">{}<c r=\"B4\"><v>10</v></c></row><row r=\"5\">{}<c r=\"B5\"><v>0.25</v></c></row>",
        text("A1", "Kinases"),
        text("A3", "id"),
        text("B3", "ki"),
        text("A4", "d1"),
        text("A5", "d2"),
    );
    for name in ["a.xlsx", "a.csv"] {
        let (read, notes) = rows(name, workbook(&rows_xml));
        assert_eq!(read, expected("id,ki\nd1,10\nd2,0.25"), "{name}");
        assert!(
            notes.iter().any(|note| note.contains("sheet `S2` was read, not S3")),
            "{notes:?}"
        );
    }
}

#[test]
fn a_workbook_with_a_far_cell_takes_no_range_of_billions() {
    let rows = "<row r=\"1\"><c r=\"A1\"><v>1</v></c><c r=\"XFD1\"><v>2</v></c></row>\
                <row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>";
    let (_dir, path) = file("a.xlsx", workbook(rows));
    let (table, _) = RawTable::read(&path).unwrap();
    assert_eq!((table.len(), table.row_number(0)), (1, 1_048_575));
}

mod deepdta {
    use fusebind_data::source::{LoadConfig, load_dataset};

    use super::*;

    /// The pickle of a matrix as Python 2 wrote it.
    fn matrix(rows: &[[f64; 2]]) -> String {
        let data: String = rows
            .iter()
            .flatten()
            .flat_map(|v| v.to_le_bytes())
            .map(|b| format!("\\x{b:02x}"))
            .collect();
        format!(
            "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n(I{}\nI2\ntcnumpy\ndtype\n\
             (S'f8'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntbI00\nS'{data}'\ntb.",
            rows.len()
        )
    }

    #[test]
    fn a_folder_is_read_in_the_order_of_its_files() {
        let (dir, _) = file("ligands_can.txt", r#"{"20": "CCO", "1": "CCN"}"#);
        let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
        write(
            "proteins.txt",
            r#"{"Z": "MKTAYIAKQRQISFVKSHFSRQ", "A": "MKLVINGKTLKGEITVEGVDAA"}"#,
        );
        write("Y", &matrix(&[[5.0, f64::NAN], [7.5, 10.0]]));
        fs::create_dir(dir.path().join("folds")).unwrap();
        write("folds/train_fold_setting1.txt", "[[0], [2]]");
        write("folds/test_fold_setting1.txt", "[1]");
        let config = LoadConfig {
            unit: Some("pKd".into()),
            ..LoadConfig::default()
        };
        let (data, rejections) = load_dataset(dir.path(), &ChematicToolkit, &config).unwrap();
        assert!(rejections.is_empty(), "{rejections:?}");
        let pairs: Vec<(&str, &str, f64)> = data
            .interactions
            .iter()
            .map(|pair| {
                let (drug, target) = (&data.drugs[pair.drug as usize], &data.targets[pair.target as usize]);
                (&drug.ids[0][..], &target.ids[0][..], pair.affinity.unwrap().value)
            })
            .collect();
        assert_eq!(pairs, [("20", "Z", 5.0), ("1", "Z", 7.5), ("1", "A", 10.0)]);
        let fold: Vec<&str> = data.split_columns["split_setting1"]
            .iter()
            .map(|part| part.as_deref().unwrap())
            .collect();
        assert_eq!(fold, ["fold0", "test", "fold1"]);
        write("Y", "cos\nsystem\n(S'true'\ntR.");
        let refused = load_dataset(dir.path(), &ChematicToolkit, &config).unwrap_err();
        assert!(refused.to_string().contains("system"), "{refused}");
    }
}

#[test]
fn a_rejected_row_of_a_library_without_a_header_keeps_the_number_of_its_line() {
    let (_dir, path) = file("library.csv", "CCO,d1\nCCN,d2\nCCC,d3,too many\nnonsense,d4\nCCCC,d5\n");
    let table = load_drugs(&path, &ChematicToolkit, &ColumnMap::default(), &Keep::Nothing).unwrap();
    let mut rows: Vec<u64> = table.rejections.iter().map(|rejection| rejection.row).collect();
    rows.sort_unstable();
    assert_eq!(rows, [3, 4], "{:?}", table.rejections);
}
