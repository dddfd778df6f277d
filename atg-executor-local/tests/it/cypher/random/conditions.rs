//! Conditions.

use super::{Grammar, Kind, LABELS};

impl Grammar {
    pub(super) fn boolean(&mut self, depth: usize) -> String {
        if depth > 0 {
            match self.random.below(30) {
                22 => return self.moments_compared(depth - 1),
                23 => {
                    let (a, b, c) = (
                        self.integer(depth - 1),
                        self.float(depth - 1),
                        self.integer(depth - 1),
                    );
                    return format!("({a} <= {b} < {c})");
                }
                24 => {
                    if let Some(list) = self.pattern_list(depth - 1) {
                        let quantifier = self.random.pick(&["all", "any", "none", "single"]);
                        return format!("{quantifier}(e IN {list} WHERE e IS NOT NULL)");
                    }
                }
                25 => {
                    if let Some(list) = self.pattern_list(depth - 1) {
                        return format!("size({list}) {} 1", self.random.pick(&["=", ">", "<"]));
                    }
                }
                26 => {
                    if let Some(node) = self.variable(Kind::Node) {
                        let (a, b) = (self.random.pick(LABELS), self.random.pick(LABELS));
                        return self
                            .random
                            .pick(&[
                                format!("{node}:{a}|{b}").as_str(),
                                format!("{node}:!{a}").as_str(),
                                format!("({node}:{a}&!{b})").as_str(),
                                format!("'{a}' IN labels({node})").as_str(),
                                format!("{node}:%").as_str(),
                            ])
                            .to_owned();
                    }
                }
                27 => return format!("toBoolean({})", self.text(depth - 1)),
                28 => {
                    return format!(
                        "isEmpty({})",
                        if self.random.one_in(2) {
                            self.list(depth - 1)
                        } else {
                            self.map(depth - 1)
                        }
                    );
                }
                29 => {
                    // A whole query inside.
                    return self.inside(|this| {
                        let before = this.scope.clone();
                        let pattern = this.pattern(&before, true);
                        let (value, condition) = (
                            this.integer(1),
                            this.random.pick(&["w > 2", "w IS NULL", "w < 5"]),
                        );
                        format!("EXISTS {{ MATCH {pattern} WITH {value} AS w WHERE {condition} RETURN w }}")
                    });
                }

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
                    let pattern = self.random.pick(&[
                        "'.*e.*'",
                        "'(?i)WEB\\\\d'",
                        "'[a-f]+'",
                        "'web1|hub'",
                        "'^[^/]*$'",
                        "'(/\\\\w+)+'",
                        "'.{2,4}'",
                        "'(?i)[A-Z]+[0-9]?'",
                        "'\\\\S*'",
                    ]);
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
