//! `atg graph`: looking after the graph's store. Local only, so it goes past the executor.

mod info;

use std::path::PathBuf;

use atg_sdk::{Error, azure::TenantId};
use clap::{Args, Subcommand};
use serde_json::json;

use super::export::refuse_overwriting;
use crate::{
    executor,
    exit::{CommandResult, End, FileContext as _},
    session::Session,
    words,
};

const EXAMPLES: &str = "\
Examples:
  atg graph info
  atg graph tenants --output json
  atg graph backup /backup/graph.db";

/// Look after the graph
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct GraphArgs {
    #[command(subcommand)]
    pub(crate) command: GraphCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum GraphCommand {
    /// Show where the graph is and what it holds, by label and relationship
    #[command(after_help = "Examples:\n  atg graph info\n  atg graph info --output json")]
    Info,
    /// List the tenants of the graph, with their last scan
    #[command(after_help = "Examples:\n  atg graph tenants\n  atg graph tenants --output csv")]
    Tenants,
    Forget(ForgetArgs),
    Backup(BackupArgs),
    /// Give unused space back to the file system
    #[command(after_help = "Example:\n  atg graph vacuum")]
    Vacuum,
}

impl GraphCommand {
    pub(crate) fn doing(&self) -> &'static str {
        match self {
            Self::Info => "look at the graph",
            Self::Tenants => "list the graph's tenants",
            Self::Forget(_) => "forget the tenant",
            Self::Backup(_) => "back the graph up",
            Self::Vacuum => "vacuum the graph",
        }
    }
}

pub(crate) async fn run(args: &GraphArgs, session: &Session) -> CommandResult {
    match &args.command {
        GraphCommand::Info => info::run(session).await,
        GraphCommand::Tenants => info::tenants(session).await,
        GraphCommand::Forget(args) => forget(args, session).await,
        GraphCommand::Backup(args) => backup(args, session).await,
        GraphCommand::Vacuum => vacuum(session).await,
    }
}

/// Remove a tenant with all its nodes, relationships and scans
#[derive(Debug, Args)]
#[command(after_help = "Example:
  atg graph forget --tenant-id 00000000-0000-0000-0000-000000000001

There is no way back but a backup or an export. The tenant is never taken from the environment.")]
pub(crate) struct ForgetArgs {
    /// The tenant
    #[arg(long, value_name = "GUID")]
    tenant_id: TenantId,
}

async fn forget(args: &ForgetArgs, session: &Session) -> CommandResult {
    let wants_json = session.printer.wants_json()?;
    let graph = executor::graph(&session.settings)?;
    if !graph
        .info()
        .await?
        .tenants
        .iter()
        .any(|tenant| tenant.tenant_id == args.tenant_id)
    {
        return Err(Error::not_found(format!(
            "the graph has no tenant {}: `atg graph tenants` lists those it has",
            args.tenant_id
        ))
        .into());
    }
    let counts = graph.forget(args.tenant_id).await?;
    if wants_json {
        session
            .printer
            .json(&json!({ "nodes": counts.nodes, "edges": counts.edges }))?;
    } else {
        session.reporter.note(&format!(
            "removed {} and {}; `atg graph vacuum` gives their space back",
            words::count(counts.nodes, "node", "nodes"),
            words::count(counts.edges, "relationship", "relationships")
        ));
    }
    Ok(End::Done)
}

/// Write a consistent copy of the graph's store, also while it is in use
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  atg graph backup /backup/graph.db
  atg --graph sqlite:/backup/graph.db query 'MATCH (n) RETURN count(*)'")]
pub(crate) struct BackupArgs {
    /// The file to write
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Overwrite the file if it is there
    #[arg(long)]
    force: bool,
}

async fn backup(args: &BackupArgs, session: &Session) -> CommandResult {
    let wants_json = session.printer.wants_json()?;
    refuse_overwriting(&args.file, args.force)?;
    let graph = executor::graph(&session.settings)?;
    let doing = || format!("write {}", args.file.display());
    // Beside its place first: an old backup is given up only for a whole new one.
    let directory = match args.file.parent() {
        Some(parent) if parent != std::path::Path::new("") => parent,
        _ => std::path::Path::new("."),
    };
    let place = tempfile::Builder::new()
        .prefix(".atg-backup-")
        .tempdir_in(directory)
        .doing(doing)?;
    let part = place.path().join("graph.db");
    graph.backup(&part).await?;
    std::fs::rename(&part, &args.file).doing(doing)?;
    let size = std::fs::metadata(&args.file).doing(doing)?.len();
    if wants_json {
        session
            .printer
            .json(&json!({ "file": args.file, "size_bytes": size }))?;
    } else {
        session
            .reporter
            .note(&format!("wrote {} ({})", args.file.display(), words::bytes(size)));
    }
    Ok(End::Done)
}

async fn vacuum(session: &Session) -> CommandResult {
    let wants_json = session.printer.wants_json()?;
    let graph = executor::graph(&session.settings)?;
    let before = graph.info().await?.size_bytes;
    graph.vacuum().await?;
    let after = graph.info().await?.size_bytes;
    if wants_json {
        session
            .printer
            .json(&json!({ "size_bytes_before": before, "size_bytes": after }))?;
    } else if let (Some(before), Some(after)) = (before, after) {
        session.reporter.note(&format!(
            "{} before, {} now",
            words::bytes(before),
            words::bytes(after)
        ));
    }
    Ok(End::Done)
}
