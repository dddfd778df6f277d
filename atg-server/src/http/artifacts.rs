//! Downloads: one artifact, the list, or all of them in one archive.

use std::{pin::Pin, time::Duration};

use atg_sdk::{Error, ErrorKind, Job, Result as SdkResult, rest::headers};
use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::json;

use super::{
    Seen, Service,
    body::{Body, bare, empty, json as json_body, stream as stream_body},
    failure::Failure,
    ranges::{Wanted, matches_etag, range_applies, wanted},
    request::Incoming,
    submit::flag,
};
use crate::keys::Caller;

/// Bytes on their way out.
pub(super) type Chunks = Pin<Box<dyn Stream<Item = SdkResult<Bytes>> + Send>>;

/// Something that can be downloaded.
pub(super) struct Download {
    pub(super) length: u64,
    /// SHA-256, in lower-case hexadecimal.
    pub(super) sha256: String,
    pub(super) content_type: String,
    pub(super) file_name: String,
}

impl Service {
    pub(super) async fn artifact(
        &self,
        id: &str,
        name: &str,
        request: &Incoming,
        caller: &Caller,
        seen: &mut Seen,
    ) -> Result<Response<Body>, Failure> {
        request.only_queries(&[])?;
        let job = self.ended_job(id, caller, seen).await?;
        let unknown = || {
            Failure::from(Error::not_found(format!(
                "the job has no artifact `{}`",
                name.escape_debug()
            )))
        };
        let artifact = job
            .artifacts
            .iter()
            .find(|artifact| artifact.name == name)
            .ok_or_else(unknown)?;
        let download = Download {
            length: artifact.size_bytes,
            sha256: artifact.sha256.clone(),
            content_type: artifact.content_type.clone(),
            file_name: name.rsplit('/').next().unwrap_or(name).to_owned(),
        };
        let idle = self.options.limits.idle;
        download
            .answer(request, async |part| {
                let opened = self
                    .executor
                    .read_artifact(job.id, name, part.byte_range())
                    .await?;
                Ok(unless_idle(opened.bytes, idle))
            })
            .await
    }

    pub(super) async fn archive(
        &self,
        id: &str,
        request: &Incoming,
        caller: &Caller,
        seen: &mut Seen,
    ) -> Result<Response<Body>, Failure> {
        request.only_queries(&["list"])?;
        // The contract writes it without a value.
        let list = request.query("list").as_deref() == Some("") || flag(request, "list")?;
        let job = self.ended_job(id, caller, seen).await?;
        if list {
            return Ok(json_body(StatusCode::OK, &json!({ "artifacts": job.artifacts }))?);
        }
        let archive = self.archives.of(&self.executor, &job).await?;
        let download = Download {
            length: archive.length(),
            sha256: archive.sha256().to_owned(),
            content_type: "application/zip".to_owned(),
            file_name: format!("{}.zip", job.id),
        };
        let idle = self.options.limits.idle;
        download
            .answer(request, async |part| {
                let (start, end) = match part {
                    Wanted::Part { start, end } => (start, end),
                    Wanted::Whole | Wanted::Unsatisfiable => (0, archive.length()),
                };
                Ok(unless_idle(archive.read(&self.executor, start..end), idle))
            })
            .await
    }

    /// The caller's job, once it has ended: its artifacts do not exist before.
    async fn ended_job(&self, id: &str, caller: &Caller, seen: &mut Seen) -> Result<Job, Failure> {
        let job = self.job_for(id, caller, seen).await?;
        if job.status.has_ended() {
            return Ok(job);
        }
        let error = Error::new(
            ErrorKind::Conflict,
            format!("the job is {}: its artifacts come with its end", job.status),
        );
        Err(Failure::from(error.with_code("JobNotEnded")))
    }
}

impl Download {
    /// The answer to a request for it: all of it, a range, or the news that the caller has it already.
    pub(super) async fn answer(
        &self,
        request: &Incoming,
        open: impl AsyncFnOnce(Wanted) -> SdkResult<Chunks>,
    ) -> Result<Response<Body>, Failure> {
        let tag = format!("\"{}\"", self.sha256);
        if request
            .header(header::IF_NONE_MATCH)
            .is_some_and(|sent| matches_etag(sent, &tag))
        {
            let mut response = bare(StatusCode::NOT_MODIFIED);
            set(&mut response, header::ETAG, &tag);
            return Ok(response);
        }
        let range = request
            .header(header::RANGE)
            .filter(|_| range_applies(request.header(header::IF_RANGE), &tag));
        let part = wanted(range, self.length);
        let (status, length) = match part {
            Wanted::Unsatisfiable => {
                let error = Error::invalid(format!("nothing lies in that range of {} bytes", self.length));
                let failure = Failure::with_status(
                    error.with_code("RangeNotSatisfiable"),
                    StatusCode::RANGE_NOT_SATISFIABLE,
                );
                return Err(failure.header(header::CONTENT_RANGE, format!("bytes */{}", self.length)));
            }
            Wanted::Whole => (StatusCode::OK, self.length),
            Wanted::Part { start, end } => (StatusCode::PARTIAL_CONTENT, end - start),
        };
        let body = if request.parts.method == http::Method::HEAD {
            empty()
        } else {
            stream_body(open(part).await?)
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        set(&mut response, header::CONTENT_LENGTH, &length.to_string());
        set(&mut response, header::CONTENT_TYPE, &self.content_type);
        set(&mut response, header::ACCEPT_RANGES, "bytes");
        set(&mut response, header::ETAG, &tag);
        set(
            &mut response,
            header::CONTENT_DISPOSITION,
            &disposition(&self.file_name),
        );
        // What somebody else's browser would make of it is not this service's business to risk.
        set(
            &mut response,
            HeaderName::from_static("x-content-type-options"),
            "nosniff",
        );
        if let Some(digest) = base64_of_hex(&self.sha256) {
            set(
                &mut response,
                HeaderName::from_static(headers::REPR_DIGEST),
                &format!("sha-256=:{digest}:"),
            );
        }
        if let Wanted::Part { start, end } = part {
            set(
                &mut response,
                header::CONTENT_RANGE,
                &format!("bytes {start}-{}/{}", end - 1, self.length),
            );
        }
        Ok(response)
    }
}

fn set(response: &mut Response<Body>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// RFC 6266: the plain name where it is plain, otherwise the extended form.
fn disposition(name: &str) -> String {
    let plain = name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if plain {
        return format!("attachment; filename=\"{name}\"");
    }
    let escaped = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
    format!("attachment; filename*=UTF-8''{escaped}")
}

/// Ends a download that stands still.
fn unless_idle(chunks: impl Stream<Item = SdkResult<Bytes>> + Send + 'static, limit: Duration) -> Chunks {
    stream::unfold(Some(chunks.boxed()), move |state| async move {
        let mut chunks = state?;
        match tokio::time::timeout(limit, chunks.next()).await {
            Ok(Some(chunk)) => {
                let failed = chunk.is_err();
                Some((chunk, (!failed).then_some(chunks)))
            }
            Ok(None) => None,
            Err(_) => Some((
                Err(Error::new(
                    ErrorKind::Timeout,
                    "the artifact store gave no more bytes",
                )),
                None,
            )),
        }
    })
    .boxed()
}

/// The digest as structured fields want it.
fn base64_of_hex(hex: &str) -> Option<String> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bytes: Option<Vec<u8>> = (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok())
        .collect();
    let mut out = String::new();
    for chunk in bytes?.chunks(3) {
        let word = chunk
            .iter()
            .fold(0_u32, |word, byte| word << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let shift = 18 - 6 * digit;
            let letter = DIGITS[(word >> shift & 63) as usize];
            out.push(if digit <= chunk.len() {
                char::from(letter)
            } else {
                '='
            });
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_written_in_base64() {
        assert_eq!(base64_of_hex("").unwrap(), "");
        assert_eq!(base64_of_hex("66").unwrap(), "Zg==");
        assert_eq!(base64_of_hex("666f").unwrap(), "Zm8=");
        assert_eq!(base64_of_hex("666f6f").unwrap(), "Zm9v");
        assert_eq!(base64_of_hex("zz"), None);
    }

    #[test]
    fn names_that_are_not_plain_are_escaped() {
        assert_eq!(disposition("main.tf"), "attachment; filename=\"main.tf\"");
        assert_eq!(
            disposition("a\"b\r\n.txt"),
            "attachment; filename*=UTF-8''a%22b%0D%0A%2Etxt"
        );
    }
}
