//! Children that are asked for at their parents, by the table in [`children`](crate::children): a collector for each list.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    children::{self, CHILDREN, Child, Only, Place},
    collector::{CallDeclaration, Collector, Declaration, Found, Part},
    ground::Ground,
    listing::Listing,
};

/// Reads one list of children at each of its parents.
#[derive(Debug)]
pub(super) struct Children {
    declaration: Declaration,
    row: &'static Child,
    /// What is asked for below a parent's ID.
    path: String,
    /// With which the parent itself can be read.
    parent_version: &'static str,
}

/// One collector for each list that the table has.
pub(super) fn all() -> Vec<Arc<dyn Collector>> {
    let mut parents: Vec<&str> = CHILDREN.iter().map(|child| child.parent).collect();
    parents.dedup();
    parents
        .into_iter()
        .flat_map(|parent| children::asked_for(parent))
        .filter_map(|row| Children::new(row))
        .map(|collector| Arc::new(collector) as Arc<dyn Collector>)
        .collect()
}

impl Children {
    /// Of a row that is asked for.
    fn new(row: &'static Child) -> Option<Self> {
        let (path, action) = (row.path()?, row.action()?);
        let parent_version = children::version_of(row.parent)?;
        let kinds = CHILDREN
            .iter()
            .filter(|other| other.parent == row.parent && other.path().as_deref() == Some(&*path));
        let types: Vec<String> = kinds.map(Child::resource_type).collect();
        let what = match row.place {
            Place::Together(list) => format!("{}/{list}", row.parent),
            _ => row.resource_type(),
        };
        Some(Self {
            declaration: Declaration {
                name: format!("children/{what}").into(),
                about: format!("`{path}` of each `{}`", row.parent).into(),
                part: Part::Inventory,
                calls: vec![
                    CallDeclaration::new(format!("GET {{{}}}/{path}", row.parent), row.api_version, action),
                    // Where the list is not found, whether its parent is gone.
                    CallDeclaration::new(
                        format!("GET {{{}}}", row.parent),
                        parent_version,
                        format!("{}/read", row.parent),
                    ),
                ],
                reads: children::with_inline(&types)
                    .iter()
                    .map(|own| own.to_lowercase().into())
                    .collect(),
                lists_all: types
                    .iter()
                    .filter(|own| is_found_in_one_place(own))
                    .map(|own| own.to_lowercase().into())
                    .collect(),
                optional: false,
                follows: vec![row.parent.to_lowercase().into()],
            },
            row,
            path,
            parent_version,
        })
    }
}

/// Of what is found in several places none lists all there is.
fn is_found_in_one_place(resource_type: &str) -> bool {
    CHILDREN
        .iter()
        .filter(|child| child.resource_type() == resource_type)
        .count()
        == 1
}

impl Collector for Children {
    fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    fn follow(&self, _ground: &Ground, found: &Found<'_>) -> Vec<Listing> {
        if self.row.only != Only::Always {
            let parent: Value = serde_json::from_str(found.text).unwrap_or_default();
            if !self.row.only.admits(&parent) {
                return Vec::new();
            }
        }
        let id = found.id.trim_end_matches('/');
        let path = format!("{id}/{}?api-version={}", self.path, self.row.api_version);
        let listing = match self.row.place {
            Place::Name(_) => Listing::object(path),
            _ => Listing::list(path),
        };
        vec![listing.of(format!("{id}?api-version={}", self.parent_version))]
    }
}
