//! What differs between two contents of a node, by path.

use std::collections::BTreeMap;

use super::{
    PropertyChange,
    content::{Content, parse_object},
};
use crate::json::Json;

/// All differences, ordered by path. Neither the order of members nor where a node was read is one.
pub(crate) fn contents(before: &Content, after: &Content) -> Vec<PropertyChange> {
    let mut changes = Vec::new();
    let text = |text: &str| Some(Json::from(text));
    let kind = |content: &Content| content.resource_type.as_deref().map(Json::from);
    values(
        "id",
        text(&before.id).as_ref(),
        text(&after.id).as_ref(),
        &mut changes,
    );
    values(
        "name",
        text(&before.name).as_ref(),
        text(&after.name).as_ref(),
        &mut changes,
    );
    values("type", kind(before).as_ref(), kind(after).as_ref(), &mut changes);
    values(
        "class",
        text(before.class.name()).as_ref(),
        text(after.class.name()).as_ref(),
        &mut changes,
    );
    values(
        "labels",
        nested(&before.labels).as_ref(),
        nested(&after.labels).as_ref(),
        &mut changes,
    );
    members(&before.members, &after.members, &mut changes);
    if before.properties != after.properties {
        let (old, new) = (before.properties.as_deref(), after.properties.as_deref());
        values(
            "properties",
            old.and_then(read).as_ref(),
            new.and_then(read).as_ref(),
            &mut changes,
        );
    }
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    changes
}

fn members(before: &str, after: &str, changes: &mut Vec<PropertyChange>) {
    if before == after {
        return;
    }
    let read = |text| -> BTreeMap<String, Json> {
        parse_object(text)
            .unwrap_or_default()
            .into_iter()
            .map(|(name, value)| {
                // Objects are kept as JSON texts: a difference within is worth more than two long texts.
                let value = value.as_str().and_then(nested).unwrap_or(value);
                (name, value)
            })
            .collect()
    };
    let (before, after) = (read(before), read(after));
    both("", &before, &after, changes);
}

/// A text as the value it stands for. What a text itself is stays one.
fn read(text: &str) -> Option<Json> {
    Some(Json::parse(text.as_bytes()).unwrap_or_else(|_| Json::from(text)))
}

fn nested(text: &str) -> Option<Json> {
    if !text.starts_with(['{', '[']) {
        return None;
    }
    Json::parse(text.as_bytes()).ok()
}

/// Compares with a stack of our own: JSON may be nested deeper than a thread's stack is.
pub(crate) fn values(
    path: &str,
    before: Option<&Json>,
    after: Option<&Json>,
    changes: &mut Vec<PropertyChange>,
) {
    let mut open = vec![(path.to_owned(), before, after)];
    while let Some((path, before, after)) = open.pop() {
        match (before, after) {
            (None, None) => {}
            (Some(Json::Object(old)), Some(Json::Object(new))) => {
                let old: BTreeMap<&str, &Json> =
                    old.iter().map(|(name, value)| (name.as_str(), value)).collect();
                let new: BTreeMap<&str, &Json> =
                    new.iter().map(|(name, value)| (name.as_str(), value)).collect();
                for (name, value) in &old {
                    open.push((member(&path, name), Some(value), new.get(name).copied()));
                }
                for (name, value) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
                    open.push((member(&path, name), None, Some(value)));
                }
            }
            (Some(Json::Array(old)), Some(Json::Array(new))) => {
                for index in 0..old.len().max(new.len()) {
                    open.push((format!("{path}[{index}]"), old.get(index), new.get(index)));
                }
            }
            (Some(old), Some(new)) if old == new => {}
            (old, new) => changes.push(PropertyChange {
                path,
                before: old.map(ToString::to_string),
                after: new.map(ToString::to_string),
            }),
        }
    }
}

fn both(
    path: &str,
    before: &BTreeMap<String, Json>,
    after: &BTreeMap<String, Json>,
    changes: &mut Vec<PropertyChange>,
) {
    for (name, value) in before {
        values(&member(path, name), Some(value), after.get(name), changes);
    }
    for (name, value) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
        values(&member(path, name), None, Some(value), changes);
    }
}

fn member(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}
