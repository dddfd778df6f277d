//! The local executor from outside.

mod child;
mod conformance;
mod inputs;
mod jobs;
mod keeping;
mod processes;
mod refusals;
mod scan;
mod support;
