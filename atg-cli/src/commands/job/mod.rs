//! `atg job`

mod download;
mod list;
mod prune;
mod show;
mod watch;

use atg_sdk::{Error, JobId, JobStatus};
use clap::{Args, Subcommand};

use crate::{
    exit::{CommandResult, End},
    session::Session,
};

const EXAMPLES: &str = "\
Examples:
  atg job list
  atg job watch 0198c0de-0000-7000-8000-000000000001
  atg job cancel 0198c0de-0000-7000-8000-000000000001";

/// Look at jobs, also those of other atg processes on this machine, and at what they left
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct JobArgs {
    #[command(subcommand)]
    pub(crate) command: JobCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum JobCommand {
    List(list::ListArgs),
    Show(show::ShowArgs),
    Watch(watch::WatchArgs),
    Cancel(CancelArgs),
    Download(download::DownloadArgs),
    Delete(DeleteArgs),
    Prune(prune::PruneArgs),
}

impl JobCommand {
    pub(crate) fn doing(&self) -> &'static str {
        match self {
            Self::List(_) => "list jobs",
            Self::Show(_) => "show the job",
            Self::Watch(_) => "watch the job",
            Self::Cancel(_) => "cancel the job",
            Self::Download(_) => "download the job's files",
            Self::Delete(_) => "delete the job",
            Self::Prune(_) => "prune old jobs",
        }
    }
}

pub(crate) async fn run(args: &JobArgs, session: &Session) -> CommandResult {
    match &args.command {
        JobCommand::List(args) => list::run(args, session).await,
        JobCommand::Show(args) => show::run(args, session).await,
        JobCommand::Watch(args) => watch::run(args, session).await,
        JobCommand::Cancel(args) => cancel(args, session).await,
        JobCommand::Download(args) => download::run(args, session).await,
        JobCommand::Delete(args) => delete(args, session).await,
        JobCommand::Prune(args) => prune::run(args, session).await,
    }
}

/// Ask a job to stop, wherever it runs
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  atg job cancel 0198c0de-0000-7000-8000-000000000001")]
pub(crate) struct CancelArgs {
    /// The job
    #[arg(value_name = "JOB_ID")]
    id: JobId,
}

async fn cancel(args: &CancelArgs, session: &Session) -> CommandResult {
    let wants_json = session.printer.wants_json()?;
    let job = session.executor_of_known_jobs()?.cancel_job(args.id).await?;
    let words = match job.status {
        JobStatus::Pending | JobStatus::Running => "was asked to stop",
        JobStatus::Cancelled => "is cancelled",
        JobStatus::Completed => "had completed already",
        JobStatus::Failed => "had failed already",
    };
    session.reporter.note(&format!("job {} {words}", job.id));
    if wants_json {
        session.printer.json(&job)?;
    }
    Ok(End::Done)
}

/// Delete ended jobs and what they left
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  atg job delete 0198c0de-0000-7000-8000-000000000001")]
pub(crate) struct DeleteArgs {
    /// The jobs; one that is not there is fine
    #[arg(value_name = "JOB_ID", required = true)]
    ids: Vec<JobId>,
}

async fn delete(args: &DeleteArgs, session: &Session) -> CommandResult {
    let executor = session.executor_of_known_jobs()?;
    for id in &args.ids {
        executor
            .delete_job(*id)
            .await
            .map_err(|error| Error::new(error.kind(), format!("{error} (job {id})")))?;
        session.reporter.note(&format!("job {id} is gone"));
    }
    Ok(End::Done)
}
