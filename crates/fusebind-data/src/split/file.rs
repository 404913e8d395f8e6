//! Split files: a CSV of pair and part, bound to its data set by a fingerprint.
//!
//! ```text
//! # fusebind split 1
//! # data <fingerprint>
//! # split <hash>
//! # method unseen-drug, seed 7, fractions 0.7/0.1/0.2
//! pair,row,drug_id,target_id,part
//! 1,1,CID11314340,AAK1,train
//! ```
//!
//! `pair` counts the accepted interactions from 1; it is what is read back. `row`, `drug_id` and `target_id` are there to be
//! read by people: one row may hold several interactions.

use std::{fs, io::Write, path::Path};

use fusebind_features::regular;

use super::{Part, Split};
use crate::{
    Error, ErrorKind,
    table::{Dataset, write_atomically},
};

const TITLE: &str = "# fusebind split 1";
/// Bytes that a split file may take beside those for its pairs, and per pair: ids can be long, but not without end.
const LIMIT: (u64, u64) = (1 << 20, 1 << 14);

/// Writes `split` of `dataset` to `path`. Pairs in no part are not written.
pub fn write_split(path: &Path, dataset: &Dataset, split: &Split) -> Result<(), Error> {
    let mut rows: Vec<(u32, Part)> = Part::ALL
        .into_iter()
        .flat_map(|part| split.part(part).iter().map(move |i| (*i, part)))
        .collect();
    rows.sort_unstable();
    if let Some((pair, _)) = rows
        .iter()
        .find(|(pair, _)| *pair as usize >= dataset.interactions.len())
    {
        let reason = format!("the split names pair {}, which the data set does not have", pair + 1);
        return Err(Error::new(ErrorKind::Config, reason).in_file(path));
    }
    // One line, so that nothing in a column's name can end the header.
    let method: String = split
        .method
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    write_atomically(path, |file| {
        writeln!(
            file,
            "{TITLE}\n# data {}\n# split {}\n# method {method}",
            dataset.fingerprint, split.hash
        )?;
        let mut writer = csv::Writer::from_writer(file);
        writer.write_record(["pair", "row", "drug_id", "target_id", "part"])?;
        for (pair, part) in &rows {
            let interaction = &dataset.interactions[*pair as usize];
            let drug = dataset
                .drugs
                .get(interaction.drug as usize)
                .and_then(|drug| drug.ids.first());
            let target = dataset
                .targets
                .get(interaction.target as usize)
                .and_then(|target| target.ids.first());
            writer.write_record([
                (pair + 1).to_string().as_str(),
                interaction.row.to_string().as_str(),
                drug.map_or("", String::as_str),
                target.map_or("", String::as_str),
                part.name(),
            ])?;
        }
        writer.flush()
    })
}

/// Reads a split file of `dataset`. Refused are a file of another data set and one whose rows do not give its hash.
pub fn read_split(path: &Path, dataset: &Dataset) -> Result<Split, Error> {
    let malformed = |reason: String| {
        Error::new(ErrorKind::Malformed, reason)
            .in_file(path)
            .hint("write it again with `fusebind data split`")
    };
    let size = fs::metadata(path).map_err(|source| Error::read(path, source))?.len();
    if size > LIMIT.0 + LIMIT.1 * dataset.interactions.len() as u64 {
        let reason = format!(
            "{size} bytes are too many for a split of {} pairs",
            dataset.interactions.len()
        );
        return Err(Error::new(ErrorKind::TooLarge, reason)
            .in_file(path)
            .hint("is this a split file?"));
    }
    let bytes = regular::read(path).map_err(|source| Error::read(path, source))?;
    let text = String::from_utf8(bytes).map_err(|e| malformed(format!("is not UTF-8: {}", e.utf8_error())))?;
    if text.is_empty() {
        return Err(Error::new(ErrorKind::Empty, "is empty")
            .in_file(path)
            .hint("write it again with `fusebind data split`"));
    }
    let (header, body) = Header::cut(&text).ok_or_else(|| malformed("is not a fusebind split file".into()))?;
    if header.data != dataset.fingerprint {
        let reason = "belongs to another data set, or the data has changed since";
        return Err(Error::new(ErrorKind::Config, reason)
            .in_file(path)
            .hint("make a new split of this data set with `fusebind data split`"));
    }
    let parts = parts(body, dataset.interactions.len()).map_err(|(row, reason)| malformed(reason).at_row(row))?;
    let split = Split::from_parts(dataset, &parts, header.method);
    if split.hash == header.split {
        return Ok(split);
    }
    Err(malformed(
        "its hash does not match its rows: it was edited or cut short".into(),
    ))
}

struct Header<'t> {
    data: &'t str,
    split: &'t str,
    method: &'t str,
}

impl<'t> Header<'t> {
    /// The header, and the text after it.
    fn cut(text: &'t str) -> Option<(Self, &'t str)> {
        let (title, rest) = text.split_once('\n')?;
        let (data, rest) = rest.split_once('\n')?;
        let (split, rest) = rest.split_once('\n')?;
        let (method, body) = rest.split_once('\n')?;
        if title.trim_end() != TITLE {
            return None;
        }
        let header = Self {
            data: data
                .trim_end()
                .strip_prefix("# data ")
                .or(data.trim_end().strip_prefix("# data"))?,
            split: split.trim_end().strip_prefix("# split ")?,
            method: method.strip_suffix('\r').unwrap_or(method).strip_prefix("# method ")?,
        };
        Some((header, body))
    }
}

/// One optional part for each of `count` interactions, or the row that names none.
fn parts(body: &str, count: usize) -> Result<Vec<Option<Part>>, (u64, String)> {
    let mut reader = csv::Reader::from_reader(body.as_bytes());
    let headers = reader.headers().map_err(|e| (0, e.to_string()))?.clone();
    let column = |name: &str| {
        headers
            .iter()
            .position(|header| header == name)
            .ok_or_else(|| (0, format!("has no column `{name}`")))
    };
    let (pair, part) = (column("pair")?, column("part")?);
    let mut parts = vec![None; count];
    for (number, record) in reader.records().enumerate() {
        let row = number as u64 + 1;
        let record = record.map_err(|e| (row, e.to_string()))?;
        let at = record
            .get(pair)
            .and_then(|text| text.parse::<usize>().ok()?.checked_sub(1))
            .filter(|at| *at < count);
        let named = record
            .get(part)
            .and_then(|name| Part::ALL.into_iter().find(|part| part.name() == name));
        match (at, named) {
            (Some(at), Some(part)) if parts[at].is_none() => parts[at] = Some(part),
            (Some(_), Some(_)) => return Err((row, "names a pair that an earlier row has named".into())),
            (None, _) => return Err((row, format!("`pair` must be a number from 1 to {count}"))),
            (_, None) => return Err((row, "`part` must be train, valid or test".into())),
        }
    }
    Ok(parts)
}
