//! Children: each row of the table is found where it says, and asked for only where it says so.

use std::collections::{BTreeMap, BTreeSet};

use atg_azure_sim::{Config, Simulator, Source};
use atg_live::{
    children::{CHILDREN, Child, CosmosApi, Only, Place},
    unit::UnitState,
};
use serde_json::{Map, Value, json};

use crate::support::{ground, plan, run, transport};

const GROUP: &str = "/subscriptions/aaaaaaaa-0000-4000-8000-000000000001/resourceGroups/g";

/// The ID of a resource of that type whose every segment has the same name.
fn id_of(resource_type: &str) -> String {
    let mut segments = resource_type.split('/');
    let mut id = format!("{GROUP}/providers/{}", segments.next().unwrap());
    for segment in segments {
        id.push_str(&format!("/{segment}/x"));
    }
    id
}

/// Sets a value at a dotted path.
fn put(object: &mut Value, path: &str, value: Value) {
    let (head, rest) = path
        .split_once('.')
        .map_or((path, None), |(head, rest)| (head, Some(rest)));
    if !object.is_object() {
        *object = Value::Object(Map::new());
    }
    match rest {
        Some(rest) => put(&mut object[head], rest, value),
        None => object[head] = value,
    }
}

/// A tenant with a child of each row, and their IDs. Parents are as the rows want them; of what excludes another, such as
/// what an account of Cosmos DB speaks, a resource each would be needed, so these are given by `only`.
fn tenant(
    only: impl Fn(&Child) -> bool,
    parent_of_kind: &[(&str, Value)],
) -> (String, BTreeMap<String, &'static Child>) {
    let mut rows = BTreeMap::<String, Value>::new();
    let mut wanted = BTreeMap::new();
    let known: BTreeSet<String> = CHILDREN
        .iter()
        .map(|own| own.resource_type().to_lowercase())
        .collect();
    for child in CHILDREN.iter().filter(|child| only(child)) {
        let resource_type = child.resource_type();
        let mut id = id_of(&resource_type);
        if let Place::Name(name) = child.place {
            id.replace_range(id.rfind('/').unwrap() + 1.., name);
        }
        let mut body = json!({"id": id, "name": id.rsplit('/').next(), "type": resource_type, "properties": {"is": "a child"}});
        if child.place == Place::Graph("resources") {
            body["location"] = json!("westeurope");
        }
        if let Place::Inline(path) = child.place {
            let parent_id = id_of(child.parent);
            let parent = rows.entry(parent_id.to_lowercase()).or_insert_with(
                || json!({"id": parent_id, "name": "x", "type": child.parent, "location": "westeurope", "properties": {}}),
            );
            put(parent, path, json!([body]));
        } else {
            rows.entry(id.to_lowercase()).or_insert(body);
        }
        wanted.insert(id.to_lowercase(), child);
        if !known.contains(&child.parent.to_lowercase()) {
            let parent_id = id_of(child.parent);
            rows.entry(parent_id.to_lowercase()).or_insert_with(
                || json!({"id": parent_id, "name": "x", "type": child.parent, "location": "westeurope", "properties": {}}),
            );
        }
    }
    for (resource_type, patch) in parent_of_kind {
        if let Some(row) = rows.get_mut(&id_of(resource_type).to_lowercase()) {
            for (path, value) in patch.as_object().unwrap() {
                put(row, path, value.clone());
            }
        }
    }
    let lines: Vec<String> = rows.values().map(Value::to_string).collect();
    (lines.join("\n"), wanted)
}

async fn check(lines: String, wanted: &BTreeMap<String, &'static Child>) {
    let simulator = Simulator::start(Config::new(Source::Lines(lines))).await.unwrap();
    let transport = transport(&simulator).await;
    let ground = ground(&simulator, &transport).await;
    let gathered = run(plan(ground), &transport, usize::MAX).await;
    let short: Vec<_> = gathered
        .units
        .iter()
        .filter(|unit| unit.state != UnitState::Complete)
        .collect();
    assert!(short.is_empty(), "{short:#?}");
    let mut found = BTreeMap::<String, BTreeSet<String>>::new();
    for page in &gathered.pages {
        for text in page.texts() {
            let object: Value = serde_json::from_str(text).unwrap();
            let id = object["id"].as_str().unwrap().to_lowercase();
            found.entry(id).or_default().insert(page.collector.to_string());
        }
    }
    let asked: BTreeSet<String> = simulator
        .requests()
        .last
        .iter()
        .filter(|entry| entry.service == "arm")
        .map(|entry| entry.target.split('?').next().unwrap().to_lowercase())
        .collect();
    for (id, child) in wanted {
        let parent = id_of(child.parent).to_lowercase();
        let list = format!("{parent}/{}", child.segment.to_lowercase());
        match (child.place, child.path()) {
            (Place::Inline(_), _) => {
                // In its parent's body, which its describer takes apart.
                assert!(found.contains_key(&parent), "{child:?}");
                assert!(!asked.contains(&list), "{child:?} was asked for");
            }
            (Place::Graph(table), _) => {
                let own = if table == "resources" {
                    table.to_owned()
                } else {
                    format!("graph/{table}")
                };
                assert!(
                    found.get(id).is_some_and(|by| by.contains(&own)),
                    "{child:?}: {:?}",
                    found.get(id)
                );
                assert!(!asked.contains(&list), "{child:?} was asked for");
            }
            (_, Some(path)) => {
                let path = format!("{parent}/{}", path.to_lowercase());
                assert!(asked.contains(&path), "{child:?}: {path} was not asked for");
                let by = found.get(id);
                assert!(
                    by.is_some_and(|by| by.iter().any(|own| own.starts_with("children/"))),
                    "{child:?}: {by:?}"
                );
            }
            (_, None) => unreachable!("what is neither inline nor in a table has a path"),
        }
    }
}

/// Whether a row is of an account of Cosmos DB that speaks something.
fn cosmos(child: &Child) -> bool {
    child
        .resource_type()
        .starts_with("Microsoft.DocumentDB/databaseAccounts/")
}

#[tokio::test]
async fn every_kind_of_child_is_found_where_the_table_says() {
    let (lines, wanted) = tenant(
        |child| !cosmos(child),
        &[(
            "Microsoft.Storage/storageAccounts",
            json!({"properties.isLocalUserEnabled": true}),
        )],
    );
    assert!(wanted.len() > 300, "{}", wanted.len());
    check(lines, &wanted).await;
}

#[tokio::test]
async fn of_cosmos_accounts_only_what_they_speak_is_asked_for() {
    for (api, capability, kind) in [
        (CosmosApi::Sql, "EnableServerless", "GlobalDocumentDB"),
        (CosmosApi::Mongo, "EnableMongo", "MongoDB"),
        (CosmosApi::Cassandra, "EnableCassandra", "GlobalDocumentDB"),
        (CosmosApi::Gremlin, "EnableGremlin", "GlobalDocumentDB"),
        (CosmosApi::Table, "EnableTable", "GlobalDocumentDB"),
    ] {
        let below = |child: &Child| match child.parent.rsplit('/').next() {
            Some("sqlDatabases") => api == CosmosApi::Sql,
            Some("mongodbDatabases") => api == CosmosApi::Mongo,
            Some("cassandraKeyspaces") => api == CosmosApi::Cassandra,
            Some("gremlinDatabases") => api == CosmosApi::Gremlin,
            _ => false,
        };
        let (lines, wanted) = tenant(
            |child| cosmos(child) && (child.only == Only::Cosmos(api) || below(child)),
            &[(
                "Microsoft.DocumentDB/databaseAccounts",
                json!({"kind": kind, "properties.capabilities": [{"name": capability}]}),
            )],
        );
        assert!(!wanted.is_empty(), "{api:?}");
        check(lines, &wanted).await;
    }
}
