//! The value of an expression for a row.

use std::cmp::Ordering;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    ast::{Expr, Operator, TextTest},
    functions,
    record::Record,
};

/// What expressions need beside the row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context {
    pub(super) now: Timestamp,
}

impl Context {
    /// The value for a row.
    pub(super) fn value(&self, expr: &Expr, record: &Record) -> Value {
        match expr {
            Expr::Literal(value) => value.clone(),
            Expr::Column(name) => record.get(name),
            Expr::Member(of, name) => self.value(of, record).get(name).cloned().unwrap_or_default(),
            Expr::Index(of, at) => {
                let (of, at) = (self.value(of, record), self.value(at, record));
                match (&at, &of) {
                    (Value::String(name), _) => of.get(name).cloned().unwrap_or_default(),
                    (Value::Number(at), Value::Array(items)) => item(items, at.as_i64()),
                    _ => Value::Null,
                }
            }
            Expr::Call(name, arguments) => functions::call(self, name, arguments, record),
            Expr::Binary(operator, left, right) => self.binary(*operator, left, right, record),
            Expr::In {
                value,
                list,
                exact,
                negated,
            } => {
                let value = self.value(value, record);
                let same = |item: Value| match item {
                    Value::Array(items) => items.iter().any(|item| equal(&value, item, *exact)),
                    item => equal(&value, &item, *exact),
                };
                let found = list.iter().any(|item| same(self.value(item, record)));
                json!(found != *negated)
            }
            Expr::Between(value, low, high) => {
                let value = self.value(value, record);
                let above = compare(&value, &self.value(low, record)).is_some_and(Ordering::is_ge);
                let below = compare(&value, &self.value(high, record)).is_some_and(Ordering::is_le);
                json!(above && below)
            }
        }
    }

    /// Whether a condition holds.
    pub(super) fn holds(&self, expr: &Expr, record: &Record) -> bool {
        match expr {
            // The right side is not asked where the left decides.
            Expr::Binary(Operator::And, left, right) => self.holds(left, record) && self.holds(right, record),
            Expr::Binary(Operator::Or, left, right) => self.holds(left, record) || self.holds(right, record),
            _ => is_true(&self.value(expr, record)),
        }
    }

    fn binary(&self, operator: Operator, left: &Expr, right: &Expr, record: &Record) -> Value {
        if matches!(operator, Operator::And | Operator::Or) {
            let expr = Expr::Binary(operator, Box::new(left.clone()), Box::new(right.clone()));
            return json!(self.holds(&expr, record));
        }
        let (left, right) = (self.value(left, record), self.value(right, record));
        let ordered = |test: fn(Ordering) -> bool| json!(compare(&left, &right).is_some_and(test));
        match operator {
            Operator::Equal => json!(equal(&left, &right, true)),
            Operator::NotEqual => json!(!equal(&left, &right, true)),
            Operator::Like => json!(equal(&left, &right, false)),
            Operator::NotLike => json!(!equal(&left, &right, false)),
            Operator::Less => ordered(Ordering::is_lt),
            Operator::LessOrEqual => ordered(Ordering::is_le),
            Operator::Greater => ordered(Ordering::is_gt),
            Operator::GreaterOrEqual => ordered(Ordering::is_ge),
            Operator::Text(test) => json!(text_test(test, &left, &right)),
            Operator::NotText(test) => json!(!text_test(test, &left, &right)),
            Operator::Add
            | Operator::Subtract
            | Operator::Multiply
            | Operator::Divide
            | Operator::Remainder => arithmetic(operator, &left, &right),
            Operator::And | Operator::Or => Value::Null,
        }
    }
}

/// An item counted from the beginning, or with a negative number from the end.
fn item(items: &[Value], at: Option<i64>) -> Value {
    let at = at.and_then(|at| {
        if at < 0 {
            items.len().checked_sub(usize::try_from(-at).ok()?)
        } else {
            usize::try_from(at).ok()
        }
    });
    at.and_then(|at| items.get(at)).cloned().unwrap_or_default()
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(is) => *is,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => text.eq_ignore_ascii_case("true"),
        _ => false,
    }
}

/// The text of a value: nothing for nothing.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The number of a value.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Bool(is) => Some(f64::from(u8::from(*is))),
        _ => None,
    }
}

/// The time of a value.
pub(super) fn time(value: &Value) -> Option<Timestamp> {
    let text = value.as_str()?;
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if let Ok(time) = text.parse() {
        return Some(time);
    }
    // A date, or a time without a zone: both are meant in UTC.
    let civil: jiff::civil::DateTime = text.trim_end_matches('Z').parse().ok()?;
    Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
}

/// A time as a value.
pub(super) fn of_time(time: Timestamp) -> Value {
    json!(time.strftime("%Y-%m-%dT%H:%M:%S%.7fZ").to_string())
}

pub(super) fn equal(left: &Value, right: &Value, exact: bool) -> bool {
    match (left, right) {
        (Value::Number(_), _) | (_, Value::Number(_)) => {
            number(left).is_some() && number(left) == number(right)
        }
        (Value::Bool(_), _) | (_, Value::Bool(_)) => {
            is_true(left) == is_true(right) && !left.is_null() && !right.is_null()
        }
        _ if exact => text(left) == text(right),
        _ => text(left).to_lowercase() == text(right).to_lowercase(),
    }
}

pub(super) fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    if let (Some(left), Some(right)) = (time(left), time(right)) {
        return Some(left.cmp(&right));
    }
    match (left, right) {
        (Value::Null, _) | (_, Value::Null) => None,
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => number(left)?.partial_cmp(&number(right)?),
    }
}

fn text_test(test: TextTest, left: &Value, right: &Value) -> bool {
    let (left, right) = (text(left), text(right));
    if test == TextTest::ContainsExact {
        return left.contains(&right);
    }
    let (left, right) = (left.to_lowercase(), right.to_lowercase());
    match test {
        TextTest::Contains | TextTest::ContainsExact => left.contains(&right),
        TextTest::StartsWith => left.starts_with(&right),
        TextTest::EndsWith => left.ends_with(&right),
        TextTest::Has => left.match_indices(&right).any(|(at, _)| {
            let inner = |c: char| c.is_alphanumeric();
            !left[..at].ends_with(inner) && !left[at + right.len()..].starts_with(inner)
        }),
    }
}

/// Numbers; and times plus or minus seconds, and the seconds between times.
fn arithmetic(operator: Operator, left: &Value, right: &Value) -> Value {
    if let Some(moment) = time(left) {
        if let (Operator::Subtract, Some(other)) = (operator, time(right)) {
            return json!(moment.duration_since(other).as_secs_f64());
        }
        let Some(seconds) = number(right) else {
            return Value::Null;
        };
        let Ok(span) = SignedDuration::try_from_secs_f64(seconds) else {
            return Value::Null;
        };
        let moved = match operator {
            Operator::Add => moment.checked_add(span),
            Operator::Subtract => moment.checked_sub(span),
            _ => return Value::Null,
        };
        return moved.map_or(Value::Null, of_time);
    }
    let (Some(a), Some(b)) = (number(left), number(right)) else {
        return Value::Null;
    };
    let whole = left.is_i64() && right.is_i64();
    let result = match operator {
        Operator::Add => a + b,
        Operator::Subtract => a - b,
        Operator::Multiply => a * b,
        Operator::Divide if b == 0.0 => return Value::Null,
        Operator::Divide if whole => (a / b).trunc(),
        Operator::Divide => a / b,
        Operator::Remainder if b == 0.0 => return Value::Null,
        _ => a % b,
    };
    of_number(result)
}

/// A number as a value: whole ones without a point.
#[expect(
    clippy::cast_possible_truncation,
    reason = "only numbers that a whole one can hold"
)]
pub(super) fn of_number(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        json!(number as i64)
    } else {
        json!(number)
    }
}
