//! Units: what a scan read, by scope and collector, and whether it read all of it. Only a complete unit may remove.

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;

use super::{Problem, filter::Kind};
use crate::describe::Facts;

/// What a unit is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct UnitKey {
    /// `/subscriptions/GUID`, or `/` for what lies in none. Lower-cased.
    pub scope: String,
    /// Which collector of a live scan would have read it.
    pub collector: Collector,
}

impl UnitKey {
    pub(crate) fn of(kind: Kind, facts: &Facts<'_>) -> Self {
        let collector = match kind {
            Kind::Entra => Collector::Entra,
            Kind::Rbac => Collector::Rbac,
            Kind::AboveSubscriptions | Kind::Subscription | Kind::ResourceGroup | Kind::Resource => {
                Collector::Resources
            }
        };
        let scope = match facts.subscription {
            Some(id) => format!("/subscriptions/{}", id.to_lowercase()),
            None => "/".to_owned(),
        };
        Self { scope, collector }
    }

    /// Of an object of which only an ARM resource ID can be read. `None` where even that tells nothing.
    pub(crate) fn of_id(id: &str) -> Option<Self> {
        let mut segments = id.strip_prefix('/')?.split('/');
        let scope = match (segments.next(), segments.next()) {
            (Some(word), Some(subscription)) if word.eq_ignore_ascii_case("subscriptions") => {
                format!("/subscriptions/{}", subscription.to_lowercase())
            }
            (Some(word), Some(_)) if word.eq_ignore_ascii_case("providers") => "/".to_owned(),
            _ => return None,
        };
        Some(Self {
            scope,
            collector: Collector::Resources,
        })
    }
}

/// What reads one kind of thing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Collector {
    Resources,
    Rbac,
    Entra,
    /// One that reads Azure, by its own name.
    Live(Arc<str>),
}

impl Collector {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Live(name) => name,
            Self::Resources => "resources",
            Self::Rbac => "rbac",
            Self::Entra => "entra",
        }
    }
}

/// How much of a unit was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Tally {
    /// Objects that were read.
    pub rows: u64,
    /// Of these, the ones that filters left out.
    pub left_out: u64,
    /// Objects that could not be described.
    pub bad: u64,
    /// The bytes of their texts.
    pub bytes: u64,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.left_out += other.left_out;
        self.bad += other.bad;
        self.bytes += other.bytes;
    }
}

/// How a unit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UnitState {
    Complete,
    /// Nothing, or not all, was asked for. Not a shortfall, but no licence to remove either.
    Skipped,
    /// Not read again, or only a part of it: the graph holds what an earlier scan read.
    CarriedOver,
    Partial,
    /// Nothing of it could be read.
    Failed,
}

impl UnitState {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Skipped => "skipped",
            Self::CarriedOver => "carried_over",
            Self::Partial => "partial",
            Self::Failed => "failed",
        }
    }
}

/// A unit, as the manifest shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Unit {
    /// A resource ID; the input's digest for the unit that stands for what could not be assigned to a scope.
    pub scope: String,
    pub collector: String,
    pub state: UnitState,
    /// Why it is not complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(flatten)]
    pub tally: Tally,
    /// Of Azure: how many pages were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pages: Option<u64>,
    /// The digest of the input that it was read from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
}

/// All units of a scan, while it reads.
#[derive(Debug, Default)]
pub(crate) struct Units {
    tallies: BTreeMap<UnitKey, Tally>,
    /// How many things could not be assigned to a unit, and the first of them.
    unassigned: u64,
    first_unassigned: Option<String>,
}

impl Units {
    pub(crate) fn add(&mut self, key: UnitKey, tally: &Tally) {
        self.tallies.entry(key).or_default().add(tally);
    }

    /// Something whose scope is unknown is missing: it may have been in any unit.
    pub(crate) fn miss(&mut self, problem: &Problem) {
        self.unassigned += 1;
        self.first_unassigned.get_or_insert_with(|| problem.to_string());
    }

    /// What was read of a unit.
    pub(crate) fn tally(&self, key: &UnitKey) -> Tally {
        self.tallies.get(key).copied().unwrap_or_default()
    }

    /// The units of a scan that was ended on purpose.
    pub(crate) fn limited(&self, reason: &str) -> Vec<Unit> {
        let unit = |(key, tally): (&UnitKey, &Tally)| Unit {
            scope: key.scope.clone(),
            collector: key.collector.name().to_owned(),
            state: UnitState::Skipped,
            reason: Some(reason.to_owned()),
            tally: *tally,
            pages: None,
            input: None,
        };
        self.tallies.iter().map(unit).collect()
    }

    /// In how many subscriptions something was taken.
    pub(crate) fn subscriptions(&self) -> u64 {
        let taken = self
            .tallies
            .iter()
            .filter(|(_, tally)| tally.rows > tally.left_out + tally.bad);
        let mut scopes: Vec<_> = taken
            .map(|(key, _)| &key.scope)
            .filter(|scope| *scope != "/")
            .collect();
        scopes.dedup();
        scopes.len() as u64
    }

    /// Whether all that could lie in that subscription was read; in the whole tenant, for `None`.
    pub(crate) fn is_complete(&self, subscription: Option<&str>) -> bool {
        let scope = subscription.map(|id| format!("/subscriptions/{}", id.to_lowercase()));
        self.unassigned == 0
            && self
                .tallies
                .iter()
                .filter(|(key, _)| scope.as_ref().is_none_or(|scope| key.scope == *scope))
                .all(|(_, tally)| tally.bad == 0)
    }

    /// The units as they ended, ordered by scope and collector; first the one for what has no scope, if there is any.
    pub(crate) fn end(&self, input: &str) -> Vec<Unit> {
        let missing = self.first_unassigned.as_ref().map(|first| match self.unassigned {
            1 => format!("something that belongs to no known scope could not be read: {first}"),
            count => {
                format!("{count} things that belong to no known scope could not be read; the first: {first}")
            }
        });
        let whole = missing.as_ref().map(|reason| Unit {
            scope: input.to_owned(),
            collector: "input".to_owned(),
            state: if self.tallies.is_empty() {
                UnitState::Failed
            } else {
                UnitState::Partial
            },
            reason: Some(reason.clone()),
            tally: Tally {
                bad: self.unassigned,
                ..Tally::default()
            },
            pages: None,
            input: Some(input.to_owned()),
        });
        let units = self.tallies.iter().map(|(key, tally)| {
            let bad = (tally.bad > 0)
                .then(|| format!("{} of {} objects could not be described", tally.bad, tally.rows));
            let state = match (tally.bad, &missing) {
                (0, None) => UnitState::Complete,
                (bad, _) if bad == tally.rows => UnitState::Failed,
                _ => UnitState::Partial,
            };
            Unit {
                scope: key.scope.clone(),
                collector: key.collector.name().to_owned(),
                state,
                reason: bad.or_else(|| {
                    missing
                        .is_some()
                        .then(|| "what could not be read of the input may have belonged here".to_owned())
                }),
                tally: *tally,
                pages: None,
                input: Some(input.to_owned()),
            }
        });
        whole.into_iter().chain(units).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(scope: &str) -> UnitKey {
        UnitKey {
            scope: scope.to_owned(),
            collector: Collector::Resources,
        }
    }

    fn rows(rows: u64, bad: u64) -> Tally {
        Tally {
            rows,
            bad,
            ..Tally::default()
        }
    }

    fn states(units: &Units) -> Vec<(String, UnitState)> {
        units
            .end("d1")
            .into_iter()
            .map(|unit| (unit.scope, unit.state))
            .collect()
    }

    #[test]
    fn a_bad_object_makes_its_own_unit_partial_and_no_other() {
        let mut units = Units::default();
        units.add(key("/subscriptions/a"), &rows(2, 1));
        units.add(key("/subscriptions/b"), &rows(2, 0));
        units.add(key("/subscriptions/c"), &rows(2, 2));
        assert_eq!(
            states(&units),
            [
                ("/subscriptions/a".to_owned(), UnitState::Partial),
                ("/subscriptions/b".to_owned(), UnitState::Complete),
                ("/subscriptions/c".to_owned(), UnitState::Failed),
            ]
        );
        assert!(units.is_complete(Some("B")) && !units.is_complete(Some("a")) && !units.is_complete(None));
        assert_eq!(units.subscriptions(), 2);
    }

    #[test]
    fn what_belongs_to_no_scope_makes_every_unit_partial() {
        let mut units = Units::default();
        units.add(key("/subscriptions/a"), &rows(2, 0));
        units.add(key("/"), &rows(1, 0));
        assert!(units.is_complete(None));
        units.miss(&Problem::of_source("cut off"));
        assert_eq!(
            states(&units),
            [
                ("d1".to_owned(), UnitState::Partial),
                ("/".to_owned(), UnitState::Partial),
                ("/subscriptions/a".to_owned(), UnitState::Partial),
            ]
        );
        assert!(!units.is_complete(Some("a")));
        assert_eq!(units.subscriptions(), 1);
    }
}
