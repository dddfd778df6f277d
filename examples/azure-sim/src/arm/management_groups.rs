//! Management groups and what lies below them.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use crate::{
    error,
    tenant::{Class, GROUPS, Row, parent},
    web::Reply,
};

use super::Ask;

const READ: &str = "Microsoft.Management/managementGroups/read";

/// Answers below `/providers/Microsoft.Management`.
pub(crate) fn route(ask: &Ask<'_>, rest: &[&str]) -> Result<Reply, Reply> {
    match (&ask.call.method, rest) {
        (&Method::GET, ["managementgroups"]) => Ok(list(ask)),
        (&Method::GET, ["managementgroups", name]) => get(ask, name),
        (&Method::GET, ["managementgroups", name, "descendants"]) => descendants(ask, name),
        (&Method::GET, ["managementgroups", name, "subscriptions"]) => subscriptions(ask, name),
        (&Method::POST, ["getentities"]) => Ok(entities(ask)),
        _ => Err(error::method_not_allowed(ask.call.method.as_str())),
    }
}

struct Tree {
    rows: Vec<Arc<Row>>,
    tenant: String,
}

impl Tree {
    fn of(ask: &Ask<'_>) -> Self {
        Self {
            rows: ask.tenant().hierarchy(),
            tenant: ask.tenant().id.clone(),
        }
    }

    fn children<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Arc<Row>> {
        self.rows.iter().filter(move |row| {
            parent(row, &self.tenant).is_some_and(|parent| parent.eq_ignore_ascii_case(name))
        })
    }

    fn group(&self, name: &str) -> Option<&Arc<Row>> {
        let key = format!("{GROUPS}{name}").to_lowercase();
        self.rows.iter().find(|row| row.key == key)
    }

    /// Everything below a group, nearest first.
    fn below(&self, name: &str) -> Vec<(&Arc<Row>, String)> {
        let mut found = Vec::new();
        let mut open = vec![name.to_owned()];
        while let Some(next) = open.pop() {
            let is_child = |row: &&Arc<Row>| {
                parent(row, &self.tenant).is_some_and(|parent| parent.eq_ignore_ascii_case(&next))
            };
            for row in self.rows.iter().filter(is_child) {
                found.push((row, next.clone()));
                if row.class == Class::ManagementGroup && found.len() < 100_000 {
                    open.push(own_name(row).to_owned());
                }
            }
        }
        found
    }

    fn nested(&self, name: &str, deep: bool) -> Vec<Value> {
        self.children(name)
            .map(|row| {
                let mut child = json!({
                    "type": if row.class == Class::Subscription { "/subscriptions" } else { "Microsoft.Management/managementGroups" },
                    "id": row.id,
                    "name": own_name(row),
                    "displayName": display_name(row),
                });
                if deep && row.class == Class::ManagementGroup {
                    child["children"] = Value::Array(self.nested(own_name(row), true));
                }
                child
            })
            .collect()
    }
}

fn own_name(row: &Row) -> &str {
    row.id.rsplit('/').next().unwrap_or_default()
}

fn display_name(row: &Row) -> Value {
    let body = row.body();
    match &body["properties"]["displayName"] {
        Value::Null => body.get("name").cloned().unwrap_or_else(|| json!(own_name(row))),
        name => name.clone(),
    }
}

fn list(ask: &Ask<'_>) -> Reply {
    let tree = Tree::of(ask);
    let groups = tree.rows.iter().filter(|row| row.class == Class::ManagementGroup);
    let seen = groups.filter(|row| ask.may_read(&row.key));
    let value = seen
        .map(|row| {
            json!({
                "id": row.id,
                "type": "Microsoft.Management/managementGroups",
                "name": own_name(row),
                "properties": {"tenantId": ask.tenant().id, "displayName": display_name(row)},
            })
        })
        .collect();
    ask.page(value, None)
}

fn find<'a>(ask: &Ask<'_>, tree: &'a Tree, name: &str) -> Result<&'a Arc<Row>, Reply> {
    let Some(row) = tree.group(name) else {
        return Err(error::arm(
            404,
            "NotFound",
            format!("'/providers/Microsoft.Management/managementGroups/{name}' not found"),
        ));
    };
    ask.check(&row.key, READ)?;
    Ok(row)
}

fn get(ask: &Ask<'_>, name: &str) -> Result<Reply, Reply> {
    let tree = Tree::of(ask);
    let row = find(ask, &tree, name)?;
    let mut body = row.body().clone();
    body["id"] = json!(row.id);
    body["properties"]["tenantId"] = json!(ask.tenant().id);
    if let Some(properties) = body["properties"].as_object_mut() {
        properties.shift_remove("children");
    }
    let expand = ask.call.parameter("$expand").unwrap_or_default().to_lowercase();
    if expand.contains("children") {
        let deep = ask
            .call
            .parameter("$recurse")
            .is_some_and(|text| text.eq_ignore_ascii_case("true"));
        let children = tree.nested(own_name(row), deep);
        body["properties"]["children"] = if children.is_empty() {
            Value::Null
        } else {
            Value::Array(children)
        };
    }
    Ok(Reply::json(&body))
}

fn descendants(ask: &Ask<'_>, name: &str) -> Result<Reply, Reply> {
    let tree = Tree::of(ask);
    find(ask, &tree, name)?;
    let value = tree
        .below(name)
        .into_iter()
        .map(|(row, parent)| {
            json!({
                "id": row.id,
                "type": if row.class == Class::Subscription { "/subscriptions" } else { "Microsoft.Management/managementGroups" },
                "name": own_name(row),
                "properties": {"displayName": display_name(row), "parent": {"id": format!("{GROUPS}{parent}")}},
            })
        })
        .collect();
    Ok(ask.page(value, None))
}

fn subscriptions(ask: &Ask<'_>, name: &str) -> Result<Reply, Reply> {
    let tree = Tree::of(ask);
    let group = find(ask, &tree, name)?;
    let value = tree
        .children(name)
        .filter(|row| row.class == Class::Subscription)
        .map(|row| {
            json!({
                "name": own_name(row),
                "id": format!("{}/subscriptions/{}", group.id, own_name(row)),
                "type": "Microsoft.Management/managementGroups/subscriptions",
                "properties": {
                    "tenant": ask.tenant().id, "displayName": display_name(row),
                    "parent": {"id": group.id}, "state": "Active",
                },
            })
        })
        .collect();
    Ok(ask.page(value, None))
}

/// Everything that the caller sees of the hierarchy, each with its parent.
fn entities(ask: &Ask<'_>) -> Reply {
    let tree = Tree::of(ask);
    let seen = tree.rows.iter().filter(|row| ask.sight(&row.key, READ).is_ok());
    let value: Vec<Value> = seen
        .map(|row| {
            let above: Vec<String> = ask
                .tenant()
                .above(&row.key)
                .iter()
                .rev()
                .filter_map(|key| Some(key.rsplit_once('/')?.1.to_owned()))
                .collect();
            json!({
                "id": row.id,
                "type": if row.class == Class::Subscription { "/subscriptions" } else { "Microsoft.Management/managementGroups" },
                "name": own_name(row),
                "properties": {
                    "tenantId": ask.tenant().id,
                    "displayName": display_name(row),
                    "parent": {"id": above.last().map(|name| format!("{GROUPS}{name}"))},
                    "permissions": "view",
                    "inheritedPermissions": "view",
                    "parentNameChain": above,
                    "parentDisplayNameChain": above,
                    "numberOfChildren": tree.children(own_name(row)).count(),
                },
            })
        })
        .collect();
    let count = value.len();
    Reply::json(&json!({"value": value, "count": count}))
}
