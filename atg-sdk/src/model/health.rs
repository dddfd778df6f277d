//! The state of an executor and of the parts it depends on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How well something works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum HealthState {
    /// All of it works.
    Healthy,
    /// It works, with something missing.
    Degraded,
    /// It does not work.
    Unhealthy,
}

/// One part: its state, and what to do where it is not healthy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PartHealth {
    /// Its state.
    pub state: HealthState,
    /// What was found, in words; what to do where something is wrong.
    pub detail: String,
}

/// The whole and its parts (`graph`, `jobs`, `artifacts`, …).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Health {
    /// The worst state of the parts that it cannot do without.
    pub status: HealthState,
    /// The version of the executor's software.
    pub version: String,
    /// Each part by name.
    pub parts: BTreeMap<String, PartHealth>,
    /// The id of the graph it works on, where it knows without opening one.
    #[serde(default)]
    pub graph_id: Option<String>,
    /// Jobs that wait to be started.
    #[serde(default)]
    pub jobs_pending: u64,
    /// Jobs that run.
    #[serde(default)]
    pub jobs_running: u64,
}
