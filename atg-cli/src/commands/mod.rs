//! The commands, one file each.

pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod export;
pub(crate) mod generate_iac;
pub(crate) mod graph;
pub(crate) mod import;
pub(crate) mod job;
pub(crate) mod query;
pub(crate) mod scan;
pub(crate) mod show;

use crate::{args::Command, exit::CommandResult, session::Session};

/// Carries out a command that needs a runtime.
pub(crate) async fn run(command: &Command, session: &Session) -> CommandResult {
    match command {
        Command::Scan(args) => scan::run(args, session).await,
        Command::Query(args) => query::run(args, session).await,
        Command::Diff(args) => diff::run(args, session).await,
        Command::Show(args) => show::run(args, session).await,
        Command::GenerateIac(args) => generate_iac::run(args, session).await,
        Command::Export(args) => export::run(args, session).await,
        Command::Import(args) => import::run(args, session).await,
        Command::Graph(args) => graph::run(args, session).await,
        Command::Job(args) => job::run(args, session).await,
        Command::Doctor(args) => doctor::run(args, session).await,
        Command::Config(args) => config::run(args, session),
        Command::Completions(args) => completions::run(args, session.printer),
    }
}
