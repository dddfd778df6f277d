#![doc = include_str!("../README.md")]

mod edges;
mod memory;
mod process;
mod queries;
mod run;
mod server;
mod table;

pub use edges::Accuracy;
pub use memory::peak_bytes;
pub use process::Process;
pub use queries::{QUERIES, Timing};
pub use run::{Plan, Report, measure};
pub use server::Server;
pub use table::print;
