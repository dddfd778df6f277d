//! The names of the environment variables, one documented constant each. Nothing here reads them: only binaries do.

/// Where local state is kept: job history, the graph, artifacts. Default: `atg` in the user's data directory.
pub const ATG_DATA_DIR: &str = "ATG_DATA_DIR";
/// The graph: `sqlite:PATH`. Default: `graph.db` in the data directory.
pub const ATG_GRAPH: &str = "ATG_GRAPH";
/// The tenant to work on when `--tenant-id` is not given.
pub const AZURE_TENANT_ID: &str = "AZURE_TENANT_ID";
/// What is logged to stderr, in the syntax of `tracing_subscriber::EnvFilter`. Default: `warn`.
pub const LOG_LEVEL: &str = "LOG_LEVEL";
/// The configuration file. Default: `atg/config.toml` in the user's configuration directory.
pub const ATG_CONFIG: &str = "ATG_CONFIG";
/// Not empty: nothing is coloured (<https://no-color.org>).
pub const NO_COLOR: &str = "NO_COLOR";
