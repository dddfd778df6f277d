//! Reads an export back.

use atg_sdk::{Error, ErrorKind, Result, azure::TenantId};
use rusqlite::{OptionalExtension, params};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    EmbeddedStore,
    cache::Cache,
    edge_table::{self, Edge},
    failure::Sql,
    file::MISSES_SOMETHING,
    follow::Follower,
    forget::{self, Untold},
    lock,
    node_table::{self, History},
    session::Session,
};
use crate::graph::{
    Counts, ImportRequest, RecordSource, Said, Source,
    content::Hash,
    import_check,
    record::{EdgeRecord, NodeRecord, Record, TenantRecord},
    statement::key_hash,
};

/// How many keys are remembered.
const REMEMBERED: usize = 400_000;

/// Checks everything, takes the lock of every tenant, then writes.
pub(super) fn run(
    store: &EmbeddedStore,
    request: &ImportRequest,
    records: &mut dyn RecordSource,
) -> Result<Counts> {
    let checked = import_check::check(request, records)?;
    if !request.replace {
        refuse_known(store, &checked.tenants)?;
    }
    let tenants = take_all(store, &checked.tenants)?;
    write(tenants, records)?;
    Ok(checked.counts)
}

/// The same with followers, each of whom has taken and cleared its tenant elsewhere.
pub(super) fn follow(
    store: &EmbeddedStore,
    tenants: Vec<(TenantId, Box<dyn Follower>)>,
    scan_id: &str,
    records: &mut dyn RecordSource,
) -> Result<()> {
    let mut sessions = Vec::new();
    for (tenant, follower) in tenants {
        sessions.push((tenant.to_string(), take(store, tenant, scan_id, Some(follower))?));
    }
    write(sessions, records)
}

/// Writes what was checked into tenants that were taken and hold nothing that they do not clear away themselves.
fn write(tenants: Vec<(String, Session)>, records: &mut dyn RecordSource) -> Result<()> {
    records.rewind()?;
    let mut import = Import {
        tenants,
        known: Cache::new(REMEMBERED),
        endings: Vec::new(),
    };
    match import.write(records) {
        Ok(()) => Ok(()),
        Err(error) => {
            for (_, session) in &mut import.tenants {
                session.abandon();
            }
            Err(error)
        }
    }
}

/// Refuses tenants that the graph has anything of, before anything is touched.
fn refuse_known(store: &EmbeddedStore, tenants: &[TenantId]) -> Result<()> {
    let db = store.reader()?;
    for tenant in tenants {
        let known: bool = db
            .query_row(
                "SELECT EXISTS (SELECT 1 FROM tenant t WHERE tenant_id = ?1
                     AND (last_scan_id IS NOT NULL OR EXISTS (SELECT 1 FROM node n WHERE n.tenant = t.id)))",
                [tenant.to_string()],
                |row| row.get(0),
            )
            .during("look the tenants up")?;
        if known {
            return Err(Error::new(
                ErrorKind::Conflict,
                format!(
                    "import: the graph holds the tenant {tenant} already; pass --replace to put the export in its place"
                ),
            ));
        }
    }
    Ok(())
}

/// Takes every lock, or none.
fn take_all(store: &EmbeddedStore, tenants: &[TenantId]) -> Result<Vec<(String, Session)>> {
    let scan_id = format!("import-{}", Uuid::now_v7());
    let mut taken: Vec<(String, Session)> = Vec::new();
    for tenant in tenants {
        match take(store, *tenant, &scan_id, None) {
            Ok(session) => taken.push((tenant.to_string(), session)),
            Err(error) => {
                for (_, session) in &taken {
                    session.lock.release_untouched(&session.db)?;
                }
                return Err(error);
            }
        }
    }
    Ok(taken)
}

fn take(
    store: &EmbeddedStore,
    tenant: TenantId,
    scan_id: &str,
    follower: Option<Box<dyn Follower>>,
) -> Result<Session> {
    let lock = lock::try_take(store, tenant, "atg import")?.map_err(|holder| {
        Error::new(
            ErrorKind::Conflict,
            format!("import: {holder} is writing to the tenant {tenant}; wait for it to end or cancel it"),
        )
    })?;
    let never = CancellationToken::new();
    Session::new(
        store,
        lock,
        tenant,
        scan_id.to_owned(),
        never,
        Box::new(Untold),
        follower,
    )
}

struct Import {
    /// Each tenant's writer. Lines come tenant by tenant, so one of them is busy at a time.
    tenants: Vec<(String, Session)>,
    known: Cache<Hash, i64>,
    endings: Vec<TenantRecord>,
}

impl Import {
    fn write(&mut self, records: &mut dyn RecordSource) -> Result<()> {
        for (_, session) in &mut self.tenants {
            forget::clear(session)?;
        }
        let mut open: Option<usize> = None;
        while let Some(line) = records.next()? {
            let record = Record::parse(&line)?;
            let tenant = match &record {
                Record::Header { .. } | Record::End(_) => continue,
                Record::Tenant(tenant) => {
                    self.endings.push(tenant.clone());
                    continue;
                }
                Record::Node(node) => self.tenant_of(&node.key)?,
                Record::Edge(edge) => self.tenant_of(&edge.from)?,
            };
            if let Some(before) = open.filter(|before| *before != tenant) {
                // Two connections of ours must not wait for each other.
                self.session(before)?.commit()?;
            }
            open = Some(tenant);
            match record {
                Record::Node(node) => self.node(tenant, &node)?,
                Record::Edge(edge) => self.edge(tenant, *edge)?,
                Record::Header { .. } | Record::Tenant(_) | Record::End(_) => {}
            }
        }
        if let Some(last) = open {
            self.session(last)?.commit()?;
        }
        self.end()
    }

    fn tenant_of(&self, key: &str) -> Result<usize> {
        self.tenants
            .iter()
            .position(|(tenant, _)| {
                key.strip_prefix(tenant.as_str())
                    .is_some_and(|rest| rest.starts_with('|'))
            })
            .ok_or_else(changed)
    }

    fn session(&mut self, tenant: usize) -> Result<&mut Session> {
        self.tenants
            .get_mut(tenant)
            .map(|(_, session)| session)
            .ok_or_else(changed)
    }

    fn node(&mut self, tenant: usize, node: &NodeRecord) -> Result<()> {
        let session = self.session(tenant)?;
        session.breathe()?;
        let mut content = node.content.clone();
        if content.source.is_empty() {
            content.source = Source::Recorded.name().to_owned();
        }
        let (first_seen_at, changed_at, scan_id) = match &node.history {
            Some(history) => (&history.first_seen_at, &history.changed_at, &history.scan_id),
            None => (&session.now, &session.now, &session.scan_id),
        };
        let id = node_table::insert(
            &session.db,
            &mut session.names,
            session.lock.tenant,
            &node.key,
            &content,
            &content.hash(),
            History {
                first_seen_at,
                changed_at,
                scan_id,
            },
        )?;
        self.known.insert(key_hash(&node.key), id);
        Ok(())
    }

    fn edge(&mut self, tenant: usize, record: EdgeRecord) -> Result<()> {
        let (src, dst) = (self.find(tenant, &record.from)?, self.find(tenant, &record.to)?);
        let owner = self.find(tenant, &record.owner)?;
        let session = self.session(tenant)?;
        session.breathe()?;
        let relationship = session.names.relationship(&session.db, &record.relationship)?;
        if record.said != Said::Here {
            session.names.doubt(&session.db, relationship)?;
        }
        let edge = Edge {
            relationship,
            src,
            dst,
            owner,
            said: record.said,
            path: record.path,
            properties: record.properties,
        };
        let scan_id = record.scan_id.as_ref().unwrap_or(&session.scan_id);
        edge_table::put(&session.db, &edge, record.spare, scan_id)?;
        if !record.spare {
            session.count_edge(1);
        }
        // The hash of no statement: the next scan compares the node's edges one by one.
        session
            .db
            .prepare_cached("INSERT OR IGNORE INTO edge_set (node, hash) VALUES (?1, x'')")
            .and_then(|mut statement| statement.execute([owner]))
            .during("write the edges of a node")?;
        Ok(())
    }

    fn find(&mut self, tenant: usize, key: &str) -> Result<i64> {
        let hash = key_hash(key);
        if let Some(id) = self.known.get(hash) {
            return Ok(id);
        }
        let id: Option<i64> = self
            .session(tenant)?
            .db
            .prepare_cached("SELECT id FROM node WHERE key = ?1")
            .and_then(|mut statement| statement.query_row([key], |row| row.get(0)).optional())
            .during("look up the end of an edge")?;
        let id = id.ok_or_else(changed)?;
        self.known.insert(hash, id);
        Ok(id)
    }

    /// Gives the tenants back, as they were when they were exported.
    fn end(&mut self) -> Result<()> {
        for (tenant, session) in &mut self.tenants {
            let history = self
                .endings
                .iter()
                .find(|ending| ending.id == *tenant)
                .and_then(|ending| ending.history.clone())
                .unwrap_or_default();
            session.begin()?;
            session
                .db
                .execute(
                    "UPDATE tenant SET partial = ?2, last_scan_id = ?3, last_scan_at = ?4, remembered = NULL
                     WHERE id = ?1",
                    params![
                        session.lock.tenant,
                        // What an export holds is all there; whether the tenant has more, it cannot know.
                        if history.partial { MISSES_SOMETHING } else { 0 },
                        history.last_scan_id,
                        history.last_scan_at
                    ],
                )
                .during("end the import")?;
            session.lock.release(&session.db)?;
            session.commit()?;
            session.finished()?;
        }
        Ok(())
    }
}

/// The second reading found what the first did not.
fn changed() -> Error {
    Error::new(
        ErrorKind::Conflict,
        "import: the export changed while it was read; the tenant is incomplete, import it again with --replace",
    )
}
