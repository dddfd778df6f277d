//! What is referred to and stays outside, gathered while references are resolved.

use std::collections::HashMap;

use atg_sdk::azure::{ResourceId, Scope as IdScope};

use super::{draft::key_of, index::is_guid};
use crate::plan::{ExternalKey, ResourceKey};

/// Something outside, before it has a name.
#[derive(Debug, Clone)]
pub(crate) struct Outside {
    pub(crate) id: String,
    pub(crate) key: Box<str>,
    pub(crate) what: OutsideKind,
    /// The ID of what it lies in.
    pub(crate) parent: Option<String>,
    /// The draft that it lies in, if that is written.
    pub(crate) within: Option<ResourceKey>,
}

/// What it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OutsideKind {
    Tenant,
    ManagementGroup,
    Subscription,
    ResourceGroup,
    Resource(atg_sdk::azure::ResourceType),
    Directory,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Externals {
    pub(crate) list: Vec<Outside>,
    by_key: HashMap<Box<str>, ExternalKey>,
}

impl Externals {
    /// The tenant.
    pub(crate) fn tenant(&mut self, guid: &str) -> ExternalKey {
        self.take(guid, OutsideKind::Tenant, None)
    }

    /// An Entra object.
    pub(crate) fn directory(&mut self, object_id: &str) -> ExternalKey {
        self.take(object_id, OutsideKind::Directory, None)
    }

    /// What an ID names that nothing in the plan answers to; `None` where the ID names nothing that could be outside.
    pub(crate) fn resource(&mut self, id: &str) -> Option<ExternalKey> {
        if let Some(known) = self.by_key.get(&key_of(id)) {
            return Some(*known);
        }
        let parsed: ResourceId = id.parse().ok()?;
        let parent = |parsed: &ResourceId| parsed.parent().map(|parent| parent.as_str().to_owned());
        let (what, parent) = match parsed.scope() {
            IdScope::Tenant | IdScope::Other => return None,
            IdScope::ManagementGroup => (OutsideKind::ManagementGroup, None),
            IdScope::Subscription => {
                if !is_guid(parsed.name()) {
                    return None;
                }
                (OutsideKind::Subscription, None)
            }
            IdScope::ResourceGroup => (OutsideKind::ResourceGroup, parent(&parsed)),
            IdScope::Resource => (OutsideKind::Resource(parsed.resource_type()?), parent(&parsed)),
        };
        Some(self.take(id.trim_end_matches('/'), what, parent))
    }

    /// What was remembered under an ID.
    pub(crate) fn find(&self, id: &str) -> Option<ExternalKey> {
        self.by_key.get(&key_of(id)).copied()
    }

    pub(crate) fn get(&self, key: ExternalKey) -> &Outside {
        &self.list[key.index()]
    }

    fn take(&mut self, id: &str, what: OutsideKind, parent: Option<String>) -> ExternalKey {
        let key = key_of(id);
        if let Some(known) = self.by_key.get(&key) {
            return *known;
        }
        let number = ExternalKey(u32::try_from(self.list.len()).unwrap_or(u32::MAX));
        self.by_key.insert(key.clone(), number);
        self.list.push(Outside {
            id: id.to_owned(),
            key,
            what,
            parent,
            within: None,
        });
        number
    }
}
