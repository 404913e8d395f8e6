//! What the headers of a Parquet file claim, read before anything is unpacked: whether its footer can be read in as many steps as it has bytes, and
//! the sizes of its pages.
//!
//! Comes in: a file and its metadata, which may be wrong. Goes out: [`PageSizes`]. Headers are in Thrift's compact protocol
//! (<https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>); only three fields of a page header are needed.

use std::io::{BufReader, Error, ErrorKind, Read, Result};

use parquet::file::{metadata::ColumnChunkMetaData, reader::ChunkReader};

/// What the pages of a column chunk unpack to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PageSizes {
    /// All pages, in bytes.
    pub(super) unpacked: u64,
    /// The largest dictionary, in bytes: no cell of the chunk that it encodes is longer.
    pub(super) dictionary: u64,
}

/// Most levels of nesting in a page header.
const DEPTH: u8 = 8;
/// The same, in a footer.
const FOOTER_DEPTH: u8 = 32;
/// What a file ends with, after the four bytes of the length of its footer.
const MAGIC: &[u8] = b"PAR1";
/// A struct.
const STRUCT: u8 = 12;
/// A page type.
const DICTIONARY: u64 = 2;

/// Refuses a footer that claims more than its bytes can hold. A list of truth values takes no bytes in the decoder that reads the footer afterwards, so
/// that a few bytes would keep it busy for billions of steps; no footer needs such a list.
pub(super) fn check_footer<R: ChunkReader>(file: &R) -> Result<()> {
    let Some(end) = file.len().checked_sub(8) else {
        return Ok(());
    };
    let tail = file.get_bytes(end, 8).map_err(Error::other)?;
    let (length, magic) = tail.split_at(4);
    let length = u32::from_le_bytes(length.try_into().expect("four bytes"));
    let start = end.checked_sub(u64::from(length)).filter(|_| magic == MAGIC);
    // The decoder says what it thinks of a file without a footer.
    let Some(start) = start else { return Ok(()) };
    let footer = file.get_bytes(start, length as usize).map_err(Error::other)?;
    let mut footer = Compact {
        source: &footer[..],
        read: 0,
    };
    footer.skip(STRUCT, FOOTER_DEPTH)
}

/// Sizes of the pages of `chunk`.
pub(super) fn sizes<R: ChunkReader>(file: &R, chunk: &ColumnChunkMetaData) -> Result<PageSizes> {
    let damaged = || Error::new(ErrorKind::InvalidData, "a page lies outside of the file");
    let starts = [Some(chunk.data_page_offset()), chunk.dictionary_page_offset()];
    let start = starts
        .into_iter()
        .flatten()
        .filter(|at| *at > 0)
        .min()
        .ok_or_else(damaged)? as u64;
    let length = u64::try_from(chunk.compressed_size()).map_err(|_| damaged())?;
    let end = start
        .checked_add(length)
        .filter(|end| *end <= file.len())
        .ok_or_else(damaged)?;
    let (mut at, mut sizes) = (start, PageSizes::default());
    while at < end {
        let source = file.get_read(at).map_err(Error::other)?;
        let mut header = Compact {
            source: BufReader::with_capacity(256, source),
            read: 0,
        };
        let [kind, unpacked, packed] = header.page()?;
        sizes.unpacked = sizes.unpacked.saturating_add(unpacked);
        if kind == DICTIONARY {
            sizes.dictionary = sizes.dictionary.max(unpacked);
        }
        at = at.saturating_add(header.read).saturating_add(packed);
    }
    Ok(sizes)
}

/// A reader of Thrift's compact protocol that counts its bytes.
struct Compact<R> {
    source: R,
    read: u64,
}

impl<R: Read> Compact<R> {
    fn byte(&mut self) -> Result<u8> {
        let mut byte = [0];
        self.source.read_exact(&mut byte)?;
        self.read += 1;
        Ok(byte[0])
    }

    fn number(&mut self) -> Result<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(damaged())
    }

    /// Type, unpacked and packed size of a page: the first three fields of its header.
    fn page(&mut self) -> Result<[u64; 3]> {
        let (mut values, mut field) = ([None; 3], 0);
        while let Some((kind, next)) = self.field(field)? {
            field = next;
            match (kind, field) {
                (5, 1..=3) => {
                    let number = self.number()?;
                    // Negative numbers are odd in zigzag order, and no size.
                    let value = (number & 1 == 0).then_some(number >> 1).ok_or_else(damaged)?;
                    values[field as usize - 1] = Some(value);
                }
                _ => self.skip(kind, DEPTH)?,
            }
        }
        match values {
            [Some(kind), Some(unpacked), Some(packed)] => Ok([kind, unpacked, packed]),
            _ => Err(damaged()),
        }
    }

    /// Type and number of the next field of a struct; `None` at its end.
    fn field(&mut self, last: u64) -> Result<Option<(u8, u64)>> {
        let byte = self.byte()?;
        Ok(match (byte & 0x0F, byte >> 4) {
            (0, _) => None,
            (kind, 0) => Some((kind, self.number()? >> 1)),
            (kind, step) => Some((kind, last + u64::from(step))),
        })
    }

    fn skip(&mut self, kind: u8, depth: u8) -> Result<()> {
        let depth = depth.checked_sub(1).ok_or_else(damaged)?;
        match kind {
            1 | 2 => {}
            3 => drop(self.byte()?),
            4..=6 => drop(self.number()?),
            7 => self.pass(8)?,
            8 => {
                let length = self.number()?;
                self.pass(length)?;
            }
            9 | 10 => {
                let byte = self.byte()?;
                let length = match byte >> 4 {
                    15 => self.number()?,
                    length => u64::from(length),
                };
                let kind = byte & 0x0F;
                if length > 0 && matches!(kind, 1 | 2) {
                    return Err(damaged());
                }
                for _ in 0..length {
                    self.skip(kind, depth)?;
                }
            }
            STRUCT => {
                let mut field = 0;
                while let Some((kind, next)) = self.field(field)? {
                    field = next;
                    self.skip(kind, depth)?;
                }
            }
            _ => return Err(damaged()),
        }
        Ok(())
    }

    /// Passes over `length` bytes.
    fn pass(&mut self, length: u64) -> Result<()> {
        let passed = std::io::copy(&mut self.source.by_ref().take(length), &mut std::io::sink())?;
        self.read += passed;
        (passed == length).then_some(()).ok_or_else(damaged)
    }
}

fn damaged() -> Error {
    Error::new(ErrorKind::InvalidData, "its footer or the header of a page is damaged")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file whose footer is a struct of one field, a list with `kind` of elements, which claims to hold 2^31 - 1 of them.
    fn claiming(kind: u8) -> bytes::Bytes {
        let footer = [0x19, 0xF0 | kind, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0];
        let mut file = b"PAR1".to_vec();
        file.extend(footer);
        file.extend((footer.len() as u32).to_le_bytes());
        file.extend(MAGIC);
        file.into()
    }

    #[test]
    fn a_footer_that_claims_more_than_it_holds_is_refused() {
        for kind in [1, 2, 5, 8, STRUCT] {
            assert!(check_footer(&claiming(kind)).is_err(), "{kind}");
        }
        for cut in 0..12 {
            let all = claiming(1);
            let _ = check_footer(&all.slice(..cut));
        }
    }

    #[test]
    fn three_fields_are_read_and_the_others_passed_over() {
        // type 2, unpacked 300, packed 7, then a struct with a number and text, then the end.
        let bytes: [u8; 16] = [
            0x15, 4, 0x15, 0xD8, 4, 0x15, 14, 0x2C, 0x15, 2, 0x18, 2, b'a', b'b', 0, 0,
        ];
        let mut header = Compact {
            source: &bytes[..],
            read: 0,
        };
        assert_eq!(header.page().unwrap(), [2, 300, 7]);
        assert_eq!(header.read, 16);
        for length in 0..bytes.len() {
            let cut = Compact {
                source: &bytes[..length],
                read: 0,
            }
            .page();
            assert!(cut.is_err(), "{length}");
        }
    }
}
