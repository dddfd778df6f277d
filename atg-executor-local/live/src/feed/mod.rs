//! Change feeds: what a scan goes by that does not read again what is as it was.
//!
//! Resource Graph tells for two weeks which resources changed, Microsoft Graph for one which objects did. What has no feed
//! is read again, or carried over.

mod directory;
mod resources;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};

pub use self::{
    directory::{begin, changes, collections},
    resources::changed,
};

/// What decides which lists a scan reads: all of them, for the default.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Basis {
    /// When it began, by Azure's clock.
    pub at: Option<String>,
    /// Where the feeds of the directory go on behind this scan, by collection. Whoever has such a link can read nothing
    /// with it but needs nothing else to say how far he is, so it is kept to oneself.
    pub links: BTreeMap<String, String>,
    /// What is read of the table `resources`, where it is not all of it.
    pub resources: Option<Changed>,
    /// Which objects of the directory are read, by collection, where it is not all of them.
    pub objects: BTreeMap<String, Vec<String>>,
    /// Collectors without a feed that are not read, with when they were.
    pub carried: BTreeMap<String, String>,
    /// What an earlier scan did not see and could not ask for.
    pub doubtful: BTreeSet<String>,
}

impl fmt::Debug for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Basis")
            .field("at", &self.at)
            .field("links", &self.links.keys())
            .field("resources", &self.resources)
            .finish_non_exhaustive()
    }
}

/// What the feed of Resource Graph tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// The subscriptions that it was asked for, lower-cased GUIDs. Others are read whole.
    pub subscriptions: BTreeSet<String>,
    /// What changed, by the lower-cased ID.
    pub targets: BTreeMap<String, Target>,
    /// Under which Azure logged the calls.
    pub request_ids: Vec<String>,
}

/// A resource that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// As it was sent.
    pub id: String,
    /// When, the last time.
    pub at: String,
    /// Whether it was deleted, the last time.
    pub deleted: bool,
}

impl Changed {
    /// Leaves a subscription to be read whole.
    pub fn leave(&mut self, subscription: &str) {
        self.subscriptions.remove(subscription);
        let scope = format!("/subscriptions/{subscription}");
        self.targets
            .retain(|key, _| crate::collector::scope_of(key) != scope);
    }
}

/// The name of what stands in the place of that collector where only what changed is read.
#[must_use]
pub fn changed_name(collector: &str) -> String {
    format!("{collector}{CHANGED}")
}

/// Whether a collector stands in the place of another.
#[must_use]
pub fn is_changed_name(collector: &str) -> bool {
    collector.ends_with(CHANGED)
}

const CHANGED: &str = "/changed";
