//! What goes wrong in a case, and what changes before it: all of it from its seed.

use atg_azure_sim::{Change, Fault, Lag, Matching, RetryAfter, Rule, Schedule};
use fastrand::Rng;
use serde_json::{Value, json};

/// One case.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its seed.
    pub seed: u64,
    /// What goes wrong.
    pub faults: Schedule,
    /// How far lists lag behind.
    pub lag: Lag,
    /// After how many exchanges the scan is killed; it is resumed afterwards.
    pub killed_after: Option<u64>,
    /// Whether nothing but refusals for quota happens: then nothing may be missing.
    pub only_throttled: bool,
    /// How many changes there are before the scan.
    pub changes: usize,
}

/// Every eighth case is throttled at this rate and nothing else.
const THROTTLED_PER_MILLE: u16 = 200;

impl Case {
    /// The case of that seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed ^ 0x5eed_0fa7_a15f_a017);
        let only_throttled = seed.is_multiple_of(8);
        let rules = if only_throttled {
            vec![throttled(&mut rng)]
        } else {
            (0..rng.usize(1..=5)).map(|_| rule(&mut rng)).collect()
        };
        let lag = match rng.u8(..10) {
            0 if !only_throttled => Lag {
                resource_graph: rng.u64(1..7_200),
                lists: 0,
            },
            1 if !only_throttled => Lag {
                resource_graph: 0,
                lists: rng.u64(1..7_200),
            },
            _ => Lag::default(),
        };
        Self {
            seed,
            faults: Schedule { seed, rules },
            lag,
            killed_after: (rng.u8(..4) == 0).then(|| rng.u64(1..60)),
            only_throttled,
            changes: rng.usize(0..6),
        }
    }

    /// What changes before the scan, in a tenant that has these rows.
    #[must_use]
    pub fn changes(&self, rows: &[Value]) -> Vec<Change> {
        let mut rng = Rng::with_seed(self.seed ^ 0x00c4_a96e);
        let mut rows: Vec<&Value> = rows.iter().collect();
        let mut changes = Vec::new();
        for number in 0..self.changes {
            let open: Vec<usize> = (0..rows.len()).filter(|index| may_change(rows[*index])).collect();
            let Some(chosen) = rng.choice(&open).copied() else {
                break;
            };
            let row = rows[chosen];
            let id = row["id"].as_str().unwrap_or_default().to_owned();
            match rng.u8(..3) {
                0 => {
                    // What lies in it goes with it.
                    let below = format!("{}/", id.to_lowercase());
                    rows.retain(|row| {
                        let own = row["id"].as_str().unwrap_or_default().to_lowercase();
                        own != id.to_lowercase() && !own.starts_with(&below)
                    });
                    changes.push(Change::Delete(id));
                }
                1 if row.get("@odata.type").is_none() => changes.push(Change::Patch {
                    id,
                    with: json!({"tags": {"changed": self.seed.to_string()}}),
                }),
                1 => changes.push(Change::Patch {
                    id,
                    with: json!({"displayName": format!("Changed {}", self.seed)}),
                }),
                _ => changes.extend(copy(row, &format!("n{}-{number}", self.seed % 100_000))),
            }
        }
        changes
    }
}

/// Leaves, so that a tenant does not shrink to nothing.
fn may_change(row: &Value) -> bool {
    let kind = row["type"].as_str().or_else(|| row["@odata.type"].as_str());
    matches!(
        kind,
        Some(
            "Microsoft.Compute/disks"
                | "Microsoft.Network/networkInterfaces"
                | "Microsoft.Network/dnszones/A"
                | "Microsoft.Sql/servers/firewallRules"
                | "#microsoft.graph.user"
        )
    )
}

/// Another one like it.
fn copy(row: &Value, name: &str) -> Option<Change> {
    let mut row = row.clone();
    let id = row["id"].as_str()?.to_owned();
    if row.get("@odata.type").is_some() {
        let digits: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
        let tail = format!("{digits:0>12}");
        row["id"] = json!(format!("7d4b1c8e-0000-4000-9000-{}", &tail[tail.len() - 12..]));
        row["userPrincipalName"] = json!(format!("{name}@faults.example"));
    } else {
        let (parent, _) = id.rsplit_once('/')?;
        row["id"] = json!(format!("{parent}/{name}"));
        row["name"] = json!(name);
        row["location"] = json!("westeurope");
        row["properties"] = json!({"copied": true});
    }
    Some(Change::Set(row))
}

fn throttled(rng: &mut Rng) -> Rule {
    Rule {
        matching: Matching::default(),
        fault: Fault::TooManyRequests {
            retry_after: retry_after(rng),
            seconds: rng.u64(0..30),
        },
        per_mille: THROTTLED_PER_MILLE,
        times: None,
        skip: 0,
    }
}

fn retry_after(rng: &mut Rng) -> RetryAfter {
    match rng.u8(..3) {
        0 => RetryAfter::Absent,
        1 => RetryAfter::Date,
        _ => RetryAfter::default(),
    }
}

const SERVICES: [&str; 4] = ["arm", "resource_graph", "graph", "login"];
const PLACES: [&str; 14] = [
    "/subscriptions/",
    "00000000000a",
    "00000000000b",
    "/providers/",
    "Microsoft.Sql",
    "Microsoft.Network",
    "Microsoft.Authorization",
    "firewallRules",
    "dnszones",
    "/users",
    "/groups",
    "members",
    "$batch",
    "skiptoken",
];

fn rule(rng: &mut Rng) -> Rule {
    let service = rng
        .bool()
        .then(|| SERVICES[rng.usize(..SERVICES.len())].to_owned());
    let contains = rng.bool().then(|| PLACES[rng.usize(..PLACES.len())].to_owned());
    let fault = fault(rng);
    // A login that is refused for good ends the scan, which shows nothing.
    let login = service.as_deref() == Some("login");
    Rule {
        matching: Matching {
            service,
            contains,
            ..Matching::default()
        },
        fault,
        per_mille: if login {
            200
        } else {
            [20, 50, 100, 200, 500, 1_000][rng.usize(..6)]
        },
        times: rng.bool().then(|| rng.u64(1..20)),
        skip: if rng.bool() { rng.u64(..30) } else { 0 },
    }
}

fn fault(rng: &mut Rng) -> Fault {
    match rng.u8(..14) {
        0 | 1 => Fault::Forbidden,
        2 => Fault::NotFound,
        3 | 4 => Fault::TooManyRequests {
            retry_after: retry_after(rng),
            seconds: rng.u64(0..600),
        },
        5 => Fault::ServerError {
            status: [408, 500, 502, 503, 504][rng.usize(..5)],
        },
        6 => Fault::Truncated,
        7 => Fault::InvalidJson,
        8 => Fault::RepeatedPage,
        9 => Fault::EmptyPage,
        10 => Fault::Cut,
        11 => [Fault::ExpiredToken, Fault::ClaimsChallenge][rng.usize(..2)].clone(),
        12 => Fault::NoRegisteredProvider,
        _ => Fault::CursorRefused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_case_and_cases_differ() {
        let text = |seed| format!("{:?}", Case::of(seed));
        assert_eq!(text(3), text(3));
        let all: std::collections::BTreeSet<String> = (0..200).map(text).collect();
        assert_eq!(all.len(), 200);
        let killed = (0..1_000)
            .filter(|seed| Case::of(*seed).killed_after.is_some())
            .count();
        assert!((150..350).contains(&killed), "{killed}");
    }

    #[test]
    fn every_kind_of_fault_comes() {
        let kinds: std::collections::BTreeSet<String> = (0..1_000)
            .flat_map(|seed| Case::of(seed).faults.rules)
            .map(|rule| {
                format!("{:?}", rule.fault)
                    .split([' ', '{'])
                    .next()
                    .unwrap_or_default()
                    .to_owned()
            })
            .collect();
        assert_eq!(kinds.len(), 13, "{kinds:?}");
    }
}
