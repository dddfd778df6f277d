//! Comparisons, membership, texts, labels, indexes, quantifiers.

use std::{borrow::Cow, sync::Arc};

use super::{Ex, Fault, Graph, MapEntry, Outcome, Row, TextTest, truth};
use crate::cypher::{
    ast::{Comparison, LabelExpr, Quantifier},
    regex::Pattern,
    temporal,
    value::{self, Comparable, Map, Value},
};

pub(super) fn property(of: &Value, name: &str, graph: &dyn Graph) -> Outcome<Value> {
    match of {
        Value::Null => Ok(Value::Null),
        Value::Node(node) => graph.node_property(node, name),
        Value::Relationship(relationship) => graph.relationship_property(relationship, name),
        Value::Map(map) => Ok(map.get(name).cloned().unwrap_or(Value::Null)),
        Value::Date(_) | Value::DateTime(_) | Value::Duration(_) => {
            let field = match of {
                Value::Date(date) => temporal::date_field(*date, name).map(Value::Int),
                Value::DateTime(time) => temporal::time_field(time, name),
                Value::Duration(duration) => temporal::duration_field(duration, name).map(Value::Int),
                _ => None,
            };
            field.ok_or_else(|| Fault::invalid(format!("{} has no .{name}", of.kind_name())))
        }
        other => Err(Fault::invalid(format!(
            "{} has no properties: .{name} cannot be asked of it",
            other.kind_name()
        ))),
    }
}

pub(super) fn index(of: &Value, index: &Value, graph: &dyn Graph) -> Outcome<Value> {
    match (of, index) {
        (Value::Null, _) | (_, Value::Null) => Ok(Value::Null),
        (Value::List(items), Value::Int(index)) => {
            let length = items.len() as i64;
            let at = if *index < 0 { index + length } else { *index };
            Ok(usize::try_from(at)
                .ok()
                .and_then(|at| items.get(at))
                .cloned()
                .unwrap_or(Value::Null))
        }
        (
            Value::Map(_)
            | Value::Node(_)
            | Value::Relationship(_)
            | Value::Date(_)
            | Value::DateTime(_)
            | Value::Duration(_),
            Value::Text(name),
        ) => property(of, name, graph),
        _ => Err(Fault::invalid(format!(
            "{} cannot be an index of {}",
            index.kind_name(),
            of.kind_name()
        ))),
    }
}

pub(super) fn slice(of: &Value, from: Option<&Value>, to: Option<&Value>) -> Outcome<Value> {
    let items = match of {
        Value::Null => return Ok(Value::Null),
        Value::List(items) => items,
        other => {
            return Err(Fault::invalid(format!(
                "[..] needs a list, not {}",
                other.kind_name()
            )));
        }
    };
    let length = items.len() as i64;
    let bound = |bound: Option<&Value>, default: i64| match bound {
        None => Ok(Some(default)),
        Some(Value::Null) => Ok(None),
        Some(Value::Int(index)) if i32::try_from(*index).is_err() => Err(Fault::invalid(format!(
            "[..] takes bounds of 32 bits, not {index}"
        ))),
        Some(Value::Int(index)) => Ok(Some(if *index < 0 {
            (index + length).max(0)
        } else {
            (*index).min(length)
        })),
        Some(other) => Err(Fault::invalid(format!(
            "[..] needs integers, not {}",
            other.kind_name()
        ))),
    };
    let (Some(from), Some(to)) = (bound(from, 0)?, bound(to, length)?) else {
        return Ok(Value::Null);
    };
    let range = from as usize..to.max(from) as usize;
    Ok(Value::list(items[range].to_vec()))
}

/// `a < b <= c` holds where each pair does.
pub(super) fn comparison(
    first: &Ex,
    rest: &[(Comparison, Ex)],
    row: &mut Row,
    graph: &dyn Graph,
) -> Outcome<Value> {
    let mut left = first.eval(row, graph)?;
    let mut all = Some(true);
    for (comparison, right) in rest {
        let right = right.eval(row, graph)?;
        match pair(*comparison, &left, &right)? {
            Some(true) => {}
            Some(false) => return Ok(Value::Bool(false)),
            None => all = None,
        }
        left = right;
    }
    Ok(Value::truth(all))
}

fn pair(comparison: Comparison, left: &Value, right: &Value) -> Outcome<Option<bool>> {
    match comparison {
        Comparison::Equal => return Ok(value::equal(left, right)),
        Comparison::NotEqual => return Ok(value::equal(left, right).map(|equal| !equal)),
        _ => {}
    }
    match value::compare(left, right) {
        Comparable::Unknown => Ok(None),
        Comparable::Unordered => Ok(Some(false)),
        Comparable::Unsupported => {
            let kind = left.kind_name();
            Err(Fault::unsupported(format!(
                "comparing {kind} with {} by size is not supported",
                right.kind_name()
            )))
        }
        Comparable::Ordered(ordering) => Ok(Some(match comparison {
            Comparison::Less => ordering.is_lt(),
            Comparison::LessOrEqual => ordering.is_le(),
            Comparison::Greater => ordering.is_gt(),
            Comparison::GreaterOrEqual => ordering.is_ge(),
            Comparison::Equal => ordering.is_eq(),
            Comparison::NotEqual => ordering.is_ne(),
        })),
    }
}

/// `item IN list`
pub(super) fn contained(item: &Value, list: &Value) -> Outcome<Value> {
    let items = match list {
        Value::Null => return Ok(Value::Null),
        Value::List(items) => items,
        other => {
            return Err(Fault::invalid(format!(
                "IN needs a list, not {}",
                other.kind_name()
            )));
        }
    };
    let mut found = Some(false);
    for other in items.iter() {
        match value::equal(item, other) {
            Some(true) => return Ok(Value::Bool(true)),
            Some(false) => {}
            None => found = None,
        }
    }
    Ok(Value::truth(found))
}

pub(super) fn text_test(test: TextTest, left: &Value, right: &Value) -> Value {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => Value::Bool(match test {
            TextTest::StartsWith => left.starts_with(&**right),
            TextTest::EndsWith => left.ends_with(&**right),
            TextTest::Contains => left.contains(&**right),
        }),
        // Other kinds do not fail here, in Neo4j either.
        _ => Value::Null,
    }
}

pub(super) fn matches(text: &Value, pattern: &Value) -> Outcome<Value> {
    let pattern = match pattern {
        Value::Null => return Ok(Value::Null),
        Value::Text(pattern) => Pattern::new(pattern)?,
        other => {
            return Err(Fault::invalid(format!(
                "=~ needs a text behind it, not {}",
                other.kind_name()
            )));
        }
    };
    Ok(match text {
        Value::Text(text) => Value::Bool(pattern.matches(text)),
        _ => Value::Null,
    })
}

pub(super) fn has_labels(of: &Value, labels: &LabelExpr, graph: &dyn Graph) -> Outcome<Value> {
    match of {
        Value::Null => Ok(Value::Null),
        Value::Node(node) => match labels {
            // The common case without the whole list.
            LabelExpr::Name(name) => Ok(Value::Bool(graph.has_label(node, &name.text)?)),
            _ => {
                let names = graph.node_labels(node)?;
                let names: &[Value] = match &names {
                    Value::List(names) => names,
                    _ => &[],
                };
                let has = |label: &str| {
                    names
                        .iter()
                        .any(|name| matches!(name, Value::Text(name) if **name == *label))
                };
                Ok(Value::Bool(labels_fit(labels, &has, !names.is_empty())))
            }
        },
        Value::Relationship(relationship) => {
            let name = graph.relationship_type(relationship)?;
            Ok(Value::Bool(labels_fit(labels, &|label| *name == *label, true)))
        }
        other => Err(Fault::invalid(format!("{} has no labels", other.kind_name()))),
    }
}

/// Whether a label expression holds for something that has these labels, and `any` at all.
pub(crate) fn labels_fit(expression: &LabelExpr, has: &dyn Fn(&str) -> bool, any: bool) -> bool {
    match expression {
        LabelExpr::Name(name) => has(&name.text),
        LabelExpr::Any => any,
        LabelExpr::Not(inner) => !labels_fit(inner, has, any),
        LabelExpr::And(a, b) => labels_fit(a, has, any) && labels_fit(b, has, any),
        LabelExpr::Or(a, b) => labels_fit(a, has, any) || labels_fit(b, has, any),
    }
}

/// The elements of a list; `None` for null.
pub(super) fn as_list(value: &Value) -> Outcome<Option<Cow<'_, Arc<Vec<Value>>>>> {
    match value {
        Value::Null => Ok(None),
        Value::List(items) => Ok(Some(Cow::Borrowed(items))),
        other => Err(Fault::invalid(format!(
            "a list is needed here, not {}",
            other.kind_name()
        ))),
    }
}

pub(super) fn quantified(
    quantifier: Quantifier,
    slot: usize,
    list: &[Value],
    predicate: &Ex,
    row: &mut Row,
    graph: &dyn Graph,
) -> Outcome<Value> {
    let (mut yes, mut no, mut unknown) = (0_usize, 0_usize, 0_usize);
    for item in list {
        graph.tick()?;
        row[slot] = item.clone();
        match truth(&predicate.eval(row, graph)?)? {
            Some(true) => yes += 1,
            Some(false) => no += 1,
            None => unknown += 1,
        }
        let decided = match quantifier {
            Quantifier::All => no > 0,
            Quantifier::Any | Quantifier::None => yes > 0,
            Quantifier::Single => yes > 1,
        };
        if decided {
            return Ok(Value::Bool(quantifier == Quantifier::Any));
        }
    }
    Ok(match quantifier {
        _ if unknown > 0 => Value::Null,
        Quantifier::All => Value::Bool(true),
        Quantifier::Any => Value::Bool(false),
        Quantifier::None => Value::Bool(true),
        Quantifier::Single => Value::Bool(yes == 1),
    })
}

pub(super) fn map_projection(
    of: &Value,
    items: &[MapEntry],
    row: &mut Row,
    graph: &dyn Graph,
) -> Outcome<Value> {
    if of.is_null() {
        return Ok(Value::Null);
    }
    let mut map = Map::default();
    for item in items {
        match item {
            MapEntry::All => {
                let all = match of {
                    Value::Node(node) => Cow::Owned(graph.node_properties(node)?),
                    Value::Relationship(relationship) => {
                        Cow::Owned(graph.relationship_properties(relationship)?)
                    }
                    Value::Map(map) => Cow::Borrowed(&**map),
                    other => return Err(Fault::invalid(format!("{} has no properties", other.kind_name()))),
                };
                // What is named outright wins, wherever `.*` stands.
                let named = |name: &str| {
                    items.iter().any(|item| match item {
                        MapEntry::Entry(other, _) | MapEntry::Property(other) => &**other == name,
                        MapEntry::All => false,
                    })
                };
                for (name, value) in all.iter().filter(|(name, _)| !named(name)) {
                    map.set(Arc::clone(name), value.clone());
                }
            }
            MapEntry::Property(name) => map.set(Arc::clone(name), property(of, name, graph)?),
            MapEntry::Entry(name, value) => map.set(Arc::clone(name), value.eval(row, graph)?),
        }
    }
    super::grown(Value::map(map), graph)
}
