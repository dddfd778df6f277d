//! Removes all that a tenant has.

use atg_sdk::{Error, ErrorKind, Result, azure::TenantId};
use rusqlite::{OptionalExtension, params};

use super::{EmbeddedStore, failure::Sql, lock, node_table, session::Session};
use crate::graph::{Change, ChangeSink, Counts};

/// How many nodes are read at a time.
const PAGE: usize = 200;

/// Nobody is told of what goes with a whole tenant.
#[derive(Debug)]
pub(super) struct Untold;

impl ChangeSink for Untold {
    fn record(&mut self, _change: &Change) -> Result<()> {
        Ok(())
    }

    fn external(&mut self, _id: &str) -> Result<()> {
        Ok(())
    }
}

/// Removes a tenant.
pub(super) fn run(store: &EmbeddedStore, tenant: TenantId) -> Result<Counts> {
    let db = store.reader()?;
    let known: Option<i64> = db
        .query_row(
            "SELECT id FROM tenant WHERE tenant_id = ?1",
            [tenant.to_string()],
            |row| row.get(0),
        )
        .optional()
        .during("look the tenant up")?;
    drop(db);
    if known.is_none() {
        return Err(Error::not_found(format!(
            "forget: the graph knows no tenant {tenant}, see `atg graph tenants`"
        )));
    }
    let lock = lock::try_take(store, tenant, "atg graph forget")?.map_err(|holder| {
        Error::new(
            ErrorKind::Conflict,
            format!("forget: {holder} is writing to the tenant; wait for it to end or cancel it"),
        )
    })?;
    let mut session = Session::new(
        store,
        lock,
        tenant,
        String::new(),
        Default::default(),
        Box::new(Untold),
        None,
    )?;
    let result = clear(&mut session).and_then(|counts| {
        session.begin()?;
        session
            .db
            .execute("DELETE FROM checkpoint WHERE tenant = ?1", [session.lock.tenant])
            .during("forget the tenant")?;
        session
            .db
            .execute("DELETE FROM tenant WHERE id = ?1", [session.lock.tenant])
            .during("forget the tenant")?;
        session.commit()?;
        Ok(counts)
    });
    if result.is_err() {
        session.abandon();
    }
    result
}

/// Removes all nodes and edges of the session's tenant.
pub(super) fn clear(session: &mut Session) -> Result<Counts> {
    let mut counts = Counts::default();
    loop {
        session.begin()?;
        let page: Vec<(i64, String)> = session
            .db
            .prepare_cached(&format!(
                "SELECT id, labels FROM node WHERE tenant = ?1 LIMIT {PAGE}"
            ))
            .and_then(|mut statement| {
                statement
                    .query_map([session.lock.tenant], |row| Ok((row.get(0)?, row.get(1)?)))?
                    .collect()
            })
            .during("read what is to be forgotten")?;
        if page.is_empty() {
            // `}` is what follows `|`.
            session
                .db
                .execute(
                    "DELETE FROM unsettled_alias WHERE alias > ?1 || '|' AND alias < ?1 || '}'",
                    [session.tenant.to_string()],
                )
                .during("forget the aliases of the tenant")?;
            session.commit()?;
            return Ok(counts);
        }
        for (node, labels) in page {
            session.breathe()?;
            counts.edges += drop_edges(session, node)?;
            node_table::delete(&session.db, &mut session.names, node, &labels)?;
            counts.nodes += 1;
        }
        session.breathe()?;
    }
}

/// Everything that touches the node: none of it would make sense without it.
fn drop_edges(session: &mut Session, node: i64) -> Result<u64> {
    let db = &session.db;
    let work = || -> rusqlite::Result<usize> {
        let mut gone = 0;
        for end in ["owner", "src", "dst"] {
            gone += db
                .prepare_cached(&format!("DELETE FROM edge WHERE {end} = ?1"))?
                .execute(params![node])?;
            db.prepare_cached(&format!("DELETE FROM spare_edge WHERE {end} = ?1"))?
                .execute(params![node])?;
        }
        db.prepare_cached("DELETE FROM edge_set WHERE node = ?1")?
            .execute(params![node])?;
        Ok(gone)
    };
    let gone = work().during("forget the edges of a node")?;
    session.count_edge(-i64::try_from(gone).unwrap_or_default());
    Ok(u64::try_from(gone).unwrap_or_default())
}
