//! The names of the environment variables, one documented constant each. Nothing here reads them: only binaries do.
//!
//! Only variables that something reads are here. [`ALL`] is what the reference page is made of.

/// One environment variable, as the reference page shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub meaning: &'static str,
    /// What holds while it is not set.
    pub default: &'static str,
}

macro_rules! variables {
    ($(#[doc = $meaning:literal] $name:ident, $default:literal;)+) => {
        $(
            #[doc = $meaning]
            #[doc = concat!("Default: ", $default, ".")]
            pub const $name: &str = stringify!($name);
        )+

        /// All of them, in the order of the reference page.
        pub const ALL: &[Variable] = &[$(Variable {
            name: $name,
            // The space after `///`.
            meaning: $meaning.trim_ascii_start(),
            default: $default,
        },)+];
    };
}

variables! {
    /// Where local state is kept: job history, the graph, artifacts.
    ATG_DATA_DIR, "`atg` in the user's data directory";
    /// The graph: `sqlite:PATH`, or a Neo4j as `bolt://HOST:PORT`, `neo4j://HOST:PORT` or, encrypted, `neo4j+s://HOST:PORT`.
    ATG_GRAPH, "`graph.db` in the data directory";
    /// The configuration file.
    ATG_CONFIG, "`atg/config.toml` in the user's configuration directory";
    /// The tenant to work on when `--tenant-id` is not given.
    AZURE_TENANT_ID, "none";
    /// The cloud: `public`, `usgov`, `china`, or the https address of a Resource Manager, which then tells its other hosts.
    AZURE_CLOUD, "`public`";
    /// Where to sign in instead of the cloud's own place.
    AZURE_AUTHORITY_HOST, "the cloud's";
    /// The application to sign in as, or the managed identity where there are several.
    AZURE_CLIENT_ID, "none";
    /// The application's secret.
    AZURE_CLIENT_SECRET, "none";
    /// The application's certificate with its private key: a PEM or a PFX file.
    AZURE_CLIENT_CERTIFICATE_PATH, "none";
    /// What the PFX file is locked with.
    AZURE_CLIENT_CERTIFICATE_PASSWORD, "none";
    /// `true`: the certificate's chain goes along, for applications that trust a name and an authority.
    AZURE_CLIENT_SEND_CERTIFICATE_CHAIN, "`false`";
    /// A file with a token of another issuer that the application trusts (workload identity).
    AZURE_FEDERATED_TOKEN_FILE, "none";
    /// What holds calls of Azure back: the quotas that are `documented`, or only `refusals` (for a simulator without quotas).
    ATG_AZURE_PACING, "`documented`";
    /// The one way to sign in: `secret`, `certificate`, `federated`, `managed-identity`, `az` or `azd`.
    ATG_AUTH, "all of them in that order, until one works";
    /// Whether managed identity is among the ways to sign in: `true` or `false`.
    ATG_USE_MANAGED_IDENTITY, "`true`";
    /// `true`: jobs are carried out by the service instead of this machine.
    ATG_REMOTE_MODE, "`false`";
    /// The address of the service that `--remote` asks; plain `http` only for this machine.
    ATG_SERVICE_URL, "`http://127.0.0.1:8000`";
    /// The API key for that service.
    ATG_API_KEY, "none";
    /// How long a call of the service may take to be answered, in seconds.
    ATG_REQUEST_TIMEOUT, "`300`";
    /// How often a job is asked for where its events cannot be streamed, in seconds.
    ATG_JOB_POLL_INTERVAL, "`5`";
    /// How long a job of the service is waited for, in seconds; it goes on afterwards.
    ATG_JOB_MAX_WAIT, "for ever";
    /// How often a call of the service is sent again after a failure that may pass.
    ATG_MAX_RETRIES, "`3`";
    /// `true`: what `--remote` asks for runs on this machine, with a warning, when the service cannot be reached.
    ATG_FALLBACK_TO_LOCAL, "`false`";
    /// A PEM file of certificate authorities to trust beside the system's.
    SSL_CERT_FILE, "the system's";
    /// What is logged to stderr, in the syntax of `tracing_subscriber::EnvFilter`.
    LOG_LEVEL, "`warn`, of the server `info`";
    /// Not empty: nothing is coloured (<https://no-color.org>).
    NO_COLOR, "colours on a terminal";

    // Set by the places where a managed identity lives, for whatever runs there.

    /// Where App Service, Container Apps, Service Fabric and Azure Arc give tokens.
    IDENTITY_ENDPOINT, "none";
    /// What proves to them that the caller runs there.
    IDENTITY_HEADER, "none";
    /// The thumbprint of Service Fabric's certificate.
    IDENTITY_SERVER_THUMBPRINT, "none";
    /// Set by Azure Arc, which is known by it.
    IMDS_ENDPOINT, "none";
    /// Where Cloud Shell and Azure Machine Learning give tokens.
    MSI_ENDPOINT, "none";
    /// What proves to Azure Machine Learning that the caller runs there.
    MSI_SECRET, "none";
    /// The identity that Azure Machine Learning takes where `AZURE_CLIENT_ID` names none.
    DEFAULT_IDENTITY_CLIENT_ID, "none";
    /// Another address of the machine's metadata service.
    AZURE_POD_IDENTITY_AUTHORITY_HOST, "`http://169.254.169.254`";

    // Of the server.

    /// The address that the server listens on. With one and no keys it does not start.
    ATG_SERVER_HOST, "`127.0.0.1`";
    /// The port that the server listens on; 0 lets the system choose.
    ATG_SERVER_PORT, "8000";
    /// Threads of the server's runtime.
    ATG_SERVER_WORKERS, "one for each core";
    /// The installation, `dev`, `int` or `prod`: only its own keys are good.
    ATG_ENVIRONMENT, "`dev`";
    /// Keys in plain, `key:scopes:tenants` separated by `;`. Only in `dev`.
    ATG_API_KEYS, "none";
    /// The file of key records that `atg-server keys` writes; it is read again while the server runs.
    ATG_API_KEYS_FILE, "none";
    /// The secret that keys are hashed under, at least 16 bytes.
    ATG_KEY_PEPPER, "in `dev` made once and kept in the data directory, elsewhere none";
    /// The certificate chain, PEM, leaf first.
    ATG_TLS_CERT, "none: plain HTTP";
    /// The certificate's private key, PEM.
    ATG_TLS_KEY, "none: plain HTTP";
    /// The address under which clients reach the server, for absolute URLs in its answers.
    ATG_PUBLIC_URL, "the host that the request names";
    /// Addresses of proxies whose `X-Forwarded-For` is believed, separated by commas.
    ATG_TRUSTED_PROXIES, "none";
    /// The only tenant that the server is for, and the one meant where a request names none.
    ATG_TARGET_TENANT_ID, "none: every tenant that a key may see";
    /// How many long operations run at once.
    ATG_MAX_CONCURRENT_JOBS, "3";
    /// How many jobs of one owner may wait or run; more are answered `429`.
    ATG_MAX_OPEN_JOBS, "1000";
    /// How many jobs may wait in all; more are answered `503`.
    ATG_MAX_QUEUE_DEPTH, "10000";
    /// Owners whose jobs come earlier (above 0) or later (below) than those of others: `oncall=10,nightly=-10`.
    ATG_OWNER_PRIORITIES, "none: all are equal";
    /// Where inputs and artifacts are kept, the same for all processes of a service: a directory, or a blob container like `https://account.blob.core.windows.net/container`.
    ATG_ARTIFACT_STORE, "`objects` in the data directory";
    /// The key of that container's account. Without one, and without a signature in the address, the server signs in as it does to the rest of Azure.
    AZURE_STORAGE_KEY, "none";
    /// How many days ended jobs and their artifacts are kept.
    ATG_JOB_RETENTION_DAYS, "7";
    /// The largest input that the server takes, in bytes.
    ATG_MAX_INPUT_BYTES, "2147483648";
    /// Submissions of long operations a minute, for each key and each address.
    ATG_RATE_LIMIT_LONG, "10";
    /// Submissions of short operations a minute, for each key and each address.
    ATG_RATE_LIMIT_SHORT, "120";
    /// Other calls a minute, for each key and each address.
    ATG_RATE_LIMIT_OTHER, "600";
    /// Connections at once; more wait in the listener's backlog.
    ATG_MAX_CONNECTIONS, "20000";
    /// How long the server waits, once told to stop, for its calls and jobs, in seconds.
    ATG_SHUTDOWN_GRACE_SECONDS, "30";
    /// Whether `/metrics` is served: `true` or `false`.
    ENABLE_METRICS, "`true`";
    /// An address and port for `/metrics` and `/health` of their own, without a key.
    ATG_METRICS_LISTEN, "none: `/metrics` is behind a key";
    /// Where traces are sent, OTLP over HTTP; `OTEL_SERVICE_NAME` and the exporter's other variables mean what they mean everywhere.
    OTEL_EXPORTER_OTLP_ENDPOINT, "none: no trace is recorded";
    /// A Redis for the queue, for processes on several machines: `redis://`, `rediss://` with TLS, `redis+sentinel://host,host/master`.
    REDIS_URL, "the queue in the data directory";
    /// The queue's name in that Redis: several services may use one.
    ATG_REDIS_QUEUE, "atg";
    /// The graph's Neo4j, where `ATG_GRAPH` names no graph.
    NEO4J_URI, "none";
    /// Whom the Neo4j knows us as.
    NEO4J_USER, "`neo4j`";
    /// The password for it.
    NEO4J_PASSWORD, "none: a server that asks for none";
    /// Its database, where the address names none.
    NEO4J_DATABASE, "the user's own";
    /// The Key Vault with the key records, instead of a file: its name or https address. Its secrets `atg-key-…` are records.
    AZURE_KEY_VAULT_NAME, "none";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_says_what_it_is_for() {
        for variable in ALL {
            assert!(
                variable.meaning.ends_with('.') && !variable.meaning.starts_with(' '),
                "{variable:?}"
            );
            assert!(
                !variable.default.is_empty() && !variable.default.ends_with('.'),
                "{variable:?}"
            );
        }
        assert!(ALL.iter().any(|variable| variable.name == ATG_DATA_DIR));
    }
}
