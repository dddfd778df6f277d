//! A session that somebody follows: what it writes here is also written elsewhere.
//!
//! A store on a server keeps no rules of its own. It fetches what is known of the tenant into a private file of this
//! store, lets the same scan work on it, and carries every transaction over: so both stores cannot but hold the same graph.

use atg_sdk::Result;
use rusqlite::Connection;

use crate::graph::{Change, ChangeSink};

/// Carries over what a session commits. Called on the session's thread; may block.
pub(crate) trait Follower: Send {
    /// Prepares the session's connection, before anything is written through it.
    fn attach(&mut self, db: &Connection) -> Result<()>;

    /// Whether the open transaction has become large enough to be carried over.
    fn is_full(&self, db: &Connection) -> Result<bool>;

    /// A transaction was committed. Its changes are told once they are elsewhere too, then or later, in order.
    fn committed(&mut self, db: &Connection, made: Vec<Change>, sink: &mut dyn ChangeSink) -> Result<()>;

    /// Waits until everything is elsewhere too.
    fn flush(&mut self, sink: &mut dyn ChangeSink) -> Result<()>;

    /// Fetches the whole content of nodes.
    fn load_contents(&mut self, db: &Connection, nodes: &[i64]) -> Result<()>;

    /// Fetches all edges, unless they are here. Says whether any came.
    fn load_edges(&mut self, db: &Connection) -> Result<bool>;

    /// Whether all edges are here.
    fn has_edges(&self) -> bool;

    /// The work has ended well, and the tenant's row says how: gives the tenant back.
    fn finished(&mut self, db: &Connection, sink: &mut dyn ChangeSink) -> Result<()>;

    /// The work has failed: gives the tenant back as it is.
    fn abandoned(&mut self);
}
