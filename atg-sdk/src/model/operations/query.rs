//! `query`: read-only Cypher.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{azure::TenantId, model::InputDigest};

/// What to ask, and how much of an answer to take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "QueryParameters")
)]
pub struct Parameters {
    /// Only this tenant's nodes; every tenant that the caller may see where left out.
    pub tenant_id: Option<TenantId>,
    /// The Cypher text.
    pub query: String,
    /// Values of `$name` parameters.
    pub parameters: Map<String, Value>,
    /// At most that many rows; the rest is cut and said so.
    pub row_limit: u64,
    /// At most 300.
    #[cfg_attr(feature = "schema", schemars(range(max = 300)))]
    pub timeout_seconds: u64,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            tenant_id: None,
            query: String::new(),
            parameters: Map::new(),
            row_limit: 10_000,
            timeout_seconds: 30,
        }
    }
}

impl Parameters {
    pub(crate) fn inputs(&self) -> Vec<&InputDigest> {
        Vec::new()
    }
}

/// The rows that fit; all of them are in the artifact `rows.jsonl`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "QueryOutput")
)]
pub struct Output {
    /// The columns' names, in order.
    pub columns: Vec<String>,
    /// Each row an object keyed by column: the first hundred at most, and at most what fits into 64 KiB.
    pub rows: Vec<Map<String, Value>>,
    /// How many rows `rows.jsonl` holds.
    pub row_count: u64,
    /// Whether there were more rows or bytes than the limits allow.
    pub truncated: bool,
}
