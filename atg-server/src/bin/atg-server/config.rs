//! The configuration of a server process.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use atg_azure::{AzureOptions, BadVariable};
use atg_executor_local::{GraphLocation, Neo4jLogin};
use atg_sdk::{Owner, Result, azure::TenantId, env};
use atg_server::{
    http::{Limits, Rate, TlsFiles},
    keys::Environment,
    queue::RedisOptions,
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    arguments::{Role, Settings},
    container::Container,
    values::{self, Reading, flag, number, path},
};

/// What has no flag, since a command line is shown to every process of the machine.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    pub(crate) keys: Option<SecretString>,
    pub(crate) pepper: Option<SecretString>,
    /// The key of a blob container's account.
    pub(crate) storage_key: Option<SecretString>,
    /// Where the queue is, with the password for it.
    pub(crate) redis: Option<SecretString>,
    /// The graph's Neo4j. Some write a password into its address, which is refused, but must not be repeated.
    pub(crate) neo4j_uri: Option<SecretString>,
    pub(crate) neo4j: Neo4jLogin,
    /// How Azure is reached and as whom.
    pub(crate) azure: AzureOptions,
    /// Variables of that which cannot be used.
    pub(crate) bad: Vec<BadVariable>,
    /// Whether traces are to be sent somewhere; the exporter reads where by itself.
    pub(crate) traces: bool,
}

impl Secrets {
    pub(crate) fn from_environment() -> Self {
        let read = |name: &str| {
            std::env::var(name)
                .ok()
                .filter(|text| !text.trim().is_empty())
                .map(SecretString::from)
        };
        let plain = |name: &str| std::env::var(name).ok().filter(|text| !text.trim().is_empty());
        let (azure, bad) = match AzureOptions::from_variables(std::env::var_os) {
            Ok(azure) => (azure, Vec::new()),
            Err(bad) => (AzureOptions::default(), bad),
        };
        Self {
            keys: read(env::ATG_API_KEYS),
            pepper: read(env::ATG_KEY_PEPPER),
            storage_key: read(env::AZURE_STORAGE_KEY),
            redis: read(env::REDIS_URL),
            neo4j_uri: read(env::NEO4J_URI),
            neo4j: Neo4jLogin {
                user: plain(env::NEO4J_USER),
                password: read(env::NEO4J_PASSWORD),
                database: plain(env::NEO4J_DATABASE),
            },
            azure,
            bad,
            traces: read(env::OTEL_EXPORTER_OTLP_ENDPOINT).is_some()
                || read("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").is_some(),
        }
    }
}

/// Everything that a server process is told.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) role: Role,
    pub(crate) address: SocketAddr,
    pub(crate) threads: Option<usize>,
    pub(crate) environment: Environment,
    pub(crate) data_dir: PathBuf,
    pub(crate) graph: GraphLocation,
    pub(crate) neo4j: Neo4jLogin,
    pub(crate) keys: Keys,
    pub(crate) pepper: Option<SecretString>,
    pub(crate) redis: Option<RedisOptions>,
    pub(crate) azure: AzureOptions,
    pub(crate) tls: Option<TlsFiles>,
    pub(crate) public_url: Option<String>,
    pub(crate) trusted_proxies: Vec<IpAddr>,
    pub(crate) target_tenant: Option<TenantId>,
    pub(crate) max_concurrent_jobs: usize,
    pub(crate) max_open_jobs: u64,
    pub(crate) max_queue_depth: u64,
    pub(crate) priorities: HashMap<Owner, i32>,
    pub(crate) artifact_store: ArtifactStore,
    pub(crate) storage_key: Option<SecretString>,
    pub(crate) retention: Duration,
    pub(crate) limits: Limits,
    pub(crate) serve_metrics: bool,
    pub(crate) metrics_listen: Option<SocketAddr>,
    pub(crate) log_level: String,
    pub(crate) traces: bool,
}

/// Where inputs and artifacts are kept.
#[derive(Debug, Default)]
pub(crate) enum ArtifactStore {
    /// In the data directory.
    #[default]
    DataDir,
    /// In another directory.
    Directory(PathBuf),
    /// In a blob container.
    Container(Container),
}

/// Where keys come from.
#[derive(Debug)]
pub(crate) enum Keys {
    /// One is made for this run.
    OfThisRun,
    /// `ATG_API_KEYS`.
    Plain(SecretString),
    /// A file of records.
    File(PathBuf),
    /// A Key Vault with records.
    Vault(String),
}

const DAY: u64 = 24 * 60 * 60;

impl Config {
    /// Reads everything and tells all mistakes at once.
    pub(crate) fn read(given: &Settings, secrets: Secrets) -> Result<Self> {
        let mut reading = Reading::default();
        let host = reading.value(env::ATG_SERVER_HOST, given.host.as_deref(), None, |text| {
            parse_host(text).map(Some)
        });
        let port = reading.value(
            env::ATG_SERVER_PORT,
            given.port.as_deref(),
            8000,
            number(0, u64::from(u16::MAX)),
        );
        let threads = reading.value(
            env::ATG_SERVER_WORKERS,
            given.threads.as_deref(),
            0,
            number(1, 1024),
        );
        let environment = reading.value(
            env::ATG_ENVIRONMENT,
            given.environment.as_deref(),
            Environment::Dev,
            str::parse,
        );
        // What is said about the graph in its own variable counts.
        let (variable, location) = match (&given.graph, &secrets.neo4j_uri) {
            (None, Some(uri)) => (env::NEO4J_URI, Some(uri.expose_secret())),
            (own, _) => (env::ATG_GRAPH, own.as_deref()),
        };
        let graph = reading.value(variable, location, GraphLocation::default(), str::parse);
        let public_url = reading.value(
            env::ATG_PUBLIC_URL,
            given.public_url.as_deref(),
            None,
            values::public_url,
        );
        let trusted_proxies = reading.value(
            env::ATG_TRUSTED_PROXIES,
            given.trusted_proxies.as_deref(),
            Vec::new(),
            parse_addresses,
        );
        let target_tenant = reading.value(
            env::ATG_TARGET_TENANT_ID,
            given.target_tenant_id.as_deref(),
            None,
            |text| text.parse().map(Some),
        );
        let jobs = reading.value(
            env::ATG_MAX_CONCURRENT_JOBS,
            given.max_concurrent_jobs.as_deref(),
            3,
            number(1, 1000),
        );
        let max_open_jobs = reading.value(
            env::ATG_MAX_OPEN_JOBS,
            given.max_open_jobs.as_deref(),
            1000,
            number(1, 1_000_000),
        );
        let max_queue_depth = reading.value(
            env::ATG_MAX_QUEUE_DEPTH,
            given.max_queue_depth.as_deref(),
            10_000,
            number(1, 10_000_000),
        );
        let days = reading.value(
            env::ATG_JOB_RETENTION_DAYS,
            given.job_retention_days.as_deref(),
            7,
            number(1, 36_500),
        );
        let serve_metrics = reading.value(env::ENABLE_METRICS, given.enable_metrics.as_deref(), true, flag);
        let metrics_listen = reading.value(
            env::ATG_METRICS_LISTEN,
            given.metrics_listen.as_deref(),
            None,
            |text| text.parse().map(Some).map_err(|_| "must be like 127.0.0.1:9100"),
        );
        let log_level = reading.value(
            env::LOG_LEVEL,
            given.log_level.as_deref(),
            "info".to_owned(),
            |text| tracing_subscriber::EnvFilter::try_new(text).map(|_| text.to_owned()),
        );
        let priorities = reading.value(
            env::ATG_OWNER_PRIORITIES,
            given.owner_priorities.as_deref(),
            HashMap::new(),
            parse_priorities,
        );
        let artifact_store = reading.value(
            env::ATG_ARTIFACT_STORE,
            given.artifact_store.as_deref(),
            ArtifactStore::DataDir,
            parse_artifact_store,
        );
        let redis = redis(&mut reading, secrets.redis.as_ref(), given.redis_queue.as_deref());
        let limits = limits(&mut reading, given);
        let role = given.role.unwrap_or(Role::All);
        let tls = tls(&mut reading, given);
        let keys = keys(&mut reading, given, secrets.keys, host.is_some(), role);
        for (variable, detail) in secrets.bad {
            reading.problem(variable, detail);
        }
        let recorded = matches!(keys, Keys::File(_) | Keys::Vault(_));
        if environment != Environment::Dev && secrets.pepper.is_none() && recorded {
            reading.problem(
                env::ATG_KEY_PEPPER,
                format!("is not set, and {environment} keeps its pepper apart from its data: set it to what the keys were made with"),
            );
        }
        let data_dir = values::data_dir(given.data_dir.as_ref());
        reading.finish()?;
        Ok(Self {
            role,
            address: SocketAddr::new(
                host.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
                u16::try_from(port).unwrap_or(u16::MAX),
            ),
            threads: usize::try_from(threads).ok().filter(|threads| *threads > 0),
            environment,
            data_dir: data_dir?,
            graph,
            neo4j: secrets.neo4j,
            keys,
            pepper: secrets.pepper,
            redis,
            azure: secrets.azure,
            tls,
            public_url,
            trusted_proxies,
            target_tenant,
            max_concurrent_jobs: usize::try_from(jobs).unwrap_or(usize::MAX),
            max_open_jobs,
            max_queue_depth,
            priorities,
            artifact_store,
            storage_key: secrets.storage_key,
            retention: Duration::from_secs(days * DAY),
            limits,
            serve_metrics,
            metrics_listen,
            log_level,
            traces: secrets.traces,
        })
    }
}

/// Without host and key the server keeps to this machine; a host that others reach needs keys that somebody gave out.
fn keys(
    reading: &mut Reading,
    given: &Settings,
    plain: Option<SecretString>,
    has_host: bool,
    role: Role,
) -> Keys {
    let file = path(given.keys_file.as_ref()).map(|file| (env::ATG_API_KEYS_FILE, Keys::File(file)));
    let plain = plain.map(|plain| (env::ATG_API_KEYS, Keys::Plain(plain)));
    let named = given
        .key_vault
        .as_deref()
        .map(str::trim)
        .filter(|name| !name.is_empty());
    let vault = named.map(|name| (env::AZURE_KEY_VAULT_NAME, Keys::Vault(name.to_owned())));
    let mut places = [file, plain, vault].into_iter().flatten();
    let Some((first, keys)) = places.next() else {
        if has_host && role != Role::Worker {
            reading.problem(
                env::ATG_SERVER_HOST,
                format!(
                    "is set and no key is: set {} (see `atg-server keys new`) or {}, or leave the host out",
                    env::ATG_API_KEYS_FILE,
                    env::AZURE_KEY_VAULT_NAME
                ),
            );
        }
        return Keys::OfThisRun;
    };
    let others: Vec<_> = places.map(|(other, _)| other).collect();
    for other in &others {
        reading.problem(other, format!("is set beside {first}: leave one of them out"));
    }
    if others.is_empty() { keys } else { Keys::OfThisRun }
}

/// The queue in Redis, if one is named. Also for the commands that look into it.
pub(crate) fn redis(
    reading: &mut Reading,
    url: Option<&SecretString>,
    name: Option<&str>,
) -> Option<RedisOptions> {
    let name = reading.value(env::ATG_REDIS_QUEUE, name, "atg".to_owned(), |text| {
        Ok::<_, std::convert::Infallible>(text.to_owned())
    });
    let options = match RedisOptions::parse(url?.expose_secret()) {
        Ok(options) => options,
        Err(error) => {
            reading.problem(env::REDIS_URL, format!("cannot be used: {}", error.message()));
            return None;
        }
    };
    match options.with_name(&name) {
        Ok(options) => Some(options),
        Err(error) => {
            reading.problem(env::ATG_REDIS_QUEUE, error.message().to_owned());
            None
        }
    }
}

fn tls(reading: &mut Reading, given: &Settings) -> Option<TlsFiles> {
    match (path(given.tls_cert.as_ref()), path(given.tls_key.as_ref())) {
        (Some(certificate), Some(key)) => Some(TlsFiles { certificate, key }),
        (None, None) => None,
        (Some(_), None) => {
            reading.problem(
                env::ATG_TLS_KEY,
                format!("is missing beside {}", env::ATG_TLS_CERT),
            );
            None
        }
        (None, Some(_)) => {
            reading.problem(
                env::ATG_TLS_CERT,
                format!("is missing beside {}", env::ATG_TLS_KEY),
            );
            None
        }
    }
}

fn limits(reading: &mut Reading, given: &Settings) -> Limits {
    let mut limits = Limits::default();
    let mut rate = |variable, text: &Option<String>, default: Rate| {
        let calls = reading.value(
            variable,
            text.as_deref(),
            u64::from(default.calls),
            number(1, 1_000_000),
        );
        Rate::per_minute(u32::try_from(calls).unwrap_or(u32::MAX))
    };
    limits.long = rate(env::ATG_RATE_LIMIT_LONG, &given.rate_limit_long, limits.long);
    limits.short = rate(env::ATG_RATE_LIMIT_SHORT, &given.rate_limit_short, limits.short);
    limits.other = rate(env::ATG_RATE_LIMIT_OTHER, &given.rate_limit_other, limits.other);
    limits.input_bytes = reading.value(
        env::ATG_MAX_INPUT_BYTES,
        given.max_input_bytes.as_deref(),
        limits.input_bytes,
        number(1, u64::MAX),
    );
    let connections = reading.value(
        env::ATG_MAX_CONNECTIONS,
        given.max_connections.as_deref(),
        u64::try_from(limits.connections).unwrap_or(u64::MAX),
        number(1, 1_000_000),
    );
    limits.connections = usize::try_from(connections).unwrap_or(usize::MAX);
    let grace = reading.value(
        env::ATG_SHUTDOWN_GRACE_SECONDS,
        given.shutdown_grace_seconds.as_deref(),
        limits.grace.as_secs(),
        number(0, 3600),
    );
    limits.grace = Duration::from_secs(grace);
    limits
}

fn parse_host(text: &str) -> Result<IpAddr, &'static str> {
    if text == "localhost" {
        return Ok(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    text.trim_start_matches('[')
        .trim_end_matches(']')
        .parse()
        .map_err(|_| "must be an address of this machine, like 127.0.0.1 or 0.0.0.0")
}

/// `owner=number`, separated by commas. An owner's name may hold an equals sign itself.
fn parse_priorities(text: &str) -> Result<HashMap<Owner, i32>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| {
            let wrong = || format!("`{}` is not like nightly=-10", part.escape_debug());
            let (owner, number) = part.rsplit_once('=').ok_or_else(wrong)?;
            let owner = owner.trim();
            let number: i32 = number.trim().parse().map_err(|_| wrong())?;
            match owner {
                "" => Err(wrong()),
                _ => Ok((Owner::new(owner), number)),
            }
        })
        .collect()
}

fn parse_artifact_store(text: &str) -> Result<ArtifactStore, &'static str> {
    if text.contains("://") {
        return Container::parse(text).map(ArtifactStore::Container);
    }
    Ok(ArtifactStore::Directory(PathBuf::from(text)))
}

fn parse_addresses(text: &str) -> Result<Vec<IpAddr>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| {
            part.parse()
                .map_err(|_| format!("`{}` is not an IP address", part.escape_debug()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            data_dir: Some("/nowhere".into()),
            ..Settings::default()
        }
    }

    fn refused(given: &Settings, secrets: Secrets) -> Vec<String> {
        let error = Config::read(given, secrets).unwrap_err();
        assert_eq!(error.kind().exit_code(), 2);
        error.fields().iter().map(|field| field.pointer.clone()).collect()
    }

    #[test]
    fn without_host_and_key_it_keeps_to_this_machine() {
        let config = Config::read(&settings(), Secrets::default()).unwrap();
        assert_eq!(config.address, "127.0.0.1:8000".parse().unwrap());
        assert!(matches!(config.keys, Keys::OfThisRun));
    }

    #[test]
    fn a_host_without_a_key_is_refused() {
        let given = Settings {
            host: Some("127.0.0.1".into()),
            ..settings()
        };
        assert_eq!(refused(&given, Secrets::default()), ["ATG_SERVER_HOST"]);
    }

    #[test]
    fn all_mistakes_are_told_at_once_and_no_secret_with_them() {
        let given = Settings {
            port: Some("70000".into()),
            graph: Some("neo4j://user:canary@host".into()),
            tls_cert: Some("cert.pem".into()),
            trusted_proxies: Some("10.0.0.1, proxy".into()),
            keys_file: Some("keys.json".into()),
            environment: Some("prod".into()),
            ..settings()
        };
        let secrets = Secrets {
            keys: Some(SecretString::from("canary")),
            ..Secrets::default()
        };
        let error = Config::read(&given, secrets).unwrap_err();
        assert!(!format!("{error} {error:?} {:?}", error.fields()).contains("canary"));
        let named: Vec<_> = error
            .fields()
            .iter()
            .map(|field| field.pointer.as_str())
            .collect();
        let expected = [
            "ATG_SERVER_PORT",
            "ATG_GRAPH",
            "ATG_TRUSTED_PROXIES",
            "ATG_TLS_KEY",
            "ATG_API_KEYS",
        ];
        assert_eq!(named, expected);
    }

    #[test]
    fn what_this_version_does_not_have_is_refused_by_name_and_never_ignored() {
        let secrets = || Secrets {
            redis: Some(SecretString::from("http://canary@cache")),
            neo4j_uri: Some(SecretString::from("neo4j+s://u:canary@graph")),
            ..Secrets::default()
        };
        let given = Settings {
            artifact_store: Some("https://store.blob.core.windows.net/?sig=canary".into()),
            owner_priorities: Some("ci=1,nightly".into()),
            ..settings()
        };
        let error = Config::read(&given, secrets()).unwrap_err();
        assert!(!format!("{error} {:?}", error.fields()).contains("canary"));
        let expected = [
            "NEO4J_URI",
            "ATG_OWNER_PRIORITIES",
            "ATG_ARTIFACT_STORE",
            "REDIS_URL",
        ];
        assert_eq!(refused(&given, secrets()), expected);
        // A graph that is named by its own variable is the one that counts.
        let given = Settings {
            graph: Some("sqlite:graph.db".into()),
            ..settings()
        };
        assert_eq!(refused(&given, secrets()), ["REDIS_URL"]);
    }

    #[test]
    fn priorities_are_read_by_owner() {
        let read = parse_priorities(" oncall=10, team=a=-3 ,").unwrap();
        let expected = [(Owner::new("oncall"), 10), (Owner::new("team=a"), -3)];
        assert_eq!(read, expected.into());
        for wrong in ["oncall", "=1", "oncall=high", "oncall=99999999999"] {
            assert!(parse_priorities(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn keys_come_from_one_place() {
        let given = Settings {
            key_vault: Some(" my-keys ".into()),
            keys_file: Some("keys.json".into()),
            ..settings()
        };
        assert_eq!(refused(&given, Secrets::default()), ["AZURE_KEY_VAULT_NAME"]);
        let given = Settings {
            key_vault: Some(" my-keys ".into()),
            host: Some("0.0.0.0".into()),
            ..settings()
        };
        let config = Config::read(&given, Secrets::default()).unwrap();
        assert!(matches!(config.keys, Keys::Vault(name) if name == "my-keys"));
    }

    #[test]
    fn key_records_need_a_pepper_that_lies_elsewhere_except_in_dev() {
        let with = |environment: &str| Settings {
            keys_file: Some("keys.json".into()),
            environment: Some(environment.into()),
            ..settings()
        };
        assert!(Config::read(&with("dev"), Secrets::default()).is_ok());
        assert_eq!(refused(&with("int"), Secrets::default()), ["ATG_KEY_PEPPER"]);
    }
}
