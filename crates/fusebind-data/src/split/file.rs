//! Split files: a CSV of row and part, bound to its data set by a fingerprint.
//!
//! ```text
//! # fusebind split, data <fingerprint>, split <hash>
//! row,drug_id,target_id,part
//! ```

use std::{collections::HashMap, fs, io::Write, path::Path};

use super::{Part, Split};
use crate::{
    Error, ErrorKind,
    table::{Dataset, write_atomically},
};

/// Writes `split` of `dataset` to `path`.
pub fn write_split(path: &Path, dataset: &Dataset, split: &Split) -> Result<(), Error> {
    let mut rows: Vec<(u32, Part)> =
        Part::ALL.into_iter().flat_map(|part| split.part(part).iter().map(move |i| (*i, part))).collect();
    rows.sort_unstable();
    write_atomically(path, |file| {
        writeln!(file, "# fusebind split, data {}, split {}", dataset.fingerprint, split.hash)?;
        let mut writer = csv::Writer::from_writer(file);
        writer.write_record(["row", "drug_id", "target_id", "part"])?;
        for (index, part) in &rows {
            let interaction = &dataset.interactions[*index as usize];
            let drug = dataset.drugs[interaction.drug as usize].ids.first().map_or("", String::as_str);
            let target = dataset.targets[interaction.target as usize].ids.first().map_or("", String::as_str);
            writer.write_record([&interaction.row.to_string(), drug, target, part.name()])?;
        }
        writer.flush()
    })
}

/// Reads a split file of `dataset`; a file of another data set is refused.
pub fn read_split(path: &Path, dataset: &Dataset) -> Result<Split, Error> {
    let text = fs::read_to_string(path).map_err(|e| Error::read(path, e))?;
    let malformed = |reason: String| {
        Error::new(ErrorKind::Malformed, reason).in_file(path).hint("write it again with `fusebind data split`")
    };
    let (header, body) = text.split_once('\n').unwrap_or((&text, ""));
    let header = header.strip_prefix("# fusebind split, data ").and_then(|h| h.split_once(", split "));
    let (fingerprint, hash) = header.ok_or_else(|| malformed("is no fusebind split file".into()))?;
    if fingerprint != dataset.fingerprint {
        return Err(Error::new(ErrorKind::Config, "belongs to another data set, or the data has changed since")
            .in_file(path)
            .hint("make a new split of this data set with `fusebind data split`"));
    }
    let rows: HashMap<u64, usize> = dataset.interactions.iter().enumerate().map(|(i, x)| (x.row, i)).collect();
    let mut parts = vec![None; dataset.interactions.len()];
    for (number, record) in csv::Reader::from_reader(body.as_bytes()).records().enumerate() {
        let record = record.map_err(|e| malformed(format!("row {}: {e}", number + 1)))?;
        let index = record.get(0).and_then(|row| rows.get(&row.parse().ok()?));
        let part = record.get(3).and_then(|name| Part::ALL.into_iter().find(|p| p.name() == name));
        match (index, part) {
            (Some(index), Some(part)) => parts[*index] = Some(part),
            _ => return Err(malformed(format!("row {} names no pair or no part", number + 1))),
        }
    }
    let split = Split::from_parts(dataset, &parts);
    if split.hash == hash.trim_end() {
        return Ok(split);
    }
    Err(malformed("its hash does not match its rows: it was edited or cut short".into()))
}
