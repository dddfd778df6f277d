//! Sending inputs up.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use atg_sdk::{Error, ErrorKind, Input, InputContent, InputDigest, Result, rest::paths};
use bytes::Bytes;
use futures::{StreamExt as _, stream::BoxStream};
use reqwest::{
    Body, Method, Response,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};
use sha2::{Digest as _, Sha256};
use tempfile::TempPath;
use tokio::{io::AsyncWriteExt as _, time::Instant};
use tokio_util::io::ReaderStream;

use crate::{failure, patience::Refusal, transport::Transport};

/// What is read of a file at a time.
const CHUNK: usize = 256 * 1024;

/// Content that can be read as often as a call has to be repeated.
enum Source {
    Bytes(Bytes),
    File(PathBuf),
    /// Came as a stream, which can be read once, and lies in a temporary file now.
    Spooled(TempPath),
}

impl Source {
    fn path(&self) -> Option<&Path> {
        match self {
            Self::Bytes(_) => None,
            Self::File(path) => Some(path),
            Self::Spooled(path) => Some(path),
        }
    }
}

/// Makes content known to the service: asked for first, sent only if it is not there.
pub(crate) async fn put(transport: &Transport, content: InputContent) -> Result<Input> {
    let (source, input) = match content {
        InputContent::Known(digest) => return known(transport, &digest).await,
        InputContent::Bytes(bytes) => {
            let input = Input {
                sha256: InputDigest::from_bytes(Sha256::digest(&bytes).into()),
                size_bytes: bytes.len() as u64,
            };
            (Source::Bytes(bytes), input)
        }
        InputContent::File(path) => {
            let input = digest_of(path.clone()).await?;
            (Source::File(path), input)
        }
        InputContent::Stream(stream) => spool(stream).await?,
    };
    match known(transport, &input.sha256).await {
        Ok(known) => return Ok(known),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut retries = transport.retries();
    loop {
        match send(transport, &source, &input).await {
            Ok(_) => return Ok(input),
            Err(refusal) => retries.after(refusal).await?,
        }
    }
}

/// `HEAD`: an answer without a body, so an error has no words but its status's.
async fn known(transport: &Transport, digest: &InputDigest) -> Result<Input> {
    let path = paths::input(digest);
    let found = transport
        .send(|| transport.request(Method::HEAD, &path))
        .await
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound => Error::not_found(format!("the service holds no input {digest} of yours")),
            _ => error,
        })?;
    let length = found.headers().get(CONTENT_LENGTH);
    let size_bytes = length
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .ok_or_else(|| {
            Error::internal(format!(
                "ask the service at {} for an input: its answer has no length",
                transport.address
            ))
        })?;
    Ok(Input {
        sha256: digest.clone(),
        size_bytes,
    })
}

async fn send(transport: &Transport, source: &Source, input: &Input) -> Result<Response, Refusal> {
    let progress = Progress::new();
    let body = match source {
        Source::Bytes(bytes) => Body::from(bytes.clone()),
        _ => {
            let path = source.path().unwrap_or(Path::new(""));
            let file = tokio::fs::File::open(path)
                .await
                .map_err(|error| Refusal::for_good(file_error(path, error)))?;
            let seen = progress.clone();
            Body::wrap_stream(ReaderStream::with_capacity(file, CHUNK).inspect(move |_| seen.note()))
        }
    };
    let request = transport
        .request(Method::PUT, &paths::input(&input.sha256))
        .header(CONTENT_TYPE, "application/octet-stream")
        .header(CONTENT_LENGTH, input.size_bytes)
        .body(body)
        .send();
    // An upload may take hours; it may not stand still.
    let limit = transport.options.request_timeout;
    let response = tokio::select! {
        response = request => response.map_err(|error| failure::of_connection(error, &transport.address))?,
        () = progress.stands_still(limit) => return Err(failure::of_silence(limit, &transport.address)),
    };
    if response.status().is_success() {
        return Ok(response);
    }
    let refusal = failure::of_answer(response, &transport.address).await;
    if refusal.error.code() == "DigestMismatch" {
        let words = match source.path() {
            Some(path) => format!("{} changed while it was being sent: try again", path.display()),
            None => "the bytes changed on their way: try again".to_owned(),
        };
        return Err(Refusal::for_good(Error::new(ErrorKind::Conflict, words)));
    }
    Err(refusal)
}

/// When something last went out.
#[derive(Clone)]
struct Progress(Arc<Mutex<Instant>>);

impl Progress {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    fn note(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    async fn stands_still(&self, limit: Duration) {
        loop {
            let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if last.elapsed() >= limit {
                return;
            }
            tokio::time::sleep_until(last + limit).await;
        }
    }
}

async fn digest_of(path: PathBuf) -> Result<Input> {
    let task = tokio::task::spawn_blocking(move || {
        let failed = |error| file_error(&path, error);
        let mut file = fs::File::open(&path).map_err(failed)?;
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(Error::invalid(format!(
                "read {}: it is not a file",
                path.display()
            )));
        }
        let mut digest = Hashing::default();
        io::copy(&mut file, &mut digest).map_err(failed)?;
        Ok(digest.finish())
    });
    joined(task.await)
}

/// Keeps what can be read only once, and counts and digests it on the way.
async fn spool(mut stream: BoxStream<'static, Result<Bytes>>) -> Result<(Source, Input)> {
    let failed = |error| {
        Error::new(
            ErrorKind::Unavailable,
            "keep the input in a temporary file: is there space?",
        )
        .with_source(error)
    };
    let (file, path) = tempfile::NamedTempFile::new().map_err(failed)?.into_parts();
    let mut file = tokio::io::BufWriter::with_capacity(CHUNK, tokio::fs::File::from_std(file));
    let mut digest = Hashing::default();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk?;
        digest.add(&chunk);
        file.write_all(&chunk).await.map_err(failed)?;
    }
    file.flush().await.map_err(failed)?;
    Ok((Source::Spooled(path), digest.finish()))
}

#[derive(Default)]
struct Hashing {
    sha256: Sha256,
    length: u64,
}

impl Hashing {
    fn add(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.length += bytes.len() as u64;
    }

    fn finish(self) -> Input {
        Input {
            sha256: InputDigest::from_bytes(self.sha256.finalize().into()),
            size_bytes: self.length,
        }
    }
}

impl io::Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.add(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The result of a blocking task; one that panicked is our defect.
pub(crate) fn joined<T>(result: Result<Result<T>, tokio::task::JoinError>) -> Result<T> {
    result.unwrap_or_else(|error| Err(Error::internal("work on a file").with_source(error)))
}

fn file_error(path: &Path, error: io::Error) -> Error {
    let kind = match error.kind() {
        io::ErrorKind::NotFound => ErrorKind::NotFound,
        io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
        io::ErrorKind::IsADirectory | io::ErrorKind::NotADirectory => ErrorKind::InvalidArgument,
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, format!("read {}", path.display())).with_source(error)
}
