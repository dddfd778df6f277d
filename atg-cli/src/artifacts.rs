//! Reading what a job left.

use atg_sdk::{Error, Executor, Job, Result};
use bytes::Bytes;
use futures::{StreamExt as _, stream::BoxStream};
use serde::de::DeserializeOwned;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

/// Reads a JSON artifact that is known to be small.
pub(crate) async fn read_json<T: DeserializeOwned>(
    executor: &dyn Executor,
    job: &Job,
    name: &str,
) -> Result<T> {
    let mut bytes = Vec::new();
    let mut stream = executor.read_artifact(job.id, name, None).await?.bytes;
    while let Some(chunk) = stream.next().await {
        bytes.extend_from_slice(&chunk?);
    }
    serde_json::from_slice(&bytes).map_err(|error| Error::internal(format!("read {name}")).with_source(error))
}

/// The lines of an artifact, whole, however the stream cuts them.
pub(crate) struct Lines {
    bytes: BoxStream<'static, Result<Bytes>>,
    buffer: Vec<u8>,
    /// Bytes of the buffer that are known to hold no line end.
    searched: usize,
    is_done: bool,
}

impl Lines {
    pub(crate) async fn of(executor: &dyn Executor, job: &Job, name: &str) -> Result<Self> {
        let bytes = executor.read_artifact(job.id, name, None).await?.bytes;
        Ok(Self {
            bytes,
            buffer: Vec::new(),
            searched: 0,
            is_done: false,
        })
    }

    /// Hands every line to `each`, without its line end.
    pub(crate) async fn for_each<E: From<Error>>(
        mut self,
        mut each: impl FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        loop {
            let mut begin = 0;
            while let Some(length) = self.buffer[self.searched.max(begin)..]
                .iter()
                .position(|byte| *byte == b'\n')
            {
                let end = self.searched.max(begin) + length;
                each(text(&self.buffer[begin..end])?)?;
                begin = end + 1;
                self.searched = begin;
            }
            self.buffer.drain(..begin);
            self.searched = self.buffer.len();
            if self.is_done {
                break;
            }
            match self.bytes.next().await {
                Some(chunk) => self.buffer.extend_from_slice(&chunk?),
                None => self.is_done = true,
            }
        }
        if self.buffer.is_empty() {
            Ok(())
        } else {
            each(text(&self.buffer)?)
        }
    }
}

fn text(line: &[u8]) -> Result<&str> {
    std::str::from_utf8(line).map_err(|error| Error::internal("read a line of the answer").with_source(error))
}

/// Copies an artifact to a writer.
pub(crate) async fn copy(
    executor: &dyn Executor,
    job: &Job,
    name: &str,
    mut to: impl AsyncWrite + Unpin,
) -> Result<std::io::Result<u64>> {
    let mut stream = executor.read_artifact(job.id, name, None).await?.bytes;
    let mut size = 0;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk?;
        if let Err(error) = to.write_all(&chunk).await {
            return Ok(Err(error));
        }
        size += chunk.len() as u64;
    }
    Ok(to.flush().await.map(|()| size))
}
