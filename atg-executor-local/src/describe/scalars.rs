//! The scalars of `properties` under their dotted paths.

use super::path;
use crate::{graph::Value, json::Json};

/// How many names a path has at most.
const DEPTH: usize = 3;

/// Names of a node that a scalar must not take; such a scalar is still in `properties`.
const TAKEN: &[&str] = &[
    "key",
    "id",
    "tenant_id",
    "name",
    "type",
    "labels",
    "first_seen_at",
    "changed_at",
    "scan_id",
    "source",
    "properties",
];

/// Every scalar down to depth 3; `null` is no value, and what lies in arrays has no path of its own.
pub(super) fn flatten(properties: &Json) -> Vec<(String, Value)> {
    let mut out = Vec::new();
    if let Some(state) = properties.get("provisioningState").and_then(Json::as_str) {
        // Made of `properties`, so it stays with them when a thinner source has none.
        out.push(("provisioning_state".to_owned(), Value::from(state)));
    }
    collect(properties, &mut String::new(), 1, &mut out);
    out
}

fn collect(value: &Json, at: &mut String, depth: usize, out: &mut Vec<(String, Value)>) {
    let Some(members) = value.as_object() else {
        return;
    };
    for (name, member) in members {
        let length = at.len();
        match member {
            Json::Object(inner) => {
                if depth < DEPTH && !inner.is_empty() {
                    path::push_name(at, name);
                    collect(member, at, depth + 1, out);
                }
            }
            Json::Null | Json::Array(_) => {}
            scalar => {
                path::push_name(at, name);
                let taken = depth == 1 && (TAKEN.contains(&name.as_str()) || name == "provisioning_state");
                if !taken && let Some(value) = scalar_value(scalar) {
                    out.push((at.clone(), value));
                }
            }
        }
        at.truncate(length);
    }
}

/// A scalar as a property value: integers of 64 bits exactly, other numbers as a double if that loses nothing a double
/// can hold, else their own text. `None` for `null`, arrays and objects.
pub(super) fn scalar_value(value: &Json) -> Option<Value> {
    Some(match value {
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(text) => number(text),
        Json::String(text) => Value::from(text.as_str()),
        Json::Null | Json::Array(_) | Json::Object(_) => return None,
    })
}

fn number(text: &str) -> Value {
    if let Ok(integer) = text.parse::<i64>() {
        // `-0` is an integer for the parser and would lose its sign.
        if integer != 0 || !text.starts_with('-') {
            return Value::Int(integer);
        }
    }
    let is_integer = !text.bytes().any(|b| matches!(b, b'.' | b'e' | b'E'));
    match text.parse::<f64>() {
        // An integer past 64 bits would be rounded without anyone noticing.
        Ok(double) if double.is_finite() && (!is_integer || text == "-0") => Value::Float(double),
        _ => Value::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(members: Vec<(&str, Json)>) -> Json {
        Json::Object(members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
    }

    fn num(text: &str) -> Json {
        Json::Number(text.into())
    }

    #[test]
    fn scalars_come_out_down_to_depth_three_and_no_deeper() {
        let body = object(vec![
            ("a", Json::from("1")),
            (
                "b",
                object(vec![(
                    "c",
                    object(vec![
                        ("d", Json::from(true)),
                        ("e", object(vec![("f", Json::from("deep"))])),
                    ]),
                )]),
            ),
            ("list", Json::Array(vec![Json::from("x")])),
            ("none", Json::Null),
        ]);
        assert_eq!(
            flatten(&body),
            [
                ("a".to_owned(), Value::from("1")),
                ("b.c.d".to_owned(), Value::Bool(true)),
            ]
        );
    }

    #[test]
    fn numbers_survive() {
        for (text, value) in [
            ("9223372036854775807", Value::Int(i64::MAX)),
            ("-9223372036854775808", Value::Int(i64::MIN)),
            ("9223372036854775808", Value::from("9223372036854775808")),
            ("1.5", Value::Float(1.5)),
            ("1e2", Value::Float(100.0)),
            ("1e400", Value::from("1e400")),
            ("0", Value::Int(0)),
        ] {
            assert_eq!(number(text), value, "{text}");
        }
        assert!(matches!(number("-0"), Value::Float(zero) if zero.is_sign_negative()));
    }

    #[test]
    fn a_scalar_takes_no_name_that_the_node_itself_has() {
        let body = object(vec![
            ("id", Json::from("x")),
            ("key", num("1")),
            ("state", Json::from("on")),
        ]);
        assert_eq!(flatten(&body), [("state".to_owned(), Value::from("on"))]);
    }

    #[test]
    fn odd_names_stay_apart() {
        let body = object(vec![
            ("a.b", Json::from("1")),
            ("a", object(vec![("b", Json::from("2"))])),
            ("quo\"te`\n", Json::from("3")),
        ]);
        let names: Vec<_> = flatten(&body).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, [r"a\.b", "a.b", "quo\"te`\n"]);
    }
}
