//! Keeps stated edges until the end of the scan: rules see all of it, so order does not matter.

use atg_sdk::Result;
use rusqlite::{OptionalExtension, params};

use super::{Known, Scan, beginning};
use crate::graph::{
    embedded::{
        failure::Sql,
        packed::{Packed, pack},
    },
    statement::{End, Statement, key_hash},
};

impl Scan {
    /// Keeps what a node's source states, where it differs from last time. Replaces what a poorer description of the same
    /// node stated before.
    pub(super) fn stage(&mut self, node: i64, statement: &Statement<'_>) -> Result<()> {
        let before = self.stated_before(node)?;
        let same = before.as_deref() == Some(statement.hash.as_slice()) && !self.rebuild_edges;
        if same || (before.is_none() && statement.edges.is_empty()) {
            self.session
                .db
                .prepare_cached("DELETE FROM temp.stated WHERE node = ?1")
                .and_then(|mut delete| delete.execute([node]))
                .during("keep the edges of a node")?;
            return Ok(());
        }
        let mut edges = Vec::with_capacity(statement.edges.len());
        for stated in &statement.edges {
            let relationship = self
                .session
                .names
                .relationship(&self.session.db, stated.relationship)?;
            edges.push(Packed {
                from: self.end_of(&stated.from)?,
                to: self.end_of(&stated.to)?,
                relationship,
                said: stated.said,
                path: stated.path.to_owned(),
                properties: stated.properties.clone(),
            });
        }
        self.session
            .db
            .prepare_cached(
                "INSERT OR REPLACE INTO temp.stated (node, hash, scope, edges) VALUES (?1, ?2, ?3, ?4)",
            )
            .and_then(|mut insert| {
                insert.execute(params![node, statement.hash, statement.scope, pack(&edges)])
            })
            .during("keep the edges of a node")?;
        Ok(())
    }

    /// The hash of the statement from which the node's edges were last made.
    pub(super) fn stated_before(&self, node: i64) -> Result<Option<Vec<u8>>> {
        self.session
            .db
            .prepare_cached("SELECT hash FROM edge_set WHERE node = ?1")
            .and_then(|mut statement| statement.query_row([node], |row| row.get(0)).optional())
            .during("look up the edges of a node")
    }

    fn end_of(&mut self, end: &End) -> Result<i64> {
        let (key, id, hash, alias) = match end {
            End::Itself => return Ok(0),
            End::Other { key, id, hash, alias } => (key, id, *hash, *alias),
        };
        let spelling = beginning(&key_hash(id));
        if let Some(known) = self.known.get(hash)
            && (known.id > 0 || known.last == spelling)
        {
            return Ok(known.id);
        }
        let db = &self.session.db;
        let doing = "look up the end of an edge";
        // Who has an alias is certain only at the end.
        let node: Option<i64> = if alias {
            None
        } else {
            db.prepare_cached("SELECT id FROM node WHERE key = ?1")
                .and_then(|mut statement| statement.query_row([key], |row| row.get(0)).optional())
                .during(doing)?
        };
        let known = match node {
            Some(id) => Known { id, last: 0 },
            // Of several spellings the least counts, whichever came first.
            None => Known {
                id: -db
                    .prepare_cached(
                        "INSERT INTO temp.target (key, azure_id, alias) VALUES (?1, ?2, ?3)
                         ON CONFLICT (key) DO UPDATE SET azure_id = min(azure_id, excluded.azure_id) RETURNING id",
                    )
                    .and_then(|mut statement| statement.query_row(params![key, id, alias], |row| row.get::<_, i64>(0)))
                    .during(doing)?,
                last: spelling,
            },
        };
        self.known.insert(hash, known);
        Ok(known.id)
    }
}
