//! The list of resources of a subscription or a group: without their properties.

use serde_json::{Map, Value};

use crate::{
    tenant::{Class, Row, Want},
    web::Reply,
};

use super::{Ask, Filter, groups_exist, subscriptions};

/// What stands beside the properties.
const SHOWN: [&str; 12] = [
    "id",
    "name",
    "type",
    "location",
    "kind",
    "managedBy",
    "sku",
    "plan",
    "zones",
    "identity",
    "extendedLocation",
    "tags",
];

/// The resources at and below a scope.
pub(crate) fn list(ask: &Ask<'_>, scope: &str) -> Result<Reply, Reply> {
    groups_exist(ask, scope)?;
    let subscription = scope.split('/').nth(2).unwrap_or_default();
    subscriptions::find(ask, subscription)?;
    let sight = ask.sight(scope, "Microsoft.Resources/subscriptions/resources/read")?;
    let filter = Filter::of(ask.call)?;
    let expand = ask.call.parameter("$expand").unwrap_or_default().to_lowercase();
    ask.rows(
        scope,
        &Want::classes(&[Class::Tracked]),
        |row| ask.sees(sight, row) && filter.as_ref().is_none_or(|filter| filter.admits(row.body())),
        |row| shown(row, &expand),
    )
}

fn shown(row: &Row, expand: &str) -> Value {
    let body = row.body();
    let mut shown: Map<String, Value> = SHOWN
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), body.get(*name)?.clone())))
        .collect();
    let system = &body["systemData"];
    for (asked, name, value) in [
        ("createdtime", "createdTime", &system["createdAt"]),
        ("changedtime", "changedTime", &system["lastModifiedAt"]),
        (
            "provisioningstate",
            "provisioningState",
            &body["properties"]["provisioningState"],
        ),
    ] {
        if expand.contains(asked) && !value.is_null() {
            shown.insert(name.to_owned(), value.clone());
        }
    }
    Value::Object(shown)
}
