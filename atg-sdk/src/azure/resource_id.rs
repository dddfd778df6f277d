//! Resource IDs: parsed, printed as Azure spelled them, compared without regard to case.

use std::{
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

use crate::{Error, azure::ResourceType};

/// The ID of anything in ARM: a subscription, a resource group, a management group, a resource, an extension resource
/// on any of them.
///
/// It prints exactly as it was read. Equality, hashing and order disregard ASCII case, as Azure does.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResourceId {
    text: String,
}

/// What a resource ID names, as far as its shape tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// `/`: the tenant itself.
    Tenant,
    /// `/providers/Microsoft.Management/managementGroups/NAME`
    ManagementGroup,
    /// `/subscriptions/GUID`
    Subscription,
    /// `/subscriptions/GUID/resourceGroups/NAME`
    ResourceGroup,
    /// Anything with a resource type.
    Resource,
}

/// ARM refuses longer ones; an export that holds one is damaged.
const MAX_CHARS: usize = 2_048;

impl ResourceId {
    /// As Azure spelled it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Lower-cased: what keys are made of.
    #[must_use]
    pub fn to_key(&self) -> String {
        self.text.to_lowercase()
    }

    /// The path segments.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &str> + Clone {
        self.text.split('/').filter(|segment| !segment.is_empty())
    }

    /// The last segment.
    #[must_use]
    pub fn name(&self) -> &str {
        self.segments().next_back().unwrap_or("/")
    }

    /// What it names.
    #[must_use]
    pub fn scope(&self) -> Scope {
        let segments: Vec<_> = self.segments().take(5).collect();
        let is = |index: usize, word: &str| {
            segments
                .get(index)
                .is_some_and(|s: &&str| s.eq_ignore_ascii_case(word))
        };
        match segments.len() {
            0 => Scope::Tenant,
            2 if is(0, "subscriptions") => Scope::Subscription,
            4 if is(0, "subscriptions") && is(2, "resourceGroups") => Scope::ResourceGroup,
            4 if is(0, "providers") && is(1, "Microsoft.Management") && is(2, "managementGroups") => {
                Scope::ManagementGroup
            }
            _ => Scope::Resource,
        }
    }

    /// The subscription segment, for what lies in one.
    #[must_use]
    pub fn subscription(&self) -> Option<&str> {
        let mut segments = self.segments();
        segments
            .next()
            .filter(|s| s.eq_ignore_ascii_case("subscriptions"))?;
        segments.next()
    }

    /// The resource group's name, for what lies in one.
    #[must_use]
    pub fn resource_group(&self) -> Option<&str> {
        let mut segments = self.segments();
        segments
            .next()
            .filter(|s| s.eq_ignore_ascii_case("subscriptions"))?;
        segments
            .nth(1)
            .filter(|s| s.eq_ignore_ascii_case("resourceGroups"))?;
        segments.next()
    }

    /// The resource type that the last `/providers/` part spells, if there is one.
    #[must_use]
    pub fn resource_type(&self) -> Option<ResourceType> {
        let segments: Vec<_> = self.segments().collect();
        let at = segments
            .iter()
            .rposition(|s| s.eq_ignore_ascii_case("providers"))?;
        let namespace = segments.get(at + 1)?;
        let mut out = (*namespace).to_owned();
        let mut kinds = segments.get(at + 2..)?.iter().step_by(2).peekable();
        kinds.peek()?;
        for kind in kinds {
            out.push('/');
            out.push_str(kind);
        }
        out.parse().ok()
    }

    /// The scope that this one lies in: a child's parent resource, a resource's group, a group's subscription, an
    /// extension resource's target. `None` for the tenant, a subscription and a management group.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let segments: Vec<_> = self.segments().collect();
        let keep = match self.scope() {
            Scope::Tenant | Scope::Subscription | Scope::ManagementGroup => return None,
            Scope::ResourceGroup => 2,
            Scope::Resource => {
                let at = segments.iter().rposition(|s| s.eq_ignore_ascii_case("providers"));
                match at {
                    // A child (`…/providers/NS/type/name/type/name`) loses its last pair, anything else its provider.
                    Some(at) if segments.len() > at + 4 => segments.len() - 2,
                    Some(at) => at,
                    None => segments.len().saturating_sub(2),
                }
            }
        };
        let mut text = String::with_capacity(self.text.len());
        for segment in &segments[..keep] {
            text.push('/');
            text.push_str(segment);
        }
        if text.is_empty() {
            text.push('/');
        }
        Some(Self { text })
    }

    /// Whether this one is `scope` or lies under it.
    #[must_use]
    pub fn is_within(&self, scope: &Self) -> bool {
        let mut own = self.segments();
        scope
            .segments()
            .all(|wanted| own.next().is_some_and(|have| have.eq_ignore_ascii_case(wanted)))
    }
}

impl FromStr for ResourceId {
    type Err = Error;

    /// Accepts what Azure sends: a leading `/`, non-empty segments, at most 2,048 characters, no control characters.
    fn from_str(text: &str) -> Result<Self, Error> {
        let complain = |what: &str| {
            let shown: String = text.chars().take(120).collect();
            Err(Error::invalid(format!(
                "`{}` is not a resource ID: {what}",
                shown.escape_debug()
            )))
        };
        if !text.starts_with('/') {
            return complain("it does not start with `/`");
        }
        if text.chars().count() > MAX_CHARS {
            return complain("it has more than 2,048 characters");
        }
        if text.chars().any(char::is_control) {
            return complain("it holds a control character");
        }
        if text.len() > 1
            && text[1..]
                .trim_end_matches('/')
                .split('/')
                .any(|segment| segment.trim().is_empty())
        {
            return complain("it has an empty segment");
        }
        Ok(Self {
            text: text.to_owned(),
        })
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
        self.segments()
            .map(str::to_lowercase)
            .eq(other.segments().map(str::to_lowercase))
    }
}

impl Eq for ResourceId {}

impl Hash for ResourceId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for segment in self.segments() {
            segment.to_lowercase().hash(state);
        }
    }
}
