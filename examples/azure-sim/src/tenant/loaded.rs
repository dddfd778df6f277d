//! A tenant read from JSON Lines.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use serde_json::Value;

use super::{
    base::{Base, Objects, Rows, Want, range},
    row::{Object, Row},
};

/// Rows and objects held in memory.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    pub(crate) rows: BTreeMap<String, Arc<Row>>,
    pub(crate) objects: BTreeMap<String, Arc<Object>>,
    /// From list and ID to the objects with that ID in that list.
    holders: HashMap<(&'static str, String), Vec<String>>,
    /// Lines whose ID an earlier line had too.
    pub(crate) repeated: Vec<String>,
}

/// The lists of object IDs that the data has.
pub(crate) const LISTS: [&str; 2] = ["members", "owners"];

impl Loaded {
    /// Reads JSON Lines.
    ///
    /// # Errors
    /// A line that is no JSON object, or has neither a resource's nor a Graph object's members, with its number.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mut loaded = Self::default();
        for (number, line) in text.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let body: Value =
                serde_json::from_str(line).map_err(|error| format!("read line {}: {error}", number + 1))?;
            if !loaded.add(body) {
                return Err(format!(
                    "read line {}: it has neither `id` and `type` nor `id` and `@odata.type`",
                    number + 1
                ));
            }
        }
        Ok(loaded)
    }

    /// Adds a resource or an object; `false` for what is neither. A later one of the same ID takes the place.
    pub(crate) fn add(&mut self, body: Value) -> bool {
        if body.get("@odata.type").is_some() {
            let Some(object) = Object::from_body(body) else {
                return false;
            };
            for list in LISTS {
                for id in object.linked(list) {
                    let holders = self.holders.entry((list, id.to_lowercase())).or_default();
                    holders.push(object.id.clone());
                }
            }
            let id = object.id.clone();
            if self.objects.insert(id.clone(), Arc::new(object)).is_some() {
                self.repeated.push(id);
            }
            return true;
        }
        let Some(row) = Row::from_body(body) else {
            return false;
        };
        let key = row.key.clone();
        if self.rows.insert(key.clone(), Arc::new(row)).is_some() {
            self.repeated.push(key);
        }
        true
    }
}

impl Base for Loaded {
    fn row(&self, key: &str) -> Option<Arc<Row>> {
        self.rows.get(key).cloned()
    }

    fn rows<'a>(&'a self, within: &str, after: Option<&str>, want: &Want) -> Rows<'a> {
        let want = want.clone();
        Box::new(
            range(&self.rows, within, after)
                .map(|(_, row)| row)
                .filter(move |row| want.admits(row)),
        )
    }

    fn object(&self, id: &str) -> Option<Arc<Object>> {
        self.objects.get(id).cloned()
    }

    fn objects<'a>(&'a self, kind: &str, after: Option<&str>) -> Objects<'a> {
        let kind = kind.to_owned();
        let start = match after {
            Some(after) => std::ops::Bound::Excluded(after.to_owned()),
            None => std::ops::Bound::Unbounded,
        };
        Box::new(
            self.objects
                .range((start, std::ops::Bound::Unbounded))
                .map(|(_, object)| Arc::clone(object))
                .filter(move |object| object.is_a(&kind)),
        )
    }

    fn holders(&self, list: &str, id: &str) -> Vec<Arc<Object>> {
        let Some(list) = LISTS.into_iter().find(|known| *known == list) else {
            return Vec::new();
        };
        let ids = self.holders.get(&(list, id.to_owned()));
        ids.into_iter()
            .flatten()
            .filter_map(|id| self.object(id))
            .collect()
    }
}
