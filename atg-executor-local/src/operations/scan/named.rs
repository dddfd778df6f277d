//! What the objects of a scan name, and what became of it.

use std::{
    collections::{BTreeMap, HashSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use serde_json::{Value, json};

use crate::graph::{Reference, ScanCounts, Target};

/// Relationships that follow from where a thing stands and what it is tagged with: nobody named anything.
const OF_PLACE: [&str; 3] = ["CONTAINS", "LOCATED_IN", "TAGGED_WITH"];

/// Counts what is named: each ID or address once, however often. Eight bytes each is what it costs.
#[derive(Debug, Default)]
pub(super) struct Named {
    ids: HashSet<u64>,
    stated: BTreeMap<String, u64>,
}

impl Named {
    pub(super) fn note(&mut self, references: &[Reference]) {
        for reference in references {
            match self.stated.get_mut(reference.relationship.as_ref()) {
                Some(count) => *count += 1,
                None => drop(self.stated.insert(reference.relationship.to_string(), 1)),
            }
            if OF_PLACE.contains(&reference.relationship.as_ref()) {
                continue;
            }
            for end in [&reference.from, &reference.to] {
                let (Target::Id(id) | Target::Alias(id)) = end else {
                    continue;
                };
                let mut hasher = DefaultHasher::new();
                id.trim_end_matches('/').to_lowercase().hash(&mut hasher);
                self.ids.insert(hasher.finish());
            }
        }
    }

    /// As the report shows it. `unresolved` are the addresses that nobody of the tenant has, or several.
    #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
    pub(super) fn facts(&self, counts: &ScanCounts, unresolved: u64) -> Value {
        let found = self.ids.len() as u64;
        let external = counts.external.saturating_sub(unresolved);
        json!({
            "edges": counts.edges,
            "edges_per_node": if counts.nodes == 0 { 0.0 } else {
                (counts.edges as f64 / counts.nodes as f64 * 100.0).round() / 100.0
            },
            "stated": self.stated,
            "ids": {
                "found": found,
                "resolved": found.saturating_sub(counts.external),
                "external": external,
                "unresolved": unresolved,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Said;

    #[test]
    fn an_id_is_counted_once_and_a_place_not_at_all() {
        let edge = |relationship: &'static str, to: Target| Reference {
            from: Target::Itself,
            to,
            relationship: relationship.into(),
            path: String::new(),
            said: Said::Here,
            properties: Vec::new(),
        };
        let mut named = Named::default();
        named.note(&[
            edge("USES_SUBNET", Target::Id("/A".to_owned())),
            edge("REFERENCES", Target::Id("/a/".to_owned())),
            edge("REFERENCES", Target::Alias("kv.example".to_owned())),
            edge("LOCATED_IN", Target::Id("region:x".to_owned())),
        ]);
        let counts = ScanCounts {
            nodes: 4,
            edges: 4,
            external: 1,
            ..ScanCounts::default()
        };
        assert_eq!(
            named.facts(&counts, 1),
            json!({
                "edges": 4, "edges_per_node": 1.0,
                "stated": { "LOCATED_IN": 1, "REFERENCES": 2, "USES_SUBNET": 1 },
                "ids": { "found": 2, "resolved": 1, "external": 0, "unresolved": 1 },
            })
        );
    }
}
