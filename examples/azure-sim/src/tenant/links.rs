//! Who in the directory names whom: answers that would otherwise take a walk over the whole tenant for each question.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use serde_json::Value;

use super::row::Object;

/// The ends by which lines of their own are looked up.
const ENDS: [(&str, &str); 4] = [
    ("appRoleAssignment", "principalId"),
    ("appRoleAssignment", "resourceId"),
    ("oAuth2PermissionGrant", "principalId"),
    ("oAuth2PermissionGrant", "clientId"),
];

/// Principals, whose own lines may hold `appRoleAssignments`.
const PRINCIPALS: [&str; 3] = ["user", "group", "servicePrincipal"];

/// What the objects of one state of the tenant say of each other. IDs are lower-cased.
#[derive(Debug, Default)]
pub(crate) struct Links {
    /// By kind, end, and the id at that end.
    lines: HashMap<(&'static str, &'static str, String), Vec<Arc<Object>>>,
    assigned: HashMap<String, Vec<Value>>,
}

/// The last state that was asked for, with what holds it apart from others: maps are shared until they change.
pub(super) type Known = Option<(Arc<BTreeMap<String, Option<Arc<Object>>>>, Arc<Links>)>;

impl Links {
    /// Reads all objects once.
    pub(super) fn of(objects: impl Iterator<Item = Arc<Object>>) -> Self {
        let mut links = Self::default();
        for object in objects {
            let end_of = |value: &Value, end: &str| value[end].as_str().map(str::to_lowercase);
            for (kind, end) in ENDS.into_iter().filter(|(kind, _)| object.kind == *kind) {
                if let Some(id) = end_of(object.body(), end) {
                    let lines = links.lines.entry((kind, end, id)).or_default();
                    lines.push(Arc::clone(&object));
                }
            }
            if PRINCIPALS.contains(&object.kind.as_str()) {
                let own = object.body()["appRoleAssignments"].as_array();
                for assignment in own.into_iter().flatten() {
                    if let Some(id) = end_of(assignment, "resourceId") {
                        links.assigned.entry(id).or_default().push(assignment.clone());
                    }
                }
            }
        }
        links
    }

    /// The lines of that kind with that id at that end.
    pub(crate) fn lines(&self, kind: &'static str, end: &'static str, id: &str) -> &[Arc<Object>] {
        self.lines
            .get(&(kind, end, id.to_lowercase()))
            .map_or(&[], Vec::as_slice)
    }

    /// What principals' own lines say that they were assigned of that resource.
    pub(crate) fn assigned(&self, id: &str) -> &[Value] {
        self.assigned.get(&id.to_lowercase()).map_or(&[], Vec::as_slice)
    }
}
