//! Collects the rows of one cell, and the edges that follow from them.

use std::{
    fmt::{Arguments, Write as _},
    io::{self, Write},
};

use crate::{EdgeSink, Options, Summary, random::Random, tenant_id};

/// Rows and edges that have not been handed out.
#[derive(Debug)]
pub(crate) struct Writer {
    seed: u64,
    changed_per_mille: u64,
    with_edges: bool,
    text: String,
    /// One edge a line, its parts divided by tabs.
    edges: String,
    rows: u64,
    changed: u64,
    /// Rows of this tenant that were handed out before.
    before: u64,
}

/// Where a resource stands and what every resource has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    pub(crate) parent: &'a str,
    pub(crate) id: &'a str,
    pub(crate) kind: &'a str,
    /// Empty for none.
    pub(crate) location: &'a str,
    /// The values of `environment` and `team`.
    pub(crate) tags: Option<(&'a str, &'a str)>,
}

impl Writer {
    pub(crate) const fn new(options: &Options, with_edges: bool) -> Self {
        Self {
            seed: options.seed,
            changed_per_mille: options.changed_per_mille,
            with_edges,
            text: String::new(),
            edges: String::new(),
            rows: 0,
            changed: 0,
            before: 0,
        }
    }

    /// Says how many rows of the tenant stand before the next one.
    pub(crate) const fn continue_after(&mut self, rows: u64) {
        self.before = rows;
    }

    /// The rows since [`begin`](Self::begin), one a line.
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// Forgets what was not handed out.
    pub(crate) fn begin(&mut self) {
        self.text.clear();
        self.edges.clear();
        self.rows = 0;
        self.changed = 0;
    }

    /// The id of the tenant that is written.
    pub(crate) fn tenant(&self) -> String {
        tenant_id(self.seed)
    }

    /// Rows since [`begin`](Self::begin).
    pub(crate) const fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes a resource. `members` are what follows the common members: `"properties":{…}`.
    pub(crate) fn resource(&mut self, row: &Row<'_>, members: Arguments<'_>) {
        let name = row.id.rsplit('/').next().unwrap_or_default();
        self.push(&[
            "{\"id\":\"",
            row.id,
            "\",\"name\":\"",
            name,
            "\",\"type\":\"",
            row.kind,
            "\"",
        ]);
        self.edge(row.parent, "CONTAINS", row.id);
        if !row.location.is_empty() {
            self.push(&[",\"location\":\"", row.location, "\""]);
            self.edge_to_value(row.id, "LOCATED_IN", "region:", row.location);
        }
        if let Some((environment, team)) = row.tags {
            self.push(&[
                ",\"tags\":{\"environment\":\"",
                environment,
                "\",\"team\":\"",
                team,
                "\"}",
            ]);
            self.edge_to_value(row.id, "TAGGED_WITH", "tag:environment=", environment);
            self.edge_to_value(row.id, "TAGGED_WITH", "tag:team=", team);
        }
        let day = if self.is_changed() {
            "2026-03-02"
        } else {
            "2025-06-14"
        };
        self.push(&[
            ",\"systemData\":{\"createdAt\":\"2024-02-12T10:01:12.3765623Z\",\"lastModifiedAt\":\"",
            day,
            "T08:30:00.1204377Z\"},",
        ]);
        self.end(members);
    }

    /// Writes a Microsoft Graph object. `members` begin after its `id`.
    pub(crate) fn entra(&mut self, kind: &str, id: &str, members: Arguments<'_>) {
        self.push(&[
            "{\"@odata.type\":\"#microsoft.graph.",
            kind,
            "\",\"id\":\"",
            id,
            "\",",
        ]);
        let title = if self.is_changed() { "Lead" } else { "Engineer" };
        self.push(&["\"jobTitle\":\"", title, "\","]);
        self.end(members);
    }

    /// Says an edge.
    pub(crate) fn edge(&mut self, from: &str, relationship: &str, to: &str) {
        self.edge_to_value(from, relationship, "", to);
    }

    /// Gives out all rows and edges since [`begin`](Self::begin).
    pub(crate) fn hand_out(
        &mut self,
        out: &mut dyn Write,
        edges: Option<&mut EdgeSink<'_>>,
        summary: &mut Summary,
    ) -> io::Result<()> {
        out.write_all(self.text.as_bytes())?;
        summary.rows += self.rows;
        summary.changed += self.changed;
        summary.bytes += self.text.len() as u64;
        if let Some(sink) = edges {
            for line in self.edges.lines() {
                let mut parts = line.split('\t');
                let mut part = || parts.next().unwrap_or_default();
                sink(part(), part(), part())?;
                summary.edges += 1;
            }
        }
        Ok(())
    }

    fn edge_to_value(&mut self, from: &str, relationship: &str, prefix: &str, to: &str) {
        if self.with_edges {
            for part in [from, "\t", relationship, "\t", prefix, to, "\n"] {
                self.edges.push_str(part);
            }
        }
    }

    fn push(&mut self, parts: &[&str]) {
        for part in parts {
            self.text.push_str(part);
        }
    }

    fn end(&mut self, members: Arguments<'_>) {
        let _infallible = self.text.write_fmt(members);
        self.text.push_str("}\n");
        self.rows += 1;
    }

    /// Whether the row that is being written is one of the modified ones.
    fn is_changed(&mut self) -> bool {
        let row = self.before + self.rows;
        let changed = Random::new(self.seed, row | 1 << 62).below(1000) < self.changed_per_mille;
        self.changed += u64::from(changed);
        changed
    }
}
