//! Lines of a text file, numbered and bounded, for the record formats (SDF, FASTA).

use std::io::{BufRead, Read};

use super::text::decode;

/// A line without its end, or the reason why it cannot be used.
pub(super) enum Line {
    /// A line of text.
    Text(String),
    /// A line above the limit; its first bytes are shown, the rest was skipped.
    Overlong(String),
}

/// Reads the next line of at most `limit` bytes; `None` at the end of the file. `foreign` counts lines that are not UTF-8.
pub(super) fn next_line(source: &mut impl BufRead, limit: usize, foreign: &mut u64) -> std::io::Result<Option<Line>> {
    // Files of empty lines are read without an allocation for each.
    if source.fill_buf()?.first() == Some(&b'\n') {
        source.consume(1);
        return Ok(Some(Line::Text(String::new())));
    }
    let mut bytes = Vec::new();
    if source.by_ref().take(limit as u64 + 1).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
    } else if bytes.len() > limit {
        source.skip_until(b'\n')?;
        bytes.truncate(200);
        return Ok(Some(Line::Overlong(String::from_utf8_lossy(&bytes).into_owned())));
    }
    Ok(Some(Line::Text(match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(fault) => decode(fault.as_bytes(), foreign).into_owned(),
    })))
}
