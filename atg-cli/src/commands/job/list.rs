//! `atg job list`

use atg_sdk::{Job, JobFilter, JobStatus, Operation, azure::TenantId};
use clap::{Args, builder::PossibleValuesParser};
use futures::StreamExt as _;
use serde_json::json;

use crate::{
    args::OutputFormat,
    exit::{CommandResult, End},
    printer::{Align, Cell, RowsPrinter, Table},
    session::Session,
};

const EXAMPLES: &str = "\
Examples:
  atg job list
  atg job list --status running --status pending
  atg job list --operation scan --limit 5 --output json";

/// List jobs, newest first
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ListArgs {
    /// Only jobs in this state: pending, running, completed, failed, cancelled; may be repeated
    #[arg(long, value_name = "STATE", value_parser = parse_status, value_delimiter = ',')]
    status: Vec<JobStatus>,
    /// Only jobs of this operation; may be repeated
    #[arg(long, value_name = "NAME", value_delimiter = ',',
          value_parser = PossibleValuesParser::new(Operation::NAMES), hide_possible_values = true)]
    operation: Vec<String>,
    /// Only jobs about this tenant
    #[arg(long, value_name = "GUID")]
    tenant_id: Option<TenantId>,
    /// At most that many
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
}

fn parse_status(text: &str) -> Result<JobStatus, String> {
    JobStatus::ALL
        .into_iter()
        .find(|status| status.name() == text)
        .ok_or_else(|| "a state is pending, running, completed, failed or cancelled".to_owned())
}

pub(super) async fn run(args: &ListArgs, session: &Session) -> CommandResult {
    let filter = JobFilter {
        tenants: args.tenant_id.map(|tenant| vec![tenant]),
        status: args.status.clone(),
        operations: args.operation.clone(),
        ..JobFilter::default()
    };
    let executor = session.executor_of_known_jobs()?;
    let mut stream = executor.list_jobs(filter);
    let mut jobs = Vec::new();
    let mut has_more = false;
    while let Some(job) = stream.next().await {
        if jobs.len() == args.limit {
            has_more = true;
            break;
        }
        jobs.push(job?);
    }
    match session.printer.rows_format() {
        OutputFormat::Json => session.printer.json(&json!({ "jobs": jobs }))?,
        OutputFormat::Table => table(&jobs, session)?,
        OutputFormat::Jsonl | OutputFormat::Csv => {
            let columns = [
                "job_id",
                "operation",
                "status",
                "completeness",
                "progress",
                "created_at",
                "completed_at",
            ];
            let mut rows = RowsPrinter::begin(session.printer, columns.map(str::to_owned).to_vec())?;
            for job in &jobs {
                rows.row(&json!(job).to_string())?;
            }
            rows.finish(has_more)?;
        }
    }
    if jobs.is_empty() {
        session.reporter.note("no jobs");
    } else if has_more {
        session.reporter.note("there are more: --limit shows them");
    }
    Ok(End::Done)
}

fn table(jobs: &[Job], session: &Session) -> Result<(), crate::exit::Stop> {
    if jobs.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(["job", "operation", "state", "done", "created", "what"]);
    for job in jobs {
        table.push([
            Cell::new(job.id.to_string()),
            Cell::new(&job.operation),
            Cell::new(super::show::state(job)),
            Cell::new(format!("{:.0}%", job.progress * 100.0)).aligned(Align::Right),
            Cell::new(super::show::time(job.created_at)),
            Cell::new(super::show::what(job)),
        ]);
    }
    session.printer.table(&table)
}
