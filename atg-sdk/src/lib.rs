#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod azure;
pub mod env;
mod error;
mod executor;
pub mod model;

pub use error::{Error, ErrorKind, FieldError, Result};
pub use executor::{ArtifactStream, ByteRange, Executor, InputContent, JobFilter, JobRequest, WorkContext};
pub use model::{
    Artifact, Completeness, Counters, EventKind, Health, HealthState, Input, Job, JobEvent, JobId, JobStatus,
    Operation, Output, Owner,
};
