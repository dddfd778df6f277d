//! Listeners and connections.

use std::{convert::Infallible, future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::StreamExt;
use http::{HeaderMap, Request, Response, header};
use http_body_util::{BodyExt, Limited, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Frame, Incoming};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::watch,
};
use tokio_rustls::TlsAcceptor;

use crate::{
    service::{self, Sent},
    web::Call,
    world::World,
};

/// The most that a request may bring.
const LARGEST_BODY: usize = 16 << 20;

/// What connections share.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) world: Arc<World>,
    pub(crate) tls: TlsAcceptor,
    /// Becomes true when everything should end.
    pub(crate) end: watch::Receiver<bool>,
}

impl Server {
    /// Accepts connections until the end, and hands each to a task of its own.
    pub(crate) async fn accept<F, R>(mut self, listener: TcpListener, serve: F)
    where
        F: Fn(Self, tokio::net::TcpStream) -> R,
        R: Future<Output = ()> + Send + 'static,
    {
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        // Without it every small answer waits for the acknowledgement of the one before.
                        let _best_effort = stream.set_nodelay(true);
                        tokio::spawn(serve(self.clone(), stream));
                    }
                    // Too many open files, or a client that left between two calls: the next may do better.
                    Err(_) => tokio::task::yield_now().await,
                },
                _ = self.end.changed() => return,
            }
        }
    }

    /// Speaks TLS and then http.
    pub(crate) async fn https<S>(self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        if let Ok(stream) = self.tls.accept(stream).await {
            self.http(stream, "https").await;
        }
    }

    /// Speaks http.
    pub(crate) async fn http<S>(self, stream: S, scheme: &'static str)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (world, mut end) = (self.world, self.end);
        let service = hyper::service::service_fn(move |request| answer(Arc::clone(&world), request, scheme));
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder.http2().max_concurrent_streams(1000);
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        tokio::select! {
            _ended = connection.as_mut() => {}
            _ = end.changed() => {}
        }
    }
}

type Body = UnsyncBoxBody<Bytes, io::Error>;

async fn answer(
    world: Arc<World>,
    request: Request<Incoming>,
    scheme: &str,
) -> Result<Response<Body>, io::Error> {
    let (parts, body) = request.into_parts();
    let authority = parts
        .uri
        .authority()
        .map(ToString::to_string)
        .or_else(|| Some(parts.headers.get(header::HOST)?.to_str().ok()?.to_owned()))
        .unwrap_or_else(|| "localhost".to_owned());
    let body = match Limited::new(body, LARGEST_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return Ok(plain(413)),
    };
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let call = Call::new(
        parts.method,
        format!("{scheme}://{authority}"),
        target,
        parts.headers,
        body,
    );
    match service::answer(world, call).await {
        Sent::Whole(reply) => Ok(response(reply.status, &reply.headers, whole(reply.body), None)),
        Sent::Cut(reply, length) => {
            let promised = reply.body.len();
            let part = reply.body.slice(..length.min(promised));
            Ok(response(reply.status, &reply.headers, cut(part), Some(promised)))
        }
        Sent::Nothing => Err(io::Error::from(io::ErrorKind::ConnectionReset)),
    }
}

fn whole(bytes: Bytes) -> Body {
    http_body_util::Full::new(bytes)
        .map_err(|never: Infallible| match never {})
        .boxed_unsync()
}

/// How long the beginning of a body has to get out before the connection ends: both at once would be nothing at all.
const HEAD_START: Duration = Duration::from_millis(20);

/// The beginning of a body, and then the end of the connection.
fn cut(bytes: Bytes) -> Body {
    let begun = futures::stream::iter([Ok(Frame::data(bytes))]);
    let frames = begun.chain(futures::stream::once(async {
        tokio::time::sleep(HEAD_START).await;
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    }));
    StreamBody::new(frames).boxed_unsync()
}

fn plain(status: u16) -> Response<Body> {
    response(status, &[], whole(Bytes::new()), None)
}

fn response(
    status: u16,
    headers: &[(&'static str, String)],
    body: Body,
    length: Option<usize>,
) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() =
        http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let map: &mut HeaderMap = response.headers_mut();
    for (name, value) in headers {
        if let Ok(value) = http::HeaderValue::from_str(value) {
            map.append(*name, value);
        }
    }
    if let Some(length) = length {
        map.insert(header::CONTENT_LENGTH, length.into());
    }
    response
}

/// Binds a listener and says where it is.
pub(crate) async fn bind(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    Ok((listener, bound))
}
