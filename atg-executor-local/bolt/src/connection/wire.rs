//! Bytes to messages: chunks, and how long nothing may come.

use std::{fmt, io, time::Duration};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::{Failure, ServerFailure, Value, unpack};

/// The largest chunk that the protocol knows.
const CHUNK: usize = 0xffff;

/// A message longer than this is not one of ours: it bounds what a broken server can make us keep.
const LONGEST: usize = 256 << 20;

/// What both TCP and TLS are.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for T {}

/// What a server says.
#[derive(Debug)]
pub(super) enum Message {
    Success(Value),
    Record(Vec<Value>),
    Ignored,
    Failure(ServerFailure),
}

/// The two ways of a connection. Reading may be given up and taken up again at any point.
pub(super) struct Wire {
    stream: Box<dyn Stream>,
    silence: Duration,
    out: Vec<u8>,
    sent: usize,
    read: BytesMut,
    /// The message that is being put together.
    message: Vec<u8>,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").finish_non_exhaustive()
    }
}

impl Wire {
    pub(super) fn new(stream: Box<dyn Stream>, silence: Duration) -> Self {
        Self {
            stream,
            silence,
            out: Vec::new(),
            sent: 0,
            read: BytesMut::with_capacity(64 << 10),
            message: Vec::new(),
        }
    }

    pub(super) fn silence(&mut self, silence: Duration) {
        self.silence = silence;
    }

    /// Sends bytes that are no message, and reads as many as follow.
    pub(super) async fn greet<const N: usize>(&mut self, bytes: &[u8]) -> Result<[u8; N], Failure> {
        self.out.extend_from_slice(bytes);
        self.send().await?;
        let mut answer = [0; N];
        while self.read.len() < N {
            self.fill().await?;
        }
        self.read.copy_to_slice(&mut answer);
        Ok(answer)
    }

    /// Will be sent with the next call of [`send`](Self::send).
    pub(super) fn queue(&mut self, message: &[u8]) {
        for chunk in message.chunks(CHUNK) {
            // Its length is at most what two bytes hold.
            self.out
                .extend(u16::try_from(chunk.len()).unwrap_or(u16::MAX).to_be_bytes());
            self.out.extend_from_slice(chunk);
        }
        self.out.extend([0, 0]);
    }

    /// Sends what is queued. Given up in the middle, it goes on where it stopped when called again.
    pub(super) async fn send(&mut self) -> Result<(), Failure> {
        let silence = self.silence;
        while let Some(rest) = self.out.get(self.sent..).filter(|rest| !rest.is_empty()) {
            let written = tokio::time::timeout(silence, self.stream.write(rest))
                .await
                .map_err(|_| Failure::Silent(silence))?
                .map_err(Failure::Lost)?;
            if written == 0 {
                return Err(Failure::Lost(io::ErrorKind::WriteZero.into()));
            }
            self.sent += written;
        }
        if self.sent > 0 {
            self.out.clear();
            // One large batch must not be kept for ever.
            self.out.shrink_to(1 << 20);
            self.sent = 0;
            self.stream.flush().await.map_err(Failure::Lost)?;
        }
        Ok(())
    }

    /// The next message.
    pub(super) async fn receive(&mut self) -> Result<Message, Failure> {
        loop {
            while let Some(length) = self
                .read
                .first_chunk()
                .map(|head| usize::from(u16::from_be_bytes(*head)))
            {
                if self.read.len() < 2 + length {
                    break;
                }
                self.read.advance(2);
                if length > 0 {
                    self.message.extend_from_slice(&self.read[..length]);
                    self.read.advance(length);
                    if self.message.len() > LONGEST {
                        return Err(Failure::Protocol("a message of more than 256 MiB".to_owned()));
                    }
                } else if !self.message.is_empty() {
                    let result = parse(&self.message);
                    self.message.clear();
                    return result.map_err(|what| Failure::Protocol(what.to_owned()));
                }
                // Between messages an empty chunk only says that the server lives.
            }
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> Result<(), Failure> {
        self.read.reserve(32 << 10);
        let silence = self.silence;
        match tokio::time::timeout(silence, self.stream.read_buf(&mut self.read)).await {
            Err(_) => Err(Failure::Silent(silence)),
            Ok(Ok(0)) => Err(Failure::Lost(io::ErrorKind::UnexpectedEof.into())),
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(Failure::Lost(error)),
        }
    }
}

fn parse(mut bytes: &[u8]) -> Result<Message, unpack::Damaged> {
    let (tag, fields) = unpack::head(&mut bytes)?;
    let first = if fields > 0 {
        unpack::value(&mut bytes)?
    } else {
        Value::Null
    };
    match (tag, first) {
        (0x70, metadata) => Ok(Message::Success(metadata)),
        (0x71, Value::List(row)) => Ok(Message::Record(row)),
        (0x7e, _) => Ok(Message::Ignored),
        (0x7f, metadata) => {
            let text = |names: [&str; 2]| {
                let found = names.iter().find_map(|name| metadata.get(name)?.as_str());
                found.unwrap_or_default().to_owned()
            };
            Ok(Message::Failure(ServerFailure {
                // Since Bolt 5.7 the code has the longer name.
                code: text(["neo4j_code", "code"]),
                message: text(["message", "description"]),
            }))
        }
        _ => Err("a message of an unknown kind"),
    }
}
