//! `atg generate-iac`

mod check;
mod directory;
mod summary;

use std::path::{Path, PathBuf};

use atg_sdk::{
    Error, Executor, ExecutorExt as _, Operation, Output, Result,
    azure::{SubscriptionId, TenantId},
    model::{
        InputDigest,
        operations::generate_iac::{Format, Layout, Parameters},
    },
};
use clap::{Args, ValueEnum};
use std::sync::Arc;

use super::scan::open;
use crate::{
    exit::{CommandResult, End},
    session::Session,
};

const EXAMPLES: &str = "\
Examples:
  The whole tenant as Terraform, with import blocks for what is there:
    atg generate-iac --format terraform --output-dir infra
  Two resource groups with everything they refer to, as Bicep:
    atg generate-iac --format bicep --output-dir infra --resource-group rg-web,rg-data
  Storage tagged env=prod, and what it refers to at most two steps away:
    atg generate-iac --format arm --output-dir infra \\
      --subset 'types=Microsoft.Storage/*;tagSelector=env:prod;depth=2'
  What is left out of one resource, and why:
    atg generate-iac --format terraform --explain /subscriptions/<id>/resourceGroups/rg-web
  What would be written, without writing it:
    atg generate-iac --format terraform --dry-run

Exit codes: 0 everything is in the files; 6 something that was asked for is not, the summary says what.";

/// Write infrastructure as code: Terraform, Bicep or an ARM template
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct GenerateIacArgs {
    /// The language
    #[arg(long, short = 't', value_enum)]
    format: FormatArg,
    /// Where the files go; must be new or empty, unless --force
    #[arg(long, short, value_name = "DIR", required_unless_present_any = ["dry_run", "explain"])]
    output_dir: Option<PathBuf>,
    /// Replace the files that an earlier run left in the directory; others stay
    #[arg(long, requires = "output_dir")]
    force: bool,
    /// How Terraform's files are cut
    #[arg(long, value_enum, default_value_t = LayoutArg::Single)]
    layout: LayoutArg,
    /// The tenant [env: AZURE_TENANT_ID] [default: the graph's only one]
    #[arg(long, value_name = "GUID")]
    tenant_id: Option<TenantId>,
    /// Only a part: clauses such as `types=Microsoft.Web/*;tagSelector=env:prod;depth=2`, which must all hold; there are
    /// types, resourceGroups, subscriptions, locations, names, ids, tagSelector and depth
    #[arg(long, value_name = "SUBSET", default_value = "", hide_default_value = true)]
    subset: String,
    /// Only this subscription; may be repeated
    #[arg(long, value_name = "GUID", value_delimiter = ',')]
    subscription: Vec<SubscriptionId>,
    /// Only this resource group (`*` allowed); may be repeated
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    resource_group: Vec<String>,
    /// Only this resource type (`*` allowed); may be repeated
    #[arg(long, value_name = "TYPE", value_delimiter = ',')]
    resource_type: Vec<String>,
    /// Changes on the way: a TOML file of rules that rename, tag, drop, set or move to a region
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// The tenant that the files are for, where it is another one
    #[arg(long, value_name = "GUID")]
    target_tenant_id: Option<TenantId>,
    /// A ledger.json that an earlier run for another tenant wrote, filled in
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
    /// Say what was left out of this resource and what it refers to, and write nothing; may be repeated
    #[arg(long, value_name = "ID", conflicts_with = "output_dir")]
    explain: Vec<String>,
    /// Plan and report, and write nothing
    #[arg(long, conflicts_with = "output_dir")]
    dry_run: bool,
    /// Let the terraform or bicep of this machine check the files
    #[arg(long, requires = "output_dir")]
    check: bool,
}

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatArg {
    /// With the providers azurerm, azapi and azuread.
    Terraform,
    /// With a module a resource group.
    Bicep,
    /// A template of Azure Resource Manager.
    Arm,
}

/// How files are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LayoutArg {
    /// All resources in one file.
    Single,
    /// A file for each resource group.
    PerResourceGroup,
    /// A module for each resource group.
    Modules,
}

impl From<FormatArg> for Format {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Terraform => Self::Terraform,
            FormatArg::Bicep => Self::Bicep,
            FormatArg::Arm => Self::Arm,
        }
    }
}

impl From<LayoutArg> for Layout {
    fn from(layout: LayoutArg) -> Self {
        match layout {
            LayoutArg::Single => Self::Single,
            LayoutArg::PerResourceGroup => Self::PerResourceGroup,
            LayoutArg::Modules => Self::Modules,
        }
    }
}

pub(crate) async fn run(args: &GenerateIacArgs, session: &Session) -> CommandResult {
    let wants_json = session.printer.wants_json()?;
    // Before the work: nobody wants to learn this after a minute.
    let former = match &args.output_dir {
        Some(directory) => directory::former(directory, args.force)?,
        None => Vec::new(),
    };
    let executor = session.executor().await?;
    let parameters = Parameters {
        tenant_id: session.tenant(args.tenant_id),
        format: args.format.into(),
        layout: args.layout.into(),
        subset: args.subset.clone(),
        subscription_ids: args.subscription.clone(),
        resource_groups: args.resource_group.clone(),
        resource_types: args.resource_type.clone(),
        rules: input(args.rules.as_deref(), &executor, session).await?,
        target_tenant_id: args.target_tenant_id,
        ledger: input(args.ledger.as_deref(), &executor, session).await?,
        explain: args.explain.clone(),
        dry_run: args.dry_run || !args.explain.is_empty(),
    };
    let finished = session.run(&executor, Operation::GenerateIac(parameters)).await?;
    if let Some(directory) = &args.output_dir {
        executor.download_artifacts(finished.job.id, directory).await?;
        directory::drop_stale(directory, &former, &finished.job.artifacts)?;
    }
    if wants_json {
        session
            .printer
            .json(&finished.job.output.as_ref().map(Output::to_value))?;
    } else if let Some(Output::GenerateIac(output)) = &finished.job.output {
        if args.explain.is_empty() {
            let text = summary::render(
                output,
                args.format.into(),
                args.output_dir.as_deref(),
                session.reporter.style(),
            );
            session.reporter.note(text.trim_end());
        } else {
            session.printer.text(&summary::explanations(output))?;
        }
    }
    if let Some(directory) = args.output_dir.as_deref().filter(|_| args.check) {
        check::run(args.format.into(), directory, &session.reporter).await?;
    }
    Ok(match finished.end() {
        // Somebody who asks about one resource has got the whole answer.
        _ if !args.explain.is_empty() => End::Done,
        end => end,
    })
}

async fn input(
    path: Option<&Path>,
    executor: &Arc<dyn Executor>,
    session: &Session,
) -> Result<Option<InputDigest>> {
    match path {
        Some(path) if path == Path::new("-") => {
            Err(Error::invalid("rules and ledgers are read from files: name one"))
        }
        Some(path) => Ok(Some(session.put_input(executor, open(path).await?).await?)),
        None => Ok(None),
    }
}
