//! `import`: an export, back into a graph.

use serde::{Deserialize, Serialize};

use crate::{azure::TenantId, model::InputDigest};

/// What to read, and what to do with what is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "ImportParameters")
)]
pub struct Parameters {
    /// Only this tenant; a row of another is refused before anything is written.
    pub tenant_id: Option<TenantId>,
    /// The export.
    pub input: Option<InputDigest>,
    /// Replace the tenants that the export holds. Otherwise a tenant that the graph knows already is a conflict.
    pub replace: bool,
}

impl Parameters {
    pub(crate) fn inputs(&self) -> Vec<&InputDigest> {
        self.input.iter().collect()
    }
}

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "ImportOutput")
)]
pub struct Output {
    /// Whether all of it was.
    pub success: bool,
    /// Nodes written.
    pub nodes: u64,
    /// Edges written.
    pub edges: u64,
}
