//! Whether a graph tells the truth after a scan: pure, so that it can be shown to fail.

use std::{collections::BTreeSet, fmt};

/// A unit, as the manifest shows it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct Unit {
    /// Lower-cased.
    pub scope: String,
    /// The collector's name.
    pub collector: String,
    /// `complete`, `skipped`, `partial` or `failed`.
    pub state: String,
    /// Why it is not complete.
    #[serde(default)]
    pub reason: Option<String>,
}

/// A collector that reads a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Its name.
    pub collector: String,
    /// The collectors that find what it asks at. Where these are short it may have nothing to ask, and then no unit.
    pub through: Vec<String>,
}

/// What is known before and after a scan. IDs are in lower case.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// What the graph held before.
    pub before: BTreeSet<String>,
    /// What it holds now.
    pub after: BTreeSet<String>,
    /// What there is in Azure, each with its type.
    pub truth: BTreeSet<(String, String)>,
    /// What there is and lists may not show yet.
    pub too_new: BTreeSet<String>,
    /// What Azure answered about, asked by name, that there is no such thing.
    pub denied: BTreeSet<String>,
    /// The units of the scan.
    pub units: Vec<Unit>,
    /// Whether the scan says that it read everything.
    pub success: bool,
    /// Whether it must have: nothing went wrong that a scan cannot wait out.
    pub must_succeed: bool,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Violation {
    /// It was in the graph, it is in Azure, and it is not in the graph any more.
    FalseDeletion(String),
    /// It is in Azure and not in the graph, and no unit that it belongs to says that something is missing.
    Lost(String),
    /// Units are incomplete and the scan says that it read everything, or the other way round.
    Unsaid(String),
    /// The scan is incomplete though nothing happened but refusals for quota.
    GaveUp(String),
    /// The scan does not end.
    Endless,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FalseDeletion(id) => write!(f, "deleted though it is there: {id}"),
            Self::Lost(id) => write!(f, "lost without a word: {id}"),
            Self::Unsaid(words) => write!(f, "not said: {words}"),
            Self::GaveUp(words) => write!(f, "gave up: {words}"),
            Self::Endless => f.write_str("does not end"),
        }
    }
}

/// Checks one scan. `owners` names the collectors that read a type.
#[must_use]
pub fn check(facts: &Facts, owners: impl Fn(&str) -> Vec<Owner>) -> BTreeSet<Violation> {
    let mut found = BTreeSet::new();
    for (id, kind) in &facts.truth {
        if facts.after.contains(id) {
            continue;
        }
        if facts.before.contains(id) {
            found.insert(Violation::FalseDeletion(id.clone()));
        }
        let is_excused = facts.too_new.contains(id)
            || lies_in_denied(&facts.denied, id)
            || is_excused(&facts.units, id, &owners(kind));
        if !is_excused {
            found.insert(Violation::Lost(id.clone()));
        }
    }
    let short: Vec<String> = facts
        .units
        .iter()
        .filter(|unit| !matches!(unit.state.as_str(), "complete" | "skipped"))
        .map(|unit| {
            let reason = unit.reason.as_deref().unwrap_or_default();
            format!("{} of {} ({reason})", unit.collector, unit.scope)
        })
        .collect();
    if facts.success != short.is_empty() {
        found.insert(Violation::Unsaid(format!(
            "success is {} and incomplete are {short:?}",
            facts.success
        )));
    }
    if facts.must_succeed && !short.is_empty() {
        found.insert(Violation::GaveUp(short.join(", ")));
    }
    found
}

/// Whether it lies in something of which Azure itself said that it is not there.
fn lies_in_denied(denied: &BTreeSet<String>, id: &str) -> bool {
    let ends = id.match_indices('/').skip(1).map(|(end, _)| end);
    ends.into_iter().any(|end| denied.contains(&id[..end]))
}

/// Whether a unit that this belongs to says that something is missing: of a collector that reads its type, in a scope that it
/// lies in; if that has no unit there, of one that finds what it asks at. No other unit's shortfall excuses anything.
fn is_excused(units: &[Unit], id: &str, owners: &[Owner]) -> bool {
    let states = |collector: &str| -> Vec<&str> {
        let covering = units.iter().filter(|unit| {
            let covers = unit.scope == "/" || id == unit.scope || id.starts_with(&format!("{}/", unit.scope));
            unit.collector == collector && covers
        });
        covering.map(|unit| unit.state.as_str()).collect()
    };
    let is_short = |states: &[&str]| states.iter().any(|state| *state != "complete");
    owners.iter().any(|owner| {
        let own = states(&owner.collector);
        is_short(&own) || (own.is_empty() && owner.through.iter().any(|other| is_short(&states(other))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(ids: &[&str]) -> BTreeSet<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    fn unit(scope: &str, collector: &str, state: &str) -> Unit {
        Unit {
            scope: scope.to_owned(),
            collector: collector.to_owned(),
            state: state.to_owned(),
            reason: None,
        }
    }

    /// `/s/a` holds two disks and a rule; the graph held all.
    fn facts() -> Facts {
        let all = ["/s/a/d1", "/s/a/d2", "/s/a/r1"];
        Facts {
            before: ids(&all),
            after: ids(&all),
            truth: all
                .iter()
                .map(|id| {
                    (
                        (*id).to_owned(),
                        if id.contains("/r") { "rule" } else { "disk" }.to_owned(),
                    )
                })
                .collect(),
            units: vec![
                unit("/s/a", "resources", "complete"),
                unit("/s/a", "rules", "complete"),
            ],
            success: true,
            must_succeed: false,
            too_new: BTreeSet::new(),
            denied: BTreeSet::new(),
        }
    }

    fn run(facts: &Facts) -> Vec<Violation> {
        let owners = |kind: &str| {
            let (collector, through) = match kind {
                "rule" => ("rules", vec!["resources".to_owned()]),
                _ => ("resources", Vec::new()),
            };
            vec![Owner {
                collector: collector.to_owned(),
                through,
            }]
        };
        check(facts, owners).into_iter().collect()
    }

    #[test]
    fn a_graph_that_tells_the_truth_passes() {
        assert_eq!(run(&facts()), []);
    }

    #[test]
    fn a_deletion_of_what_is_there_is_found_whatever_the_units_say() {
        let mut facts = facts();
        facts.after.remove("/s/a/d1");
        facts.units[0].state = "partial".to_owned();
        facts.success = false;
        assert_eq!(run(&facts), [Violation::FalseDeletion("/s/a/d1".to_owned())]);
    }

    #[test]
    fn what_is_missing_is_excused_only_by_a_unit_of_its_own() {
        let mut facts = facts();
        facts.before.clear();
        facts.after.remove("/s/a/r1");
        let lost = Violation::Lost("/s/a/r1".to_owned());
        assert_eq!(run(&facts), std::slice::from_ref(&lost));
        facts.success = false;
        facts.units[0].state = "failed".to_owned();
        assert_eq!(
            run(&facts),
            std::slice::from_ref(&lost),
            "another collector's shortfall is no excuse"
        );
        facts.units.push(unit("/s/b", "rules", "failed"));
        assert_eq!(run(&facts), [lost], "nor is another scope's");
        facts.units[1] = unit("/s/a", "rules", "failed");
        assert_eq!(run(&facts), []);
        facts.units = vec![unit("/", "rules", "partial")];
        assert_eq!(run(&facts), []);
    }

    #[test]
    fn what_was_never_asked_for_is_excused_by_what_was_not_found() {
        let mut facts = facts();
        facts.before.clear();
        facts.after.remove("/s/a/r1");
        facts.success = false;
        facts.units[0].state = "partial".to_owned();
        let lost = Violation::Lost("/s/a/r1".to_owned());
        assert_eq!(
            run(&facts),
            std::slice::from_ref(&lost),
            "it was asked for, and says that all is there"
        );
        facts.units.pop();
        assert_eq!(run(&facts), []);
        facts.units[0] = unit("/s/b", "resources", "partial");
        assert_eq!(run(&facts), [lost]);
    }

    #[test]
    fn what_lies_in_what_azure_denies_is_excused_and_its_neighbour_is_not() {
        let denied = ids(&["/s/a"]);
        assert!(lies_in_denied(&denied, "/s/a/r1"));
        assert!(!lies_in_denied(&denied, "/s/ab/r1") && !lies_in_denied(&denied, "/s/a"));
    }

    #[test]
    fn a_shortfall_that_is_not_said_is_found() {
        let mut facts = facts();
        facts.units[1].state = "partial".to_owned();
        assert!(matches!(run(&facts)[..], [Violation::Unsaid(_)]));
        facts.success = false;
        assert_eq!(run(&facts), []);
        facts.must_succeed = true;
        assert!(matches!(run(&facts)[..], [Violation::GaveUp(_)]));
    }
}
