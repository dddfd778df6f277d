//! Operators on values.

use crate::cypher::{
    ast::{Binary, Comparison},
    eval::{Fault, Outcome, truth},
    regex::Pattern,
    temporal,
    value::{Comparable, Value, compare, equal, to_text},
};

pub(super) fn conjunction(truths: &[Option<bool>]) -> Option<bool> {
    if truths.contains(&Some(false)) {
        Some(false)
    } else if truths.contains(&None) {
        None
    } else {
        Some(true)
    }
}

pub(super) fn compared(comparison: Comparison, a: &Value, b: &Value) -> Outcome<Option<bool>> {
    let by_size = |fits: fn(std::cmp::Ordering) -> bool| match compare(a, b) {
        Comparable::Ordered(ordering) => Ok(Some(fits(ordering))),
        Comparable::Unordered => Ok(Some(false)),
        Comparable::Unknown => Ok(None),
        Comparable::Unsupported => Err(Fault::invalid("no order")),
    };
    match comparison {
        Comparison::Equal => Ok(equal(a, b)),
        Comparison::NotEqual => Ok(equal(a, b).map(|equal| !equal)),
        Comparison::Less => by_size(std::cmp::Ordering::is_lt),
        Comparison::LessOrEqual => by_size(std::cmp::Ordering::is_le),
        Comparison::Greater => by_size(std::cmp::Ordering::is_gt),
        Comparison::GreaterOrEqual => by_size(std::cmp::Ordering::is_ge),
    }
}

pub(super) fn binary(operator: Binary, a: &Value, b: &Value) -> Outcome<Value> {
    use Value::{Bool, Float, Int, List, Null, Text};
    let wrong = || Err(Fault::invalid("wrong kinds"));
    match (operator, a, b) {
        (Binary::Xor, a, b) => Ok(Value::truth(truth(a)?.zip(truth(b)?).map(|(a, b)| a != b))),
        (Binary::StartsWith, Text(a), Text(b)) => Ok(Bool(a.starts_with(&**b))),
        (Binary::EndsWith, Text(a), Text(b)) => Ok(Bool(a.ends_with(&**b))),
        (Binary::Contains, Text(a), Text(b)) => Ok(Bool(a.contains(&**b))),
        (Binary::StartsWith | Binary::EndsWith | Binary::Contains, ..) => Ok(Null),
        (Binary::Matches, Text(a), Text(b)) => Ok(Bool(Pattern::new(b)?.matches(a))),
        (_, Null, _) if operator != Binary::In => Ok(Null),
        (_, _, Null) => Ok(Null),
        (Binary::In, item, List(items)) => {
            let truths: Vec<_> = items.iter().map(|other| equal(item, other)).collect();
            Ok(Value::truth(if truths.contains(&Some(true)) {
                Some(true)
            } else if truths.contains(&None) {
                None
            } else {
                Some(false)
            }))
        }
        (Binary::Concatenate, List(a), List(b)) => {
            Ok(Value::list(a.iter().chain(b.iter()).cloned().collect()))
        }
        (Binary::Concatenate, Text(a), Text(b)) => Ok(Value::text(a.to_string() + b)),
        (Binary::Concatenate, ..) => wrong(),
        (Binary::Add, List(a), List(b)) => Ok(Value::list(a.iter().chain(b.iter()).cloned().collect())),
        (Binary::Add, List(a), b) => Ok(Value::list(a.iter().chain([b]).cloned().collect())),
        (Binary::Add, a, List(b)) => Ok(Value::list([a].into_iter().chain(b.iter()).cloned().collect())),
        (Binary::Add, Text(_), _) | (Binary::Add, _, Text(_)) => match (to_text(a)?, to_text(b)?) {
            (Some(a), Some(b)) => Ok(Value::text(a + &b)),
            _ => wrong(),
        },
        (Binary::Add | Binary::Subtract, time, Value::Duration(duration))
        | (Binary::Add, Value::Duration(duration), time) => {
            let by = if operator == Binary::Subtract {
                duration.times(-1)
            } else {
                duration.times(1)
            };
            let by = by.ok_or_else(|| Fault::invalid("too long"))?;
            let sum = match time {
                Value::Date(date) => temporal::add_to_date(*date, &by).map(Value::Date),
                Value::DateTime(time) => temporal::add_to_time(time, &by).map(Value::DateTime),
                Value::Duration(other) => other.plus(&by).map(Value::duration),
                _ => return wrong(),
            };
            sum.ok_or_else(|| Fault::invalid("out of range"))
        }
        (Binary::Multiply, Value::Duration(duration), Int(factor)) => duration
            .times(*factor)
            .map(Value::duration)
            .ok_or_else(|| Fault::invalid("too long")),
        (Binary::Divide, _, Int(0)) => wrong(),
        (Binary::Power, Int(_) | Float(_), Int(2)) => {
            let base = match a {
                Int(base) => *base as f64,
                Float(base) => *base,
                _ => f64::NAN,
            };
            Ok(Float(base * base))
        }
        (_, Int(a), Int(b)) => {
            let wide = (i128::from(*a), i128::from(*b));
            let result = match operator {
                Binary::Add => wide.0 + wide.1,
                Binary::Subtract => wide.0 - wide.1,
                Binary::Multiply => wide.0 * wide.1,
                Binary::Divide | Binary::Modulo if *b == 0 => return wrong(),
                Binary::Divide => wide.0 / wide.1,
                Binary::Modulo => wide.0 % wide.1,
                _ => return wrong(),
            };
            i64::try_from(result).map(Int).or_else(|_| wrong())
        }
        (_, Int(_) | Float(_), Int(_) | Float(_)) => {
            let number = |value: &Value| match value {
                Int(value) => *value as f64,
                Float(value) => *value,
                _ => f64::NAN,
            };
            let (a, b) = (number(a), number(b));
            Ok(Float(match operator {
                Binary::Add => a + b,
                Binary::Subtract => a - b,
                Binary::Multiply => a * b,
                Binary::Divide => a / b,
                Binary::Modulo => a % b,
                _ => return wrong(),
            }))
        }
        _ => wrong(),
    }
}
