//! Every format reads what it should, and every kind of bad input ends in a clear error or a rejected row.

#![allow(clippy::unwrap_used)]

use std::{fs, path::PathBuf};

use fusebind_data::{
    ErrorKind,
    source::{RawTable, ReadLimits},
    table::{Column, write},
};
use tempfile::TempDir;

fn file(name: &str, bytes: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    fs::write(&path, bytes).unwrap();
    (dir, path)
}

fn cells(table: &RawTable, column: &str) -> Vec<Option<String>> {
    let column = table.require(column).unwrap();
    (0..table.len())
        .map(|row| column.get(row).map(str::to_string))
        .collect()
}

fn some(cells: &[&str]) -> Vec<Option<String>> {
    cells.iter().map(|cell| Some(cell.to_string())).collect()
}

fn error(name: &str, bytes: impl AsRef<[u8]>) -> fusebind_data::Error {
    let (_dir, path) = file(name, bytes);
    let error = RawTable::read(&path).unwrap_err();
    assert!(error.to_string().contains(name), "the file is named: {error}");
    assert!(error.to_string().contains("\nhint: "), "there is a hint: {error}");
    error
}

#[test]
fn the_delimiter_is_taken_from_the_header() {
    for (name, text) in [
        ("a.csv", "id,smiles\nd1,C\n"),
        ("a.csv", "id;smiles\nd1;C\n"),
        ("a.csv", "id\tsmiles\nd1\tC\n"),
        ("a.tsv", "id\tsmiles\nd1\tC\n"),
        ("a.tsv", "id,smiles\nd1,C"),
        ("a.txt", "id,smiles\r\nd1,C\r\n"),
        ("a.csv", "\u{feff}id,smiles\nd1,C\n"),
    ] {
        let (_dir, path) = file(name, text);
        let (table, rejections) = RawTable::read(&path).unwrap();
        assert!(rejections.is_empty(), "{text:?}");
        assert_eq!(
            (cells(&table, "id"), cells(&table, "smiles")),
            (some(&["d1"]), some(&["C"])),
            "{text:?}"
        );
    }
}

#[test]
fn quoted_cells_keep_delimiters_and_line_breaks_and_empty_cells_are_null() {
    let (_dir, path) = file("a.csv", "id,name\nd1,\"a, \"\"b\"\"\nc\"\nd2,\n");
    let (table, _) = RawTable::read(&path).unwrap();
    assert_eq!(cells(&table, "name"), [Some("a, \"b\"\nc".to_string()), None]);
}

#[test]
fn ragged_rows_are_rejected_and_the_others_kept() {
    let (_dir, path) = file("a.csv", "id,smiles\nd1,C\nd2\nd3,C,extra\nd4,CC\n");
    let (table, rejections) = RawTable::read(&path).unwrap();
    assert_eq!(cells(&table, "id"), some(&["d1", "d4"]));
    assert_eq!((table.row_number(0), table.row_number(1)), (1, 4));
    assert_eq!(rejections.iter().map(|r| r.row).collect::<Vec<_>>(), [2, 3]);
    assert!(
        rejections[0].reason.contains("1 fields but the header names 2"),
        "{}",
        rejections[0]
    );
}

#[test]
fn an_open_quote_does_not_swallow_rows_in_silence() {
    let (_dir, path) = file("a.csv", "id,name\nd1,x\nd2,\"open\nd3,y\nd4,z\n");
    let (table, rejections) = RawTable::read(&path).unwrap();
    assert_eq!(table.len(), 1);
    assert_eq!(rejections.len(), 1);
    assert!(rejections[0].reason.contains("never closes"), "{}", rejections[0]);
}

#[test]
fn an_overlong_cell_is_rejected_in_every_format() {
    let limits = ReadLimits {
        cell_bytes: 1000,
        ..ReadLimits::default()
    };
    let long = "C".repeat(100_000);
    let sd = format!("t\n\n\n{long}\nM  END\n$$$$\n");
    for (name, text) in [
        ("a.csv", format!("id,smiles\nd1,{long}\nd2,C\n")),
        ("a.tsv", format!("id\tsmiles\nd1\t\"{long}\"\nd2\tC\n")),
        ("a.fasta", format!(">d1\n{long}\n>d2\nMK\n")),
        ("a.fasta", format!(">d1\n{}>d2\nMK\n", "MKMK\n".repeat(400))),
        ("a.sdf", format!("{sd}d2\n\n\n\nM  END\n$$$$\n")),
    ] {
        let (_dir, path) = file(name, text);
        let (table, rejections) = RawTable::read_within(&path, &limits).unwrap();
        assert_eq!((table.len(), rejections.len()), (1, 1), "{name}: {rejections:?}");
        assert_eq!((rejections[0].row, table.row_number(0)), (1, 2), "{name}");
        assert!(rejections[0].value.chars().count() <= 80);
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.parquet");
    write(&path, &[Column::text("smiles", [Some(long.as_str()), Some("C")])]).unwrap();
    let (table, rejections) = RawTable::read_within(&path, &limits).unwrap();
    assert_eq!(
        (cells(&table, "smiles"), rejections.len(), rejections[0].row),
        (some(&["C"]), 1, 1)
    );
    let error = RawTable::read_within(
        &path,
        &ReadLimits {
            chunk_bytes: 1000,
            ..limits
        },
    )
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[test]
fn what_is_no_readable_file_says_why() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a.csv", "a.parquet", "a.sdf", "a.fasta", "a.unknown"] {
        let path = dir.path().join(name);
        let missing = RawTable::read(&path).unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound, "{name}");
        assert!(missing.to_string().contains("hint:"));
        fs::create_dir(&path).unwrap();
        let directory = RawTable::read(&path).unwrap_err();
        assert_eq!(directory.kind(), ErrorKind::WrongFileType, "{name}");
    }
    for name in ["b.csv", "b.tsv", "b.parquet", "b.sdf", "b.fasta"] {
        assert_eq!(error(name, b"").kind(), ErrorKind::Empty, "{name}");
    }
    assert_eq!(error("c.xlsx", b"PK\x03\x04").kind(), ErrorKind::Malformed);
    assert_eq!(error("c.csv.gz", b"\x1f\x8b").kind(), ErrorKind::Malformed);
    assert_eq!(error("c.csv", b"PAR1 is no text").kind(), ErrorKind::Malformed);
    assert_eq!(error("c.parquet", b"id,smiles").kind(), ErrorKind::Malformed);
}

#[test]
fn duplicate_and_missing_columns_are_errors_that_name_the_column() {
    let duplicate = error("a.csv", "id,smiles,id\n1,C,2\n");
    assert_eq!(duplicate.kind(), ErrorKind::DuplicateColumn);
    assert_eq!(duplicate.position().column.as_deref(), Some("id"));
    let (_dir, path) = file("a.csv", "id,name\n1,C\n");
    let missing = RawTable::read(&path).unwrap().0.require("smiles").unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::MissingColumn);
    assert!(missing.remedy().contains("id, name"), "{missing}");
}

#[test]
fn a_truncated_or_corrupt_parquet_file_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.parquet");
    let rows = (0..500).map(|row| Some(format!("value {row} {}", row * row)));
    write(&path, &[Column::text("id", rows)]).unwrap();
    let whole = fs::read(&path).unwrap();
    for length in [1, 4, 11, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        let error = RawTable::read(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{length}");
        assert!(error.to_string().contains("hint: the file may be cut short"), "{error}");
    }
    // Any single corrupt byte gives a table or an error, never a panic.
    for at in (0..whole.len()).step_by(7) {
        let mut corrupt = whole.clone();
        corrupt[at] ^= 0xff;
        fs::write(&path, &corrupt).unwrap();
        let _ = RawTable::read(&path);
    }
}

#[test]
fn sd_records_give_blocks_titles_and_fields() {
    let block = "aspirin\n  made by hand\n\n  0  0\nM  END\n";
    let text = format!(
        "{block}> <ID>\nd1\n\n>  25 <NOTE>\nline 1\nline 2\n\n$$$$\n{block}> <ID>\nd2\n\n$$$$\nbroken\n$$$$\n{block}"
    );
    let (_dir, path) = file("a.sdf", text);
    let (table, rejections) = RawTable::read(&path).unwrap();
    assert_eq!(cells(&table, "molblock")[0].as_deref(), Some(block));
    assert_eq!(
        cells(&table, "ID"),
        [Some("d1".to_string()), Some("d2".to_string()), None]
    );
    assert_eq!(cells(&table, "NOTE"), [Some("line 1\nline 2".to_string()), None, None]);
    assert_eq!((rejections.len(), rejections[0].row, table.row_number(2)), (1, 3, 4));
    assert!(rejections[0].reason.contains("M  END"));
}

#[test]
fn fasta_records_give_id_description_and_sequence() {
    let (_dir, path) = file("a.fasta", "\n>sp|P1|A first one\nMK\nLL \r\n>empty\n>b\nM\n>\nMM\n");
    let (table, rejections) = RawTable::read(&path).unwrap();
    assert_eq!(cells(&table, "id"), some(&["P1", "b"]));
    assert_eq!(cells(&table, "name"), [Some("A".to_string()), None]);
    assert_eq!(cells(&table, "description"), [Some("first one".to_string()), None]);
    assert_eq!(cells(&table, "sequence"), some(&["MKLL", "M"]));
    assert_eq!(
        rejections.iter().map(|r| (r.row, r.field.as_str())).collect::<Vec<_>>(),
        [(2, "sequence"), (4, "id")]
    );
    assert_eq!(error("b.fasta", "MKLL\n>a\nMK\n").kind(), ErrorKind::Malformed);
}
