//! The lines of an export in a file, which may be compressed.

use std::io::{BufRead, BufReader, ErrorKind as IoKind, Read};

use atg_sdk::{Error, ErrorKind, Result};

/// No node is longer: ARM takes 4 MB in one request and answers little more.
const MAX_LINE: u64 = 64 * 1024 * 1024;

/// The first bytes of a zstd frame (RFC 8878, section 3.1.1).
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Reads line by line.
pub(crate) struct LineReader {
    file: Box<dyn BufRead + Send>,
    number: u64,
}

impl LineReader {
    /// Looks at the first bytes.
    ///
    /// # Errors
    /// What the disk answers, as the export's fault: it is the only thing that the reader's user can do something about.
    pub(crate) fn new(file: impl Read + Send + 'static) -> Result<Self> {
        let mut file = BufReader::with_capacity(1 << 16, file);
        let start = file.fill_buf().map_err(|error| unreadable(1, &error))?;
        let file: Box<dyn BufRead + Send> = if start.starts_with(&ZSTD) {
            let decoder = zstd::Decoder::with_buffer(file).map_err(|error| unreadable(1, &error))?;
            Box::new(BufReader::with_capacity(1 << 16, decoder))
        } else {
            Box::new(file)
        };
        Ok(Self { file, number: 0 })
    }

    /// The next line, without its end; `None` after the last one.
    ///
    /// # Errors
    /// `InvalidArgument` for a file that is cut, damaged or no text; `TooLarge` for what cannot be a node.
    pub(crate) fn next(&mut self) -> Result<Option<String>> {
        let number = self.number + 1;
        let mut line = Vec::new();
        (&mut self.file)
            .take(MAX_LINE + 1)
            .read_until(b'\n', &mut line)
            .map_err(|error| unreadable(number, &error))?;
        if line.is_empty() {
            return Ok(None);
        }
        self.number = number;
        if line.len() as u64 > MAX_LINE {
            return Err(Error::new(
                ErrorKind::TooLarge,
                format!(
                    "read the export: line {number} is longer than 64 MiB, which no node is; export it again"
                ),
            ));
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        String::from_utf8(line).map(Some).map_err(|_| {
            Error::invalid(format!(
                "read the export: line {number} is not UTF-8; export it again"
            ))
        })
    }

    /// How many lines were read.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }
}

fn unreadable(line: u64, error: &std::io::Error) -> Error {
    let what = match error.kind() {
        IoKind::UnexpectedEof => "it was cut short".to_owned(),
        _ => error.to_string(),
    };
    Error::invalid(format!(
        "read the export: after line {}: {what}; nothing was changed, copy or export it again",
        line - 1
    ))
}
