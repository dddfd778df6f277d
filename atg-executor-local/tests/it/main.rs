//! The local executor from outside.

mod child;
mod conformance;
mod cypher;
#[cfg(target_os = "linux")]
mod full_disk;
mod inputs;
mod jobs;
mod keeping;
mod live;
mod processes;
mod refusals;
mod scan;
mod support;
mod transfer;
