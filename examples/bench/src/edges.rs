//! Whether the edges in the graph are those of the generator's truth.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    io,
};

use atg_synthetic::{Options, generate};
use serde::{Deserialize, Serialize};

/// How the graph's edges of named relationships compare with the truth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// Edges that there should be.
    pub expected: u64,
    /// Edges that there are.
    pub found: u64,
    /// Edges in both.
    pub right: u64,
    /// Edges of `REFERENCES`, of which the truth says nothing.
    pub references: u64,
}

impl Accuracy {
    /// The share of the expected edges that were found.
    #[must_use]
    pub fn recall(&self) -> f64 {
        share(self.right, self.expected)
    }

    /// The share of the found edges that were expected.
    #[must_use]
    pub fn precision(&self) -> f64 {
        share(self.right, self.found)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share is shown with three digits")]
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

/// Compares the lines of an export with what the generator says about a tenant of these options.
///
/// Edges are kept as hashes of 64 bits: four million of them take 40 MB, and among so many the chance that any two
/// share one is below one in two million.
///
/// # Errors
/// Those of the export's lines.
pub(crate) fn compare(options: &Options, export: impl io::BufRead) -> io::Result<Accuracy> {
    let mut expected = HashSet::new();
    generate(
        options,
        &mut io::sink(),
        Some(&mut |from, relationship, to| {
            expected.insert(digest(&from.to_lowercase(), relationship, &to.to_lowercase()));
            Ok(())
        }),
    )?;
    let mut accuracy = Accuracy {
        expected: expected.len() as u64,
        ..Accuracy::default()
    };
    let mut seen = HashSet::with_capacity(expected.len());
    for line in export.lines() {
        let line = line?;
        let Line { edge: Some(edge) } = serde_json::from_str(&line)? else {
            continue;
        };
        if edge.spare {
            continue;
        }
        if edge.relationship == "REFERENCES" {
            accuracy.references += 1;
            continue;
        }
        let hash = digest(id_of(&edge.from), &edge.relationship, id_of(&edge.to));
        if seen.insert(hash) {
            accuracy.found += 1;
            accuracy.right += u64::from(expected.contains(&hash));
        }
    }
    Ok(accuracy)
}

/// A line of an export, as far as it is an edge.
#[derive(Deserialize)]
struct Line {
    edge: Option<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    from: String,
    #[serde(rename = "type")]
    relationship: String,
    to: String,
    /// Said by another edge as well, and better.
    #[serde(default)]
    spare: bool,
}

/// The lower-cased ID of a key.
fn id_of(key: &str) -> &str {
    key.split_once('|').map_or(key, |(_, id)| id)
}

fn digest(from: &str, relationship: &str, to: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (from, relationship, to).hash(&mut hasher);
    hasher.finish()
}
