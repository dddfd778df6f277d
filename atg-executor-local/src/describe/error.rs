//! Why an object cannot be a node.

use std::fmt;

/// Why an object cannot be a node. Its text names the member and never repeats more than its beginning.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DescribeError {
    message: String,
}

impl DescribeError {
    pub(super) fn not_an_object() -> Self {
        Self {
            message: "not a JSON object: each resource is one".to_owned(),
        }
    }

    pub(super) fn missing(member: &str, hint: &str) -> Self {
        Self {
            message: format!("no `{member}`: {hint}"),
        }
    }

    pub(super) fn bad(member: &str, why: impl fmt::Display) -> Self {
        Self {
            message: format!("bad `{member}`: {why}"),
        }
    }
}
