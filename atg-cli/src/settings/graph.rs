//! Where the graph is.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use atg_executor_local::{self as local, Neo4jLogin, graph::neo4j::Address};
use atg_sdk::{Error, Result, env};
use secrecy::SecretString;

use super::{Key, Layers, Origin, resolve};

/// A file of the embedded store, or a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GraphLocation {
    File(PathBuf),
    Server(Address),
}

impl GraphLocation {
    /// The default: `graph.db` beside the job history.
    pub(super) fn in_directory(data_dir: &Path) -> Self {
        Self::File(data_dir.join("graph.db"))
    }

    /// Reads what [`local::GraphLocation`] reads.
    pub(super) fn parse(text: &str, origin: &Origin) -> Result<Self> {
        match text.parse()? {
            local::GraphLocation::Sqlite(path) if path == Path::new(":memory:") => Err(Error::invalid(
                "a graph in memory would be gone with this process: write sqlite:PATH",
            )),
            local::GraphLocation::Sqlite(path) => Ok(Self::File(resolve(origin, &path))),
            local::GraphLocation::Neo4j(address) => Ok(Self::Server(address)),
            local::GraphLocation::DataDir => Err(Error::invalid("write sqlite:PATH")),
        }
    }

    pub(crate) fn to_local(&self) -> local::GraphLocation {
        match self {
            Self::File(path) => local::GraphLocation::Sqlite(path.clone()),
            Self::Server(address) => local::GraphLocation::Neo4j(address.clone()),
        }
    }
}

impl fmt::Display for GraphLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "sqlite:{}", path.display()),
            Self::Server(address) => address.fmt(f),
        }
    }
}

/// What has no flag: a command line is shown to every process of the machine.
pub(super) fn login(layers: &Layers<'_>) -> Result<Neo4jLogin> {
    let read = |variable: &'static str| {
        let key = Key {
            flag: "",
            variable,
            name: "",
        };
        layers
            .find(&key, None)
            .map(|found| found.parse(&key, |text, _| Ok(text.to_owned())))
            .transpose()
            .map(|found| found.map(|setting| setting.value))
    };
    Ok(Neo4jLogin {
        user: read(env::NEO4J_USER)?,
        password: read(env::NEO4J_PASSWORD)?.map(SecretString::from),
        database: read(env::NEO4J_DATABASE)?,
    })
}
