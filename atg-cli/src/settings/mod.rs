//! What the person set, and where: flags over environment over `.env` over the configuration file over defaults.
//!
//! This is the only place of the CLI that reads the environment.

mod azure;
mod dotenv;
mod file;
mod graph;
mod service;

use std::{
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
};

use atg_executor_local::Neo4jLogin;
use atg_sdk::{Error, Result, azure::TenantId, env};
use etcetera::BaseStrategy as _;

pub(crate) use self::{azure::AzureSettings, graph::GraphLocation, service::ServiceSettings};
use self::{dotenv::DotEnv, file::ConfigFile};
use crate::args::{ColorWhen, GlobalArgs};

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    Flag(&'static str),
    Environment(&'static str),
    DotEnv { path: PathBuf, line: usize },
    File { path: PathBuf, line: usize },
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => f.write_str(name),
            Self::Environment(name) => write!(f, "environment ({name})"),
            Self::DotEnv { path, line } | Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A value with its origin.
#[derive(Debug, Clone)]
pub(crate) struct Setting<T> {
    pub(crate) value: T,
    pub(crate) origin: Origin,
}

/// Everything that can be set outside of a command's own flags.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The configuration file that is read if it is there.
    pub(crate) config: Setting<Option<PathBuf>>,
    pub(crate) data_dir: Setting<PathBuf>,
    pub(crate) graph: Setting<GraphLocation>,
    /// Who we are to a graph in Neo4j.
    pub(crate) neo4j: Neo4jLogin,
    /// For commands that work on one tenant; their own `--tenant-id` wins.
    pub(crate) tenant_id: Option<Setting<TenantId>>,
    pub(crate) log_level: Setting<String>,
    pub(crate) color: Setting<ColorWhen>,
    /// Whether a service carries the jobs out, and how it is called.
    pub(crate) service: ServiceSettings,
    /// How Azure is reached, and as whom.
    pub(crate) azure: AzureSettings,
}

/// A value that can be set in several places.
struct Key {
    flag: &'static str,
    variable: &'static str,
    /// Its name in the configuration file.
    name: &'static str,
}

const DATA_DIR: Key = Key {
    flag: "--data-dir",
    variable: env::ATG_DATA_DIR,
    name: "data_dir",
};
const GRAPH: Key = Key {
    flag: "--graph",
    variable: env::ATG_GRAPH,
    name: "graph",
};
/// Says the same; what is said with our own name counts more, unless it is only in the configuration file.
const NEO4J_URI: Key = Key {
    flag: "",
    variable: env::NEO4J_URI,
    name: "",
};
const TENANT_ID: Key = Key {
    flag: "--tenant-id",
    variable: env::AZURE_TENANT_ID,
    name: "tenant_id",
};
const LOG_LEVEL: Key = Key {
    flag: "--log-level",
    variable: env::LOG_LEVEL,
    name: "log_level",
};

/// What the layers below the flags say.
struct Layers<'a> {
    /// `None` for a variable that is not set.
    environment: &'a dyn Fn(&str) -> Option<OsString>,
    dotenv: DotEnv,
    file: ConfigFile,
}

impl Settings {
    /// Reads the environment, `./.env` and the configuration file.
    pub(crate) fn load(global: &GlobalArgs) -> Result<Self> {
        Self::load_from(global, &|name| std::env::var_os(name), Path::new(""))
    }

    fn load_from(
        global: &GlobalArgs,
        environment: &dyn Fn(&str) -> Option<OsString>,
        directory: &Path,
    ) -> Result<Self> {
        let dotenv = DotEnv::read(&directory.join(".env"))?;
        let (config, file) = read_config(global, environment, &dotenv)?;
        let layers = Layers {
            environment,
            dotenv,
            file,
        };

        let data_dir = match layers.find(
            &DATA_DIR,
            global.data_dir.as_ref().map(|p| p.clone().into_os_string()),
        ) {
            Some(found) => found.into_path()?,
            None => Setting {
                value: user_directories()?.data_dir().join("atg"),
                origin: Origin::Default,
            },
        };
        let own = layers.find(&GRAPH, global.graph.as_ref().map(OsString::from));
        let own = match own {
            Some(Found {
                origin: Origin::File { .. },
                ..
            })
            | None => layers.find(&NEO4J_URI, None).or(own),
            own => own,
        };
        let graph = match own {
            Some(found) => found.parse(&GRAPH, GraphLocation::parse)?,
            None => Setting {
                value: GraphLocation::in_directory(&data_dir.value),
                origin: Origin::Default,
            },
        };
        let tenant_id = layers
            .find(&TENANT_ID, None)
            .map(|found| found.parse(&TENANT_ID, |text, _| text.parse()))
            .transpose()?;
        let log_level = match layers.find(&LOG_LEVEL, global.log_level.as_ref().map(OsString::from)) {
            Some(found) => found.parse(&LOG_LEVEL, |text, _| {
                // Checked here, so that a slip of the pen is an error and not silence.
                match tracing_subscriber::EnvFilter::try_new(text) {
                    Ok(_) => Ok(text.to_owned()),
                    Err(error) => Err(Error::invalid(format!(
                        "`{}` is not a log level: one such as error, warn, info, debug or trace is ({error})",
                        text.escape_debug()
                    ))),
                }
            })?,
            None => Setting {
                value: "warn".to_owned(),
                origin: Origin::Default,
            },
        };
        let color = layers.color(global)?;
        let service = ServiceSettings::load(&layers, global)?;
        let azure = AzureSettings::load(&layers, global, service.certificates.as_ref())?;
        Ok(Self {
            config,
            data_dir,
            graph,
            neo4j: graph::login(&layers)?,
            tenant_id,
            log_level,
            color,
            service,
            azure,
        })
    }
}

fn read_config(
    global: &GlobalArgs,
    environment: &dyn Fn(&str) -> Option<OsString>,
    dotenv: &DotEnv,
) -> Result<(Setting<Option<PathBuf>>, ConfigFile)> {
    // An empty layer for the file itself: where it is cannot be said in it.
    let layers = Layers {
        environment,
        dotenv: dotenv.clone(),
        file: ConfigFile::default(),
    };
    let key = Key {
        flag: "--config",
        variable: env::ATG_CONFIG,
        name: "config",
    };
    if let Some(found) = layers.find(&key, global.config.as_ref().map(|p| p.clone().into_os_string())) {
        let path = found.into_path()?;
        let file = ConfigFile::read(&path.value)?;
        return Ok((
            Setting {
                value: Some(path.value),
                origin: path.origin,
            },
            file,
        ));
    }
    let path = user_directories()?.config_dir().join("atg").join("config.toml");
    let file = ConfigFile::read_if_there(&path)?;
    Ok((
        Setting {
            value: file.is_there().then_some(path),
            origin: Origin::Default,
        },
        file,
    ))
}

fn user_directories() -> Result<impl etcetera::BaseStrategy> {
    etcetera::choose_base_strategy().map_err(|error| {
        Error::invalid("find your home directory: set HOME, or pass --data-dir and --config")
            .with_source(error)
    })
}

/// A value as it was written.
struct Found {
    value: OsString,
    origin: Origin,
}

impl Layers<'_> {
    /// The value of the first layer that has one. An empty variable counts as not set, as it does in shells' `${X:-}`.
    fn find(&self, key: &Key, flag: Option<OsString>) -> Option<Found> {
        if let Some(value) = flag {
            return Some(Found {
                value,
                origin: Origin::Flag(key.flag),
            });
        }
        if let Some(value) = (self.environment)(key.variable).filter(|value| !value.is_empty()) {
            return Some(Found {
                value,
                origin: Origin::Environment(key.variable),
            });
        }
        self.dotenv
            .find(key.variable)
            .or_else(|| self.file.find(key.name))
            .map(|(value, origin)| Found {
                value: value.into(),
                origin,
            })
    }

    fn color(&self, global: &GlobalArgs) -> Result<Setting<ColorWhen>> {
        if let Some(value) = global.color {
            return Ok(Setting {
                value,
                origin: Origin::Flag("--color"),
            });
        }
        // Any text that is not empty means "never", so this variable is not a value like the others.
        let no_color = Key {
            flag: "--color",
            variable: env::NO_COLOR,
            name: "",
        };
        if let Some(found) = self.find(&no_color, None) {
            return Ok(Setting {
                value: ColorWhen::Never,
                origin: found.origin,
            });
        }
        match self.file.find("color") {
            Some((text, origin)) => match ColorWhen::from_name(&text) {
                Some(value) => Ok(Setting { value, origin }),
                None => Err(Error::invalid(format!(
                    "color in {origin}: `{}` is not auto, always or never",
                    text.escape_debug()
                ))),
            },
            None => Ok(Setting {
                value: ColorWhen::Auto,
                origin: Origin::Default,
            }),
        }
    }
}

impl Found {
    fn into_path(self) -> Result<Setting<PathBuf>> {
        if self.value.is_empty() {
            return Err(Error::invalid(format!("an empty path in {}", self.origin)));
        }
        let path = resolve(&self.origin, Path::new(&self.value));
        Ok(Setting {
            value: path,
            origin: self.origin,
        })
    }

    fn parse<T>(self, key: &Key, read: impl FnOnce(&str, &Origin) -> Result<T>) -> Result<Setting<T>> {
        let Some(text) = self.value.to_str() else {
            return Err(Error::invalid(format!(
                "{} in {}: the value is not UTF-8",
                key.name, self.origin
            )));
        };
        match read(text, &self.origin) {
            Ok(value) => Ok(Setting {
                value,
                origin: self.origin,
            }),
            Err(error) => Err(Error::new(
                error.kind(),
                format!("{} from {}: {}", key.name, self.origin, error.message()),
            )),
        }
    }
}

/// A relative path in the configuration file starts at that file, anywhere else in the current directory.
fn resolve(origin: &Origin, path: &Path) -> PathBuf {
    match origin {
        Origin::File { path: file, .. } => file.parent().unwrap_or(Path::new("")).join(path),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests;
