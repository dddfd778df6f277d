//! `GET /api/v1/jobs/{job_id}/events`: server-sent events.

use std::time::Duration;

use atg_sdk::{
    Error, JobEvent, Result as SdkResult,
    rest::{EVENT_STREAM, headers},
};
use bytes::Bytes;
use futures::{StreamExt as _, stream, stream::BoxStream};
use http::{HeaderName, HeaderValue, Response, StatusCode, header};

use super::{
    Seen, Service,
    body::{Body, bare, stream as stream_body},
    failure::Failure,
    request::Incoming,
    submit::accepts,
};
use crate::keys::Caller;

impl Service {
    pub(super) async fn job_events(
        &self,
        id: &str,
        request: &Incoming,
        caller: &Caller,
        seen: &mut Seen,
    ) -> Result<Response<Body>, Failure> {
        request.only_queries(&[])?;
        accepts(&request.parts.headers, EVENT_STREAM)?;
        let after = last_event_id(request)?;
        let job = self.job_for(id, caller, seen).await?;
        let mut events = self.executor.watch_job(job.id, after);
        // A client reconnects for ever to a stream that ends: once there is nothing left to say, `204` stops it.
        let first = if job.status.has_ended() {
            events.next().await
        } else {
            None
        };
        if job.status.has_ended() && first.is_none() {
            return Ok(bare(StatusCode::NO_CONTENT));
        }
        let events = stream::iter(first).chain(events).boxed();
        let mut response = Response::new(stream_body(lines(
            events,
            self.draining.clone(),
            self.options.limits.heartbeat,
        )));
        let answer = response.headers_mut();
        answer.insert(header::CONTENT_TYPE, HeaderValue::from_static(EVENT_STREAM));
        answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        // nginx holds answers back otherwise.
        answer.insert(
            HeaderName::from_static("x-accel-buffering"),
            HeaderValue::from_static("no"),
        );
        Ok(response)
    }
}

fn last_event_id(request: &Incoming) -> Result<Option<u64>, Failure> {
    let Some(text) = request.header(headers::LAST_EVENT_ID).map(str::trim) else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|_| {
        let error = Error::invalid("the header Last-Event-ID is not valid");
        error
            .with_field("Last-Event-ID", "must be the sequence number of an event")
            .into()
    })
}

/// Events as the stream's text, a comment where nothing happens, and an end when the server stops: the client comes
/// back to another one with the last sequence that it saw.
fn lines(
    events: BoxStream<'static, SdkResult<JobEvent>>,
    stopping: tokio_util::sync::CancellationToken,
    heartbeat: Duration,
) -> impl futures::Stream<Item = SdkResult<Bytes>> + Send + 'static {
    stream::unfold(Some((events, stopping)), move |state| async move {
        let (mut events, stopping) = state?;
        tokio::select! {
            biased;
            event = events.next() => match event? {
                Ok(event) => Some((text(&event), Some((events, stopping)))),
                Err(error) => Some((Err(error), None)),
            },
            () = stopping.cancelled() => None,
            () = tokio::time::sleep(heartbeat) => Some((Ok(Bytes::from_static(b": alive\n\n")), Some((events, stopping)))),
        }
    })
}

fn text(event: &JobEvent) -> SdkResult<Bytes> {
    let data =
        serde_json::to_string(event).map_err(|error| Error::internal("write an event").with_source(error))?;
    Ok(format!(
        "id: {}\nevent: {}\ndata: {data}\n\n",
        event.sequence,
        event.kind.name()
    )
    .into())
}
