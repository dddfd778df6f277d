//! The body of a request, which is listened to for a while after nobody wants it any more.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Version, header, request::Parts};
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming, SizeHint};

/// How long a refused upload is still read, and how long it may stand still meanwhile.
const LINGER: Duration = Duration::from_secs(30);
const LINGER_IDLE: Duration = Duration::from_secs(5);

/// A body as it arrives.
///
/// Dropped before its end, it is read on and thrown away in the background. On HTTP/1.1 a connection that is closed
/// while its peer still writes is reset, and the reset takes the answer with it that said why: a client would see a
/// broken connection in place of `413`, and try again. HTTP/2 ends the one stream and says so by itself.
#[derive(Debug)]
pub(crate) struct RequestBody {
    // Taken when it is dropped.
    incoming: Option<Incoming>,
    lingers: bool,
    // Whether the client waits to be told to send it. One that was not told will not send.
    awaited: bool,
}

impl RequestBody {
    pub(crate) fn new(incoming: Incoming, parts: &Parts) -> Self {
        Self {
            incoming: Some(incoming),
            lingers: parts.version < Version::HTTP_2,
            awaited: parts.headers.contains_key(header::EXPECT),
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.awaited = false;
        match &mut self.incoming {
            Some(incoming) => Pin::new(incoming).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.as_ref().map(Body::size_hint).unwrap_or_default()
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        let Some(mut rest) = self.incoming.take() else {
            return;
        };
        if !self.lingers || self.awaited || rest.is_end_stream() {
            return;
        }
        // Outside a runtime there is nobody to read it.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(tokio::time::timeout(LINGER, async move {
                while let Ok(Some(Ok(_))) = tokio::time::timeout(LINGER_IDLE, rest.frame()).await {}
            }));
        }
    }
}
