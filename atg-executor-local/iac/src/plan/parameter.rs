//! What whoever applies the files gives.

use atg_json::Json;

use super::{ResourceKey, Symbol};

/// A parameter; in Terraform a variable.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name in the files.
    pub symbol: Symbol,
    /// For the person who fills it in, in one line.
    pub description: String,
    /// What it takes.
    pub kind: ParameterType,
    /// Taken where nobody gives one. A secret never has a default.
    pub default: Option<Json>,
    /// Why there is such a parameter.
    pub origin: Origin,
}

/// What a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ParameterType {
    /// A text.
    Text,
    /// Anything: the source did not say what stood there.
    Any,
}

/// Why there is a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A secret that stood in the source and was taken out before it was kept. Azure has it and answers it, or a mark of it.
    Redacted {
        /// Whose.
        owner: ResourceKey,
        /// Where, as in the source: `properties.osProfile.adminPassword`.
        path: String,
    },
    /// A secret that Azure takes, insists on and never answers.
    WriteOnly {
        /// Whose.
        owner: ResourceKey,
        /// Where: `properties.administratorLoginPassword`.
        path: String,
    },
    /// Which tenant, subscription or other thing outside is meant.
    External,
    /// The rules file asked for it.
    Rule,
}

impl Parameter {
    /// Whether it must be kept from logs and states, and goes onto the checklist.
    #[must_use]
    pub const fn is_secret(&self) -> bool {
        matches!(self.origin, Origin::Redacted { .. } | Origin::WriteOnly { .. })
    }
}
