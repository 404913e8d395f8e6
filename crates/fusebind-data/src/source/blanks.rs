//! Lists whose cells are divided by blanks or a tab: `SMILES name` in each line, as in `.smi` files.
//!
//! Goes out: one or two columns, named by the first line; [`headerless`](super::headerless) says whether that line is data. A name may
//! hold blanks. What CXSMILES writes between bars is left out.

use std::path::Path;

use super::{
    container::Text,
    headerless::known,
    lines::{Line, next_line},
    raw::{RawColumn, RawTable, ReadLimits},
    text,
};
use crate::{Error, ErrorKind, table::Rejection};

pub(super) fn read(path: &Path, source: Text, limits: &ReadLimits) -> Result<(RawTable, Vec<Rejection>), Error> {
    let mut list = ListRows::new(path, source, limits);
    let (table, rejections) = list.next(usize::MAX)?.unwrap_or_default();
    Ok((table.noted(text::note(list.foreign)), rejections))
}

/// The lines of a list, some at a time.
pub(super) struct ListRows {
    file: String,
    source: Text,
    limit: usize,
    /// Names of the columns, once the first line was read.
    names: Option<[String; 2]>,
    number: u64,
    foreign: u64,
    is_begun: bool,
}

impl ListRows {
    pub(super) fn new(path: &Path, source: Text, limits: &ReadLimits) -> Self {
        Self {
            file: path.display().to_string(),
            source,
            limit: limits.cell_bytes,
            names: None,
            number: 0,
            foreign: 0,
            is_begun: false,
        }
    }

    /// The next rows, at most `most`, and those of them that are rejected; none after the last. The first call gives a table in any
    /// case.
    pub(super) fn next(&mut self, most: usize) -> Result<Option<(RawTable, Vec<Rejection>)>, Error> {
        let (mut rows, mut rejections) = (Vec::new(), Vec::new());
        let mut cells: Vec<[String; 2]> = Vec::new();
        while rows.len() + rejections.len() < most {
            let line = next_line(&mut self.source, self.limit, &mut self.foreign);
            let line = match line.map_err(|error| Error::read(Path::new(&self.file), error))? {
                None => break,
                Some(Line::Text(line)) if line.trim().is_empty() || line.starts_with('#') => continue,
                Some(Line::Text(line)) => line,
                Some(Line::Overlong(shown)) => {
                    self.number += 1;
                    let reason = format!("the line is longer than {} bytes", self.limit);
                    rejections.push(Rejection::new(self.file.clone(), self.number, reason).of("line", &shown));
                    continue;
                }
            };
            let (first, name) = divide(&line);
            if self.names.is_none() {
                // What stands behind a structure is its name, whatever the header calls it.
                let is_header = known(first) && !name.is_empty() && !known(name);
                let id = if is_header { "id" } else { name };
                self.names = Some([first.to_string(), id.to_string()]);
                continue;
            }
            self.number += 1;
            rows.push(self.number);
            // A line without a name is known by its structure.
            cells.push([first, if name.is_empty() { first } else { name }].map(str::to_string));
        }
        let Some(names) = &self.names else {
            return Err(Error::new(ErrorKind::Empty, "the file holds no line")
                .in_file(Path::new(&self.file))
                .hint("write the list again"));
        };
        if std::mem::replace(&mut self.is_begun, true) && rows.is_empty() && rejections.is_empty() {
            return Ok(None);
        }
        let count = if names[1].is_empty() { 1 } else { 2 };
        let column = |at: usize| {
            let mut column = RawColumn::new(&names[at]);
            cells.iter().for_each(|row| column.push(Some(&row[at])));
            column
        };
        let columns = (0..count).map(column).collect();
        Ok(Some((
            RawTable::with_rows(self.file.clone(), columns, rows),
            rejections,
        )))
    }
}

/// The first word of a line, and the name behind it.
fn divide(line: &str) -> (&str, &str) {
    let line = line.trim();
    let (first, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    let name = match rest.strip_prefix('|').and_then(|rest| rest.split_once('|')) {
        Some((_, name)) => name.trim(),
        None => rest,
    };
    // Further cells of a list with tabs are properties.
    (first, name.split('\t').next().unwrap_or_default().trim())
}

#[cfg(test)]
mod tests {
    use super::divide;

    #[test]
    fn a_line_is_a_structure_and_a_name() {
        assert_eq!(divide("CCO ethyl alcohol"), ("CCO", "ethyl alcohol"));
        assert_eq!(divide("CCO\tethanol\t46.07"), ("CCO", "ethanol"));
        assert_eq!(divide("CCO |$;;R$| ethanol"), ("CCO", "ethanol"));
        assert_eq!(divide(" CCO "), ("CCO", ""));
    }
}
