//! The service on a real listener, over the local executor, spoken to in plain HTTP.

mod support;

mod jobs;
mod submitting;
