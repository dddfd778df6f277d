//! Resource IDs: parsed, printed as Azure spelled them, compared without regard to case.

mod parts;
#[cfg(test)]
mod tests;

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

use crate::{Error, azure::ResourceType};

use parts::{Part, parts};

/// The ID of anything in ARM: a subscription, a resource group, a management group, a resource, an extension resource
/// on any of them.
///
/// It prints exactly as it was read. Equality, hashing and order disregard case, as Azure does, and a slash at the end.
/// The order is that of [`to_key`](Self::to_key).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResourceId {
    text: String,
}

/// What a resource ID names, as far as its shape tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// `/`: the tenant itself.
    Tenant,
    /// `/providers/Microsoft.Management/managementGroups/NAME`
    ManagementGroup,
    /// `/subscriptions/GUID`
    Subscription,
    /// `/subscriptions/GUID/resourceGroups/NAME`
    ResourceGroup,
    /// Anything with a resource type and a name.
    Resource,
    /// A shape that Azure has not told us about, or a collection without a name at its end.
    Other,
}

impl ResourceId {
    /// How many characters an ID may have. Real ones stay below 1,000; the limit keeps damaged input out of the graph.
    pub const MAX_CHARS: usize = 8_192;

    /// As Azure spelled it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Lower-cased and without a slash at the end: what keys are made of. Equal IDs have equal keys.
    #[must_use]
    pub fn to_key(&self) -> String {
        let key = self.path().to_lowercase();
        if key.is_empty() { "/".to_owned() } else { key }
    }

    /// The path segments.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &str> + Clone {
        self.path().split('/').filter(|segment| !segment.is_empty())
    }

    /// The last segment; `/` for the tenant.
    #[must_use]
    pub fn name(&self) -> &str {
        self.segments().next_back().unwrap_or("/")
    }

    /// What it names.
    #[must_use]
    pub fn scope(&self) -> Scope {
        let parts: Vec<_> = parts(self.path()).map(|(part, _)| part).collect();
        match parts.as_slice() {
            [] => Scope::Tenant,
            [only] if only.is_named("subscriptions") => Scope::Subscription,
            [first, second] if first.is_named("subscriptions") && second.is_named("resourceGroups") => {
                Scope::ResourceGroup
            }
            [Part::Provider(namespace), group]
                if namespace.eq_ignore_ascii_case("Microsoft.Management")
                    && group.is_named("managementGroups") =>
            {
                Scope::ManagementGroup
            }
            [.., Part::Pair { name: Some(_), .. }]
                if parts.iter().any(|part| matches!(part, Part::Provider(_))) =>
            {
                Scope::Resource
            }
            _ => Scope::Other,
        }
    }

    /// The subscription segment, for what lies in one.
    #[must_use]
    pub fn subscription(&self) -> Option<&str> {
        match parts(self.path()).next() {
            Some((Part::Pair { kind, name }, _)) if kind.eq_ignore_ascii_case("subscriptions") => name,
            _ => None,
        }
    }

    /// The resource group's name, for what lies in one.
    #[must_use]
    pub fn resource_group(&self) -> Option<&str> {
        self.subscription()?;
        match parts(self.path()).nth(1) {
            Some((Part::Pair { kind, name }, _)) if kind.eq_ignore_ascii_case("resourceGroups") => name,
            _ => None,
        }
    }

    /// The resource type that the last `/providers/` part spells, if there is one.
    #[must_use]
    pub fn resource_type(&self) -> Option<ResourceType> {
        let mut spelled: Option<String> = None;
        for (part, _) in parts(self.path()) {
            match part {
                Part::Provider(namespace) => spelled = Some(namespace.to_owned()),
                Part::Pair { kind, .. } => {
                    if let Some(spelled) = &mut spelled {
                        spelled.push('/');
                        spelled.push_str(kind);
                    }
                }
            }
        }
        spelled?.parse().ok()
    }

    /// The scope that this one lies in: a child's parent resource, a resource's group, a group's subscription, an
    /// extension resource's target. `None` for the tenant, a subscription and a management group, whose parents their
    /// IDs do not name.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        if matches!(
            self.scope(),
            Scope::Tenant | Scope::Subscription | Scope::ManagementGroup
        ) {
            return None;
        }
        let mut parts: Vec<_> = parts(self.path()).collect();
        parts.pop();
        // A provider alone names nothing.
        while let Some((Part::Provider(_), _)) = parts.last() {
            parts.pop();
        }
        let text = match parts.last() {
            Some((_, end)) => &self.text[..*end],
            None => "/",
        };
        Some(Self {
            text: text.to_owned(),
        })
    }

    /// Whether this one is `scope` or lies under it. Everything lies in the tenant, `/`.
    #[must_use]
    pub fn is_within(&self, scope: &Self) -> bool {
        let (own, other) = (self.path(), scope.path());
        if own.is_ascii() && other.is_ascii() {
            let (head, rest) = own.as_bytes().split_at(other.len().min(own.len()));
            head.eq_ignore_ascii_case(other.as_bytes()) && matches!(rest.first(), None | Some(b'/'))
        } else {
            own.to_lowercase()
                .strip_prefix(&other.to_lowercase())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }
    }

    /// Without the slash at the end: empty for the tenant, otherwise `/` before each segment.
    fn path(&self) -> &str {
        self.text.strip_suffix('/').unwrap_or(&self.text)
    }
}

impl FromStr for ResourceId {
    type Err = Error;

    /// Accepts what Azure sends, whatever the scope: a `/` before each segment, spaces and any letters in them, one `/`
    /// more at the end. Empty segments are refused rather than dropped: an ID with doubled slashes was put together from
    /// a part that is missing, and guessing which one would merge strangers.
    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = if !text.starts_with('/') {
            "it does not start with `/`"
        } else if text.chars().nth(Self::MAX_CHARS).is_some() {
            "it has more than 8,192 characters"
        } else if text.chars().any(char::is_control) {
            "it holds a control character"
        } else if text != "/"
            && text
                .strip_suffix('/')
                .unwrap_or(text)
                .split('/')
                .skip(1)
                .any(|segment| segment.trim().is_empty())
        {
            "it has an empty segment"
        } else {
            return Ok(Self {
                text: text.to_owned(),
            });
        };
        let shown: String = text.chars().take(120).collect();
        let cut = if shown.len() < text.len() { "…" } else { "" };
        Err(Error::invalid(format!(
            "read `{}{cut}` as a resource ID: {wrong}",
            shown.escape_debug()
        )))
    }
}

impl TryFrom<String> for ResourceId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<ResourceId> for String {
    fn from(id: ResourceId) -> Self {
        id.text
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for ResourceId {
    fn eq(&self, other: &Self) -> bool {
        let (own, other) = (self.path(), other.path());
        if own.is_ascii() && other.is_ascii() {
            own.eq_ignore_ascii_case(other)
        } else {
            own.to_lowercase() == other.to_lowercase()
        }
    }
}

impl Eq for ResourceId {}

impl Ord for ResourceId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.to_key().cmp(&other.to_key())
    }
}

impl PartialOrd for ResourceId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for ResourceId {
    /// Byte by byte in both cases: some letters outside ASCII have a small one inside it, so both must hash alike.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let path = self.path();
        if path.is_ascii() {
            path.bytes()
                .for_each(|byte| state.write_u8(byte.to_ascii_lowercase()));
        } else {
            path.to_lowercase().bytes().for_each(|byte| state.write_u8(byte));
        }
        // So that two IDs in a row are not one longer one.
        state.write_u8(0xff);
    }
}
