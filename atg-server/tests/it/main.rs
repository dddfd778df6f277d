//! The service: its queue and workers, and the whole on a real listener, spoken to in plain HTTP.

mod support;

mod artifacts;
mod canaries;
mod chaos;
mod edges;
mod events;
mod fuzz;
mod hostile;
mod inputs;
mod jobs;
mod keys;
mod limits;
mod openapi;
mod operating;
mod process;
mod queue_conformance;
mod redis;
mod stopping;
mod submitting;
mod tls;
mod worker;
