//! What the command line takes. Every setting is a flag over an environment variable.

use std::path::PathBuf;

use atg_sdk::env;
use clap::{Args, Parser, Subcommand, ValueEnum};

/// The ATG job service.
#[derive(Debug, Parser)]
#[command(name = "atg-server", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make, list and take back API keys.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Look after the queue: list jobs that failed after all their attempts, and submit them again.
    #[command(subcommand)]
    Queue(QueueCommand),
}

/// Which half of the service a process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// Answers calls.
    Api,
    /// Carries out jobs.
    Worker,
    /// Both.
    All,
}

/// Texts as they were given: they are read all together, so that all mistakes are told at once.
#[derive(Debug, Default, Args)]
pub(crate) struct Settings {
    /// Answer calls, carry out jobs, or both.
    #[arg(long, value_enum, default_value = "all")]
    pub(crate) role: Option<Role>,
    /// The address to listen on; 127.0.0.1 where left out.
    #[arg(long, env = env::ATG_SERVER_HOST)]
    pub(crate) host: Option<String>,
    /// The port to listen on; 0 lets the system choose [default: 8000].
    #[arg(long, env = env::ATG_SERVER_PORT)]
    pub(crate) port: Option<String>,
    /// Threads of the runtime [default: one for each core].
    #[arg(long, env = env::ATG_SERVER_WORKERS)]
    pub(crate) threads: Option<String>,
    /// Which installation this is: dev, int or prod [default: dev].
    #[arg(long, env = env::ATG_ENVIRONMENT)]
    pub(crate) environment: Option<String>,
    /// Where jobs, artifacts and the graph are kept.
    #[arg(long, env = env::ATG_DATA_DIR)]
    pub(crate) data_dir: Option<PathBuf>,
    /// The graph, `sqlite:PATH` [default: graph.db in the data directory].
    #[arg(long, env = env::ATG_GRAPH, hide_env_values = true)]
    pub(crate) graph: Option<String>,
    /// The file of key records.
    #[arg(long, env = env::ATG_API_KEYS_FILE)]
    pub(crate) keys_file: Option<PathBuf>,
    /// The Key Vault with the key records: its name, or its https address.
    #[arg(long, env = env::AZURE_KEY_VAULT_NAME)]
    pub(crate) key_vault: Option<String>,
    /// The certificate chain, PEM.
    #[arg(long, env = env::ATG_TLS_CERT)]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The certificate's private key, PEM.
    #[arg(long, env = env::ATG_TLS_KEY)]
    pub(crate) tls_key: Option<PathBuf>,
    /// The address under which clients reach the server.
    #[arg(long, env = env::ATG_PUBLIC_URL)]
    pub(crate) public_url: Option<String>,
    /// Proxies whose X-Forwarded-For is believed, separated by commas.
    #[arg(long, env = env::ATG_TRUSTED_PROXIES)]
    pub(crate) trusted_proxies: Option<String>,
    /// The only tenant that the server is for.
    #[arg(long, env = env::ATG_TARGET_TENANT_ID)]
    pub(crate) target_tenant_id: Option<String>,
    /// Long operations at once [default: 3].
    #[arg(long, env = env::ATG_MAX_CONCURRENT_JOBS)]
    pub(crate) max_concurrent_jobs: Option<String>,
    /// Waiting and running jobs of one owner [default: 1000].
    #[arg(long, env = env::ATG_MAX_OPEN_JOBS)]
    pub(crate) max_open_jobs: Option<String>,
    /// Waiting jobs in all [default: 10000].
    #[arg(long, env = env::ATG_MAX_QUEUE_DEPTH)]
    pub(crate) max_queue_depth: Option<String>,
    /// Owners whose jobs come earlier (above 0) or later (below), like oncall=10,nightly=-10.
    #[arg(long, env = env::ATG_OWNER_PRIORITIES)]
    pub(crate) owner_priorities: Option<String>,
    /// The directory or blob container of inputs and artifacts [default: objects in the data directory].
    #[arg(long, env = env::ATG_ARTIFACT_STORE, hide_env_values = true)]
    pub(crate) artifact_store: Option<String>,
    /// The queue's name in the Redis of REDIS_URL [default: atg].
    #[arg(long, env = env::ATG_REDIS_QUEUE)]
    pub(crate) redis_queue: Option<String>,
    /// Days that ended jobs are kept [default: 7].
    #[arg(long, env = env::ATG_JOB_RETENTION_DAYS)]
    pub(crate) job_retention_days: Option<String>,
    /// The largest input, in bytes [default: 2 GiB].
    #[arg(long, env = env::ATG_MAX_INPUT_BYTES)]
    pub(crate) max_input_bytes: Option<String>,
    /// Submissions of long operations a minute [default: 10].
    #[arg(long, env = env::ATG_RATE_LIMIT_LONG)]
    pub(crate) rate_limit_long: Option<String>,
    /// Submissions of short operations a minute [default: 120].
    #[arg(long, env = env::ATG_RATE_LIMIT_SHORT)]
    pub(crate) rate_limit_short: Option<String>,
    /// Other calls a minute [default: 600].
    #[arg(long, env = env::ATG_RATE_LIMIT_OTHER)]
    pub(crate) rate_limit_other: Option<String>,
    /// Connections at once [default: 20000].
    #[arg(long, env = env::ATG_MAX_CONNECTIONS)]
    pub(crate) max_connections: Option<String>,
    /// Seconds to wait for calls and jobs when told to stop [default: 30].
    #[arg(long, env = env::ATG_SHUTDOWN_GRACE_SECONDS)]
    pub(crate) shutdown_grace_seconds: Option<String>,
    /// Whether /metrics is served [default: true].
    #[arg(long, env = env::ENABLE_METRICS)]
    pub(crate) enable_metrics: Option<String>,
    /// An address and port for /metrics and /health alone, without a key.
    #[arg(long, env = env::ATG_METRICS_LISTEN)]
    pub(crate) metrics_listen: Option<String>,
    /// What is logged to stderr, as JSON [default: info].
    #[arg(long, env = env::LOG_LEVEL)]
    pub(crate) log_level: Option<String>,
}

/// Where the queue is.
#[derive(Debug, Args)]
pub(crate) struct QueuePlace {
    /// The server's data directory. Where REDIS_URL is set the queue is there.
    #[arg(long, env = env::ATG_DATA_DIR)]
    pub(crate) data_dir: Option<PathBuf>,
    /// The queue's name in the Redis of REDIS_URL [default: atg].
    #[arg(long, env = env::ATG_REDIS_QUEUE)]
    pub(crate) redis_queue: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum QueueCommand {
    /// List jobs that failed although another attempt might have helped, newest first, a JSON object a line.
    DeadLetters {
        /// How many at the most.
        #[arg(long, default_value_t = 100)]
        limit: usize,
        #[command(flatten)]
        place: QueuePlace,
    },
    /// Submit dead letters again, each under a new id, which is printed. The failed job stays as it is; asked twice, it is
    /// submitted once.
    Requeue {
        /// The jobs.
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        ids: Vec<String>,
        /// All that were not submitted again yet.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        place: QueuePlace,
    },
}

/// What all `keys` commands need.
#[derive(Debug, Args)]
pub(crate) struct KeysPlace {
    /// The file of key records.
    #[arg(long = "file", env = env::ATG_API_KEYS_FILE)]
    pub(crate) file: Option<PathBuf>,
}

/// What hashing needs: the pepper is `ATG_KEY_PEPPER`, or in dev the one in the data directory.
#[derive(Debug, Args)]
pub(crate) struct Hashing {
    /// Which installation the key is for: dev, int or prod [default: dev].
    #[arg(long, env = env::ATG_ENVIRONMENT)]
    pub(crate) environment: Option<String>,
    /// The server's data directory.
    #[arg(long, env = env::ATG_DATA_DIR)]
    pub(crate) data_dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a key: its record goes into the file, the key itself to stdout, this once.
    New(NewKey),
    /// Read a key from stdin and print what a record keeps of it.
    Hash(Hashing),
    /// List the records.
    List(KeysPlace),
    /// Take a key back. Servers notice within a minute.
    Revoke {
        /// The key's public part: the eight characters between the second and the third `_`.
        id: String,
        #[command(flatten)]
        place: KeysPlace,
    },
}

#[derive(Debug, Args)]
pub(crate) struct NewKey {
    /// Whose key it is. Keys that succeed each other share an owner, and with it their jobs.
    #[arg(long)]
    pub(crate) owner: String,
    /// What it may do, separated by commas: scan:run, graph:read, graph:write, iac:generate, tenant:create,
    /// tenant:deploy, jobs:all, admin.
    #[arg(long, value_delimiter = ',', required = true)]
    pub(crate) scopes: Vec<String>,
    /// For which tenants, separated by commas; `*` for every one. Left out: none.
    #[arg(long, value_delimiter = ',')]
    pub(crate) tenants: Vec<String>,
    /// Not good before that time, RFC 3339.
    #[arg(long)]
    pub(crate) not_before: Option<String>,
    /// Not good from that time on, RFC 3339.
    #[arg(long)]
    pub(crate) expires_at: Option<String>,
    #[command(flatten)]
    pub(crate) hashing: Hashing,
    #[command(flatten)]
    pub(crate) place: KeysPlace,
}
