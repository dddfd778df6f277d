//! Units: what is read of one scope by one collector, and how that ended.

use serde::Serialize;

/// A scope and a collector.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct UnitKey {
    /// `/subscriptions/GUID`, `/providers/Microsoft.Management/managementGroups/NAME`, or `/` for the tenant. Lower-cased.
    pub scope: String,
    /// The collector's name.
    pub collector: String,
}

/// How a unit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitState {
    /// All of it was read.
    Complete,
    /// Nothing was read, for want of a permission that an optional collector may lack. Not a shortfall.
    Skipped,
    /// Some of it was read.
    Partial,
    /// None of it was read.
    Failed,
}

impl UnitState {
    /// As manifests show it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Skipped => "skipped",
            Self::Partial => "partial",
            Self::Failed => "failed",
        }
    }
}

/// What became of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitEnd {
    /// Which.
    pub key: UnitKey,
    /// How it ended.
    pub state: UnitState,
    /// Why it is not complete.
    pub reason: Option<String>,
    /// Lists that were read for it.
    pub listings: u64,
    /// Pages of them.
    pub pages: u64,
    /// Objects on these pages, those of other units on shared pages too.
    pub objects: u64,
    /// Under which Azure logged the calls, in the order of the answers.
    pub request_ids: Vec<String>,
}
