//! Management groups: what lies below which.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    Tenant, Want,
    generated::Generated,
    made_up::MadeUp,
    row::{Class, Row},
};

/// What every management group's ID begins with.
pub(crate) const GROUPS: &str = "/providers/Microsoft.Management/managementGroups/";

/// A management group's row.
pub(crate) fn group(tenant: &str, name: &str, display_name: &str, parent: Option<(&str, &str)>) -> Value {
    let parent = parent.map_or_else(
        || json!({}),
        |(name, display_name)| json!({"id": format!("{GROUPS}{name}"), "name": name, "displayName": display_name}),
    );
    json!({
        "id": format!("{GROUPS}{name}"),
        "name": name,
        "type": "Microsoft.Management/managementGroups",
        "properties": {
            "tenantId": tenant,
            "displayName": display_name,
            "details": {"version": 1, "updatedTime": "2021-03-02T08:11:24.0861921Z", "updatedBy": "", "parent": parent},
        },
    })
}

/// The name of the group above, for a management group or a subscription; `None` for the root.
pub(crate) fn parent(row: &Row, tenant: &str) -> Option<String> {
    let properties = &row.body()["properties"];
    match row.class {
        Class::ManagementGroup => {
            let parent = &properties["details"]["parent"];
            let name = parent["name"].as_str().map(str::to_owned).or_else(|| {
                let id = parent["id"].as_str()?;
                Some(id.rsplit('/').next()?.to_owned())
            });
            let own = row.key.rsplit('/').next().unwrap_or_default();
            match name {
                Some(name) => Some(name),
                None if own == tenant => None,
                None => Some(tenant.to_owned()),
            }
        }
        Class::Subscription => {
            let chain = &properties["managementGroupAncestorsChain"][0]["name"];
            Some(chain.as_str().unwrap_or(tenant).to_owned())
        }
        _ => None,
    }
}

impl Tenant {
    /// The management groups and subscriptions.
    pub(crate) fn hierarchy(&self) -> Vec<Arc<Row>> {
        let want = Want::classes(&[Class::ManagementGroup, Class::Subscription]);
        self.rows("", None, &want).collect()
    }

    /// The keys of the scopes above a key, nearest first, the tenant's `""` last.
    pub(crate) fn above(&self, key: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut segments: Vec<&str> = key.split('/').skip(1).collect();
        // A resource's parents, its group, its subscription.
        while segments.len() > 2 && segments[0] == "subscriptions" {
            segments.truncate(segments.len() - 2);
            let parent = format!("/{}", segments.join("/"));
            // `…/providers/microsoft.network` names nothing.
            if segments.len().is_multiple_of(2) && segments[segments.len() - 2] != "providers" {
                found.push(parent);
            }
        }
        let mut top = match segments.as_slice() {
            ["subscriptions", id] => self.row(&format!("/subscriptions/{id}")),
            _ => self.row(key),
        };
        // A circle in the data ends here.
        for _ in 0..16 {
            let Some(name) = top.as_deref().and_then(|row| parent(row, &self.id)) else {
                break;
            };
            let id = format!("{GROUPS}{name}");
            found.push(id.to_lowercase());
            top = self.row(&id);
        }
        if !key.is_empty() {
            found.push(String::new());
        }
        found
    }
}

/// Puts a root, so many groups below it, and the subscriptions below those in turn.
pub(crate) fn put_over(generated: &mut Generated, tenant: &str, groups: u64) -> MadeUp {
    let mut made_up = std::mem::take(&mut generated.made_up);
    let mut add = |generated: &mut Generated, body: Value| {
        if let Some(row) = Row::from_body(body) {
            made_up.note(&row.kind, &row.id);
            generated.put_above(row);
        }
    };
    let root = ("Tenant Root Group", tenant.to_owned());
    add(generated, group(tenant, tenant, root.0, None));
    for number in 0..groups {
        let (name, display) = (format!("mg-{number:03}"), format!("Group {number:03}"));
        add(generated, group(tenant, &name, &display, Some((tenant, root.0))));
    }
    for (number, row) in generated.subscriptions().into_iter().enumerate() {
        let mut body = row.body().clone();
        let mut chain = Vec::new();
        if groups > 0 {
            let number = number as u64 % groups;
            chain.push(
                json!({"displayName": format!("Group {number:03}"), "name": format!("mg-{number:03}")}),
            );
        }
        chain.push(json!({"displayName": root.0, "name": tenant}));
        body["properties"]["managementGroupAncestorsChain"] = Value::Array(chain);
        body["tenantId"] = json!(tenant);
        if let Some(row) = Row::from_body(body) {
            generated.put_above(row);
        }
    }
    made_up
}
