#![doc = include_str!("../README.md")]

pub mod cypher;
pub mod describe;
pub mod discovery;
pub mod graph;
pub mod json;
pub mod operations;
pub mod relationships;

mod context;

pub use context::{ArtifactWriter, Context, Ended, InputFile};
