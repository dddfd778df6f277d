//! `rehearsal`: a scripted operation that lets the conformance suite run without Azure. Never in a released server.

use serde::{Deserialize, Serialize};

use crate::{azure::TenantId, model::InputDigest};

/// The script.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "RehearsalParameters")
)]
pub struct Parameters {
    /// The tenant it pretends to be about.
    pub tenant_id: Option<TenantId>,
    /// Read first; its bytes become the artifact `input`.
    pub input: Option<InputDigest>,
    /// What to do, in order.
    pub steps: Vec<Step>,
}

/// One step of the script.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Step {
    /// Report progress.
    Progress {
        /// From 0.0 to 1.0.
        progress: f64,
        /// In words.
        step: String,
    },
    /// Report a warning.
    Warn {
        /// In words.
        message: String,
    },
    /// Leave a file of that many repetitions of a text.
    Artifact {
        /// Its name.
        name: String,
        /// The text.
        text: String,
        /// How often.
        repeat: u64,
    },
    /// Fail with an error of the kind of that name.
    Fail {
        /// For example `Throttled`.
        kind: String,
        /// In words.
        message: String,
    },
    /// Fail with an error of the kind of that name in every attempt before that one.
    FailUntil {
        /// The first attempt that gets past this step.
        attempt: u32,
        /// For example `Unavailable`.
        kind: String,
    },
    /// Do nothing until cancelled.
    Hang,
    /// Panic, as a defect would.
    Panic,
    /// End as partial.
    Partial,
}

impl Parameters {
    pub(crate) fn inputs(&self) -> Vec<&InputDigest> {
        self.input.iter().collect()
    }
}

/// What the script did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "RehearsalOutput")
)]
pub struct Output {
    /// Steps carried out.
    pub steps: u64,
    /// Whether no `partial` step was among them.
    pub success: bool,
}
