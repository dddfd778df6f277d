//! One writer's connection, and its transactions: short, fenced, and told of in order.

use std::{
    thread,
    time::{Duration, Instant},
};

use atg_sdk::{Error, Result, azure::TenantId};
use jiff::Timestamp;
use rusqlite::Connection;
use tokio_util::sync::CancellationToken;

use super::{EmbeddedStore, failure::Sql, file, follow::Follower, lock::Lock, names::Names};
use crate::{
    Observer,
    graph::{Change, ChangeSink},
};

/// Which part of its time a writer leaves the file alone between two transactions, so that others get their turn: they ask
/// every millisecond.
const PAUSE: u32 = 50;

/// Writes to one tenant under its lock.
pub(super) struct Session {
    pub(super) db: Connection,
    pub(super) lock: Lock,
    pub(super) tenant: TenantId,
    pub(super) scan_id: String,
    /// When it began, as nodes carry it.
    pub(super) now: String,
    pub(super) names: Names,
    cancel: CancellationToken,
    changes: Box<dyn ChangeSink>,
    /// How long a transaction collects work.
    slice: Duration,
    writes: Option<Observer>,
    /// Carries what is written here over to elsewhere.
    follower: Option<Box<dyn Follower>>,
    /// Made in the transaction that is open.
    made: Vec<Change>,
    /// By how much the transaction that is open changed the number of edges.
    edges: i64,
    began: Option<Instant>,
}

impl Session {
    pub(super) fn new(
        store: &EmbeddedStore,
        lock: Lock,
        tenant: TenantId,
        scan_id: String,
        cancel: CancellationToken,
        changes: Box<dyn ChangeSink>,
        mut follower: Option<Box<dyn Follower>>,
    ) -> Result<Self> {
        let db = file::writer(store.path())?;
        let names = Names::read(&db)?;
        if let Some(follower) = &mut follower {
            follower.attach(&db)?;
        }
        Ok(Self {
            db,
            lock,
            tenant,
            scan_id,
            now: stamp(Timestamp::now()),
            names,
            cancel,
            changes,
            slice: store.options.slice,
            writes: store.options.writes.clone(),
            follower,
            made: Vec::new(),
            edges: 0,
            began: None,
        })
    }

    /// Tells the listener of every stub. Outside of a transaction: nobody else writes to this tenant.
    pub(super) fn tell_external(&mut self) -> Result<()> {
        let doing = "list what lies outside of the scan";
        let mut statement = self
            .db
            .prepare("SELECT azure_id FROM node WHERE tenant = ?1 AND class = 4 ORDER BY key")
            .during(doing)?;
        let mut rows = statement.query([self.lock.tenant]).during(doing)?;
        while let Some(row) = rows.next().during(doing)? {
            self.changes
                .external(row.get_ref(0).and_then(|id| Ok(id.as_str()?)).during(doing)?)?;
        }
        Ok(())
    }

    /// Opens a transaction, if none is open, and checks the fence in it.
    pub(super) fn begin(&mut self) -> Result<()> {
        if self.began.is_some() {
            return Ok(());
        }
        if self.cancel.is_cancelled() {
            return Err(Error::cancelled());
        }
        self.db
            .execute_batch("BEGIN IMMEDIATE")
            .during("begin to write to the graph")?;
        self.began = Some(Instant::now());
        self.lock.check(&self.db)
    }

    /// Called between two pieces of work that may lie in different transactions.
    pub(super) fn breathe(&mut self) -> Result<()> {
        if let Some(began) = self.began {
            let full = match &self.follower {
                Some(follower) => follower.is_full(&self.db)?,
                None => began.elapsed() >= self.slice,
            };
            if !full {
                return Ok(());
            }
            self.commit()?;
            if self.follower.is_none() {
                thread::sleep(began.elapsed() / PAUSE);
            }
        }
        self.begin()
    }

    /// Ends the transaction and tells of the changes in it.
    pub(super) fn commit(&mut self) -> Result<()> {
        let Some(began) = self.began else {
            return Ok(());
        };
        let doing = "write to the graph";
        if self.edges != 0 {
            self.db
                .prepare_cached("UPDATE tenant SET edges = edges + ?2 WHERE id = ?1")
                .and_then(|mut statement| statement.execute([self.lock.tenant, self.edges]))
                .during(doing)?;
            self.edges = 0;
        }
        self.db.execute_batch("COMMIT").during(doing)?;
        self.began = None;
        if let Some(writes) = &self.writes {
            writes.tell(began.elapsed());
        }
        if let Some(follower) = &mut self.follower {
            return follower.committed(&self.db, std::mem::take(&mut self.made), &mut *self.changes);
        }
        for change in self.made.drain(..) {
            self.changes.record(&change)?;
        }
        Ok(())
    }

    /// Waits until everything that was committed is wherever it belongs, and told.
    pub(super) fn settle(&mut self) -> Result<()> {
        match &mut self.follower {
            Some(follower) => follower.flush(&mut *self.changes),
            None => Ok(()),
        }
    }

    /// Sees to it that the whole content of these nodes can be read.
    pub(super) fn need_contents(&mut self, nodes: &[i64]) -> Result<()> {
        match &mut self.follower {
            Some(follower) => follower.load_contents(&self.db, nodes),
            None => Ok(()),
        }
    }

    /// Sees to it that all edges can be read. Not within a transaction.
    pub(super) fn need_edges(&mut self) -> Result<()> {
        if let Some(follower) = &mut self.follower
            && follower.load_edges(&self.db)?
        {
            self.names = Names::read(&self.db)?;
        }
        Ok(())
    }

    /// Whether all edges can be read.
    pub(super) fn has_edges(&self) -> bool {
        self.follower.as_ref().is_none_or(|follower| follower.has_edges())
    }

    /// After the last transaction of work that ended well.
    pub(super) fn finished(&mut self) -> Result<()> {
        match &mut self.follower {
            Some(follower) => follower.finished(&self.db, &mut *self.changes),
            None => Ok(()),
        }
    }

    /// Will be told of once it is committed.
    pub(super) fn made(&mut self, change: Change) {
        self.made.push(change);
    }

    /// Counts an edge that came (1) or went (-1).
    pub(super) fn count_edge(&mut self, by: i64) {
        self.edges += by;
    }

    /// Undoes what is not committed and gives the tenant back.
    pub(super) fn abandon(&mut self) {
        if self.began.take().is_some() {
            // Closing the connection would do it as well, but the lock has to be given back through it first.
            let _ = self.db.execute_batch("ROLLBACK");
        }
        if let Err(error) = self.lock.release(&self.db) {
            tracing::warn!(%error, "the write lock of the tenant stays until its heartbeat is old");
        }
        if let Some(follower) = &mut self.follower {
            follower.abandoned();
        }
    }
}

/// A time as nodes carry it. Of one length, so that texts sort like times.
pub(super) fn stamp(at: Timestamp) -> String {
    format!("{at:.3}")
}
