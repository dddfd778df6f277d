//! Bodies of answers.

use std::convert::Infallible;

use atg_sdk::Error;
use bytes::Bytes;
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::Frame;
use serde::Serialize;

/// The body of every answer. An error in it cuts the connection: the client then knows that it has not got all.
pub(crate) type Body = UnsyncBoxBody<Bytes, Error>;

/// A body of these bytes.
pub(crate) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into())
        .map_err(|never: Infallible| match never {})
        .boxed_unsync()
}

/// No body.
pub(crate) fn empty() -> Body {
    full(Bytes::new())
}

/// A body of these chunks, as they come.
pub(crate) fn stream(chunks: impl Stream<Item = Result<Bytes, Error>> + Send + 'static) -> Body {
    StreamBody::new(chunks.map_ok(Frame::data).boxed()).boxed_unsync()
}

/// An answer in JSON.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Result<Response<Body>, Error> {
    let text =
        serde_json::to_vec(value).map_err(|error| Error::internal("write an answer").with_source(error))?;
    Ok(typed(status, "application/json", text))
}

/// An answer of that media type.
pub(crate) fn typed(status: StatusCode, media_type: &'static str, bytes: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(full(bytes));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// What stays of an answer to `HEAD`: its headers, and the length that the content would have had.
pub(crate) fn drop_content(response: &mut Response<Body>) {
    let length = hyper::body::Body::size_hint(response.body()).exact();
    *response.body_mut() = empty();
    let says_nothing = matches!(
        response.status(),
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
    );
    if let (Some(length), false) = (length, says_nothing) {
        response
            .headers_mut()
            .entry(header::CONTENT_LENGTH)
            .or_insert_with(|| HeaderValue::from(length));
    }
}

/// An answer without a body.
pub(crate) fn bare(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(empty());
    *response.status_mut() = status;
    response
}
