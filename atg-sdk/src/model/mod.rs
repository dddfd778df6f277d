//! What REST, Redis, Python and `--output json` show. Golden files make every change of it visible.

mod artifact;
mod event;
mod event_wire;
mod health;
mod job;
mod job_wire;
pub mod operations;
mod trace;

pub use artifact::{Artifact, Input, InputDigest};
pub use event::{EventKind, JobEvent};
pub use health::{Health, HealthState, PartHealth};
pub use job::{Completeness, Counters, Job, JobId, JobStatus, Owner};
pub use operations::{Operation, Output};
pub use trace::TraceParent;
