//! What the lines lack and Azure would have: made up, so that every line can be reached, and counted.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    builtin_roles,
    hierarchy::{self, GROUPS},
    loaded::{LISTS, Loaded},
    row::{Class, GRAPH_TYPE, Row, type_of},
};

/// What was made up, by type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct MadeUp {
    /// The IDs of each type.
    pub ids: BTreeMap<String, BTreeSet<String>>,
}

impl MadeUp {
    pub(crate) fn note(&mut self, kind: &str, id: &str) {
        self.ids.entry(kind.to_owned()).or_default().insert(id.to_owned());
    }

    /// How many in all.
    #[must_use]
    pub fn count(&self) -> usize {
        self.ids.values().map(BTreeSet::len).sum()
    }
}

/// Adds what is missing.
pub(crate) fn complete(loaded: &mut Loaded, tenant: &str) -> MadeUp {
    let mut made_up = MadeUp::default();
    for body in missing_parents(&loaded.rows, |_| true) {
        add(loaded, &mut made_up, body);
    }
    for body in missing_groups(loaded, tenant) {
        add(loaded, &mut made_up, body);
    }
    for body in missing_roles(loaded) {
        add(loaded, &mut made_up, body);
    }
    for body in missing_objects(loaded) {
        add(loaded, &mut made_up, body);
    }
    made_up
}

fn add(loaded: &mut Loaded, made_up: &mut MadeUp, body: Value) {
    let kind = body["type"].as_str().or_else(|| body["@odata.type"].as_str());
    let (kind, id) = (kind.unwrap_or_default(), body["id"].as_str().unwrap_or_default());
    made_up.note(kind, id);
    loaded.add(body);
}

/// Subscriptions, resource groups and parents that a row's ID names and no row is, as far as asked.
pub(super) fn missing_parents(rows: &BTreeMap<String, Arc<Row>>, asked: impl Fn(&str) -> bool) -> Vec<Value> {
    let mut missing = BTreeMap::<String, (String, BTreeMap<String, usize>)>::new();
    for row in rows.values() {
        for id in ancestors(&row.id).into_iter().filter(|id| asked(id)) {
            let key = id.to_lowercase();
            if !rows.contains_key(&key) {
                let location = row.body()["location"].as_str().unwrap_or_default();
                let entry = missing.entry(key).or_insert_with(|| (id, BTreeMap::new()));
                *entry
                    .1
                    .entry(location.to_lowercase().replace(' ', ""))
                    .or_default() += 1;
            }
        }
    }
    missing
        .into_values()
        .filter_map(|(id, locations)| {
            // Where most of what lies in it is.
            let location = locations
                .into_iter()
                .filter(|(location, _)| !location.is_empty() && location != "global")
                .max_by_key(|(_, count)| *count)
                .map_or_else(|| "westeurope".to_owned(), |(location, _)| location);
            made_up_row(&id, &location)
        })
        .collect()
}

/// The IDs of what a resource lies in, the nearest first.
fn ancestors(id: &str) -> Vec<String> {
    let segments: Vec<&str> = id.trim_matches('/').split('/').collect();
    if !segments[0].eq_ignore_ascii_case("subscriptions") {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut length = segments.len();
    while length > 2 {
        length -= 2;
        let rest = &segments[..length];
        let is_provider = rest.len() >= 2 && rest[rest.len() - 2].eq_ignore_ascii_case("providers");
        if is_provider || !length.is_multiple_of(2) {
            continue;
        }
        let mut parent: Vec<&str> = rest.to_vec();
        if length == 4 {
            parent[2] = "resourceGroups";
        }
        parent[0] = "subscriptions";
        found.push(format!("/{}", parent.join("/")));
    }
    found
}

fn made_up_row(id: &str, location: &str) -> Option<Value> {
    let (name, kind) = (id.rsplit('/').next()?, type_of(id)?);
    let probe = Row::from_parts(id.to_owned(), kind.clone(), true, "");
    Some(match probe.class {
        Class::Subscription => json!({
            "id": id,
            "name": format!("subscription-{}", name.get(..8).unwrap_or(name)),
            "type": kind,
            "subscriptionId": name,
            "properties": {
                "state": "Enabled",
                "subscriptionPolicies": {"locationPlacementId": "Public_2014-09-01", "quotaId": "EnterpriseAgreement_2014-09-01", "spendingLimit": "Off"},
            },
        }),
        Class::ResourceGroup => json!({
            "id": id, "name": name, "type": kind, "location": location,
            "properties": {"provisioningState": "Succeeded"},
        }),
        // A child's parent that is itself a child needs no location.
        Class::Tracked if kind.matches('/').count() == 1 => json!({
            "id": id, "name": name, "type": kind, "location": location,
            "properties": {"provisioningState": "Succeeded"},
        }),
        _ => json!({"id": id, "name": name, "type": kind, "properties": {}}),
    })
}

/// The root and the management groups that IDs, scopes and chains of ancestors name.
fn missing_groups(loaded: &Loaded, tenant: &str) -> Vec<Value> {
    let mut named = BTreeMap::<String, (String, String)>::new();
    let mut name = |name: &str, display_name: &str| {
        named
            .entry(name.to_lowercase())
            .or_insert_with(|| (name.to_owned(), display_name.to_owned()));
    };
    name(tenant, "Tenant Root Group");
    for row in loaded.rows.values() {
        if row.key.starts_with(&GROUPS.to_lowercase()) {
            let group = row.id[GROUPS.len()..].split('/').next().unwrap_or_default();
            name(group, group);
        }
        let chain = row.body()["properties"]["managementGroupAncestorsChain"].as_array();
        for ancestor in chain.into_iter().flatten() {
            if let Some(group) = ancestor["name"].as_str() {
                name(group, ancestor["displayName"].as_str().unwrap_or(group));
            }
        }
    }
    named
        .into_iter()
        .filter(|(key, _)| {
            !loaded
                .rows
                .contains_key(&format!("{}{key}", GROUPS.to_lowercase()))
        })
        .map(|(key, (name, display_name))| {
            let parent = (key != tenant).then_some((tenant, "Tenant Root Group"));
            hierarchy::group(tenant, &name, &display_name, parent)
        })
        .collect()
}

/// Role definitions that assignments name: Azure's own, with the names that they have.
fn missing_roles(loaded: &Loaded) -> Vec<Value> {
    let mut known: BTreeSet<String> = loaded
        .rows
        .values()
        .filter(|row| row.is("Microsoft.Authorization/roleDefinitions"))
        .filter_map(|row| Some(row.key.rsplit('/').next()?.to_owned()))
        .collect();
    let mut made = Vec::new();
    for row in loaded.rows.values() {
        let named = row.body()["properties"]["roleDefinitionId"].as_str();
        let Some(guid) = named.and_then(|id| id.rsplit('/').next()).map(str::to_lowercase) else {
            continue;
        };
        if known.insert(guid.clone()) {
            made.push(builtin_roles::definition(&guid));
        }
    }
    made
}

/// The principals of role assignments, and members and owners, of which no line is.
fn missing_objects(loaded: &Loaded) -> Vec<Value> {
    let mut missing = BTreeMap::<String, &str>::new();
    for row in loaded.rows.values() {
        let properties = &row.body()["properties"];
        if let (Some(id), Some(kind)) = (
            properties["principalId"].as_str(),
            properties["principalType"].as_str(),
        ) {
            let kind = match kind {
                "User" => "user",
                "Group" => "group",
                _ => "servicePrincipal",
            };
            missing.entry(id.to_lowercase()).or_insert(kind);
        }
    }
    for object in loaded.objects.values() {
        for list in LISTS {
            for id in object.linked(list) {
                missing.entry(id.to_lowercase()).or_insert("user");
            }
        }
    }
    missing
        .into_iter()
        .filter(|(id, _)| !loaded.objects.contains_key(id))
        .map(|(id, kind)| object(&id, kind))
        .collect()
}

fn object(id: &str, kind: &str) -> Value {
    let short = id.get(..8).unwrap_or(id);
    let common = json!({
        "@odata.type": format!("{GRAPH_TYPE}{kind}"),
        "id": id,
        "displayName": format!("{kind} {short}"),
    });
    let more = match kind {
        "user" => json!({
            "userPrincipalName": format!("user-{short}@azure-sim.example"), "accountEnabled": true, "userType": "Member",
        }),
        "group" => {
            json!({"mailEnabled": false, "mailNickname": short, "securityEnabled": true, "groupTypes": [], "members": [], "owners": []})
        }
        _ => json!({
            "appId": uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, id.as_bytes()).to_string(),
            "servicePrincipalType": "Application", "accountEnabled": true,
        }),
    };
    let mut made = common;
    super::change::merge_patch(&mut made, &more);
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete_lines(lines: &[Value]) -> (Loaded, MadeUp) {
        let text: Vec<String> = lines.iter().map(Value::to_string).collect();
        let mut loaded = Loaded::read(&text.join("\n")).unwrap();
        let made_up = complete(&mut loaded, "11111111-1111-1111-1111-111111111111");
        (loaded, made_up)
    }

    #[test]
    fn every_ancestor_of_a_lonely_child_is_made_once() {
        let group = "/subscriptions/22222222-2222-2222-2222-222222222222/resourcegroups/g";
        let server = format!("{group}/providers/Microsoft.Sql/servers/s");
        let (loaded, made_up) = complete_lines(&[
            json!({"id": format!("{server}/databases/d"), "type": "Microsoft.Sql/servers/databases", "location": "East US"}),
            json!({"id": format!("{server}/providers/Microsoft.Authorization/locks/l"), "type": "Microsoft.Authorization/locks"}),
        ]);
        let server = &loaded.rows[&server.to_lowercase()];
        assert_eq!(
            (server.class, &server.body()["location"]),
            (Class::Tracked, &json!("eastus"))
        );
        assert!(
            made_up.ids["Microsoft.Resources/resourceGroups"]
                .iter()
                .next()
                .unwrap()
                .contains("/resourceGroups/")
        );
        assert_eq!(
            made_up.count(),
            4,
            "server, group, subscription, root: {made_up:?}"
        );
    }

    #[test]
    fn principals_and_roles_of_assignments_are_made() {
        let (loaded, made_up) = complete_lines(&[json!({
            "id": "/providers/Microsoft.Authorization/roleAssignments/a", "type": "Microsoft.Authorization/roleAssignments",
            "properties": {
                "principalId": "33333333-3333-3333-3333-333333333333", "principalType": "Group", "scope": "/",
                "roleDefinitionId": "/subscriptions/x/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7",
            },
        })]);
        assert_eq!(loaded.objects.values().next().unwrap().kind, "group");
        let role = &loaded.rows["/providers/microsoft.authorization/roledefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"];
        assert_eq!(role.body()["properties"]["roleName"], "Reader");
        assert_eq!(made_up.count(), 3);
    }
}
