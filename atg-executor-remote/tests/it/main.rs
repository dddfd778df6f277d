//! The remote executor over real connections: against the real service, and against faults.

mod conformance;
mod faults;
mod interrupted;
mod proxy;
mod service;
mod tls;
