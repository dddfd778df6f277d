//! From one object of a source (an ARM resource, a Microsoft Graph object) to a node and what it says of others.
//!
//! Pure: an object goes in, a [`Description`] comes out. Nothing else sees an object's body before
//! [`redact`](mod@redact) has been over it.

mod arm;
mod entra;
mod error;
mod facts;
mod hierarchy;
mod inline;
mod labels;
mod lists;
mod members;
mod path;
pub(crate) mod pattern;
mod recent;
pub mod redact;
mod scalars;
mod types;
mod value_nodes;

#[cfg(test)]
mod tests;

use std::sync::{Mutex, PoisonError};

use atg_sdk::azure::TenantId;

use crate::{
    graph::{Described, Source},
    json::Json,
};
use recent::Recent;

pub use error::DescribeError;
pub use facts::{Facts, facts};
pub(crate) use hierarchy::parent;
pub use redact::Redaction;
#[cfg(test)]
pub(crate) use types::labels_by_type;
pub use types::{canonical as canonical_type, is_known as is_known_type};
pub use value_nodes::{region_id, tag_id};

/// Turns the objects of one source into nodes and references of one tenant.
///
/// # Example
///
/// ```
/// use atg_executor_local::{describe::Describer, graph::Source, json::Json};
///
/// let tenant = "00000000-0000-0000-0000-000000000001".parse()?;
/// let describer = Describer::new(tenant, Source::Recorded);
/// let description = describer.describe(Json::Object(vec![
///     ("id".into(), Json::from("/subscriptions/00000000-0000-0000-0000-000000000002/resourceGroups/web")),
///     ("type".into(), Json::from("Microsoft.Resources/resourceGroups")),
/// ]))?;
/// assert_eq!(description.described.node.labels, ["ResourceGroup"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Describer {
    tenant: TenantId,
    /// The ID of the tenant's own node.
    tenant_node: String,
    source: Source,
    recent: Mutex<Recent>,
}

/// What one object says.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// The object's own node.
    pub described: Described,
    /// Other nodes that are known because of it: the scopes it lies in, its tags and region, and children whose bodies
    /// it holds (the subnets of a network).
    ///
    /// A scope, tag or region is handed out with the first object that has it and then only now and again: whoever
    /// drops a description may drop the only mention. Ask [`facts`] first for what decides whether an object is wanted.
    pub implied: Vec<Described>,
    /// What was taken out of the body, in the order in which it was found.
    pub redacted: Vec<Redaction>,
    /// What is odd about the object, in words; it is in the graph nevertheless.
    pub problems: Vec<String>,
}

impl Describer {
    /// A describer of what `source` says about `tenant`.
    #[must_use]
    pub fn new(tenant: TenantId, source: Source) -> Self {
        Self {
            tenant,
            tenant_node: hierarchy::tenant_node_id(tenant),
            source,
            recent: Mutex::default(),
        }
    }

    /// Describes one object.
    ///
    /// # Errors
    /// The object cannot be a node: it is no JSON object, or its `id` or `type` is missing or nothing of the kind. The
    /// text names the member.
    pub fn describe(&self, mut object: Json) -> Result<Description, DescribeError> {
        // Classified first, so that a body of another shape costs no walk, and redacted before anything is made of it.
        let kind = facts(&object)?.kind();
        let redacted = redact::apply(&mut object);
        let Json::Object(mut members) = object else {
            return Err(DescribeError::not_an_object());
        };
        if self.source == Source::ResourceGraph {
            // Its rows have every column, and an empty text is what it puts where a resource has no such member.
            members.retain(|(_, value)| value.as_str() != Some(""));
        }
        let mut description = match kind {
            facts::Kind::Entra => entra::describe(self, &members)?,
            facts::Kind::Arm => arm::describe(self, &members)?,
        };
        description.redacted = redacted;
        Ok(description)
    }

    /// Whether an implied node must be handed out (again).
    fn is_news(&self, key: &str) -> bool {
        self.recent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key)
    }
}
