//! `atg job show`

use atg_sdk::{Completeness, Job, JobId, JobStatus};
use clap::Args;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{
    exit::{CommandResult, End, Stop},
    printer::{Cell, Table},
    session::Session,
    words,
};

/// Show one job: its state, parameters, result and files
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  atg job show 0198c0de-0000-7000-8000-000000000001
  atg job show 0198c0de-0000-7000-8000-000000000001 --output json")]
pub(crate) struct ShowArgs {
    /// The job
    #[arg(value_name = "JOB_ID")]
    id: JobId,
}

pub(super) async fn run(args: &ShowArgs, session: &Session) -> CommandResult {
    let wants_json = session.printer.wants_json()?;
    let job = session.executor_of_known_jobs()?.get_job(args.id).await?;
    if wants_json {
        session.printer.json(&job)?;
    } else {
        print(&job, session)?;
    }
    Ok(End::Done)
}

/// Prints a job for people.
pub(super) fn print(job: &Job, session: &Session) -> Result<(), Stop> {
    let mut table = Table::new(["member", "value"]);
    let mut add = |name: &str, value: String| table.push([name.into(), Cell::new(value)]);
    add("job", job.id.to_string());
    add("operation", job.operation.clone());
    add("state", state(job));
    add("what", what(job));
    if let Some(tenant) = job.tenant_id {
        add("tenant", tenant.to_string());
    }
    add("created", time(job.created_at));
    if let Some(at) = job.started_at {
        add("started", time(at));
    }
    if let Some(at) = job.completed_at {
        add("ended", time(at));
    }
    if let Some(at) = job.cancel_requested_at {
        add("asked to stop", time(at));
    }
    if let Some(at) = job.expires_at {
        add("kept until", time(at));
    }
    // A service does not send them: they are in the job's first event.
    if !job.parameters.is_null() {
        add("parameters", said(&job.parameters).to_string());
    }
    if let Some(output) = &job.output {
        add("output", said(&output.to_value()).to_string());
    }
    for artifact in &job.artifacts {
        add(
            "file",
            format!("{} ({})", artifact.name, words::bytes(artifact.size_bytes)),
        );
    }
    session.printer.table(&table)
}

/// Without the members that say nothing: what was left out of a request is not worth a person's time.
fn said(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), said(value)))
            .filter(|(_, value)| !says_nothing(value))
            .collect::<Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(true) | Value::Number(_) | Value::String(_) => false,
    }
}

/// The state in one word or two.
pub(super) fn state(job: &Job) -> String {
    match (job.status, job.completeness) {
        (JobStatus::Completed, Some(Completeness::Partial)) => "completed, partial".to_owned(),
        (JobStatus::Running, _) if job.cancel_requested_at.is_some() => "stopping".to_owned(),
        (status, _) => status.to_string(),
    }
}

/// What it is doing, or why it failed.
pub(super) fn what(job: &Job) -> String {
    match (&job.error, &job.current_step) {
        (Some(error), _) => error.to_string(),
        (None, Some(step)) => step.clone(),
        (None, None) => String::new(),
    }
}

/// To the second, in UTC: nobody compares jobs by the nanosecond.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
