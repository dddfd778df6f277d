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
    /// Rows of these classes, and of types that begin so.
    Rows(Vec<Class>, &'static [&'static str]),
    /// Changes of rows of these classes.
    Changes(Vec<Class>),
    /// A table that there is, with nothing in it.
    Empty,
}

/// Tables that Azure has and a tenant of resources has nothing of.
const EMPTY: [&str; 18] = [
    "alertsmanagementresources",
    "appserviceresources",
    "computeresources",
    "desktopvirtualizationresources",
    "dnsresources",
    "extendedlocationresources",
    "featureresources",
    "guestconfigurationresources",
    "healthresources",
    "insightsresources",
    "iotsecurityresources",
    "kubernetesconfigurationresources",
    "maintenanceresources",
    "managedservicesresources",
    "networkresources",
    "patchassessmentresources",
    "recoveryservicesresources",
    "spotresources",
];

/// The table of that name, in any casing.
pub(super) fn find(name: &str) -> Option<Table> {
    Some(match &*name.to_lowercase() {
        "resources" => Table::Rows(vec![Class::Tracked], &[]),
        "resourcecontainers" => Table::Rows(
            vec![Class::Subscription, Class::ResourceGroup, Class::ManagementGroup],
            &[],
        ),
        "authorizationresources" => Table::Rows(
            vec![Class::Other],
            &[
                "microsoft.authorization/roleassignments",
                "microsoft.authorization/roledefinitions",
                "microsoft.authorization/roleeligibility",
                "microsoft.authorization/denyassignments",
            ],
        ),
        "policyresources" => Table::Rows(
            vec![Class::Other],
            &["microsoft.authorization/polic", "microsoft.policyinsights/"],
        ),
        "securityresources" => Table::Rows(vec![Class::Other], &["microsoft.security/"]),
        "advisorresources" => Table::Rows(vec![Class::Other], &["microsoft.advisor/"]),
        "resourcechanges" => Table::Changes(vec![Class::Tracked]),
        "resourcecontainerchanges" => Table::Changes(vec![Class::Subscription, Class::ResourceGroup]),
        name if EMPTY.contains(&name) => Table::Empty,
        _ => return None,
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
                let mut rows = changes::rows(ask.tenant(), classes, ask.world.now());
                rows.retain(|row| after.as_deref().is_none_or(|after| row.key.as_str() > after));
                rows.sort_by(|a, b| a.key.cmp(&b.key));
                Box::new(rows.into_iter().filter(sees))
            }
            Self::Rows(classes, prefixes) => {
                let (want, prefixes) = (Want::classes(classes), *prefixes);
                let is_of = move |row: &Arc<Row>| {
                    prefixes.is_empty() || {
                        let kind = row.kind.to_lowercase();
                        prefixes.iter().any(|prefix| kind.starts_with(prefix))
                    }
                };
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
