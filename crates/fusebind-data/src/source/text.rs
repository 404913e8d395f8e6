//! Bytes to UTF-8 lines: byte order marks, UTF-16, line ends of old Macintosh programs; cells in Windows-1252.
//!
//! Comes in: a stream of bytes. Goes out: a stream of text whose lines end in `\n`. Bytes that are not UTF-8 pass through; [`decode`]
//! reads them cell by cell, since one such cell does not make a file Latin-1.

use std::{
    borrow::Cow,
    io::{BufReader, Chain, Cursor, Read, Result},
};

use encoding_rs::{CoderResult, Decoder, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Bytes of the beginning that decide on encoding, line ends and format.
pub(super) const HEAD: usize = 1 << 16;

/// A stream whose first bytes have been looked at.
pub(super) type Peeked<R> = Chain<Cursor<Vec<u8>>, R>;

/// The first bytes of `source`, and the whole stream.
pub(super) fn peek<R: Read>(mut source: R) -> Result<(Vec<u8>, Peeked<R>)> {
    let mut head = Vec::new();
    source.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
    Ok((head.clone(), Cursor::new(head).chain(source)))
}

/// The text of `source` in UTF-8 without byte order mark; `None` where the bytes are no text.
pub(super) fn text<R: Read + 'static>(source: R) -> Result<Option<Box<dyn Read>>> {
    let (head, mut whole) = peek(source)?;
    let utf16 = |encoding: &'static encoding_rs::Encoding, whole| -> Box<dyn Read> {
        Box::new(Utf16::new(encoding.new_decoder(), whole))
    };
    let unpacked: Box<dyn Read> = match &head[..] {
        [0xEF, 0xBB, 0xBF, ..] => {
            whole.read_exact(&mut [0; 3])?;
            Box::new(whole)
        }
        [0xFF, 0xFE, ..] => utf16(UTF_16LE, whole),
        [0xFE, 0xFF, ..] => utf16(UTF_16BE, whole),
        // Without a mark every other byte of Latin text is zero.
        [low, 0, second, 0, ..] if *low != 0 && *second != 0 => utf16(UTF_16LE, whole),
        [0, low, 0, second, ..] if *low != 0 && *second != 0 => utf16(UTF_16BE, whole),
        _ if head.contains(&0) => return Ok(None),
        _ => Box::new(whole),
    };
    let (head, whole) = peek(unpacked)?;
    let lines = head.contains(&b'\n');
    Ok(Some(match !lines && head.contains(&b'\r') {
        true => Box::new(CarriageReturns(whole)),
        false => Box::new(whole),
    }))
}

/// Text of a cell or line: UTF-8, else Windows-1252 (Latin-1 with typographic signs), which `foreign` counts.
pub(super) fn decode<'a>(bytes: &'a [u8], foreign: &mut u64) -> Cow<'a, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => {
            *foreign += 1;
            WINDOWS_1252.decode_without_bom_handling(bytes).0
        }
    }
}

/// The note about `foreign` cells or lines, if there are any.
pub(super) fn note(foreign: u64) -> Option<String> {
    (foreign > 0).then(|| {
        format!("{foreign} cells or lines are not UTF-8 and were read as Windows-1252 (Latin-1); save the file as UTF-8 if names look wrong")
    })
}

/// UTF-16 to UTF-8.
struct Utf16<R> {
    source: R,
    decoder: Decoder,
    packed: Vec<u8>,
    text: Cursor<Vec<u8>>,
    done: bool,
}

impl<R: Read> Utf16<R> {
    fn new(decoder: Decoder, source: R) -> Self {
        Self {
            source,
            decoder,
            packed: vec![0; 1 << 15],
            text: Cursor::new(Vec::new()),
            done: false,
        }
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        loop {
            let read = self.text.read(buffer)?;
            if read > 0 || self.done || buffer.is_empty() {
                return Ok(read);
            }
            let filled = self.source.read(&mut self.packed)?;
            self.done = filled == 0;
            // Three bytes of UTF-8 for each unit of two bytes, and room for what was held back.
            let mut text = vec![0; filled * 2 + 16];
            let (result, _, written, _) = self
                .decoder
                .decode_to_utf8(&self.packed[..filled], &mut text, self.done);
            debug_assert_eq!(result, CoderResult::InputEmpty);
            text.truncate(written);
            self.text = Cursor::new(text);
        }
    }
}

/// Lone carriage returns as line ends.
struct CarriageReturns<R>(R);

impl<R: Read> Read for CarriageReturns<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let read = self.0.read(buffer)?;
        for byte in &mut buffer[..read] {
            if *byte == b'\r' {
                *byte = b'\n';
            }
        }
        Ok(read)
    }
}

/// A buffered reader of the usual size.
pub(super) fn buffered(source: Box<dyn Read>) -> BufReader<Box<dyn Read>> {
    BufReader::with_capacity(1 << 16, source)
}
