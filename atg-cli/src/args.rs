//! The command line: global options, and one variant a command. Each command's own options stand with the command.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands::{
    completions, config, diff, doctor, export, generate_iac, graph, import, job, query, scan, show,
};

const TRY_FIRST: &str = "\
Try first:
  atg scan --from resources.jsonl --tenant-id 00000000-0000-0000-0000-000000000001
  atg query 'MATCH (r:Resource) RETURN r.type AS type, count(*) AS n ORDER BY n DESC LIMIT 10'
  atg doctor

Exit codes:
  0 done   2 invalid input   3 not allowed   4 not found, or in conflict   5 try again later
  6 done, but incomplete   70 a defect of atg   130 cancelled";

/// Azure Tenant Grapher: an Azure tenant as a graph that you can ask.
#[derive(Debug, Parser)]
#[command(name = "atg", version, max_term_width = 100, after_help = TRY_FIRST, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Options that every command takes.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// How the answer is printed on stdout [default: table]
    #[arg(
        long,
        global = true,
        value_enum,
        hide_possible_values = true,
        value_name = "table|json|jsonl|csv"
    )]
    pub(crate) output: Option<OutputFormat>,
    /// Say nothing on stderr but errors
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Where job history, graph and artifacts are kept [env: ATG_DATA_DIR]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// The graph to work on, sqlite:PATH or bolt://HOST:PORT [env: ATG_GRAPH, NEO4J_URI] [default: graph.db in the data directory]
    #[arg(long, global = true, value_name = "URI")]
    pub(crate) graph: Option<String>,
    /// The cloud: public, usgov, china, or the address of a Resource Manager [env: AZURE_CLOUD] [default: public]
    #[arg(long, global = true, value_name = "CLOUD")]
    pub(crate) cloud: Option<String>,
    /// The one way to sign in to Azure: secret, certificate, federated, managed-identity, az, azd [env: ATG_AUTH]
    #[arg(long, global = true, value_name = "WAY")]
    pub(crate) auth: Option<String>,
    /// Let the service carry the jobs out instead of this machine [env: ATG_REMOTE_MODE]
    #[arg(
        long,
        global = true,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        hide_possible_values = true,
        value_name = "true|false"
    )]
    pub(crate) remote: Option<bool>,
    /// The service [env: ATG_SERVICE_URL] [default: http://127.0.0.1:8000]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) service_url: Option<String>,
    /// A file with the API key for the service, instead of ATG_API_KEY
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) api_key_file: Option<PathBuf>,
    /// The configuration file [env: ATG_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// What is logged on stderr: error, warn, info, debug, trace [env: LOG_LEVEL] [default: warn]
    #[arg(long, global = true, value_name = "LEVEL")]
    pub(crate) log_level: Option<String>,
    /// When to colour: auto, always, never [env: NO_COLOR]
    #[arg(
        long,
        global = true,
        value_enum,
        hide_possible_values = true,
        value_name = "WHEN"
    )]
    pub(crate) color: Option<ColorWhen>,
}

/// How an answer is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// For people.
    Table,
    /// One JSON document.
    Json,
    /// One JSON object a line.
    Jsonl,
    /// Comma-separated values with a header.
    Csv,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    /// On a terminal.
    Auto,
    /// Also into a pipe.
    Always,
    /// Not at all.
    Never,
}

impl ColorWhen {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::from_str(name, false).ok()
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Always => "always",
            Self::Never => "never",
        }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Scan(Box<scan::ScanArgs>),
    Query(query::QueryArgs),
    Show(show::ShowArgs),
    Diff(diff::DiffArgs),
    GenerateIac(Box<generate_iac::GenerateIacArgs>),
    Export(export::ExportArgs),
    Import(import::ImportArgs),
    Graph(graph::GraphArgs),
    Job(job::JobArgs),
    Doctor(doctor::DoctorArgs),
    Config(config::ConfigArgs),
    Completions(completions::CompletionsArgs),
}

impl Command {
    /// What it does, to stand after "failed to".
    pub(crate) fn doing(&self) -> &'static str {
        match self {
            Self::Scan(_) => "scan",
            Self::Query(_) => "query the graph",
            Self::Show(_) => "show the node",
            Self::Diff(_) => "compare",
            Self::GenerateIac(_) => "generate infrastructure as code",
            Self::Export(_) => "export the graph",
            Self::Import(_) => "import into the graph",
            Self::Graph(args) => args.command.doing(),
            Self::Job(args) => args.command.doing(),
            Self::Doctor(_) => "run the checks",
            Self::Config(_) => "show the configuration",
            Self::Completions(_) => "write the completions",
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
