//! Reads a recording: what it is of, and where in it each answer lies.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    fs::File,
    io::{BufRead, BufReader, BufWriter, Read, Seek as _, SeekFrom, Write as _},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use atg_azure::{transport::Transport, wire::WireFailure};
use atg_sdk::{Error, ErrorKind, Result};
use bytes::Bytes;
use http::Response;

use crate::{
    Header,
    header::is_recording,
    line::{Key, Line},
    stage,
};

/// A longer line is none of ours: the longest answer that a scan takes has 64 MiB.
const LONGEST: u64 = 160 * 1024 * 1024;

/// A recording, opened. Its answers lie unpacked in a temporary file, and in memory only where each is.
pub struct Recording {
    header: Header,
    answers: Arc<Answers>,
    damage: Option<String>,
}

/// Answers to each request, in the order in which they came.
pub(crate) struct Answers {
    file: Mutex<File>,
    places: Mutex<HashMap<Key, VecDeque<Place>>>,
}

/// Where a line lies.
#[derive(Debug, Clone, Copy)]
struct Place {
    at: u64,
    length: u32,
}

/// Numbers of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// Answers that nobody has asked for yet.
    pub left: u64,
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording")
            .field("header", &self.header)
            .field("damage", &self.damage)
            .finish_non_exhaustive()
    }
}

impl Recording {
    /// Reads a recording to its end, unpacked by whoever calls; `folder` gets a temporary file of its size. Blocks.
    ///
    /// One that is cut or damaged is read as far as it goes: [`damage`](Self::damage) tells, and what is missing is never
    /// answered.
    ///
    /// # Errors
    /// `InvalidArgument` for what is no recording, `Unsupported` for one of a later version, `Unavailable` when the disk is
    /// full.
    pub fn open(packed: impl Read, folder: &Path) -> Result<Self> {
        let mut reader = BufReader::with_capacity(256 * 1024, packed);
        let mut line = Vec::new();
        let (damage, _) = next_line(&mut reader, &mut line);
        if let Some(damage) = damage {
            return Err(Error::invalid(format!("read the recording: {damage}")));
        }
        if !is_recording(&line) {
            return Err(Error::invalid("read the recording: it is none of ATG's"));
        }
        let header = Header::read(&line)?;
        let scratch = tempfile::tempfile_in(folder).map_err(unwritable)?;
        let mut read = Reading {
            scratch: BufWriter::with_capacity(256 * 1024, scratch),
            at: 0,
            places: HashMap::new(),
            count: 0,
            damage: None,
        };
        read.read_all(&mut reader, line)?;
        let file = read
            .scratch
            .into_inner()
            .map_err(|error| unwritable(error.into_error()))?;
        Ok(Self {
            header,
            answers: Arc::new(Answers {
                file: Mutex::new(file),
                places: Mutex::new(read.places),
            }),
            damage: read.damage,
        })
    }

    /// Whose it is, and how it was asked for.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What is wrong with it, in words: some of what Azure answered is not in it, or it ends before the scan did.
    #[must_use]
    pub fn damage(&self) -> Option<&str> {
        self.damage.as_deref()
    }

    /// What of it was used.
    #[must_use]
    pub fn recorded(&self) -> Recorded {
        let places = self.answers.places.lock().unwrap_or_else(PoisonError::into_inner);
        Recorded {
            left: places.values().map(|places| places.len() as u64).sum(),
        }
    }

    /// A transport that answers as Azure did: the same to the same requests, in the order of the recording. It signs in
    /// nowhere and waits for nothing. What the recording does not hold fails as something that cannot be reached.
    #[must_use]
    pub fn transport(&self) -> Transport {
        stage::transport(&self.header, Arc::clone(&self.answers))
    }
}

/// A recording while it is read.
struct Reading {
    scratch: BufWriter<File>,
    at: u64,
    places: HashMap<Key, VecDeque<Place>>,
    count: u64,
    damage: Option<String>,
}

impl Reading {
    fn read_all(&mut self, reader: &mut impl BufRead, mut line: Vec<u8>) -> Result<()> {
        let mut number = 1_u64;
        let mut promised = None;
        loop {
            line.clear();
            number += 1;
            let (damage, ended) = next_line(reader, &mut line);
            if let Some(damage) = damage {
                self.damaged(format!("{damage}, in line {number}"));
                break;
            }
            if line.is_empty() {
                if ended {
                    break;
                }
                continue;
            }
            match Line::read(&line) {
                Ok(read) if read.exchanges.is_some() => promised = read.exchanges,
                Ok(read) => {
                    let key = read.key();
                    self.keep(key, &line)?;
                }
                Err(error) => self.damaged(format!("line {number} is damaged ({error})")),
            }
            if ended {
                break;
            }
        }
        match promised {
            Some(promised) if promised == self.count => {}
            Some(promised) => self.damaged(format!("it holds {} of {promised} exchanges", self.count)),
            None => self.damaged(format!("it is cut: it ends after {} exchanges", self.count)),
        }
        Ok(())
    }

    fn keep(&mut self, key: Key, line: &[u8]) -> Result<()> {
        self.scratch.write_all(line).map_err(unwritable)?;
        let length = u32::try_from(line.len()).unwrap_or(u32::MAX);
        self.places
            .entry(key)
            .or_default()
            .push_back(Place { at: self.at, length });
        self.at += u64::from(length);
        self.count += 1;
        Ok(())
    }

    /// The first thing that is wrong explains the others.
    fn damaged(&mut self, words: String) {
        self.damage.get_or_insert(words);
    }
}

/// The next line without its end: what is wrong, and whether it is the last.
fn next_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> (Option<String>, bool) {
    match reader.by_ref().take(LONGEST).read_until(b'\n', line) {
        Ok(_) if line.last() == Some(&b'\n') => {
            line.pop();
            (None, false)
        }
        Ok(length) if length as u64 == LONGEST => (Some("a line is too long to be one".to_owned()), true),
        Ok(_) => (None, true),
        Err(error) => (Some(format!("its data is damaged or cut off ({error})")), true),
    }
}

impl Answers {
    /// The next answer to a request; `None` where there is none (any more).
    pub(crate) fn next(&self, key: &Key) -> Option<Result<Response<Bytes>, WireFailure>> {
        let place = {
            let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
            places.get_mut(key)?.pop_front()?
        };
        let mut line = vec![0; place.length as usize];
        {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(place.at)).ok()?;
            file.read_exact(&mut line).ok()?;
        }
        Some(Line::read(&line).ok()?.outcome())
    }
}

fn unwritable(error: std::io::Error) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "unpack the recording: is there room for a temporary file of its unpacked size?",
    )
    .with_source(error)
}
