//! The local executor from outside.

mod jobs;
mod support;
