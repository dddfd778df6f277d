//! Children that have no row of their own and stand in the body of what they lie in, such as subnets in their network.

use serde_json::Value;

use crate::tenant::Tenant;

/// The child of that ID in the body of the nearest resource above it that has a row.
pub(crate) fn find(tenant: &Tenant, id: &str) -> Option<Value> {
    let mut above = id;
    loop {
        (above, _) = above.rsplit_once('/')?;
        (above, _) = above.rsplit_once('/')?;
        // Bodies of subscriptions and groups have no children in them.
        if !above.to_lowercase().contains("/providers/") {
            return None;
        }
        if let Some(row) = tenant.row(above) {
            return search(row.body().get("properties")?, id).cloned();
        }
    }
}

/// The object with that `id`, however deep.
fn search<'a>(value: &'a Value, id: &str) -> Option<&'a Value> {
    match value {
        Value::Object(members) => {
            let own = members.get("id").and_then(Value::as_str);
            // `{"id": …}` alone is a reference, not the child.
            if members.len() > 1 && own.is_some_and(|own| own.eq_ignore_ascii_case(id)) {
                return Some(value);
            }
            members.values().find_map(|value| search(value, id))
        }
        Value::Array(items) => items.iter().find_map(|value| search(value, id)),
        _ => None,
    }
}

/// The children that a collection of the parent's body holds: `properties.subnets` for `subnets`.
pub(crate) fn collection(tenant: &Tenant, parent: &str, name: &str) -> Vec<Value> {
    let Some(row) = tenant.row(parent) else {
        return find(tenant, parent).map_or_else(Vec::new, |body| children(&body, parent, name));
    };
    children(row.body(), parent, name)
}

fn children(body: &Value, parent: &str, name: &str) -> Vec<Value> {
    let prefix = format!("{parent}/{name}/").to_lowercase();
    let is_child = |item: &&Value| {
        let id = item["id"].as_str().unwrap_or_default().to_lowercase();
        // A list of references has the IDs of children elsewhere and nothing more.
        item.as_object().is_some_and(|item| item.len() > 1) && id.starts_with(&prefix)
    };
    body["properties"]
        .as_object()
        .and_then(|properties| {
            properties
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name))
        })
        .and_then(|(_, value)| value.as_array())
        .map(|items| items.iter().filter(is_child).cloned().collect())
        .unwrap_or_default()
}
