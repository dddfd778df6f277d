#![doc = include_str!("../README.md")]

pub mod http;
pub mod keys;
pub mod objects;
pub mod queue;
pub mod worker;

mod queue_executor;
mod trace;

pub use queue_executor::{QueueExecutor, QueueOptions};
