//! Where the graph is.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use atg_executor_local as local;
use atg_sdk::{Error, Result};

use super::{Origin, resolve};

/// A graph that this build can open: the file of the embedded store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GraphLocation {
    pub(super) path: PathBuf,
}

impl GraphLocation {
    /// The default: `graph.db` beside the job history.
    pub(super) fn in_directory(data_dir: &Path) -> Self {
        Self {
            path: data_dir.join("graph.db"),
        }
    }

    /// Reads what [`local::GraphLocation`] reads.
    pub(super) fn parse(text: &str, origin: &Origin) -> Result<Self> {
        match text.parse()? {
            local::GraphLocation::Sqlite(path) if path == Path::new(":memory:") => Err(Error::invalid(
                "a graph in memory would be gone with this process: write sqlite:PATH",
            )),
            local::GraphLocation::Sqlite(path) => Ok(Self {
                path: resolve(origin, &path),
            }),
            local::GraphLocation::DataDir => Err(Error::invalid("write sqlite:PATH")),
        }
    }

    pub(crate) fn to_local(&self) -> local::GraphLocation {
        local::GraphLocation::Sqlite(self.path.clone())
    }
}

impl fmt::Display for GraphLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sqlite:{}", self.path.display())
    }
}
