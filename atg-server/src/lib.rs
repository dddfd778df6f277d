#![doc = include_str!("../README.md")]

pub mod http;
pub mod keys;
pub mod objects;
pub mod queue;
mod queue_executor;
pub mod worker;

pub use queue_executor::{QueueExecutor, QueueOptions};
