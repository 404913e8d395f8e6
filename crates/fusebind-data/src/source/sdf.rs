//! SDF: one record per molecule, ended by `$$$$`; data fields become columns.
//!
//! Goes out: the columns `molblock` (up to `M  END`), `title` (first line), and one per data field in order of appearance.
//! A data field that occurs twice in a record keeps both values, one per line.

use std::{collections::HashMap, path::Path};

use super::{
    file::open_text,
    lines::{Line, next_line},
    raw::{RawColumn, RawTable, ReadLimits},
};
use crate::{Error, ErrorKind, table::Rejection};

#[derive(Default)]
struct Record {
    lines: Vec<String>,
    bytes: usize,
    fault: Option<(String, &'static str)>,
}

pub(super) fn read(path: &Path, limits: &ReadLimits) -> Result<(RawTable, Vec<Rejection>), Error> {
    let mut source = open_text(path)?;
    let file = path.display().to_string();
    let mut columns = vec![RawColumn::new("molblock"), RawColumn::new("title")];
    let mut by_name: HashMap<String, usize> = columns.iter().map(|c| c.name().to_string()).zip(0..).collect();
    let (mut rows, mut rejections, mut number) = (Vec::new(), Vec::new(), 0);
    let mut record = Record::default();
    loop {
        let line = next_line(&mut source, limits.cell_bytes).map_err(|e| Error::read(path, e))?;
        let ended = matches!(&line, Some(Line::Text(text)) if text.starts_with("$$$$"));
        match line {
            Some(_) if ended => {}
            Some(Line::Text(text)) => {
                record.bytes += text.len() + 1;
                if record.bytes > limits.cell_bytes {
                    record.lines.clear();
                    record.fault = Some((
                        String::new(),
                        "the record exceeds the size limit; is a `$$$$` line missing?",
                    ));
                } else if record.fault.is_none() {
                    record.lines.push(text);
                }
                continue;
            }
            Some(Line::NotUtf8(shown)) => {
                record.fault = Some((shown, "a line is not UTF-8; save the file again as UTF-8"));
                continue;
            }
            Some(Line::Overlong(shown)) => {
                record.fault = Some((shown, "a line exceeds the size limit; remove the record"));
                continue;
            }
            None if record.fault.is_none() && record.lines.iter().all(|line| line.trim().is_empty()) => break,
            None => {}
        }
        number += 1;
        let done = std::mem::take(&mut record);
        match fields(done) {
            Ok(cells) => {
                for (name, value) in cells {
                    let at = *by_name.entry(name).or_insert_with_key(|name| {
                        columns.push(RawColumn::new(name.clone()));
                        columns.len() - 1
                    });
                    columns[at].pad_to(rows.len());
                    columns[at].push((!value.is_empty()).then_some(&value));
                }
                rows.push(number);
            }
            Err((shown, reason)) => {
                rejections.push(Rejection::new(file.clone(), number, reason).of("molblock", &shown))
            }
        }
        if !ended {
            break;
        }
    }
    if number == 0 {
        return Err(Error::new(ErrorKind::Empty, "the file holds no SD record")
            .in_file(path)
            .hint("export it again"));
    }
    Ok((RawTable::with_rows(file, columns, rows), rejections))
}

/// Molecule block, title and data fields of one record.
fn fields(record: Record) -> Result<Vec<(String, String)>, (String, &'static str)> {
    if let Some(fault) = record.fault {
        return Err(fault);
    }
    let title = record.lines.first().cloned().unwrap_or_default();
    let Some(end) = record.lines.iter().position(|line| line.starts_with("M  END")) else {
        return Err((
            title,
            "the record has no `M  END` line: it is cut short or no MOL block; export it again",
        ));
    };
    let mut cells = vec![
        ("molblock".to_string(), record.lines[..=end].join("\n") + "\n"),
        ("title".to_string(), title.trim().to_string()),
    ];
    let mut rest = record.lines[end + 1..].iter();
    while let Some(line) = rest.next() {
        let Some(name) = field_name(line) else { continue };
        let values: Vec<&str> = rest.by_ref().map(|l| l.trim()).take_while(|l| !l.is_empty()).collect();
        let value = values.join("\n");
        match cells.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => {
                known.push('\n');
                known.push_str(&value);
            }
            None => cells.push((name.to_string(), value)),
        }
    }
    Ok(cells)
}

/// Name in a data header such as `>  25 <MELTING.POINT>`.
fn field_name(line: &str) -> Option<&str> {
    let inner = line.strip_prefix('>')?;
    let (start, end) = (inner.find('<')? + 1, inner.rfind('>')?);
    inner.get(start..end).map(str::trim).filter(|name| !name.is_empty())
}
