//! What is not written, and why.

/// Something in scope, or asked for, that is not written as a resource of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Its ID as Azure spelled it.
    pub id: String,
    /// Its type in Azure's spelling where known.
    pub resource_type: Option<String>,
    /// Why.
    pub reason: Reason,
    /// A particular, where the reason has one: the parent's ID, the error, the rule.
    pub detail: Option<String>,
}

/// Why something is not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// It stands in its parent's body, which is written.
    Inlined,
    /// Azure makes it together with its parent or on its own: it comes back by itself.
    SystemMade,
    /// It is as Azure makes it by default.
    Default,
    /// It is a report (a recommendation, an assessment, a usage): nobody can create one.
    ReadOnly,
    /// The rules file drops it.
    Dropped,
    /// The subset does not hold it. Listed only where something in it refers to it.
    OutOfScope,
    /// It is a place and not a thing to make: the tenant, a subscription.
    Place,
    /// Its ID or its body is not what one of its type looks like.
    Malformed,
    /// Another row has the same ID.
    Duplicate,
    /// The language has no way to say it.
    Language,
}

impl Reason {
    /// As the report spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inlined => "inlined",
            Self::SystemMade => "system_made",
            Self::Default => "default",
            Self::ReadOnly => "read_only",
            Self::Dropped => "dropped",
            Self::OutOfScope => "out_of_scope",
            Self::Place => "place",
            Self::Malformed => "malformed",
            Self::Duplicate => "duplicate",
            Self::Language => "language",
        }
    }

    /// Whether something is missing from the files that was asked for. What is there in another way, or comes by
    /// itself, or was dropped on purpose, is not missing.
    #[must_use]
    pub const fn is_loss(self) -> bool {
        match self {
            Self::Malformed | Self::Language => true,
            Self::Inlined
            | Self::SystemMade
            | Self::Default
            | Self::ReadOnly
            | Self::Dropped
            | Self::OutOfScope
            | Self::Place
            | Self::Duplicate => false,
        }
    }
}
