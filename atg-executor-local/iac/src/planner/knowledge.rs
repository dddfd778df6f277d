//! What is known about types: a narrow door to the facts table.

use super::{
    draft::{Draft, What},
    externals::OutsideKind,
};
use crate::{
    facts,
    plan::{ExternalKind, Kind},
};

/// The version for types of which nothing is known: every provider answers to a version from before it with its own list
/// of versions, in which the right one can be looked up.
pub(crate) const UNKNOWN_VERSION: &str = "2021-04-01";

/// The kind of a draft; `None` for what has no type.
pub(crate) fn kind(draft: &Draft) -> Option<Kind> {
    let resource_type = match &draft.what {
        What::Entra(kind) => return Some(Kind::Entra(*kind)),
        What::Resource(resource_type) => resource_type.clone(),
        what => what.type_text().parse().ok()?,
    };
    Some(Kind::Arm {
        resource_type,
        api_version: draft
            .known_version
            .or(draft.api_version.as_deref())
            .unwrap_or(UNKNOWN_VERSION)
            .into(),
        known: draft.known_version.is_some(),
    })
}

/// The kind of something outside.
pub(crate) fn external_kind(what: &OutsideKind) -> ExternalKind {
    match what {
        OutsideKind::Tenant => ExternalKind::Tenant,
        OutsideKind::ManagementGroup => ExternalKind::ManagementGroup,
        OutsideKind::Subscription => ExternalKind::Subscription,
        OutsideKind::ResourceGroup => ExternalKind::ResourceGroup,
        OutsideKind::Directory => ExternalKind::Directory,
        OutsideKind::Resource(resource_type) => {
            let known = facts::of(resource_type.as_str());
            ExternalKind::Resource {
                resource_type: known
                    .as_ref()
                    .and_then(|known| known.resource_type.parse().ok())
                    .unwrap_or_else(|| resource_type.clone()),
                api_version: known.map_or(UNKNOWN_VERSION, |known| known.api_version).into(),
            }
        }
    }
}
