//! A file's bytes, unpacked, with a count of how far the file itself has been read.

use std::{
    io::{self, BufReader, Read},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use atg_sdk::{Error, ErrorKind, Result};
use flate2::bufread::MultiGzDecoder;

/// How a file is packed, known by its first bytes and never by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    None,
    Gzip,
    Zstd,
}

impl Packing {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

/// What other things begin with, and what to do about them.
const FOREIGN: &[(&[u8], &str)] = &[
    (b"PK\x03\x04", "it is a zip archive: unpack it first"),
    (
        b"\xfd7zXZ\0",
        "it is an xz file: unpack it first (`xz -dc FILE | atg scan --from -`)",
    ),
    (
        b"BZh",
        "it is a bzip2 file: unpack it first (`bzip2 -dc FILE | atg scan --from -`)",
    ),
    (b"7z\xbc\xaf\x27\x1c", "it is a 7-Zip archive: unpack it first"),
    (
        b"SQLite format 3\0",
        "it is a SQLite database, not an export of Azure resources",
    ),
    (b"%PDF-", "it is a PDF document, not an export of Azure resources"),
    (
        b"\xff\xfe",
        "it is UTF-16, as older PowerShell versions write it: write it again as UTF-8 (`… | Out-File -Encoding utf8 FILE`)",
    ),
    (b"\xfe\xff", "it is UTF-16: write it again as UTF-8"),
];

/// Unpacked bytes.
pub(crate) struct Bytes {
    reader: Box<dyn Read + Send>,
    packing: Packing,
}

impl std::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bytes")
            .field("packing", &self.packing)
            .finish_non_exhaustive()
    }
}

impl Bytes {
    /// Begins to read; `read` counts the file's own bytes, and `stop` makes all further reading fail.
    ///
    /// # Errors
    /// `InvalidArgument` for an empty file and for one that is evidently something else.
    pub(crate) fn new(
        mut raw: impl Read + Send + 'static,
        read: Arc<AtomicU64>,
        stop: Arc<AtomicBool>,
    ) -> Result<Self> {
        let mut head = Vec::with_capacity(16);
        raw.by_ref().take(16).read_to_end(&mut head).map_err(unreadable)?;
        if head.is_empty() {
            return Err(Error::invalid("read the input: it is empty"));
        }
        if let Some((_, advice)) = FOREIGN.iter().find(|(magic, _)| head.starts_with(magic)) {
            return Err(Error::invalid(format!("read the input: {advice}")));
        }
        let packing = packing_of(&head);
        let raw = Counted {
            inner: io::Cursor::new(head).chain(raw),
            read,
            stop,
        };
        // Both formats may consist of several members, one after the other (`cat a.gz b.gz`): one text.
        let reader: Box<dyn Read + Send> = match packing {
            Packing::None => Box::new(raw),
            Packing::Gzip => Box::new(MultiGzDecoder::new(BufReader::with_capacity(64 * 1024, raw))),
            Packing::Zstd => Box::new(zstd::Decoder::new(raw).map_err(unreadable)?),
        };
        Ok(Self { reader, packing })
    }

    pub(crate) fn packing(&self) -> Packing {
        self.packing
    }
}

impl Read for Bytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

fn packing_of(head: &[u8]) -> Packing {
    // A zstd file may begin with a skippable frame (RFC 8878, section 3.1.2): 0x184D2A50 to 0x184D2A5F.
    let skippable = head.len() >= 4 && head[0] & 0xf0 == 0x50 && head[1..4] == [0x2a, 0x4d, 0x18];
    if head.starts_with(b"\x1f\x8b") {
        Packing::Gzip
    } else if skippable || head.starts_with(b"\x28\xb5\x2f\xfd") {
        Packing::Zstd
    } else {
        Packing::None
    }
}

/// The error of the file itself, where it is that and not damaged data.
pub(super) fn file_error(error: io::Error) -> std::result::Result<Error, io::Error> {
    error.downcast::<Error>()
}

fn unreadable(error: io::Error) -> Error {
    file_error(error)
        .unwrap_or_else(|error| Error::new(ErrorKind::Unavailable, "read the input").with_source(error))
}

struct Counted<R> {
    inner: R,
    read: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(io::Error::other("nobody wants the rest"));
        }
        // What the decoders complain of is the data; what the file complains of must stay apart from it.
        let count = self.inner.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            _ => io::Error::other(unreadable(error)),
        })?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use rstest::rstest;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn unpack(packed: Vec<u8>) -> (Packing, Vec<u8>, u64) {
        let count = Arc::new(AtomicU64::new(0));
        let mut bytes = Bytes::new(io::Cursor::new(packed), Arc::clone(&count), Arc::default()).unwrap();
        let mut out = Vec::new();
        bytes.read_to_end(&mut out).unwrap();
        (bytes.packing(), out, count.load(Ordering::Relaxed))
    }

    #[test]
    fn several_gzip_members_are_one_text() {
        let packed = [gzip(b"one\n"), gzip(b""), gzip(b"two\n")].concat();
        let length = packed.len() as u64;
        assert_eq!(unpack(packed), (Packing::Gzip, b"one\ntwo\n".to_vec(), length));
    }

    #[test]
    fn several_zstd_frames_are_one_text_and_skippable_ones_are_skipped() {
        let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
        let frame = |text: &[u8]| zstd::encode_all(text, 1).unwrap();
        let packed = [skippable.clone(), frame(b"one\n"), skippable, frame(b"two\n")].concat();
        let length = packed.len() as u64;
        assert_eq!(unpack(packed), (Packing::Zstd, b"one\ntwo\n".to_vec(), length));
    }

    #[test]
    fn plain_bytes_come_as_they_are() {
        assert_eq!(unpack(b"{}".to_vec()), (Packing::None, b"{}".to_vec(), 2));
    }

    #[rstest]
    #[case(b"", "it is empty")]
    #[case(b"PK\x03\x04rest", "zip archive")]
    #[case(b"\xff\xfe[\0", "UTF-16")]
    fn what_is_something_else_is_refused_with_advice(#[case] head: &'static [u8], #[case] words: &str) {
        let error = Bytes::new(head, Arc::default(), Arc::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.message().contains(words), "{error}");
    }
}
