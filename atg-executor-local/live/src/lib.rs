#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod children;
pub mod collector;
pub mod collectors;
pub mod confirm;
pub mod estimate;
pub mod feed;
pub mod ground;
pub mod listing;
pub mod page;
pub mod reader;
pub mod run;
pub mod unit;
