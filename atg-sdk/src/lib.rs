#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod azure;
#[cfg(feature = "conformance")]
pub mod conformance;
mod download;
pub mod env;
mod error;
mod executor;
mod executor_ext;
mod former;
mod job_log;
mod limits;
pub mod model;
pub mod quota;
pub mod recipes;
pub mod rest;
#[cfg(feature = "schema")]
mod schema;
pub mod volatile;

pub use error::{Error, ErrorKind, FieldError, Result};
pub use executor::{ArtifactStream, ByteRange, Executor, InputContent, JobFilter, JobRequest, WorkContext};
pub use executor_ext::{ExecutorExt, Poller};
pub use former::FormerJob;
pub use job_log::JobLog;
pub use limits::EventThrottle;
pub use model::{
    Artifact, Completeness, Counters, EventKind, Health, HealthState, Input, InputDigest, Job, JobEvent,
    JobId, JobStatus, Operation, Output, Owner, PartHealth, TraceParent,
};
