//! Floats. All of them are sums of few powers of two, so that no order of adding them makes a difference.

use super::{Grammar, Kind};

impl Grammar {
    pub(super) fn float(&mut self, depth: usize) -> String {
        if depth > 0 {
            match self.random.below(10) {
                0 => return format!("({} + {})", self.float(depth - 1), self.float(depth - 1)),
                1 => {
                    return format!(
                        "({} * {})",
                        self.float(depth - 1),
                        self.random.pick(&["2", "0.5", "-1.0"])
                    );
                }
                2 => {
                    return format!(
                        "({} / {})",
                        self.integer(depth - 1),
                        self.random.pick(&["2.0", "0.25", "0.0", "-4e0"])
                    );
                }
                3 => {
                    let function = self
                        .random
                        .pick(&["floor", "ceil", "round", "abs", "toFloat", "-", "+"]);
                    return format!("{function}({})", self.float(depth - 1));
                }
                4 => {
                    let mode =
                        self.random
                            .pick(&["", ", 'UP'", ", 'HALF_EVEN'", ", 'FLOOR'", ", 'HALF_DOWN'"]);
                    return format!(
                        "round({}, {}{mode})",
                        self.float(depth - 1),
                        self.random.pick(&["0", "1", "2"])
                    );
                }
                5 => return format!("toFloat({})", self.text(depth - 1)),
                6 => return format!("({} ^ 2)", self.random.pick(&["2", "-3", "0.5", "4"])),
                7 => {
                    return format!(
                        "({} % {})",
                        self.float(depth - 1),
                        self.random.pick(&["2", "-1.5", "0.75"])
                    );
                }
                8 => {
                    // A sign that is only known when the query runs, zero and null among them.
                    return format!(
                        "({} {} toFloat(sign({})))",
                        self.float(depth - 1),
                        self.random.pick(&["/", "%"]),
                        self.integer(depth - 1)
                    );
                }
                _ => {}
            }
        }
        match self.random.below(5) {
            0 => self.variable(Kind::Float).unwrap_or_else(|| "0.5".to_owned()),
            1 => self.variable(Kind::Node).map_or("-1.5".to_owned(), |name| {
                format!("{name}.{}", self.random.pick(&["price", "ratio"]))
            }),
            2 => self
                .variable(Kind::Relationship)
                .map_or("$float".to_owned(), |name| format!("{name}.weight")),
            _ => self
                .random
                .pick(&[
                    "0.5", "-0.25", "2.5", "-2.5", "0.0", "-0.0", "1e7", "3.75", "1e-3", "null",
                ])
                .to_owned(),
        }
    }
}
