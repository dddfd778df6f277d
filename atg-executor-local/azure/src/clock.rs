//! Time, so that tests and simulations can have their own.

use std::{fmt, time::Duration};

use futures::future::BoxFuture;
use jiff::Timestamp;

/// A clock. Tokens expire by it, quotas refill by it, repetitions wait by it.
pub trait Clock: fmt::Debug + Send + Sync {
    /// What time it is.
    fn now(&self) -> Timestamp;

    /// Waits.
    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()>;
}

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(time))
    }
}

/// The runtime's clock. In a runtime whose clock is paused time passes as soon as everybody waits: an hour of Azure's quota
/// in a second of ours.
#[derive(Debug, Clone, Copy)]
pub struct RuntimeClock {
    started: tokio::time::Instant,
    at: Timestamp,
}

impl RuntimeClock {
    /// A clock that says `at` now.
    #[must_use]
    pub fn starting_at(at: Timestamp) -> Self {
        Self {
            started: tokio::time::Instant::now(),
            at,
        }
    }
}

impl Clock for RuntimeClock {
    fn now(&self) -> Timestamp {
        self.at
            .checked_add(self.started.elapsed())
            .unwrap_or(Timestamp::MAX)
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(time))
    }
}
