//! What conditions tell SQLite: which rows an index can find, and how many they may be.

use std::collections::HashSet;

use super::{Execution, count};
use crate::{
    cypher::{
        ast::{Comparison, LabelExpr},
        eval::{Ex, Outcome, TextTest},
        value::Value,
    },
    graph::embedded::query::{
        data::INDEXED,
        sql::{self, Builder, Param},
    },
};

/// A condition on an indexed column. It only narrows the search: the condition itself is checked afterwards.
#[derive(Debug, Clone)]
pub(super) struct Hint {
    column: &'static str,
    test: Test,
}

#[derive(Debug, Clone)]
enum Test {
    Equals(Ex),
    In(Ex),
    StartsWith { from: String, below: String },
}

impl Hint {
    fn rows(&self) -> f64 {
        let unique = matches!(self.column, "key" | "azure_id");
        match (&self.test, self.column) {
            (Test::Equals(_), _) if unique => 1.0,
            (Test::Equals(_), "name") => 5.0,
            (Test::In(_), _) if unique => 20.0,
            (Test::In(_), "name") => 60.0,
            (Test::StartsWith { .. }, _) => 2_000.0,
            (Test::Equals(_), _) => 700.0,
            (Test::In(_), _) => 1_500.0,
        }
    }

    pub(super) fn write(&self, alias: &str, builder: &mut Builder) {
        let column = self.column;
        let condition = match &self.test {
            Test::Equals(ex) => format!("{alias}.{column} = {}", builder.param(Param::Text(ex.clone()))),
            Test::In(ex) => {
                let list = builder.param(Param::Texts(ex.clone()));
                format!("{alias}.{column} IN (SELECT value FROM json_each({list}))")
            }
            Test::StartsWith { from, below } => {
                let from = builder.param(Param::Known(from.clone()));
                let below = builder.param(Param::Known(below.clone()));
                format!("{alias}.{column} >= {from} AND {alias}.{column} < {below}")
            }
        };
        builder.condition(condition);
    }
}

/// The slots of the pattern that a condition needs; `None` where a subquery may need any of them.
pub(super) fn needs(ex: &Ex, own: &HashSet<usize>) -> Option<Vec<usize>> {
    let mut slots = Vec::new();
    let mut all = false;
    ex.visit(&mut |part| match part {
        Ex::Slot(slot) if own.contains(slot) => slots.push(*slot),
        Ex::MapProjection { of, .. } => {
            if let Ex::Slot(slot) = **of
                && own.contains(&slot)
            {
                slots.push(slot);
            }
        }
        Ex::Subquery(..) => all = true,
        _ => {}
    });
    (!all).then_some(slots)
}

/// What a condition says of a node, if it is about one indexed property and a value that is known and cannot fail.
pub(super) fn hint(ex: &Ex, slot: usize, known: &dyn Fn(usize) -> bool) -> Option<Hint> {
    let column = |ex: &Ex| match ex {
        Ex::Property(of, name) if **of == Ex::Slot(slot) => INDEXED
            .iter()
            .find(|(property, _)| **property == **name)
            .map(|(_, column)| *column),
        _ => None,
    };
    let usable = |ex: &Ex| is_value(ex, known);
    match ex {
        Ex::Compare(left, rest) => match rest.as_slice() {
            [(Comparison::Equal, right)] => {
                if let Some(column) = column(left).filter(|_| usable(right)) {
                    return Some(Hint {
                        column,
                        test: Test::Equals(right.clone()),
                    });
                }
                let column = column(right).filter(|_| usable(left))?;
                Some(Hint {
                    column,
                    test: Test::Equals((**left).clone()),
                })
            }
            _ => None,
        },
        Ex::In(item, list) if usable(list) => column(item).map(|column| Hint {
            column,
            test: Test::In((**list).clone()),
        }),
        Ex::TextTest(TextTest::StartsWith, text, prefix) => match &**prefix {
            Ex::Const(Value::Text(prefix)) if !prefix.is_empty() => {
                let (column, below) = (column(text)?, sql::after_prefix(prefix)?);
                Some(Hint {
                    column,
                    test: Test::StartsWith {
                        from: prefix.to_string(),
                        below,
                    },
                })
            }
            _ => None,
        },
        _ => None,
    }
}

/// Constants, known variables and properties of those.
fn is_value(ex: &Ex, known: &dyn Fn(usize) -> bool) -> bool {
    match ex {
        Ex::Const(_) => true,
        Ex::Slot(slot) => known(*slot),
        Ex::Property(of, _) => is_value(of, known),
        Ex::List(items) => items.iter().all(|item| is_value(item, known)),
        _ => false,
    }
}

/// A way to begin with a node.
#[derive(Debug)]
pub(super) struct Lookup {
    /// How many rows it may find.
    pub(super) rows: f64,
    pub(super) hints: Vec<Hint>,
    /// A table of rows by label to begin with.
    pub(super) labels: Option<String>,
    label: Option<i64>,
    /// Whether beginning with the labels is all that they ask.
    pub(super) covers_labels: bool,
    scan: bool,
}

impl Lookup {
    /// Whether nothing is known but that it is a node.
    pub(super) fn is_scan(&self) -> bool {
        self.scan
    }

    pub(super) fn label_condition(&self, start: usize) -> Option<String> {
        self.label.map(|label| format!("l{start}.label = {label}"))
    }
}

pub(super) fn lookup(
    execution: &Execution<'_>,
    hints: Vec<Hint>,
    labels: Option<&LabelExpr>,
) -> Outcome<Lookup> {
    let by_hint = hints.iter().map(Hint::rows).fold(f64::INFINITY, f64::min);
    let by_label = match labels {
        Some(labels) => by_label(execution, labels)?,
        None => None,
    };
    if let Some((rows, label)) = by_label
        && rows <= by_hint
    {
        // An index on a column would be asked row by row: the label's list is shorter.
        let covers_labels = matches!(labels, Some(LabelExpr::Name(_)));
        return Ok(match label {
            Some(label) => {
                let labels = Some("node_label".to_owned());
                Lookup {
                    rows,
                    hints,
                    labels,
                    label: Some(label),
                    covers_labels,
                    scan: false,
                }
            }
            // A label that does not occur: nothing is found, whatever else is asked.
            None => Lookup {
                rows: 0.0,
                hints,
                labels: None,
                label: None,
                covers_labels: false,
                scan: false,
            },
        });
    }
    if by_hint.is_finite() {
        return Ok(Lookup {
            rows: by_hint,
            hints,
            labels: None,
            label: None,
            covers_labels: false,
            scan: false,
        });
    }
    if let Some(any) = labels.and_then(|labels| alternatives(execution, labels)) {
        let mut rows = 0.0;
        for label in &any {
            rows += label_rows(execution, *label)?;
        }
        let seed = format!(
            "(SELECT DISTINCT node FROM node_label WHERE label IN ({}))",
            sql::numbers(&any)
        );
        return Ok(Lookup {
            rows,
            hints,
            labels: Some(seed),
            label: None,
            covers_labels: true,
            scan: false,
        });
    }
    let rows = count(execution, "SELECT coalesce(max(id), 0) FROM node")?;
    let scan = labels.is_none();
    Ok(Lookup {
        rows,
        hints,
        labels: None,
        label: None,
        covers_labels: false,
        scan,
    })
}

/// The rarest label that the node must have; a row count of 0 and no label where one does not occur at all.
fn by_label(execution: &Execution<'_>, labels: &LabelExpr) -> Outcome<Option<(f64, Option<i64>)>> {
    Ok(match labels {
        LabelExpr::Name(name) => Some(match execution.names.label(&name.text) {
            Some(label) => (label_rows(execution, label)?, Some(label)),
            None => (0.0, None),
        }),
        LabelExpr::And(a, b) => match (by_label(execution, a)?, by_label(execution, b)?) {
            (Some(a), Some(b)) => Some(if b.0 < a.0 { b } else { a }),
            (a, b) => a.or(b),
        },
        LabelExpr::Any | LabelExpr::Not(_) | LabelExpr::Or(..) => None,
    })
}

/// The labels of `A|B|C`, as far as they occur.
fn alternatives(execution: &Execution<'_>, labels: &LabelExpr) -> Option<Vec<i64>> {
    match labels {
        LabelExpr::Name(name) => Some(execution.names.label(&name.text).into_iter().collect()),
        LabelExpr::Or(a, b) => {
            let mut all = alternatives(execution, a)?;
            all.extend(alternatives(execution, b)?);
            Some(all)
        }
        LabelExpr::Any | LabelExpr::Not(_) | LabelExpr::And(..) => None,
    }
}

fn label_rows(execution: &Execution<'_>, label: i64) -> Outcome<f64> {
    let sql = format!("SELECT count(*) FROM (SELECT 1 FROM node_label WHERE label = {label} LIMIT 20000)");
    count(execution, &sql)
}
