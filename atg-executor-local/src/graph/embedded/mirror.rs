//! The private file in which a scan works on a tenant that is kept elsewhere.
//!
//! It begins with what every scan looks at: keys, hashes, labels. Contents and edges come when they are needed. What
//! changes here is collected by triggers of the session's connection, and taken from there transaction by transaction.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    time::Duration,
};

use atg_sdk::{Error, ErrorKind, Result, azure::TenantId};
use rusqlite::{Connection, OptionalExtension, Row, params};
use tempfile::TempDir;

use super::{
    EmbeddedStore, Options,
    edge_table::{self, Edge, read_said},
    failure::Sql,
    file,
    names::Names,
    node_table::{CONTENT, read_content},
};
use crate::graph::{
    Said,
    content::{Content, Hash},
    record::NodeHistory,
};

pub(crate) use super::file::IN_THE_MIDDLE;

const TRIGGERS: &str = include_str!("mirror.sql");

/// How much a transaction may carry over: small enough for the server to be done with it long before its time limit.
const FULL: i64 = 4_000;

/// A long life for what nobody else ever looks at.
const NEVER: Duration = Duration::from_secs(24 * 60 * 60);

/// A private file of the embedded store, gone when it is dropped.
#[derive(Debug)]
pub(crate) struct Mirror {
    pub(crate) store: EmbeddedStore,
    _directory: TempDir,
}

/// What every scan looks at of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownNode {
    pub(crate) key: String,
    /// Whole where it is small, otherwise without names, members and properties.
    pub(crate) content: Content,
    pub(crate) hash: Hash,
    /// The hash of the statement from which its edges were made.
    pub(crate) stated: Option<Vec<u8>>,
    /// Other names of it.
    pub(crate) aliases: Vec<String>,
    /// Where an earlier run of the same scan wrote it.
    pub(crate) history: Option<NodeHistory>,
}

/// An edge between nodes of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownEdge {
    pub(crate) src: i64,
    pub(crate) dst: i64,
    pub(crate) owner: i64,
    pub(crate) relationship: String,
    pub(crate) said: Said,
    pub(crate) path: String,
    pub(crate) properties: Option<String>,
    pub(crate) scan_id: String,
    pub(crate) spare: bool,
}

impl Mirror {
    /// An empty one in a directory of its own below `parent`.
    pub(crate) fn create(parent: &Path) -> Result<Self> {
        let directory = tempfile::Builder::new()
            .prefix("graph-")
            .tempdir_in(parent)
            .map_err(|error| {
                Error::new(
                    ErrorKind::Unavailable,
                    format!(
                        "make room for the scan below {}: see whether it may be written to and has space",
                        parent.display()
                    ),
                )
                .with_source(error)
            })?;
        let options = Options {
            heartbeat: NEVER,
            stale_after: NEVER,
            ..Options::default()
        };
        Ok(Self {
            store: EmbeddedStore::open(directory.path().join("mirror.db"), options)?,
            _directory: directory,
        })
    }

    /// A connection to fill it.
    pub(crate) fn filler(&self) -> Result<Filler> {
        let db = file::writer(self.store.path())?;
        Filler::begin(&db)?;
        Ok(Filler {
            names: Names::read(&db)?,
            db,
        })
    }
}

/// Writes what is known elsewhere.
#[derive(Debug)]
pub(crate) struct Filler {
    db: Connection,
    names: Names,
}

impl Filler {
    fn begin(db: &Connection) -> Result<()> {
        // Nothing here survives a crash, and nothing has to.
        db.execute_batch("PRAGMA synchronous = OFF; BEGIN IMMEDIATE")
            .during("prepare the scan")
    }

    /// The tenant's row, with its mark and the number of its edges.
    pub(crate) fn tenant(
        &self,
        tenant: TenantId,
        partial: i64,
        edges: i64,
        remembered: Option<&str>,
    ) -> Result<i64> {
        self.db
            .query_row(
                "INSERT INTO tenant (tenant_id, partial, edges, remembered) VALUES (?1, ?2, ?3, ?4) RETURNING id",
                params![tenant.to_string(), partial, edges, remembered],
                |row| row.get(0),
            )
            .during("prepare the scan")
    }

    /// A node; gives its row number.
    pub(crate) fn node(&mut self, tenant: i64, node: &KnownNode) -> Result<i64> {
        let doing = "prepare the scan";
        let content = &node.content;
        self.db
            .prepare_cached(
                "INSERT INTO node (tenant, class, standing, hash, key, azure_id, name, type, source, first_seen_at,
                                   changed_at, scan_id, labels, members, scalars, properties)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?14, ?15, ?16, ?10, ?11, ?12, ?13)",
            )
            .and_then(|mut statement| {
                let history = node.history.as_ref();
                statement.execute(params![
                    tenant,
                    content.class.number(),
                    content.standing.number(),
                    node.hash,
                    node.key,
                    content.id,
                    content.name,
                    content.resource_type,
                    content.source,
                    content.labels,
                    content.members,
                    content.scalars,
                    content.properties,
                    history.map_or("", |history| &history.first_seen_at),
                    history.map_or("", |history| &history.changed_at),
                    history.map_or("", |history| &history.scan_id),
                ])
            })
            .during(doing)?;
        let id = self.db.last_insert_rowid();
        if let Some(stated) = &node.stated {
            self.db
                .prepare_cached("INSERT INTO edge_set (node, hash) VALUES (?1, ?2)")
                .and_then(|mut statement| statement.execute(params![id, stated]))
                .during(doing)?;
        }
        if let Some((tenant, _)) = node.key.split_once('|') {
            for alias in &node.aliases {
                self.db
                    .prepare_cached("INSERT OR IGNORE INTO node_alias (alias, node) VALUES (?1, ?2)")
                    .and_then(|mut statement| {
                        statement.execute(params![format!("{tenant}|{}", alias.to_lowercase()), id])
                    })
                    .during(doing)?;
            }
        }
        Ok(id)
    }

    /// A checkpoint of an unfinished scan.
    pub(crate) fn checkpoint(&self, tenant: i64, checkpoint: &Checkpoint) -> Result<()> {
        self.db
            .execute(
                "INSERT INTO checkpoint (tenant, sequence, name, content) VALUES (?1, ?2, ?3, ?4)",
                params![tenant, checkpoint.sequence, checkpoint.name, checkpoint.content],
            )
            .during("prepare the scan")?;
        Ok(())
    }

    /// Everything that was written is there. `settled`: every edge leads to who has its alias; a scan that was cut off may
    /// have left others.
    pub(crate) fn commit(self, settled: bool) -> Result<()> {
        let doing = "prepare the scan";
        if settled {
            self.db
                .execute_batch("DELETE FROM unsettled_alias")
                .during(doing)?;
        }
        self.db.execute_batch("COMMIT").during(doing)?;
        drop(self.names);
        Ok(())
    }
}

/// Writes the whole content of a node of which only the beginning was known. Not a change: the session's triggers do not
/// fire.
pub(crate) fn put_content(db: &Connection, node: i64, content: &Content) -> Result<()> {
    db.prepare_cached(
        "UPDATE node SET azure_id = ?2, name = ?3, type = ?4, source = ?5, members = ?6, scalars = ?7, properties = ?8
         WHERE id = ?1",
    )
    .and_then(|mut statement| {
        statement.execute(params![
            node,
            content.id,
            content.name,
            content.resource_type,
            content.source,
            content.members,
            content.scalars,
            content.properties,
        ])
    })
    .during("keep the content of a node")?;
    Ok(())
}

/// The nodes of which only the beginning is known, among these.
pub(crate) fn without_content(db: &Connection, nodes: &[i64]) -> Result<Vec<i64>> {
    let mut out = Vec::new();
    for node in nodes {
        // Whatever has a key has an ID, the tenant's own is `/`.
        let bare: Option<bool> = db
            .prepare_cached("SELECT azure_id = '' FROM node WHERE id = ?1")
            .and_then(|mut statement| statement.query_row([node], |row| row.get(0)).optional())
            .during("look a node up")?;
        if bare == Some(true) {
            out.push(*node);
        }
    }
    Ok(out)
}

/// Writes edges that are known elsewhere; no change either.
pub(crate) fn put_edges(db: &Connection, edges: impl Iterator<Item = Result<KnownEdge>>) -> Result<()> {
    let doing = "keep the edges";
    let mut names = Names::read(db)?;
    db.execute_batch("BEGIN IMMEDIATE").during(doing)?;
    for edge in edges {
        let edge = edge?;
        let relationship = names.relationship(db, &edge.relationship)?;
        if edge.said != Said::Here {
            names.doubt(db, relationship)?;
        }
        let row = Edge {
            relationship,
            src: edge.src,
            dst: edge.dst,
            owner: edge.owner,
            said: edge.said,
            path: edge.path,
            properties: edge.properties,
        };
        edge_table::put(db, &row, edge.spare, &edge.scan_id)?;
    }
    db.execute_batch("DELETE FROM temp.out_edge; DELETE FROM temp.out_spare; COMMIT")
        .during(doing)
}

/// The number of a node, by its key.
pub(crate) fn node_of(db: &Connection, key: &str) -> Result<Option<i64>> {
    db.prepare_cached("SELECT id FROM node WHERE key = ?1")
        .and_then(|mut statement| statement.query_row([key], |row| row.get(0)).optional())
        .during("look a node up")
}

/// The key of a node.
pub(crate) fn key_of(db: &Connection, node: i64) -> Result<String> {
    db.prepare_cached("SELECT key FROM node WHERE id = ?1")
        .and_then(|mut statement| statement.query_row([node], |row| row.get(0)))
        .during("look a node up")
}

/// A node as it now is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NodeNow {
    pub(crate) node: i64,
    pub(crate) key: String,
    pub(crate) content: Content,
    pub(crate) hash: Hash,
    /// `first_seen_at` is empty where it stays what it was.
    pub(crate) history: NodeHistory,
}

/// What a scan keeps, so that another run of it can go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub(crate) sequence: i64,
    pub(crate) name: String,
    pub(crate) content: Vec<u8>,
}

/// What one transaction changed.
#[derive(Debug, Default)]
pub(crate) struct Carried {
    pub(crate) created: Vec<NodeNow>,
    pub(crate) changed: Vec<NodeNow>,
    pub(crate) deleted: Vec<(i64, String)>,
    pub(crate) edges_gone: Vec<KnownEdge>,
    pub(crate) edges_new: Vec<KnownEdge>,
    /// Ends of spare edges, with all that now wait there.
    pub(crate) spares: Vec<(i64, Vec<KnownEdge>)>,
    /// Nodes whose edges now come from that statement.
    pub(crate) stated: Vec<(i64, Option<Vec<u8>>)>,
    pub(crate) kept: Vec<Checkpoint>,
    /// Checkpoints up to that one, by their sequence, were dropped.
    pub(crate) dropped: Option<i64>,
    pub(crate) edges: i64,
}

impl Carried {
    /// Whether there is nothing to carry.
    pub(crate) fn is_empty(&self) -> bool {
        self.created.is_empty()
            && self.changed.is_empty()
            && self.deleted.is_empty()
            && self.edges_gone.is_empty()
            && self.edges_new.is_empty()
            && self.spares.is_empty()
            && self.stated.is_empty()
            && self.kept.is_empty()
            && self.dropped.is_none()
    }
}

/// How the work ended, as the tenant's row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) partial: i64,
    pub(crate) edges: i64,
    pub(crate) last_scan_id: Option<String>,
    pub(crate) last_scan_at: Option<String>,
    /// What the scan leaves for the next one.
    pub(crate) remembered: Option<String>,
}

/// What tells two edges apart: owner, ends, type, path.
type Identity = (i64, i64, i64, String, String);

/// What was there before a transaction, and what is there after it.
type Net = (Option<KnownEdge>, Option<KnownEdge>);

/// Collects what a connection changes.
#[derive(Debug)]
pub(crate) struct Outbox {
    tenant: String,
    types: HashMap<i64, String>,
}

const EDGE: &str = "src, dst, owner, type, said, path, properties, scan_id";

impl Outbox {
    /// For that tenant.
    pub(crate) fn new(tenant: TenantId) -> Self {
        Self {
            tenant: tenant.to_string(),
            types: HashMap::new(),
        }
    }

    /// Begins to collect.
    pub(crate) fn attach(db: &Connection) -> Result<()> {
        db.execute_batch("PRAGMA synchronous = OFF")
            .and_then(|()| db.execute_batch(TRIGGERS))
            .during("prepare the scan")
    }

    /// Whether the open transaction is large enough.
    pub(crate) fn is_full(db: &Connection) -> Result<bool> {
        let size: i64 = db
            .prepare_cached("SELECT n FROM temp.out_size")
            .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
            .during("carry the graph over")?;
        Ok(size >= FULL)
    }

    /// Takes what was collected.
    pub(crate) fn take(&mut self, db: &Connection) -> Result<Carried> {
        let mut carried = Carried::default();
        self.take_nodes(db, &mut carried)?;
        self.take_edges(db, &mut carried)?;
        self.take_spares(db, &mut carried)?;
        let stated = db
            .prepare_cached(
                "SELECT o.node, e.hash FROM temp.out_stated o JOIN node n ON n.id = o.node
                 LEFT JOIN edge_set e ON e.node = o.node ORDER BY o.node",
            )
            .and_then(|mut statement| {
                statement
                    .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                    .collect()
            })
            .during("carry the graph over")?;
        carried.stated = stated;
        carried.kept = db
            .prepare_cached(
                "SELECT c.sequence, c.name, c.content FROM temp.out_kept o
                 JOIN checkpoint c ON c.tenant = o.tenant AND c.sequence = o.sequence ORDER BY c.sequence",
            )
            .and_then(|mut statement| {
                let checkpoint = |row: &Row<'_>| {
                    Ok(Checkpoint {
                        sequence: row.get(0)?,
                        name: row.get(1)?,
                        content: row.get(2)?,
                    })
                };
                statement.query_map([], checkpoint)?.collect()
            })
            .during("carry the graph over")?;
        carried.dropped = db
            .query_row("SELECT max(sequence) FROM temp.out_dropped", [], |row| row.get(0))
            .during("carry the graph over")?;
        carried.edges = self.ending(db)?.edges;
        db.execute_batch(
            "DELETE FROM temp.out_node; DELETE FROM temp.out_edge; DELETE FROM temp.out_spare;
             DELETE FROM temp.out_stated; DELETE FROM temp.out_kept; DELETE FROM temp.out_dropped; UPDATE temp.out_size SET n = 0",
        )
        .during("carry the graph over")?;
        Ok(carried)
    }

    /// The tenant's row.
    pub(crate) fn ending(&self, db: &Connection) -> Result<Ending> {
        db.prepare_cached(
            "SELECT partial, edges, last_scan_id, last_scan_at, remembered FROM tenant WHERE tenant_id = ?1",
        )
        .and_then(|mut statement| {
            statement.query_row([&self.tenant], |row| {
                Ok(Ending {
                    partial: row.get(0)?,
                    edges: row.get(1)?,
                    last_scan_id: row.get(2)?,
                    last_scan_at: row.get(3)?,
                    remembered: row.get(4)?,
                })
            })
        })
        .during("carry the graph over")
    }

    fn take_nodes(&self, db: &Connection, carried: &mut Carried) -> Result<()> {
        let doing = "carry the graph over";
        let mut statement = db
            .prepare_cached(&format!(
                "SELECT o.node, o.kind, n.key, n.hash, n.first_seen_at, n.changed_at, n.scan_id, o.key, {CONTENT}
                 FROM temp.out_node o LEFT JOIN node n ON n.id = o.node ORDER BY o.node"
            ))
            .during(doing)?;
        let mut rows = statement.query([]).during(doing)?;
        while let Some(row) = rows.next().during(doing)? {
            let node: i64 = row.get(0).during(doing)?;
            let kind: i64 = row.get(1).during(doing)?;
            if kind == 3 {
                carried.deleted.push((node, row.get(7).during(doing)?));
                continue;
            }
            let now = read_now(row, node).during(doing)?;
            if kind == 1 {
                carried.created.push(now);
            } else {
                carried.changed.push(now);
            }
        }
        Ok(())
    }

    /// What came and went within the transaction cancels out.
    fn take_edges(&mut self, db: &Connection, carried: &mut Carried) -> Result<()> {
        let doing = "carry the graph over";
        let mut statement = db
            .prepare_cached(&format!("SELECT came, {EDGE} FROM temp.out_edge ORDER BY seq"))
            .during(doing)?;
        let mut rows = statement.query([]).during(doing)?;
        let mut net: BTreeMap<Identity, Net> = BTreeMap::new();
        let mut only_new = true;
        while let Some(row) = rows.next().during(doing)? {
            let came: bool = row.get(0).during(doing)?;
            let edge = self.read_edge(db, row, 1, false)?;
            if came && only_new {
                carried.edges_new.push(edge);
                continue;
            }
            if only_new {
                only_new = false;
                for edge in carried.edges_new.drain(..) {
                    net.insert(identity(&edge), (None, Some(edge)));
                }
            }
            let known = net.entry(identity(&edge)).or_default();
            match (came, &known.1) {
                (true, _) => known.1 = Some(edge),
                (false, Some(_)) => known.1 = None,
                (false, None) => {
                    known.0.get_or_insert(edge);
                }
            }
        }
        for (gone, new) in net.into_values() {
            if gone == new {
                continue;
            }
            carried.edges_gone.extend(gone);
            carried.edges_new.extend(new);
        }
        Ok(())
    }

    fn take_spares(&mut self, db: &Connection, carried: &mut Carried) -> Result<()> {
        let doing = "carry the graph over";
        let ends: Vec<i64> = db
            .prepare_cached(
                "SELECT o.node FROM temp.out_spare o JOIN node n ON n.id = o.node ORDER BY o.node",
            )
            .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
            .during(doing)?;
        for end in ends {
            let mut statement = db
                .prepare_cached(&format!(
                    "SELECT {EDGE} FROM spare_edge WHERE dst = ?1 ORDER BY id"
                ))
                .during(doing)?;
            let mut rows = statement.query([end]).during(doing)?;
            let mut spares = Vec::new();
            while let Some(row) = rows.next().during(doing)? {
                spares.push(self.read_edge(db, row, 0, true)?);
            }
            carried.spares.push((end, spares));
        }
        Ok(())
    }

    fn read_edge(&mut self, db: &Connection, row: &Row<'_>, first: usize, spare: bool) -> Result<KnownEdge> {
        let doing = "carry the graph over";
        let number: i64 = row.get(first + 3).during(doing)?;
        let relationship = match self.types.get(&number) {
            Some(name) => name.clone(),
            None => {
                let name: String = db
                    .prepare_cached("SELECT name FROM relationship_type WHERE id = ?1")
                    .and_then(|mut statement| statement.query_row([number], |row| row.get(0)))
                    .during(doing)?;
                self.types.insert(number, name.clone());
                name
            }
        };
        let read = || -> rusqlite::Result<KnownEdge> {
            Ok(KnownEdge {
                src: row.get(first)?,
                dst: row.get(first + 1)?,
                owner: row.get(first + 2)?,
                relationship,
                said: read_said(row.get(first + 4)?)?,
                path: row.get(first + 5)?,
                properties: row.get(first + 6)?,
                scan_id: row.get(first + 7)?,
                spare,
            })
        };
        read().during(doing)
    }
}

fn read_now(row: &Row<'_>, node: i64) -> rusqlite::Result<NodeNow> {
    Ok(NodeNow {
        node,
        key: row.get(2)?,
        hash: row.get(3)?,
        history: NodeHistory {
            first_seen_at: row.get(4)?,
            changed_at: row.get(5)?,
            scan_id: row.get(6)?,
        },
        content: read_content(row, 8)?,
    })
}

fn identity(edge: &KnownEdge) -> Identity {
    (
        edge.owner,
        edge.src,
        edge.dst,
        edge.relationship.clone(),
        edge.path.clone(),
    )
}
