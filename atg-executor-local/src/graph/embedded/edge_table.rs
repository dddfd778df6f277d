//! Rows of edges, and which of them are superfluous.
//!
//! Two ends often say the same edge. The better-said one is in `edge`, where queries look; the other waits in
//! `spare_edge` and comes back when the better one goes, though its own source has not changed and is not read again. Which
//! is where depends on nothing but what is said, and is right at the end of every transaction.

use std::collections::HashSet;

use atg_sdk::Result;
use rusqlite::{Connection, OptionalExtension, params};

use super::{failure::Sql, session::Session};
use crate::graph::{Said, ScanCounts};

/// One edge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) relationship: i64,
    pub(super) src: i64,
    pub(super) dst: i64,
    pub(super) owner: i64,
    pub(super) said: Said,
    pub(super) path: String,
    pub(super) properties: Option<String>,
}

/// An edge's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    id: i64,
    spare: bool,
}

impl Place {
    /// Of an edge that queries see.
    pub(super) const fn seen(id: i64) -> Self {
        Self { id, spare: false }
    }
}

/// The (end, relationship) pairs at which something changed and has to be settled.
#[derive(Debug, Default)]
pub(super) struct Touched(HashSet<(i64, i64)>);

/// Adds an edge and says whether queries see it at once.
pub(super) fn insert(session: &mut Session, edge: &Edge, touched: &mut Touched) -> Result<bool> {
    let seen = edge.said == Said::Here;
    if !seen {
        session.names.doubt(&session.db, edge.relationship)?;
    }
    put(&session.db, edge, !seen, &session.scan_id)?;
    if seen {
        session.count_edge(1);
    }
    touch(session, edge, touched)?;
    Ok(seen)
}

/// Writes the row of an edge.
pub(super) fn put(db: &Connection, edge: &Edge, spare: bool, scan_id: &str) -> Result<()> {
    let table = if spare { "spare_edge" } else { "edge" };
    db.prepare_cached(&format!(
        "INSERT INTO {table} (type, src, dst, owner, said, path, properties, scan_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
    ))
    .and_then(|mut statement| {
        statement.execute(params![
            edge.relationship,
            edge.src,
            edge.dst,
            edge.owner,
            edge.said.number(),
            edge.path,
            edge.properties,
            scan_id,
        ])
    })
    .during("write an edge")?;
    Ok(())
}

/// Removes an edge and says whether queries saw it.
pub(super) fn delete(
    session: &mut Session,
    edge: &Edge,
    place: Place,
    touched: &mut Touched,
) -> Result<bool> {
    let sql = if place.spare {
        "DELETE FROM spare_edge WHERE id = ?1"
    } else {
        "DELETE FROM edge WHERE id = ?1"
    };
    session
        .db
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute([place.id]))
        .during("remove an edge")?;
    if !place.spare {
        session.count_edge(-1);
    }
    touch(session, edge, touched)?;
    Ok(!place.spare)
}

/// Removes all edges that a node's source states, and gives how many of them queries saw.
pub(super) fn delete_owned(session: &mut Session, owner: i64, touched: &mut Touched) -> Result<u64> {
    let mut seen = 0;
    for (edge, place) in owned(&session.db, owner)? {
        seen += u64::from(delete(session, &edge, place, touched)?);
    }
    session
        .db
        .prepare_cached("DELETE FROM edge_set WHERE node = ?1")
        .and_then(|mut statement| statement.execute([owner]))
        .during("remove the edges of a node")?;
    Ok(seen)
}

/// All edges that a node's source states.
pub(super) fn owned(db: &Connection, owner: i64) -> Result<Vec<(Edge, Place)>> {
    db.prepare_cached(
        "SELECT id, 0, type, src, dst, said, path, properties FROM edge WHERE owner = ?1
         UNION ALL
         SELECT id, 1, type, src, dst, said, path, properties FROM spare_edge WHERE owner = ?1",
    )
    .and_then(|mut statement| {
        statement
            .query_map([owner], |row| {
                let place = Place {
                    id: row.get(0)?,
                    spare: row.get(1)?,
                };
                let edge = Edge {
                    relationship: row.get(2)?,
                    src: row.get(3)?,
                    dst: row.get(4)?,
                    owner,
                    said: read_said(row.get(5)?)?,
                    path: row.get(6)?,
                    properties: row.get(7)?,
                };
                Ok((edge, place))
            })?
            .collect()
    })
    .during("read the edges of a node")
}

pub(super) fn read_said(number: u8) -> rusqlite::Result<Said> {
    Said::from_number(number).ok_or(rusqlite::Error::IntegralValueOutOfRange(0, number.into()))
}

/// Remembers where to settle. Most edges are of types, or end at nodes, about which there is no doubt.
fn touch(session: &Session, edge: &Edge, touched: &mut Touched) -> Result<()> {
    let pair = (edge.dst, edge.relationship);
    if !session.names.is_doubtful(edge.relationship) || touched.0.contains(&pair) {
        return Ok(());
    }
    if edge.said != Said::Here || is_doubtful(&session.db, pair)? {
        touched.0.insert(pair);
    }
    Ok(())
}

fn is_doubtful(db: &Connection, (dst, relationship): (i64, i64)) -> Result<bool> {
    db.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM edge WHERE dst = ?1 AND type = ?2 AND said > 0)
             OR EXISTS (SELECT 1 FROM spare_edge WHERE dst = ?1 AND type = ?2)",
    )
    .and_then(|mut statement| statement.query_row([dst, relationship], |row| row.get(0)))
    .during("look for doubtful edges")
}

/// Brings forward what is now needed and sets aside what is now superfluous.
pub(super) fn settle(session: &mut Session, counts: &mut ScanCounts, touched: Touched) -> Result<()> {
    for (dst, relationship) in touched.0 {
        let doubtful = doubtful(&session.db, dst, relationship)?;
        if doubtful.is_empty() {
            continue;
        }
        let sure = exists(
            &session.db,
            "SELECT 1 FROM edge WHERE dst = ?1 AND type = ?2 AND said = 0 LIMIT 1",
            &[dst, relationship],
        )?;
        let better = sure || doubtful.iter().any(|edge| edge.said == Said::AtFarEnd);
        for edge in doubtful {
            let superfluous = match edge.said {
                Said::Here => false,
                Said::AtFarEnd => {
                    sure && exists(
                        &session.db,
                        "SELECT 1 FROM edge WHERE dst = ?1 AND type = ?2 AND src = ?3 AND said = 0 LIMIT 1",
                        &[dst, relationship, edge.src],
                    )?
                }
                Said::Assumed => better,
            };
            match (edge.place.spare, superfluous) {
                (true, true) | (false, false) => {}
                (true, false) => {
                    bring_forward(session, edge.place.id)?;
                    counts.edges_added += 1;
                }
                (false, true) => {
                    set_aside(session, edge.place.id)?;
                    if edge.scan_id == session.scan_id {
                        // It came in this scan, before the better one did.
                        counts.edges_added = counts.edges_added.saturating_sub(1);
                    } else {
                        counts.edges_removed += 1;
                    }
                }
            }
        }
    }
    Ok(())
}

struct Doubtful {
    place: Place,
    src: i64,
    said: Said,
    scan_id: String,
}

fn doubtful(db: &Connection, dst: i64, relationship: i64) -> Result<Vec<Doubtful>> {
    db.prepare_cached(
        "SELECT id, 0, src, said, scan_id FROM edge WHERE dst = ?1 AND type = ?2 AND said > 0
         UNION ALL
         SELECT id, 1, src, said, scan_id FROM spare_edge WHERE dst = ?1 AND type = ?2",
    )
    .and_then(|mut statement| {
        statement
            .query_map([dst, relationship], |row| {
                Ok(Doubtful {
                    place: Place {
                        id: row.get(0)?,
                        spare: row.get(1)?,
                    },
                    src: row.get(2)?,
                    said: read_said(row.get(3)?)?,
                    scan_id: row.get(4)?,
                })
            })?
            .collect()
    })
    .during("look for doubtful edges")
}

fn exists(db: &Connection, sql: &str, parameters: &[i64]) -> Result<bool> {
    let found: Option<i64> = db
        .prepare_cached(sql)
        .and_then(|mut statement| {
            statement
                .query_row(rusqlite::params_from_iter(parameters), |row| row.get(0))
                .optional()
        })
        .during("look an edge up")?;
    Ok(found.is_some())
}

const COLUMNS: &str = "type, src, dst, owner, said, path, properties";

fn bring_forward(session: &mut Session, id: i64) -> Result<()> {
    let sql =
        format!("INSERT INTO edge ({COLUMNS}, scan_id) SELECT {COLUMNS}, ?2 FROM spare_edge WHERE id = ?1");
    replace(session, &sql, "DELETE FROM spare_edge WHERE id = ?1", id)?;
    session.count_edge(1);
    Ok(())
}

fn set_aside(session: &mut Session, id: i64) -> Result<()> {
    let sql =
        format!("INSERT INTO spare_edge ({COLUMNS}, scan_id) SELECT {COLUMNS}, ?2 FROM edge WHERE id = ?1");
    replace(session, &sql, "DELETE FROM edge WHERE id = ?1", id)?;
    session.count_edge(-1);
    Ok(())
}

fn replace(session: &Session, insert: &str, delete: &str, id: i64) -> Result<()> {
    let db = &session.db;
    let work = || -> rusqlite::Result<()> {
        db.prepare_cached(insert)?.execute(params![id, session.scan_id])?;
        db.prepare_cached(delete)?.execute([id])?;
        Ok(())
    };
    work().during("settle an edge")
}
