//! `atg import`

use std::path::PathBuf;

use atg_sdk::{Operation, Output, azure::TenantId, model::operations::import::Parameters};
use clap::Args;

use super::scan;
use crate::{exit::CommandResult, run::Place, session::Session, words};

const EXAMPLES: &str = "\
Examples:
  atg import graph.jsonl.zst
  atg import contoso.jsonl.zst --replace
  atg --graph sqlite:copy.db import graph.jsonl.zst
  ssh other atg export -o - | atg import -

Everything is checked before anything is written.";

/// Read an export back into the graph
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ImportArgs {
    /// The file that `atg export` wrote, `-` for standard input
    #[arg(value_name = "FILE|-")]
    file: PathBuf,
    /// Replace the tenants that the export holds; otherwise one that the graph knows already is a conflict
    #[arg(long)]
    replace: bool,
    /// Refuse rows of any other tenant
    #[arg(long, value_name = "GUID")]
    tenant_id: Option<TenantId>,
}

pub(crate) async fn run(args: &ImportArgs, session: &Session) -> CommandResult {
    let wants_json = session.printer.wants_json()?;
    let source = scan::open(&args.file).await?;
    let executor = session.executor().await?;
    let input = session.put_input(&executor, source).await?;
    let operation = Operation::Import(Parameters {
        tenant_id: args.tenant_id,
        input: Some(input),
        replace: args.replace,
    });
    let finished = session.run(&executor, operation).await?;
    if wants_json {
        session
            .printer
            .json(&finished.job.output.as_ref().map(Output::to_value))?;
    } else if let Some(Output::Import(output)) = &finished.job.output {
        session.reporter.note(&format!(
            "read {} and {} into {}",
            words::count(output.nodes, "node", "nodes"),
            words::count(output.edges, "relationship", "relationships"),
            match session.place() {
                Place::Here => session.settings.graph.value.to_string(),
                Place::Service(url) => format!("the graph of {url}"),
            }
        ));
    }
    Ok(finished.end())
}
