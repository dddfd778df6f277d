//! Writes the edges of nodes whose sources state others than last time.

use std::collections::BTreeMap;

use atg_sdk::{Error, Result};
use rusqlite::params;

use super::Scan;
use crate::graph::{
    Said,
    embedded::{
        edge_table::{self, Edge, Place, Touched},
        failure::Sql,
        packed::{Packed, unpack},
    },
    statement::decides,
};

/// How many nodes' edges are read at a time.
const PAGE: usize = 500;

/// A node's stated edges, as they were kept.
struct Stated {
    node: i64,
    hash: Vec<u8>,
    scope: Option<String>,
    edges: Vec<u8>,
    /// Whether edges of the node were written before.
    again: bool,
}

/// What tells two edges of one node apart.
type Identity = (i64, i64, i64, String);

/// The rest of it.
type Detail = (Said, Option<String>);

impl Scan {
    /// Adds what is missing and removes what is no longer stated; an edge that stays is not touched.
    pub(super) fn write_edges(&mut self, targets: &[i64]) -> Result<()> {
        let mut last = 0;
        loop {
            let page = self.stated_after(last)?;
            let Some(stated) = page.last() else { break };
            last = stated.node;
            for stated in page {
                self.session.breathe()?;
                self.write_edges_of(&stated, targets)?;
            }
        }
        self.session.commit()
    }

    fn stated_after(&self, node: i64) -> Result<Vec<Stated>> {
        self.session
            .db
            .prepare_cached(&format!(
                "SELECT node, hash, scope, edges, EXISTS (SELECT 1 FROM edge_set e WHERE e.node = s.node)
                 FROM temp.stated s WHERE node > ?1 ORDER BY node LIMIT {PAGE}"
            ))
            .and_then(|mut statement| {
                statement
                    .query_map([node], |row| {
                        Ok(Stated {
                            node: row.get(0)?,
                            hash: row.get(1)?,
                            scope: row.get(2)?,
                            edges: row.get(3)?,
                            again: row.get(4)?,
                        })
                    })?
                    .collect()
            })
            .during("read the stated edges")
    }

    fn write_edges_of(&mut self, stated: &Stated, targets: &[i64]) -> Result<()> {
        let mut wanted = wanted(stated, targets)?;
        let mut touched = Touched::default();
        let mut differs = false;
        if stated.again {
            for (edge, place) in edge_table::owned(&self.session.db, stated.node)? {
                let stays = match compare(&mut wanted, &edge) {
                    Verdict::Same => true,
                    Verdict::Restated => false,
                    // Nothing said about it decides only where the source spoke of its place.
                    Verdict::Missing => !decides(stated.scope.as_deref(), &edge.path),
                };
                if !stays {
                    differs = true;
                    self.drop_edge(&edge, place, &mut touched)?;
                }
            }
        }
        for ((relationship, src, dst, path), (said, properties)) in wanted {
            differs = true;
            let edge = Edge {
                relationship,
                src,
                dst,
                owner: stated.node,
                said,
                path,
                properties,
            };
            let seen = edge_table::insert(&mut self.session, &edge, &mut touched)?;
            self.counts.edges_added += u64::from(seen);
        }
        edge_table::settle(&mut self.session, &mut self.counts, touched)?;
        // A thin source that said nothing new leaves the mark of the richer one: it is still what all edges come from.
        if differs || stated.scope.is_none() {
            self.session
                .db
                .prepare_cached("INSERT OR REPLACE INTO edge_set (node, hash) VALUES (?1, ?2)")
                .and_then(|mut statement| statement.execute(params![stated.node, stated.hash]))
                .during("write the edges of a node")?;
        }
        Ok(())
    }

    fn drop_edge(&mut self, edge: &Edge, place: Place, touched: &mut Touched) -> Result<()> {
        if edge_table::delete(&mut self.session, edge, place, touched)? {
            self.counts.edges_removed += 1;
        }
        Ok(())
    }
}

/// The edges by what tells them apart. Of two that differ in nothing else, the same one counts whatever their order.
fn wanted(stated: &Stated, targets: &[i64]) -> Result<BTreeMap<Identity, Detail>> {
    let end = |number: i64| match number {
        0 => Some(stated.node),
        1.. => Some(number),
        _ => usize::try_from(-number)
            .ok()
            .and_then(|at| targets.get(at).copied()),
    };
    let mut wanted: BTreeMap<Identity, Detail> = BTreeMap::new();
    for packed in unpack(&stated.edges)? {
        let Packed {
            from,
            to,
            relationship,
            said,
            path,
            properties,
        } = packed;
        let (Some(src), Some(dst)) = (end(from), end(to)) else {
            return Err(Error::internal("an end of a staged edge was not looked up"));
        };
        let detail = (said, properties);
        wanted
            .entry((relationship, src, dst, path))
            .and_modify(|known| {
                if detail < *known {
                    known.clone_from(&detail);
                }
            })
            .or_insert(detail);
    }
    Ok(wanted)
}

/// What the source now says of an edge that it stated before.
enum Verdict {
    Same,
    /// With other properties.
    Restated,
    Missing,
}

/// An edge that is the same is no longer wanted: it is there.
fn compare(wanted: &mut BTreeMap<Identity, Detail>, edge: &Edge) -> Verdict {
    let identity = (edge.relationship, edge.src, edge.dst, edge.path.clone());
    match wanted.get(&identity) {
        Some((said, properties)) if *said == edge.said && *properties == edge.properties => {
            wanted.remove(&identity);
            Verdict::Same
        }
        Some(_) => Verdict::Restated,
        None => Verdict::Missing,
    }
}
