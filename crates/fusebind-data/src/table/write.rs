//! Typed columns to CSV, TSV or Parquet, by the extension of the path; rejected rows to a table.

use std::{io, path::Path, sync::Arc};

use arrow::{
    datatypes::{Field, Schema},
    record_batch::RecordBatch,
};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    file::properties::WriterProperties,
};

use super::{Rejection, atomic::write_atomically, column::Column};
use crate::{Error, ErrorKind};

/// Rows written at a time: a row group, so that readers need little memory.
const GROUP_ROWS: usize = 1 << 17;

/// Writes `columns`, which must be of equal length and distinct names, to `path` (`.csv`, `.tsv` or `.parquet`). The file
/// appears complete or not at all.
pub fn write(path: &Path, columns: &[Column]) -> Result<(), Error> {
    let rows = columns.first().map_or(0, Column::len);
    for (at, column) in columns.iter().enumerate() {
        if column.len() != rows || columns[..at].iter().any(|earlier| earlier.name == column.name) {
            let reason = format!(
                "the column has {} rows where {rows} are due, or its name occurs twice",
                column.len()
            );
            return Err(Error::new(ErrorKind::Config, reason)
                .in_file(path)
                .in_column(&column.name));
        }
    }
    match path
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default()
    {
        "csv" => write_atomically(path, |out| write_delimited(out, b',', columns, rows)),
        "tsv" => write_atomically(path, |out| write_delimited(out, b'\t', columns, rows)),
        "parquet" => write_atomically(path, |out| write_parquet(out, columns, rows)),
        other => Err(
            Error::new(ErrorKind::Config, format!("tables are not written as `{other}`"))
                .in_file(path)
                .hint("name the file .csv, .tsv or .parquet"),
        ),
    }
}

/// Writes rejected rows with the columns `file`, `row`, `field`, `value`, `reason`.
pub fn write_rejections(path: &Path, rejections: &[Rejection]) -> Result<(), Error> {
    write(path, &rejection_columns(rejections))
}

/// The columns `file`, `row`, `field`, `value` and `reason`.
pub(crate) fn rejection_columns(rejections: &[Rejection]) -> Vec<Column> {
    let text = |name: &str, field: fn(&Rejection) -> &String| {
        Column::text(
            name,
            rejections
                .iter()
                .map(|r| Some(field(r).as_str()).filter(|text| !text.is_empty())),
        )
    };
    vec![
        text("file", |r| &r.file),
        Column::whole("row", rejections.iter().map(|r| i64::try_from(r.row).ok())),
        text("field", |r| &r.field),
        text("value", |r| &r.value),
        text("reason", |r| &r.reason),
    ]
}

fn write_delimited(out: &mut impl io::Write, delimiter: u8, columns: &[Column], rows: usize) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(out);
    writer
        .write_record(columns.iter().map(|column| column.name.as_bytes()))
        .map_err(into_io)?;
    for row in 0..rows {
        writer
            .write_record(columns.iter().map(|column| column.cell(row)))
            .map_err(into_io)?;
    }
    writer.flush()
}

pub(super) fn into_io(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

fn write_parquet(out: &mut (impl io::Write + Send), columns: &[Column], rows: usize) -> io::Result<()> {
    let fields: Vec<Field> = columns
        .iter()
        .map(|column| Field::new(&column.name, column.data_type(), true))
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let properties = parquet_properties()?;
    let mut writer = ArrowWriter::try_new(out, schema.clone(), Some(properties)).map_err(unwrap_io)?;
    for start in (0..rows).step_by(GROUP_ROWS) {
        let end = rows.min(start + GROUP_ROWS);
        let arrays = columns.iter().map(|column| column.array(start..end)).collect();
        let batch = RecordBatch::try_new(schema.clone(), arrays).map_err(io::Error::other)?;
        writer.write(&batch).map_err(unwrap_io)?;
    }
    writer.close().map_err(unwrap_io).map(|_| ())
}

/// Compression and row groups of written Parquet files.
pub(crate) fn parquet_properties() -> io::Result<WriterProperties> {
    let level = ZstdLevel::try_new(3).map_err(unwrap_io)?;
    Ok(WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .build())
}

/// The I/O error inside a Parquet error (a full disk, say), so that its kind is not lost.
pub(crate) fn unwrap_io(error: parquet::errors::ParquetError) -> io::Error {
    match error {
        parquet::errors::ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(inner) => *inner,
            Err(inner) => io::Error::other(inner),
        },
        other => io::Error::other(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::RawTable;

    #[test]
    fn values_survive_csv_tsv_and_parquet() {
        let dir = tempfile::tempdir().unwrap();
        let columns = [
            Column::text("smiles", [Some("C[N+](C)(C)C, \"quoted\"\nnext"), None]),
            Column::real("value", [Some(0.1 + 0.2), None]),
            Column::whole("row", [Some(-7), None]),
            Column::flag("used", [Some(true), Some(false)]),
        ];
        for name in ["out.csv", "out.tsv", "out.parquet"] {
            let path = dir.path().join(name);
            write(&path, &columns).unwrap();
            let (table, rejections) = RawTable::read(&path).unwrap();
            assert_eq!((table.len(), rejections.len()), (2, 0), "{name}");
            let row = |row| table.columns().iter().map(|column| column.get(row)).collect::<Vec<_>>();
            let first = ["C[N+](C)(C)C, \"quoted\"\nnext", "0.30000000000000004", "-7", "true"].map(Some);
            assert_eq!(row(0), first, "{name}");
            assert_eq!(row(1), [None, None, None, Some("false")], "{name}");
        }
    }

    #[test]
    fn ragged_columns_and_unknown_formats_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let ragged = [Column::whole("a", [Some(1)]), Column::whole("b", [])];
        assert_eq!(
            write(&dir.path().join("out.csv"), &ragged).unwrap_err().kind(),
            ErrorKind::Config
        );
        let twice = [Column::whole("a", [Some(1)]), Column::whole("a", [Some(1)])];
        assert_eq!(
            write(&dir.path().join("out.csv"), &twice).unwrap_err().kind(),
            ErrorKind::Config
        );
        assert!(
            write(&dir.path().join("out.xlsx"), &[])
                .unwrap_err()
                .remedy()
                .contains(".csv")
        );
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
