//! Lists.

use super::{Grammar, Kind};

impl Grammar {
    pub(super) fn list(&mut self, depth: usize) -> String {
        if depth > 0 {
            match self.random.below(17) {
                10 => {
                    let function =
                        self.random
                            .pick(&["toStringList", "toIntegerList", "toFloatList", "toBooleanList"]);
                    return format!("{function}({})", self.list(depth - 1));
                }
                11 => return format!("split({}, ['e', '/', 'we'])", self.text(depth - 1)),
                12 => return format!("({} || {})", self.list(depth - 1), self.list(depth - 1)),
                13 => {
                    let (list, from, to) = (self.list(depth - 1), self.integer(0), self.integer(0));
                    // Bounds are of 32 bits.
                    return format!("{list}[{from} % 9..{to} % 9]");
                }
                14 => return self.collected(),
                15 => {
                    let (list, start) = (self.list(depth - 1), self.list(depth - 1));
                    return format!("reduce(l = [$nothing] + {start}, e IN {list} | l + e)");
                }
                16 => {
                    return format!(
                        "range({}, {}, {})",
                        self.random.pick(&["0", "5", "-1"]),
                        self.random.pick(&["3", "-2"]),
                        self.random.pick(&["2", "-3", "1"])
                    );
                }
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
                    // Without a result, a bar between two labels would begin it: Neo4j then asks for a variable of the
                    // second label's name.
                    let filter = match filter.strip_prefix(" WHERE ") {
                        Some(condition) if map.is_empty() => format!(" WHERE ({condition})"),
                        _ => filter,
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

    /// What a subquery finds, in an order that there is only one of.
    fn collected(&mut self) -> String {
        self.inside(|this| {
            let before = this.scope.clone();
            let pattern = this.pattern(&before, true);
            let condition = this.maybe_where(1);
            let value = if this.random.one_in(2) {
                this.text(1)
            } else {
                this.integer(1)
            };
            let limit = if this.random.one_in(3) { " LIMIT 2" } else { "" };
            let direction = if this.random.one_in(3) { " DESC" } else { "" };
            format!(
                "COLLECT {{ MATCH {pattern}{condition} RETURN {value} AS v ORDER BY v{direction}{limit} }}"
            )
        })
    }

    /// A comprehension over a pattern. Its order is nobody's, so ask it for nothing that depends on it.
    pub(super) fn pattern_list(&mut self, depth: usize) -> Option<String> {
        let node = self.variable(Kind::Node)?;
        Some(self.inside(|this| {
            let mut declared = Vec::new();
            let hop = this.hop(&mut declared, true);
            let end = this.name("n");
            declared.push((end.clone(), Kind::Node));
            this.scope.extend(declared);
            let condition = this.maybe_where(1);
            let value = this.value(depth.min(1)).0;
            format!("[({node}){hop}({end}){condition} | {value}]")
        }))
    }

    pub(super) fn maybe_where(&mut self, depth: usize) -> String {
        if self.random.one_in(2) {
            format!(" WHERE {}", self.boolean(depth))
        } else {
            String::new()
        }
    }
}
