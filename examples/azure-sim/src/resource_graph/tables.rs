//! Which rows are in which table.

use std::sync::Arc;

use jiff::Timestamp;

use crate::{
    arm::{Ask, earlier},
    tenant::{Class, Row, Rows, Want},
};

use super::changes;

/// A table of Resource Graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Table {
    /// Rows of these classes, and of these types.
    Rows(Vec<Class>, &'static [&'static str]),
    /// Changes of rows of these classes.
    Changes(Vec<Class>),
    /// A table that there is, with nothing in it.
    Empty,
}

/// Tables of types that the subscription's list of resources does not hold, with these types, lower-cased; a `*` at the end
/// stands for what follows. As documented at
/// <https://learn.microsoft.com/azure/governance/resource-graph/reference/supported-tables-resources>.
const TABLES: [(&str, &[&str]); 23] = [
    ("advisorresources", &["microsoft.advisor/*"]),
    ("aksresources", &["microsoft.containerservice/fleets/*"]),
    (
        "appserviceresources",
        &[
            "microsoft.web/sites/config",
            "microsoft.web/sites/slots/config",
            "microsoft.web/sites/workflows",
        ],
    ),
    (
        "authorizationresources",
        &[
            "microsoft.authorization/classicadministrators",
            "microsoft.authorization/roleassignments",
            "microsoft.authorization/roledefinitions",
        ],
    ),
    ("batchresources", &["microsoft.batch/batchaccounts/pools"]),
    (
        "computeresources",
        &["microsoft.compute/virtualmachinescalesets/virtualmachines*"],
    ),
    ("deploymentresources", &["microsoft.resources/deploymentstacks"]),
    (
        "desktopvirtualizationresources",
        &["microsoft.desktopvirtualization/hostpools/sessionhosts"],
    ),
    ("dnsresources", &DNS),
    ("elasticsanresources", &["microsoft.elasticsan/elasticsans*"]),
    (
        "extendedlocationresources",
        &["microsoft.extendedlocation/customlocations/enabledresourcetypes"],
    ),
    (
        "guestconfigurationresources",
        &["microsoft.guestconfiguration/guestconfigurationassignments*"],
    ),
    (
        "insightresources",
        &[
            "microsoft.insights/datacollectionruleassociations",
            "microsoft.insights/tenantactiongroups",
        ],
    ),
    (
        "kubernetesconfigurationresources",
        &[
            "microsoft.kubernetesconfiguration/extensions",
            "microsoft.kubernetesconfiguration/fluxconfigurations",
            "microsoft.kubernetesconfiguration/sourcecontrolconfigurations",
        ],
    ),
    (
        "kustoresources",
        &["microsoft.kusto/clusters/databases/dataconnections"],
    ),
    (
        "maintenanceresources",
        &[
            "microsoft.maintenance/applyupdates",
            "microsoft.maintenance/configurationassignments",
            "microsoft.maintenance/updates",
        ],
    ),
    (
        "managedserviceresources",
        &[
            "microsoft.managedservices/registrationassignments",
            "microsoft.managedservices/registrationdefinitions",
        ],
    ),
    (
        "networkresources",
        &[
            "microsoft.network/firewallpolicies/rulecollectiongroups",
            "microsoft.network/networkmanagers/*",
            "microsoft.network/networksecurityperimeters/*",
        ],
    ),
    (
        "policyresources",
        &["microsoft.authorization/polic*", "microsoft.policyinsights/*"],
    ),
    (
        "recoveryservicesresources",
        &[
            "microsoft.dataprotection/backupvaults/*",
            "microsoft.recoveryservices/vaults/backupfabrics/protectioncontainers/protecteditems",
            "microsoft.recoveryservices/vaults/backupjobs",
            "microsoft.recoveryservices/vaults/backuppolicies",
            "microsoft.recoveryservices/vaults/replicationfabrics/replicationprotectioncontainers/replicationprotecteditems",
            "microsoft.recoveryservices/vaults/replicationpolicies",
            "microsoft.recoveryservices/vaults/replicationrecoveryplans",
        ],
    ),
    ("securityresources", &["microsoft.security/*"]),
    (
        "servicefabricresources",
        &[
            "microsoft.servicefabric/clusters/*",
            "microsoft.servicefabric/managedclusters/*",
        ],
    ),
    ("tagresources", &["microsoft.resources/tagnamespaces*"]),
];

/// Records in zones, but for those of names and of certificate authorities, which Azure leaves out.
const DNS: [&str; 16] = [
    "microsoft.network/dnszones/a",
    "microsoft.network/dnszones/aaaa",
    "microsoft.network/dnszones/cname",
    "microsoft.network/dnszones/mx",
    "microsoft.network/dnszones/ptr",
    "microsoft.network/dnszones/soa",
    "microsoft.network/dnszones/srv",
    "microsoft.network/dnszones/txt",
    "microsoft.network/privatednszones/a",
    "microsoft.network/privatednszones/aaaa",
    "microsoft.network/privatednszones/cname",
    "microsoft.network/privatednszones/mx",
    "microsoft.network/privatednszones/ptr",
    "microsoft.network/privatednszones/soa",
    "microsoft.network/privatednszones/srv",
    "microsoft.network/privatednszones/txt",
];

/// Tables that Azure has and a tenant of resources has nothing of.
const EMPTY: [&str; 8] = [
    "alertsmanagementresources",
    "featureresources",
    "healthresources",
    "iotsecurityresources",
    "patchassessmentresources",
    "patchinstallationresources",
    "servicehealthresources",
    "spotresources",
];

/// The table of that name, in any casing.
pub(super) fn find(name: &str) -> Option<Table> {
    let name = name.to_lowercase();
    Some(match &*name {
        "resources" => Table::Rows(vec![Class::Tracked], &[]),
        "resourcecontainers" => Table::Rows(
            vec![Class::Subscription, Class::ResourceGroup, Class::ManagementGroup],
            &[],
        ),
        "resourcechanges" => Table::Changes(vec![Class::Tracked]),
        "resourcecontainerchanges" => Table::Changes(vec![Class::Subscription, Class::ResourceGroup]),
        name if EMPTY.contains(&name) => Table::Empty,
        name => {
            let (_, types) = TABLES.iter().find(|(known, _)| *known == name)?;
            // Some data give a region to what Azure gives none.
            Table::Rows(vec![Class::Tracked, Class::Other], types)
        }
    })
}

/// Whether a type is one of a table's.
fn is_one_of(kind: &str, types: &[&str]) -> bool {
    types.iter().any(|own| match own.strip_suffix('*') {
        Some(start) => kind.starts_with(start),
        None => kind == *own,
    })
}

/// What of the tenant a query is about.
#[derive(Debug, Clone)]
pub(super) enum Scope {
    /// All that the caller sees.
    All,
    /// These subscriptions, lower-cased.
    Subscriptions(Vec<String>),
}

impl Scope {
    fn holds(&self, row: &Row) -> bool {
        match self {
            Self::All => true,
            Self::Subscriptions(ids) => row
                .subscription()
                .is_some_and(|own| ids.iter().any(|id| own.eq_ignore_ascii_case(id))),
        }
    }
}

impl Table {
    /// The rows behind a key, in the order of their keys.
    pub(super) fn rows<'a>(&self, ask: &Ask<'a>, scope: &Scope, after: Option<&str>) -> Rows<'a> {
        let (ask, scope) = (*ask, scope.clone());
        let sees = move |row: &Arc<Row>| {
            scope.holds(row) && (ask.caller.principal.reads_all() || ask.may_read(&row.key))
        };
        match self {
            Self::Empty => Box::new(std::iter::empty()),
            Self::Changes(classes) => {
                let after = after.map(str::to_owned);
                let mut rows = changes::rows(ask.tenant(), classes, ask.world.now(), time(&ask));
                rows.retain(|row| after.as_deref().is_none_or(|after| row.key.as_str() > after));
                rows.sort_by(|a, b| a.key.cmp(&b.key));
                Box::new(rows.into_iter().filter(sees))
            }
            Self::Rows(classes, types) => {
                let (want, types) = (Want::classes(classes), *types);
                let is_of =
                    move |row: &Arc<Row>| types.is_empty() || is_one_of(&row.kind.to_lowercase(), types);
                let rows = match time(&ask) {
                    Some(time) => ask.tenant().rows_at(time, "", after, &want),
                    None => ask.tenant().rows("", after, &want),
                };
                Box::new(rows.filter(is_of).filter(sees))
            }
        }
    }
}

/// The time whose state Resource Graph shows, where it lags behind.
fn time(ask: &Ask<'_>) -> Option<Timestamp> {
    let lag = ask.world.lag().resource_graph;
    (lag > 0).then(|| earlier(ask.world.now(), lag))
}
