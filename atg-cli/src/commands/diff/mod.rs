//! `atg diff`

mod side;

use std::path::PathBuf;

use atg_sdk::{
    Error, ExecutorExt as _, Operation, Output, azure::TenantId, model::operations::diff::Parameters,
};
use clap::Args;

use crate::{
    artifacts,
    exit::{CommandResult, End, Stop},
    session::Session,
};

const EXAMPLES: &str = "\
Examples:
  What a scan changed, if the one before it kept its export (`atg scan --keep-export`):
    atg diff 01a207a4-7f37-732b-8938-f3c2edd64468 4baabe85-98a8-43fe-89fe-574c55f50b56
  Yesterday's export and the tenant as it is in the graph now:
    atg diff monday.jsonl.zst 4baabe85-98a8-43fe-89fe-574c55f50b56
  A tenant and its copy, with the whole list in a directory:
    atg diff tenant:4baabe85-98a8-43fe-89fe-574c55f50b56 file:copy.jsonl.zst --output-dir diff
  In a script:
    atg diff before.jsonl.zst after.jsonl.zst --exit-code --quiet >/dev/null || echo changed

A side is a file that `atg export` wrote (`-` for standard input), a scan by the id of its job, or a
tenant. Where two are possible, tenant:, scan: or file: before it says which. Two tenants are compared
as if the GUIDs of one were those of the other: things are matched by path, type and name.

Exit codes: 0 compared; 6 compared, but a tenant is being scanned; with --exit-code 1 if anything differs.";

/// Say what differs between two exports, scans or tenants
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DiffArgs {
    /// The state before: a tenant id, a scan id, or the file of an export
    #[arg(value_name = "BEFORE")]
    left: String,
    /// The state after
    #[arg(value_name = "AFTER")]
    right: String,
    /// Only this tenant, where a side holds several
    #[arg(long, value_name = "GUID")]
    tenant_id: Option<TenantId>,
    /// Write diff.json, with every difference, and diff.md into this directory
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,
    /// Exit with 1 if anything differs
    #[arg(long)]
    exit_code: bool,
}

pub(crate) async fn run(args: &DiffArgs, session: &Session) -> CommandResult {
    let wants_json = session.printer.wants_json()?;
    if args.left == "-" && args.right == "-" {
        return Err(Error::invalid("standard input can be one side only: name a file for the other").into());
    }
    let executor = session.executor().await?;
    let operation = Operation::Diff(Parameters {
        tenant_id: args.tenant_id,
        left: Some(side::resolve(&args.left, &executor, session).await?),
        right: Some(side::resolve(&args.right, &executor, session).await?),
    });
    let finished = session.run(&executor, operation).await?;
    let job = &finished.job;
    if let Some(directory) = &args.output_dir {
        executor.download_artifacts(job.id, directory).await?;
    }
    if wants_json {
        session.printer.json(&job.output.as_ref().map(Output::to_value))?;
    } else {
        artifacts::copy(executor.as_ref(), job, "diff.md", tokio::io::stdout())
            .await?
            .map_err(Stop::from)?;
    }
    let differs = matches!(&job.output, Some(Output::Diff(output)) if !output.identical);
    Ok(match finished.end() {
        End::Done if differs && args.exit_code => End::Different,
        end => end,
    })
}
