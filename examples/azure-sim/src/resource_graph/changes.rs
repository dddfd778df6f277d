//! `resourcechanges`: what happened to resources in the last two weeks.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::tenant::{ChangeKind, Changed, Class, Row, Tenant};

/// How long changes are kept.
const KEPT: SignedDuration = SignedDuration::from_hours(14 * 24);

/// The changes of rows of these classes, each as a row of its own. `until`: what happened later is not known here yet.
pub(super) fn rows(
    tenant: &Tenant,
    classes: &[Class],
    now: Timestamp,
    until: Option<Timestamp>,
) -> Vec<Arc<Row>> {
    tenant
        .history()
        .rows
        .iter()
        .filter(|change| now.duration_since(change.at) <= KEPT)
        .filter(|change| until.is_none_or(|until| change.at <= until))
        .filter_map(|change| {
            let subject = change.subject()?;
            let is_one = classes.contains(&subject.class);
            is_one
                .then(|| Row::from_body(body(change, subject)))
                .flatten()
                .map(Arc::new)
        })
        .collect()
}

fn body(change: &Changed<Row>, subject: &Row) -> Value {
    // The same change has the same name whenever it is asked for.
    let name = Uuid::new_v5(
        &Uuid::NAMESPACE_OID,
        format!("{}#{}", subject.key, change.number).as_bytes(),
    );
    let (kind, operation) = match change.kind() {
        ChangeKind::Create => ("Create", "write"),
        ChangeKind::Update => ("Update", "write"),
        ChangeKind::Delete => ("Delete", "delete"),
    };
    let changes = differences(change);
    let target = subject.id.as_str();
    json!({
        "id": format!("{target}/providers/Microsoft.Resources/changes/{name}"),
        "name": name.to_string(),
        "type": "microsoft.resources/changes",
        "properties": {
            "targetResourceId": target,
            "targetResourceType": subject.kind.to_lowercase(),
            "changeType": kind,
            "changeAttributes": {
                "timestamp": change.at.strftime("%Y-%m-%dT%H:%M:%S%.7fZ").to_string(),
                "changesCount": changes.len(),
                "correlationId": name.to_string(),
                "changedBy": "azure-sim",
                "changedByType": "Application",
                "clientType": "Unspecified",
                "operation": format!("{}/{operation}", subject.kind),
                "previousResourceSnapshotId": change.before.as_ref().map(|_| format!("{}_previous", change.number)),
                "newResourceSnapshotId": change.after.as_ref().map(|_| format!("{}_new", change.number)),
            },
            "changes": changes,
        },
    })
}

/// The properties that differ, by their paths.
fn differences(change: &Changed<Row>) -> Map<String, Value> {
    let (Some(before), Some(after)) = (&change.before, &change.after) else {
        return Map::new();
    };
    let (mut old, mut new) = (BTreeMap::new(), BTreeMap::new());
    flatten("", before.body(), &mut old);
    flatten("", after.body(), &mut new);
    let paths: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    paths
        .into_iter()
        .filter(|path| old.get(*path) != new.get(*path))
        .map(|path| {
            let kind = match (old.get(path), new.get(path)) {
                (None, _) => "Insert",
                (_, None) => "Remove",
                _ => "Update",
            };
            let difference = json!({
                "propertyChangeType": kind,
                "previousValue": old.get(path),
                "newValue": new.get(path),
                "changeCategory": "User",
                "isTruncated": "false",
            });
            (path.clone(), difference)
        })
        .collect()
}

fn flatten(path: &str, value: &Value, found: &mut BTreeMap<String, Value>) {
    let joined = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                flatten(&joined(name), value, found);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (at, value) in items.iter().enumerate() {
                flatten(&format!("{path}[{at}]"), value, found);
            }
        }
        other => {
            found.insert(path.to_owned(), other.clone());
        }
    }
}
