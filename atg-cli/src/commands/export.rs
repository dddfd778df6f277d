//! `atg export`

use std::path::{Path, PathBuf};

use atg_sdk::{
    Error, ErrorKind, Executor, Job, Operation, Output, Result,
    azure::TenantId,
    model::operations::export::{Format, Parameters},
};
use clap::Args;

use crate::{
    artifacts,
    exit::{CommandResult, FileContext as _, Stop},
    session::Session,
    words,
};

const ARTIFACT: &str = "graph.jsonl.zst";

const EXAMPLES: &str = "\
Examples:
  The whole graph, into graph.jsonl.zst here:
    atg export
  One tenant, to a file of your choice:
    atg export --tenant-id 00000000-0000-0000-0000-000000000001 -o contoso.jsonl.zst
  To look into it:
    atg export -o - | zstd -d | head

Two exports of equal graphs are equal, byte for byte. `atg import` reads an export back.";

/// Write the graph into a file
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ExportArgs {
    /// The file to write, `-` for standard output
    #[arg(long = "output-file", short = 'o', value_name = "FILE|-", default_value = ARTIFACT)]
    file: PathBuf,
    /// Overwrite the file if it is there
    #[arg(long)]
    force: bool,
    /// Only this tenant [default: every tenant of the graph]
    #[arg(long, value_name = "GUID")]
    tenant_id: Option<TenantId>,
    /// With times and scan ids, which differ between runs
    #[arg(long)]
    with_history: bool,
}

pub(crate) async fn run(args: &ExportArgs, session: &Session) -> CommandResult {
    let wants_json = session.printer.wants_json()?;
    let to_stdout = args.file == Path::new("-");
    if to_stdout && wants_json {
        return Err(Error::invalid(
            "stdout cannot hold both the export and --output json: choose a file with -o",
        )
        .into());
    }
    // Before the work: nobody wants to learn this after ten minutes.
    if !to_stdout {
        refuse_overwriting(&args.file, args.force)?;
    }
    let executor = session.executor().await?;
    let operation = Operation::Export(Parameters {
        tenant_id: args.tenant_id,
        format: Format::Jsonl,
        with_history: args.with_history,
    });
    let finished = session.run(&executor, operation).await?;
    let job = &finished.job;
    if to_stdout {
        artifacts::copy(executor.as_ref(), job, ARTIFACT, tokio::io::stdout())
            .await?
            .map_err(Stop::from)?;
    } else {
        let size = write_file(executor.as_ref(), job, &args.file).await?;
        if let Some(Output::Export(output)) = &job.output {
            session.reporter.note(&format!(
                "wrote {} and {} to {} ({})",
                words::count(output.nodes, "node", "nodes"),
                words::count(output.edges, "relationship", "relationships"),
                args.file.display(),
                words::bytes(size)
            ));
        }
    }
    if wants_json {
        session.printer.json(&job.output.as_ref().map(Output::to_value))?;
    }
    Ok(finished.end())
}

/// Refuses a file that is there, unless told otherwise.
pub(crate) fn refuse_overwriting(path: &Path, force: bool) -> Result<()> {
    if path.is_dir() {
        return Err(Error::invalid(format!(
            "{} is a directory: name a file in it",
            path.display()
        )));
    }
    if !force && path.exists() {
        return Err(Error::new(
            ErrorKind::Conflict,
            format!(
                "{} exists: pass --force to overwrite it, or choose another name",
                path.display()
            ),
        ));
    }
    Ok(())
}

/// Writes beside the place first, so that a file under the wanted name is always whole.
async fn write_file(executor: &dyn Executor, job: &Job, path: &Path) -> Result<u64> {
    let doing = || format!("write {}", path.display());
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let part = tempfile::Builder::new()
        .prefix(".atg-export-")
        .tempfile_in(directory)
        .doing(doing)?;
    let to = tokio::fs::File::from_std(part.as_file().try_clone().doing(doing)?);
    let size = artifacts::copy(executor, job, ARTIFACT, to).await?.doing(doing)?;
    part.persist(path).map_err(|error| error.error).doing(doing)?;
    Ok(size)
}
