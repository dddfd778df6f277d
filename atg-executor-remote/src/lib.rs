#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod address;
mod archive;
mod artifact_head;
mod authorities;
mod download;
mod events;
mod executor;
mod failure;
mod inputs;
mod options;
mod patience;
mod sse;
mod transport;

pub use archive::{ExtractLimits, extract_archive};
pub use executor::RemoteExecutor;
pub use options::RemoteOptions;
