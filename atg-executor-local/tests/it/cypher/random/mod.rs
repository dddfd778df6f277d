//! Queries from a grammar, with a seed: valid most of the time, and with one answer whatever order rows are found in.

mod clauses;
mod conditions;
mod floats;
mod lists;
mod maps;
mod patterns;
mod times;
mod values;

use serde_json::{Map, Value as Json, json};

/// SplitMix64: the same numbers from the same seed, on every machine.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    /// True once in so many times.
    fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Node,
    Relationship,
    /// A list of relationships.
    Chain,
    Path,
    Int,
    Text,
    Bool,
    List,
    Float,
    Map,
    Date,
    Time,
    Duration,
    Any,
}

const LABELS: &[&str] = &[
    "Resource",
    "VirtualMachine",
    "Subnet",
    "VirtualNetwork",
    "User",
    "Group",
    "Subscription",
    "ResourceGroup",
    "Tenant",
    "External",
    "Spot",
    "Nowhere",
];
const TYPES: &[&str] = &[
    "CONTAINS",
    "USES_SUBNET",
    "CONNECTED_TO",
    "MEMBER_OF",
    "HAS_ROLE",
    "REFERENCES",
    "NOTHING",
];
/// What the graph really holds: most patterns are made of these, so that there is something to find.
const SCHEMA: &[(&str, &str, &str)] = &[
    ("Tenant", "CONTAINS", "Subscription"),
    ("Subscription", "CONTAINS", "ResourceGroup"),
    ("ResourceGroup", "CONTAINS", "VirtualMachine"),
    ("ResourceGroup", "CONTAINS", "Resource"),
    ("VirtualNetwork", "CONTAINS", "Subnet"),
    ("VirtualMachine", "USES_SUBNET", "Subnet"),
    ("VirtualNetwork", "CONNECTED_TO", "VirtualNetwork"),
    ("User", "MEMBER_OF", "Group"),
    ("Group", "MEMBER_OF", "Group"),
    ("Group", "HAS_ROLE", "Subscription"),
];
const TEXT_PROPERTIES: &[&str] = &[
    "name",
    "id",
    "location",
    "upn",
    "type",
    "`hardwareProfile.vmSize`",
    "missing",
];
const NAMES: &[&str] = &[
    "web1", "web2", "Web3", "hub", "front", "ops", "anna", "one", "admins", "none",
];
const TEXTS: &[&str] = &[
    "'web1'",
    "'front'",
    "'ops'",
    "''",
    "'a'",
    "'Zoë 😀'",
    "'1'",
    "'West'",
    "'westeurope'",
    "null",
];
const INTS: &[&str] = &[
    "0",
    "1",
    "2",
    "4",
    "8",
    "-1",
    "7",
    "254",
    "null",
    "9007199254740993",
];

pub(crate) struct Grammar {
    random: Random,
    scope: Vec<(String, Kind)>,
    names: usize,
    /// How many more rows the patterns may multiply to.
    budget: usize,
}

/// The query of that number in the sequence of a seed.
pub(crate) fn query(seed: u64, number: u64) -> String {
    let random = Random::new(seed.wrapping_mul(0x2545_f491_4f6c_dd1d).wrapping_add(number));
    Grammar {
        random,
        scope: Vec::new(),
        names: 0,
        budget: 3,
    }
    .whole()
}

/// Whether the order of the rows of such a query is part of its answer: subqueries have orders of their own.
pub(crate) fn is_ordered(text: &str) -> bool {
    let mut depth = 0;
    let outside: String = text
        .chars()
        .filter(|c| {
            depth += usize::from(*c == '{');
            let outside = depth == 0;
            depth -= usize::from(*c == '}');
            outside
        })
        .collect();
    outside
        .rfind("RETURN")
        .is_some_and(|last| outside[last..].contains("ORDER BY"))
}

/// The values of the parameters that queries may use.
pub(crate) fn parameters() -> Map<String, Json> {
    let all = json!({
        "int": 3, "float": 0.5, "text": "web1", "flag": true, "nothing": null,
        "list": [1, "a", null, 2.5], "map": { "a": 1, "b": "x", "c": [true] },
    });
    match all {
        Json::Object(all) => all,
        _ => Map::new(),
    }
}

impl Grammar {
    /// Runs a part of the grammar that may name things which nobody sees behind it.
    fn inside<T>(&mut self, part: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.scope.clone();
        let result = part(self);
        self.scope = outer;
        result
    }

    fn name(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    fn variable(&mut self, kind: Kind) -> Option<String> {
        let fitting: Vec<&String> = self
            .scope
            .iter()
            .filter(|(_, other)| *other == kind)
            .map(|(name, _)| name)
            .collect();
        if fitting.is_empty() {
            return None;
        }
        let at = self.random.below(fitting.len());
        Some(fitting[at].clone())
    }
}
