//! Which resources have which children, and where these are found.
//!
//! The list of a subscription's resources holds those that have a region of their own; most children have none. The
//! [table](CHILDREN) says for each kind of child whether it stands in its parent's body, in a table of Resource Graph, or
//! has to be asked for, parent by parent. To have one more kind read, add a row.

mod only;
mod parents;
mod refusal;
mod table;

#[cfg(test)]
mod tests;

use std::{collections::HashMap, sync::LazyLock};

pub use only::{CosmosApi, Only};
pub use parents::version_of;
pub use refusal::says_there_are_none;
pub use table::CHILDREN;

/// A row: one kind of child.
#[derive(Debug, Clone, Copy)]
pub struct Child {
    /// The type of what it lies in.
    pub parent: &'static str,
    /// The last segment of its own type.
    pub segment: &'static str,
    /// The api-version that it is asked for with: the newest that was stable in the middle of 2025, so that every cloud
    /// and region has it.
    pub api_version: &'static str,
    /// Where it is found.
    pub place: Place,
    /// Which parents have it.
    pub only: Only,
}

/// Where a kind of child is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the list of its parent, which is asked for.
    List,
    /// Under its only name, which is asked for: there is no list.
    Name(&'static str),
    /// In a list of its parent that holds several kinds, by the name of that list.
    Together(&'static str),
    /// In the parent's body, at that path. Not asked for.
    Inline(&'static str),
    /// In that table of Resource Graph, for the whole tenant at once. Not asked for.
    Graph(&'static str),
}

impl Child {
    /// The child's type: `Microsoft.Sql/servers/firewallRules`.
    #[must_use]
    pub fn resource_type(&self) -> String {
        format!("{}/{}", self.parent, self.segment)
    }

    /// What is asked for below the parent's ID; `None` for what is not asked for.
    #[must_use]
    pub fn path(&self) -> Option<String> {
        match self.place {
            Place::List => Some(self.segment.to_owned()),
            Place::Name(name) => Some(format!("{}/{name}", self.segment)),
            Place::Together(list) => Some(list.to_owned()),
            Place::Inline(_) | Place::Graph(_) => None,
        }
    }

    /// The action that asking for it needs.
    #[must_use]
    pub fn action(&self) -> Option<String> {
        match self.place {
            Place::List | Place::Name(_) => Some(format!("{}/read", self.resource_type())),
            Place::Together(list) => Some(format!("{}/{list}/read", self.parent)),
            Place::Inline(_) | Place::Graph(_) => None,
        }
    }

    const fn only(mut self, only: Only) -> Self {
        self.only = only;
        self
    }
}

/// Those types and what stands within their bodies.
#[must_use]
pub fn with_inline(types: &[String]) -> Vec<String> {
    let mut all = types.to_vec();
    let mut next = 0;
    while let Some(own) = all.get(next).cloned() {
        let within = CHILDREN.iter().filter(|child| {
            matches!(child.place, Place::Inline(_)) && child.parent.eq_ignore_ascii_case(&own)
        });
        all.extend(within.map(Child::resource_type));
        next += 1;
    }
    all
}

/// The rows of the children of a type, in any casing, that are asked for. Of those that one list holds only the first.
#[must_use]
pub fn asked_for(parent: &str) -> &'static [&'static Child] {
    static BY_PARENT: LazyLock<HashMap<String, Vec<&'static Child>>> = LazyLock::new(|| {
        let mut by_parent = HashMap::<String, Vec<&Child>>::new();
        for child in CHILDREN.iter().filter(|child| child.path().is_some()) {
            let known = by_parent.entry(child.parent.to_lowercase()).or_default();
            if !known.iter().any(|other| other.path() == child.path()) {
                known.push(child);
            }
        }
        by_parent
    });
    BY_PARENT.get(&parent.to_lowercase()).map_or(&[], Vec::as_slice)
}
