//! Drives the real `atg`, as people and scripts do.

mod admin;
mod config;
mod help;
mod jobs;
mod query;
mod scan;
mod show;
mod signals;
mod support;
mod transfer;
