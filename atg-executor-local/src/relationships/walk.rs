//! Goes through a body once and finds every ID in it.

use std::collections::HashSet;

use atg_sdk::azure::ResourceId;

use super::{
    Child, Found,
    reference::{below, is_guid, is_one_pair, is_resource_id},
    rules::{self, Rule, Way},
};
use crate::{
    describe::pattern::{Rules, Step, path_text},
    graph::{Reference, Said, Target},
    json::Json,
};

/// Children that are the same in every parent and that nothing refers to: no nodes of their own.
const NOT_CHILDREN: &[&str] = &["defaultSecurityRules"];

pub(super) fn resource<'a>(id: &ResourceId, resource_type: &str, members: &'a [(String, Json)]) -> Found<'a> {
    let mut walk = Walk {
        steps: Vec::with_capacity(16),
        owners: vec![Owner::new(id.as_str(), resource_type, 0)],
    };
    walk.own_members(members);
    walk.owners.pop().map(Owner::end).unwrap_or_default()
}

pub(super) fn directory_object(kind: &str, members: &[(String, Json)]) -> Vec<Reference> {
    let mut walk = Walk {
        steps: Vec::with_capacity(16),
        owners: vec![Owner::new("", kind, 0)],
    };
    for (name, value) in members {
        walk.member(name, value);
    }
    walk.owners
        .pop()
        .map(|owner| owner.end().references)
        .unwrap_or_default()
}

/// A resource that is being read: the row, or a child within its body.
struct Owner<'a> {
    id: String,
    rules: Rules<Rule>,
    depth: usize,
    found: Found<'a>,
}

impl<'a> Owner<'a> {
    fn new(id: &str, resource_type: &str, depth: usize) -> Self {
        Self {
            id: id.to_owned(),
            rules: rules::of(resource_type),
            depth,
            found: Found::default(),
        }
    }

    /// One edge a relationship and pair of ends, where it was said first. `REFERENCES` is told apart by its path as well.
    fn end(mut self) -> Found<'a> {
        if self.found.references.len() > 1 {
            let mut seen = HashSet::with_capacity(self.found.references.len());
            self.found.references.retain(|reference| {
                let end = |target: &Target| match target {
                    Target::Itself => String::new(),
                    Target::Id(id) => id.to_lowercase(),
                };
                reference.relationship == "REFERENCES"
                    || seen.insert((
                        reference.relationship.clone(),
                        end(&reference.from),
                        end(&reference.to),
                    ))
            });
        }
        self.found
    }
}

struct Walk<'a> {
    steps: Vec<Step<'a>>,
    /// The row first, then the children in whose bodies the walk is.
    owners: Vec<Owner<'a>>,
}

impl<'a> Walk<'a> {
    /// The members of a resource. Its own ID is told to the rules only (a lock's says what it locks).
    fn own_members(&mut self, members: &'a [(String, Json)]) {
        for (name, value) in members {
            match name.as_str() {
                "id" => {
                    self.steps.push(Step::Name(name));
                    if let Some(text) = value.as_str() {
                        self.apply_rules(text);
                    }
                    self.steps.pop();
                }
                "name" | "type" | "tags" => {}
                _ => self.member(name, value),
            }
        }
    }

    fn member(&mut self, name: &'a str, value: &'a Json) {
        self.steps.push(Step::Name(name));
        self.value(value);
        self.steps.pop();
    }

    fn value(&mut self, value: &'a Json) {
        match value {
            Json::Object(members) => {
                if let Some(child) = self.child(members) {
                    self.owners.push(child);
                    self.own_members(members);
                    self.end_child(members);
                    return;
                }
                for (name, member) in members {
                    if name.starts_with('/') {
                        self.steps.push(Step::NameItself);
                        self.text(name);
                        self.steps.pop();
                    }
                    self.member(name, member);
                }
            }
            Json::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.steps.push(Step::Index(index));
                    self.value(item);
                    self.steps.pop();
                }
            }
            Json::String(text) => self.text(text),
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }

    /// An object that is a child resource of the innermost owner, told by its ID and by having properties of its own.
    fn child(&self, members: &[(String, Json)]) -> Option<Owner<'a>> {
        let owner = self.owners.last()?;
        if owner.id.is_empty() {
            return None;
        }
        let get = |wanted: &str| {
            members
                .iter()
                .find_map(|(name, value)| (name == wanted).then_some(value))
        };
        get("properties")?.as_object()?;
        let id = get("id")?.as_str()?;
        let below = below(id, &owner.id)?;
        let collection = below.split('/').next().unwrap_or_default();
        if !is_one_pair(below)
            || NOT_CHILDREN
                .iter()
                .any(|not| not.eq_ignore_ascii_case(collection))
        {
            return None;
        }
        let id: ResourceId = id.parse().ok()?;
        let resource_type = id.resource_type()?;
        Some(Owner::new(id.as_str(), resource_type.as_str(), self.steps.len()))
    }

    fn end_child(&mut self, members: &'a [(String, Json)]) {
        let Some(child) = self.owners.pop() else { return };
        let id = child.id.parse::<ResourceId>();
        if let (Ok(id), Some(owner)) = (id, self.owners.last_mut()) {
            owner.found.children.push(Child {
                id,
                members,
                found: child.end(),
            });
        }
    }

    fn text(&mut self, text: &'a str) {
        let is_id = is_resource_id(text);
        if !is_id && !is_guid(text) && text != "/" {
            return;
        }
        if !self.apply_rules(text) && is_id {
            self.refer(text);
        }
    }

    /// Adds the edges that rules see in a text; whether any did.
    fn apply_rules(&mut self, text: &str) -> bool {
        let mut claimed = false;
        for owner in &mut self.owners {
            let path = &self.steps[owner.depth..];
            for rule in owner.rules.iter() {
                if !rule.path.matches(path) {
                    continue;
                }
                claimed = true;
                let id = if rule.of_parent {
                    parent_of(text)
                } else {
                    Some(text.to_owned())
                };
                // Nothing relates to itself: a database names the server that it fails over to, and that may be its own.
                let Some(id) = id.filter(|id| !same(id, &owner.id)) else {
                    continue;
                };
                let (from, to, said) = match rule.way {
                    Way::To => (Target::Itself, Target::Id(id), Said::Here),
                    Way::From => (Target::Id(id), Target::Itself, Said::Here),
                    Way::ToAlso => (Target::Itself, Target::Id(id), Said::AtFarEnd),
                    Way::FromAlso => (Target::Id(id), Target::Itself, Said::AtFarEnd),
                };
                owner.found.references.push(Reference {
                    from,
                    to,
                    relationship: rule.relationship.into(),
                    path: path_text(path),
                    said,
                    properties: Vec::new(),
                });
            }
        }
        claimed
    }

    /// Adds the edge of an ID that no rule claims.
    fn refer(&mut self, id: &str) {
        let Some(owner) = self.owners.last_mut() else {
            return;
        };
        if same(id, &owner.id) {
            return;
        }
        let below = if owner.id.is_empty() {
            None
        } else {
            below(id, &owner.id)
        };
        if below.is_some_and(|below| {
            let collection = below.split('/').next().unwrap_or_default();
            NOT_CHILDREN
                .iter()
                .any(|not| not.eq_ignore_ascii_case(collection))
        }) {
            return;
        }
        // A list of a resource's own children is what contains them; each says so itself where it is a row.
        let is_child = below.is_some_and(is_one_pair);
        owner.found.references.push(Reference {
            from: Target::Itself,
            to: Target::Id(id.to_owned()),
            relationship: if is_child {
                "CONTAINS".into()
            } else {
                "REFERENCES".into()
            },
            path: path_text(&self.steps[owner.depth..]),
            said: if is_child { Said::AtFarEnd } else { Said::Here },
            properties: Vec::new(),
        });
    }
}

fn parent_of(id: &str) -> Option<String> {
    let id: ResourceId = id.parse().ok()?;
    // Only what is a child or an extension says something about its parent; a group's subscription is no such thing.
    id.resource_type()?;
    id.parent().map(String::from)
}

fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.trim_end_matches('/'), b.trim_end_matches('/'));
    a.eq_ignore_ascii_case(b) || (a.len() == b.len() && !a.is_ascii() && a.to_lowercase() == b.to_lowercase())
}
