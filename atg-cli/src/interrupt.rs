//! Ctrl-C and SIGTERM: once asks, twice leaves.

use std::{io, process};

use atg_sdk::{Error, ErrorKind};
use tokio::sync::mpsc;

/// The signals since [`listen`](Self::listen), one by one.
///
/// Once somebody listens, the operating system's own answer to the signal is gone for the rest of the process. So when
/// nobody does any more (the value was dropped), a further signal ends the process.
#[derive(Debug)]
pub(crate) struct Interrupts {
    signals: mpsc::UnboundedReceiver<()>,
}

impl Interrupts {
    /// Begins to listen. Needs a runtime around it.
    pub(crate) fn listen() -> Result<Self, Error> {
        let (sender, signals) = mpsc::unbounded_channel();
        let mut source = SignalSource::new()
            .map_err(|error| Error::new(ErrorKind::Unavailable, "listen for Ctrl-C").with_source(error))?;
        tokio::spawn(async move {
            while source.next().await {
                if sender.send(()).is_err() {
                    process::exit(i32::from(ErrorKind::Cancelled.exit_code()));
                }
            }
        });
        Ok(Self { signals })
    }

    /// Signals that a test sends.
    #[cfg(test)]
    pub(crate) fn from_channel(signals: mpsc::UnboundedReceiver<()>) -> Self {
        Self { signals }
    }

    /// The next signal.
    pub(crate) async fn next(&mut self) {
        if self.signals.recv().await.is_none() {
            // The listening task is gone with its runtime; no signal will come.
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(unix)]
struct SignalSource {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl SignalSource {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> bool {
        tokio::select! {
            signal = self.interrupt.recv() => signal.is_some(),
            signal = self.terminate.recv() => signal.is_some(),
        }
    }
}

#[cfg(not(unix))]
struct SignalSource;

#[cfg(not(unix))]
impl SignalSource {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> bool {
        tokio::signal::ctrl_c().await.is_ok()
    }
}
