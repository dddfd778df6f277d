//! What a scan of the demo tenant must find, said by the generator at the place where it writes the thing.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// One edge: where it begins, its type, where it ends. IDs as the rows spell them.
pub type Edge = (String, String, String);

/// The answers to the demo tenant.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// The tenant that `demo.jsonl` is a scan of.
    pub tenant_id: String,
    /// How many lines `demo.jsonl` has.
    pub rows: usize,
    /// Nodes by label after a scan, for labels that need no table of resource types.
    pub labels: BTreeMap<String, usize>,
    /// Resources by lower-cased resource type.
    pub types: BTreeMap<String, usize>,
    /// Children that stand in their parent's body and have no row of their own; each is a node too.
    pub inline: BTreeSet<String>,
    /// Every edge of a named relationship; neither more nor fewer may be in the graph.
    pub edges: BTreeSet<Edge>,
    /// Some generic references, of those that no named rule claims.
    pub references: BTreeSet<Edge>,
    /// IDs that point outside of the file on purpose, by lower-cased ID, with the rows that say them.
    pub externals: BTreeMap<String, BTreeSet<String>>,
    /// Planted secrets: none of the canaries may reach the graph, an artifact or a log.
    pub secrets: Vec<Secret>,
    /// What a security review should find.
    pub misconfigurations: Vec<Misconfiguration>,
}

/// A planted secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Secret {
    /// The row that it is in.
    pub id: String,
    /// Where in the row.
    pub path: String,
    /// The invented text that must not be seen again.
    pub canary: String,
}

/// A deliberate fault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Misconfiguration {
    /// The row that it is in.
    pub id: String,
    /// Where in the row.
    pub path: String,
    /// What is wrong with it.
    pub finding: String,
}
