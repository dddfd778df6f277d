//! Drives the real `atg`, as people and scripts do.

mod admin;
mod azure;
mod config;
mod diff;
mod generate_iac;
mod help;
mod jobs;
mod query;
mod remote;
#[cfg(unix)]
mod remote_signals;
mod scan;
mod service;
mod show;
mod signals;
mod support;
mod transfer;
