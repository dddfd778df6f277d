//! Maps and projections of them.

use super::{Grammar, Kind};

impl Grammar {
    pub(super) fn map(&mut self, depth: usize) -> String {
        if depth > 0 {
            match self.random.below(6) {
                0 => {
                    return format!(
                        "{{a: {}, b: {}}}",
                        self.value(depth - 1).0,
                        self.value(depth - 1).0
                    );
                }
                1 => return format!("{{c: {}}}", self.map(depth - 1)),
                2 => {
                    if let Some(node) = self.variable(Kind::Node) {
                        let value = self.value(depth - 1).0;
                        return format!("{node} {{.name, .cores, .missing, a: {value}}}");
                    }
                }
                3 => {
                    if let Some(relationship) = self.variable(Kind::Relationship) {
                        return format!("{relationship} {{.*, b: {}}}", self.value(depth - 1).0);
                    }
                }
                4 => {
                    if let Some(map) = self.variable(Kind::Map) {
                        return format!("{map} {{.a, .c, b: {}}}", self.value(depth - 1).0);
                    }
                }
                _ => {}
            }
        }
        match self.random.below(4) {
            0 => self.variable(Kind::Map).unwrap_or_else(|| "{a: null}".to_owned()),
            1 => self
                .variable(Kind::Node)
                .map_or("$map".to_owned(), |name| format!("properties({name})")),
            2 => "$map".to_owned(),
            _ => self
                .random
                .pick(&["{}", "{a: 1}", "{a: 1.0, b: 'x'}", "{b: [1, null]}"])
                .to_owned(),
        }
    }
}
