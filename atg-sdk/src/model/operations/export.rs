//! `export`: the graph as files.

use serde::{Deserialize, Serialize};

use crate::{azure::TenantId, model::InputDigest};

/// What to write, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "ExportParameters")
)]
pub struct Parameters {
    /// Only this tenant; all where left out.
    pub tenant_id: Option<TenantId>,
    /// How to write it.
    pub format: Format,
    /// With times and scan ids, which differ between runs.
    pub with_history: bool,
}

/// How an export is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Format {
    /// JSON Lines in zstd: `graph.jsonl.zst`. `import` reads it back.
    #[default]
    Jsonl,
    /// GraphML: `graph.graphml`.
    Graphml,
    /// Tables as RFC 4180 has them: `nodes.csv` and `edges.csv`.
    Csv,
    /// What `neo4j-admin database import full` reads: tables by labels and types, and its arguments in `import.args`.
    Neo4jAdmin,
}

impl Parameters {
    pub(crate) fn inputs(&self) -> Vec<&InputDigest> {
        Vec::new()
    }
}

/// What was written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "ExportOutput")
)]
pub struct Output {
    /// Nodes written.
    pub nodes: u64,
    /// Edges written.
    pub edges: u64,
}
