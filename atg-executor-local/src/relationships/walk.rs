//! Goes through a body once and finds every ID in it.

use std::collections::HashSet;

use atg_sdk::azure::ResourceId;

use super::{
    Child, Found, address, aliases, children,
    reference::{below, is_guid, is_one_pair, is_resource_id, one_spelling},
    rules::{self, Rule, Way},
};
use crate::{
    describe::pattern::{Rules, Step, path_text},
    graph::{Reference, Said, Target},
    json::Json,
};

pub(super) fn resource<'a>(id: &ResourceId, resource_type: &str, members: &'a [(String, Json)]) -> Found<'a> {
    let mut walk = Walk {
        steps: Vec::with_capacity(16),
        owners: vec![Owner::new(id.as_str(), resource_type, members, 0)],
    };
    walk.own_members(members);
    walk.owners.pop().map(Owner::end).unwrap_or_default()
}

pub(super) fn directory_object(kind: &str, members: &[(String, Json)]) -> Vec<Reference> {
    let mut walk = Walk {
        steps: Vec::with_capacity(16),
        owners: vec![Owner::new("", kind, members, 0)],
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
    /// Whether any rule expects an address somewhere: most types have none, and then most texts need no look.
    expects_addresses: bool,
    depth: usize,
    found: Found<'a>,
}

impl<'a> Owner<'a> {
    fn new(id: &str, resource_type: &str, members: &[(String, Json)], depth: usize) -> Self {
        let rules = rules::of(resource_type);
        let name = id.rsplit('/').next().unwrap_or_default();
        Self {
            id: id.to_owned(),
            rules,
            expects_addresses: rules.iter().any(|rule| rule.address),
            depth,
            found: Found {
                aliases: aliases::of(name, resource_type, members),
                ..Found::default()
            },
        }
    }

    /// Whether the address is its own, or that of something that it lies in: a secret's URL names its vault.
    fn answers_at(&self, alias: &String) -> bool {
        if self.found.aliases.contains(alias) {
            return true;
        }
        let id = self.id.parse::<ResourceId>().ok();
        let above = std::iter::successors(id, crate::describe::parent);
        above.skip(1).any(|id| {
            id.resource_type()
                .is_some_and(|told| aliases::of(id.name(), told.as_str(), &[]).contains(alias))
        })
    }

    /// Adds the edges that a rule means by naming something.
    fn name_by(&mut self, rule: &Rule, far: Target, path: &str) {
        let near = if rule.from_parent {
            parent_of(&self.id).map(Target::Id)
        } else {
            Some(Target::Itself)
        };
        let Some(near) = near.filter(|near| *near != far) else {
            return;
        };
        let (from, to, said) = match rule.way {
            Way::To => (near, far, Said::Here),
            Way::From => (far, near, Said::Here),
            Way::ToAlso => (near, far, Said::AtFarEnd),
            Way::FromAlso => (far, near, Said::AtFarEnd),
        };
        for relationship in rule.relationships {
            self.found.references.push(Reference {
                from: from.clone(),
                to: to.clone(),
                relationship: (*relationship).into(),
                path: path.to_owned(),
                said,
                properties: Vec::new(),
            });
        }
    }

    /// One edge a relationship and pair of ends, where it was said first. `REFERENCES` is told apart by its path as well.
    fn end(mut self) -> Found<'a> {
        if self.found.references.len() > 1 {
            let mut seen = HashSet::with_capacity(self.found.references.len());
            self.found.references.retain(|reference| {
                let end = |target: &Target| match target {
                    Target::Itself => String::new(),
                    Target::Id(id) | Target::Alias(id) => id.to_lowercase(),
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

/// A part of a resource within its body.
enum Part<'a> {
    /// A node of its own.
    Child(Owner<'a>),
    /// Not a node.
    Other,
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
                        self.apply_rules(text, true);
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
                let part = self.part(members);
                if let Some(Part::Child(child)) = part {
                    self.owners.push(child);
                    self.own_members(members);
                    self.end_child(members);
                    return;
                }
                for (name, member) in members {
                    // The ID of a part names nothing but the part.
                    if name == "id" && matches!(part, Some(Part::Other)) {
                        continue;
                    }
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

    /// An object that is a part of the innermost owner, told by its ID and by having properties of its own.
    fn part(&self, members: &[(String, Json)]) -> Option<Part<'a>> {
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
        let resource_type = id.parse::<ResourceId>().ok()?.resource_type()?;
        if is_one_pair(below) && children::is_node(resource_type.as_str()) {
            Some(Part::Child(Owner::new(
                id,
                resource_type.as_str(),
                members,
                self.steps.len(),
            )))
        } else {
            Some(Part::Other)
        }
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
        let text = without_endpoint(text);
        let is_id = is_resource_id(text);
        let names_something = is_id || is_guid(text) || text == "/";
        let host = if names_something {
            None
        } else {
            address::known(text)
        };
        let is_expected = self.owners.iter().any(|owner| owner.expects_addresses);
        if !names_something && host.is_none() && !is_expected {
            return;
        }
        let claimed = self.apply_rules(text, names_something);
        if claimed {
            return;
        }
        if is_id {
            self.refer(text);
        } else if let Some(host) = host {
            self.refer_to_address(host);
        }
    }

    /// Adds the edges that rules see in a text; whether any did. `is_name`: it is an ID of some kind.
    fn apply_rules(&mut self, text: &str, is_name: bool) -> bool {
        let mut claimed = false;
        // A resource that says where it answers itself names nothing else by that.
        let own: HashSet<String> = if self.owners.iter().any(|owner| owner.expects_addresses) {
            self.owners
                .iter()
                .flat_map(|owner| owner.found.aliases.iter().cloned())
                .collect()
        } else {
            HashSet::new()
        };
        for owner in &mut self.owners {
            let path = &self.steps[owner.depth..];
            for rule in owner.rules.iter() {
                if !(is_name || rule.address) || !rule.path.matches(path) {
                    continue;
                }
                if rule.address {
                    let Some(alias) = address::of(text) else { continue };
                    claimed = true;
                    if !own.contains(&alias) {
                        owner.name_by(rule, Target::Alias(alias), &path_text(path));
                    }
                    continue;
                }
                claimed = true;
                let id = if rule.of_parent {
                    parent_of(text)
                } else {
                    Some(one_spelling(text).into_owned())
                };
                // Nothing relates to itself: a database names the server that it fails over to, and that may be its own.
                if let Some(id) = id.filter(|id| !same(id, &owner.id)) {
                    owner.name_by(rule, Target::Id(id), &path_text(path));
                }
            }
        }
        claimed
    }

    /// Adds the edge of an address that no rule claims.
    fn refer_to_address(&mut self, alias: String) {
        let is_own = self.owners.iter().any(|owner| owner.answers_at(&alias));
        let Some(owner) = self.owners.last_mut().filter(|_| !is_own) else {
            return;
        };
        owner.found.references.push(Reference {
            from: Target::Itself,
            to: Target::Alias(alias),
            relationship: "REFERENCES".into(),
            path: path_text(&self.steps[owner.depth..]),
            said: Said::Here,
            properties: Vec::new(),
        });
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
        // A list of a resource's own children is what contains them; each says so itself where it is a row.
        let is_child = below.is_some_and(is_one_pair);
        owner.found.references.push(Reference {
            from: Target::Itself,
            to: Target::Id(one_spelling(id).into_owned()),
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

/// An ID that is written as a URL of Azure Resource Manager, as backends and loggers of API Management have it.
fn without_endpoint(text: &str) -> &str {
    let id = text
        .strip_prefix("https://management.")
        .and_then(|rest| rest.find('/').map(|at| &rest[at..]));
    id.filter(|id| is_resource_id(id)).unwrap_or(text)
}

fn parent_of(id: &str) -> Option<String> {
    let id: ResourceId = id.parse().ok()?;
    // Only what is a child or an extension says something about its parent; a group's subscription is no such thing.
    id.resource_type()?;
    crate::describe::parent(&id).map(String::from)
}

fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.trim_end_matches('/'), b.trim_end_matches('/'));
    a.eq_ignore_ascii_case(b) || (a.len() == b.len() && !a.is_ascii() && a.to_lowercase() == b.to_lowercase())
}
