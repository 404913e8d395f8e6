//! Model files that were damaged on their way: none is taken, and the section is named.

use std::{fs, ops::Range};

use super::{
    line::Line,
    work::{Numbers, Work},
};

/// Changes some bytes of a file whose header is `header`.
type Damage = fn(&mut Vec<u8>, &Range<usize>, &mut Numbers);

const KINDS: [(&str, Damage); 5] = [
    ("model file, one bit flipped", |bytes, _, numbers| {
        let at = numbers.below(bytes.len());
        bytes[at] ^= 1 << numbers.below(8);
    }),
    ("model file, 512 bytes zeroed", |bytes, _, numbers| {
        let at = numbers.below(bytes.len());
        let end = (at + 512).min(bytes.len());
        bytes[at..end].fill(0);
    }),
    ("model file, cut short", |bytes, _, numbers| {
        bytes.truncate(numbers.below(bytes.len()));
    }),
    ("model file, header rewritten", |bytes, header, numbers| {
        // Another digit or letter in place of one, so that the header stays readable.
        let places: Vec<usize> = header.clone().filter(|at| bytes[*at].is_ascii_alphanumeric()).collect();
        let at = places[numbers.below(places.len())];
        let byte = bytes[at];
        bytes[at] = match byte.is_ascii_digit() {
            true => b'0' + (byte - b'0' + 1) % 10,
            false => byte ^ 1,
        };
    }),
    ("model file, weights overwritten", |bytes, header, numbers| {
        let floats = (bytes.len() - header.end) / 4;
        let at = header.end + 4 * numbers.below(floats);
        let value = [f32::NAN, f32::INFINITY, 1e30, -1e30][numbers.below(4)];
        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }),
];

/// One line for each kind of damage.
pub fn lines(work: &Work, trials: u64) -> anyhow::Result<Vec<Line>> {
    let whole = fs::read(work.path("run/model.safetensors"))?;
    // The format: the length of the header in eight bytes, the header, the arrays.
    let length = u64::from_le_bytes(whole[..8].try_into()?) as usize;
    let header = 8..8 + length;
    let mut numbers = Numbers::new(1);
    let mut lines = Vec::new();
    for (what, damage) in KINDS {
        let mut line = Line::new(what);
        let mut named = 0;
        for _ in 0..trials {
            let mut bytes = whole.clone();
            while bytes == whole {
                damage(&mut bytes, &header, &mut numbers);
            }
            fs::write(work.path("damaged.safetensors"), &bytes)?;
            let ended = work.program.run("model info damaged.safetensors", &work.folder)?;
            named += u64::from(ended.stderr.contains("section"));
            line.trial(ended.refused());
        }
        line.note = format!("the section is named in {named}");
        lines.push(line);
    }
    Ok(lines)
}
