//! Seeing what other processes commit.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError, Weak},
    thread,
    time::Duration,
};

use atg_sdk::JobId;
use rusqlite::Connection;

use super::{Shared, Topic, database::Fault};

/// How often to look. It costs a few microseconds, and only while somebody follows.
const LOOK: Duration = Duration::from_millis(50);

/// Whether a thread looks, and which changes it need not tell of.
#[derive(Debug, Default)]
pub(super) struct Looking {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    running: bool,
    own: BTreeSet<i64>,
}

impl Looking {
    /// Says that those who follow have been told of this change.
    pub(super) fn is_own(&self, changed: i64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.running {
            state.own.insert(changed);
        }
    }
}

impl Shared {
    /// Begins to look, unless somebody does. A thread of its own: it must not wait for a busy runtime, and outlives the
    /// one in which somebody happened to follow first.
    pub(super) fn look(self: &Arc<Self>) {
        let mut state = self.looking.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.running {
            return;
        }
        let shared = Arc::downgrade(self);
        let begun = thread::Builder::new()
            .name("atg-queue-news".to_owned())
            .spawn(move || look(&shared));
        match begun {
            Ok(_) => state.running = true,
            // Everybody who follows also looks by itself now and then.
            Err(error) => tracing::warn!(%error, "changes of other processes are seen late"),
        }
    }

    /// Whether to go on; where not, the next who follows begins anew.
    fn goes_on(&self) -> bool {
        let mut state = self.looking.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.running = self.hub.is_followed();
        if !state.running {
            state.own.clear();
        }
        state.running
    }
}

fn look(shared: &Weak<Shared>) {
    let mut eyes = None;
    loop {
        {
            let Some(shared) = shared.upgrade() else { return };
            if !shared.goes_on() {
                return;
            }
            let looked = match &mut eyes {
                Some(eyes) => shared.look_once(eyes),
                None => shared.open_eyes().map(|opened| eyes = Some(opened)),
            };
            if let Err(fault) = looked {
                let error = shared.database.error("look for changes", fault);
                tracing::debug!(%error, "changes of other processes cannot be seen");
                eyes = None;
            }
        }
        thread::sleep(LOOK);
    }
}

/// A connection, and what it has seen.
struct Eyes {
    connection: Connection,
    version: i64,
    seen: i64,
}

impl Shared {
    fn open_eyes(&self) -> Result<Eyes, Fault> {
        let connection = self.database.connect()?;
        let version = connection.pragma_query_value(None, "data_version", |row| row.get(0))?;
        let seen = connection.query_row("SELECT value FROM meta WHERE name = 'change'", [], |row| {
            row.get(0)
        })?;
        // What happened before the first look is known to nobody here.
        self.hub.announce_all();
        Ok(Eyes {
            connection,
            version,
            seen,
        })
    }

    fn look_once(&self, eyes: &mut Eyes) -> Result<(), Fault> {
        let version = eyes
            .connection
            .pragma_query_value(None, "data_version", |row| row.get(0))?;
        if version == eyes.version {
            return Ok(());
        }
        let changes = {
            let mut select = eyes
                .connection
                .prepare_cached("SELECT id, status, changed FROM job WHERE changed > ? ORDER BY changed")?;
            let rows = select.query_map([eyes.seen], |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, i64>(2)?,
                ))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()?
        };
        eyes.version = version;
        let Some(newest) = changes.last().map(|(_, _, changed)| *changed) else {
            return Ok(());
        };
        let mut state = self.looking.state.lock().unwrap_or_else(PoisonError::into_inner);
        let later = state.own.split_off(&(newest + 1));
        let own = std::mem::replace(&mut state.own, later);
        drop(state);
        eyes.seen = newest;
        let foreign = changes
            .into_iter()
            .filter(|(_, _, changed)| !own.contains(changed));
        let mut queue = false;
        for (id, status, _) in foreign {
            queue |= status != "running";
            if let Ok(id) = id.parse::<JobId>() {
                self.hub.announce(Topic::Job(id));
            }
        }
        if queue {
            self.hub.announce(Topic::Queue);
        }
        Ok(())
    }
}
