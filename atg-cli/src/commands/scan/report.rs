//! The parts of a scan's `report.json` that its summary shows. What is not there is not shown.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The report, as far as it is read here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
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
