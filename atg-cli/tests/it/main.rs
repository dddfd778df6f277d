//! Drives the real `atg`, as people and scripts do.

mod config;
mod help;
mod jobs;
mod scan;
mod signals;
mod support;
