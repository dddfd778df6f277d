#![doc = include_str!("../README.md")]

pub mod cypher;
pub mod describe;
pub mod discovery;
pub mod graph;
pub mod json;
pub mod operations;
pub mod relationships;

mod artifacts;
mod context;
mod data_dir;
mod fault;
mod inputs;
mod jobs;
mod lazy_graph;
mod local_state;
mod reports;

pub use artifacts::ArtifactWriter;
pub use context::{Context, Ended};
pub use inputs::{InputFile, InputReader};
