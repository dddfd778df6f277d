//! The tenant: what it was in the beginning, and what has changed since.

mod base;
mod builtin_roles;
mod change;
mod generated;
mod hierarchy;
mod links;
mod loaded;
mod made_up;
mod merge;
mod row;
mod shape;

use std::sync::{Arc, Mutex, PoisonError, RwLock};

pub(crate) use base::{Want, is_within};
pub(crate) use change::{ChangeKind, Changed, History, merge_patch};
pub(crate) use hierarchy::{GROUPS, parent};
pub use made_up::MadeUp;
pub(crate) use row::{Class, Object, Row, type_of};
pub use shape::{Counts, Shape, Source};

use jiff::Timestamp;

pub(crate) use base::{Objects, Rows};

use base::{Base, range};
use change::Overlay;
use links::Links;

/// A tenant.
#[derive(Debug)]
pub(crate) struct Tenant {
    /// Its id.
    pub(crate) id: String,
    pub(crate) display_name: String,
    pub(crate) domain: String,
    base: Box<dyn Base>,
    overlay: RwLock<Overlay>,
    links: Mutex<links::Known>,
    pub(crate) made_up: MadeUp,
}

impl Tenant {
    /// The resource of that ID, in any casing.
    pub(crate) fn row(&self, id: &str) -> Option<Arc<Row>> {
        let key = id.trim_end_matches('/').to_lowercase();
        let overlay = self.overlay();
        match overlay.rows.get(&key) {
            Some(changed) => changed.clone(),
            None => self.base.row(&key),
        }
    }

    /// The rows at and below a key (`""` for all), behind another, in the order of their keys.
    pub(crate) fn rows<'a>(&'a self, within: &str, after: Option<&str>, want: &Want) -> Rows<'a> {
        self.rows_of(self.overlay(), within, after, want)
    }

    /// The same as it was at a time: what lists that lag behind show.
    pub(crate) fn rows_at<'a>(
        &'a self,
        time: Timestamp,
        within: &str,
        after: Option<&str>,
        want: &Want,
    ) -> Rows<'a> {
        self.rows_of(self.overlay().at(time), within, after, want)
    }

    fn rows_of<'a>(&'a self, overlay: Overlay, within: &str, after: Option<&str>, want: &Want) -> Rows<'a> {
        let base = self.base.rows(within, after, want);
        if overlay.rows.is_empty() {
            return base;
        }
        let own: Vec<Arc<Row>> = range(&overlay.rows, within, after)
            .filter_map(|(_, row)| row)
            .filter(|row| want.admits(row))
            .collect();
        let kept = base.filter(move |row| !overlay.rows.contains_key(&row.key));
        Box::new(merge::in_order(kept, own.into_iter()))
    }

    /// The object of that id.
    pub(crate) fn object(&self, id: &str) -> Option<Arc<Object>> {
        let id = id.to_lowercase();
        match self.overlay().objects.get(&id) {
            Some(changed) => changed.clone(),
            None => self.base.object(&id),
        }
    }

    /// Who names whom in the directory, as it is now.
    pub(crate) fn links(&self) -> Arc<Links> {
        let objects = self.overlay().objects;
        // Whoever else asks meanwhile waits: it would read the same.
        let mut known = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, links)) = &*known
            && Arc::ptr_eq(of, &objects)
        {
            return Arc::clone(links);
        }
        let links = Arc::new(Links::of(self.objects("", None)));
        *known = Some((objects, Arc::clone(&links)));
        links
    }

    /// The objects of a kind (`""` for all) behind another: first those of the beginning, then those that came later.
    pub(crate) fn objects<'a>(&'a self, kind: &str, after: Option<&str>) -> Objects<'a> {
        let overlay = self.overlay();
        let (base, after_new) = match after {
            Some(after) if self.base.object(after).is_none() => (
                Box::new(std::iter::empty()) as Objects<'a>,
                Some(after.to_owned()),
            ),
            _ => (self.base.objects(kind, after), None),
        };
        if overlay.objects.is_empty() {
            return base;
        }
        let new: Vec<Arc<Object>> = overlay
            .objects
            .values()
            .flatten()
            .filter(|object| {
                object.is_a(kind)
                    && after_new
                        .as_deref()
                        .is_none_or(|after| object.id.as_str() > after)
                    && self.base.object(&object.id).is_none()
            })
            .cloned()
            .collect();
        let kept = base.filter_map(move |object| match overlay.objects.get(&object.id) {
            Some(changed) => changed.clone(),
            None => Some(object),
        });
        Box::new(kept.chain(new))
    }

    /// The objects that have another in their list of that name.
    pub(crate) fn holders(&self, list: &str, id: &str) -> Vec<Arc<Object>> {
        let id = id.to_lowercase();
        let overlay = self.overlay();
        let mut found: Vec<Arc<Object>> = self
            .base
            .holders(list, &id)
            .into_iter()
            .filter(|object| !overlay.objects.contains_key(&object.id))
            .collect();
        found.extend(
            overlay
                .objects
                .values()
                .flatten()
                .filter(|object| object.linked(list).any(|other| other.eq_ignore_ascii_case(&id)))
                .cloned(),
        );
        found
    }

    /// What has changed since the beginning.
    pub(crate) fn history(&self) -> Arc<History> {
        Arc::clone(&self.overlay().history)
    }

    /// A copy that does not change any more; cheap, since the maps are shared until the next change.
    fn overlay(&self) -> Overlay {
        self.overlay
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
