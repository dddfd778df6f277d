//! Values as text, as `toString` and `+` write them.

use super::Value;
use crate::cypher::temporal::{date_text, duration_text, time_text};

/// The text of a value that has one: truth values, numbers, texts and times. An error for a float whose text depends on the
/// version of Java.
pub(crate) fn to_text(value: &Value) -> Result<Option<String>, Uncertain> {
    Ok(match value {
        Value::Bool(value) => Some(value.to_string()),
        Value::Int(value) => Some(value.to_string()),
        Value::Float(value) if is_uncertain(*value) => return Err(Uncertain(*value)),
        Value::Float(value) => Some(float_text(*value)),
        Value::Text(text) => Some(text.to_string()),
        Value::Date(date) => Some(date_text(*date)),
        Value::DateTime(time) => Some(time_text(time)),
        Value::Duration(duration) => Some(duration_text(duration)),
        Value::Null
        | Value::List(_)
        | Value::Map(_)
        | Value::Node(_)
        | Value::Relationship(_)
        | Value::Path(_) => None,
    })
}

/// A float that Java 17 and Java 21, on both of which Neo4j runs, write with different digits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Uncertain(pub(crate) f64);

/// Whether Java's versions may differ: the older ones write more digits than it takes, or fewer, for some numbers beyond
/// 53 bits and for the smallest ones. What stays the same are the powers of ten.
fn is_uncertain(value: f64) -> bool {
    let magnitude = value.abs();
    if magnitude < f64::MIN_POSITIVE {
        return magnitude != 0.0;
    }
    (1e16..1e30).contains(&magnitude) && !(16..=22).any(|power| 10_f64.powi(power) == magnitude)
}

/// A float as Java writes it: the shortest digits that give it back, with an exponent outside of 0.001 to 10,000,000.
pub(crate) fn float_text(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let magnitude = value.abs();
    if magnitude == 0.0 || (1e-3..1e7).contains(&magnitude) {
        return format!("{value:?}");
    }
    let scientific = format!("{value:e}");
    match scientific.split_once('e') {
        Some((digits, exponent)) if digits.contains('.') => format!("{digits}E{exponent}"),
        Some((digits, exponent)) => format!("{digits}.0E{exponent}"),
        None => scientific,
    }
}
