//! Who may do what: role assignments and definitions, eligible and deny assignments, locks.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use crate::{
    error,
    tenant::{Row, Want},
    web::Reply,
};

use super::{Ask, Filter};

/// The kinds that are listed here, lower-cased.
pub(crate) const KINDS: [&str; 9] = [
    "roleassignments",
    "roledefinitions",
    "denyassignments",
    "roleassignmentscheduleinstances",
    "roleassignmentschedules",
    "roleeligibilityscheduleinstances",
    "roleeligibilityschedules",
    "roleeligibilityschedulerequests",
    "locks",
];

/// A list at a scope: what is attached to it, what it inherits, and what lies below it.
pub(crate) fn list(ask: &Ask<'_>, scope: &str, kind: &str) -> Result<Reply, Reply> {
    if ask.call.method != Method::GET {
        return Err(error::method_not_allowed(ask.call.method.as_str()));
    }
    scope_exists(ask, scope)?;
    let sight = ask.sight(scope, &format!("Microsoft.Authorization/{kind}/read"))?;
    if kind == "roledefinitions" {
        return definitions(ask, scope);
    }
    let filter = Filter::of(ask.call)?;
    let at_scope = filter.as_ref().is_some_and(|filter| filter.calls("atscope"));
    let exact = filter.as_ref().is_some_and(|filter| filter.calls("atexactscope"));
    // A lock says so only where it is; everything else is shown where it is inherited too.
    let reach = Reach {
        above: kind != "locks" && !exact,
        below: !at_scope && !exact,
    };
    let mut rows = attached(ask, scope, &[&format!("Microsoft.Authorization/{kind}")], reach);
    rows.retain(|row| ask.sees(sight, row) || row.key.len() <= scope.len());
    rows.retain(|row| filter.as_ref().is_none_or(|filter| filter.admits(row.body())));
    ask.collected(rows, |row| row.body().clone())
}

/// How far a list looks from its scope.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reach {
    pub(crate) above: bool,
    pub(crate) below: bool,
}

/// Everything of these types that is attached to a scope, and above and below it as far as asked.
pub(crate) fn attached(ask: &Ask<'_>, scope: &str, types: &[&str], reach: Reach) -> Vec<Arc<Row>> {
    let tenant = ask.tenant();
    let want = Want::types(types);
    let at = |scope: &str| -> Vec<Arc<Row>> {
        let within = format!("{scope}/providers/microsoft.authorization");
        tenant.rows(&within, None, &want).collect()
    };
    // Management groups and the tenant do not list what their subscriptions have.
    let mut rows = if reach.below && scope.starts_with("/subscriptions/") {
        tenant.rows(scope, None, &want).collect()
    } else {
        at(scope)
    };
    if reach.above {
        rows.extend(tenant.above(scope).iter().flat_map(|scope| at(scope)));
    }
    rows
}

/// Refuses a scope that does not exist.
pub(crate) fn scope_exists(ask: &Ask<'_>, scope: &str) -> Result<(), Reply> {
    super::groups_exist(ask, scope)?;
    let segments: Vec<&str> = scope.split('/').skip(1).collect();
    if let ["subscriptions", id, ..] = segments.as_slice() {
        super::subscriptions::find(ask, id)?;
    }
    if scope.is_empty()
        || ask.tenant().row(scope).is_some()
        || super::embedded::find(ask.tenant(), scope).is_some()
    {
        return Ok(());
    }
    Err(error::resource_not_found(
        scope.rsplit_once("/providers/").map_or(scope, |(_, name)| name),
        segments.get(3).copied(),
    ))
}

const DEFINITIONS: &str = "/providers/Microsoft.Authorization/roleDefinitions/";

fn definitions(ask: &Ask<'_>, scope: &str) -> Result<Reply, Reply> {
    let filter = Filter::of(ask.call)?;
    let mut rows = all_definitions(ask);
    rows.retain(|row| {
        assignable(ask, row, scope) && filter.as_ref().is_none_or(|filter| filter.admits(row.body()))
    });
    ask.collected(rows, |row| at_scope(row, scope))
}

/// One definition, wherever it was asked for.
pub(crate) fn definition(ask: &Ask<'_>, scope: &str, guid: &str) -> Result<Reply, Reply> {
    let found = all_definitions(ask)
        .into_iter()
        .find(|row| row.key.rsplit('/').next() == Some(guid));
    match (&ask.call.method, found) {
        (&Method::GET, Some(row)) => Ok(Reply::json(&at_scope(&row, scope))),
        (&Method::GET, None) => Err(error::arm(
            404,
            "RoleDefinitionDoesNotExist",
            format!(
                "The specified role definition with ID '{}' does not exist.",
                guid.replace('-', "")
            ),
        )),
        _ => super::resource::write(
            ask,
            &format!("{scope}{DEFINITIONS}{guid}"),
            "Microsoft.Authorization/roleDefinitions",
        ),
    }
}

/// Definitions lie at the tenant, or at the scope where a custom one was made.
fn all_definitions(ask: &Ask<'_>) -> Vec<Arc<Row>> {
    let want = Want::types(&["Microsoft.Authorization/roleDefinitions"]);
    let tenant = ask.tenant();
    let mut scopes: Vec<String> = tenant.hierarchy().iter().map(|row| row.key.clone()).collect();
    scopes.push(String::new());
    scopes
        .iter()
        .flat_map(|scope| {
            let within = format!("{scope}/providers/microsoft.authorization");
            tenant.rows(&within, None, &want).collect::<Vec<_>>()
        })
        .collect()
}

fn assignable(ask: &Ask<'_>, row: &Row, scope: &str) -> bool {
    let scopes = row.body()["properties"]["assignableScopes"].as_array();
    let above = ask.tenant().above(scope);
    scopes.is_none_or(|scopes| {
        scopes.iter().filter_map(Value::as_str).any(|own| {
            let own = own.trim_end_matches('/').to_lowercase();
            crate::tenant::is_within(scope, &own) || above.contains(&own) || scope.is_empty()
        })
    })
}

/// As Azure shows it: with the subscription before the ID where a subscription was asked.
fn at_scope(row: &Row, scope: &str) -> Value {
    let mut body = row.body().clone();
    let mut segments = scope.split('/').skip(1);
    if let (Some("subscriptions"), Some(id)) = (segments.next(), segments.next()) {
        let guid = row.id.rsplit('/').next().unwrap_or_default();
        body["id"] = json!(format!("/subscriptions/{id}{DEFINITIONS}{guid}"));
    }
    body
}
