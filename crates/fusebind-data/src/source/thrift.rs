//! Thrift's compact protocol (<https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>) as footers and page headers
//! of Parquet files are written in it, checked field by field.
//!
//! Comes in: bytes that may say anything. Goes out: a [`PageHeader`], or that a footer is one; or that they are damaged. The
//! decoder that reads them afterwards goes by the number of a field and not by its type, so that one wrong type makes it read everything after it as
//! something else; and lists of truth values take no bytes in it, so that it counts through billions of them. What is accepted here it reads as it is
//! read here, in as many steps as there are bytes. Fields of Parquet: <https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>.

use std::io::{Error, ErrorKind, Read, Result};

/// Type of a value.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Bool,
    I8,
    I16,
    I32,
    I64,
    Double,
    /// Text or bytes.
    Text,
    List(&'static Self),
    /// A struct or a union, with what is known of its fields.
    Struct(&'static [(u64, Self)]),
}

use Kind::{Bool, Double, I8, I16, I32, I64, List, Struct, Text};

/// A struct of which nothing need be known.
const OTHER: Kind = Struct(&[]);
const STATISTICS: Kind = Struct(&[
    (1, Text),
    (2, Text),
    (3, I64),
    (4, I64),
    (5, Text),
    (6, Text),
    (7, Bool),
    (8, Bool),
    (9, I64),
]);
const BOX: Kind = Struct(&[
    (1, Double),
    (2, Double),
    (3, Double),
    (4, Double),
    (5, Double),
    (6, Double),
    (7, Double),
    (8, Double),
]);
const TIME: Kind = Struct(&[(1, Bool), (2, Struct(&[(1, OTHER), (2, OTHER), (3, OTHER)]))]);
const LOGICAL_TYPE: Kind = Struct(&[
    (1, OTHER),
    (2, OTHER),
    (3, OTHER),
    (4, OTHER),
    (5, Struct(&[(1, I32), (2, I32)])),
    (6, OTHER),
    (7, TIME),
    (8, TIME),
    (10, Struct(&[(1, I8), (2, Bool)])),
    (11, OTHER),
    (12, OTHER),
    (13, OTHER),
    (14, OTHER),
    (15, OTHER),
    (16, Struct(&[(1, I8)])),
    (17, Struct(&[(1, Text)])),
    (18, Struct(&[(1, Text), (2, I32)])),
    (19, OTHER),
]);
const SCHEMA_ELEMENT: Kind = Struct(&[
    (1, I32),
    (2, I32),
    (3, I32),
    (4, Text),
    (5, I32),
    (6, I32),
    (7, I32),
    (8, I32),
    (9, I32),
    (10, LOGICAL_TYPE),
]);
const KEY_VALUE: Kind = Struct(&[(1, Text), (2, Text)]);
const COLUMN: Kind = Struct(&[
    (1, I32),
    (2, List(&I32)),
    (3, List(&Text)),
    (4, I32),
    (5, I64),
    (6, I64),
    (7, I64),
    (8, List(&KEY_VALUE)),
    (9, I64),
    (10, I64),
    (11, I64),
    (12, STATISTICS),
    (13, List(&Struct(&[(1, I32), (2, I32), (3, I32)]))),
    (14, I64),
    (15, I32),
    (16, Struct(&[(1, I64), (2, List(&I64)), (3, List(&I64))])),
    (17, Struct(&[(1, BOX), (2, List(&I32))])),
]);
const COLUMN_CHUNK: Kind = Struct(&[
    (1, Text),
    (2, I64),
    (3, COLUMN),
    (4, I64),
    (5, I32),
    (6, I64),
    (7, I32),
    (8, OTHER),
    (9, Text),
]);
const ROW_GROUP: Kind = Struct(&[
    (1, List(&COLUMN_CHUNK)),
    (2, I64),
    (3, I64),
    (4, List(&Struct(&[(1, I32), (2, Bool), (3, Bool)]))),
    (5, I64),
    (6, I64),
    (7, I16),
]);
/// The footer of a file.
const FOOTER: Kind = Struct(&[
    (1, I32),
    (2, List(&SCHEMA_ELEMENT)),
    (3, I64),
    (4, List(&ROW_GROUP)),
    (5, List(&KEY_VALUE)),
    (6, Text),
    (7, List(&Struct(&[(1, OTHER), (2, OTHER)]))),
    (8, OTHER),
    (9, Text),
]);
/// Fields of the header of a page.
const PAGE_HEADER: &[(u64, Kind)] = &[
    (1, I32),
    (2, I32),
    (3, I32),
    (4, I32),
    (5, Struct(DATA_PAGE)),
    (6, OTHER),
    (7, Struct(DICTIONARY_PAGE)),
    (8, Struct(DATA_PAGE_V2)),
];
/// Fields of what is said of one kind of page. The first is the number of its values.
const DATA_PAGE: &[(u64, Kind)] = &[(1, I32), (2, I32), (3, I32), (4, I32), (5, STATISTICS)];
const DICTIONARY_PAGE: &[(u64, Kind)] = &[(1, I32), (2, I32), (3, Bool)];
const DATA_PAGE_V2: &[(u64, Kind)] = &[
    (1, I32),
    (2, I32),
    (3, I32),
    (4, I32),
    (5, I32),
    (6, I32),
    (7, Bool),
    (8, STATISTICS),
];

/// Most levels of nesting.
const DEPTH: u8 = 32;
/// A struct, as it is written.
const STRUCT: u8 = 12;

impl Kind {
    /// Whether a type as it is written is this one.
    fn is_written(self, written: u8) -> bool {
        match self {
            Bool => matches!(written, 1 | 2),
            I8 => written == 3,
            I16 => written == 4,
            I32 => written == 5,
            I64 => written == 6,
            Double => written == 7,
            Text => written == 8,
            List(_) => written == 9,
            Struct(_) => written == STRUCT,
        }
    }
}

/// What the header of a page says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PageHeader {
    /// Its type: 0 and 3 are data, 1 an index, 2 a dictionary.
    pub(super) kind: u64,
    /// Bytes of the page, unpacked.
    pub(super) unpacked: u64,
    /// Bytes in the file.
    pub(super) packed: u64,
    /// Values.
    pub(super) values: u64,
}

/// A reader that counts its bytes.
pub(super) struct Compact<R> {
    source: R,
    /// Bytes that were read.
    pub(super) read: u64,
}

impl<R: Read> Compact<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source, read: 0 }
    }

    /// Passes over the footer of a file.
    ///
    /// # Errors
    /// Where this is none, or ends too early.
    pub(super) fn footer(&mut self) -> Result<()> {
        self.skip(STRUCT, Some(FOOTER), DEPTH)
    }

    /// The header of a page.
    ///
    /// # Errors
    /// Where this is none.
    pub(super) fn page(&mut self) -> Result<PageHeader> {
        let (mut sizes, mut values, mut last) = ([None; 3], 0, 0);
        while let Some((written, field)) = self.field(last)? {
            last = field;
            let known = known(PAGE_HEADER, field, written)?;
            match (field, known) {
                (1..=3, _) => sizes[field as usize - 1] = Some(self.size()?),
                (5 | 7 | 8, Some(Struct(fields))) => values = values.max(self.values(fields)?),
                _ => self.skip(written, known, DEPTH)?,
            }
        }
        match sizes {
            [Some(kind), Some(unpacked), Some(packed)] => Ok(PageHeader {
                kind,
                unpacked,
                packed,
                values,
            }),
            _ => Err(damaged()),
        }
    }

    /// The number of values of a page, the first of `fields`.
    fn values(&mut self, fields: &[(u64, Kind)]) -> Result<u64> {
        let (mut values, mut last) = (None, 0);
        while let Some((written, field)) = self.field(last)? {
            last = field;
            let known = known(fields, field, written)?;
            match field {
                1 => values = Some(self.size()?),
                _ => self.skip(written, known, DEPTH)?,
            }
        }
        values.ok_or_else(damaged)
    }

    /// A number that is a size: negative ones, which are odd in zigzag order, are none.
    fn size(&mut self) -> Result<u64> {
        let number = self.number()?;
        (number & 1 == 0).then_some(number >> 1).ok_or_else(damaged)
    }

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

    /// Type and number of the next field of a struct; `None` at its end. Numbers ascend.
    fn field(&mut self, last: u64) -> Result<Option<(u8, u64)>> {
        let byte = self.byte()?;
        let (written, step) = (byte & 0x0F, u64::from(byte >> 4));
        let field = match (written, step) {
            (0, _) => return Ok(None),
            (_, 0) => self.size()?,
            _ => last + step,
        };
        (last < field && field <= i16::MAX as u64)
            .then_some(Some((written, field)))
            .ok_or_else(damaged)
    }

    /// Passes over a value of the type that is `written`, of which more may be known.
    fn skip(&mut self, written: u8, known_kind: Option<Kind>, depth: u8) -> Result<()> {
        let depth = depth.checked_sub(1).ok_or_else(damaged)?;
        match written {
            1 | 2 => {}
            3 => drop(self.byte()?),
            4..=6 => drop(self.number()?),
            7 => self.skip_bytes(8)?,
            8 => {
                let length = self.number()?;
                self.skip_bytes(length)?;
            }
            9 | 10 => {
                let byte = self.byte()?;
                let length = match byte >> 4 {
                    15 => self.number()?,
                    length => u64::from(length),
                };
                let (written, element) = (byte & 0x0F, element(known_kind));
                let is_wrong = element.is_some_and(|element| !element.is_written(written));
                if length > 0 && (matches!(written, 1 | 2) || is_wrong) {
                    return Err(damaged());
                }
                for _ in 0..length {
                    self.skip(written, element, depth)?;
                }
            }
            STRUCT => {
                let fields = match known_kind {
                    Some(Struct(fields)) => fields,
                    _ => &[],
                };
                let mut last = 0;
                while let Some((written, field)) = self.field(last)? {
                    last = field;
                    self.skip(written, known(fields, field, written)?, depth)?;
                }
            }
            _ => return Err(damaged()),
        }
        Ok(())
    }

    fn skip_bytes(&mut self, length: u64) -> Result<()> {
        let passed = std::io::copy(&mut self.source.by_ref().take(length), &mut std::io::sink())?;
        self.read += passed;
        (passed == length).then_some(()).ok_or_else(damaged)
    }
}

/// What is known of a field, which must be of that type.
fn known(fields: &[(u64, Kind)], field: u64, written: u8) -> Result<Option<Kind>> {
    match fields.iter().find(|(number, _)| *number == field) {
        Some((_, kind)) if !kind.is_written(written) => Err(damaged()),
        found => Ok(found.map(|(_, kind)| *kind)),
    }
}

fn element(list: Option<Kind>) -> Option<Kind> {
    match list {
        Some(List(element)) => Some(*element),
        _ => None,
    }
}

pub(super) fn damaged() -> Error {
    Error::new(ErrorKind::InvalidData, "its footer or the header of a page is damaged")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Type 2, unpacked 300, packed 7, then fields 7 and 20, then the end.
    const PAGE: [u8; 21] = [
        0x15, 4, 0x15, 0xD8, 4, 0x15, 14, 0x4C, 0x15, 2, 0x15, 0, 0x11, 0, 0x08, 40, 2, b'a', b'b', 0, 0,
    ];

    const DICTIONARY: PageHeader = PageHeader {
        kind: 2,
        unpacked: 300,
        packed: 7,
        values: 1,
    };

    #[test]
    fn sizes_are_read_and_the_other_fields_passed_over() {
        let mut header = Compact::new(&PAGE[..]);
        assert_eq!(header.page().unwrap(), DICTIONARY);
        assert_eq!(header.read, 20);
        for length in 0..20 {
            assert!(Compact::new(&PAGE[..length]).page().is_err(), "{length}");
        }
    }

    #[test]
    fn a_field_of_another_type_or_out_of_order_is_damage() {
        let with = |at: usize, byte: u8| {
            let mut page = PAGE;
            page[at] = byte;
            Compact::new(&page[..]).page()
        };
        assert_eq!(with(7, 0x4C).unwrap(), DICTIONARY);
        // Another number of values, and a negative one.
        assert_eq!(with(9, 6).unwrap().values, 3);
        assert!(with(9, 5).is_err());
        // Field 7 as a list of structs, as a text, and field 20 after 24.
        for (at, byte) in [(7, 0x49), (7, 0x48), (8, 0x18), (12, 0x15), (15, 3), (15, 12)] {
            assert!(with(at, byte).is_err(), "{at} {byte:x}");
        }
        let footer = |bytes: &[u8]| Compact::new(bytes).footer();
        // A version, and a schema of one element with a name.
        let good = [0x15, 2, 0x19, 0x1C, 0x48, 1, b'a', 0, 0];
        assert!(footer(&good).is_ok());
        let list_of_numbers = [0x15, 2, 0x19, 0x15, 2, 0];
        assert!(footer(&list_of_numbers).is_err(), "a list of other elements");
        let text_as_version = [0x18, 1, b'a', 0];
        assert!(footer(&text_as_version).is_err());
        assert!(footer(&good[..good.len() - 1]).is_err(), "cut short");
    }
}
