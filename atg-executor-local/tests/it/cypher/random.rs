//! Queries from a grammar, with a seed: valid most of the time, and with one answer whatever order rows are found in.

use std::fmt::Write as _;

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

impl Grammar {
    fn name(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    fn whole(&mut self) -> String {
        let mut text = String::new();
        match self.random.below(8) {
            0 => {
                let list = self.list(2);
                let name = self.name("x");
                let _ = write!(text, "UNWIND {list} AS {name} ");
                self.scope.push((name, Kind::Any));
            }
            1 if self.random.one_in(2) => {}
            _ => text.push_str(&self.matching(false)),
        }
        while self.random.one_in(3) {
            let clause = match self.random.below(4) {
                0 => self.with(),
                1 => self.matching(true),
                2 => self.unwind(),
                _ => self.matching(false),
            };
            text.push_str(&clause);
        }
        text.push_str(&self.returning());
        if self.random.one_in(25) {
            let all = if self.random.one_in(2) {
                "UNION ALL"
            } else {
                "UNION"
            };
            let mut other = Self {
                random: Random::new(self.random.next()),
                scope: Vec::new(),
                names: 0,
                budget: 2,
            };
            let list = other.list(1);
            if !text.contains("ORDER BY") && !text.contains("c2") {
                let _ = write!(text, " {all} UNWIND {list} AS x RETURN x AS c1");
            }
        }
        text
    }

    fn matching(&mut self, optional: bool) -> String {
        let mut text = String::from(if optional { "OPTIONAL MATCH " } else { "MATCH " });
        let before = self.scope.clone();
        let patterns = if self.budget > 1 && self.random.one_in(4) {
            2
        } else {
            1
        };
        for index in 0..patterns {
            if index > 0 {
                text.push_str(", ");
            }
            let pattern = self.pattern(&before, true);
            text.push_str(&pattern);
        }
        if self.random.one_in(3) {
            let depth = self.random.pick(&[1, 2, 2, 3]);
            let condition = self.boolean(depth);
            let _ = write!(text, " WHERE {condition}");
        }
        text.push(' ');
        text
    }

    /// A step that the graph holds, with as much of it said as chance wants.
    fn likely(&mut self, before: &[(String, Kind)], declared: &mut Vec<(String, Kind)>) -> String {
        let (from, kind, to) = self.random.pick(SCHEMA);
        let mut end = |label: &str, this: &mut Self| {
            let known: Vec<String> = before
                .iter()
                .filter(|(_, kind)| *kind == Kind::Node)
                .map(|(name, _)| name.clone())
                .collect();
            let label = if this.random.one_in(3) {
                String::new()
            } else {
                format!(":{label}")
            };
            if !known.is_empty() && this.random.one_in(3) {
                return format!("({})", known[this.random.below(known.len())]);
            }
            let name = this.name("n");
            declared.push((name.clone(), Kind::Node));
            format!("({name}{label})")
        };
        let (left, right) = (end(from, self), end(to, self));
        let relationship = if self.random.one_in(2) {
            let name = self.name("r");
            declared.push((name.clone(), Kind::Relationship));
            name
        } else {
            String::new()
        };
        match self.random.below(6) {
            0 => format!("{left}-[{relationship}]-{right}"),
            1 => format!("{left}-[{relationship}]->{right}"),
            2 => format!("{right}<-[{relationship}:{kind}]-{left}"),
            _ => format!("{left}-[{relationship}:{kind}]->{right}"),
        }
    }

    fn pattern(&mut self, before: &[(String, Kind)], may_name: bool) -> String {
        let mut text = String::new();
        let mut declared = Vec::new();
        let path = may_name && self.random.one_in(6);
        if path {
            let name = self.name("p");
            let _ = write!(text, "{name} = ");
            declared.push((name, Kind::Path));
        }
        if may_name && !self.random.one_in(3) {
            self.budget = self.budget.saturating_sub(1);
            let step = self.likely(before, &mut declared);
            text.push_str(&step);
            if self.random.one_in(3) {
                let hop = self.hop(&mut declared, may_name);
                let node = self.node(before, &mut declared, may_name);
                let _ = write!(text, "{hop}{node}");
            }
            self.scope.extend(declared);
            return text;
        }
        let node = self.node(before, &mut declared, may_name);
        text.push_str(&node);
        let hops = self.random.pick(&[0, 1, 1, 1, 2, 2]);
        for _ in 0..hops {
            let hop = self.hop(&mut declared, may_name);
            let node = self.node(before, &mut declared, may_name);
            let _ = write!(text, "{hop}{node}");
        }
        self.scope.extend(declared);
        text
    }

    fn node(
        &mut self,
        before: &[(String, Kind)],
        declared: &mut Vec<(String, Kind)>,
        may_name: bool,
    ) -> String {
        let mut text = String::from("(");
        let known: Vec<String> = before
            .iter()
            .chain(declared.iter())
            .chain(self.scope.iter())
            .filter(|(_, kind)| *kind == Kind::Node)
            .map(|(name, _)| name.clone())
            .collect();
        let reuse = !known.is_empty() && (self.random.one_in(2) || self.budget == 0);
        if reuse {
            text.push_str(&known[self.random.below(known.len())]);
        } else if may_name && !self.random.one_in(4) {
            let name = self.name("n");
            text.push_str(&name);
            declared.push((name, Kind::Node));
            self.budget = self.budget.saturating_sub(1);
        }
        match self.random.below(5) {
            0 | 1 => {
                let _ = write!(text, ":{}", self.random.pick(LABELS));
            }
            2 if self.random.one_in(2) => {
                let (a, b) = (self.random.pick(LABELS), self.random.pick(LABELS));
                let text_of = match self.random.below(4) {
                    0 => format!(":{a}|{b}"),
                    1 => format!(":{a}&{b}"),
                    2 => format!(":!{a}"),
                    _ => format!(":({a}|{b})&!{a}"),
                };
                text.push_str(&text_of);
            }
            _ => {}
        }
        if self.random.one_in(6) {
            let name = self.random.pick(NAMES);
            let _ = write!(text, " {{name: '{name}'}}");
        }
        text.push(')');
        text
    }

    fn hop(&mut self, declared: &mut Vec<(String, Kind)>, may_name: bool) -> String {
        let mut inner = String::new();
        let chain = self.random.one_in(5);
        if may_name && self.random.one_in(3) {
            let name = self.name("r");
            inner.push_str(&name);
            declared.push((name, if chain { Kind::Chain } else { Kind::Relationship }));
        }
        match self.random.below(6) {
            0..=2 => {
                let _ = write!(inner, ":{}", self.random.pick(TYPES));
            }
            3 => {
                let (a, b) = (self.random.pick(TYPES), self.random.pick(TYPES));
                let _ = if a == b {
                    write!(inner, ":{a}")
                } else {
                    write!(inner, ":{a}|{b}")
                };
            }
            4 if !chain && self.random.one_in(3) => {
                let _ = write!(inner, ":!{}", self.random.pick(TYPES));
            }
            _ => {}
        }
        if chain {
            inner.push_str(
                self.random
                    .pick(&["*1..2", "*2", "*0..1", "*..2", "*0..2", "*1", "*2..1", "*3"]),
            );
        }
        if self.random.one_in(8) {
            inner.push_str(self.random.pick(&[
                " {primary: true}",
                " {order: 1}",
                " {path: 'id'}",
                " {role: 'Reader'}",
            ]));
        }
        let (left, right) = self
            .random
            .pick(&[("-", "->"), ("-", "->"), ("<-", "-"), ("-", "-")]);
        if inner.is_empty() {
            format!("{left}{right}")
        } else {
            format!("{left}[{inner}]{right}")
        }
    }

    fn unwind(&mut self) -> String {
        let list = self.list(2);
        let name = self.name("x");
        let text = format!("UNWIND {list} AS {name} ");
        self.scope.push((name, Kind::Any));
        text
    }

    fn with(&mut self) -> String {
        let mut items = Vec::new();
        let mut scope = Vec::new();
        let aggregates = self.random.one_in(3);
        for (name, kind) in self.scope.clone() {
            if self.random.one_in(2) {
                items.push(name.clone());
                scope.push((name, kind));
            }
        }
        let name = self.name("w");
        if aggregates || items.is_empty() {
            let (text, kind) = self.aggregate();
            items.push(format!("{text} AS {name}"));
            scope.push((name, kind));
        } else {
            let (text, kind) = self.value(2);
            items.push(format!("{text} AS {name}"));
            scope.push((name, kind));
        }
        self.scope = scope;
        let distinct = if self.random.one_in(4) { "DISTINCT " } else { "" };
        let mut text = format!("WITH {distinct}{} ", items.join(", "));
        if self.random.one_in(3) {
            let condition = self.boolean(2);
            let _ = write!(text, "WHERE {condition} ");
        }
        text
    }

    fn returning(&mut self) -> String {
        let mut columns = Vec::new();
        let count = 1 + self.random.below(3);
        let depth = self.random.pick(&[1, 1, 2, 2, 3]);
        let grouped = self.random.one_in(3);
        for index in 1..=count {
            let text = if grouped && (index == count || self.random.one_in(3)) {
                self.aggregate().0
            } else {
                self.value(depth).0
            };
            columns.push(format!("{text} AS c{index}"));
        }
        let distinct = if self.random.one_in(5) { "DISTINCT " } else { "" };
        let mut text = format!("RETURN {distinct}{}", columns.join(", "));
        if self.random.one_in(4) {
            let directions: Vec<String> = (1..=count)
                .map(|index| format!("c{index}{}", if self.random.one_in(2) { " DESC" } else { "" }))
                .collect();
            let _ = write!(text, " ORDER BY {}", directions.join(", "));
            if self.random.one_in(2) {
                let _ = write!(text, " SKIP {}", self.random.below(4));
            }
            if self.random.one_in(2) {
                let _ = write!(text, " LIMIT {}", self.random.below(6));
            }
        }
        text
    }

    fn aggregate(&mut self) -> (String, Kind) {
        let distinct = if self.random.one_in(3) { "DISTINCT " } else { "" };
        match self.random.below(9) {
            0 | 1 => ("count(*)".to_owned(), Kind::Int),
            2 => (format!("count({distinct}{})", self.value(2).0), Kind::Int),
            3 => (format!("sum({distinct}{})", self.integer(2)), Kind::Int),
            4 => (format!("min({})", self.value(2).0), Kind::Any),
            5 => (format!("max({})", self.value(2).0), Kind::Any),
            6 => (format!("size(collect({distinct}{}))", self.value(2).0), Kind::Int),
            7 => (
                format!("count(*) + {}", self.random.pick(&["1", "-1", "0.5"])),
                Kind::Int,
            ),
            _ => (format!("percentileDisc({}, 0.5)", self.integer(2)), Kind::Int),
        }
    }

    /// A value that sorts alike everywhere: no nodes, relationships or paths themselves.
    fn value(&mut self, depth: usize) -> (String, Kind) {
        match self.random.below(7) {
            0 | 1 => (self.integer(depth), Kind::Int),
            2 | 3 => (self.text(depth), Kind::Text),
            4 => (self.boolean(depth), Kind::Bool),
            5 => (self.list(depth), Kind::List),
            _ => (self.any(depth), Kind::Any),
        }
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

    fn any(&mut self, depth: usize) -> String {
        if let Some(name) = self.variable(Kind::Any)
            && !self.random.one_in(3)
        {
            return name;
        }
        match self.random.below(8) {
            0 => "null".to_owned(),
            1 => self
                .random
                .pick(&["1.0", "0.5", "-2.5", "1.0e7", "0.0", "true", "[]", "{}"])
                .to_owned(),
            2 if depth > 0 => format!(
                "coalesce({}, {})",
                self.value(depth - 1).0,
                self.value(depth - 1).0
            ),
            3 if depth > 0 => {
                let (a, b, c) = (
                    self.boolean(depth - 1),
                    self.value(depth - 1).0,
                    self.value(depth - 1).0,
                );
                format!("CASE WHEN {a} THEN {b} ELSE {c} END")
            }
            4 if depth > 0 => {
                let (a, b, c) = (
                    self.value(depth - 1).0,
                    self.value(depth - 1).0,
                    self.value(depth - 1).0,
                );
                format!("CASE {a} WHEN {b} THEN {c} END")
            }
            5 if depth > 0 => format!(
                "{}[{}]",
                self.list(depth - 1),
                self.random.pick(&["0", "-1", "1", "5", "null"])
            ),
            6 if depth > 0 => format!("head({})", self.list(depth - 1)),
            _ => match self.variable(Kind::Node) {
                Some(name) => format!(
                    "{name}.{}",
                    self.random
                        .pick(&["cores", "price", "spot", "zones", "name", "missing", "ratio"])
                ),
                None => "2.5".to_owned(),
            },
        }
    }

    fn integer(&mut self, depth: usize) -> String {
        if depth > 0 {
            match self.random.below(12) {
                0 => return format!("({} + {})", self.integer(depth - 1), self.integer(depth - 1)),
                1 => return format!("({} - {})", self.integer(depth - 1), self.integer(depth - 1)),
                2 => {
                    return format!(
                        "({} * {})",
                        self.integer(depth - 1),
                        self.random.pick(&["2", "-1", "3"])
                    );
                }
                3 => {
                    return format!(
                        "({} / {})",
                        self.integer(depth - 1),
                        self.random.pick(&["2", "3", "-2"])
                    );
                }
                4 => {
                    return format!(
                        "({} % {})",
                        self.integer(depth - 1),
                        self.random.pick(&["2", "3", "-2"])
                    );
                }
                5 => return format!("size({})", self.text(depth - 1)),
                6 => return format!("size({})", self.list(depth - 1)),
                7 => return format!("toInteger({})", self.text(depth - 1)),
                8 => return format!("abs({})", self.integer(depth - 1)),
                9 => {
                    let list = self.list(depth - 1);
                    return format!("reduce(s = 0, e IN {list} | s + 1)");
                }
                10 if self.random.one_in(2) => {
                    let before = self.scope.clone();
                    let pattern = self.pattern(&before, true);
                    let condition = if self.random.one_in(2) {
                        format!(" WHERE {}", self.boolean(1))
                    } else {
                        String::new()
                    };
                    self.scope = before;
                    return format!("COUNT {{ MATCH {pattern}{condition} }}");
                }
                _ => {}
            }
        }
        if let Some(path) = self.variable(Kind::Path)
            && self.random.one_in(2)
        {
            return format!("length({path})");
        }
        if let Some(chain) = self.variable(Kind::Chain)
            && self.random.one_in(2)
        {
            return format!("size({chain})");
        }
        match self.random.below(4) {
            0 => self.variable(Kind::Int).unwrap_or_else(|| "3".to_owned()),
            1 => self.variable(Kind::Node).map_or("5".to_owned(), |name| {
                format!(
                    "{name}.{}",
                    self.random.pick(&["cores", "age", "size", "missing"])
                )
            }),
            2 => self
                .variable(Kind::Relationship)
                .map_or("6".to_owned(), |name| format!("{name}.order")),
            _ => self.random.pick(INTS).to_owned(),
        }
    }

    fn text(&mut self, depth: usize) -> String {
        if depth > 0 {
            match self.random.below(12) {
                0 => return format!("({} + {})", self.text(depth - 1), self.text(depth - 1)),
                1 => return format!("toString({})", self.integer(depth - 1)),
                2 => return format!("toUpper({})", self.text(depth - 1)),
                3 => {
                    return format!(
                        "substring({}, {}, 3)",
                        self.text(depth - 1),
                        self.random.pick(&["0", "1", "5"])
                    );
                }
                4 => return format!("reverse({})", self.text(depth - 1)),
                5 => return format!("replace({}, 'e', '_')", self.text(depth - 1)),
                6 => return format!("({} + {})", self.text(depth - 1), self.integer(depth - 1)),
                7 => return format!("toString({})", self.boolean(depth - 1)),
                8 => return format!("left({}, 2)", self.text(depth - 1)),
                _ => {}
            }
        }
        match self.random.below(5) {
            0 => self.variable(Kind::Text).unwrap_or_else(|| "'x'".to_owned()),
            1 | 2 => self.variable(Kind::Node).map_or("'y'".to_owned(), |name| {
                format!("{name}.{}", self.random.pick(TEXT_PROPERTIES))
            }),
            3 => self
                .variable(Kind::Relationship)
                .map_or("'z'".to_owned(), |name| match self.random.below(3) {
                    0 => format!("type({name})"),
                    1 => format!("{name}.path"),
                    _ => format!("startNode({name}).name"),
                }),
            _ => self.random.pick(TEXTS).to_owned(),
        }
    }

    fn list(&mut self, depth: usize) -> String {
        if depth > 0 {
            match self.random.below(10) {
                0 => return format!("[{}, {}]", self.value(depth - 1).0, self.value(depth - 1).0),
                1 => return format!("({} + {})", self.list(depth - 1), self.list(depth - 1)),
                2 => return format!("tail({})", self.list(depth - 1)),
                3 => {
                    return format!(
                        "{}[{}]",
                        self.list(depth - 1),
                        self.random.pick(&["0..2", "1..", "..-1", "-2..", "2..1"])
                    );
                }
                4 => {
                    let list = self.list(depth - 1);
                    let outer = self.scope.clone();
                    let name = self.name("e");
                    self.scope.push((name.clone(), Kind::Any));
                    let filter = if self.random.one_in(2) {
                        format!(" WHERE {}", self.boolean(depth - 1))
                    } else {
                        String::new()
                    };
                    let map = if self.random.one_in(2) {
                        format!(" | {}", self.value(depth - 1).0)
                    } else {
                        String::new()
                    };
                    self.scope = outer;
                    return format!("[{name} IN {list}{filter}{map}]");
                }
                5 => {
                    return format!(
                        "range({}, {})",
                        self.random.pick(&["0", "1", "3"]),
                        self.random.pick(&["0", "2", "4"])
                    );
                }
                6 => return format!("reverse([q IN {} | q])", self.list(depth - 1)),
                7 => {
                    return format!(
                        "split({}, {})",
                        self.text(depth - 1),
                        self.random.pick(&["'/'", "'e'", "'b'"])
                    );
                }
                _ => {}
            }
        }
        if let Some(path) = self.variable(Kind::Path)
            && self.random.one_in(3)
        {
            return format!("[q IN nodes({path}) | q.name]");
        }
        if let Some(chain) = self.variable(Kind::Chain)
            && self.random.one_in(3)
        {
            return format!("[q IN {chain} | type(q)]");
        }
        if let Some(node) = self.variable(Kind::Node)
            && self.random.one_in(4)
        {
            return format!("{node}.zones");
        }
        self.random
            .pick(&[
                "[]",
                "[1, 2, 3]",
                "[null]",
                "['a', 'b', null]",
                "[1, 'a', true, 2.5]",
                "null",
                "[[1], [2, null]]",
                "[3, 1, 2]",
            ])
            .to_owned()
    }

    fn boolean(&mut self, depth: usize) -> String {
        if depth > 0 {
            match self.random.below(22) {
                0 | 1 => return format!("({} AND {})", self.boolean(depth - 1), self.boolean(depth - 1)),
                2 => return format!("({} OR {})", self.boolean(depth - 1), self.boolean(depth - 1)),
                3 => return format!("({} XOR {})", self.boolean(depth - 1), self.boolean(depth - 1)),
                4 | 5 => return format!("NOT {}", self.boolean(depth - 1)),
                6 | 7 => {
                    let operator = self.random.pick(&["=", "<>", "<", "<=", ">", ">="]);
                    return format!(
                        "({} {operator} {})",
                        self.integer(depth - 1),
                        self.integer(depth - 1)
                    );
                }
                8 => {
                    let operator = self.random.pick(&["=", "<>", "<", "<=", ">", ">="]);
                    return format!("({} {operator} {})", self.text(depth - 1), self.text(depth - 1));
                }
                9 => {
                    let operator = self.random.pick(&["=", "<>"]);
                    return format!(
                        "({} {operator} {})",
                        self.value(depth - 1).0,
                        self.value(depth - 1).0
                    );
                }
                10 => {
                    let operator = self.random.pick(&["<", ">="]);
                    return format!("({} {operator} {})", self.any(0), self.value(depth - 1).0);
                }
                11 => return format!("({} IN {})", self.value(depth - 1).0, self.list(depth - 1)),
                12 => {
                    let operator = self.random.pick(&["STARTS WITH", "ENDS WITH", "CONTAINS"]);
                    return format!("({} {operator} {})", self.text(depth - 1), self.text(depth - 1));
                }
                13 => {
                    return format!(
                        "({} IS {}NULL)",
                        self.value(depth - 1).0,
                        self.random.pick(&["", "NOT "])
                    );
                }
                14 => {
                    let pattern = self
                        .random
                        .pick(&["'.*e.*'", "'(?i)WEB\\\\d'", "'[a-f]+'", "'web1|hub'"]);
                    return format!("({} =~ {pattern})", self.text(depth - 1));
                }
                15 => {
                    let quantifier = self.random.pick(&["all", "any", "none", "single"]);
                    let list = self.list(depth - 1);
                    let outer = self.scope.clone();
                    let name = self.name("e");
                    self.scope.push((name.clone(), Kind::Any));
                    let condition = self.boolean(depth - 1);
                    self.scope = outer;
                    return format!("{quantifier}({name} IN {list} WHERE {condition})");
                }
                16 => {
                    if let Some(node) = self.variable(Kind::Node) {
                        return format!("{node}:{}", self.random.pick(LABELS));
                    }
                }
                17 => {
                    if let Some(node) = self.variable(Kind::Node) {
                        let hop = self.hop(&mut Vec::new(), false);
                        return format!("exists(({node}){hop}(:{}))", self.random.pick(LABELS));
                    }
                }
                18 => {
                    let before = self.scope.clone();
                    let pattern = self.pattern(&before, true);
                    let condition = if self.random.one_in(2) {
                        format!(" WHERE {}", self.boolean(1))
                    } else {
                        String::new()
                    };
                    self.scope = before;
                    return format!("EXISTS {{ MATCH {pattern}{condition} }}");
                }
                19 => {
                    if let (Some(a), Some(b)) = (self.variable(Kind::Node), self.variable(Kind::Node)) {
                        return format!("({a} {} {b})", self.random.pick(&["=", "<>"]));
                    }
                }
                _ => {}
            }
        }
        match self.random.below(6) {
            0 => "true".to_owned(),
            1 => "false".to_owned(),
            2 => "null".to_owned(),
            3 => self.variable(Kind::Node).map_or("true".to_owned(), |name| {
                format!("{name}.{}", self.random.pick(&["spot", "enabled", "missing"]))
            }),
            4 => self.variable(Kind::Bool).unwrap_or_else(|| "false".to_owned()),
            _ => self
                .variable(Kind::Relationship)
                .map_or("true".to_owned(), |name| format!("{name}.primary")),
        }
    }
}
