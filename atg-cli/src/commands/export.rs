//! `atg export`

use std::{
    fs,
    path::{Path, PathBuf},
};

use atg_sdk::{
    Error, ErrorKind, Executor, ExecutorExt as _, Job, Operation, Output, Result,
    azure::TenantId,
    model::operations::export::{Format, Parameters},
};
use clap::{Args, ValueEnum};

use crate::{
    artifacts,
    exit::{CommandResult, FileContext as _, Stop},
    session::Session,
    words,
};

const EXAMPLES: &str = "\
Examples:
  The whole graph, into graph.jsonl.zst here:
    atg export
  One tenant, to a file of your choice:
    atg export --tenant-id 00000000-0000-0000-0000-000000000001 -o contoso.jsonl.zst
  To look into it:
    atg export -o - | zstd -d | head

  For networkx, yEd, Gephi and others:
    atg export --format graphml
  For `neo4j-admin database import full`, into the directory graph-neo4j-admin:
    atg export --format neo4j-admin

Two exports of equal graphs are equal, byte for byte. `atg import` reads the format jsonl back; the
others hold what a query shows.";

/// Write the graph into a file
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ExportArgs {
    /// The format
    #[arg(long, value_enum, default_value_t = FormatArg::Jsonl)]
    format: FormatArg,
    /// The file to write, `-` for standard output; for csv and neo4j-admin, the directory
    #[arg(long = "output-file", short = 'o', value_name = "FILE|DIR|-")]
    file: Option<PathBuf>,
    /// Overwrite what is there
    #[arg(long)]
    force: bool,
    /// Only this tenant [default: every tenant of the graph]
    #[arg(long, value_name = "GUID")]
    tenant_id: Option<TenantId>,
    /// With times and scan ids, which differ between runs
    #[arg(long)]
    with_history: bool,
}

/// A format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatArg {
    /// JSON Lines in zstd, which `atg import` reads back
    Jsonl,
    /// GraphML, one XML file
    Graphml,
    /// Two tables, nodes.csv and edges.csv
    Csv,
    /// What `neo4j-admin database import full` reads
    Neo4jAdmin,
}

impl FormatArg {
    const fn format(self) -> Format {
        match self {
            Self::Jsonl => Format::Jsonl,
            Self::Graphml => Format::Graphml,
            Self::Csv => Format::Csv,
            Self::Neo4jAdmin => Format::Neo4jAdmin,
        }
    }

    /// The one artifact; `None` where there are several.
    const fn artifact(self) -> Option<&'static str> {
        match self {
            Self::Jsonl => Some("graph.jsonl.zst"),
            Self::Graphml => Some("graph.graphml"),
            Self::Csv | Self::Neo4jAdmin => None,
        }
    }

    const fn default_place(self) -> &'static str {
        match self {
            Self::Jsonl => "graph.jsonl.zst",
            Self::Graphml => "graph.graphml",
            Self::Csv => "graph-csv",
            Self::Neo4jAdmin => "graph-neo4j-admin",
        }
    }
}

pub(crate) async fn run(args: &ExportArgs, session: &Session) -> CommandResult {
    let wants_json = session.printer.wants_json()?;
    let artifact = args.format.artifact();
    let place = match &args.file {
        Some(place) => place.as_path(),
        None => Path::new(args.format.default_place()),
    };
    let to_stdout = place == Path::new("-");
    if to_stdout && artifact.is_none() {
        return Err(Error::invalid("this format is several files: choose a directory with -o").into());
    }
    if to_stdout && wants_json {
        return Err(Error::invalid(
            "stdout cannot hold both the export and --output json: choose a file with -o",
        )
        .into());
    }
    // Before the work: nobody wants to learn this after ten minutes.
    if !to_stdout {
        match artifact {
            Some(_) => refuse_overwriting(place, args.force)?,
            None => refuse_full(place, args.force)?,
        }
    }
    let executor = session.executor().await?;
    let operation = Operation::Export(Parameters {
        tenant_id: args.tenant_id,
        format: args.format.format(),
        with_history: args.with_history,
    });
    let finished = session.run(&executor, operation).await?;
    let job = &finished.job;
    let size = match artifact {
        Some(artifact) if to_stdout => {
            artifacts::copy(executor.as_ref(), job, artifact, tokio::io::stdout())
                .await?
                .map_err(Stop::from)?;
            None
        }
        Some(artifact) => Some(write_file(executor.as_ref(), job, artifact, place).await?),
        None => {
            executor.download_artifacts(job.id, place).await?;
            drop_stale(place, job)?;
            Some(job.artifacts.iter().map(|artifact| artifact.size_bytes).sum())
        }
    };
    if let (Some(Output::Export(output)), Some(size)) = (&job.output, size) {
        session.reporter.note(&format!(
            "wrote {} and {} to {} ({})",
            words::count(output.nodes, "node", "nodes"),
            words::count(output.edges, "relationship", "relationships"),
            place.display(),
            words::bytes(size)
        ));
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

/// Refuses a directory that holds something, unless told otherwise: files of two exports would be taken for one.
fn refuse_full(directory: &Path, force: bool) -> Result<()> {
    if directory.exists() && !directory.is_dir() {
        return Err(Error::invalid(format!(
            "{} is a file, and this format is several: name a directory",
            directory.display()
        )));
    }
    let is_full = fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some());
    if is_full && !force {
        return Err(Error::new(
            ErrorKind::Conflict,
            format!(
                "{} holds something: choose another directory, or pass --force to write into it",
                directory.display()
            ),
        ));
    }
    Ok(())
}

/// Removes tables that an earlier export left and this one does not have: they are of labels that are gone.
fn drop_stale(directory: &Path, job: &Job) -> Result<()> {
    let doing = || format!("read {}", directory.display());
    for entry in fs::read_dir(directory).doing(doing)? {
        let entry = entry.doing(doing)?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let is_table = name.starts_with("nodes-") || name.starts_with("relationships-");
        let is_of_this = job.artifacts.iter().any(|artifact| artifact.name == name);
        if is_table && name.ends_with(".csv") && !is_of_this {
            fs::remove_file(entry.path()).doing(|| format!("delete {}", entry.path().display()))?;
        }
    }
    Ok(())
}

/// Writes beside the place first, so that a file under the wanted name is always whole.
async fn write_file(executor: &dyn Executor, job: &Job, artifact: &str, path: &Path) -> Result<u64> {
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
    let size = artifacts::copy(executor, job, artifact, to).await?.doing(doing)?;
    part.persist(path).map_err(|error| error.error).doing(doing)?;
    Ok(size)
}
