//! A look through Thrift's compact encoding before the parquet crate believes it.
//!
//! That crate passes over fields that it does not know without reading anything for a boolean in a list, so that a list that
//! claims 2³¹ of them keeps it busy for seconds, a few bytes a list: a file of 2.5 kB for minutes. Everything else takes at least
//! a byte an element. A parquet file has no use for such lists in its footer, nor for lists of any kind in a page's header.
//!
//! Encoding: <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>

use std::io::Read;

use parquet::errors::ParquetError;

/// Structures within structures; parquet has six levels.
const DEPTH: u8 = 32;

/// The compact encoding's types.
mod kind {
    pub const STOP: u8 = 0;
    pub const TRUE: u8 = 1;
    pub const FALSE: u8 = 2;
    pub const BYTE: u8 = 3;
    pub const I16: u8 = 4;
    pub const I32: u8 = 5;
    pub const I64: u8 = 6;
    pub const DOUBLE: u8 = 7;
    pub const BINARY: u8 = 8;
    pub const LIST: u8 = 9;
    pub const SET: u8 = 10;
    pub const STRUCT: u8 = 12;
    pub const UUID: u8 = 13;
}

/// What a page's header says, as far as it matters for finding the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageHeader {
    /// Bytes that the header itself takes.
    pub len: u64,
    /// Bytes of the page behind it.
    pub page_len: u64,
}

/// Looks through a footer.
pub(crate) fn check_footer(footer: &[u8]) -> Result<(), ParquetError> {
    Walk { input: footer, read: 0, lists: true }.pass(kind::STRUCT, DEPTH)
}

/// Looks through the page header that `input` begins with.
pub(crate) fn check_page_header(input: impl Read) -> Result<PageHeader, ParquetError> {
    const PAGE_LEN: i64 = 3;
    let mut walk = Walk { input, read: 0, lists: false };
    let (mut id, mut page_len) = (0, 0);
    while let Some((kind, next)) = walk.field(id)? {
        id = next;
        // The parquet crate takes a known field for what it should be, whatever the file says that it is.
        let expected = match id {
            1..=4 => kind::I32,
            5..=8 => kind::STRUCT,
            _ => kind,
        };
        if kind != expected {
            return Err(damaged(format!("field {id} of a page's header has type {kind} and not {expected}")));
        }
        if id == PAGE_LEN {
            page_len = u64::try_from(walk.integer()?).map_err(|_| damaged("a page has a length below 0"))?;
        } else {
            walk.pass(kind, DEPTH)?;
        }
    }
    Ok(PageHeader { len: walk.read, page_len })
}

struct Walk<R> {
    input: R,
    /// Bytes read so far.
    read: u64,
    /// Whether lists, sets and maps may occur.
    lists: bool,
}

impl<R: Read> Walk<R> {
    /// Passes over one value.
    fn pass(&mut self, kind: u8, depth: u8) -> Result<(), ParquetError> {
        let deeper = depth.checked_sub(1).ok_or_else(|| damaged("its structures lie too deep"))?;
        match kind {
            kind::TRUE | kind::FALSE => Ok(()),
            kind::BYTE => self.bytes(1),
            kind::I16 | kind::I32 | kind::I64 => self.varint().map(drop),
            kind::DOUBLE => self.bytes(8),
            kind::UUID => self.bytes(16),
            kind::BINARY => self.varint().and_then(|len| self.bytes(len)),
            kind::LIST | kind::SET if self.lists => self.list(deeper),
            kind::STRUCT => self.structure(deeper),
            _ => Err(damaged(format!("it holds a value of type {kind} where none may stand"))),
        }
    }

    fn structure(&mut self, depth: u8) -> Result<(), ParquetError> {
        let mut id = 0;
        while let Some((kind, next)) = self.field(id)? {
            id = next;
            self.pass(kind, depth)?;
        }
        Ok(())
    }

    /// Type and number of the next field, or nothing at a structure's end.
    fn field(&mut self, last: i64) -> Result<Option<(u8, i64)>, ParquetError> {
        let head = self.byte()?;
        let (kind, step) = (head & 0x0f, head >> 4);
        if kind == kind::STOP {
            return Ok(None);
        }
        let id = if step == 0 { self.integer()? } else { last.wrapping_add(step.into()) };
        Ok(Some((kind, id)))
    }

    fn list(&mut self, depth: u8) -> Result<(), ParquetError> {
        let head = self.byte()?;
        let (kind, short) = (head & 0x0f, head >> 4);
        let len = if short == 15 { self.varint()? } else { short.into() };
        if len > 0 && matches!(kind, kind::TRUE | kind::FALSE) {
            return Err(damaged(format!("it holds a list of {len} booleans where none may stand")));
        }
        // Every element takes a byte at least, and so the input's end ends this.
        (0..len).try_for_each(|_| self.pass(kind, depth))
    }

    fn integer(&mut self) -> Result<i64, ParquetError> {
        let zigzag = self.varint()?;
        Ok((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed())
    }

    fn varint(&mut self) -> Result<u64, ParquetError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(damaged("it holds a number of more than 64 bits"))
    }

    fn byte(&mut self) -> Result<u8, ParquetError> {
        let mut byte = [0];
        self.input.read_exact(&mut byte)?;
        self.read += 1;
        Ok(byte[0])
    }

    fn bytes(&mut self, len: u64) -> Result<(), ParquetError> {
        let passed = std::io::copy(&mut self.input.by_ref().take(len), &mut std::io::sink())?;
        self.read += passed;
        if passed == len { Ok(()) } else { Err(ParquetError::EOF("a value runs past the end".to_owned())) }
    }
}

fn damaged(what: impl Into<String>) -> ParquetError {
    ParquetError::General(what.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Examples written by hand from the specification.
    #[test]
    fn a_page_header_tells_both_lengths() {
        // type = 0, uncompressed = 5, compressed = -(-300): zigzag 600, data page { values = 1 }, an unknown text, the end.
        let header = [0x15, 0x00, 0x15, 0x0a, 0x15, 0xd8, 0x04, 0x2c, 0x15, 0x02, 0x00, 0x58, 0x02, b'h', b'i', 0x00];
        let found = check_page_header([&header[..], &[7; 5]].concat().as_slice()).expect("it is sound");
        assert_eq!(found, PageHeader { len: header.len() as u64, page_len: 300 });
        for cut in 0..header.len() {
            assert!(check_page_header(&header[..cut]).is_err(), "cut at {cut}");
        }
    }

    fn told(found: Result<(), ParquetError>) -> String {
        found.expect_err("it is damaged").to_string()
    }

    #[test]
    fn lists_that_cost_nothing_to_claim_are_refused() {
        // A list of 2^31 - 1 booleans as field 9.
        let booleans = [0x99, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x07, 0x00];
        for found in [check_footer(&booleans), check_page_header(&booleans[..]).map(drop)] {
            assert!(told(found).contains("where none may stand"));
        }
        // A list of as many integers ends with the input; two integers are sound in a footer, and in no page's header.
        assert!(check_footer(&[0x99, 0xf5, 0xff, 0xff, 0xff, 0xff, 0x07, 0x00]).is_err());
        let integers = [0x99, 0x25, 0x02, 0x04, 0x00];
        check_footer(&integers).expect("it is sound");
        assert!(check_page_header(&integers[..]).is_err());
        // Lists in lists without end.
        assert!(told(check_footer(&[&[0x99][..], &[0x19; 200]].concat())).contains("too deep"));
        // A number where a structure should be.
        assert!(told(check_page_header(&[0x55, 0x02, 0x00][..]).map(drop)).contains("field 5"));
    }
}
