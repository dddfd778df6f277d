//! What time it is: decides about quotas, lifetimes of tokens and how far back change feeds reach.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// Says what time it is, and waits.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;

    /// Ends when that long has passed by this clock. Slow answers wait with it.
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()>;
}

/// The machine's.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// One that stands still until somebody moves it: an hour of quota passes at once in a test.
#[derive(Debug)]
pub struct VirtualClock {
    now: Mutex<Timestamp>,
    moved: watch::Sender<()>,
}

impl VirtualClock {
    /// One that shows that time.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self {
            now: Mutex::new(now),
            moved: watch::channel(()).0,
        }
    }

    /// Moves it.
    pub fn advance(&self, duration: Duration) {
        let duration = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
        {
            let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
            *now = now.checked_add(duration).unwrap_or(Timestamp::MAX);
        }
        self.moved.send_replace(());
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        let duration = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
        let until = self.now().checked_add(duration).unwrap_or(Timestamp::MAX);
        let mut moved = self.moved.subscribe();
        Box::pin(async move {
            // The sender lives as long as the clock that this future borrows.
            while self.now() < until && moved.changed().await.is_ok() {}
        })
    }
}
