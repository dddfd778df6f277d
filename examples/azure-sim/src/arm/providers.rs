//! Resource providers: the namespaces and types in use, all registered.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{error, tenant::Want, web::Reply};

use super::{Ask, subscriptions};

/// Versions that every type is said to have; requests may name any.
const VERSIONS: [&str; 8] = [
    "2024-11-01",
    "2024-07-01",
    "2024-03-01",
    "2023-09-01",
    "2023-05-01",
    "2022-09-01",
    "2021-04-01",
    "2020-06-01",
];

/// Namespaces that every subscription has, whatever is in it.
const ALWAYS: [(&str, &[&str]); 7] = [
    (
        "Microsoft.Authorization",
        &[
            "roleAssignments",
            "roleDefinitions",
            "locks",
            "policyAssignments",
            "policyDefinitions",
            "denyAssignments",
            "roleEligibilityScheduleInstances",
        ],
    ),
    (
        "Microsoft.Resources",
        &[
            "subscriptions",
            "resourceGroups",
            "resources",
            "deployments",
            "tags",
            "tenants",
        ],
    ),
    (
        "Microsoft.ResourceGraph",
        &["resources", "operations", "resourceChanges"],
    ),
    ("Microsoft.Management", &["managementGroups", "getEntities"]),
    (
        "Microsoft.Insights",
        &[
            "diagnosticSettings",
            "components",
            "activityLogAlerts",
            "metricAlerts",
        ],
    ),
    ("Microsoft.Features", &["features", "providers"]),
    (
        "Microsoft.Security",
        &["pricings", "assessments", "securityContacts"],
    ),
];

/// Rows that are looked at for types: of a large generated tenant the first ones have them all.
const SAMPLE: usize = 20_000;

fn namespaces(ask: &Ask<'_>, subscription: Option<&str>) -> BTreeMap<String, (String, BTreeSet<String>)> {
    let mut found = BTreeMap::<String, (String, BTreeSet<String>)>::new();
    let mut add = |namespace: &str, kind: &str| {
        let entry = found
            .entry(namespace.to_lowercase())
            .or_insert_with(|| (namespace.to_owned(), BTreeSet::new()));
        if !entry.1.iter().any(|known| known.eq_ignore_ascii_case(kind)) {
            entry.1.insert(kind.to_owned());
        }
    };
    for (namespace, kinds) in ALWAYS {
        for kind in kinds {
            add(namespace, kind);
        }
    }
    let scope = subscription.map_or_else(String::new, |id| format!("/subscriptions/{id}"));
    for row in ask.tenant().rows(&scope, None, &Want::default()).take(SAMPLE) {
        if let Some((namespace, kind)) = row.kind.split_once('/') {
            add(namespace, kind);
        }
    }
    // A provider stays registered when the last of its resources is gone.
    let below = format!("{}/", scope.to_lowercase());
    for change in &ask.tenant().history().rows {
        let gone = change.before.as_ref().filter(|row| row.key.starts_with(&below));
        if let Some((namespace, kind)) = gone.and_then(|row| row.kind.split_once('/')) {
            add(namespace, kind);
        }
    }
    found
}

/// All of a subscription, or of the tenant.
pub(crate) fn list(ask: &Ask<'_>, subscription: Option<&str>) -> Result<Reply, Reply> {
    check(ask, subscription)?;
    let all = namespaces(ask, subscription);
    let value = all
        .values()
        .map(|(name, kinds)| shown(subscription, name, kinds))
        .collect();
    Ok(ask.page(value, None))
}

/// One.
pub(crate) fn get(ask: &Ask<'_>, subscription: Option<&str>, name: &str) -> Result<Reply, Reply> {
    check(ask, subscription)?;
    match namespaces(ask, subscription).get(&name.to_lowercase()) {
        Some((name, kinds)) => Ok(Reply::json(&shown(subscription, name, kinds))),
        None if name.to_lowercase().starts_with("microsoft.") => {
            // Known to Azure, with nothing of it here.
            let mut body = shown(subscription, name, &BTreeSet::new());
            body["registrationState"] = json!("NotRegistered");
            Ok(Reply::json(&body))
        }
        None => Err(error::arm(
            404,
            "InvalidResourceNamespace",
            format!("The resource namespace '{name}' is invalid."),
        )),
    }
}

fn check(ask: &Ask<'_>, subscription: Option<&str>) -> Result<(), Reply> {
    if let Some(id) = subscription {
        let row = subscriptions::find(ask, id)?;
        let _seen = ask.sight(&row.key, "Microsoft.Resources/subscriptions/providers/read")?;
    }
    Ok(())
}

fn shown(subscription: Option<&str>, name: &str, kinds: &BTreeSet<String>) -> Value {
    let locations = subscriptions::location_names();
    let kinds: Vec<Value> = kinds
        .iter()
        .map(|kind| {
            json!({
                "resourceType": kind,
                "locations": locations,
                "apiVersions": VERSIONS,
                "defaultApiVersion": VERSIONS[0],
                "capabilities": "CrossResourceGroupResourceMove, CrossSubscriptionResourceMove, SupportsTags, SupportsLocation",
            })
        })
        .collect();
    let prefix = subscription.map_or_else(String::new, |id| format!("/subscriptions/{id}"));
    json!({
        "id": format!("{prefix}/providers/{name}"),
        "namespace": name,
        "resourceTypes": kinds,
        "registrationState": "Registered",
        "registrationPolicy": "RegistrationRequired",
    })
}
