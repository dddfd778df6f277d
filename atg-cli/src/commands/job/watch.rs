//! `atg job watch`

use atg_sdk::{ErrorKind, ExecutorExt as _, JobId};
use clap::Args;
use futures::StreamExt as _;

use super::show;
use crate::{
    args::OutputFormat,
    exit::{CommandResult, End},
    printer::RowsPrinter,
    run::Finished,
    session::Session,
};

/// Follow a job to its end, wherever it runs; ends as the job does
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  atg job watch 0198c0de-0000-7000-8000-000000000001
  atg job watch 0198c0de-0000-7000-8000-000000000001 --output jsonl | jq .event

Ctrl-C ends the watching, not the job. Exit codes are those of the job: 0 completed, 6 completed with
something missing, 130 cancelled, otherwise that of its error.")]
pub(crate) struct WatchArgs {
    /// The job
    #[arg(value_name = "JOB_ID")]
    id: JobId,
}

pub(super) async fn run(args: &WatchArgs, session: &Session) -> CommandResult {
    // Events are rows of many shapes, which have no columns.
    let mut rows = match session.printer.rows_format() {
        OutputFormat::Jsonl => Some(RowsPrinter::begin(session.printer, Vec::new())?),
        _ => {
            session.printer.wants_json()?;
            None
        }
    };
    let executor = session.executor_of_known_jobs()?;
    let signals = session.signals.attend().await?;
    let mut events = executor.watch_job(args.id, None);
    loop {
        tokio::select! {
            event = events.next() => {
                let Some(event) = event else { break };
                let event = event?;
                if let Some(rows) = &mut rows {
                    rows.row(&serde_json::json!(event).to_string())?;
                    rows.flush()?;
                }
                session.reporter.event(&event.kind);
            }
            () = signals.next() => {
                session.reporter.finish();
                session.reporter.note(&format!(
                    "the job goes on: `{} job watch {}` comes back to it",
                    session.place().command(),
                    args.id
                ));
                return Ok(End::Unwell(ErrorKind::Cancelled));
            }
        }
    }
    session.reporter.finish();
    let job = executor.wait(args.id).await?;
    match rows {
        Some(rows) => rows.finish(false)?,
        None if session.printer.wants_json()? => session.printer.json(&job)?,
        None => show::print(&job, session)?,
    }
    Ok(Finished {
        job: job.into_result()?,
    }
    .end())
}
