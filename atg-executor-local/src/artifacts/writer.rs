//! Writing one artifact.

use std::{
    fmt,
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use atg_sdk::{Artifact, Error, Result, model::InputDigest};
use sha2::{Digest as _, Sha256};

use super::AttemptArtifacts;
use crate::{data_dir::private_file, fault::io_error};

/// Large enough that a writer of small lines costs few system calls.
const BUFFER: usize = 128 * 1024;

/// A file that will be an artifact once [`finish`](Self::finish) has returned. Dropped unfinished, it leaves nothing.
///
/// Writing goes to the disk at the speed of the disk, so nothing piles up in memory. It may block: write what is large
/// from blocking code.
pub struct ArtifactWriter {
    attempt: AttemptArtifacts,
    path: PathBuf,
    name: String,
    content_type: String,
    size: u64,
    digest: Sha256,
    /// Taken when the file is finished.
    file: Option<BufWriter<File>>,
}

impl ArtifactWriter {
    pub(super) fn create(
        attempt: AttemptArtifacts,
        path: PathBuf,
        name: String,
        content_type: String,
    ) -> Result<Self> {
        let open = || {
            if let Some(directory) = path.parent() {
                create_directories(directory)?;
            }
            private_file().write(true).create(true).truncate(true).open(&path)
        };
        let file = open().map_err(|error| io_error("begin an artifact", &path, error))?;
        Ok(Self {
            attempt,
            path,
            name,
            content_type,
            size: 0,
            digest: Sha256::new(),
            file: Some(BufWriter::with_capacity(BUFFER, file)),
        })
    }

    /// The name it will have.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many bytes were written so far.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.size
    }

    /// Makes the file an artifact of the job.
    ///
    /// # Errors
    /// `Unavailable` when the disk is full.
    pub async fn finish(self) -> Result<()> {
        tokio::task::spawn_blocking(move || self.finish_blocking())
            .await
            .map_err(|error| Error::internal("finish an artifact").with_source(error))?
    }

    /// [`finish`](Self::finish), from blocking code.
    ///
    /// # Errors
    /// As `finish`.
    pub fn finish_blocking(mut self) -> Result<()> {
        let Some(mut file) = self.file.take() else {
            return Ok(());
        };
        // The event that lists this artifact is durable; the bytes must be so before it.
        let written = file.flush().and_then(|()| file.get_ref().sync_all());
        drop(file);
        if let Err(error) = written {
            self.discard();
            return Err(io_error("write an artifact", &self.path, error));
        }
        let digest: [u8; 32] = std::mem::take(&mut self.digest).finalize().into();
        self.attempt.finish(Artifact {
            name: std::mem::take(&mut self.name),
            content_type: std::mem::take(&mut self.content_type),
            size_bytes: self.size,
            sha256: InputDigest::from_bytes(digest).into(),
        });
        Ok(())
    }

    fn discard(&self) {
        // What cannot be removed now is swept with the rest of the attempt.
        let _ = fs::remove_file(&self.path);
        self.attempt.abandon(&self.name);
    }
}

impl Write for ArtifactWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let file = self
            .file
            .as_mut()
            .ok_or_else(|| io::Error::other("the artifact is finished"))?;
        let count = file
            .write(bytes)
            .inspect_err(|error| self.attempt.fail(&self.path, error))?;
        self.digest.update(&bytes[..count]);
        self.size += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.file.as_mut().map_or(Ok(()), Write::flush);
        flushed.inspect_err(|error| self.attempt.fail(&self.path, error))
    }
}

impl Drop for ArtifactWriter {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            self.discard();
        }
    }
}

impl fmt::Debug for ArtifactWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArtifactWriter")
            .field("name", &self.name)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

fn create_directories(path: &Path) -> io::Result<()> {
    crate::data_dir::private_directory().recursive(true).create(path)
}
