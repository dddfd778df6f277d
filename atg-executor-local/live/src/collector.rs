//! What a collector is.

use std::{borrow::Cow, collections::HashSet, fmt};

use async_trait::async_trait;

use crate::{
    ground::Ground,
    listing::Listing,
    reader::{Reader, Shortfall},
};

/// A name that is mostly known when this is compiled.
pub type Text = Cow<'static, str>;

/// Which part of a scan a collector belongs to: parameters switch whole parts off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Tenant, management groups, subscriptions, groups, resources and what lies in them.
    Inventory,
    /// Who may do what: `include_rbac`.
    Authorization,
    /// Microsoft Entra ID: `include_entra`.
    Directory,
}

/// What a collector is, for plans, manifests and the table of permissions.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// Its name in manifests: `resources`, `children/Microsoft.Sql/servers/firewallRules`.
    pub name: Text,
    /// What it reads, in words.
    pub about: Text,
    /// Which part of a scan it is.
    pub part: Part,
    /// Every call that it makes, and no other.
    pub calls: Vec<CallDeclaration>,
    /// The types (lower-case) of what it reads of Resource Manager; `*` for whatever there is.
    pub reads: Vec<Text>,
    /// The types (lower-case; of Microsoft Graph `#microsoft.graph.user`) of which it lists all there are in a scope.
    /// What a complete unit of it did not see may be gone. Empty for one that only adds to what others list.
    pub lists_all: Vec<Text>,
    /// Whether a scan does without it where permission is missing.
    pub optional: bool,
    /// The types (lower-case) whose resources it wants to be told of through [`Collector::follow`]; `*` for all.
    pub follows: Vec<Text>,
}

/// A call, for the table of permissions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallDeclaration {
    /// Method and path with names in braces: `GET {parent}/firewallRules`.
    pub call: Text,
    /// The api-version; of Microsoft Graph its version.
    pub api_version: Text,
    /// The action or the permission that it needs: `Microsoft.Sql/servers/firewallRules/read`, `Directory.Read.All`.
    pub permission: Text,
}

impl CallDeclaration {
    /// From its parts.
    pub fn new(call: impl Into<Text>, api_version: impl Into<Text>, permission: impl Into<Text>) -> Self {
        Self {
            call: call.into(),
            api_version: api_version.into(),
            permission: permission.into(),
        }
    }
}

/// A resource that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found<'a> {
    /// Its ID, as it was sent.
    pub id: &'a str,
    /// Its type, lower-cased.
    pub resource_type: &'a str,
    /// Its kind, where it has one.
    pub kind: Option<&'a str>,
    /// All of it: a JSON object.
    pub text: &'a str,
}

impl Found<'_> {
    /// `/subscriptions/GUID` of its ID, lower-cased; `/` where it lies in none.
    #[must_use]
    pub fn scope(&self) -> String {
        scope_of(self.id)
    }
}

/// `/subscriptions/GUID` of an ID, lower-cased; `/` where it lies in none.
#[must_use]
pub fn scope_of(id: &str) -> String {
    let mut segments = id.split('/').filter(|segment| !segment.is_empty());
    match (segments.next(), segments.next()) {
        (Some(word), Some(id)) if word.eq_ignore_ascii_case("subscriptions") => {
            format!("/subscriptions/{}", id.to_lowercase())
        }
        _ => "/".to_owned(),
    }
}

/// Whether an ID lies in one of those. All in one spelling.
#[must_use]
pub fn lies_in(id: &str, ids: &HashSet<String>) -> bool {
    !ids.is_empty()
        && id
            .match_indices('/')
            .skip(1)
            .any(|(end, _)| ids.contains(&id[..end]))
}

/// Reads one kind of thing.
#[async_trait]
pub trait Collector: fmt::Debug + Send + Sync + 'static {
    /// What it is.
    fn declaration(&self) -> &Declaration;

    /// The lists to read, as far as they are known before any resource is.
    fn begin(&self, _ground: &Ground) -> Vec<Listing> {
        Vec::new()
    }

    /// The lists to read because of a resource: its children, for example. Called once for each resource whose type is
    /// among those that it follows, while resources are still being read.
    fn follow(&self, _ground: &Ground, _found: &Found<'_>) -> Vec<Listing> {
        Vec::new()
    }

    /// Reads one list and hands its objects out through the reader. The default reads page by page what the list begins
    /// with, and hands objects out as they came.
    ///
    /// # Errors
    /// What is missing of the list, and why.
    async fn read(&self, listing: &Listing, reader: &mut Reader) -> Result<(), Shortfall> {
        reader.read_all(listing).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_something_gone_is_gone_and_its_neighbour_is_not() {
        let gone = HashSet::from(["/subscriptions/s/resourcegroups/g".to_owned()]);
        assert!(lies_in(
            "/subscriptions/s/resourcegroups/g/providers/m.n/t/x",
            &gone
        ));
        assert!(!lies_in(
            "/subscriptions/s/resourcegroups/g2/providers/m.n/t/x",
            &gone
        ));
        assert!(!lies_in("/subscriptions/s/resourcegroups/g", &gone));
    }
}
