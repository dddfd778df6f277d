//! Where a service keeps the bytes of inputs and artifacts: a directory, or whatever else `object_store` reaches.
//!
//! Nothing here makes anything visible: artifacts become so through the event that lists them, inputs through the queue's
//! note of them. What a crash leaves behind is garbage that nobody can name.

use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use atg_sdk::{Error, ErrorKind, InputDigest, JobId, Result};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use object_store::{
    GetOptions, GetRange, MultipartUpload, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutPayload,
    local::LocalFileSystem, path::Path as ObjectPath,
};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// What is written at a time; what is smaller is written at once. Blob stores want at least 5 MiB.
const PART: usize = 8 << 20;

/// The store of a service.
#[derive(Debug, Clone)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    /// Where its files lie, if it is a directory.
    files: Option<Arc<LocalFileSystem>>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) sha256: InputDigest,
    pub(crate) size_bytes: u64,
}

impl Objects {
    /// The store in that directory, which is made where it is missing, for its user alone.
    ///
    /// # Errors
    /// What the file system answers.
    pub fn directory(root: &Path) -> Result<Self> {
        #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        let cannot = |error: Box<dyn std::error::Error + Send + Sync>| {
            Error::new(
                ErrorKind::PermissionDenied,
                format!(
                    "keep inputs and artifacts in {}: it cannot be used: choose another directory with ATG_DATA_DIR",
                    root.display()
                ),
            )
            .with_source(error)
        };
        builder
            .recursive(true)
            .create(root)
            .map_err(|error| cannot(error.into()))?;
        // What is listed by an event must be there after a power failure too.
        let files = LocalFileSystem::new_with_prefix(root)
            .map_err(|error| cannot(error.into()))?
            .with_automatic_cleanup(true)
            .with_fsync(true);
        let files = Arc::new(files);
        Ok(Self {
            store: Arc::<LocalFileSystem>::clone(&files),
            files: Some(files),
        })
    }

    /// Any other store.
    #[must_use]
    pub fn new(store: Arc<dyn ObjectStore>) -> Self {
        Self { store, files: None }
    }

    /// The store's id: made once, by whoever comes first.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn id(&self) -> Result<String> {
        let place = ObjectPath::from("id");
        let read = async || self.store.get(&place).await?.bytes().await;
        // All but the first find it, and whoever asks for the health asks often.
        match read().await {
            Ok(bytes) => return Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(failed("read the id of the artifact store", error)),
        }
        let create = PutOptions::from(PutMode::Create);
        let fresh = PutPayload::from(Uuid::now_v7().to_string());
        match self.store.put_opts(&place, fresh, create).await {
            Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => {}
            Err(error) => return Err(failed("make the id of the artifact store", error)),
        }
        let bytes = read().await;
        let bytes = bytes.map_err(|error| failed("read the id of the artifact store", error))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Writes what arrives, whole or not at all, and says what it was. An error in the stream is passed on.
    pub(crate) async fn write(
        &self,
        place: &ObjectPath,
        chunks: BoxStream<'static, Result<Bytes>>,
        limit: u64,
    ) -> Result<Written> {
        let mut upload = None;
        let written = self.write_parts(place, chunks, limit, &mut upload).await;
        if let (Err(_), Some(upload)) = (&written, upload) {
            upload.give_up().await;
        }
        written
    }

    async fn write_parts(
        &self,
        place: &ObjectPath,
        mut chunks: BoxStream<'static, Result<Bytes>>,
        limit: u64,
        upload: &mut Option<Upload>,
    ) -> Result<Written> {
        let mut digest = Sha256::new();
        let mut size_bytes = 0_u64;
        let mut part = Part::default();
        while let Some(chunk) = chunks.try_next().await? {
            size_bytes += chunk.len() as u64;
            if size_bytes > limit {
                return Err(Error::new(
                    ErrorKind::TooLarge,
                    format!("keep more than {limit} bytes in one file: that is all this service takes"),
                ));
            }
            digest.update(&chunk);
            part.push(chunk);
            if part.length >= PART {
                let upload = match &mut *upload {
                    Some(upload) => upload,
                    none => none.insert(Upload::begin(&*self.store, place).await?),
                };
                upload.write(part.take()).await?;
            }
        }
        match upload {
            None => {
                let put = self.store.put(place, part.take()).await;
                put.map_err(|error| failed("write into the artifact store", error))?;
            }
            Some(upload) => {
                if part.length > 0 {
                    upload.write(part.take()).await?;
                }
                upload.finish().await?;
            }
        }
        Ok(Written {
            sha256: InputDigest::from_bytes(digest.finalize().into()),
            size_bytes,
        })
    }

    /// Opens an object of that size, or a part of it.
    pub(crate) async fn read(
        &self,
        place: &ObjectPath,
        size: u64,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes>>> {
        if range.is_empty() {
            return Ok(futures::stream::empty().boxed());
        }
        let options = GetOptions::new().with_range(Some(GetRange::Bounded(range)));
        let found = self
            .store
            .get_opts(place, options)
            .await
            .map_err(|error| failed("read from the artifact store", error))?;
        if found.meta.size != size {
            return Err(Error::internal(format!(
                "read from the artifact store: an object has {} bytes instead of {size}: something else wrote there",
                found.meta.size
            )));
        }
        let chunks = found.into_stream();
        Ok(chunks
            .map_err(|error| failed("read from the artifact store", error))
            .boxed())
    }

    /// Where an object lies as a file, if it does.
    pub(crate) fn file(&self, place: &ObjectPath) -> Option<PathBuf> {
        self.files.as_ref()?.path_to_filesystem(place).ok()
    }

    /// Removes one object; one that is not there is fine.
    pub(crate) async fn remove(&self, place: &ObjectPath) -> Result<()> {
        match self.store.delete(place).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed("delete from the artifact store", error)),
        }
    }

    /// Removes everything below.
    pub(crate) async fn remove_below(&self, place: &ObjectPath) -> Result<()> {
        let found = self.store.list(Some(place)).map_ok(|object| object.location);
        let places: Vec<_> = found
            .try_collect()
            .await
            .map_err(|error| failed("list the artifact store", error))?;
        for place in places {
            self.remove(&place).await?;
        }
        Ok(())
    }

    /// The jobs that have artifacts here.
    pub(crate) async fn jobs(&self) -> Result<Vec<JobId>> {
        let root = ObjectPath::from("artifacts");
        let listed = self
            .store
            .list_with_delimiter(Some(&root))
            .await
            .map_err(|error| failed("list the artifact store", error))?;
        let names = listed.common_prefixes.iter().filter_map(ObjectPath::filename);
        Ok(names.filter_map(|name| name.parse().ok()).collect())
    }
}

/// Where everything lies that a job left.
pub(crate) fn job_place(job: JobId) -> ObjectPath {
    ["artifacts".to_owned(), job.to_string()].into_iter().collect()
}

/// Where everything lies that an attempt left.
pub(crate) fn attempt_place(job: JobId, attempt: u32) -> ObjectPath {
    ["artifacts".to_owned(), job.to_string(), attempt.to_string()]
        .into_iter()
        .collect()
}

/// Where an artifact lies. `object_store` escapes what a file system or a container could not bear.
pub(crate) fn artifact_place(job: JobId, attempt: u32, name: &str) -> ObjectPath {
    let (job, attempt) = (job.to_string(), attempt.to_string());
    ["artifacts", job.as_str(), attempt.as_str()]
        .into_iter()
        .chain(name.split('/'))
        .collect()
}

/// A place for a new input. Never used twice, so that forgetting one cannot take away what was sent again meanwhile.
pub(crate) fn new_input_place() -> ObjectPath {
    ["inputs".to_owned(), Uuid::now_v7().to_string()]
        .into_iter()
        .collect()
}

/// Bytes that wait to be written.
#[derive(Default)]
struct Part {
    chunks: Vec<Bytes>,
    length: usize,
}

impl Part {
    fn push(&mut self, chunk: Bytes) {
        self.length += chunk.len();
        self.chunks.push(chunk);
    }

    fn take(&mut self) -> PutPayload {
        self.length = 0;
        self.chunks.drain(..).collect()
    }
}

/// A large object on its way.
struct Upload(Box<dyn MultipartUpload>);

impl Upload {
    async fn begin(store: &dyn ObjectStore, place: &ObjectPath) -> Result<Self> {
        let upload = store.put_multipart(place).await;
        upload
            .map(Self)
            .map_err(|error| failed("write into the artifact store", error))
    }

    async fn write(&mut self, part: PutPayload) -> Result<()> {
        let written = self.0.put_part(part).await;
        written.map_err(|error| failed("write into the artifact store", error))
    }

    async fn finish(&mut self) -> Result<()> {
        let finished = self.0.complete().await;
        finished
            .map(drop)
            .map_err(|error| failed("write into the artifact store", error))
    }

    /// Takes away what was written so far.
    async fn give_up(mut self) {
        if let Err(error) = self.0.abort().await {
            tracing::debug!(%error, "parts of an object stay in the store until it forgets them");
        }
    }
}

fn failed(doing: &str, error: object_store::Error) -> Error {
    match error {
        object_store::Error::NotFound { .. } => {
            Error::not_found(format!("{doing}: the object is no longer there"))
        }
        object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
            Error::new(
                ErrorKind::PermissionDenied,
                format!("{doing}: this service may not: correct the store's permissions"),
            )
        }
        // Full, or out of reach: another attempt may find it better.
        error => Error::new(
            ErrorKind::Unavailable,
            format!("{doing}: it did not answer as expected: see that it can be reached and has room"),
        )
        .with_source(error),
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    fn objects() -> (tempfile::TempDir, Objects) {
        let place = tempfile::tempdir().unwrap();
        let objects = Objects::directory(&place.path().join("objects")).unwrap();
        (place, objects)
    }

    fn chunks(count: u64) -> BoxStream<'static, Result<Bytes>> {
        stream::iter((0..count).map(|n| Ok(Bytes::from(vec![n as u8; 1 << 20])))).boxed()
    }

    #[tokio::test]
    async fn what_is_written_in_parts_is_read_as_one() {
        let (_place, objects) = objects();
        for size in [0, 1, 8, 9, 20] {
            let place = new_input_place();
            let written = objects.write(&place, chunks(size), u64::MAX).await.unwrap();
            let expected: Vec<u8> = (0..size).flat_map(|n| vec![n as u8; 1 << 20]).collect();
            assert_eq!(written.size_bytes, expected.len() as u64);
            assert_eq!(
                written.sha256,
                InputDigest::from_bytes(Sha256::digest(&expected).into())
            );
            let whole = 0..written.size_bytes;
            let read = objects.read(&place, written.size_bytes, whole).await.unwrap();
            let read: Vec<Bytes> = read.try_collect().await.unwrap();
            assert!(read.concat() == expected, "{size}");
        }
    }

    #[tokio::test]
    async fn what_breaks_off_leaves_nothing() {
        let (place, objects) = objects();
        for good in [1, 20] {
            let cut = Err(Error::new(ErrorKind::Timeout, "read from the client"));
            let broken = chunks(good).chain(stream::iter([cut])).boxed();
            let error = objects
                .write(&new_input_place(), broken, u64::MAX)
                .await
                .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Timeout);
            let error = objects
                .write(&new_input_place(), chunks(30), good << 20)
                .await
                .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TooLarge);
        }
        let left = fs::read_dir(place.path().join("objects/inputs"));
        assert_eq!(left.into_iter().flatten().count(), 0);
    }

    #[tokio::test]
    async fn the_id_is_made_once() {
        let (_place, objects) = objects();
        let id = objects.id().await.unwrap();
        assert_eq!(objects.id().await.unwrap(), id);
    }

    #[tokio::test]
    async fn the_files_of_a_job_go_together() {
        let (_place, objects) = objects();
        let (one, two) = (JobId::new(), JobId::new());
        for (job, attempt, name) in [(one, 1, "a/b"), (one, 2, "a"), (two, 1, "prüfung 🙂")] {
            let place = artifact_place(job, attempt, name);
            objects.write(&place, chunks(1), u64::MAX).await.unwrap();
        }
        objects.remove_below(&attempt_place(one, 2)).await.unwrap();
        assert_eq!(objects.jobs().await.unwrap().len(), 2);
        objects.remove_below(&job_place(one)).await.unwrap();
        assert_eq!(objects.jobs().await.unwrap(), [two]);
    }
}
