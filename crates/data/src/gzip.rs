//! gzip streams with what may stand behind them.
//!
//! A stream is one member after the other (RFC 1952). Tapes, pipes and some archivers fill the last block with zero bytes, which gzip
//! and Python's `gzip` pass over, as this does: any number of them, behind any member. Bytes of another kind are an error. (gzip
//! ignores them with a warning and exit code 2.)

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

/// What every member starts with.
pub(crate) const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Unpacks all members of a stream.
pub(crate) struct Gunzip<R> {
    /// The member that is read; nothing behind the last one.
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Gunzip<R> {
    pub fn new(stream: R) -> Self {
        Self { member: Some(GzDecoder::new(stream)) }
    }
}

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let count = member.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            let rest = self.member.take().map(GzDecoder::into_inner);
            self.member = rest.map(next_member).transpose()?.flatten();
        }
        Ok(0)
    }
}

/// The member behind the zero bytes that come next; nothing at the end.
fn next_member<R: BufRead>(mut rest: R) -> io::Result<Option<GzDecoder<R>>> {
    loop {
        let bytes = rest.fill_buf()?;
        let (length, zeros) = (bytes.len(), bytes.iter().take_while(|byte| **byte == 0).count());
        match bytes.get(zeros) {
            None if length == 0 => return Ok(None),
            None => rest.consume(length),
            Some(&first) if first == MAGIC[0] => {
                rest.consume(zeros);
                return Ok(Some(GzDecoder::new(rest)));
            }
            Some(_) => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "other bytes follow the end of the stream"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Write};

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    fn member(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).expect("it is memory");
        encoder.finish().expect("it is memory")
    }

    fn unpacked(stream: &[u8], buffer: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        Gunzip::new(BufReader::with_capacity(buffer, stream)).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    proptest! {
        /// What went into the members comes out, whatever number of zero bytes stands behind each, and however the stream is cut into
        /// buffers.
        #[test]
        fn members_with_padding_give_what_went_in(
            members in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..200), 0_usize..1500), 1..5),
            buffer in 1_usize..700,
        ) {
            let stream: Vec<u8> = members.iter().flat_map(|(bytes, zeros)| [member(bytes), vec![0; *zeros]].concat()).collect();
            let bytes: Vec<u8> = members.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
            prop_assert_eq!(unpacked(&stream, buffer).expect("it is sound"), bytes);
        }

        /// Anything else behind a member is an error, before and behind zero bytes.
        #[test]
        fn other_bytes_behind_a_member_are_refused(zeros in 0_usize..1500, junk in 1_u8.., buffer in 1_usize..700) {
            prop_assume!(junk != MAGIC[0]);
            let stream = [member(b"content"), vec![0; zeros], vec![junk, 0, 0]].concat();
            prop_assert!(unpacked(&stream, buffer).expect_err("junk").to_string().contains("other bytes follow"));
            let half = [member(b"content"), vec![0; zeros], member(b"more")[..12].to_vec()].concat();
            prop_assert!(unpacked(&half, buffer).is_err());
        }
    }
}
