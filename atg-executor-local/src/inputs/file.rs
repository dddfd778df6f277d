//! One input, ready to read, and how a change of it is noticed.

use std::{
    fmt,
    fs::{File, Metadata},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::UNIX_EPOCH,
};

use atg_sdk::{Error, ErrorKind, Result, model::InputDigest};
use sha2::{Digest as _, Sha256};

use crate::fault::io_error;

/// An input, ready to read.
#[derive(Debug, Clone)]
pub struct InputFile {
    /// Where it lies on this machine.
    pub path: PathBuf,
    /// Its length in bytes.
    pub size_bytes: u64,
    digest: InputDigest,
    stamp: Stamp,
}

impl InputFile {
    pub(super) fn new(path: PathBuf, digest: InputDigest, stamp: Stamp) -> Self {
        Self {
            path,
            size_bytes: stamp.size,
            digest,
            stamp,
        }
    }

    /// How parameters name it.
    #[must_use]
    pub fn digest(&self) -> &InputDigest {
        &self.digest
    }

    /// Opens it for reading from its beginning. Whoever reads it to its end has its digest verified.
    ///
    /// # Errors
    /// `Conflict` when it changed since it was registered.
    pub fn open(&self) -> Result<InputReader> {
        let doing = "read the input";
        let file = File::open(&self.path).map_err(|error| io_error(doing, &self.path, error))?;
        let metadata = file
            .metadata()
            .map_err(|error| io_error(doing, &self.path, error))?;
        if Stamp::of(&metadata) != self.stamp {
            return Err(changed(&self.path));
        }
        Ok(InputReader {
            file,
            path: self.path.clone(),
            expected: self.digest.clone(),
            digest: Some(Sha256::new()),
        })
    }

    /// Asks the file system whether the file is still the one that was registered. Reads none of it.
    pub(crate) fn check_unchanged(&self) -> Result<()> {
        let metadata =
            std::fs::metadata(&self.path).map_err(|error| io_error("read the input", &self.path, error))?;
        if Stamp::of(&metadata) == self.stamp {
            Ok(())
        } else {
            Err(changed(&self.path))
        }
    }
}

/// Reads an input, and fails at its end when its bytes are not the ones that its name promises.
pub struct InputReader {
    file: File,
    path: PathBuf,
    expected: InputDigest,
    /// `None` after the end was verified.
    digest: Option<Sha256>,
}

impl Read for InputReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        if count > 0 {
            if let Some(digest) = &mut self.digest {
                digest.update(&buffer[..count]);
            }
        } else if !buffer.is_empty()
            && let Some(digest) = self.digest.take()
            && InputDigest::from_bytes(digest.finalize().into()) != self.expected
        {
            return Err(io::Error::other(changed(&self.path)));
        }
        Ok(count)
    }
}

impl fmt::Debug for InputReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InputReader")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// The inputs that an attempt read, so that they can be looked at once more when it ends.
#[derive(Debug, Default)]
pub(crate) struct OpenInputs {
    files: Mutex<Vec<InputFile>>,
}

impl OpenInputs {
    pub(crate) fn remember(&self, input: InputFile) {
        self.files
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(input);
    }

    /// Fails when one of them changed while it was being used.
    pub(crate) fn check_unchanged(&self) -> Result<()> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.iter().try_for_each(InputFile::check_unchanged)
    }
}

/// What the file system says of a file: equal stamps, same content, as far as `make` and `git` can tell too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp {
    size: u64,
    modified: u128,
    /// Device and number of the file; both 0 where there is no such thing.
    identity: (u64, u64),
}

impl Stamp {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let identity = {
            use std::os::unix::fs::MetadataExt as _;
            (metadata.dev(), metadata.ino())
        };
        #[cfg(not(unix))]
        let identity = (0, 0);
        Self {
            size: metadata.len(),
            modified: metadata
                .modified()
                .ok()
                .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
                .map_or(0, |since| since.as_nanos()),
            identity,
        }
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn to_text(&self) -> String {
        format!(
            "{} {} {} {}",
            self.size, self.modified, self.identity.0, self.identity.1
        )
    }

    pub(crate) fn from_text(text: &str) -> Result<Self> {
        let mut parts = text.split(' ');
        let mut read = || {
            Some(Self {
                size: parts.next()?.parse().ok()?,
                modified: parts.next()?.parse().ok()?,
                identity: (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?),
            })
        };
        read().ok_or_else(|| Error::internal("read what was remembered of an input: it is damaged"))
    }
}

pub(super) fn changed(path: &Path) -> Error {
    Error::new(
        ErrorKind::Conflict,
        format!(
            "read the input {}: it changed since it was given: wait until nothing writes it, and run the command again",
            path.display()
        ),
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn input(path: &Path, digest: InputDigest) -> InputFile {
        InputFile::new(path.to_owned(), digest, Stamp::of(&fs::metadata(path).unwrap()))
    }

    fn digest(content: &[u8]) -> InputDigest {
        InputDigest::from_bytes(Sha256::digest(content).into())
    }

    #[test]
    fn who_reads_to_the_end_has_the_digest_verified() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("export");
        fs::write(&path, "content").unwrap();
        let mut text = String::new();
        let fine = input(&path, digest(b"content"));
        fine.open().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "content");

        // A change that the file system does not show: same size, same times.
        let changed = input(&path, digest(b"CONTENT"));
        let error = changed.open().unwrap().read_to_end(&mut Vec::new()).unwrap_err();
        let error = error.downcast::<Error>().unwrap();
        assert_eq!(error.kind(), ErrorKind::Conflict);
    }

    #[test]
    fn a_change_behind_the_back_of_an_attempt_is_found_at_its_end() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("export");
        fs::write(&path, "content").unwrap();
        let opened = OpenInputs::default();
        opened.remember(input(&path, digest(b"content")));
        opened.check_unchanged().unwrap();
        // As editors do it: another file of the same name and size.
        let other = place.path().join("other");
        fs::write(&other, "CONTENT").unwrap();
        fs::rename(&other, &path).unwrap();
        assert_eq!(opened.check_unchanged().unwrap_err().kind(), ErrorKind::Conflict);
    }

    #[test]
    fn a_stamp_survives_being_written() {
        let place = tempfile::tempdir().unwrap();
        let stamp = Stamp::of(&fs::metadata(place.path()).unwrap());
        assert_eq!(Stamp::from_text(&stamp.to_text()).unwrap(), stamp);
        assert!(Stamp::from_text("1 2 x").is_err());
    }
}
