//! Requests that are no HTTP: hyper answers them before this service hears of them, with a status and nothing else. Here
//! its answer gets what every error of the service has: problem details, and a request id.
//!
//! What cannot be had: a connection that is cut for being too slow to ask gets no answer at all, and over HTTP/2 what is
//! malformed is answered by the protocol itself, with a reset or a bare `431`.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use atg_sdk::{
    Error, ErrorKind,
    rest::{PROBLEM_JSON, Problem},
};
use http::StatusCode;
use jiff::{SignedDuration, Timestamp, fmt::rfc2822::DateTimePrinter};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use uuid::Uuid;

/// Hears of each answer that was given here.
pub(super) type Heard = Box<dyn Fn(StatusCode) + Send>;

/// A connection on which hyper's own answers are replaced.
pub(super) struct Explained<S> {
    stream: S,
    /// Ours in place of hyper's, as far as it is not sent.
    answer: Vec<u8>,
    sent: usize,
    heard: Heard,
}

impl<S> Explained<S> {
    pub(super) fn new(stream: S, heard: Heard) -> Self {
        Self {
            stream,
            answer: Vec::new(),
            sent: 0,
            heard,
        }
    }

    /// Takes up an answer of hyper's own, if that is what is to be written.
    fn take_up(&mut self, bytes: &[u8]) {
        if let Some(status) = own_answer(bytes) {
            (self.heard)(status);
            self.answer = explained(status);
            self.sent = 0;
        }
    }
}

impl<S: AsyncWrite + Unpin> Explained<S> {
    /// Sends what there is of ours. Ready when there is none left.
    fn send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.sent < self.answer.len() {
            let wrote = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.answer[self.sent..]))?;
            if wrote == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.sent += wrote;
        }
        self.answer.clear();
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Explained<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Explained<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.answer.is_empty() {
            self.take_up(bytes);
        }
        if self.answer.is_empty() {
            return Pin::new(&mut self.stream).poll_write(cx, bytes);
        }
        // Whoever is told to wait comes back with the same bytes.
        ready!(self.send(cx))?;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut filled = bytes.iter().filter(|slice| !slice.is_empty());
        match (filled.next(), filled.next()) {
            // A head without a body comes alone.
            (Some(only), None) => self.poll_write(cx, only),
            _ => Pin::new(&mut self.stream).poll_write_vectored(cx, bytes),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.send(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.send(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The status of an answer that hyper made by itself. It has these three headers in this order and no other, which none
/// of the service has: all of them have a request id. The time must be now, so that nobody's file can be taken for one.
fn own_answer(bytes: &[u8]) -> Option<StatusCode> {
    let text = std::str::from_utf8(bytes.get(..bytes.len().min(256))?).ok()?;
    let text = text.strip_prefix("HTTP/1.1 4").filter(|_| bytes.len() < 256)?;
    let mut lines = text.strip_suffix("\r\n\r\n")?.split("\r\n");
    let status = lines.next()?.get(..2)?;
    let (mut empty, mut date, mut others) = (false, None, 0);
    for line in lines {
        match line.split_once(": ")? {
            ("content-length", "0") => empty = true,
            ("date", value) => date = Some(value),
            ("connection", "close") => {}
            _ => others += 1,
        }
    }
    let status = StatusCode::from_bytes(format!("4{status}").as_bytes()).ok()?;
    (empty && others == 0 && is_now(date?)).then_some(status)
}

/// Whether a date is that of the last seconds: the one that hyper writes is kept for a second.
fn is_now(date: &str) -> bool {
    let now = Timestamp::now();
    (0..=3).any(|ago| written(now - SignedDuration::from_secs(ago)).is_some_and(|written| written == date))
}

fn written(time: Timestamp) -> Option<String> {
    DateTimePrinter::new().timestamp_to_rfc9110_string(&time).ok()
}

fn explained(status: StatusCode) -> Vec<u8> {
    let error = match status {
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => Error::new(
            ErrorKind::TooLarge,
            "the request's head is larger than this service takes: 64 KiB and 100 fields",
        )
        .with_code("HeadTooLarge"),
        StatusCode::URI_TOO_LONG => Error::new(
            ErrorKind::TooLarge,
            "the request's path is longer than this service takes",
        )
        .with_code("PathTooLong"),
        _ => Error::invalid(
            "the request is no HTTP/1.1: see its first line, the names of its headers, and its length",
        )
        .with_code("MalformedRequest"),
    };
    let id = Uuid::now_v7();
    let problem = Problem::new(&error)
        .with_status(status.as_u16())
        // What was asked for could not be read.
        .with_instance("/")
        .with_request_id(id.to_string());
    // The type is made of strings, numbers and lists: it cannot fail to serialise.
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    let date = written(Timestamp::now()).unwrap_or_default();
    let mut answer = format!(
        "HTTP/1.1 {} {}\r\ncontent-type: {PROBLEM_JSON}\r\ncontent-length: {}\r\nconnection: close\r\n\
         x-request-id: {id}\r\ndate: {date}\r\n\r\n",
        status.as_u16(),
        status.canonical_reason().unwrap_or("Error"),
        body.len(),
    )
    .into_bytes();
    answer.extend(body);
    answer
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    fn bare(status: &str, date: &str) -> String {
        format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\ndate: {date}\r\n\r\n")
    }

    fn now() -> String {
        written(Timestamp::now()).unwrap()
    }

    async fn through(text: &str, room: usize) -> String {
        let (server, mut client) = duplex(room);
        let mut server = Explained::new(server, Box::new(|_| {}));
        let mut read = String::new();
        let (written, came) = tokio::join!(
            async {
                server.write_all(text.as_bytes()).await?;
                server.shutdown().await
            },
            client.read_to_string(&mut read)
        );
        written.unwrap();
        came.unwrap();
        read
    }

    #[tokio::test]
    async fn an_answer_without_words_gets_some_also_where_there_is_little_room() {
        for room in [1, 7, 4096] {
            let sent = through(&bare("431 Request Header Fields Too Large", &now()), room).await;
            let (head, body) = sent.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with("HTTP/1.1 431 Request Header"), "{head}");
            assert!(
                head.contains(&format!("content-length: {}", body.len())),
                "{head}"
            );
            let problem: Problem = serde_json::from_str(body).unwrap();
            assert_eq!((problem.status, problem.code.as_str()), (431, "HeadTooLarge"));
            assert!(head.contains(&problem.request_id.unwrap()), "{head}");
        }
    }

    #[tokio::test]
    async fn everything_else_goes_through_as_it_is() {
        let now = now();
        for text in [
            "",
            "HTTP/1.1 4",
            &bare("404 Not Found", "Sun, 06 Nov 1994 08:49:37 GMT"),
            &bare("200 OK", &now),
            &bare("400 Bad Request", &now).replace("content-length: 0", "content-length: 1"),
            &bare("404 Not Found", &now).replace("connection: close", "x-request-id: 1"),
            &format!("{}x", bare("400 Bad Request", &now)),
            &bare("400 Bad Request", &now).repeat(2),
        ] {
            assert_eq!(through(text, 4096).await, text);
        }
    }
}
