//! Time that passes by itself: as soon as everybody waits, it is as late as the first of them waits for.

use std::{
    collections::BTreeMap,
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

/// A clock that the simulated Azure and whoever asks it share.
pub struct Eager {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    now: Timestamp,
    /// What is being answered. Time does not pass meanwhile: answers take none.
    busy: usize,
    /// When those who wait go on, each with a number of its own.
    waiting: BTreeMap<(Timestamp, u64), Option<Waker>>,
    numbers: u64,
}

/// Something is being answered.
#[derive(Debug)]
pub struct Busy(Arc<Shared>);

/// Somebody waits.
struct Waiting {
    shared: Arc<Shared>,
    place: (Timestamp, u64),
    /// Whoever has something to ask asks it before time passes.
    has_let_others_on: bool,
}

impl fmt::Debug for Eager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Eager({})", self.shared.with(|state| state.now))
    }
}

impl Shared {
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    /// Lets the time pass that all wait for, unless something is being answered.
    fn pass(&mut self) {
        if let (0, Some(((first, _), _))) = (self.busy, self.waiting.first_key_value()) {
            self.now = self.now.max(*first);
        }
        self.wake();
    }

    /// Wakes those whose time has come, and behind them the next one, who looks whether time can pass further: whoever goes
    /// on may have nothing to ask.
    fn wake(&mut self) {
        let now = self.now;
        for ((time, _), waker) in &mut self.waiting {
            if let Some(waker) = waker.take() {
                waker.wake();
            }
            if *time > now {
                break;
            }
        }
    }
}

fn later(now: Timestamp, time: Duration) -> Timestamp {
    let time = SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
    now.checked_add(time).unwrap_or(Timestamp::MAX)
}

impl Eager {
    /// One that shows that time.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        let state = State {
            now,
            busy: 0,
            waiting: BTreeMap::new(),
            numbers: 0,
        };
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(state),
            }),
        }
    }

    /// What time it is.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.shared.with(|state| state.now)
    }

    /// Lets that long pass.
    pub fn advance(&self, time: Duration) {
        self.shared.with(|state| {
            state.now = later(state.now, time);
            state.wake();
        });
    }

    /// Time stands still until this is dropped.
    #[must_use]
    pub fn busy(&self) -> Busy {
        self.shared.with(|state| state.busy += 1);
        Busy(Arc::clone(&self.shared))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.with(|state| {
            state.busy -= 1;
            state.pass();
        });
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.shared.with(|state| state.waiting.remove(&self.place));
    }
}

impl Future for Waiting {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let (place, may_pass) = (self.place, self.has_let_others_on);
        let is_over = self.shared.with(|state| {
            state.waiting.insert(place, Some(context.waker().clone()));
            if may_pass {
                state.pass();
            }
            state.now >= place.0
        });
        if is_over {
            return Poll::Ready(());
        }
        if !may_pass {
            self.has_let_others_on = true;
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

impl atg_azure::clock::Clock for Eager {
    fn now(&self) -> Timestamp {
        self.time()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        let place = self.shared.with(|state| {
            state.numbers += 1;
            let place = (later(state.now, time), state.numbers);
            state.waiting.insert(place, None);
            place
        });
        let waiting = Waiting {
            shared: Arc::clone(&self.shared),
            place,
            has_let_others_on: false,
        };
        Box::pin(waiting)
    }
}

impl atg_azure_sim::Clock for Eager {
    fn now(&self) -> Timestamp {
        self.time()
    }

    /// While something is being answered, so nobody else would let time pass.
    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
        self.advance(time);
        Box::pin(tokio::task::yield_now())
    }
}

#[cfg(test)]
mod tests {
    use atg_azure::clock::Clock as _;

    use super::*;

    #[tokio::test]
    async fn an_hour_passes_at_once_and_not_while_something_is_answered() {
        let started = "2026-01-01T00:00:00Z".parse().unwrap();
        let clock = Eager::new(started);
        let hour = Duration::from_secs(3600);
        tokio::join!(clock.sleep(hour), clock.sleep(hour / 2), clock.sleep(2 * hour));
        assert_eq!(clock.time(), later(started, 2 * hour));
        let busy = clock.busy();
        let mut waiting = clock.sleep(hour);
        for _ in 0..10 {
            assert!(futures::poll!(&mut waiting).is_pending());
        }
        drop(busy);
        waiting.await;
        assert_eq!(clock.time(), later(started, 3 * hour));
        drop(clock.sleep(hour));
        clock.sleep(2 * hour).await;
        assert_eq!(
            clock.time(),
            later(started, 5 * hour),
            "who no longer waits is not waited for"
        );
    }
}
