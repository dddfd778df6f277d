//! News of jobs: at once from this process, within a tenth of a second from others.

use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use tokio::{
    sync::watch,
    task::AbortHandle,
    time::{MissedTickBehavior, interval},
};

use super::JobStore;

/// How often other processes' commits are looked for. It costs a few microseconds, and only while somebody follows.
const LOOK: Duration = Duration::from_millis(100);

/// Tells that something changed, not what: who is told reads what it needs.
#[derive(Debug)]
pub(crate) struct Changes {
    sender: watch::Sender<()>,
    followers: Mutex<Followers>,
}

#[derive(Debug, Default)]
struct Followers {
    count: usize,
    looking: Option<AbortHandle>,
}

impl Default for Changes {
    fn default() -> Self {
        Self {
            sender: watch::Sender::new(()),
            followers: Mutex::default(),
        }
    }
}

impl Changes {
    /// Something changed.
    pub(crate) fn announce(&self) {
        self.sender.send_replace(());
    }

    /// Hears of every change that is announced from now on.
    pub(crate) fn subscribe(&self) -> watch::Receiver<()> {
        self.sender.subscribe()
    }
}

/// As long as one of these is held, commits of other processes are announced too.
#[derive(Debug)]
pub(crate) struct Following {
    store: Arc<JobStore>,
}

impl Following {
    /// Must be called within a runtime.
    pub(crate) fn begin(store: &Arc<JobStore>) -> Self {
        let mut followers = store
            .changes
            .followers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        followers.count += 1;
        if followers.count == 1 {
            followers.looking = Some(tokio::spawn(look(Arc::downgrade(store))).abort_handle());
        }
        drop(followers);
        Self {
            store: Arc::clone(store),
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let mut followers = self
            .store
            .changes
            .followers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        followers.count -= 1;
        if followers.count == 0
            && let Some(looking) = followers.looking.take()
        {
            looking.abort();
        }
    }
}

async fn look(store: Weak<JobStore>) {
    let mut seen = None;
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(store) = store.upgrade() else {
            return;
        };
        let look = tokio::task::spawn_blocking(move || {
            store.database.data_version().map(|version| (store, version))
        });
        match look.await {
            Ok(Ok((store, version))) => {
                // The first look says nothing about what happened before it.
                if seen.replace(version) != Some(version) {
                    store.changes.announce();
                }
            }
            Ok(Err(error)) => tracing::debug!(%error, "changes of other processes cannot be seen"),
            Err(_) => return,
        }
    }
}
