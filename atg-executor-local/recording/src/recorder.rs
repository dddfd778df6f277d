//! Writes a recording while a scan goes on.

use std::{fmt, io::Write, sync::Arc};

use async_trait::async_trait;
use atg_azure::{
    transport::Transport,
    wire::{Limits, Wire, WireFailure},
};
use atg_sdk::{Error, ErrorKind, Result};
use bytes::Bytes;
use http::{Request, Response};
use tokio::{
    sync::mpsc,
    task::{self, JoinHandle},
};
use url::Url;

use crate::{Header, Redact, clean::Cleaner, line::Exchange};

/// Exchanges that wait to be written. Each may be a page of megabytes: whoever asks faster than they can be written waits.
const WAITING: usize = 8;
/// Small enough to keep up on one thread; pages of JSON become a tenth at any level.
const LEVEL: i32 = 3;
/// After so many bytes what was written can be read, even if nothing more comes.
const LOST_AT_MOST: usize = 4 * 1024 * 1024;

/// Writes a recording. One that is dropped without [`finish`](Self::finish) leaves a recording that says it is cut.
pub struct Recorder<W> {
    exchanges: mpsc::Sender<Message>,
    writer: JoinHandle<Result<W>>,
}

enum Message {
    Exchange(Box<Exchange>),
    /// No more will come: the file is whole.
    End,
}

impl<W> fmt::Debug for Recorder<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recorder")
    }
}

impl<W: Write + Send + 'static> Recorder<W> {
    /// Begins a recording, and gives the transport whose exchanges are in it. Tokens are got elsewhere and are never in it;
    /// nor is anything that goes to other hosts than Resource Manager's and Microsoft Graph's.
    ///
    /// # Errors
    /// When the first line cannot be written.
    pub fn start(
        transport: &Transport,
        header: &Header,
        out: W,
        redact: Redact,
    ) -> Result<(Self, Transport)> {
        let mut file = zstd::Encoder::new(out, LEVEL).map_err(unwritable)?;
        let mut first = serde_json::to_vec(header)
            .map_err(|error| Error::internal("write the recording's first line").with_source(error))?;
        first.push(b'\n');
        file.write_all(&first).map_err(unwritable)?;
        // However early it is cut, it says what it is.
        file.flush().map_err(unwritable)?;
        let (exchanges, waiting) = mpsc::channel(WAITING);
        let cleaner = Cleaner::new(redact);
        let writer = task::spawn_blocking(move || write(file, waiting, &cleaner));
        let cloud = transport.cloud();
        let hosts = [cloud.resource_manager.clone(), cloud.microsoft_graph.clone()];
        let sender = exchanges.clone();
        let recorded = transport.over(|inner| {
            Arc::new(Recording {
                inner,
                hosts,
                exchanges: sender,
            })
        });
        Ok((Self { exchanges, writer }, recorded))
    }

    /// Ends the recording. What is asked from now on is not in it.
    ///
    /// # Errors
    /// When it could not be written: the disk is full.
    pub async fn finish(self) -> Result<W> {
        // A writer that has failed no longer listens, and tells why below.
        let _gone = self.exchanges.send(Message::End).await;
        self.writer
            .await
            .map_err(|error| Error::internal("write the recording: its thread stopped").with_source(error))?
    }
}

fn write<W: Write>(
    mut file: zstd::Encoder<'static, W>,
    mut waiting: mpsc::Receiver<Message>,
    cleaner: &Cleaner,
) -> Result<W> {
    let (mut line, mut count, mut unflushed) = (String::new(), 0_u64, 0);
    loop {
        match waiting.blocking_recv() {
            Some(Message::Exchange(exchange)) => {
                line.clear();
                exchange.write(cleaner, &mut line);
                file.write_all(line.as_bytes()).map_err(unwritable)?;
                count += 1;
                unflushed += line.len();
                if unflushed > LOST_AT_MOST {
                    file.flush().map_err(unwritable)?;
                    unflushed = 0;
                }
            }
            Some(Message::End) => {
                writeln!(file, "{{\"exchanges\":{count}}}").map_err(unwritable)?;
                return file.finish().map_err(unwritable);
            }
            // Nobody is left who could end it: the frame is closed, and the missing last line says that it is cut.
            None => return file.finish().map_err(unwritable),
        }
    }
}

fn unwritable(error: std::io::Error) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "write the recording: is the disk full? Without `record` none is written",
    )
    .with_source(error)
}

/// A wire whose exchanges are written.
struct Recording {
    inner: Arc<dyn Wire>,
    hosts: [Url; 2],
    exchanges: mpsc::Sender<Message>,
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}

impl Recording {
    fn is_recorded(&self, address: &str) -> bool {
        Url::parse(address).is_ok_and(|url| self.hosts.iter().any(|host| host.origin() == url.origin()))
    }
}

#[async_trait]
impl Wire for Recording {
    async fn exchange(
        &self,
        request: Request<Bytes>,
        limits: Limits,
    ) -> Result<Response<Bytes>, WireFailure> {
        let address = request.uri().to_string();
        if !self.is_recorded(&address) {
            return self.inner.exchange(request, limits).await;
        }
        let (method, asked) = (request.method().clone(), request.body().clone());
        let outcome = self.inner.exchange(request, limits).await;
        let exchange = Exchange {
            method,
            address,
            asked,
            // Bodies are shared, not copied.
            outcome: outcome.clone(),
        };
        // Before the caller goes on: what it asks next stands behind this. A writer that has failed tells so at the end.
        let _gone = self.exchanges.send(Message::Exchange(Box::new(exchange))).await;
        outcome
    }
}
