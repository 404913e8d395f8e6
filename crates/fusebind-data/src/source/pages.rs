//! What the headers of a Parquet file claim, read before anything is unpacked: whether its footer can be read in as many steps as it has bytes, and
//! the sizes of its pages.
//!
//! Comes in: a file and its metadata, which may be wrong. Goes out: [`PageSizes`].

use std::io::{BufReader, Error, ErrorKind, Result};

use parquet::file::{metadata::ColumnChunkMetaData, reader::ChunkReader};

use super::thrift::{Compact, damaged};

/// What the pages of a column chunk unpack to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PageSizes {
    /// All pages, in bytes.
    pub(super) unpacked: u64,
    /// The largest dictionary, in bytes: no cell of the chunk that it encodes is longer.
    pub(super) dictionary: u64,
}

/// What a file ends with, after the four bytes of the length of its footer.
const MAGIC: &[u8] = b"PAR1";
/// A page type.
const DICTIONARY: u64 = 2;

/// Refuses a footer that is not what a footer should be: a few bytes could keep the decoder that reads it afterwards busy for billions of steps.
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
    Compact::new(&footer[..]).footer()
}

/// Sizes of the pages of `chunk`.
pub(super) fn sizes<R: ChunkReader>(file: &R, chunk: &ColumnChunkMetaData) -> Result<PageSizes> {
    let outside = || Error::new(ErrorKind::InvalidData, "a page lies outside of the file");
    // Where the decoder begins as well, so that it reads the same headers.
    let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
    let start = u64::try_from(start).map_err(|_| outside())?;
    let length = u64::try_from(chunk.compressed_size()).map_err(|_| outside())?;
    let end = start
        .checked_add(length)
        .filter(|end| *end <= file.len())
        .ok_or_else(outside)?;
    let (mut at, mut sizes) = (start, PageSizes::default());
    while at < end {
        let source = file.get_read(at).map_err(Error::other)?;
        let mut header = Compact::new(BufReader::with_capacity(256, source));
        let page = header.page()?;
        sizes.unpacked = sizes.unpacked.saturating_add(page.unpacked);
        let most = match page.kind {
            DICTIONARY => {
                sizes.dictionary = sizes.dictionary.max(page.unpacked);
                // Each takes a byte at least.
                page.unpacked
            }
            _ => u64::try_from(chunk.num_values()).map_err(|_| damaged())?,
        };
        // The decoder makes room for as many as the header claims.
        if page.values > most {
            return Err(damaged());
        }
        at = at.saturating_add(header.read).saturating_add(page.packed);
    }
    Ok(sizes)
}

#[cfg(test)]
pub(super) mod tests {
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

    /// A file of one column of two texts, in a dictionary.
    pub(in crate::source) fn texts() -> Vec<u8> {
        let values: arrow::array::ArrayRef = std::sync::Arc::new(arrow::array::StringArray::from(vec!["CCO", "CCN"]));
        let batch = arrow::array::RecordBatch::try_from_iter([("smiles", values)]).unwrap();
        let mut file = Vec::new();
        let mut writer = parquet::arrow::ArrowWriter::try_new(&mut file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        file
    }

    #[test]
    fn a_page_that_claims_more_values_than_it_has_bytes_is_refused() {
        let sizes_of = |file: Vec<u8>| {
            let file = bytes::Bytes::from(file);
            let metadata = parquet::file::metadata::ParquetMetaDataReader::new()
                .parse_and_finish(&file)
                .unwrap();
            sizes(&file, metadata.row_group(0).column(0))
        };
        let whole = texts();
        assert_eq!(sizes_of(whole.clone()).unwrap().dictionary, 14);
        // The number of values of the dictionary: two, and 63 in the 14 bytes.
        let at = 2 + whole.windows(3).position(|three| three == [0x4C, 0x15, 4]).unwrap();
        let mut lying = whole;
        lying[at] = 126;
        assert!(sizes_of(lying).is_err());
    }

    #[test]
    fn a_footer_that_claims_more_than_it_holds_is_refused() {
        for kind in [1, 2, 5, 8, 12] {
            assert!(check_footer(&claiming(kind)).is_err(), "{kind}");
        }
        for cut in 0..12 {
            let all = claiming(1);
            let _ = check_footer(&all.slice(..cut));
        }
    }
}
