//! `PUT` and `HEAD /api/v1/inputs/{sha256}`

use std::time::Duration;

use atg_sdk::{Error, ErrorKind, InputContent, InputDigest, Result as SdkResult};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};
use http::{HeaderValue, Response, StatusCode, Version, header};
use http_body_util::BodyExt as _;
use sha2::{Digest as _, Sha256};

use super::{
    Service,
    body::{Body, bare, json as json_body},
    failure::Failure,
    request::Incoming,
    request_body::RequestBody,
    submit::length_required,
};
use crate::keys::Caller;

impl Service {
    pub(super) async fn put_input(
        &self,
        digest: &str,
        request: Incoming,
        caller: &Caller,
    ) -> Result<Response<Body>, Failure> {
        self.refuse_while_draining()?;
        request.only_queries(&[])?;
        let digest = parse(digest)?;
        let limit = self.options.limits.input_bytes;
        let declared = request
            .header(header::CONTENT_LENGTH)
            .and_then(|text| text.parse::<u64>().ok());
        if declared.is_none() && !request.is_chunked() && request.parts.version < Version::HTTP_2 {
            return Err(length_required("the input"));
        }
        if declared.is_some_and(|length| length > limit) {
            return Err(Failure::from(too_large(limit)).header(header::CONNECTION, "close"));
        }
        let known = InputContent::Known(digest.clone());
        if let Ok(known) = self.executor.put_input(&caller.owner, known).await {
            // A client that waits for `100 Continue` need not send it again. One that sends is listened to: an answer
            // before the end of a large body looks like a broken connection to many.
            if request.header(header::EXPECT).is_none() {
                let mut content = verified(request.body, digest, limit, self.options.limits.idle);
                while content.try_next().await?.is_some() {}
            }
            return Ok(json_body(StatusCode::OK, &known)?);
        }
        let content = verified(request.body, digest, limit, self.options.limits.idle);
        let stored = self
            .executor
            .put_input(&caller.owner, InputContent::Stream(content))
            .await?;
        Ok(json_body(StatusCode::CREATED, &stored)?)
    }

    pub(super) async fn head_input(&self, digest: &str, caller: &Caller) -> Result<Response<Body>, Failure> {
        let known = self
            .executor
            .put_input(&caller.owner, InputContent::Known(parse(digest)?))
            .await?;
        let mut response = bare(StatusCode::OK);
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, HeaderValue::from(known.size_bytes));
        Ok(response)
    }
}

fn parse(digest: &str) -> Result<InputDigest, Failure> {
    digest.parse().map_err(|error: Error| {
        Error::invalid("the path is not that of an input")
            .with_field("{sha256}", error.message().to_owned())
            .into()
    })
}

fn too_large(limit: u64) -> Error {
    Error::new(
        ErrorKind::TooLarge,
        format!("the input is larger than this service takes: {limit} bytes"),
    )
}

/// What the upload is read through.
struct Upload {
    body: RequestBody,
    digest: Sha256,
    expected: InputDigest,
    length: u64,
    limit: u64,
    idle: Duration,
}

/// The body's bytes, counted and digested: the stream fails in place of ending when they are not what the path says, and
/// an executor keeps nothing of a stream that failed.
fn verified(
    body: RequestBody,
    expected: InputDigest,
    limit: u64,
    idle: Duration,
) -> BoxStream<'static, SdkResult<Bytes>> {
    let upload = Upload {
        body,
        digest: Sha256::new(),
        expected,
        length: 0,
        limit,
        idle,
    };
    stream::unfold(Some(upload), |state| async move {
        let mut upload = state?;
        match upload.next().await {
            Ok(Some(chunk)) => Some((Ok(chunk), Some(upload))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    })
    .boxed()
}

impl Upload {
    async fn next(&mut self) -> SdkResult<Option<Bytes>> {
        loop {
            let frame = tokio::time::timeout(self.idle, self.body.frame())
                .await
                .map_err(|_| {
                    Error::new(
                        ErrorKind::Timeout,
                        "the upload stood still for too long: send it again",
                    )
                })?;
            let Some(frame) = frame else {
                return self.finish().map(|()| None);
            };
            let frame = frame.map_err(|error| {
                Error::invalid("the upload broke off: send it again")
                    .with_code("IncompleteBody")
                    .with_source(error)
            })?;
            let Ok(chunk) = frame.into_data() else { continue };
            self.length += chunk.len() as u64;
            if self.length > self.limit {
                return Err(too_large(self.limit));
            }
            self.digest.update(&chunk);
            if !chunk.is_empty() {
                return Ok(Some(chunk));
            }
        }
    }

    fn finish(&mut self) -> SdkResult<()> {
        let found = InputDigest::from_bytes(std::mem::take(&mut self.digest).finalize().into());
        if found == self.expected {
            return Ok(());
        }
        Err(Error::invalid("the bytes sent are not those that the path names")
            .with_code("DigestMismatch")
            .with_field("{sha256}", format!("the body's digest is {found}")))
    }
}
