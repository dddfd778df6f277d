//! An artifact on its way into a file.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Component, Path, PathBuf},
};

use futures::StreamExt;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{Artifact, ArtifactStream, Error, ErrorKind, InputDigest, Result};

/// Where an artifact of that name goes.
///
/// # Errors
/// `InvalidArgument` for a name that is not allowed, or that this system would read as something else than a path
/// inside the directory (a drive letter, for example).
pub(crate) fn place(directory: &Path, name: &str) -> Result<PathBuf> {
    Artifact::check_name(name)?;
    let relative = Path::new(name);
    if relative
        .components()
        .all(|part| matches!(part, Component::Normal(_)))
    {
        Ok(directory.join(relative))
    } else {
        Err(Error::invalid(format!(
            "write artifact `{}`: this system cannot have a file of that name",
            name.escape_debug()
        )))
    }
}

/// Writes the bytes to a temporary file, verifies them and gives them their name.
pub(crate) async fn write(artifact: &Artifact, mut opened: ArtifactStream, place: &Path) -> Result<()> {
    let failed = |error: io::Error| file_error(error, place);
    let directory = place.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory).map_err(failed)?;
    let mut part = Part::create(directory).map_err(failed)?;
    let mut hash = Sha256::new();
    while let Some(chunk) = opened.bytes.next().await {
        let chunk = chunk?;
        hash.update(&chunk);
        part.file.write_all(&chunk).map_err(failed)?;
    }
    if InputDigest::from_bytes(hash.finalize().into()).as_str() != artifact.sha256 {
        return Err(Error::new(
            ErrorKind::Unavailable,
            format!(
                "download artifact `{}`: the bytes that came do not match its digest; download it again",
                artifact.name
            ),
        ));
    }
    part.keep_as(place).map_err(failed)
}

fn file_error(error: io::Error, place: &Path) -> Error {
    let kind = match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => ErrorKind::PermissionDenied,
        io::ErrorKind::NotFound => ErrorKind::NotFound,
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidFilename => ErrorKind::InvalidArgument,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::Unavailable,
        io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory | io::ErrorKind::AlreadyExists => {
            ErrorKind::Conflict
        }
        _ => ErrorKind::Internal,
    };
    Error::new(
        kind,
        format!(
            "write {}: check the directory and its free space",
            place.display()
        ),
    )
    .with_source(error)
}

/// A file without its name yet. Dropped before it has one, also by a future that is given up, it is gone.
struct Part {
    file: File,
    path: PathBuf,
    kept: bool,
}

impl Part {
    fn create(directory: &Path) -> io::Result<Self> {
        let path = directory.join(format!(".{}.part", Uuid::new_v4().as_simple()));
        let file = File::create_new(&path)?;
        Ok(Self {
            file,
            path,
            kept: false,
        })
    }

    fn keep_as(mut self, place: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.path, place)?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.kept {
            // Nothing can be done about a file that will not go, and nobody is there to be told.
            let _ = fs::remove_file(&self.path);
        }
    }
}
