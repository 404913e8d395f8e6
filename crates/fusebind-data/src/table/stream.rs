//! A table that is written in parts, for results that are larger than memory.
//!
//! Comes in: the same columns again and again. Goes out: one CSV, TSV or Parquet file, which appears under its name when it is
//! finished and leaves nothing behind when it is not.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow::{
    array::RecordBatch,
    datatypes::{Field, Schema},
};
use fusebind_features::atomic::NewFile;
use parquet::arrow::ArrowWriter;

use super::{
    Column,
    write::{into_io, parquet_properties, unwrap_io},
};
use crate::{Error, ErrorKind};

/// See the file's header.
pub struct StreamedTable {
    path: PathBuf,
    new: NewFile,
    sink: Sink,
}

enum Sink {
    /// Nothing was written yet.
    Empty {
        separator: Option<u8>,
        file: Option<File>,
    },
    Delimited(Box<csv::Writer<BufWriter<File>>>),
    Parquet(Box<ArrowWriter<File>>, Arc<Schema>),
    Closed,
}

impl StreamedTable {
    /// A table that will appear at `path` (`.csv`, `.tsv` or `.parquet`).
    pub fn create(path: &Path) -> Result<Self, Error> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let separator = match extension {
            Some("csv") => Some(b','),
            Some("tsv") => Some(b'\t'),
            Some("parquet") => None,
            other => {
                let reason = format!("tables are not written as `{}`", other.unwrap_or_default());
                return Err(Error::new(ErrorKind::Config, reason)
                    .in_file(path)
                    .hint("name the file .csv, .tsv or .parquet"));
            }
        };
        let (new, file) = NewFile::create(path).map_err(|source| Error::write(path, source))?;
        Ok(Self {
            path: path.to_path_buf(),
            new,
            sink: Sink::Empty {
                separator,
                file: Some(file),
            },
        })
    }

    /// Appends rows. All parts have the same columns.
    pub fn append(&mut self, columns: &[Column]) -> Result<(), Error> {
        let written = self.open(columns).and_then(|()| match &mut self.sink {
            Sink::Delimited(writer) => {
                let rows = columns.first().map_or(0, Column::len);
                (0..rows).try_for_each(|row| {
                    let cells = columns.iter().map(|column| column.cell(row));
                    writer.write_record(cells).map_err(into_io)
                })
            }
            Sink::Parquet(writer, schema) => {
                let rows = columns.first().map_or(0, Column::len);
                let arrays = columns.iter().map(|column| column.array(0..rows)).collect();
                let batch = RecordBatch::try_new(schema.clone(), arrays).map_err(std::io::Error::other)?;
                writer.write(&batch).map_err(unwrap_io)
            }
            Sink::Empty { .. } | Sink::Closed => Ok(()),
        });
        written.map_err(|source| Error::write(&self.path, source))
    }

    /// Begins the file with the names of the first part.
    fn open(&mut self, columns: &[Column]) -> std::io::Result<()> {
        let Sink::Empty { separator, file } = &mut self.sink else {
            return Ok(());
        };
        let Some(file) = file.take() else { return Ok(()) };
        self.sink = match *separator {
            Some(separator) => {
                let mut writer = csv::WriterBuilder::new()
                    .delimiter(separator)
                    .from_writer(BufWriter::new(file));
                writer
                    .write_record(columns.iter().map(|column| column.name.as_bytes()))
                    .map_err(into_io)?;
                Sink::Delimited(Box::new(writer))
            }
            None => {
                let field = |column: &Column| Field::new(&column.name, column.data_type(), true);
                let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
                let properties = parquet_properties()?;
                let writer = ArrowWriter::try_new(file, schema.clone(), Some(properties)).map_err(unwrap_io)?;
                Sink::Parquet(Box::new(writer), schema)
            }
        };
        Ok(())
    }

    /// Closes the file and gives it its name.
    pub fn finish(mut self) -> Result<(), Error> {
        let closed = match std::mem::replace(&mut self.sink, Sink::Closed) {
            Sink::Delimited(writer) => writer
                .into_inner()
                .map_err(|error| error.into_error())
                .and_then(|mut buffer| buffer.flush().and_then(|()| buffer.get_ref().sync_all())),
            Sink::Parquet(writer, _) => writer.into_inner().map_err(unwrap_io).and_then(|file| file.sync_all()),
            Sink::Empty { .. } | Sink::Closed => Ok(()),
        };
        closed
            .and_then(|()| self.new.finish())
            .map_err(|source| Error::write(&self.path, source))
    }

    /// Leaves no file.
    pub fn discard(self) {
        drop(self);
    }
}
