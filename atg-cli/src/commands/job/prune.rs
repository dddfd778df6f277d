//! `atg job prune`

use std::time::Duration;

use clap::Args;
use serde_json::json;

use crate::{
    executor,
    exit::{CommandResult, End},
    session::Session,
    words,
};

/// Delete old jobs and what they left
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  What is older than the time of keeping, 30 days:
    atg job prune
  Everything that has ended:
    atg job prune --older-than 0s

Jobs that have not ended stay.")]
pub(crate) struct PruneArgs {
    /// Also what ended longer ago than that: 12h, 45m, 10s, 7d
    #[arg(long, value_name = "AGE", value_parser = words::parse_age)]
    older_than: Option<Duration>,
}

pub(super) async fn run(args: &PruneArgs, session: &Session) -> CommandResult {
    let wants_json = session.printer.wants_json()?;
    let local = executor::local(&session.settings)?;
    let report = local.prune(args.older_than).await?;
    if wants_json {
        session
            .printer
            .json(&json!({ "jobs": report.jobs, "inputs": report.inputs }))?;
    } else {
        session.reporter.note(&format!(
            "deleted {} and {}",
            words::count(report.jobs, "job", "jobs"),
            words::count(report.inputs, "input", "inputs")
        ));
    }
    Ok(End::Done)
}
