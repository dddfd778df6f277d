//! Reading an artifact: a stream that goes on where it was cut, and is verified where it is whole.

use std::ops::Range;

use atg_sdk::{
    Artifact, ArtifactStream, ByteRange, Error, ErrorKind, InputDigest, JobId, Result, rest::paths,
};
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use reqwest::{
    Method, RequestBuilder, Response,
    header::{ACCEPT_ENCODING, IF_RANGE, RANGE},
};
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;

use crate::{
    artifact_head::Head,
    executor::get_job,
    failure,
    patience::{Refusal, Retries},
    transport::{Shared, Transport},
};

/// The name under which errors speak of a job's archive.
const ARCHIVE: &str = "the archive of all files";

/// Opens the archive of all artifacts of a job.
pub(crate) async fn open_archive(
    transport: Shared,
    id: JobId,
) -> Result<stream::BoxStream<'static, Result<Bytes>>> {
    let path = paths::job_artifacts(id);
    let response = transport.send(|| plain(&transport, &path)).await?;
    let head = Head::of(&response).ok_or_else(|| nonsense(&transport, ARCHIVE))?;
    let (Some(size), Some(sha256), None) = (head.size_bytes, head.sha256, head.part) else {
        return Err(nonsense(&transport, ARCHIVE));
    };
    let reading = Reading {
        retries: transport.retries(),
        digest: Some(Sha256::new()),
        tag: head.tag,
        sha256,
        name: ARCHIVE.to_owned(),
        path,
        left: 0..size,
        open: Some((response, 0)),
        transport,
    };
    Ok(reading.into_stream())
}

/// Opens an artifact, or a range of it.
pub(crate) async fn open(
    transport: Shared,
    id: JobId,
    name: &str,
    range: Option<ByteRange>,
) -> Result<ArtifactStream> {
    // Before a name becomes part of a path, where `..` would mean something else.
    Artifact::check_name(name)?;
    if range.is_some_and(|range| range.end.is_some_and(|end| end <= range.start)) {
        // HTTP has no word for an empty range; the answer still depends on whether the artifact is there.
        let size = listed(&transport, id, name).await?.size_bytes;
        range.unwrap_or(ByteRange { start: 0, end: None }).resolve(size)?;
    }
    let path = paths::job_artifact(id, name);
    let request = || {
        let request = plain(&transport, &path);
        match range {
            None => request,
            Some(ByteRange { start, end: None }) => request.header(RANGE, format!("bytes={start}-")),
            Some(ByteRange {
                start,
                end: Some(end),
            }) => request.header(RANGE, format!("bytes={start}-{}", end - 1)),
        }
    };
    let response = transport.send(request).await?;
    let head = Head::of(&response).ok_or_else(|| nonsense(&transport, name))?;
    let artifact = match (head.size_bytes, head.sha256.clone()) {
        (Some(size_bytes), Some(sha256)) => Artifact {
            name: name.to_owned(),
            content_type: head.content_type.clone(),
            size_bytes,
            sha256,
        },
        // Somebody on the way took headers off.
        _ => listed(&transport, id, name).await?,
    };
    let wanted = match range {
        None => 0..artifact.size_bytes,
        Some(range) => range.resolve(artifact.size_bytes)?,
    };
    let skip = skip(&head, &wanted).ok_or_else(|| nonsense(&transport, name))?;
    let reading = Reading {
        retries: transport.retries(),
        digest: (wanted == (0..artifact.size_bytes)).then(Sha256::new),
        tag: head.tag,
        sha256: artifact.sha256.clone(),
        name: name.to_owned(),
        left: wanted.clone(),
        open: Some((response, skip)),
        path,
        transport,
    };
    Ok(ArtifactStream {
        artifact,
        range: wanted,
        bytes: reading.into_stream(),
    })
}

fn plain(transport: &Transport, path: &str) -> RequestBuilder {
    transport
        .request(Method::GET, path)
        // Positions are those of the artifact itself, never of something packed.
        .header(ACCEPT_ENCODING, "identity")
}

/// The artifact, as its job lists it.
async fn listed(transport: &Transport, id: JobId, name: &str) -> Result<Artifact> {
    let job = get_job(transport, id).await?;
    if !job.status.has_ended() {
        return Err(Error::conflict(format!(
            "read `{name}` of job {id}: it is {}; wait for its end",
            job.status
        )));
    }
    job.artifacts
        .into_iter()
        .find(|artifact| artifact.name == name)
        .ok_or_else(|| Error::not_found(format!("job {id} has no artifact `{name}`")))
}

/// How many bytes of an answer come before the wanted ones; `None` where they are not in it.
fn skip(head: &Head, wanted: &Range<u64>) -> Option<u64> {
    match &head.part {
        // A server need not know ranges.
        None => Some(wanted.start),
        Some(part) => (part.start == wanted.start && part.end >= wanted.end).then_some(0),
    }
}

fn nonsense(transport: &Transport, name: &str) -> Error {
    Error::internal(format!(
        "read `{name}` from the service at {}: it answered with other bytes than were asked for",
        transport.address
    ))
}

/// An artifact on its way.
struct Reading {
    transport: Shared,
    path: String,
    /// For errors.
    name: String,
    sha256: String,
    tag: Option<String>,
    /// Where the whole is read.
    digest: Option<Sha256>,
    /// What has not come yet.
    left: Range<u64>,
    /// An answer, and how many of its bytes are not wanted.
    open: Option<(Response, u64)>,
    retries: Retries,
}

impl Reading {
    fn into_stream(self) -> stream::BoxStream<'static, Result<Bytes>> {
        stream::unfold(Some(self), |state| async {
            let mut reading = state?;
            match reading.next().await {
                Ok(Some(chunk)) => Some((Ok(chunk), Some(reading))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        })
        .boxed()
    }

    async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            if self.left.is_empty() {
                return self.verify().map(|()| None);
            }
            let refusal = match &mut self.open {
                None => match self.reopen().await {
                    Ok(open) => {
                        self.open = Some(open);
                        continue;
                    }
                    Err(refusal) => refusal,
                },
                Some((response, skip)) => {
                    match timeout(self.transport.options.request_timeout, response.chunk()).await {
                        Ok(Ok(Some(chunk))) => match take(chunk, skip, &mut self.left) {
                            Some(wanted) => {
                                self.retries.forget();
                                if let Some(digest) = &mut self.digest {
                                    digest.update(&wanted);
                                }
                                return Ok(Some(wanted));
                            }
                            None => continue,
                        },
                        Ok(Ok(None)) => Refusal::for_now(self.broken("ended too early")),
                        Ok(Err(error)) => failure::of_connection(error, &self.transport.address),
                        Err(_) => Refusal::for_now(self.broken("stood still")),
                    }
                }
            };
            self.open = None;
            self.retries.after(refusal).await?;
        }
    }

    fn broken(&self, how: &str) -> Error {
        Error::new(
            ErrorKind::Unavailable,
            format!(
                "download `{}` from the service at {}: the answer {how}; try again",
                self.name, self.transport.address
            ),
        )
    }

    /// Asks for the rest, of the same artifact.
    async fn reopen(&self) -> Result<(Response, u64), Refusal> {
        let mut request = plain(&self.transport, &self.path)
            .header(RANGE, format!("bytes={}-{}", self.left.start, self.left.end - 1));
        if let Some(tag) = &self.tag {
            request = request.header(IF_RANGE, tag);
        }
        let response = self.transport.attempt(request).await?;
        let head =
            Head::of(&response).ok_or_else(|| Refusal::for_good(nonsense(&self.transport, &self.name)))?;
        if self.tag.is_some() && head.tag.is_some() && head.tag != self.tag {
            return Err(Refusal::for_good(Error::conflict(format!(
                "download `{}`: it is another one now; begin again",
                self.name
            ))));
        }
        let skip = skip(&head, &self.left)
            .ok_or_else(|| Refusal::for_good(nonsense(&self.transport, &self.name)))?;
        Ok((response, skip))
    }

    fn verify(&mut self) -> Result<()> {
        let Some(digest) = self.digest.take() else {
            return Ok(());
        };
        if InputDigest::from_bytes(digest.finalize().into()).as_str() == self.sha256 {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Unavailable,
            format!(
                "download `{}`: the bytes that came do not match its digest; download it again",
                self.name
            ),
        ))
    }
}

/// The wanted bytes of a chunk, if there are any.
fn take(mut chunk: Bytes, skip: &mut u64, left: &mut Range<u64>) -> Option<Bytes> {
    let skipped = usize::try_from(*skip).unwrap_or(usize::MAX).min(chunk.len());
    *skip -= skipped as u64;
    let mut wanted = chunk.split_off(skipped);
    wanted.truncate(usize::try_from(left.end - left.start).unwrap_or(usize::MAX));
    left.start += wanted.len() as u64;
    (!wanted.is_empty()).then_some(wanted)
}
