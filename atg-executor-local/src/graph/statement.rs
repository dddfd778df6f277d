//! What a node's source states about edges, as stores stage and compare it.

use atg_sdk::azure::TenantId;

use super::{
    ALIAS, Node, Reference, Said, Target, Value,
    content::{Fields, Hash, values_text},
    node_key,
};

/// The hash of a key: what is looked up in memory.
pub(crate) fn key_hash(key: &str) -> Hash {
    let mut hash = Fields::new();
    hash.field(key.as_bytes());
    hash.end()
}

/// One end of a stated edge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// The node that states it.
    Itself,
    /// Another node.
    Other {
        /// Its key.
        key: String,
        /// As the source spells it.
        id: String,
        /// Of the key.
        hash: Hash,
        /// Whether it is named by an alias: then the key is that of the stub that stands for nobody or several.
        alias: bool,
    },
}

/// One stated edge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stated<'a> {
    pub(crate) from: End,
    pub(crate) to: End,
    pub(crate) relationship: &'a str,
    pub(crate) path: &'a str,
    pub(crate) said: Said,
    /// A JSON object.
    pub(crate) properties: Option<String>,
}

/// All edges that a description states.
#[derive(Debug)]
pub(crate) struct Statement<'a> {
    pub(crate) edges: Vec<Stated<'a>>,
    /// Which top-level members the source spoke of, comma-separated; `None` when it told everything. Edges that were
    /// said elsewhere stay.
    pub(crate) scope: Option<String>,
    /// Equal for the same edges in any order.
    pub(crate) hash: Hash,
}

impl<'a> Statement<'a> {
    /// Of a description.
    pub(crate) fn of(tenant: TenantId, node: &Node, references: &'a [Reference], lists: &[&str]) -> Self {
        let edges: Vec<_> = references
            .iter()
            .map(|reference| Stated::of(tenant, reference))
            .collect();
        let scope = scope(node, lists);
        let mut hashes: Vec<Hash> = edges.iter().map(Stated::hash).collect();
        hashes.sort_unstable();
        hashes.dedup();
        let mut hash = Fields::new();
        hash.field(scope.as_deref().unwrap_or("*").as_bytes());
        for edge in &hashes {
            hash.field(edge);
        }
        Self {
            edges,
            scope,
            hash: hash.end(),
        }
    }
}

impl<'a> Stated<'a> {
    fn of(tenant: TenantId, reference: &'a Reference) -> Self {
        let other = |id: &String, alias: bool| {
            let key = node_key(tenant, id);
            End::Other {
                hash: key_hash(&key),
                key,
                id: id.clone(),
                alias,
            }
        };
        let end = |target: &Target| match target {
            Target::Itself => End::Itself,
            Target::Id(id) => other(id, false),
            Target::Alias(alias) => other(alias, true),
        };
        let properties = match &reference.to {
            Target::Alias(alias) => {
                let mut properties = reference.properties.clone();
                properties.push((ALIAS.to_owned(), Value::from(alias.as_str())));
                Some(values_text(&properties))
            }
            Target::Itself | Target::Id(_) => {
                (!reference.properties.is_empty()).then(|| values_text(&reference.properties))
            }
        };
        Self {
            from: end(&reference.from),
            to: end(&reference.to),
            relationship: &reference.relationship,
            path: &reference.path,
            said: reference.said,
            properties,
        }
    }

    fn hash(&self) -> Hash {
        let mut hash = Fields::new();
        for end in [&self.from, &self.to] {
            match end {
                End::Itself => hash.field(b""),
                End::Other { hash: key, .. } => hash.field(key),
            };
        }
        hash.field(self.relationship.as_bytes())
            .field(self.path.as_bytes())
            .field(&[self.said.number()])
            .field(self.properties.as_deref().unwrap_or_default().as_bytes());
        hash.end()
    }
}

/// A source always speaks of what makes a node one.
const ALWAYS_SAID: [&str; 4] = ["", "id", "name", "type"];

fn scope(node: &Node, lists: &[&str]) -> Option<String> {
    if node.properties.is_some() {
        return None;
    }
    let mut names: Vec<&str> = node
        .members
        .iter()
        .map(|(name, _)| name.as_str())
        .chain(lists.iter().copied())
        .chain(ALWAYS_SAID)
        .collect();
    names.sort_unstable();
    names.dedup();
    Some(names.join(","))
}

/// Whether a source that spoke of `scope` decides about edges of that path.
pub(crate) fn decides(scope: Option<&str>, path: &str) -> bool {
    let Some(scope) = scope else { return true };
    let member = path.split(['.', '[']).next().unwrap_or(path);
    scope.split(',').any(|name| name == member)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thin_source_decides_only_about_what_it_spoke_of() {
        assert!(decides(None, "properties.subnet.id"));
        assert!(decides(Some("id,tags"), "tags.env"));
        assert!(decides(Some("id,tags"), "tags"));
        assert!(decides(Some("id,members"), "members[0]"));
        assert!(!decides(Some("id,tags"), "properties.subnet.id"));
        assert!(!decides(Some("id,tags"), "tagsOfOthers.env"));
    }
}
