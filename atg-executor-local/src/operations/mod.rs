//! One file an operation: `async fn run(parameters, &Context) -> Result<Ended>`.

mod diff;
mod export;
mod generate_iac;
mod import;
mod query;
#[cfg(feature = "rehearsal")]
mod rehearsal;
pub(crate) mod scan;
mod self_test;

use atg_sdk::{Operation, Result};

use crate::context::{Context, Ended};

/// Says what is wrong with an operation's parameters before it is accepted.
///
/// # Errors
/// As the operation itself would answer, before it has done anything.
pub fn validate(operation: &Operation) -> Result<()> {
    match operation {
        Operation::Scan(parameters) => scan::validate(parameters),
        Operation::Query(parameters) => query::validate(parameters),
        Operation::Diff(parameters) => diff::validate(parameters),
        Operation::GenerateIac(parameters) => generate_iac::validate(parameters),
        Operation::Export(_) | Operation::Import(_) | Operation::SelfTest(_) => Ok(()),
        #[cfg(feature = "rehearsal")]
        Operation::Rehearsal(_) => Ok(()),
    }
}

/// Carries out one operation.
pub(crate) async fn run(operation: Operation, context: &Context) -> Result<Ended> {
    match operation {
        Operation::Scan(parameters) => scan::run(parameters, context).await,
        Operation::Query(parameters) => query::run(parameters, context).await,
        Operation::Diff(parameters) => diff::run(parameters, context).await,
        Operation::Export(parameters) => export::run(parameters, context).await,
        Operation::Import(parameters) => import::run(parameters, context).await,
        Operation::GenerateIac(parameters) => generate_iac::run(parameters, context).await,
        Operation::SelfTest(parameters) => self_test::run(parameters, context).await,
        #[cfg(feature = "rehearsal")]
        Operation::Rehearsal(parameters) => rehearsal::run(parameters, context).await,
    }
}
