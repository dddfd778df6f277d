//! A scan, from its first node to its end. Runs on the writer's thread.

mod aliases;
mod checkpoint;
mod edges;
mod end;
mod held;
mod nodes;
mod pending;
mod removal;
mod stage;
mod sweep;
mod targets;

use atg_sdk::Result;

use super::{cache::Cache, failure::Sql, session::Session};
use crate::graph::{Described, ScanCounts, ScanEnd, content::Hash};

/// How many keys a scan remembers (up to twice that many, 40 bytes each).
const REMEMBERED: usize = 400_000;

const STAGING: &str = include_str!("../staging.sql");

/// A scan in progress.
pub(super) struct Scan {
    session: Session,
    /// What keys stand for.
    known: Cache<Hash, Known>,
    counts: ScanCounts,
    rebuild_edges: bool,
    /// The name of its checkpoints.
    kept_under: Option<String>,
    /// Whether an earlier run of it left any.
    goes_on: bool,
}

/// What a key stands for.
#[derive(Debug, Clone, Copy)]
struct Known {
    /// The row number of the node, or minus that of the target where no node has the key yet.
    id: i64,
    /// The beginning of the hash of the last description (or, for a target, of its spelling): the same once more is
    /// nothing new.
    last: u64,
}

impl Scan {
    pub(super) fn new(mut session: Session, rebuild_edges: bool, kept_under: Option<String>) -> Result<Self> {
        session.db.execute_batch(STAGING).during("prepare the scan")?;
        let goes_on = checkpoint::drop_others(&mut session, kept_under.as_deref())?;
        Ok(Self {
            session,
            known: Cache::new(REMEMBERED),
            counts: ScanCounts::default(),
            rebuild_edges,
            kept_under,
            goes_on,
        })
    }

    /// Writes what is new, remembers the rest, and keeps the checkpoint that covers it.
    pub(super) fn write(&mut self, batch: Vec<Described>, checkpoint: Option<&[u8]>) -> Result<()> {
        self.session.begin()?;
        for described in batch {
            self.session.breathe()?;
            self.describe(described)?;
        }
        if let Some(checkpoint) = checkpoint {
            self.keep(checkpoint)?;
        }
        self.session.commit()
    }

    /// Carries out what was remembered. The order matters: what is removed becomes a stub first, so that edges which were
    /// stated meanwhile still have both their ends, and stubs that nobody needs go last.
    pub(super) fn finish(&mut self, end: ScanEnd) -> Result<ScanCounts> {
        self.apply_pending()?;
        self.remove_unseen(&end.removals, &end.gone)?;
        let targets = self.resolve_targets()?;
        self.write_edges(&targets)?;
        self.settle_aliases()?;
        self.sweep()?;
        self.end(end)
    }

    /// Leaves the tenant as it is, marked as incomplete.
    pub(super) fn abandon(&mut self) {
        self.session.abandon();
    }
}

/// The first bytes of a hash, as a number.
fn beginning(hash: &Hash) -> u64 {
    hash.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}
