//! Tenant, management groups, subscriptions and resource groups: as objects, and as other things' IDs imply them.
//!
//! The tenant's own node has the ID `/tenants/<GUID>`, as Azure's list of tenants spells it; the scope `/` is it too.

use std::borrow::Cow;

use atg_sdk::azure::{ResourceId, Scope, TenantId};

use super::Describer;
use crate::graph::{Described, Labels, Node, NodeClass, Reference, Said, Standing, Target, Value, node_key};
use crate::json::Json;

/// The place of an ID in the hierarchy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Tenant,
    ManagementGroup,
    Subscription,
    ResourceGroup,
}

impl Level {
    pub(super) fn of(id: &ResourceId) -> Option<Self> {
        match id.scope() {
            Scope::Tenant => Some(Self::Tenant),
            Scope::ManagementGroup => Some(Self::ManagementGroup),
            Scope::Subscription => Some(Self::Subscription),
            Scope::ResourceGroup => Some(Self::ResourceGroup),
            Scope::Resource | Scope::Other => is_tenant_path(id.as_str()).then_some(Self::Tenant),
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Tenant => "Tenant",
            Self::ManagementGroup => "ManagementGroup",
            Self::Subscription => "Subscription",
            Self::ResourceGroup => "ResourceGroup",
        }
    }

    pub(super) const fn resource_type(self) -> &'static str {
        match self {
            Self::Tenant => "Microsoft.Resources/tenants",
            Self::ManagementGroup => "Microsoft.Management/managementGroups",
            Self::Subscription => "Microsoft.Resources/subscriptions",
            Self::ResourceGroup => "Microsoft.Resources/resourceGroups",
        }
    }

    pub(super) fn labels(self) -> Labels {
        vec![Cow::Borrowed(self.label())]
    }
}

pub(super) fn tenant_node_id(tenant: TenantId) -> String {
    format!("/tenants/{tenant}")
}

fn is_tenant_path(id: &str) -> bool {
    let mut segments = id.split('/').filter(|s| !s.is_empty());
    segments.next().is_some_and(|s| s.eq_ignore_ascii_case("tenants"))
        && segments.next().is_some()
        && segments.next().is_none()
}

/// Whether an ID alone tells that its object is a tenant, management group, subscription or resource group.
pub(super) fn is_hierarchy_id(id: &str) -> bool {
    id.parse::<ResourceId>().is_ok_and(|id| Level::of(&id).is_some())
}

/// Parts of a path that are no resources of their own: nothing lists them, and what lies in them lies in what they lie in.
const PASSED_OVER: &[&str] = &["locations", "backupFabrics", "protectionContainers"];

/// What an ARM ID lies in. Unlike [`ResourceId::parent`] it passes over what is only part of a path
/// (`…/locations/REGION`), and gives a subscription's and a management group's assumed parent, the tenant.
pub(crate) fn parent(id: &ResourceId) -> Option<ResourceId> {
    let mut parent = match Level::of(id) {
        Some(Level::Tenant) => return None,
        Some(Level::ManagementGroup | Level::Subscription) => return "/".parse().ok(),
        Some(Level::ResourceGroup) | None => id.parent()?,
    };
    while Level::of(&parent).is_none() && is_passed_over(&parent) {
        parent = parent.parent()?;
    }
    Some(parent)
}

fn is_passed_over(id: &ResourceId) -> bool {
    id.segments()
        .rev()
        .nth(1)
        .is_some_and(|segment| PASSED_OVER.iter().any(|word| segment.eq_ignore_ascii_case(word)))
}

impl Describer {
    /// The ID under which the graph knows a scope.
    pub(super) fn scope_node_id(&self, scope: &str) -> String {
        if scope == "/" {
            self.tenant_node.clone()
        } else {
            scope.to_owned()
        }
    }

    /// The edge into a node from what it lies in.
    pub(super) fn contained_in(&self, id: &ResourceId) -> Option<Reference> {
        let parent = parent(id)?;
        let assumed = matches!(Level::of(id), Some(Level::ManagementGroup | Level::Subscription));
        Some(Reference {
            from: Target::Id(self.scope_node_id(parent.as_str())),
            to: Target::Itself,
            relationship: "CONTAINS".into(),
            path: "id".to_owned(),
            said: if assumed { Said::Assumed } else { Said::Here },
            properties: Vec::new(),
        })
    }

    /// Hands out the scopes that an ID lies in, the innermost first, as far as they are news.
    pub(super) fn imply_scopes_of(&self, id: &ResourceId, out: &mut Vec<Described>) {
        let mut next = parent(id);
        while let Some(scope) = next {
            next = parent(&scope);
            let Some(level) = Level::of(&scope) else { continue };
            let node_id = self.scope_node_id(scope.as_str());
            if !self.is_news(&node_id) {
                // What it lies in was handed out with it.
                return;
            }
            let key = node_key(self.tenant, &node_id);
            let mut members = Vec::new();
            push_scope_members(&scope, &mut members);
            out.push(Described {
                node: Node {
                    key,
                    name: node_id.rsplit('/').next().unwrap_or_default().to_owned(),
                    id: node_id,
                    class: NodeClass::Hierarchy,
                    labels: level.labels(),
                    resource_type: Some(level.resource_type().to_owned()),
                    members,
                    properties: None,
                    scalars: Vec::new(),
                    source: self.source,
                    standing: Standing::Implied,
                },
                references: self.contained_in(&scope).into_iter().collect(),
                lists: Vec::new(),
            });
        }
    }
}

/// The edge into a subscription from its management group, which Resource Graph tells with the subscription: the first of
/// the chain of ancestors is the nearest.
pub(super) fn management_group_of(members: &[(String, Json)]) -> Option<Reference> {
    let properties = members
        .iter()
        .find_map(|(name, value)| (name == "properties").then_some(value))?;
    let chain = properties.get("managementGroupAncestorsChain")?.as_array()?;
    let nearest = chain
        .first()?
        .get("name")?
        .as_str()
        .filter(|name| !name.is_empty())?;
    Some(Reference {
        from: Target::Id(format!(
            "/providers/Microsoft.Management/managementGroups/{nearest}"
        )),
        to: Target::Itself,
        relationship: "CONTAINS".into(),
        path: "properties.managementGroupAncestorsChain[0].name".to_owned(),
        said: Said::Here,
        properties: Vec::new(),
    })
}

/// `subscription_id` and `resource_group`, as far as an ID tells them.
pub(super) fn push_scope_members(id: &ResourceId, members: &mut Vec<(String, Value)>) {
    if let Some(subscription) = id.subscription() {
        members.push(("subscription_id".to_owned(), Value::from(subscription)));
    }
    if let Some(group) = id.resource_group() {
        members.push(("resource_group".to_owned(), Value::from(group)));
    }
}
