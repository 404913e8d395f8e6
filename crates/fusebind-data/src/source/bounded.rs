//! Unpacking within bounds: a small file that unpacks to a huge one is refused before it fills memory.

use std::{
    cell::Cell,
    io::{Error, ErrorKind, Read, Result},
    rc::Rc,
};

/// Unpacked bytes up to which no proportion is checked.
pub(super) const ANY_PROPORTION: u64 = 256 << 20;
/// Unpacked bytes per packed byte above that.
pub(super) const PROPORTION: u64 = 400;
/// Most unpacked bytes.
const MOST: u64 = 64 << 30;

/// Counts the packed bytes that were taken.
pub(super) struct Counted<R> {
    source: R,
    taken: Rc<Cell<u64>>,
}

impl<R> Counted<R> {
    pub(super) fn new(source: R) -> (Self, Rc<Cell<u64>>) {
        let taken = Rc::new(Cell::new(0));
        let counted = Self {
            source,
            taken: Rc::clone(&taken),
        };
        (counted, taken)
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let read = self.source.read(buffer)?;
        self.taken.set(self.taken.get() + read as u64);
        Ok(read)
    }
}

/// Unpacked bytes, in proportion to the packed ones.
pub(super) struct Bounded<R> {
    source: R,
    taken: Rc<Cell<u64>>,
    given: u64,
}

impl<R> Bounded<R> {
    pub(super) fn new(source: R, taken: Rc<Cell<u64>>) -> Self {
        Self {
            source,
            taken,
            given: 0,
        }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let read = self.source.read(buffer).map_err(|error| match error.kind() {
            ErrorKind::Interrupted => error,
            _ => Error::new(
                ErrorKind::InvalidData,
                format!("the compressed data is damaged or cut short ({error})"),
            ),
        })?;
        self.given += read as u64;
        if self.given > MOST || disproportionate(self.given, self.taken.get()) {
            let reason = format!(
                "{} bytes unpack to more than {}, which is more than a table does",
                self.taken.get(),
                self.given
            );
            return Err(Error::new(ErrorKind::FileTooLarge, reason));
        }
        Ok(read)
    }
}

/// Whether `unpacked` bytes are more than `packed` bytes of a table hold.
pub(super) fn disproportionate(unpacked: u64, packed: u64) -> bool {
    unpacked > ANY_PROPORTION && unpacked / PROPORTION > packed
}
