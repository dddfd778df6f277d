#![doc = include_str!("../README.md")]

pub mod cypher;
pub mod describe;
pub mod discovery;
pub mod graph;
pub mod operations;
pub mod relationships;

mod artifacts;
mod comparison;
mod context;
mod data_dir;
mod executor;
mod export_formats;
mod fault;
mod health;
mod inputs;
mod jobs;
mod lazy_graph;
mod local_state;
mod observer;
mod options;
mod reports;
mod runner;

pub use atg_json as json;

pub use artifacts::ArtifactWriter;
/// How Azure is reached, and as whom.
pub use atg_azure as azure;
pub use context::{Context, Ended};
pub use executor::{Estimate, Expected, LocalExecutor, PruneReport};
pub use inputs::{InputFile, InputReader};
pub use observer::Observer;
pub use options::{GraphLocation, LocalOptions, Neo4jLogin};
