//! A connection that does not wait for ever.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep},
};

/// As many bytes as the preface of HTTP/2 has. Until they are there the server does not know which protocol is spoken,
/// and its own time limit for a request's head does not run yet.
const PREFACE: usize = 24;

/// A connection that ends with an error when the client sends nothing to begin with, or takes nothing of what it is sent.
pub(super) struct Patient<S> {
    stream: S,
    /// How many of the first bytes are still to come.
    missing: usize,
    opening: Pin<Box<Sleep>>,
    idle: Duration,
    /// Runs while the client takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    pub(super) fn new(stream: S, opening: Duration, idle: Duration) -> Self {
        Self {
            stream,
            missing: PREFACE,
            opening: Box::pin(tokio::time::sleep(opening)),
            idle,
            stalled: None,
        }
    }

    /// What became of a write: one that waits for the client starts the clock, any other stops it.
    fn watch<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let idle = self.idle;
        let clock = self
            .stalled
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + idle)));
        ready!(clock.as_mut().poll(cx));
        Poll::Ready(Err(timed_out("the client took nothing for too long")))
    }
}

fn timed_out(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, why)
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if self.missing == 0 {
            return read;
        }
        if read.is_ready() {
            self.missing = self.missing.saturating_sub(buffer.filled().len() - before);
            return read;
        }
        ready!(self.opening.as_mut().poll(cx));
        Poll::Ready(Err(timed_out("the client sent no request in time")))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.watch(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.watch(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.watch(cx, shut)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_client_that_says_nothing_is_left() {
        let (server, _client) = duplex(64);
        let error = Patient::new(server, SECOND, SECOND).read_u8().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_has_begun_may_take_its_time() {
        let (server, mut client) = duplex(64);
        let mut server = Patient::new(server, SECOND, SECOND);
        client.write_all(&[7; PREFACE]).await.unwrap();
        server.read_exact(&mut [0; PREFACE]).await.unwrap();
        let later = tokio::spawn(async move {
            tokio::time::advance(60 * SECOND).await;
            client.write_u8(1).await.unwrap();
        });
        assert_eq!(server.read_u8().await.unwrap(), 1);
        later.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_left() {
        let (server, _client) = duplex(8);
        let error = Patient::new(server, SECOND, SECOND)
            .write_all(&[0; 64])
            .await
            .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
