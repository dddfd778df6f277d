//! The parts of a scan's `report.json` that its summary shows. What is not there is not shown.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The report, as far as it is read here.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Report {
    /// Of the whole scan.
    pub(super) counts: Counts,
    /// Resources by type.
    pub(super) types: BTreeMap<String, u64>,
    /// Objects that a filter left out, by the name of the parameter.
    pub(super) left_out: BTreeMap<String, u64>,
    /// Ids that point outside.
    pub(super) external_total: u64,
    /// Values that were replaced.
    pub(super) redactions_total: u64,
    /// Objects that came more than once.
    pub(super) duplicates_total: u64,
    /// Objects that are not in the graph, and why.
    pub(super) problems_total: u64,
    /// What is odd about objects that are.
    pub(super) remarks_total: u64,
    /// Nodes that were not seen and stay.
    pub(super) unconfirmed_total: u64,
    /// Of this run.
    pub(super) run: Run,
}

/// What differs from run to run.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Run {
    /// What Azure was asked; nothing of a file.
    pub(super) requests: Option<Requests>,
}

/// What Azure was asked.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Requests {
    /// Calls.
    pub(super) total: u64,
    /// Those that were refused for quota.
    pub(super) refused: u64,
    /// How near that came to what the quotas allow.
    pub(super) quota: Quota,
}

/// Time beside the least that is possible.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Quota {
    /// In seconds, until everything was read.
    pub(super) took_seconds: f64,
    /// In seconds.
    pub(super) floor_seconds: f64,
    /// One over the other.
    pub(super) over_floor: Option<f64>,
    /// By quota.
    pub(super) buckets: Vec<Bucket>,
}

/// One quota.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Bucket {
    /// What kind of call.
    pub(super) kind: String,
    /// How many.
    pub(super) calls: u64,
    /// Refused ones.
    pub(super) refused: u64,
    /// In seconds.
    pub(super) floor_seconds: f64,
}

/// Figures of the scan that its output does not have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Counts {
    /// Microsoft Entra ID objects seen.
    pub(super) entra_objects: u64,
    /// All nodes of the tenant, stubs and values included.
    pub(super) nodes: u64,
    /// Edges new in the graph.
    pub(super) edges_added: u64,
    /// Edges removed.
    pub(super) edges_removed: u64,
}
