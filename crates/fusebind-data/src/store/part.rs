//! One part: a Parquet file with a row for each compound.
//!
//! Columns: `place` among all rows of all files, `file` and `row` where it was read, `id`, `smiles`, its properties, and `code`, bytes of a fixed
//! number. Text and numbers are packed; codes are not, since they do not get smaller and are what is read again and again.

use std::{
    fs::File,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow::{
    array::{Array, ArrayRef, AsArray, FixedSizeBinaryArray, Float64Array, Int64Array, RecordBatch, StringArray},
    datatypes::{DataType, Field, Float64Type, Int64Type, Schema},
};
use bytes::Bytes;
use fusebind_features::coded::{CodedRows, SampledRows};
use parquet::{
    arrow::{
        ArrowWriter, ProjectionMask,
        arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection},
    },
    basic::{Compression, ZstdLevel},
    file::{metadata::PageIndexPolicy, properties::WriterProperties, reader::ChunkReader},
    schema::types::ColumnPath,
};

use crate::{
    Error, ErrorKind,
    table::{unwrap_io, write_atomically},
};

const CODE: &str = "code";
const NUMBERS: [&str; 3] = ["place", "file", "row"];
const TEXTS: [&str; 2] = ["id", "smiles"];

/// A compound of a part.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredRow {
    /// Place among all rows of all files, accepted or not.
    pub place: u64,
    /// Number of its file.
    pub file: u32,
    /// 1-based row of the file.
    pub row: u64,
    /// What the row calls it.
    pub id: String,
    /// Canonical SMILES of the molecule that is predicted.
    pub smiles: String,
    /// Its properties, in the order of their names.
    pub properties: Vec<f64>,
}

/// A part on disk.
#[derive(Clone, Debug)]
pub struct PartFile {
    path: PathBuf,
    channels: usize,
}

impl PartFile {
    /// The part at `path`, with `channels` bytes in a code.
    pub fn new(path: &Path, channels: usize) -> Self {
        Self {
            path: path.to_path_buf(),
            channels,
        }
    }

    /// Writes the part, whole or not at all; `names` are those of the properties.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write(&self, rows: &[StoredRow], codes: &[i8], names: &[&str]) -> Result<(), Error> {
        let batch = self
            .batch(rows, codes, names)
            .map_err(|error| Error::write(&self.path, std::io::Error::other(error)))?;
        write_atomically(&self.path, |out| {
            let level = ZstdLevel::try_new(3).map_err(unwrap_io)?;
            let code = ColumnPath::from(CODE);
            let properties = WriterProperties::builder()
                .set_compression(Compression::ZSTD(level))
                .set_column_compression(code.clone(), Compression::UNCOMPRESSED)
                .set_column_dictionary_enabled(code, false)
                .build();
            let mut writer = ArrowWriter::try_new(out, batch.schema(), Some(properties)).map_err(unwrap_io)?;
            writer.write(&batch).map_err(unwrap_io)?;
            writer.close().map_err(unwrap_io).map(|_| ())
        })
    }

    fn batch(&self, rows: &[StoredRow], codes: &[i8], names: &[&str]) -> Result<RecordBatch, arrow::error::ArrowError> {
        let whole = |of: fn(&StoredRow) -> u64| Arc::new(rows.iter().map(|row| of(row) as i64).collect::<Int64Array>());
        let text =
            |of: fn(&StoredRow) -> &String| Arc::new(rows.iter().map(|row| Some(of(row))).collect::<StringArray>());
        let mut columns: Vec<(&str, ArrayRef)> = vec![
            (NUMBERS[0], whole(|row| row.place)),
            (NUMBERS[1], whole(|row| u64::from(row.file))),
            (NUMBERS[2], whole(|row| row.row)),
            (TEXTS[0], text(|row| &row.id)),
            (TEXTS[1], text(|row| &row.smiles)),
        ];
        for (at, name) in names.iter().enumerate() {
            columns.push((
                name,
                Arc::new(rows.iter().map(|row| row.properties[at]).collect::<Float64Array>()),
            ));
        }
        let bytes = codes.iter().map(|code| *code as u8).collect::<Vec<u8>>();
        let code = FixedSizeBinaryArray::try_new(self.channels as i32, bytes.into(), None)?;
        columns.push((CODE, Arc::new(code)));
        let fields: Vec<Field> = (columns.iter())
            .map(|(name, array)| Field::new(*name, array.data_type().clone(), false))
            .collect();
        RecordBatch::try_new(
            Arc::new(Schema::new(fields)),
            columns.into_iter().map(|(_, array)| array).collect(),
        )
    }

    /// Places, codes and the properties `names`.
    ///
    /// # Errors
    /// Where the file is damaged, or is no part with codes of this length.
    pub fn codes(&self, names: &[&str]) -> Result<CodedRows, Error> {
        self.coded(self.open()?, names)
    }

    /// [`PartFile::codes`] of the bytes of the file.
    ///
    /// # Errors
    /// As for [`PartFile::codes`].
    pub fn codes_of(&self, bytes: Vec<u8>, names: &[&str]) -> Result<CodedRows, Error> {
        self.coded(Bytes::from(bytes), names)
    }

    fn coded(&self, input: impl ChunkReader + 'static, names: &[&str]) -> Result<CodedRows, Error> {
        let wanted = [&[NUMBERS[0]], names, &[CODE]].concat();
        let mut all = CodedRows::default();
        for batch in self.read(input, &wanted, None)? {
            self.add_places(&batch, names, &mut all)?;
            all.codes.extend(self.code(&batch)?);
        }
        match all.codes.len() == all.places.len() * self.channels {
            true => Ok(all),
            false => Err(self.foreign()),
        }
    }

    /// Places and the properties `names`, without codes.
    ///
    /// # Errors
    /// Where the file is damaged or no part.
    pub fn places(&self, names: &[&str]) -> Result<CodedRows, Error> {
        let wanted = [&[NUMBERS[0]], names].concat();
        let mut all = CodedRows::default();
        for batch in self.read(self.open()?, &wanted, None)? {
            self.add_places(&batch, names, &mut all)?;
        }
        Ok(all)
    }

    fn add_places(&self, batch: &RecordBatch, names: &[&str], all: &mut CodedRows) -> Result<(), Error> {
        all.places.extend(self.numbers(batch, NUMBERS[0])?);
        let columns = self.reals(batch, names)?;
        all.properties
            .extend((0..batch.num_rows()).flat_map(|row| columns.iter().map(move |column| column.value(row))));
        Ok(())
    }

    /// The codes of a batch.
    fn code(&self, batch: &RecordBatch) -> Result<Vec<i8>, Error> {
        let column = self.column(batch, CODE)?;
        let code = column
            .as_fixed_size_binary_opt()
            .filter(|code| code.value_length() == self.channels as i32);
        let code = code.ok_or_else(|| self.foreign())?;
        Ok(code.value_data().iter().map(|byte| *byte as i8).collect())
    }

    /// Codes and SMILES at `places`, ascending, which must be there. Pages without such a row are not read.
    ///
    /// # Errors
    /// Where the file is damaged or no part, or a place is missing.
    pub fn sampled(&self, places: &[u64]) -> Result<SampledRows, Error> {
        let all = self.places(&[])?.places;
        let find = |place: &u64| all.binary_search(place).map_err(|_| self.foreign());
        let rows: Vec<usize> = places.iter().map(find).collect::<Result<_, Error>>()?;
        let ranges = rows.iter().map(|row| *row..*row + 1);
        let selection = RowSelection::from_consecutive_ranges(ranges, all.len());
        let mut sampled = SampledRows::default();
        for batch in self.read(self.open()?, &[TEXTS[1], CODE], Some(selection))? {
            sampled.codes.extend(self.code(&batch)?);
            let smiles = self.column(&batch, TEXTS[1])?;
            let smiles = smiles.as_string_opt::<i32>().ok_or_else(|| self.foreign())?;
            sampled.smiles.extend(smiles.iter().flatten().map(str::to_string));
        }
        match sampled.smiles.len() == places.len() && sampled.codes.len() == places.len() * self.channels {
            true => Ok(sampled),
            false => Err(self.foreign()),
        }
    }

    /// The rows at `wanted` places, ascending, or all of them; without properties.
    ///
    /// # Errors
    /// Where the file is damaged or no part.
    pub fn rows(&self, wanted: Option<&[u64]>) -> Result<Vec<StoredRow>, Error> {
        let is_wanted = |place: u64| wanted.is_none_or(|wanted| wanted.binary_search(&place).is_ok());
        let mut all = Vec::new();
        for batch in self.read(self.open()?, &[&NUMBERS[..], &TEXTS].concat(), None)? {
            let mut numbers = Vec::new();
            for name in NUMBERS {
                numbers.push(self.numbers(&batch, name)?);
            }
            let [id, smiles] = TEXTS.map(|name| self.column(&batch, name));
            let (id, smiles) = (id?, smiles?);
            let texts = id.as_string_opt::<i32>().zip(smiles.as_string_opt::<i32>());
            let (id, smiles) = texts.ok_or_else(|| self.foreign())?;
            for row in (0..batch.num_rows()).filter(|row| is_wanted(numbers[0][*row])) {
                all.push(StoredRow {
                    place: numbers[0][row],
                    file: u32::try_from(numbers[1][row]).map_err(|_| self.foreign())?,
                    row: numbers[2][row],
                    id: id.value(row).to_string(),
                    smiles: smiles.value(row).to_string(),
                    properties: Vec::new(),
                });
            }
        }
        Ok(all)
    }

    fn open(&self) -> Result<File, Error> {
        File::open(&self.path).map_err(|source| Error::read(&self.path, source))
    }

    /// Some columns of the file, or of its bytes: all rows, or those that are selected.
    fn read(
        &self,
        input: impl ChunkReader + 'static,
        names: &[&str],
        selection: Option<RowSelection>,
    ) -> Result<Vec<RecordBatch>, Error> {
        let read = || -> Result<Vec<RecordBatch>, Error> {
            let damaged = |error: &dyn std::fmt::Display| self.damaged(&error.to_string());
            let mut options = ArrowReaderOptions::new();
            if selection.is_some() {
                // Where pages lie, so that others are passed over.
                options = options.with_page_index_policy(PageIndexPolicy::Optional);
            }
            let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(input, options);
            let builder = builder.map_err(|error| damaged(&error))?;
            let columns = ProjectionMask::columns(builder.parquet_schema(), names.iter().copied());
            let mut builder = builder.with_projection(columns);
            if let Some(selection) = selection {
                builder = builder.with_row_selection(selection);
            }
            let reader = builder.build().map_err(|error| damaged(&error))?;
            reader.map(|batch| batch.map_err(|error| damaged(&error))).collect()
        };
        // The decoder may panic on bytes that are no Parquet.
        catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(self.damaged("it cannot be decoded")))
    }

    fn column(&self, batch: &RecordBatch, name: &str) -> Result<ArrayRef, Error> {
        let column = batch.column_by_name(name).filter(|column| column.null_count() == 0);
        column.cloned().ok_or_else(|| self.foreign())
    }

    fn numbers(&self, batch: &RecordBatch, name: &str) -> Result<Vec<u64>, Error> {
        let column = self.column(batch, name)?;
        let numbers = column.as_primitive_opt::<Int64Type>().ok_or_else(|| self.foreign())?;
        let number = |value: &i64| u64::try_from(*value).map_err(|_| self.foreign());
        numbers.values().iter().map(number).collect()
    }

    fn reals(&self, batch: &RecordBatch, names: &[&str]) -> Result<Vec<Float64Array>, Error> {
        let of = |name: &&str| {
            let column = self.column(batch, name)?;
            let is_real = *column.data_type() == DataType::Float64;
            is_real
                .then(|| column.as_primitive::<Float64Type>().clone())
                .ok_or_else(|| self.foreign())
        };
        names.iter().map(of).collect()
    }

    fn foreign(&self) -> Error {
        self.damaged("it does not hold the columns of a part")
    }

    fn damaged(&self, reason: &str) -> Error {
        Error::new(ErrorKind::Malformed, format!("the part is damaged: {reason}"))
            .in_file(&self.path)
            .hint("build the library again in a new folder")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_gives_back_what_it_was_written_from_and_damage_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        let row = |place: u64| StoredRow {
            place,
            file: 1,
            row: place + 1,
            id: format!("m{place}"),
            smiles: "CCO".into(),
            properties: vec![place as f64, 0.5],
        };
        let rows: Vec<StoredRow> = (0..3000).map(|at| row(2 * at)).collect();
        let codes: Vec<i8> = (0..3000 * 4).map(|at| (at % 256) as u8 as i8).collect();
        let part = PartFile::new(&path, 4);
        part.write(&rows, &codes, &["weight", "charge"]).unwrap();
        let read = part.codes(&["charge"]).unwrap();
        assert_eq!((read.codes, read.places.len()), (codes, 3000));
        assert!(read.properties.iter().all(|value| *value == 0.5));
        let some = part.rows(Some(&[4, 5, 10])).unwrap();
        assert_eq!(some.iter().map(|row| row.place).collect::<Vec<_>>(), [4, 10]);
        assert_eq!(part.rows(None).unwrap().len(), 3000);
        let all = part.codes(&[]).unwrap();
        assert_eq!(part.codes_of(std::fs::read(&path).unwrap(), &[]).unwrap(), all);
        assert_eq!(part.places(&[]).unwrap().places, all.places);
        let wanted: Vec<u64> = (0..3000).filter(|at| at % 700 == 3).map(|at| 2 * at).collect();
        let sampled = part.sampled(&wanted).unwrap();
        let own = wanted
            .iter()
            .flat_map(|place| &all.codes[*place as usize / 2 * 4..][..4]);
        assert!(sampled.codes.iter().eq(own) && sampled.smiles.len() == wanted.len());
        assert!(part.sampled(&[1]).is_err(), "no row has this place");
        assert!(PartFile::new(&path, 8).codes(&[]).is_err());
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 9]).unwrap();
        assert!(part.codes(&[]).is_err() && part.rows(None).is_err());
    }
}
