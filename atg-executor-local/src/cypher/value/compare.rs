//! Equality with three truth values, comparison, and the order of `ORDER BY`.

use std::cmp::Ordering;

use super::Value;

/// `a = b`; `None` where it is unknown.
pub(crate) fn equal(a: &Value, b: &Value) -> Option<bool> {
    match (a, b) {
        (Value::Null, _) | (_, Value::Null) => None,
        (Value::Bool(a), Value::Bool(b)) => Some(a == b),
        (Value::Int(a), Value::Int(b)) => Some(a == b),
        (Value::Float(a), Value::Float(b)) => Some(a == b),
        (Value::Int(a), Value::Float(b)) | (Value::Float(b), Value::Int(a)) => Some(*a as f64 == *b),
        (Value::Text(a), Value::Text(b)) => Some(a == b),
        (Value::Node(a), Value::Node(b)) => Some(a.id == b.id),
        (Value::Relationship(a), Value::Relationship(b)) => Some(a.id == b.id),
        (Value::Path(a), Value::Path(b)) => Some(a == b),
        (Value::Date(a), Value::Date(b)) => Some(a == b),
        // One point in time on two clocks is not the same value.
        (Value::DateTime(a), Value::DateTime(b)) => Some(a == b),
        (Value::Duration(a), Value::Duration(b)) => Some(a == b),
        (Value::List(a), Value::List(b)) => {
            if a.len() != b.len() {
                return Some(false);
            }
            all_equal(a.iter().zip(b.iter()))
        }
        (Value::Map(a), Value::Map(b)) => {
            let (a, b) = (a.sorted(), b.sorted());
            if a.len() != b.len() || a.iter().zip(&b).any(|(a, b)| a.0 != b.0) {
                return Some(false);
            }
            all_equal(a.iter().zip(&b).map(|(a, b)| (a.1, b.1)))
        }
        _ => Some(false),
    }
}

/// False as soon as one pair differs, even behind an unknown one.
fn all_equal<'a>(pairs: impl Iterator<Item = (&'a Value, &'a Value)>) -> Option<bool> {
    let mut all = Some(true);
    for (a, b) in pairs {
        match equal(a, b) {
            Some(true) => {}
            Some(false) => return Some(false),
            None => all = None,
        }
    }
    all
}

/// How two values compare for `<` and its kin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparable {
    /// They have an order.
    Ordered(Ordering),
    /// Neither smaller nor equal nor larger, as NaN is to every number: all comparisons are false.
    Unordered,
    /// A null, or values of kinds that do not compare.
    Unknown,
    /// Kinds for which this store does not promise Neo4j's answer.
    Unsupported,
}

/// Compares two values.
pub(crate) fn compare(a: &Value, b: &Value) -> Comparable {
    use Comparable::{Ordered, Unknown, Unordered, Unsupported};
    let numbers = |ordering: Option<Ordering>| ordering.map_or(Unordered, Ordered);
    match (a, b) {
        (Value::Null, _) | (_, Value::Null) => Unknown,
        (Value::Bool(a), Value::Bool(b)) => Ordered(a.cmp(b)),
        (Value::Int(a), Value::Int(b)) => Ordered(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => numbers(compare_floats(*a, *b)),
        (Value::Int(a), Value::Float(b)) => numbers(compare_mixed(*a, *b)),
        (Value::Float(a), Value::Int(b)) => numbers(compare_mixed(*b, *a).map(Ordering::reverse)),
        (Value::Text(a), Value::Text(b)) => Ordered(a.cmp(b)),
        (Value::List(a), Value::List(b)) => {
            for (a, b) in a.iter().zip(b.iter()) {
                match compare(a, b) {
                    Ordered(Ordering::Equal) => {}
                    Unordered => return Unknown,
                    other => return other,
                }
            }
            Ordered(a.len().cmp(&b.len()))
        }
        (Value::Date(a), Value::Date(b)) => Ordered(a.cmp(b)),
        (Value::DateTime(a), Value::DateTime(b)) => Ordered(a.order(b)),
        // Equal ones are smaller or equal; different ones are nothing; and Neo4j turns `NOT a > b` into `a <= b`.
        (Value::Duration(_), Value::Duration(_))
        | (Value::Map(_), Value::Map(_))
        | (Value::Node(_), Value::Node(_))
        | (Value::Relationship(_), Value::Relationship(_))
        | (Value::Path(_), Value::Path(_)) => Unsupported,
        _ => Unknown,
    }
}

/// Compares as floats, as Neo4j does, even where that rounds the integer. `None` for NaN.
fn compare_mixed(a: i64, b: f64) -> Option<Ordering> {
    compare_floats(a as f64, b)
}

/// As Java's `Double.compare`: -0.0 is smaller than 0.0, though they are equal. `None` for NaN.
fn compare_floats(a: f64, b: f64) -> Option<Ordering> {
    (!a.is_nan() && !b.is_nan()).then(|| a.total_cmp(&b))
}

/// The order of `ORDER BY`, `min` and `max`: total, across all kinds, null last.
pub(crate) fn order(a: &Value, b: &Value) -> Ordering {
    rank(a).cmp(&rank(b)).then_with(|| match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Float(a), Value::Float(b)) => order_floats(*a, *b),
        (Value::Int(a), Value::Float(b)) => compare_mixed(*a, *b).unwrap_or(Ordering::Less),
        (Value::Float(a), Value::Int(b)) => {
            compare_mixed(*b, *a).map_or(Ordering::Greater, Ordering::reverse)
        }
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Node(a), Value::Node(b)) => a.id.cmp(&b.id),
        (Value::Relationship(a), Value::Relationship(b)) => a.id.cmp(&b.id),
        (Value::List(a), Value::List(b)) => order_lists(a.iter().zip(b.iter()), a.len(), b.len()),
        (Value::Map(a), Value::Map(b)) => {
            let (a, b) = (a.sorted(), b.sorted());
            let names = || a.iter().map(|(name, _)| name).cmp(b.iter().map(|(name, _)| name));
            let values = || order_lists(a.iter().map(|m| m.1).zip(b.iter().map(|m| m.1)), 0, 0);
            a.len().cmp(&b.len()).then_with(names).then_with(values)
        }
        (Value::Path(a), Value::Path(b)) => {
            let ids = |path: &super::Path| {
                let nodes = path.nodes.iter().map(|node| node.id);
                let relationships = path.relationships.iter().map(|relationship| relationship.id);
                nodes.zip(relationships.chain([0])).collect::<Vec<_>>()
            };
            ids(a).cmp(&ids(b))
        }
        (Value::Date(a), Value::Date(b)) => a.cmp(b),
        (Value::DateTime(a), Value::DateTime(b)) => a.order(b),
        (Value::Duration(a), Value::Duration(b)) => a.order(b),
        _ => Ordering::Equal,
    })
}

fn order_lists<'a>(pairs: impl Iterator<Item = (&'a Value, &'a Value)>, a: usize, b: usize) -> Ordering {
    for (a, b) in pairs {
        let ordering = order(a, b);
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
    a.cmp(&b)
}

/// NaN is the largest number.
fn order_floats(a: f64, b: f64) -> Ordering {
    compare_floats(a, b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

const fn rank(value: &Value) -> u8 {
    match value {
        Value::Map(_) => 0,
        Value::Node(_) => 1,
        Value::Relationship(_) => 2,
        Value::List(_) => 3,
        Value::Path(_) => 4,
        Value::DateTime(_) => 5,
        Value::Date(_) => 6,
        Value::Duration(_) => 7,
        Value::Text(_) => 8,
        Value::Bool(_) => 9,
        Value::Int(_) | Value::Float(_) => 10,
        Value::Null => 11,
    }
}
