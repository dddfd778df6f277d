//! The files that jobs leave, under `artifacts/{job}/{attempt}/`.
//!
//! Nothing here makes a file visible: only the event that ends the job does, by listing it. What a crash leaves behind
//! is therefore garbage that nobody can name, and is swept away later.

mod writer;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use atg_sdk::{Artifact, ArtifactStream, ByteRange, Error, JobId, Result};
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::{GetOptions, GetRange, ObjectStore, local::LocalFileSystem, path::Path as ObjectPath};

pub use writer::ArtifactWriter;

use crate::fault::io_error;

/// Where artifacts are kept: a directory, through `object_store`, so that a container may take its place.
#[derive(Debug, Clone)]
pub(crate) struct ArtifactStore {
    root: PathBuf,
    files: Arc<LocalFileSystem>,
}

impl ArtifactStore {
    /// The store in that directory, which exists.
    pub(crate) fn open(root: &Path) -> Result<Self> {
        let files = LocalFileSystem::new_with_prefix(root).map_err(|error| {
            Error::internal(format!("open the artifacts in {}", root.display())).with_source(error)
        })?;
        Ok(Self {
            root: root.to_owned(),
            files: Arc::new(files),
        })
    }

    /// A place for the files of one attempt.
    pub(crate) fn attempt(&self, job: JobId, attempt: u32) -> AttemptArtifacts {
        AttemptArtifacts {
            store: self.clone(),
            job,
            attempt,
            files: Arc::default(),
            failure: Arc::default(),
        }
    }

    /// Opens an artifact that the job's last event lists, or a range of it.
    pub(crate) async fn read(
        &self,
        job: JobId,
        attempt: u32,
        artifact: Artifact,
        range: Option<ByteRange>,
    ) -> Result<ArtifactStream> {
        let size = artifact.size_bytes;
        let range = match range {
            None => 0..size,
            Some(range) => range.resolve(size)?,
        };
        if range.is_empty() {
            return Ok(ArtifactStream {
                artifact,
                range,
                bytes: futures::stream::empty().boxed(),
            });
        }
        let location = location(job, attempt, &artifact.name);
        let options = GetOptions::new().with_range(Some(GetRange::Bounded(range.clone())));
        let found = self
            .files
            .get_opts(&location, options)
            .await
            .map_err(|error| read_error(&artifact.name, error))?;
        if found.meta.size != size {
            return Err(Error::internal(format!(
                "read the artifact `{}`: it has {} bytes instead of {size}: something else wrote into {}",
                artifact.name,
                found.meta.size,
                self.root.display()
            )));
        }
        let name = artifact.name.clone();
        Ok(ArtifactStream {
            artifact,
            range,
            bytes: found
                .into_stream()
                .map_err(move |error| read_error(&name, error))
                .boxed(),
        })
    }

    /// Where an artifact lies that the job's last event lists.
    pub(crate) fn path_of(&self, job: JobId, attempt: u32, name: &str) -> Result<PathBuf> {
        self.files
            .path_to_filesystem(&location(job, attempt, name))
            .map_err(|error| read_error(name, error))
    }

    /// Removes everything that a job left.
    pub(crate) fn remove_job(&self, job: JobId) -> Result<()> {
        remove_tree(&self.root.join(job.to_string()))
    }

    /// The jobs that have a directory here, for the sweep.
    pub(crate) fn jobs(&self) -> Result<Vec<JobId>> {
        let entries =
            fs::read_dir(&self.root).map_err(|error| io_error("list the artifacts", &self.root, error))?;
        Ok(entries
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .collect())
    }
}

/// The files of one attempt of one job, while it runs.
#[derive(Debug, Clone)]
pub(crate) struct AttemptArtifacts {
    store: ArtifactStore,
    job: JobId,
    attempt: u32,
    /// `None` while the file is being written.
    files: Arc<Mutex<BTreeMap<String, Option<Artifact>>>>,
    /// The first write that failed. An operation hears of it as an `io::Error`, which says neither where nor what to do.
    failure: Arc<Mutex<Option<Error>>>,
}

impl AttemptArtifacts {
    /// Begins a file.
    pub(crate) fn create(&self, name: &str, content_type: &str) -> Result<ArtifactWriter> {
        Artifact::check_name(name)?;
        {
            let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
            if files.contains_key(name) {
                return Err(Error::internal(format!(
                    "begin the artifact `{name}` a second time"
                )));
            }
            files.insert(name.to_owned(), None);
        }
        let opened = self.path(name).and_then(|path| {
            ArtifactWriter::create(self.clone(), path, name.to_owned(), content_type.to_owned())
        });
        if opened.is_err() {
            self.abandon(name);
        }
        opened
    }

    /// All files that were finished, ordered by name.
    pub(crate) fn finished(&self) -> Vec<Artifact> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.values().flatten().cloned().collect()
    }

    /// Removes all files of this attempt.
    pub(crate) fn discard(&self) -> Result<()> {
        let job = self.store.root.join(self.job.to_string());
        remove_tree(&job.join(self.attempt.to_string()))?;
        // The directory of the job goes with its last attempt.
        let _ = fs::remove_dir(job);
        Ok(())
    }

    /// Why the attempt failed, if it was for want of a place to write.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn fail(&self, path: &Path, error: &io::Error) {
        // The copy is enough to tell a full disk from others.
        let copy = error
            .raw_os_error()
            .map_or_else(|| error.kind().into(), io::Error::from_raw_os_error);
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.get_or_insert_with(|| io_error("write an artifact", path, copy));
    }

    fn finish(&self, artifact: Artifact) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.insert(artifact.name.clone(), Some(artifact));
    }

    fn abandon(&self, name: &str) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.remove(name);
    }

    fn path(&self, name: &str) -> Result<PathBuf> {
        let location = location(self.job, self.attempt, name);
        self.store.files.path_to_filesystem(&location).map_err(|error| {
            Error::invalid(format!(
                "`{}` cannot be the name of an artifact here",
                name.escape_debug()
            ))
            .with_source(error)
        })
    }
}

/// Where an artifact lies. `object_store` escapes what a file system or a container could not bear.
fn location(job: JobId, attempt: u32, name: &str) -> ObjectPath {
    let (job, attempt) = (job.to_string(), attempt.to_string());
    [job.as_str(), attempt.as_str()]
        .into_iter()
        .chain(name.split('/'))
        .collect()
}

fn remove_tree(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io_error("delete artifacts", path, error))
        }
        _ => Ok(()),
    }
}

fn read_error(name: &str, error: object_store::Error) -> Error {
    match error {
        object_store::Error::NotFound { .. } => {
            Error::not_found(format!("the artifact `{name}` is no longer there"))
        }
        error => Error::internal(format!("read the artifact `{name}`")).with_source(error),
    }
}
