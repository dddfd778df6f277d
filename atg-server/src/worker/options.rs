//! How a worker is set up.

use std::{fmt, sync::Arc, time::Duration};

use atg_sdk::{Job, Result, azure::TenantId};

use crate::queue::{Claim, PerLane};

/// Hears of every job that a worker has brought to its end.
pub(super) type Ended = Arc<dyn Fn(&Job) + Send + Sync>;

/// Says which tenants exist for a job that was claimed; all where `None`.
pub type Admit = Arc<dyn Fn(&Claim) -> Result<Option<Vec<TenantId>>> + Send + Sync>;

/// How a [`Worker`](super::Worker) is set up.
#[derive(Clone)]
#[non_exhaustive]
pub struct WorkerOptions {
    /// Jobs that it carries out at a time.
    pub slots: PerLane<usize>,
    /// How often leases are renewed: well below how long they last.
    pub heartbeat: Duration,
    /// How often leases of others are looked for that ran out.
    pub reclaim: Duration,
    /// How often it looks for jobs without having been told of any.
    pub look: Duration,
    /// How often old jobs and inputs are looked for.
    pub tidy: Duration,
    /// How long it may take to stop.
    pub grace: Duration,
    /// Hears of jobs that have ended, for measurements.
    pub ended: Option<Ended>,
    /// Looks at a job before it starts: an error ends the attempt, otherwise what it says are the only tenants for it.
    pub admit: Option<Admit>,
}

impl Default for WorkerOptions {
    fn default() -> Self {
        Self {
            slots: PerLane { long: 3, short: 8 },
            heartbeat: Duration::from_secs(3),
            reclaim: Duration::from_secs(1),
            look: Duration::from_secs(1),
            tidy: Duration::from_secs(60),
            grace: Duration::from_secs(30),
            ended: None,
            admit: None,
        }
    }
}

impl WorkerOptions {
    /// With so many jobs at a time.
    #[must_use]
    pub fn with_slots(mut self, slots: PerLane<usize>) -> Self {
        self.slots = slots;
        self
    }

    /// With that long to stop.
    #[must_use]
    pub fn with_grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// With a look at each job before it starts: who submitted it may not be allowed to any more.
    #[must_use]
    pub fn with_admit(mut self, admit: Admit) -> Self {
        self.admit = Some(admit);
        self
    }

    /// With somebody who hears of jobs that have ended.
    #[must_use]
    pub fn with_ended(mut self, ended: Ended) -> Self {
        self.ended = Some(ended);
        self
    }
}

impl fmt::Debug for WorkerOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkerOptions")
            .field("slots", &self.slots)
            .field("grace", &self.grace)
            .finish_non_exhaustive()
    }
}
