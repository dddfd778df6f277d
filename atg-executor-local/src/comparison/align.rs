//! Which GUID of one tenant stands for which of another.
//!
//! A copy of a tenant has other GUIDs everywhere: its own, those of its subscriptions, of every object of Microsoft Entra
//! ID, of role assignments, and those that Azure gave out by itself. Things are matched by what people called them and by
//! where they are; what cannot be matched without doubt is not matched.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, hash_map::Entry},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use atg_sdk::{Result, azure::TenantId};

use super::{
    guid::{self, Exchange, Guid},
    rows::{NodeRow, Rows},
};
use crate::{
    graph::{
        NodeClass,
        content::{Content, last_segment, parse_object},
        record::Record,
    },
    json::Json,
};

/// What of a role assignment, or of another thing whose name is a GUID, tells it from its neighbours.
const SAYS: &[&str] = &["roleDefinitionId", "principalId", "roleName", "displayName"];

/// How often things that are named by GUIDs may stand below each other.
const ROUNDS: usize = 8;

/// What a tenant calls its things.
#[derive(Debug, Default)]
pub(super) struct Names {
    subscriptions: BTreeMap<Guid, Subscription>,
    /// Objects of Microsoft Entra ID by kind and name.
    objects: Vec<(String, Guid)>,
    /// What is named by a GUID: its type and where it is, what it says, and its GUID.
    nameless: Vec<(String, String, Guid)>,
    known: HashSet<Guid>,
}

#[derive(Debug, Default)]
struct Subscription {
    name: String,
    groups: BTreeSet<String>,
}

impl Names {
    /// Reads the nodes of an export.
    pub(super) fn read(rows: &mut dyn Rows, mut tick: impl FnMut() -> Result<()>) -> Result<Self> {
        let mut names = Self::default();
        while let Some(node) = rows.node()? {
            tick()?;
            names.take(&node)?;
        }
        Ok(names)
    }

    fn take(&mut self, node: &NodeRow) -> Result<()> {
        let id = id_of(&node.key);
        let mut parts = id.split('/');
        let (first, second) = (parts.nth(1), parts.next());
        if let (Some("subscriptions"), Some(Some(guid))) = (first, second.map(guid::parse)) {
            match (parts.next(), parts.next(), parts.next()) {
                (None, ..) => {
                    let content = content(&node.line)?;
                    self.subscriptions.entry(guid).or_default().name = content.name.to_lowercase();
                    self.known.insert(guid);
                    return Ok(());
                }
                (Some("resourcegroups"), Some(group), None) => {
                    let groups = &mut self.subscriptions.entry(guid).or_default().groups;
                    groups.insert(group.to_owned());
                    return Ok(());
                }
                _ => {}
            }
        }
        // The name is a GUID, or holds one: `pe-sql.nic.5f3e…`.
        let name = last_segment(id);
        let Some((at, own)) = guid::find(name).next() else {
            return Ok(());
        };
        let content = content(&node.line)?;
        match content.class {
            NodeClass::Entra if name.len() == guid::LENGTH => {
                let name = object_name(&content)?;
                self.objects.push((format!("{}|{name}", node.kind), own));
            }
            NodeClass::Resource => {
                let (place, after) = (&id[..id.len() - name.len()], &name[at + guid::LENGTH..]);
                let place = format!("{}|{place}{}#{after}", node.kind, &name[..at]);
                self.nameless.push((place, says(&content)?, own));
            }
            NodeClass::Entra
            | NodeClass::Hierarchy
            | NodeClass::Value
            | NodeClass::External
            | NodeClass::Scan => return Ok(()),
        }
        self.known.insert(own);
        Ok(())
    }
}

/// The pairs that names and places tell, and then those that Azure gave out: a GUID that is the same member of the same
/// thing on both sides.
///
/// `left` and `right` read the nodes of the sides once more.
pub(super) fn pairs(
    (left_tenant, left): (TenantId, &Names),
    (right_tenant, right): (TenantId, &Names),
    mut left_rows: impl FnMut() -> Result<Box<dyn Rows>>,
    mut right_rows: impl FnMut() -> Result<Box<dyn Rows>>,
    mut tick: impl FnMut() -> Result<()>,
) -> Result<Exchange> {
    let mut exchange = Exchange::default();
    exchange.add(left_tenant.as_uuid().as_u128(), right_tenant.as_uuid().as_u128());
    subscriptions(left, right, &mut exchange);
    objects(left, right, &mut exchange);
    nameless(left, right, &mut exchange);
    let mut members = Members::default();
    let mut rows = left_rows()?;
    while let Some(node) = rows.node()? {
        tick()?;
        let key = exchange.apply(id_of(&node.key));
        each_member(&node.line, |name, nth, guid| {
            if !exchange.knows(guid) && !left.known.contains(&guid) {
                members.left.insert(place(&key, name, nth), guid);
            }
        });
    }
    let mut rows = right_rows()?;
    while let Some(node) = rows.node()? {
        tick()?;
        let key = id_of(&node.key);
        each_member(&node.line, |name, nth, guid| {
            if !exchange.knows(guid) && !right.known.contains(&guid) {
                members.meet(place(key, name, nth), guid);
            }
        });
    }
    for (one, other) in members.sure() {
        exchange.add(one, other);
    }
    // Role assignments name identities that only the last step could match.
    nameless(left, right, &mut exchange);
    strangers(left, right, &mut exchange);
    Ok(exchange)
}

/// By name; what is left, by the resource groups that two have in common; what is left then, if it is one each.
fn subscriptions(left: &Names, right: &Names, exchange: &mut Exchange) {
    let by_name = |names: &Names| -> Vec<(String, Guid)> {
        let named = names.subscriptions.iter();
        named
            .filter(|(guid, _)| names.known.contains(guid))
            .map(|(guid, subscription)| (subscription.name.clone(), *guid))
            .collect()
    };
    unique(by_name(left), by_name(right), exchange);
    let rest = |names: &Names, exchange: &Exchange| -> Vec<Guid> {
        let guids = names.subscriptions.keys().copied();
        guids
            .filter(|guid| !exchange.knows(*guid) && names.known.contains(guid))
            // The same GUID on both sides is the same subscription.
            .filter(|guid| !(left.known.contains(guid) && right.known.contains(guid)))
            .collect()
    };
    let mut shared = Vec::new();
    for one in rest(left, exchange) {
        for other in rest(right, exchange) {
            let (ours, theirs) = (
                &left.subscriptions[&one].groups,
                &right.subscriptions[&other].groups,
            );
            shared.push((ours.intersection(theirs).count(), one, other));
        }
    }
    shared.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.cmp(b)));
    for (_, one, other) in shared.into_iter().filter(|(count, ..)| *count > 0) {
        exchange.add(one, other);
    }
    if let ([one], [other]) = (&rest(left, exchange)[..], &rest(right, exchange)[..]) {
        exchange.add(*one, *other);
    }
}

fn objects(left: &Names, right: &Names, exchange: &mut Exchange) {
    unique(left.objects.clone(), right.objects.clone(), exchange);
}

/// What has a GUID for a name, by where it is and what it says: from the outside to the inside.
fn nameless(left: &Names, right: &Names, exchange: &mut Exchange) {
    for _ in 0..ROUNDS {
        let before = exchange.len();
        let turned = left
            .nameless
            .iter()
            .map(|(place, says, guid)| (exchange.apply(&format!("{place}|{says}")), *guid))
            .collect();
        let theirs = right.nameless.iter();
        let theirs = theirs
            .map(|(place, says, guid)| (format!("{place}|{says}"), *guid))
            .collect();
        unique(turned, theirs, exchange);
        if exchange.len() == before {
            return;
        }
    }
}

/// What names GUIDs that are nothing in either tenant, a principal that was deleted for example: by everything else that
/// it says. What it names is paired with it.
fn strangers(left: &Names, right: &Names, exchange: &mut Exchange) {
    let named = |names: &Names| -> HashSet<Guid> {
        let says = names.nameless.iter().map(|(_, says, _)| says);
        says.flat_map(|says| guid::find(says).map(|(_, guid)| guid))
            .collect()
    };
    let (ours, mut theirs) = (named(left), named(right));
    let shared: HashSet<Guid> = ours.intersection(&theirs).copied().collect();
    theirs.retain(|guid| exchange.knows(*guid) || shared.contains(guid));
    let turned = |text: &str| exchange.apply_or_hide(text, &shared);
    let left = rest(left, exchange, &turned);
    let none = Exchange::default();
    let mut right = rest(right, exchange, &|text| none.apply_or_hide(text, &theirs));
    for (word, one) in left {
        let (Some((says, one)), Some(Some((their_says, other)))) = (one, right.remove(&word)) else {
            continue;
        };
        exchange.add(one, other);
        for ((_, one), (_, other)) in guid::find(says).zip(guid::find(their_says)) {
            if !shared.contains(&one) && !shared.contains(&other) {
                exchange.add(one, other);
            }
        }
    }
}

/// What has no partner yet, by its place and what it says; nothing for what two have in common.
fn rest<'n>(
    names: &'n Names,
    exchange: &Exchange,
    spelled: &dyn Fn(&str) -> String,
) -> BTreeMap<String, Option<(&'n str, Guid)>> {
    let mut index = BTreeMap::new();
    for (place, says, guid) in &names.nameless {
        if !exchange.knows(*guid) {
            index
                .entry(spelled(&format!("{place}|{says}")))
                .and_modify(|one| *one = None)
                .or_insert(Some((says.as_str(), *guid)));
        }
    }
    index
}

/// Pairs what one word alone stands for on both sides.
fn unique(left: Vec<(String, Guid)>, right: Vec<(String, Guid)>, exchange: &mut Exchange) {
    let index = |words: Vec<(String, Guid)>| {
        let mut index: BTreeMap<String, Option<Guid>> = BTreeMap::new();
        for (word, guid) in words {
            index
                .entry(word)
                .and_modify(|guid| *guid = None)
                .or_insert(Some(guid));
        }
        index
    };
    let (left, right) = (index(left), index(right));
    for (word, one) in left {
        if let (Some(one), Some(Some(other))) = (one, right.get(&word)) {
            exchange.add(one, *other);
        }
    }
}

/// GUIDs by the place at which they stand, on both sides.
#[derive(Default)]
struct Members {
    /// By a hash of the place: of a million of them two fall together once in ten million comparisons.
    left: HashMap<u64, Guid>,
    /// The partner of each, until a second one is seen.
    partners: HashMap<Guid, Option<Guid>>,
    /// The same the other way round.
    of: HashMap<Guid, Option<Guid>>,
}

impl Members {
    fn meet(&mut self, place: u64, other: Guid) {
        let Some(one) = self.left.get(&place).copied() else {
            return;
        };
        for (map, key, partner) in [(&mut self.partners, one, other), (&mut self.of, other, one)] {
            match map.entry(key) {
                Entry::Vacant(entry) => {
                    entry.insert(Some(partner));
                }
                Entry::Occupied(mut entry) => {
                    if *entry.get() != Some(partner) {
                        entry.insert(None);
                    }
                }
            }
        }
    }

    /// Those that met nobody else anywhere, in an order that is always the same.
    fn sure(self) -> BTreeMap<Guid, Guid> {
        let pairs = self.partners.iter();
        pairs
            .filter_map(|(one, other)| Some((*one, (*other)?)))
            .filter(|(one, other)| self.of.get(other) == Some(&Some(*one)))
            .collect()
    }
}

fn place(key: &str, member: &str, nth: usize) -> u64 {
    let mut hasher = DefaultHasher::new();
    (key, member, nth).hash(&mut hasher);
    hasher.finish()
}

/// The members of a line whose whole value is a GUID: the name, which of that name it is, and the GUID.
fn each_member<'l>(line: &'l str, mut member: impl FnMut(&'l str, usize, Guid)) {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for (at, guid) in guid::find(line) {
        let (before, after) = (&line[..at], &line[at + guid::LENGTH..]);
        // Lists of objects are JSON texts within the line, in which quotes are escaped.
        let before = if after.starts_with('"') {
            before.strip_suffix("\":\"")
        } else if after.starts_with("\\\"") {
            before.strip_suffix("\\\":\\\"")
        } else {
            None
        };
        let Some(name) = before.and_then(|before| before.rsplit('"').next()) else {
            continue;
        };
        let nth = seen.entry(name).or_default();
        *nth += 1;
        member(name, *nth, guid);
    }
}

/// What follows the tenant.
fn id_of(key: &str) -> &str {
    key.split_once('|').map_or(key, |(_, id)| id)
}

fn content(line: &str) -> Result<Content> {
    match Record::parse(line)? {
        Record::Node(node) => Ok(node.content),
        _ => Err(atg_sdk::Error::internal("read a node that is none")),
    }
}

/// A person's name before the domain, which is the tenant's; what everything else is called.
fn object_name(content: &Content) -> Result<String> {
    let members = parse_object(&content.members)?;
    let name = members.get("user_principal_name").and_then(Json::as_str);
    let name = name.and_then(|name| name.split('@').next());
    Ok(name.unwrap_or(&content.name).to_lowercase())
}

fn says(content: &Content) -> Result<String> {
    let scalars = match &content.scalars {
        Some(scalars) => parse_object(scalars)?,
        None => return Ok(String::new()),
    };
    let words = SAYS.iter().filter_map(|name| scalars.get(*name)?.as_str());
    Ok(words.map(str::to_lowercase).collect::<Vec<_>>().join("|"))
}
