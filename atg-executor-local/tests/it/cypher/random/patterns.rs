//! Patterns.

use std::fmt::Write as _;

use super::{Grammar, Kind, LABELS, NAMES, SCHEMA, TYPES};

impl Grammar {
    /// A step that the graph holds, with as much of it said as chance wants.
    pub(super) fn likely(&mut self, before: &[(String, Kind)], declared: &mut Vec<(String, Kind)>) -> String {
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

    pub(super) fn pattern(&mut self, before: &[(String, Kind)], may_name: bool) -> String {
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

    pub(super) fn node(
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
        } else if may_name && self.random.one_in(12) {
            let condition = self.boolean(1);
            let _ = write!(text, " WHERE {condition}");
        }
        text.push(')');
        text
    }

    pub(super) fn hop(&mut self, declared: &mut Vec<(String, Kind)>, may_name: bool) -> String {
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
}
