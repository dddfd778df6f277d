//! Changes since the beginning, with what was before: change feeds answer from them.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError},
};

use jiff::Timestamp;
use serde_json::Value;

use super::{Object, Row, Tenant};

/// What has another state than in the beginning; `None` for what is gone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Overlay {
    pub(crate) rows: Arc<BTreeMap<String, Option<Arc<Row>>>>,
    pub(crate) objects: Arc<BTreeMap<String, Option<Arc<Object>>>>,
    pub(crate) history: Arc<History>,
}

impl Overlay {
    /// As it was at a time: what changed later is put back, newest first.
    pub(crate) fn at(mut self, time: Timestamp) -> Self {
        let later = self
            .history
            .rows
            .iter()
            .rev()
            .take_while(|change| change.at > time);
        let later: Vec<_> = later.cloned().collect();
        for change in later {
            if let Some(subject) = change.subject() {
                Arc::make_mut(&mut self.rows).insert(subject.key.clone(), change.before.clone());
            }
        }
        self
    }
}

/// All changes, oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    pub(crate) rows: Vec<Changed<Row>>,
    pub(crate) objects: Vec<Changed<Object>>,
}

/// One change.
#[derive(Debug)]
pub(crate) struct Changed<T> {
    /// Counts all changes of the tenant, from 1.
    pub(crate) number: u64,
    pub(crate) at: Timestamp,
    pub(crate) before: Option<Arc<T>>,
    pub(crate) after: Option<Arc<T>>,
}

impl<T> Clone for Changed<T> {
    fn clone(&self) -> Self {
        Self {
            number: self.number,
            at: self.at,
            before: self.before.clone(),
            after: self.after.clone(),
        }
    }
}

/// What a change did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChangeKind {
    Create,
    Update,
    Delete,
}

impl<T> Changed<T> {
    /// What it did.
    pub(crate) const fn kind(&self) -> ChangeKind {
        match (&self.before, &self.after) {
            (None, _) => ChangeKind::Create,
            (_, None) => ChangeKind::Delete,
            _ => ChangeKind::Update,
        }
    }

    /// The state that there is to show of it: the new one, or of what is gone the last.
    pub(crate) fn subject(&self) -> Option<&Arc<T>> {
        self.after.as_ref().or(self.before.as_ref())
    }
}

impl History {
    /// The number of the newest change.
    pub(crate) fn last(&self) -> u64 {
        let rows = self.rows.last().map_or(0, |change| change.number);
        let objects = self.objects.last().map_or(0, |change| change.number);
        rows.max(objects)
    }
}

impl Tenant {
    /// Makes a resource be that, or be gone. What it was before is returned.
    pub(crate) fn set_row(&self, key: &str, after: Option<Row>, at: Timestamp) -> Option<Arc<Row>> {
        let key = key.trim_end_matches('/').to_lowercase();
        let before = self.row(&key);
        let after = after.map(Arc::new);
        if before.is_none() && after.is_none() {
            return None;
        }
        let mut overlay = self.overlay.write().unwrap_or_else(PoisonError::into_inner);
        let number = overlay.history.last() + 1;
        Arc::make_mut(&mut overlay.rows).insert(key, after.clone());
        Arc::make_mut(&mut overlay.history).rows.push(Changed {
            number,
            at,
            before: before.clone(),
            after,
        });
        before
    }

    /// Makes an object of the directory be that, or be gone. What it was before is returned.
    pub(crate) fn set_object(&self, id: &str, after: Option<Object>, at: Timestamp) -> Option<Arc<Object>> {
        let id = id.to_lowercase();
        let before = self.object(&id);
        let after = after.map(Arc::new);
        if before.is_none() && after.is_none() {
            return None;
        }
        let mut overlay = self.overlay.write().unwrap_or_else(PoisonError::into_inner);
        let number = overlay.history.last() + 1;
        Arc::make_mut(&mut overlay.objects).insert(id, after.clone());
        Arc::make_mut(&mut overlay.history).objects.push(Changed {
            number,
            at,
            before: before.clone(),
            after,
        });
        before
    }
}

/// Puts the members of one object over those of another, as a merge patch does: `null` takes away.
pub(crate) fn merge_patch(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    if let Value::Object(target) = target {
        for (name, value) in patch {
            if value.is_null() {
                target.shift_remove(name);
            } else {
                merge_patch(target.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
    }
}
