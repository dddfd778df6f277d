//! Values of one kind, and of any.

use super::{Grammar, INTS, Kind, TEXT_PROPERTIES, TEXTS};

impl Grammar {
    /// A value that sorts alike everywhere: no nodes, relationships or paths themselves.
    pub(super) fn value(&mut self, depth: usize) -> (String, Kind) {
        match self.random.below(11) {
            7 => (self.float(depth), Kind::Float),
            8 => (self.map(depth), Kind::Map),
            9 => self.moment(depth),
            0 | 1 => (self.integer(depth), Kind::Int),
            2 | 3 => (self.text(depth), Kind::Text),
            4 => (self.boolean(depth), Kind::Bool),
            5 => (self.list(depth), Kind::List),
            _ => (self.any(depth), Kind::Any),
        }
    }

    pub(super) fn any(&mut self, depth: usize) -> String {
        if let Some(name) = self.variable(Kind::Any)
            && !self.random.one_in(3)
        {
            return name;
        }
        match self.random.below(12) {
            8 => self
                .random
                .pick(&[
                    "$int",
                    "$float",
                    "$text",
                    "$flag",
                    "$nothing",
                    "$list",
                    "$map.a",
                    "$map['b']",
                ])
                .to_owned(),
            9 if depth > 0 => format!(
                "{}.{}",
                self.map(depth - 1),
                self.random.pick(&["a", "b", "c", "missing"])
            ),
            10 if depth > 0 => format!("nullIf({}, {})", self.value(depth - 1).0, self.value(depth - 1).0),
            11 if depth > 0 => format!("last({})", self.list(depth - 1)),
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

    pub(super) fn integer(&mut self, depth: usize) -> String {
        if depth > 0 {
            match self.random.below(17) {
                12 => return format!("-({})", self.integer(depth - 1)),
                13 => return format!("sign({})", self.float(depth - 1)),
                14 => return format!("toInteger({})", self.float(depth - 1)),
                15 => return self.of_moment(depth - 1),
                16 => {
                    let (a, b, c) = (
                        self.boolean(depth - 1),
                        self.integer(depth - 1),
                        self.integer(depth - 1),
                    );
                    return format!("CASE WHEN {a} THEN {b} ELSE {c} END");
                }
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
                    return format!("({} / {})", self.integer(depth - 1), self.divisor(depth - 1));
                }
                4 => {
                    return format!("({} % {})", self.integer(depth - 1), self.divisor(depth - 1));
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
        match self.random.below(5) {
            4 => "$int".to_owned(),
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

    /// What nobody knows before the query runs, as often as what is written; seldom zero, for an error hides the rest.
    pub(super) fn divisor(&mut self, depth: usize) -> String {
        match self.random.below(8) {
            0 | 1 if depth > 0 => {
                let condition = self.boolean(depth - 1);
                format!("CASE WHEN {condition} THEN 2 ELSE -3 END")
            }
            2 if depth > 0 => format!("(size({}) + 1)", self.list(depth - 1)),
            3 => "$int".to_owned(),
            4 if self.random.one_in(4) => self.integer(depth.saturating_sub(1)),
            _ => self.random.pick(&["2", "3", "-2"]).to_owned(),
        }
    }

    pub(super) fn text(&mut self, depth: usize) -> String {
        if depth > 0 {
            match self.random.below(19) {
                12 => return format!("({} || {})", self.text(depth - 1), self.text(depth - 1)),
                13 => {
                    let trim = self.random.pick(&["trim", "ltrim", "rtrim", "btrim", "toLower"]);
                    return format!("{trim}({})", self.text(depth - 1));
                }
                14 => {
                    let trim = self.random.pick(&["ltrim", "rtrim", "btrim"]);
                    return format!(
                        "{trim}({}, {})",
                        self.text(depth - 1),
                        self.random.pick(&["'we'", "''", "'1'", "null"])
                    );
                }
                15 => {
                    return format!(
                        "right({}, {})",
                        self.text(depth - 1),
                        self.random.pick(&["0", "1", "9"])
                    );
                }
                16 => return format!("toStringOrNull({})", self.value(depth - 1).0),
                17 => return format!("toString({})", self.moment(depth - 1).0),
                18 => {
                    let (a, b, c) = (
                        self.value(depth - 1).0,
                        self.value(depth - 1).0,
                        self.text(depth - 1),
                    );
                    return format!("CASE {a} WHEN {b} THEN 'same' ELSE {c} END");
                }
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
        match self.random.below(6) {
            5 => "$text".to_owned(),
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
}
