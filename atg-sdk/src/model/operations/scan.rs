//! `scan`: discovers a tenant and brings the graph up to date.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    azure::{SubscriptionId, TenantId},
    model::InputDigest,
};

/// What to scan, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "ScanParameters")
)]
pub struct Parameters {
    /// The tenant. Required for a recorded source; a live scan takes the credential's.
    pub tenant_id: Option<TenantId>,
    /// Only these subscriptions.
    pub subscription_ids: Vec<SubscriptionId>,
    /// Only these resource groups (names, `*` allowed).
    pub resource_groups: Vec<String>,
    /// Only these resource types (`*` allowed).
    pub resource_types: Vec<String>,
    /// Finer filters.
    pub filter_config: FilterConfig,
    /// At most that many resources: for trying things out. Removes nothing.
    pub resource_limit: Option<u64>,
    /// Take Microsoft Entra ID objects too.
    pub include_entra: bool,
    /// Take role assignments and definitions too.
    pub include_rbac: bool,
    /// Work all edges out anew, also those of unchanged resources.
    pub rebuild_edges: bool,
    /// Read again only what changed since the last complete scan, as far as Azure tells that, and what it does not tell of.
    /// Without such a scan, or where the feeds do not reach back to it, everything is read.
    pub incremental: bool,
    /// With `incremental`: leave out what no feed tells of too. The graph keeps what an earlier scan read of it, and the
    /// report says when that was.
    pub fast: bool,
    /// Refuse at once, instead of waiting, while another scan of the tenant runs.
    pub no_wait: bool,
    /// A recorded source to read instead of Azure.
    pub input: Option<InputDigest>,
    /// Scopes (resource IDs) of which the recorded source is all there is: what it does not hold of them is removed.
    pub authoritative: Vec<String>,
    /// Keep what Azure answers, without its secrets, as the artifact `recording.jsonl.zst`: an input that gives the same
    /// graph again.
    pub record: bool,
    /// Keep an export of the graph as it was after the scan, as an artifact.
    pub keep_export: bool,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            tenant_id: None,
            subscription_ids: Vec::new(),
            resource_groups: Vec::new(),
            resource_types: Vec::new(),
            filter_config: FilterConfig::default(),
            resource_limit: None,
            include_entra: true,
            include_rbac: true,
            rebuild_edges: false,
            incremental: false,
            fast: false,
            no_wait: false,
            input: None,
            authoritative: Vec::new(),
            record: false,
            keep_export: false,
        }
    }
}

impl Parameters {
    pub(crate) fn inputs(&self) -> Vec<&InputDigest> {
        self.input.iter().collect()
    }
}

/// What to take and what to leave out; exclusion wins. Subscriptions and resource groups always pass, as the place where
/// the wanted resources are; Microsoft Entra objects pass by `include_entra` alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FilterConfig {
    /// Taken is what matches every list that is not empty; everything, where nothing is set.
    pub include: FilterSet,
    /// Left out is what matches any of the lists, whatever `include` says.
    pub exclude: FilterSet,
}

/// Conditions. Of types and regions one entry must match, of tags each one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FilterSet {
    /// Resource types, `*` allowed.
    pub types: Vec<String>,
    /// Locations.
    pub regions: Vec<String>,
    /// Tag names with the value they must have (`*` allowed).
    pub tags: BTreeMap<String, String>,
}

/// What a scan did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "ScanOutput")
)]
pub struct Output {
    /// Whether everything that was asked for was read.
    pub success: bool,
    /// Subscriptions seen.
    pub subscriptions: u64,
    /// Resources seen, children included.
    pub resources: u64,
    /// Edges of the tenant after the scan.
    pub relationships: u64,
    /// Nodes added.
    pub added: u64,
    /// Nodes changed.
    pub changed: u64,
    /// Nodes removed.
    pub removed: u64,
    /// Nodes seen again as they were.
    pub unchanged: u64,
    /// The first hundred units that did not end `complete`.
    pub incomplete_units: Vec<IncompleteUnit>,
    /// How many there are in all.
    pub incomplete_units_total: u64,
    /// Wall time in seconds.
    pub duration_seconds: f64,
}

/// A unit (scope × collector) of which something is missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct IncompleteUnit {
    /// The scope's resource ID, or the input's digest for what could not be assigned to one.
    pub scope: String,
    /// Which collector.
    pub collector: String,
    /// `partial` or `failed`.
    pub state: String,
    /// Why, in words.
    pub reason: String,
}
