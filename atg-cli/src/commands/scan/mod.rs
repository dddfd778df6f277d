//! `atg scan`

mod estimate;
mod filters;
mod report;
mod resume;
mod source;
mod summary;

use std::path::PathBuf;

use atg_sdk::{
    Error, ExecutorExt as _, JobId, JobRequest, Operation, Output,
    azure::{SubscriptionId, TenantId},
    model::operations::scan::Parameters,
};
use clap::Args;

use self::filters::FilterArgs;
pub(crate) use self::source::open;
use crate::{artifacts, exit::CommandResult, session::Session};

const EXAMPLES: &str = "\
Examples:
  The tenant that the credential found belongs to, from Azure itself:
    atg scan
  An export, JSON Lines or an array of ARM resources, also gzip or zstd:
    atg scan --from resources.jsonl --tenant-id 00000000-0000-0000-0000-000000000001
  What the Azure CLI lists, straight from it:
    az resource list | atg scan --from - --tenant-id 00000000-0000-0000-0000-000000000001
  Only network resources in two regions, without what is tagged env=sandbox:
    atg scan --from resources.jsonl --resource-type 'Microsoft.Network/*' --region westeurope \\
      --region northeurope --exclude-tag env=sandbox
  A file that is all there is of one resource group, so what it lacks is removed from the graph:
    atg scan --from rg.jsonl --authoritative /subscriptions/<id>/resourceGroups/rg-web

  How many calls that takes, and how long at least:
    atg scan --estimate

  Only what changed since the last scan, and then only what Azure tells the changes of:
    atg scan --incremental
    atg scan --incremental --fast

Exit codes: 0 everything was read; 6 some of it could not be, the summary says what; 130 cancelled.";

/// Read a tenant and bring the graph up to date
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ScanArgs {
    /// A recorded source to read instead of Azure, `-` for standard input
    #[arg(long, value_name = "FILE|-")]
    from: Option<PathBuf>,
    /// The tenant; without one it is the credential's [env: AZURE_TENANT_ID]
    #[arg(long, value_name = "GUID")]
    tenant_id: Option<TenantId>,
    /// Only this subscription; may be repeated
    #[arg(long, value_name = "GUID", value_delimiter = ',')]
    subscription: Vec<SubscriptionId>,
    /// Only this resource group (`*` allowed); may be repeated
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    resource_group: Vec<String>,
    /// Only this resource type (`*` allowed); may be repeated
    #[arg(long, value_name = "TYPE", value_delimiter = ',')]
    resource_type: Vec<String>,
    /// At most that many resources, to try things out; removes nothing
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Leave out Microsoft Entra ID objects
    #[arg(long)]
    no_entra: bool,
    /// Leave out role assignments and definitions
    #[arg(long)]
    no_rbac: bool,
    /// Work out all relationships anew, also those of unchanged resources
    #[arg(long)]
    rebuild_edges: bool,
    /// Read again only what changed since the last complete scan, and what Azure has no change feed of; where the feeds do
    /// not reach back that far, everything
    #[arg(long, conflicts_with_all = ["from", "limit", "record", "estimate"])]
    incremental: bool,
    /// With --incremental: leave out what has no change feed too; the report says how old it is
    #[arg(long, requires = "incremental")]
    fast: bool,
    /// Fail at once, instead of waiting, while another scan of the tenant runs
    #[arg(long)]
    no_wait: bool,
    /// The source is all there is of this scope (a resource ID): remove what it lacks; may be repeated
    #[arg(long, value_name = "SCOPE")]
    authoritative: Vec<String>,
    /// Keep what Azure answers, without its secrets, as recording.jsonl.zst: --from that file gives the same graph again
    #[arg(long, conflicts_with_all = ["from", "limit"])]
    record: bool,
    /// Show what the scan would cost, calls by quota and the least time, and read nothing
    #[arg(long, conflicts_with_all = ["from", "resume", "output_dir", "record"])]
    estimate: bool,
    /// Go on with a scan that died, by the id of its job; it keeps its own parameters
    #[arg(long, value_name = "JOB_ID", conflicts_with_all = [
        "from", "tenant_id", "subscription", "resource_group", "resource_type", "limit", "no_entra", "no_rbac",
        "rebuild_edges", "incremental", "fast", "no_wait", "authoritative", "keep_export", "record",
    ])]
    resume: Option<JobId>,
    /// Keep an export of the graph as it is after the scan
    #[arg(long)]
    keep_export: bool,
    /// Write the scan's files (report, manifest, changes) into this directory
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,
    // Last, because its heading would go on over what follows.
    #[command(flatten)]
    filters: FilterArgs,
}

pub(crate) async fn run(args: &ScanArgs, session: &Session) -> CommandResult {
    let wants_json = session.printer.wants_json()?;
    let mut parameters = parameters(args, session)?;
    if args.estimate {
        return estimate::run(&parameters, session).await;
    }
    let source = match &args.from {
        Some(_) if parameters.tenant_id.is_none() => {
            return Err(Error::invalid("no tenant id: pass --tenant-id or set AZURE_TENANT_ID").into());
        }
        Some(from) => Some(open(from).await?),
        None => None,
    };
    let executor = session.executor().await?;
    if let Some(source) = source {
        parameters.input = Some(session.put_input(&executor, source).await?);
    }
    let request = match args.resume {
        Some(id) => resume::request(&executor, &session.place(), id).await?,
        None => JobRequest::new(Operation::Scan(parameters)),
    };
    let finished = session.run_request(&executor, request).await?;
    if let Some(directory) = &args.output_dir {
        executor.download_artifacts(finished.job.id, directory).await?;
    }
    if wants_json {
        session
            .printer
            .json(&finished.job.output.as_ref().map(Output::to_value))?;
    } else {
        let report = artifacts::read_json(executor.as_ref(), &finished.job, "report.json").await;
        let text = summary::render(
            &finished.job,
            &report.unwrap_or_default(),
            args.output_dir.as_deref(),
            session.reporter.style(),
            &session.place(),
        );
        session.reporter.note(text.trim_end());
    }
    Ok(finished.end())
}

fn parameters(args: &ScanArgs, session: &Session) -> Result<Parameters, Error> {
    Ok(Parameters {
        tenant_id: session.tenant(args.tenant_id),
        subscription_ids: args.subscription.clone(),
        resource_groups: args.resource_group.clone(),
        resource_types: args.resource_type.clone(),
        filter_config: args.filters.to_config()?,
        resource_limit: args.limit,
        include_entra: !args.no_entra,
        include_rbac: !args.no_rbac,
        rebuild_edges: args.rebuild_edges,
        incremental: args.incremental,
        fast: args.fast,
        no_wait: args.no_wait,
        input: None,
        authoritative: args.authoritative.clone(),
        record: args.record,
        keep_export: args.keep_export,
    })
}
