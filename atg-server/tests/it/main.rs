//! The service as a whole: on a real listener spoken to in plain HTTP, and over a queue whose processes die.

mod support;

mod chaos;
mod jobs;
mod queue_conformance;
mod submitting;
mod worker;
