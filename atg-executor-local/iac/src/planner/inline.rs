//! Children that stand in their parent's body.
//!
//! Azure shows many children twice: as resources of their own and in their parent's body. Written twice they would fight
//! over who is right, so each is written once: in the parent's body, except for the few that other things must be able to
//! wait for (a subnet refers to a security group, whose rules may refer to another subnet's addresses; two networks peer
//! with each other), which are taken out of the body and written by themselves.

use std::collections::{HashMap, HashSet};

use atg_json::Json;

use super::{
    draft::{Draft, What},
    skip::Skip,
};
use crate::{plan::Reason, source::Standing};

/// Children that are taken out of the body: the parent's type, the member of `properties`, the child's last segment.
const APART: &[(&str, &str, &str)] = &[
    ("microsoft.network/virtualnetworks", "subnets", "subnets"),
    (
        "microsoft.network/virtualnetworks",
        "virtualNetworkPeerings",
        "virtualnetworkpeerings",
    ),
];

/// Whether a child is a part of its parent: described in the parent's body, or kept apart from it by us alone.
pub(crate) fn is_part(child: &Draft, parent: &Draft) -> bool {
    child.standing == Standing::Inline || is_apart(child, parent)
}

fn is_apart(child: &Draft, parent: &Draft) -> bool {
    let (What::Resource(child), What::Resource(parent)) = (&child.what, &parent.what) else {
        return false;
    };
    let (child, parent) = (child.to_key(), parent.to_key());
    let last = child.rsplit('/').next().unwrap_or_default();
    APART
        .iter()
        .any(|(type_key, _, segment)| *type_key == parent && *segment == last)
}

/// Decides for each child whether its parent's body or a resource of its own holds it, and takes what is written by itself
/// out of the bodies.
pub(crate) fn settle(drafts: &mut [Draft], parents: &[Option<u32>], is_in: impl Fn(u32) -> bool) {
    let mut by_parent: HashMap<u32, Vec<u32>> = HashMap::new();
    for (number, parent) in (0..).zip(parents) {
        if let Some(parent) = parent
            && matches!(drafts[number as usize].what, What::Resource(_))
            && matches!(drafts[*parent as usize].what, What::Resource(_))
            && drafts[number as usize].skip.is_none()
            && drafts[*parent as usize].skip.is_none()
            && is_in(number)
        {
            by_parent.entry(*parent).or_default().push(number);
        }
    }
    for (parent, children) in by_parent {
        let apart: Vec<u32> = children
            .iter()
            .copied()
            .filter(|child| is_apart(&drafts[*child as usize], &drafts[parent as usize]))
            .collect();
        let keys: Vec<Box<str>> = apart
            .iter()
            .map(|child| drafts[*child as usize].key.clone())
            .collect();
        take_out(&mut drafts[parent as usize], &keys);
        let held = parts(&drafts[parent as usize]);
        let parent_id = drafts[parent as usize].id.clone();
        for child in children {
            let child = &mut drafts[child as usize];
            if held.contains(&*child.key) {
                child.skip = Some(Skip::new(Reason::Inlined).because(parent_id.clone()));
                child.body = Vec::new();
            }
        }
    }
}

/// Removes the elements that are those children from the body.
fn take_out(parent: &mut Draft, children: &[Box<str>]) {
    if children.is_empty() {
        return;
    }
    let What::Resource(resource_type) = &parent.what else {
        return;
    };
    let type_key = resource_type.to_key();
    let Some((_, Json::Object(properties))) = parent.body.iter_mut().find(|(name, _)| name == "properties")
    else {
        return;
    };
    for (_, member, segment) in APART.iter().filter(|(of, ..)| *of == type_key) {
        let prefix = format!("{}/{segment}/", parent.key);
        for (name, value) in properties.iter_mut() {
            if name == member
                && let Json::Array(items) = value
            {
                items.retain(|item| {
                    let key = match (item.get("id"), item.get("name")) {
                        (Some(Json::String(id)), _) => id.to_lowercase(),
                        (_, Some(Json::String(name))) => format!("{prefix}{}", name.to_lowercase()),
                        _ => return true,
                    };
                    !children.iter().any(|child| **child == *key)
                });
            }
        }
        properties
            .retain(|(name, value)| name != member || value.as_array().is_none_or(|items| !items.is_empty()));
    }
}

/// What stands in a body as the parts of it that have IDs of their own, by those IDs in small letters: elements that say
/// theirs, and elements of lists that are called as a type of children is, by their names.
fn parts(draft: &Draft) -> HashSet<String> {
    let mut out = HashSet::new();
    for (name, value) in &draft.body {
        if name == "properties" {
            for (list, items) in value.as_object().unwrap_or_default() {
                for item in items.as_array().unwrap_or_default() {
                    if let Some(name) = item.get("name").and_then(Json::as_str) {
                        out.insert(format!(
                            "{}/{}/{}",
                            draft.key,
                            list.to_lowercase(),
                            name.to_lowercase()
                        ));
                    }
                }
            }
        }
        visit(value, &draft.key, &mut out);
    }
    out
}

fn visit(value: &Json, key: &str, out: &mut HashSet<String>) {
    match value {
        Json::Array(items) => items.iter().for_each(|item| visit(item, key, out)),
        Json::Object(members) => {
            // A part has a name or properties beside its ID; a lone ID is a reference.
            if members.len() > 1
                && let Some(id) = value.get("id").and_then(Json::as_str)
                && let id = id.to_lowercase()
                && id.strip_prefix(key).is_some_and(|rest| rest.starts_with('/'))
            {
                out.insert(id);
            }
            members.iter().for_each(|(_, value)| visit(value, key, out));
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

/// Removes the IDs of a body's own parts, which Azure makes from the names beside them. After [`settle`], which tells parts
/// by them.
pub(crate) fn drop_own_ids(draft: &mut Draft) {
    let key = draft.key.clone();
    for (_, value) in &mut draft.body {
        strip(value, &key);
    }
}

fn strip(value: &mut Json, key: &str) {
    match value {
        Json::Array(items) => items.iter_mut().for_each(|item| strip(item, key)),
        Json::Object(members) => {
            if members
                .iter()
                .any(|(name, value)| name == "name" && value.as_str().is_some())
            {
                members.retain(|(name, value)| {
                    let is_own = name == "id"
                        && value.as_str().is_some_and(|id| {
                            id.to_lowercase()
                                .strip_prefix(key)
                                .is_some_and(|rest| rest.starts_with('/'))
                        });
                    !is_own
                });
            }
            members.iter_mut().for_each(|(_, value)| strip(value, key));
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}
