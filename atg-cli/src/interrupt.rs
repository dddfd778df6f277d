//! Ctrl-C and SIGTERM: once asks, twice leaves.

use std::{
    fmt, io, process,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use atg_sdk::{Error, ErrorKind, Result};
use tokio::sync::{OnceCell, Semaphore};

/// The signals of this process. Begins to listen when somebody first attends to them.
///
/// From then on the operating system's own answer to a signal is gone for the rest of the process. So while nobody
/// attends (a table is being printed, say), a signal ends the process here.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    listening: OnceCell<Arc<Listening>>,
}

struct Listening {
    is_attended: AtomicBool,
    /// One permit a signal, so that two in a row are two.
    arrived: Semaphore,
}

impl fmt::Debug for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listening")
            .field("arrived", &self.arrived.available_permits())
            .finish_non_exhaustive()
    }
}

impl Signals {
    /// Attends to signals until the returned value is dropped. Needs a runtime around it.
    ///
    /// # Errors
    /// `Unavailable` when the system does not let this process listen.
    pub(crate) async fn attend(&self) -> Result<Attention> {
        let listening = self.listening.get_or_try_init(|| async { listen() }).await?;
        listening.is_attended.store(true, Ordering::Release);
        Ok(Attention {
            listening: Arc::clone(listening),
        })
    }
}

/// Somebody waits for signals.
#[derive(Debug)]
pub(crate) struct Attention {
    listening: Arc<Listening>,
}

impl Attention {
    /// The next signal.
    pub(crate) async fn next(&self) {
        match self.listening.arrived.acquire().await {
            Ok(permit) => permit.forget(),
            // Nobody closes the semaphore; if somebody did, no signal would come any more.
            Err(_) => std::future::pending().await,
        }
    }

    /// With signals that a test sends, as many as that.
    #[cfg(test)]
    pub(crate) fn scripted(signals: usize) -> Self {
        Self {
            listening: Arc::new(Listening {
                is_attended: AtomicBool::new(true),
                arrived: Semaphore::new(signals),
            }),
        }
    }
}

impl Drop for Attention {
    fn drop(&mut self) {
        self.listening.is_attended.store(false, Ordering::Release);
    }
}

fn listen() -> Result<Arc<Listening>> {
    let mut source = SignalSource::new()
        .map_err(|error| Error::new(ErrorKind::Unavailable, "listen for Ctrl-C").with_source(error))?;
    let listening = Arc::new(Listening {
        is_attended: AtomicBool::new(false),
        arrived: Semaphore::new(0),
    });
    let told = Arc::clone(&listening);
    tokio::spawn(async move {
        while source.next().await {
            if !told.is_attended.load(Ordering::Acquire) {
                process::exit(i32::from(ErrorKind::Cancelled.exit_code()));
            }
            told.arrived.add_permits(1);
        }
    });
    Ok(listening)
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
