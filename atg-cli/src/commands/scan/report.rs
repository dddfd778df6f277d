//! The parts of a scan's `report.json` that its summary shows. What is not there is not shown.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The report, as far as it is read here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Report {
    /// Resources by type.
    pub(super) types: BTreeMap<String, u64>,
    /// All nodes of the tenant.
    pub(super) nodes: Option<u64>,
    /// Ids that point outside.
    pub(super) external_total: Option<u64>,
    /// Values that were replaced.
    pub(super) redacted_total: Option<u64>,
}
