//! What the graph holds.

use std::fs;

use atg_sdk::Result;
use rusqlite::{Connection, Row};

use super::{EmbeddedStore, failure::Sql, file::SCHEMA_VERSION, lock};
use crate::graph::{Counts, GraphInfo, TenantInfo};

/// Reads everything in one transaction, so that the figures belong together.
pub(super) fn read(store: &EmbeddedStore) -> Result<GraphInfo> {
    let doing = "read what the graph holds";
    let mut db = store.reader()?;
    let now = db.transaction().during(doing)?;
    let tenants = tenants(store, &now)?;
    let counts = tenants.iter().fold(Counts::default(), |sum, tenant| Counts {
        nodes: sum.nodes + tenant.counts.nodes,
        edges: sum.edges + tenant.counts.edges,
    });
    Ok(GraphInfo {
        graph_id: store.graph_id().to_owned(),
        location: format!("sqlite:{}", store.path().display()),
        schema_version: SCHEMA_VERSION,
        size_bytes: fs::metadata(store.path()).ok().map(|file| file.len()),
        labels: named_counts(
            &now,
            "SELECT l.name, count(*) FROM node_label nl JOIN label l ON l.id = nl.label GROUP BY nl.label",
        )?,
        relationship_types: named_counts(
            &now,
            "SELECT r.name, e.n FROM (SELECT type, count(*) AS n FROM edge GROUP BY type) e
             JOIN relationship_type r ON r.id = e.type",
        )?,
        tenants,
        counts,
    })
}

/// SQLite knows no unsigned numbers; a count is never negative.
pub(super) fn read_count(row: &Row<'_>, at: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(at)?;
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(at, number))
}

/// Largest first, then by name.
fn named_counts(db: &Connection, sql: &str) -> Result<Vec<(String, u64)>> {
    let doing = "count what the graph holds";
    let mut out: Vec<(String, u64)> = db
        .prepare(sql)
        .and_then(|mut statement| {
            statement
                .query_map([], |row| Ok((row.get(0)?, read_count(row, 1)?)))?
                .collect()
        })
        .during(doing)?;
    out.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Ok(out)
}

fn tenants(store: &EmbeddedStore, db: &Connection) -> Result<Vec<TenantInfo>> {
    let doing = "list the tenants of the graph";
    let mut statement = db
        .prepare(
            "SELECT t.tenant_id, t.edges, t.partial, t.last_scan_id, t.last_scan_at, t.holder, t.holder_file,
                    t.heartbeat_at, (SELECT count(*) FROM node n WHERE n.tenant = t.id)
             FROM tenant t ORDER BY t.tenant_id",
        )
        .during(doing)?;
    let read = |row: &Row<'_>| -> rusqlite::Result<_> {
        let held = lock::Held::read(row, 5)?;
        let scan: (Option<String>, Option<String>) = (row.get(3)?, row.get(4)?);
        Ok((
            row.get::<_, String>(0)?,
            Counts {
                nodes: read_count(row, 8)?,
                edges: read_count(row, 1)?,
            },
            row.get::<_, bool>(2)?,
            scan,
            held,
        ))
    };
    let rows: Vec<_> = statement
        .query_map([], read)
        .and_then(Iterator::collect)
        .during(doing)?;
    rows.into_iter()
        .map(|(tenant, counts, partial, scan, held)| {
            Ok(TenantInfo {
                tenant_id: tenant.parse()?,
                counts,
                last_scan: match scan {
                    (Some(id), Some(at)) => at.parse().ok().map(|at| (id, at)),
                    _ => None,
                },
                partial,
                holder: held.filter(|held| held.is_alive(store)).map(|held| held.holder),
            })
        })
        .collect()
}
