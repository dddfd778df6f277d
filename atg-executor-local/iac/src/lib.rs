//! Infrastructure as Code from a graph of Azure: one plan, written as Terraform, Bicep and ARM.
//!
//! `graph → plan → files`. The [`plan`] is all that the three writers see: which resources, in which order, what their
//! bodies hold and what in them is a reference, what is left out and why. No writer looks anything up in the source, so the
//! three languages agree on resources, references and values by construction. Everything here is a function from data to data.

pub mod arm;
pub mod bicep;
#[cfg(test)]
mod checks;
mod deployment;
pub mod facts;
pub mod ledger;
pub mod plan;
pub mod planner;
pub mod report;
pub mod source;
pub mod terraform;
pub mod writer;
