//! `atg job download`

use std::path::PathBuf;

use atg_sdk::JobId;
use clap::Args;
use serde_json::json;

use crate::{
    artifacts, executor,
    exit::{CommandResult, End, Stop},
    session::Session,
    words,
};

/// Copy the files that a job left
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  All of them, into a directory of the job's name:
    atg job download 0198c0de-0000-7000-8000-000000000001
  One of them, to standard output:
    atg job download 0198c0de-0000-7000-8000-000000000001 --name report.json | jq .")]
pub(crate) struct DownloadArgs {
    /// The job
    #[arg(value_name = "JOB_ID")]
    id: JobId,
    /// The directory to write into [default: one of the job's id, here]
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,
    /// Only this file, to standard output
    #[arg(long, value_name = "NAME", conflicts_with = "output_dir")]
    name: Option<String>,
}

pub(super) async fn run(args: &DownloadArgs, session: &Session) -> CommandResult {
    let wants_json = session.printer.wants_json()?;
    if let Some(name) = &args.name {
        let executor = session.executor_of_known_jobs()?;
        let job = executor.get_job(args.id).await?;
        artifacts::copy(executor.as_ref(), &job, name, tokio::io::stdout())
            .await?
            .map_err(Stop::from)?;
        return Ok(End::Done);
    }
    let directory = args
        .output_dir
        .clone()
        .unwrap_or_else(|| PathBuf::from(args.id.to_string()));
    let files = executor::download(&session.settings, args.id, &directory).await?;
    if wants_json {
        session.printer.json(&json!({ "files": files }))?;
    } else {
        let count = words::count(files.len() as u64, "file", "files");
        session
            .reporter
            .note(&format!("wrote {count} to {}", directory.display()));
    }
    Ok(End::Done)
}
