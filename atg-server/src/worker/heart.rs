//! The heartbeat: a thread of its own, because a job that computes must not cost its worker the lease.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{RecvTimeoutError, Sender, channel},
    },
    thread,
    time::Duration,
};

use atg_sdk::{Error, JobId, Result};
use tokio_util::sync::CancellationToken;

use crate::queue::{Backend, Lease, Renewal, WorkerId};

/// The leases of a worker.
pub(super) struct Heart {
    worker: WorkerId,
    backend: Arc<dyn Backend>,
    rhythm: Duration,
    held: Arc<Mutex<HashMap<JobId, Signals>>>,
}

/// What the heart tells an attempt.
#[derive(Debug, Clone)]
pub(super) struct Signals {
    pub(super) lease: Lease,
    /// The lease is over: nothing may be written any more.
    pub(super) lost: CancellationToken,
    /// Somebody asked for the job to stop.
    pub(super) wish: CancellationToken,
}

/// Keeps a lease alive until it is dropped.
pub(super) struct Hold {
    pub(super) signals: Signals,
    held: Arc<Mutex<HashMap<JobId, Signals>>>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        // Another attempt of the same job may have come to this worker meanwhile.
        if held
            .get(&self.signals.lease.job)
            .is_some_and(|now| now.lease == self.signals.lease)
        {
            held.remove(&self.signals.lease.job);
        }
    }
}

/// The heart beats until this is dropped.
pub(super) struct Beating(#[expect(dead_code, reason = "dropping it ends the thread")] Sender<()>);

impl Heart {
    pub(super) fn new(worker: WorkerId, backend: Arc<dyn Backend>, rhythm: Duration) -> Self {
        Self {
            worker,
            backend,
            rhythm,
            held: Arc::default(),
        }
    }

    /// Keeps that lease alive.
    pub(super) fn hold(&self, lease: Lease) -> Hold {
        let signals = Signals {
            lease,
            lost: CancellationToken::new(),
            wish: CancellationToken::new(),
        };
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.insert(lease.job, signals.clone());
        Hold {
            signals,
            held: Arc::clone(&self.held),
        }
    }

    /// The leases that are held now.
    pub(super) fn leases(&self) -> Vec<Lease> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.values().map(|signals| signals.lease).collect()
    }

    /// Begins to beat.
    pub(super) fn start(&self) -> Result<Beating> {
        let cannot = |error| Error::internal("start the heartbeat of the worker").with_source(error);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(cannot)?;
        let (sender, stop) = channel();
        let (worker, backend, rhythm) = (self.worker, Arc::clone(&self.backend), self.rhythm);
        let held = Arc::clone(&self.held);
        let beat = move || {
            while stop.recv_timeout(rhythm) == Err(RecvTimeoutError::Timeout) {
                let leases: Vec<_> = {
                    let held = held.lock().unwrap_or_else(PoisonError::into_inner);
                    held.values().map(|signals| signals.lease).collect()
                };
                if leases.is_empty() {
                    continue;
                }
                match runtime.block_on(backend.renew(worker, leases)) {
                    Ok(renewals) => tell(&held, &renewals),
                    // The next beat may do better. If none does, the token keeps the log whole.
                    Err(error) => tracing::warn!(%error, "leases cannot be renewed"),
                }
            }
        };
        thread::Builder::new()
            .name("atg-worker-heart".to_owned())
            .spawn(beat)
            .map_err(cannot)?;
        Ok(Beating(sender))
    }
}

fn tell(held: &Mutex<HashMap<JobId, Signals>>, renewals: &[Renewal]) {
    let held = held.lock().unwrap_or_else(PoisonError::into_inner);
    for renewal in renewals {
        let Some(signals) = held
            .get(&renewal.lease.job)
            .filter(|now| now.lease == renewal.lease)
        else {
            continue;
        };
        if !renewal.held {
            signals.lost.cancel();
        } else if renewal.cancelling {
            signals.wish.cancel();
        }
    }
}
