//! What was asked.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

/// How many requests are remembered one by one; all are counted.
const KEPT: usize = 10_000;

/// One request, as it was answered. Tokens and bodies are not kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Counts from 1.
    pub number: u64,
    /// When it came.
    pub at: String,
    /// `login`, `arm`, `resource_graph`, `graph`, `vault`, `imds`.
    pub service: String,
    /// `GET`
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The client id of the caller, where a token told it.
    pub client: Option<String>,
    /// The permission that the call needs: `Microsoft.Compute/virtualMachines/read`, `GET users`.
    pub action: String,
    /// The answer's status; 0 where the connection was cut.
    pub status: u16,
    /// What went wrong on purpose.
    pub fault: Option<String>,
    /// How long the answer is.
    pub bytes: u64,
    /// How long it took.
    pub microseconds: u64,
}

/// What was asked, counted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Requests {
    /// All requests.
    pub total: u64,
    /// By service and status.
    pub by_status: BTreeMap<String, u64>,
    /// By the permission that the call needs, of those that were answered with success.
    pub by_action: BTreeMap<String, u64>,
    /// The last ones.
    pub last: Vec<Entry>,
}

/// The log.
#[derive(Debug, Default)]
pub(crate) struct Log {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    counts: Requests,
    last: VecDeque<Entry>,
}

impl Log {
    /// Adds a request; its number is given here.
    pub(crate) fn add(&self, mut entry: Entry) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = &mut state.counts;
        counts.total += 1;
        entry.number = counts.total;
        *counts
            .by_status
            .entry(format!("{} {}", entry.service, entry.status))
            .or_default() += 1;
        if (200..300).contains(&entry.status) {
            *counts.by_action.entry(entry.action.clone()).or_default() += 1;
        }
        if state.last.len() == KEPT {
            state.last.pop_front();
        }
        state.last.push_back(entry);
    }

    /// The counts, and so many of the last requests behind a number.
    pub(crate) fn read(&self, since: u64, limit: usize) -> Requests {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let newer = state.last.iter().filter(|entry| entry.number > since);
        let mut seen = state.counts.clone();
        seen.last = newer.take(limit).cloned().collect();
        seen
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }
}
