//! Clauses.

use std::fmt::Write as _;

use super::{Grammar, Kind, Random};

impl Grammar {
    pub(super) fn whole(&mut self) -> String {
        let mut text = String::new();
        match self.random.below(9) {
            8 => text.push_str(&self.shortest()),
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
            let clause = match self.random.below(5) {
                0 => self.with(),
                4 => self.sorted(),
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

    pub(super) fn matching(&mut self, optional: bool) -> String {
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

    pub(super) fn unwind(&mut self) -> String {
        let list = self.list(2);
        let name = self.name("x");
        let text = format!("UNWIND {list} AS {name} ");
        self.scope.push((name, Kind::Any));
        text
    }

    pub(super) fn with(&mut self) -> String {
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

    pub(super) fn returning(&mut self) -> String {
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

    pub(super) fn aggregate(&mut self) -> (String, Kind) {
        let distinct = if self.random.one_in(3) { "DISTINCT " } else { "" };
        match self.random.below(14) {
            9 => (
                format!("round(avg({distinct}{}), 3)", self.integer(1)),
                Kind::Float,
            ),
            10 => (format!("sum({distinct}{})", self.float(1)), Kind::Float),
            11 => (
                format!(
                    "percentileCont({}, {})",
                    self.integer(1),
                    self.random.pick(&["0.5", "0", "1.0", "0.25"])
                ),
                Kind::Any,
            ),
            12 => (
                format!(
                    "round({}({}), 3)",
                    self.random.pick(&["stDev", "stDevP"]),
                    self.integer(1)
                ),
                Kind::Float,
            ),
            13 => {
                let function = self.random.pick(&["min", "max"]);
                (format!("{function}({})", self.moment(1).0), Kind::Any)
            }
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

    /// A shortest path between nodes that cannot be the same; which one is nobody's choice, so only its length counts.
    fn shortest(&mut self) -> String {
        let (from, to, ways) = self.random.pick(&[
            ("User", "Group", ":MEMBER_OF*"),
            ("Tenant", "Subnet", ":CONTAINS*"),
            ("Tenant", "VirtualMachine", "*..3"),
            ("User", "Subscription", "*..4"),
            ("VirtualMachine", "VirtualNetwork", "*..3"),
            ("Group", "ResourceGroup", "*0..3"),
        ]);
        let (left, right) = self.random.pick(&[("-", "-"), ("-", "->"), ("<-", "-")]);
        let (a, b, path) = (self.name("n"), self.name("n"), self.name("p"));
        let function = if self.random.one_in(4) {
            "allShortestPaths"
        } else {
            "shortestPath"
        };
        let optional = if self.random.one_in(4) { "OPTIONAL " } else { "" };
        self.budget = 0;
        let mut text = format!(
            "MATCH ({a}:{from}), ({b}:{to}) {optional}MATCH {path} = {function}(({a}){left}[{ways}]{right}({b})) "
        );
        if self.random.one_in(3) {
            let condition = self.random.pick(&["length", "size"]);
            let of = if condition == "length" {
                path.clone()
            } else {
                format!("nodes({path})")
            };
            text.push_str(&format!(
                "WHERE {condition}({of}) {} {} ",
                self.random.pick(&[">", "<", ">="]),
                self.random.pick(&["1", "2", "3"])
            ));
        }
        for (name, kind) in [(a, Kind::Node), (b, Kind::Node)] {
            self.scope.push((name, kind));
        }
        text.push_str(&format!("WITH *, length({path}) AS l{path} "));
        self.scope.push((format!("l{path}"), Kind::Int));
        text
    }

    /// `WITH … ORDER BY … LIMIT`, by all that it passes on, so that equal rows are the same rows.
    fn sorted(&mut self) -> String {
        let (a, b) = (self.name("w"), self.name("w"));
        let (first, second) = (self.text(2), self.integer(2));
        self.scope = vec![(a.clone(), Kind::Text), (b.clone(), Kind::Int)];
        let direction = if self.random.one_in(2) { " DESC" } else { "" };
        let mut text = format!("WITH {first} AS {a}, {second} AS {b} ORDER BY {a}{direction}, {b} ");
        if self.random.one_in(3) {
            text.push_str(&format!("SKIP {} ", self.random.below(3)));
        }
        text.push_str(&format!("LIMIT {} ", 1 + self.random.below(9)));
        if self.random.one_in(3) {
            let condition = self.boolean(1);
            text.push_str(&format!("WHERE {condition} "));
        }
        text
    }
}
