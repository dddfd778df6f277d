//! A tenant made from a seed while it is read: of a million rows only a small index and the last few groups are held.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use atg_synthetic::{Options, Part, Parts};
use uuid::Uuid;

use super::{
    base::{Base, Objects, Rows, Want, is_within, range},
    made_up::{self, MadeUp},
    row::{Class, GRAPH_TYPE, Object, Row},
};

/// How many groups are held after they were made: about a megabyte each once their bodies have been read.
const KEPT: usize = 256;

/// A tenant of a seed.
#[derive(Debug)]
pub(crate) struct Generated {
    options: Options,
    /// Role definitions and subscriptions: what lies in no group.
    above: BTreeMap<String, Arc<Row>>,
    /// The groups by their keys.
    groups: Vec<(String, Part)>,
    /// The parts by their numbers, for what the directory holds.
    parts: Vec<Part>,
    /// Which part an object of the directory lies in.
    objects: HashMap<Uuid, u32>,
    kept: Mutex<Kept>,
    /// What no row of the seed is.
    pub(super) made_up: MadeUp,
}

#[derive(Debug, Default)]
struct Kept {
    groups: HashMap<u64, Arc<Group>>,
    order: VecDeque<u64>,
}

/// One part, made.
#[derive(Debug)]
struct Group {
    /// In the order of their keys.
    rows: Vec<Arc<Row>>,
    objects: Vec<Arc<Object>>,
    /// Type and ID of each row that was made up.
    made_up: Vec<(String, String)>,
}

impl Group {
    /// Reads a part, and makes up what its rows lie in and no row is.
    fn read(text: &str) -> Self {
        let (mut rows, mut objects) = (BTreeMap::new(), Vec::new());
        for line in text.lines() {
            match head(line) {
                Some(Head::Object { id, kind }) => objects.push(Arc::new(Object::from_parts(id, kind, line))),
                Some(Head::Row { id, kind, located }) if in_a_group(id) => {
                    let row = Row::from_parts(id.to_owned(), kind.to_owned(), located, line);
                    rows.insert(row.key.clone(), Arc::new(row));
                }
                _ => {}
            }
        }
        let mut made_up = Vec::new();
        for row in made_up::missing_parents(&rows, in_a_group)
            .into_iter()
            .filter_map(Row::from_body)
        {
            made_up.push((row.kind.clone(), row.id.clone()));
            rows.insert(row.key.clone(), Arc::new(row));
        }
        Self {
            rows: rows.into_values().collect(),
            objects,
            made_up,
        }
    }
}

impl Generated {
    /// Makes the index: every group is written once and forgotten.
    pub(crate) fn new(options: Options) -> Self {
        let mut this = Self {
            options,
            above: BTreeMap::new(),
            groups: Vec::new(),
            parts: Vec::new(),
            objects: HashMap::new(),
            kept: Mutex::default(),
            made_up: MadeUp::default(),
        };
        for part in Parts::new(options) {
            let text = atg_synthetic::part(&options, part);
            let number = u32::try_from(this.parts.len()).unwrap_or(u32::MAX);
            for line in text.lines() {
                match head(line) {
                    Some(Head::Object { id, .. }) => {
                        if let Ok(id) = Uuid::try_parse(id) {
                            this.objects.insert(id, number);
                        }
                    }
                    Some(Head::Row { id, kind, located }) => {
                        if kind == "Microsoft.Resources/resourceGroups" {
                            this.groups.push((id.to_lowercase(), part));
                        } else if !in_a_group(id) {
                            let row = Row::from_parts(id.to_owned(), kind.to_owned(), located, line);
                            this.above.insert(row.key.clone(), Arc::new(row));
                        }
                    }
                    None => {}
                }
            }
            for (kind, id) in Group::read(&text).made_up {
                this.made_up.note(&kind, &id);
            }
            this.parts.push(part);
        }
        this.groups.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        this
    }

    /// Adds or replaces a row that lies in no group.
    pub(super) fn put_above(&mut self, row: Row) {
        self.above.insert(row.key.clone(), Arc::new(row));
    }

    /// The subscriptions.
    pub(super) fn subscriptions(&self) -> Vec<Arc<Row>> {
        let is_one = |row: &&Arc<Row>| row.class == Class::Subscription;
        self.above.values().filter(is_one).cloned().collect()
    }

    fn group(&self, part: Part) -> Arc<Group> {
        let held = |kept: &Kept| kept.groups.get(&part.index).cloned();
        if let Some(group) = held(&self.kept.lock().unwrap_or_else(PoisonError::into_inner)) {
            return group;
        }
        // Made without the lock: two that need the same group at once make it twice, and nobody waits.
        let group = Arc::new(Group::read(&atg_synthetic::part(&self.options, part)));
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.groups.insert(part.index, Arc::clone(&group)).is_none() {
            kept.order.push_back(part.index);
        }
        while kept.order.len() > KEPT {
            if let Some(oldest) = kept.order.pop_front() {
                kept.groups.remove(&oldest);
            }
        }
        group
    }

    /// The groups with rows at or below that key and behind the other.
    fn groups_of(&self, within: &str, after: Option<&str>) -> &[(String, Part)] {
        // A key below a group begins with the group's; everything above a group is shorter.
        let group_of = |key: &str| key.splitn(6, '/').take(5).collect::<Vec<_>>().join("/");
        let inside = within.split('/').count() >= 5;
        let scope = if inside {
            group_of(within)
        } else {
            within.to_owned()
        };
        let from = self
            .groups
            .partition_point(|(key, _)| !is_within(key, &scope) && *key < scope);
        let to = from + self.groups[from..].partition_point(|(key, _)| is_within(key, &scope));
        let groups = &self.groups[from..to];
        match after {
            Some(after) => {
                let first = group_of(after);
                &groups[groups.partition_point(|(key, _)| *key < first)..]
            }
            None => groups,
        }
    }

    fn part_of(&self, id: &str) -> Option<Part> {
        let number = *self.objects.get(&Uuid::try_parse(id).ok()?)?;
        self.parts.get(usize::try_from(number).ok()?).copied()
    }
}

impl Base for Generated {
    fn row(&self, key: &str) -> Option<Arc<Row>> {
        if let Some(row) = self.above.get(key) {
            return Some(Arc::clone(row));
        }
        let [(_, part)] = self.groups_of(key, None) else {
            return None;
        };
        let group = self.group(*part);
        let at = group
            .rows
            .binary_search_by(|row| row.key.as_str().cmp(key))
            .ok()?;
        Some(Arc::clone(&group.rows[at]))
    }

    fn rows<'a>(&'a self, within: &str, after: Option<&str>, want: &Want) -> Rows<'a> {
        let above: Rows<'a> = {
            let want = want.clone();
            Box::new(
                range(&self.above, within, after)
                    .map(|(_, row)| row)
                    .filter(move |row| want.admits(row)),
            )
        };
        if want.is_above_groups() {
            return above;
        }
        let (within, after, want) = (within.to_owned(), after.map(str::to_owned), want.clone());
        let inside = self
            .groups_of(&within, after.as_deref())
            .iter()
            .flat_map(move |(_, part)| {
                let group = self.group(*part);
                let rows: Vec<Arc<Row>> = group
                    .rows
                    .iter()
                    .filter(|row| {
                        is_within(&row.key, &within)
                            && after.as_deref().is_none_or(|after| row.key.as_str() > after)
                            && want.admits(row)
                    })
                    .cloned()
                    .collect();
                rows
            });
        Box::new(super::merge::in_order(above, inside))
    }

    fn object(&self, id: &str) -> Option<Arc<Object>> {
        let group = self.group(self.part_of(id)?);
        group.objects.iter().find(|object| object.id == id).cloned()
    }

    fn objects<'a>(&'a self, kind: &str, after: Option<&str>) -> Objects<'a> {
        let (kind, after) = (kind.to_owned(), after.map(str::to_owned));
        let first = match &after {
            Some(after) => match self.part_of(after) {
                Some(part) => usize::try_from(part.index).unwrap_or(usize::MAX),
                None => self.parts.len(),
            },
            None => 0,
        };
        let mut parts = self.parts.get(first..).unwrap_or_default().iter();
        let begun = parts.next().map(|part| {
            let group = self.group(*part);
            let skipped = after.map_or(0, |after| {
                let at = group.objects.iter().position(|object| object.id == after);
                at.map_or(0, |at| at + 1)
            });
            group.objects[skipped..].to_vec()
        });
        let rest = parts.flat_map(|part| self.group(*part).objects.clone());
        Box::new(
            begun
                .into_iter()
                .flatten()
                .chain(rest)
                .filter(move |object| object.is_a(&kind)),
        )
    }

    fn holders(&self, list: &str, id: &str) -> Vec<Arc<Object>> {
        // The groups of the directory have nobody from elsewhere in them.
        let Some(part) = self.part_of(id) else {
            return Vec::new();
        };
        let group = self.group(part);
        let holds = |object: &&Arc<Object>| object.linked(list).any(|other| other.eq_ignore_ascii_case(id));
        group.objects.iter().filter(holds).cloned().collect()
    }
}

fn in_a_group(id: &str) -> bool {
    id.split('/').nth(3) == Some("resourceGroups")
}

enum Head<'a> {
    Object {
        id: &'a str,
        kind: &'a str,
    },
    Row {
        id: &'a str,
        kind: &'a str,
        located: bool,
    },
}

/// Reads what a line begins with, as the generator writes it: no escapes, always in this order.
fn head(line: &str) -> Option<Head<'_>> {
    if let Some(rest) = line.strip_prefix("{\"@odata.type\":\"") {
        let (kind, rest) = rest.split_once('"')?;
        let (id, _) = rest.strip_prefix(",\"id\":\"")?.split_once('"')?;
        return Some(Head::Object {
            id,
            kind: kind.strip_prefix(GRAPH_TYPE)?,
        });
    }
    let (id, rest) = line.strip_prefix("{\"id\":\"")?.split_once('"')?;
    let (_, rest) = rest.strip_prefix(",\"name\":\"")?.split_once('"')?;
    let (kind, rest) = rest.strip_prefix(",\"type\":\"")?.split_once('"')?;
    Some(Head::Row {
        id,
        kind,
        located: rest.starts_with(",\"location\":"),
    })
}
