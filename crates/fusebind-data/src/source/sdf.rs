//! SDF: one record per molecule, ended by `$$$$`; data fields become columns.
//!
//! Goes out: the columns `molblock` (up to `M  END`), `title` (first line), and one per data field in order of appearance.
//! A data field that occurs twice in a record keeps both values, one per line.

use std::{collections::HashMap, path::Path};

use fusebind_features::entity::molecule::split_sd_record;

use super::{
    container::Text,
    lines::{Line, next_line},
    raw::{RawColumn, RawTable, ReadLimits},
    text::note,
};
use crate::{Error, ErrorKind, table::Rejection};

/// Cells of all columns together, and the number of fields that are kept in any case and at most.
const CELLS: usize = 50_000_000;
const FEWEST_FIELDS: usize = 64;
const MOST_FIELDS: usize = 1000;

/// The lines of one record, each with its line end.
#[derive(Default)]
struct Record {
    text: String,
    /// What is shown of a record that cannot be read, and why.
    fault: Option<(String, &'static str)>,
}

impl Record {
    fn push(&mut self, line: Line, limit: usize) {
        match line {
            Line::Text(_) if self.fault.is_some() => {}
            Line::Text(line) if self.text.len() + line.len() + 1 > limit => {
                let reason = "the record exceeds the size limit; is a `$$$$` line missing?";
                self.fault = Some((String::new(), reason));
                self.text = String::new();
            }
            Line::Text(line) => {
                self.text.push_str(&line);
                self.text.push('\n');
            }
            Line::Overlong(shown) => {
                self.fault = Some((shown, "a line exceeds the size limit; remove the record"));
            }
        }
    }

    fn is_blank(&self) -> bool {
        self.fault.is_none() && self.text.trim().is_empty()
    }

    /// Molecule block, title and data fields.
    fn cells(self) -> Result<Vec<(String, String)>, (String, &'static str)> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let title = self.text.lines().next().unwrap_or_default();
        let Some((block, rest)) = split_sd_record(&self.text) else {
            return Err((
                title.to_string(),
                "the record has no `M  END` line: it is cut short or not a MOL block; export it again",
            ));
        };
        let mut cells = vec![
            ("molblock".to_string(), block.to_string()),
            ("title".to_string(), title.trim().to_string()),
        ];
        let mut known: HashMap<String, usize> = cells.iter().map(|(name, _)| name.clone()).zip(0..).collect();
        let mut rest = rest.lines();
        while let Some(line) = rest.next() {
            let Some(name) = field_name(line) else { continue };
            let values: Vec<&str> = rest.by_ref().map(str::trim).take_while(|l| !l.is_empty()).collect();
            let value = values.join("\n");
            match known.get(name) {
                Some(at) => {
                    let cell = &mut cells[*at].1;
                    cell.push('\n');
                    cell.push_str(&value);
                }
                None => {
                    known.insert(name.to_string(), cells.len());
                    cells.push((name.to_string(), value));
                }
            }
        }
        Ok(cells)
    }
}

/// The filled cells of a column and their rows: a field may occur in one record of a million.
struct Field {
    cells: RawColumn,
    rows: Vec<usize>,
}

impl Field {
    fn new(name: &str) -> Self {
        Self {
            cells: RawColumn::new(name),
            rows: Vec::new(),
        }
    }

    fn column(&self) -> RawColumn {
        let mut column = RawColumn::new(self.cells.name());
        for (at, row) in self.rows.iter().enumerate() {
            column.pad_to(*row);
            column.push(self.cells.get(at));
        }
        column
    }
}

/// The columns of the records read so far.
struct Columns {
    fields: Vec<Field>,
    by_name: HashMap<String, usize>,
    /// Number of each accepted record in the file.
    rows: Vec<u64>,
}

impl Columns {
    fn new() -> Self {
        let fields = vec![Field::new("molblock"), Field::new("title")];
        Self {
            by_name: fields.iter().map(|f| f.cells.name().to_string()).zip(0..).collect(),
            fields,
            rows: Vec::new(),
        }
    }

    fn push(&mut self, number: u64, cells: Vec<(String, String)>) {
        for (name, value) in cells {
            let at = *self.by_name.entry(name).or_insert_with_key(|name| {
                self.fields.push(Field::new(name));
                self.fields.len() - 1
            });
            if !value.is_empty() {
                self.fields[at].cells.push(Some(&value));
                self.fields[at].rows.push(self.rows.len());
            }
        }
        self.rows.push(number);
    }

    /// The columns in order of appearance, and how many of the rarest fields were left out: each takes memory for every record.
    fn finish(self) -> (Vec<RawColumn>, Vec<u64>, usize) {
        let most = (CELLS / self.rows.len().max(1)).clamp(FEWEST_FIELDS, MOST_FIELDS);
        let mut order: Vec<usize> = (0..self.fields.len()).collect();
        order.sort_by_key(|at| (*at > 1, std::cmp::Reverse(self.fields[*at].rows.len())));
        order.truncate(most);
        order.sort_unstable();
        let columns = order.iter().map(|at| self.fields[*at].column()).collect();
        (columns, self.rows, self.fields.len() - order.len())
    }
}

pub(super) fn read(path: &Path, source: Text, limits: &ReadLimits) -> Result<(RawTable, Vec<Rejection>), Error> {
    let mut records = SdRecords::new(path, source, limits);
    let (table, rejections) = records.next(usize::MAX)?.unwrap_or_default();
    let note = note(records.foreign).map(|note| format!("{}: {note}", records.file));
    Ok((table.noted(note), rejections))
}

/// The records of an SD file, some at a time.
pub(super) struct SdRecords {
    file: String,
    source: Text,
    limit: usize,
    number: u64,
    foreign: u64,
    at_end: bool,
}

impl SdRecords {
    pub(super) fn new(path: &Path, source: Text, limits: &ReadLimits) -> Self {
        Self {
            file: path.display().to_string(),
            source,
            limit: limits.cell_bytes,
            number: 0,
            foreign: 0,
            at_end: false,
        }
    }

    /// The next records, at most `most`, with the fields that they have, and those of them that are rejected; none after the last.
    pub(super) fn next(&mut self, most: usize) -> Result<Option<(RawTable, Vec<Rejection>)>, Error> {
        let (mut columns, mut rejections) = (Columns::new(), Vec::new());
        let before = self.number;
        while !self.at_end && self.number - before < most as u64 {
            let Some(record) = self.record()? else { break };
            self.number += 1;
            match record.cells() {
                Ok(cells) => columns.push(self.number, cells),
                Err((shown, reason)) => {
                    rejections.push(Rejection::new(self.file.clone(), self.number, reason).of("molblock", &shown))
                }
            }
        }
        if self.number == 0 {
            return Err(Error::new(ErrorKind::Empty, "the file holds no SD record")
                .in_file(Path::new(&self.file))
                .hint("export it again"));
        }
        if self.number == before {
            return Ok(None);
        }
        let (columns, rows, left_out) = columns.finish();
        let rare = (left_out > 0).then(|| format!("{}: the {left_out} rarest data fields were not read", self.file));
        Ok(Some((
            RawTable::with_rows(self.file.clone(), columns, rows).noted(rare),
            rejections,
        )))
    }

    /// The next record; none at the end of the file.
    fn record(&mut self) -> Result<Option<Record>, Error> {
        let mut record = Record::default();
        loop {
            let line = next_line(&mut self.source, self.limit, &mut self.foreign);
            match line.map_err(|error| Error::read(Path::new(&self.file), error))? {
                Some(Line::Text(text)) if text.starts_with("$$$$") => return Ok(Some(record)),
                Some(line) => record.push(line, self.limit),
                None => {
                    self.at_end = true;
                    return Ok((!record.is_blank()).then_some(record));
                }
            }
        }
    }
}

/// Name in a data header such as `>  25 <MELTING.POINT>`.
fn field_name(line: &str) -> Option<&str> {
    let inner = line.strip_prefix('>')?;
    let (start, end) = (inner.find('<')? + 1, inner.rfind('>')?);
    inner.get(start..end).map(str::trim).filter(|name| !name.is_empty())
}
