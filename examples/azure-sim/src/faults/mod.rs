//! What goes wrong: a schedule that a seed decides, the same in whatever order requests come.

mod apply;
mod schedule;

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

pub(crate) use apply::{after, before};
pub(crate) use schedule::service;
pub use schedule::{Fault, Matching, Rule, Schedule};

use crate::{cloud::Part, web::Call};

/// The schedule in force, and what has come.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    schedule: Schedule,
    /// How often each request came, by its hash.
    seen: HashMap<u64, u64>,
    /// How often each rule applied.
    applied: Vec<u64>,
    /// How often each rule matched.
    matched: Vec<u64>,
}

/// How often a rule matched and applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// Requests that it was about.
    pub matched: u64,
    /// Requests that went wrong by it.
    pub applied: u64,
}

impl Faults {
    pub(crate) fn new(schedule: Schedule) -> Self {
        let faults = Self::default();
        faults.set(schedule);
        faults
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts a schedule in place of the other and begins to count again.
    pub(crate) fn set(&self, schedule: Schedule) {
        self.with(|state| {
            *state = State {
                applied: vec![0; schedule.rules.len()],
                matched: vec![0; schedule.rules.len()],
                schedule,
                seen: HashMap::new(),
            };
        });
    }

    /// The schedule in force.
    pub(crate) fn schedule(&self) -> Schedule {
        self.with(|state| state.schedule.clone())
    }

    /// How often each rule matched and applied.
    pub(crate) fn applied(&self) -> Vec<Applied> {
        self.with(|state| {
            let counts = state.matched.iter().zip(&state.applied);
            counts
                .map(|(matched, applied)| Applied {
                    matched: *matched,
                    applied: *applied,
                })
                .collect()
        })
    }

    /// What goes wrong with this request: that of the first rule that is about it and whose turn it is.
    pub(crate) fn decide(&self, call: &Call, part: Part) -> Option<Fault> {
        self.with(|state| {
            if state.schedule.rules.is_empty() {
                return None;
            }
            let request = request_hash(call);
            let seen = state.seen.entry(request).or_default();
            *seen += 1;
            let nth = *seen;
            for (number, rule) in state.schedule.rules.iter().enumerate() {
                if !rule.matching.is_about(call, part) {
                    continue;
                }
                state.matched[number] += 1;
                let skipped = state.matched[number] <= rule.skip;
                let exhausted = rule.times.is_some_and(|times| state.applied[number] >= times);
                if skipped || exhausted || !turn(state.schedule.seed, number, request, nth, rule.per_mille) {
                    continue;
                }
                state.applied[number] += 1;
                return Some(rule.fault.clone());
            }
            None
        })
    }
}

/// The same request has the same hash, whoever sends it and whenever.
fn request_hash(call: &Call) -> u64 {
    let mut hasher = DefaultHasher::new();
    call.method.as_str().hash(&mut hasher);
    call.path.to_lowercase().hash(&mut hasher);
    let mut query: Vec<_> = call.query.iter().collect();
    query.sort();
    query.hash(&mut hasher);
    call.body.hash(&mut hasher);
    hasher.finish()
}

/// Decides by seed, rule, request and how often that request came: not by what else came before it.
fn turn(seed: u64, rule: usize, request: u64, nth: u64, per_mille: u16) -> bool {
    if per_mille >= 1000 {
        return true;
    }
    let mut hasher = DefaultHasher::new();
    (seed, rule, request, nth).hash(&mut hasher);
    hasher.finish() % 1000 < u64::from(per_mille)
}
