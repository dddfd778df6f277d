//! What Resource Manager lists at subscriptions, at management groups and at the tenant, and no table of Resource Graph has.

use std::sync::Arc;

use crate::{
    collector::{CallDeclaration, Collector, Declaration, Found, Part},
    ground::Ground,
    listing::Listing,
};

/// Where something is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// At each subscription: what it has, and what lies in it.
    Subscriptions,
    /// At each management group: what it has and inherits.
    ManagementGroups,
    /// At the tenant.
    Tenant,
}

/// A list.
#[derive(Debug, Clone, Copy)]
struct Row {
    name: &'static str,
    about: &'static str,
    part: Part,
    at: At,
    /// Behind the scope, with what the query has beside the api-version.
    path: &'static str,
    query: &'static str,
    api_version: &'static str,
    action: &'static str,
    /// The type that it lists.
    reads: &'static str,
    /// Whether it has all there are of it; no other list has them then.
    whole: bool,
    optional: bool,
}

/// What lists show at their scope and above: below a management group there is nothing but groups and subscriptions, which
/// are asked themselves.
const AT_SCOPE: &str = "&$filter=atScope()";

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { name: "locks", about: "locks on a subscription, its groups and its resources", part: Part::Inventory, at: At::Subscriptions,
        path: "/providers/Microsoft.Authorization/locks", query: "", api_version: "2020-05-01",
        action: "Microsoft.Authorization/locks/read", reads: "microsoft.authorization/locks", whole: true, optional: false },
    Row { name: "deny-assignments", about: "deny assignments in a subscription", part: Part::Authorization, at: At::Subscriptions,
        path: "/providers/Microsoft.Authorization/denyAssignments", query: "", api_version: "2022-04-01",
        action: "Microsoft.Authorization/denyAssignments/read", reads: "microsoft.authorization/denyassignments", whole: true, optional: true },
    Row { name: "deny-assignments/management-groups", about: "deny assignments at a management group", part: Part::Authorization, at: At::ManagementGroups,
        path: "/providers/Microsoft.Authorization/denyAssignments", query: AT_SCOPE, api_version: "2022-04-01",
        action: "Microsoft.Authorization/denyAssignments/read", reads: "microsoft.authorization/denyassignments", whole: false, optional: true },
    Row { name: "eligible-assignments", about: "roles that principals may activate in a subscription (Privileged Identity Management)", part: Part::Authorization, at: At::Subscriptions,
        path: "/providers/Microsoft.Authorization/roleEligibilityScheduleInstances", query: "", api_version: "2020-10-01",
        action: "Microsoft.Authorization/roleEligibilityScheduleInstances/read", reads: "microsoft.authorization/roleeligibilityscheduleinstances", whole: true, optional: true },
    Row { name: "eligible-assignments/management-groups", about: "roles that principals may activate at a management group", part: Part::Authorization, at: At::ManagementGroups,
        path: "/providers/Microsoft.Authorization/roleEligibilityScheduleInstances", query: AT_SCOPE, api_version: "2020-10-01",
        action: "Microsoft.Authorization/roleEligibilityScheduleInstances/read", reads: "microsoft.authorization/roleeligibilityscheduleinstances", whole: false, optional: true },
    Row { name: "role-assignments/tenant", about: "role assignments at the tenant's own scope", part: Part::Authorization, at: At::Tenant,
        path: "/providers/Microsoft.Authorization/roleAssignments", query: AT_SCOPE, api_version: "2022-04-01",
        action: "Microsoft.Authorization/roleAssignments/read", reads: "microsoft.authorization/roleassignments", whole: false, optional: true },
    Row { name: "management-group-logs", about: "where a management group's activity log goes", part: Part::Inventory, at: At::ManagementGroups,
        path: "/providers/Microsoft.Insights/diagnosticSettings", query: "", api_version: "2020-01-01-preview",
        action: "Microsoft.Insights/diagnosticSettings/read", reads: "microsoft.insights/diagnosticsettings", whole: false, optional: true },
    Row { name: "event-subscriptions", about: "who is told of events in a subscription", part: Part::Inventory, at: At::Subscriptions,
        path: "/providers/Microsoft.EventGrid/eventSubscriptions", query: "", api_version: "2025-02-15",
        action: "Microsoft.EventGrid/eventSubscriptions/read", reads: "microsoft.eventgrid/eventsubscriptions", whole: false, optional: false },
    Row { name: "security/contacts", about: "whom Defender for Cloud writes to", part: Part::Inventory, at: At::Subscriptions,
        path: "/providers/Microsoft.Security/securityContacts", query: "", api_version: "2020-01-01-preview",
        action: "Microsoft.Security/securityContacts/read", reads: "microsoft.security/securitycontacts", whole: true, optional: false },
    Row { name: "security/auto-provisioning", about: "whether Defender for Cloud installs agents by itself", part: Part::Inventory, at: At::Subscriptions,
        path: "/providers/Microsoft.Security/autoProvisioningSettings", query: "", api_version: "2017-08-01-preview",
        action: "Microsoft.Security/autoProvisioningSettings/read", reads: "microsoft.security/autoprovisioningsettings", whole: true, optional: false },
    Row { name: "security/settings", about: "which services Defender for Cloud works with", part: Part::Inventory, at: At::Subscriptions,
        path: "/providers/Microsoft.Security/settings", query: "", api_version: "2022-05-01",
        action: "Microsoft.Security/settings/read", reads: "microsoft.security/settings", whole: true, optional: false },
    Row { name: "security/just-in-time", about: "which ports of machines open on request", part: Part::Inventory, at: At::Subscriptions,
        path: "/providers/Microsoft.Security/jitNetworkAccessPolicies", query: "", api_version: "2020-01-01",
        action: "Microsoft.Security/jitNetworkAccessPolicies/read", reads: "microsoft.security/locations/jitnetworkaccesspolicies", whole: true, optional: false },
];

/// Reads one list at each of its scopes.
#[derive(Debug)]
pub(super) struct AtScopes {
    declaration: Declaration,
    row: &'static Row,
}

/// One collector for each list.
pub(super) fn all() -> impl Iterator<Item = Arc<dyn Collector>> {
    ROWS.iter()
        .map(|row| Arc::new(AtScopes::new(row)) as Arc<dyn Collector>)
}

impl AtScopes {
    fn new(row: &'static Row) -> Self {
        let scope = match row.at {
            At::Subscriptions => "/subscriptions/{subscription}",
            At::ManagementGroups => "/providers/Microsoft.Management/managementGroups/{group}",
            At::Tenant => "",
        };
        Self {
            declaration: Declaration {
                name: row.name.into(),
                about: row.about.into(),
                part: row.part,
                calls: vec![CallDeclaration::new(
                    format!("GET {scope}{}", row.path),
                    row.api_version,
                    row.action,
                )],
                reads: vec![row.reads.into()],
                lists_all: row.whole.then(|| row.reads.into()).into_iter().collect(),
                optional: row.optional,
                follows: match row.at {
                    At::ManagementGroups => vec!["microsoft.management/managementgroups".into()],
                    At::Subscriptions | At::Tenant => Vec::new(),
                },
            },
            row,
        }
    }

    fn listing(&self, scope: &str) -> Listing {
        let Row {
            path,
            query,
            api_version,
            ..
        } = self.row;
        Listing::list(format!("{scope}{path}?api-version={api_version}{query}"))
    }
}

impl Collector for AtScopes {
    fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    fn begin(&self, ground: &Ground) -> Vec<Listing> {
        match self.row.at {
            At::Subscriptions => {
                let listing = |own: &crate::ground::Subscription| self.listing(&own.scope());
                ground.subscriptions.iter().map(listing).collect()
            }
            At::Tenant if ground.wanted.subscriptions.is_empty() => vec![self.listing("")],
            At::Tenant | At::ManagementGroups => Vec::new(),
        }
    }

    fn follow(&self, ground: &Ground, found: &Found<'_>) -> Vec<Listing> {
        // Of a scan of some subscriptions nobody wants to know what lies above others.
        if ground.wanted.subscriptions.is_empty() {
            vec![self.listing(found.id.trim_end_matches('/'))]
        } else {
            Vec::new()
        }
    }
}
