//! Finds objects by their IDs, and by the GUIDs that stand for them in other bodies.

use std::collections::HashMap;

use atg_json::Json;

use super::draft::{Draft, What};
use crate::plan::{Attribute, Entra};

/// Where the objects of a list are, by what others call them.
#[derive(Debug, Default)]
pub(crate) struct Index {
    by_key: HashMap<Box<str>, u32>,
    by_guid: HashMap<Box<str>, (u32, Attribute)>,
    /// What has another name now and is the beginning of host names, by its old one in small letters.
    by_host: HashMap<Box<str>, u32>,
}

impl Index {
    /// Of drafts with different keys. What managed identities are known by counts before the principals of the same IDs:
    /// those come with them.
    pub(crate) fn new(drafts: &[Draft], identities: Vec<(u32, String, Attribute)>) -> Self {
        let mut out = Self {
            by_key: HashMap::with_capacity(drafts.len()),
            by_guid: HashMap::new(),
            by_host: HashMap::new(),
        };
        for (number, guid, attribute) in identities {
            out.say(&guid, number, attribute);
        }
        for (number, draft) in (0..).zip(drafts) {
            out.by_key.insert(draft.key.clone(), number);
            if let What::Entra(kind) = draft.what {
                out.say(&draft.id, number, Attribute::ObjectId);
                let app_id = draft
                    .body
                    .iter()
                    .find_map(|(name, value)| (name == "appId").then(|| value.as_str()).flatten());
                // An application and its principal share the ID; it is the application's.
                if let (Entra::Application, Some(app_id)) = (kind, app_id) {
                    out.say(app_id, number, Attribute::AppId);
                }
            }
        }
        out
    }

    /// Remembers that a GUID means something of a draft. The first meaning stays.
    fn say(&mut self, guid: &str, number: u32, attribute: Attribute) {
        if is_guid(guid) {
            self.by_guid
                .entry(guid.to_lowercase().into())
                .or_insert((number, attribute));
        }
    }

    /// Remembers that a host name begins with the old name of a draft.
    pub(crate) fn say_host(&mut self, old_name: &str, number: u32) {
        self.by_host
            .entry(old_name.to_lowercase().into())
            .or_insert(number);
    }

    pub(crate) fn has_hosts(&self) -> bool {
        !self.by_host.is_empty()
    }

    pub(crate) fn host(&self, lower: &str) -> Option<u32> {
        self.by_host.get(lower).copied()
    }

    pub(crate) fn get(&self, key: &str) -> Option<u32> {
        self.by_key.get(key).copied()
    }

    pub(crate) fn guid(&self, lower: &str) -> Option<(u32, &Attribute)> {
        self.by_guid
            .get(lower)
            .map(|(number, attribute)| (*number, attribute))
    }

    /// The draft whose ID is the longest beginning of a path in small letters, and how many segments it has. Only drafts
    /// that `wanted` admits count.
    pub(crate) fn longest<'a>(&self, lower: &'a str, wanted: impl Fn(u32) -> bool) -> Option<(u32, usize)> {
        let mut head: &'a str = lower.trim_end_matches('/');
        let mut segments = head.matches('/').count();
        while segments > 1 {
            if let Some(number) = self.get(head).filter(|number| wanted(*number)) {
                return Some((number, segments));
            }
            head = head.rsplit_once('/')?.0;
            segments -= 1;
        }
        None
    }
}

/// What a user-assigned identity is known by elsewhere, told from its body before it is cleaned.
pub(crate) fn user_assigned(resource_type: &str, members: &[(String, Json)]) -> Vec<(String, Attribute)> {
    if !resource_type.eq_ignore_ascii_case("Microsoft.ManagedIdentity/userAssignedIdentities") {
        return Vec::new();
    }
    let properties = members
        .iter()
        .find_map(|(name, value)| (name == "properties").then_some(value));
    [
        ("principalId", Attribute::PrincipalId),
        ("clientId", Attribute::ClientId),
    ]
    .into_iter()
    .filter_map(|(name, attribute)| {
        let text = properties?.get(name)?.as_str()?;
        Some((text.to_owned(), attribute))
    })
    .collect()
}

/// Whether a text is a GUID.
pub(crate) fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
