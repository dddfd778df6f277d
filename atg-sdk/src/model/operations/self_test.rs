//! `self-test`: whether everything that the operations need works, and what to do where it does not.

use serde::{Deserialize, Serialize};

use crate::{HealthState, azure::TenantId, model::InputDigest};

/// Which checks to run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "SelfTestParameters")
)]
pub struct Parameters {
    /// The tenant to check for.
    pub tenant_id: Option<TenantId>,
    /// Only the checks of these names; all where empty.
    pub checks: Vec<String>,
}

impl Parameters {
    pub(crate) fn inputs(&self) -> Vec<&InputDigest> {
        Vec::new()
    }
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "SelfTestOutput")
)]
pub struct Output {
    /// Each check, in the order in which they ran.
    pub checks: Vec<Check>,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Check {
    /// Its name, for example `graph`.
    pub name: String,
    /// How it went.
    pub state: HealthState,
    /// What was found, in words.
    pub detail: String,
    /// What to do, where something is wrong.
    pub advice: Option<String>,
    /// The kind of error that a failure amounts to: decides the exit code.
    pub error_kind: Option<String>,
}
