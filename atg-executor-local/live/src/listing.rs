//! One list that is read page by page.

use atg_azure::budget::subscription_of;
use serde::{Deserialize, Serialize};

use crate::reader::hash;

/// Which quota a list is read from: lists of one lane share it, those of different lanes do not wait for each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Lane {
    /// Queries of Resource Graph: one quota for the whole tenant.
    ResourceGraph,
    /// Reads in a subscription, by its lower-cased GUID.
    Subscription(String),
    /// Reads above subscriptions.
    Tenant,
    /// Microsoft Graph.
    MicrosoftGraph,
}

/// How a list begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum First {
    /// A query of Resource Graph over these subscriptions; over the whole tenant for none. It must keep `id` and be ordered
    /// by it.
    Query {
        /// The query.
        text: String,
        /// GUIDs.
        subscriptions: Vec<String>,
    },
    /// A list of Resource Manager: a path with its api-version.
    List(String),
    /// One object of Resource Manager: a path with its api-version.
    Object(String),
    /// A list of Microsoft Graph: a path, its version first.
    Directory(String),
    /// Only its collector knows, which then has a `read` of its own.
    Own,
}

/// A list that is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Unique within its collector and the same in each scan: checkpoints name it. Most use what they list of.
    pub key: String,
    /// The scopes of the units that it belongs to, lower-cased. Each of them is complete only if all its lists are.
    pub scopes: Vec<String>,
    /// Where it queues.
    pub lane: Lane,
    /// How it begins.
    pub first: First,
    /// What it is a list of, with an api-version that can read it (`/subscriptions/…/servers/x?api-version=…`). Where the
    /// list answers 404, this is asked: if it is gone too, the list is empty, otherwise it is missing.
    pub parent: Option<String>,
}

impl Listing {
    /// A query over these subscriptions, which are its units' scopes. Its key says what it is over: a scan that goes on may
    /// deal the subscriptions out in another way, since some have come and others have grown, and what was read of one list
    /// says nothing of another.
    #[must_use]
    pub fn query(key: impl Into<String>, text: impl Into<String>, subscriptions: Vec<String>) -> Self {
        let (key, text) = (key.into(), text.into());
        let over = hash(&format!("{text} {}", subscriptions.join(" ")));
        let scopes = subscriptions
            .iter()
            .map(|id| format!("/subscriptions/{}", id.to_lowercase()))
            .collect();
        Self {
            key: format!("{key}/{over:016x}"),
            scopes,
            lane: Lane::ResourceGraph,
            first: First::Query { text, subscriptions },
            parent: None,
        }
    }

    /// A query over the whole tenant, whose only unit is the tenant's.
    #[must_use]
    pub fn tenant_query(key: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            scopes: vec!["/".to_owned()],
            ..Self::query(key, text, Vec::new())
        }
    }

    /// What Resource Manager lists at a path with its api-version. Unit and lane are those of the subscription that the
    /// path is in, or the tenant's.
    #[must_use]
    pub fn list(path: impl Into<String>) -> Self {
        let path = path.into();
        let (scope, lane) = place(&path);
        Self {
            key: path.split('?').next().unwrap_or_default().to_lowercase(),
            scopes: vec![scope],
            lane,
            first: First::List(path),
            parent: None,
        }
    }

    /// One object at a path with its api-version; otherwise as [`list`](Self::list).
    #[must_use]
    pub fn object(path: impl Into<String>) -> Self {
        let path = path.into();
        Self {
            first: First::Object(path.clone()),
            ..Self::list(path)
        }
    }

    /// What Microsoft Graph lists at a path, its version first.
    #[must_use]
    pub fn directory(path: impl Into<String>) -> Self {
        let path = path.into();
        Self {
            key: path.clone(),
            scopes: vec!["/".to_owned()],
            lane: Lane::MicrosoftGraph,
            first: First::Directory(path),
            parent: None,
        }
    }

    /// What only its collector knows how to read.
    #[must_use]
    pub fn own(key: impl Into<String>, scope: impl Into<String>, lane: Lane) -> Self {
        Self {
            key: key.into(),
            scopes: vec![scope.into()],
            lane,
            first: First::Own,
            parent: None,
        }
    }

    /// The same as a list of what lies in that object: a path with an api-version.
    #[must_use]
    pub fn of(mut self, parent: impl Into<String>) -> Self {
        self.parent = Some(parent.into());
        self
    }
}

/// Scope and lane of a path.
fn place(path: &str) -> (String, Lane) {
    let lower = path.to_lowercase();
    match subscription_of(&lower) {
        Some(id) => (format!("/subscriptions/{id}"), Lane::Subscription(id.to_owned())),
        None => {
            const GROUPS: &str = "/providers/microsoft.management/managementgroups/";
            let group = lower
                .strip_prefix(GROUPS)
                .and_then(|rest| rest.split(['/', '?']).next())
                .filter(|name| !name.is_empty());
            let scope = group.map_or_else(|| "/".to_owned(), |name| format!("{GROUPS}{name}"));
            (scope, Lane::Tenant)
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("/subscriptions/AB?api-version=1", "/subscriptions/ab", Lane::Subscription("ab".into()))]
    #[case("/subscriptions/AB/resourceGroups/g/providers/M.N/vs/v/ss?api-version=1", "/subscriptions/ab", Lane::Subscription("ab".into()))]
    #[case("/subscriptions?api-version=1", "/", Lane::Tenant)]
    #[case(
        "/providers/Microsoft.Management/managementGroups/Root/providers/M.A/b?api-version=1",
        "/providers/microsoft.management/managementgroups/root",
        Lane::Tenant
    )]
    fn a_path_tells_its_unit_and_its_lane(#[case] path: &str, #[case] scope: &str, #[case] lane: Lane) {
        let listing = Listing::list(path);
        assert_eq!((listing.scopes, listing.lane), (vec![scope.to_owned()], lane));
        assert!(!listing.key.contains('?'));
    }

    #[test]
    fn queries_over_other_subscriptions_are_other_lists() {
        let key = |ids: &[&str]| {
            let ids = ids.iter().map(|id| (*id).to_owned()).collect();
            Listing::query("share/0", "resources", ids).key
        };
        assert_eq!(key(&["a", "b"]), key(&["a", "b"]));
        assert_ne!(key(&["a", "b"]), key(&["a", "c"]));
    }
}
