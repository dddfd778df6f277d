//! One SQL statement for the connected, fixed-length part of a pattern.
//!
//! Tables are joined with `CROSS JOIN`, which fixes their order: SQLite has no statistics here, and the planner knows
//! more. Labels, types and row numbers stand in the text as integers; everything else is a bound parameter.

use std::{fmt::Write as _, sync::Arc};

use super::data;
use crate::cypher::{ast::LabelExpr, eval::Ex};

/// What is bound to a placeholder when the statement runs.
#[derive(Debug, Clone)]
pub(super) enum Param {
    /// The row of the node in a slot.
    Node(usize),
    /// The row of the relationship in a slot.
    Relationship(usize),
    /// A text that an expression gives; for anything else no row fits.
    Text(Ex),
    /// The texts in a list that an expression gives, as a JSON array.
    Texts(Ex),
    /// A text that is known already.
    Known(String),
}

/// What becomes of the columns of a row.
#[derive(Debug, Clone)]
pub(super) enum Output {
    Node {
        slot: usize,
        at: usize,
        known: Vec<Known>,
    },
    Relationship {
        slot: usize,
        at: usize,
    },
}

/// Properties that are read together with a node.
#[derive(Debug, Clone)]
pub(super) enum Known {
    Column {
        name: Arc<str>,
        column: &'static str,
        at: usize,
    },
    Labels {
        at: usize,
    },
    /// Out of `members` and, behind it, `scalars`.
    Json {
        names: Vec<Arc<str>>,
        at: usize,
    },
}

/// A statement in the making.
#[derive(Debug, Default)]
pub(super) struct Builder {
    tables: Vec<String>,
    conditions: Vec<String>,
    columns: Vec<String>,
    pub(super) params: Vec<Param>,
    pub(super) outputs: Vec<Output>,
}

impl Builder {
    pub(super) fn table(&mut self, table: String) {
        self.tables.push(table);
    }

    pub(super) fn condition(&mut self, condition: String) {
        self.conditions.push(condition);
    }

    /// A placeholder for a value.
    pub(super) fn param(&mut self, param: Param) -> String {
        self.params.push(param);
        format!("?{}", self.params.len())
    }

    /// A placeholder for the row of the node in a slot, the same one each time.
    pub(super) fn node(&mut self, slot: usize) -> String {
        let at = self
            .params
            .iter()
            .position(|param| matches!(param, Param::Node(other) if *other == slot));
        match at {
            Some(at) => format!("?{}", at + 1),
            None => self.param(Param::Node(slot)),
        }
    }

    fn column(&mut self, column: String) -> usize {
        self.columns.push(column);
        self.columns.len() - 1
    }

    /// Reads a node: its row, and the properties that will be asked for if its table is joined as `alias`.
    pub(super) fn output_node(&mut self, slot: usize, id: &str, alias: Option<&str>, wanted: &[Arc<str>]) {
        let at = self.column(id.to_owned());
        let mut known = Vec::new();
        if let Some(alias) = alias {
            let mut others = Vec::new();
            for name in wanted {
                if **name == *data::LABELS {
                    let at = self.column(format!("{alias}.labels"));
                    known.push(Known::Labels { at });
                    continue;
                }
                match data::column(name) {
                    Some(column) => {
                        let at = self.column(format!("{alias}.{column}"));
                        known.push(Known::Column {
                            name: Arc::clone(name),
                            column,
                            at,
                        });
                    }
                    None => others.push(Arc::clone(name)),
                }
            }
            if !others.is_empty() {
                let at = self.column(format!("{alias}.members"));
                self.column(format!("{alias}.scalars"));
                known.push(Known::Json { names: others, at });
            }
        }
        self.outputs.push(Output::Node { slot, at, known });
    }

    /// Reads a relationship: row, type and both ends.
    pub(super) fn output_relationship(&mut self, slot: usize, alias: &str) {
        let at = self.column(format!("{alias}.id"));
        for column in ["type", "src", "dst"] {
            self.column(format!("{alias}.{column}"));
        }
        self.outputs.push(Output::Relationship { slot, at });
    }

    pub(super) fn text(&self) -> String {
        if self.columns.is_empty() {
            // Where nothing is read of what is found, that it is found is all.
            return self.select("1");
        }
        self.select(&self.columns.join(", "))
    }

    /// The statement that counts the rows of [`Self::text`].
    pub(super) fn count_text(&self) -> String {
        self.select("count(*)")
    }

    fn select(&self, columns: &str) -> String {
        let mut text = format!("SELECT {columns}");
        if !self.tables.is_empty() {
            let _ = write!(text, " FROM {}", self.tables.join(" CROSS JOIN "));
        }
        if !self.conditions.is_empty() {
            let _ = write!(text, " WHERE {}", self.conditions.join(" AND "));
        }
        text
    }
}

/// The condition that a node has labels. `alias` is its table, where it is joined; it must be for [`needs_table`].
pub(super) fn labels_condition(
    labels: &LabelExpr,
    id: &str,
    alias: &str,
    label: &dyn Fn(&str) -> Option<i64>,
) -> String {
    let go = |inner: &LabelExpr| labels_condition(inner, id, alias, label);
    match labels {
        LabelExpr::Name(name) => match label(&name.text) {
            Some(label) => has_label(label, id),
            None => "0".to_owned(),
        },
        LabelExpr::Any => format!("{alias}.labels <> '[]'"),
        LabelExpr::Not(inner) => format!("NOT {}", go(inner)),
        LabelExpr::And(a, b) => format!("({} AND {})", go(a), go(b)),
        LabelExpr::Or(a, b) => format!("({} OR {})", go(a), go(b)),
    }
}

pub(super) fn has_label(label: i64, id: &str) -> String {
    format!("EXISTS (SELECT 1 FROM node_label WHERE label = {label} AND node = {id})")
}

/// Whether a label expression asks for the row of the node itself.
pub(super) fn needs_table(labels: &LabelExpr) -> bool {
    match labels {
        LabelExpr::Name(_) => false,
        LabelExpr::Any => true,
        LabelExpr::Not(inner) => needs_table(inner),
        LabelExpr::And(a, b) | LabelExpr::Or(a, b) => needs_table(a) || needs_table(b),
    }
}

/// `1, 2, 3`
pub(super) fn numbers(numbers: &[i64]) -> String {
    let texts: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

/// The condition that a relationship is of one of these types; `None` where all are meant.
pub(super) fn types_condition(alias: &str, types: Option<&[i64]>) -> Option<String> {
    match types? {
        [] => Some("0".to_owned()),
        [single] => Some(format!("{alias}.type = {single}")),
        several => Some(format!("{alias}.type IN ({})", numbers(several))),
    }
}

/// The smallest text that is larger than every text with this prefix.
pub(super) fn after_prefix(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        let next = match u32::from(last) + 1 {
            0xd800 => char::from_u32(0xe000),
            code => char::from_u32(code),
        };
        if let Some(next) = next {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_before_its_successor() {
        assert_eq!(after_prefix("vm").as_deref(), Some("vn"));
        assert_eq!(after_prefix("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(after_prefix("\u{d7ff}").as_deref(), Some("\u{e000}"));
        assert_eq!(after_prefix("\u{10ffff}"), None);
    }

    #[test]
    fn unknown_labels_fit_nothing() {
        let name = |text: &str| {
            LabelExpr::Name(crate::cypher::ast::Name {
                text: text.into(),
                span: Default::default(),
            })
        };
        let known = |label: &str| (label == "A").then_some(7);
        let both = LabelExpr::Or(Box::new(name("A")), Box::new(LabelExpr::Not(Box::new(name("B")))));
        assert_eq!(
            labels_condition(&both, "n0.id", "n0", &known),
            "(EXISTS (SELECT 1 FROM node_label WHERE label = 7 AND node = n0.id) OR NOT 0)"
        );
    }
}
