//! Subscriptions, their regions, and the tenants that the caller sees.

use serde_json::{Value, json};

use crate::{
    error,
    tenant::{Class, Row, Want},
    web::Reply,
};

use super::{Ask, access::Sight};

/// All that the caller sees something of.
pub(crate) fn list(ask: &Ask<'_>) -> Result<Reply, Reply> {
    let want = Want::classes(&[Class::Subscription]);
    ask.rows(
        "",
        &want,
        |row| ask.sight(&row.key, READ).is_ok(),
        |row| shown(ask, row),
    )
}

/// One.
pub(crate) fn get(ask: &Ask<'_>, id: &str) -> Result<Reply, Reply> {
    let row = find(ask, id)?;
    let _seen: Sight = ask.sight(&row.key, READ)?;
    Ok(Reply::json(&shown(ask, &row)))
}

const READ: &str = "Microsoft.Resources/subscriptions/read";

/// The subscription, or the answer that there is none.
pub(crate) fn find(ask: &Ask<'_>, id: &str) -> Result<std::sync::Arc<Row>, Reply> {
    ask.tenant()
        .row(&format!("/subscriptions/{id}"))
        .ok_or_else(|| error::subscription_not_found(id))
}

fn shown(ask: &Ask<'_>, row: &Row) -> Value {
    let body = row.body();
    let properties = &body["properties"];
    let id = row.subscription().unwrap_or_default();
    let or = |value: &Value, default: Value| if value.is_null() { default } else { value.clone() };
    let mut shown = json!({
        "id": row.id,
        "authorizationSource": "RoleBased",
        "managedByTenants": or(&properties["managedByTenants"], json!([])),
        "subscriptionId": id,
        "tenantId": or(&body["tenantId"], json!(ask.tenant().id)),
        "displayName": or(&body["displayName"], or(&body["name"], json!(id))),
        "state": or(&properties["state"], json!("Enabled")),
        "subscriptionPolicies": or(
            &properties["subscriptionPolicies"],
            json!({"locationPlacementId": "Public_2014-09-01", "quotaId": "EnterpriseAgreement_2014-09-01", "spendingLimit": "Off"}),
        ),
    });
    if let Some(tags) = body.get("tags") {
        shown["tags"] = tags.clone();
    }
    shown
}

/// The tenants of the caller: the one it logged in to.
pub(crate) fn tenants(ask: &Ask<'_>) -> Reply {
    let tenant = ask.tenant();
    Reply::json(&json!({"value": [{
        "id": format!("/tenants/{}", tenant.id),
        "tenantId": tenant.id,
        "countryCode": "SE",
        "displayName": tenant.display_name,
        "domains": [tenant.domain],
        "tenantCategory": "Home",
        "defaultDomain": tenant.domain,
        "tenantType": "AAD",
    }]}))
}

/// Regions: name, name for people, geography.
const LOCATIONS: [(&str, &str, &str); 14] = [
    ("eastus", "East US", "US"),
    ("eastus2", "East US 2", "US"),
    ("westus", "West US", "US"),
    ("westus2", "West US 2", "US"),
    ("westus3", "West US 3", "US"),
    ("centralus", "Central US", "US"),
    ("northeurope", "North Europe", "Europe"),
    ("westeurope", "West Europe", "Europe"),
    ("swedencentral", "Sweden Central", "Europe"),
    ("uksouth", "UK South", "Europe"),
    ("germanywestcentral", "Germany West Central", "Europe"),
    ("southeastasia", "Southeast Asia", "Asia Pacific"),
    ("eastasia", "East Asia", "Asia Pacific"),
    ("australiaeast", "Australia East", "Asia Pacific"),
];

/// Regions of a subscription.
pub(crate) fn locations(ask: &Ask<'_>, id: &str) -> Result<Reply, Reply> {
    let row = find(ask, id)?;
    let _seen = ask.sight(&row.key, "Microsoft.Resources/subscriptions/locations/read")?;
    let shown = |(name, display, geography): &(&str, &str, &str)| {
        json!({
            "id": format!("{}/locations/{name}", row.id),
            "name": name,
            "type": "Region",
            "displayName": display,
            "regionalDisplayName": format!("({geography}) {display}"),
            "metadata": {"regionType": "Physical", "regionCategory": "Recommended", "geography": geography, "geographyGroup": geography, "pairedRegion": []},
        })
    };
    Ok(Reply::json(
        &json!({"value": LOCATIONS.iter().map(shown).collect::<Vec<_>>()}),
    ))
}

/// The names of regions.
pub(crate) fn location_names() -> Vec<&'static str> {
    LOCATIONS.iter().map(|(_, display, _)| *display).collect()
}

/// Names and values of tags in use.
pub(crate) fn tag_names(ask: &Ask<'_>, id: &str) -> Result<Reply, Reply> {
    let subscription = find(ask, id)?;
    let sight = ask.sight(
        &subscription.key,
        "Microsoft.Resources/subscriptions/tagNames/read",
    )?;
    let mut names = std::collections::BTreeMap::<String, std::collections::BTreeMap<String, u64>>::new();
    let want = Want::classes(&[Class::ResourceGroup, Class::Tracked]);
    for row in ask.tenant().rows(&subscription.key, None, &want) {
        if let (true, Some(tags)) = (ask.sees(sight, &row), row.body()["tags"].as_object()) {
            for (name, value) in tags {
                let values = names.entry(name.clone()).or_default();
                *values
                    .entry(value.as_str().unwrap_or_default().to_owned())
                    .or_default() += 1;
            }
        }
    }
    let shown = names.into_iter().map(|(name, values)| {
        let id = format!("{}/tagNames/{name}", subscription.id);
        let total: u64 = values.values().sum();
        let values: Vec<Value> = values
            .into_iter()
            .map(|(value, count)| json!({"id": format!("{id}/tagValues/{value}"), "tagValue": value, "count": {"type": "Total", "value": count}}))
            .collect();
        json!({"id": id, "tagName": name, "count": {"type": "Total", "value": total}, "values": values})
    });
    Ok(Reply::json(&json!({"value": shown.collect::<Vec<_>>()})))
}
