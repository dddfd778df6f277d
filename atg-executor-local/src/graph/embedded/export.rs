//! Hands out every node and edge.

use atg_sdk::Result;
use rusqlite::Connection;

use super::{
    EmbeddedStore,
    edge_table::read_said,
    failure::Sql,
    node_table::{CONTENT, read_content},
};
use crate::graph::{
    Counts, ExportRequest, NodeClass, RecordSink,
    record::{EdgeRecord, NodeHistory, NodeRecord, Record, TenantHistory, TenantRecord},
};

/// Reads one state of the graph from beginning to end, however long it takes: writers go on beside it.
pub(super) fn run(
    store: &EmbeddedStore,
    request: &ExportRequest,
    records: &mut dyn RecordSink,
) -> Result<Counts> {
    let mut db = store.reader()?;
    let now = db.transaction().during("read the graph")?;
    let tenants = tenants(&now, request)?;
    let mut out = Out {
        history: request.with_history,
        records,
        counts: Counts::default(),
    };
    out.record(&Record::Header {
        history: request.with_history,
    })?;
    for tenant in &tenants {
        out.record(&Record::Tenant(tenant.clone()))?;
    }
    for tenant in &tenants {
        out.nodes(&now, &tenant.id)?;
    }
    for tenant in &tenants {
        out.edges(&now, &tenant.id)?;
    }
    out.record(&Record::End(out.counts))?;
    Ok(out.counts)
}

fn tenants(db: &Connection, request: &ExportRequest) -> Result<Vec<TenantRecord>> {
    let mut all: Vec<TenantRecord> = db
        .prepare("SELECT tenant_id, partial, last_scan_id, last_scan_at FROM tenant ORDER BY tenant_id")
        .and_then(|mut statement| {
            statement
                .query_map([], |row| {
                    Ok(TenantRecord {
                        id: row.get(0)?,
                        history: Some(TenantHistory {
                            partial: row.get(1)?,
                            last_scan_id: row.get(2)?,
                            last_scan_at: row.get(3)?,
                        }),
                    })
                })?
                .collect()
        })
        .during("list the tenants of the graph")?;
    if !request.with_history {
        for tenant in &mut all {
            tenant.history = None;
        }
    }
    request.choose(all)
}

struct Out<'a> {
    history: bool,
    records: &'a mut dyn RecordSink,
    counts: Counts,
}

impl Out<'_> {
    fn record(&mut self, record: &Record) -> Result<()> {
        self.records.record(&record.to_line())
    }

    fn nodes(&mut self, db: &Connection, tenant: &str) -> Result<()> {
        let doing = "read the nodes of the graph";
        let mut statement = db
            .prepare_cached(&format!(
                "SELECT key, first_seen_at, changed_at, scan_id, {CONTENT} FROM node INDEXED BY node_key
                 WHERE key >= ?1 AND key < ?2 AND class <> ?3 ORDER BY key"
            ))
            .during(doing)?;
        let mut rows = statement
            .query((first(tenant), last(tenant), self.hidden()))
            .during(doing)?;
        while let Some(row) = rows.next().during(doing)? {
            let read = || -> rusqlite::Result<NodeRecord> {
                Ok(NodeRecord {
                    key: row.get(0)?,
                    history: match self.history {
                        true => Some(NodeHistory {
                            first_seen_at: row.get(1)?,
                            changed_at: row.get(2)?,
                            scan_id: row.get(3)?,
                        }),
                        false => None,
                    },
                    content: read_content(row, 4)?,
                })
            };
            let node = read().during(doing)?;
            self.counts.nodes += 1;
            self.record(&Record::Node(Box::new(node)))?;
        }
        Ok(())
    }

    /// The class that is left out. Scans are history.
    fn hidden(&self) -> i64 {
        if self.history {
            -1
        } else {
            i64::from(NodeClass::Scan.number())
        }
    }

    /// Node by node: what has to be put in order at once is one node's edges, not all.
    fn edges(&mut self, db: &Connection, tenant: &str) -> Result<()> {
        let doing = "read the edges of the graph";
        let mut nodes = db
            .prepare_cached(
                "SELECT id, key FROM node INDEXED BY node_key WHERE key >= ?1 AND key < ?2 ORDER BY key",
            )
            .during(doing)?;
        let mut nodes = nodes.query((first(tenant), last(tenant))).during(doing)?;
        while let Some(node) = nodes.next().during(doing)? {
            let key: String = node.get(1).during(doing)?;
            for edge in self.edges_of(db, node.get(0).during(doing)?, &key)? {
                self.counts.edges += u64::from(!edge.spare);
                self.record(&Record::Edge(Box::new(edge)))?;
            }
        }
        Ok(())
    }

    fn edges_of(&self, db: &Connection, node: i64, key: &str) -> Result<Vec<EdgeRecord>> {
        let columns = "r.name, d.key, e.path, o.key, e.said, e.properties, e.scan_id";
        let joins = "JOIN relationship_type r ON r.id = e.type JOIN node d ON d.id = e.dst JOIN node o ON o.id = e.owner";
        let mut edges: Vec<EdgeRecord> = db
            .prepare_cached(&format!(
                "SELECT {columns}, 0 FROM edge e {joins} WHERE e.src = ?1
                 UNION ALL SELECT {columns}, 1 FROM spare_edge e {joins} WHERE e.src = ?1"
            ))
            .and_then(|mut statement| {
                statement
                    .query_map([node], |row| {
                        Ok(EdgeRecord {
                            from: key.to_owned(),
                            relationship: row.get(0)?,
                            to: row.get(1)?,
                            path: row.get(2)?,
                            owner: row.get(3)?,
                            said: read_said(row.get(4)?)?,
                            properties: row.get(5)?,
                            scan_id: row.get::<_, Option<String>>(6)?.filter(|_| self.history),
                            spare: row.get(7)?,
                        })
                    })?
                    .collect()
            })
            .during("read the edges of the graph")?;
        edges.sort_unstable();
        Ok(edges)
    }
}

/// Keys begin with the tenant and a `|`, which `}` follows.
pub(super) fn first(tenant: &str) -> String {
    format!("{tenant}|")
}

pub(super) fn last(tenant: &str) -> String {
    format!("{tenant}}}")
}
