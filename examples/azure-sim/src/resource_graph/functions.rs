//! The functions that queries call.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{
    ast::Expr,
    eval::{Context, equal, number, of_number, of_time, text, time},
    record::Record,
};

/// The functions that there are; others are refused before a query runs.
pub(super) const NAMES: [&str; 36] = [
    "ago",
    "array_length",
    "bag_keys",
    "bool",
    "case",
    "coalesce",
    "endofday",
    "iff",
    "iif",
    "indexof",
    "int",
    "isempty",
    "isnotempty",
    "isnotnull",
    "isnull",
    "long",
    "not",
    "now",
    "pack",
    "pack_array",
    "parse_json",
    "replace_string",
    "set_has_element",
    "split",
    "startofday",
    "strcat",
    "strcat_array",
    "strlen",
    "substring",
    "tobool",
    "todatetime",
    "todynamic",
    "todouble",
    "toint",
    "tolower",
    "toupper",
];

/// Those that are another name of one.
fn canonical(name: &str) -> &str {
    match name {
        "iif" => "iff",
        "long" | "int" | "tolong" => "toint",
        "bool" => "tobool",
        "todynamic" => "parse_json",
        "string" => "tostring",
        other => other,
    }
}

/// Whether there is such a function.
pub(super) fn is_known(name: &str) -> bool {
    NAMES.contains(&name)
        || matches!(
            name,
            "tostring" | "string" | "trim" | "tolong" | "array_concat" | "bag_merge"
        )
}

/// The value of a function for a row.
pub(super) fn call(context: &Context, name: &str, arguments: &[Expr], record: &Record) -> Value {
    let value = |at: usize| {
        arguments
            .get(at)
            .map_or(Value::Null, |argument| context.value(argument, record))
    };
    let words = |at: usize| text(&value(at));
    match canonical(name) {
        "tostring" => json!(words(0)),
        "tolower" => json!(words(0).to_lowercase()),
        "toupper" => json!(words(0).to_uppercase()),
        "toint" => number(&value(0)).map_or(Value::Null, |number| of_number(number.trunc())),
        "todouble" => number(&value(0)).map_or(Value::Null, |number| json!(number)),
        "tobool" => match words(0).to_lowercase().as_str() {
            "true" | "1" => json!(true),
            "false" | "0" => json!(false),
            _ => Value::Null,
        },
        "todatetime" => time(&value(0)).map_or(Value::Null, of_time),
        "parse_json" => match value(0) {
            Value::String(text) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
            other => other,
        },
        "isempty" => json!(words(0).is_empty()),
        "isnotempty" => json!(!words(0).is_empty()),
        "isnull" => json!(value(0).is_null()),
        "isnotnull" => json!(!value(0).is_null()),
        "not" => arguments
            .first()
            .map_or(Value::Null, |argument| json!(!context.holds(argument, record))),
        "iff" => {
            let holds = arguments
                .first()
                .is_some_and(|argument| context.holds(argument, record));
            value(if holds { 1 } else { 2 })
        }
        "case" => case(context, arguments, record),
        "coalesce" => (0..arguments.len())
            .map(value)
            .find(|value| !text(value).is_empty())
            .unwrap_or_default(),
        "now" => of_time(context.now),
        "ago" => number(&value(0))
            .and_then(|seconds| SignedDuration::try_from_secs_f64(seconds).ok())
            .and_then(|span| context.now.checked_sub(span).ok())
            .map_or(Value::Null, of_time),
        "startofday" | "endofday" => time(&value(0)).map_or(Value::Null, |moment| {
            let day = moment.strftime("%Y-%m-%d").to_string();
            let end = if name.eq_ignore_ascii_case("startofday") {
                "T00:00:00.0000000Z"
            } else {
                "T23:59:59.9999999Z"
            };
            json!(day + end)
        }),
        "strcat" => json!((0..arguments.len()).map(words).collect::<String>()),
        "strlen" => json!(words(0).chars().count()),
        "substring" => {
            let start = number(&value(1)).map_or(0, whole);
            let length = number(&value(2)).map_or(usize::MAX, whole);
            json!(words(0).chars().skip(start).take(length).collect::<String>())
        }
        "indexof" => json!(
            words(0)
                .find(&words(1))
                .map_or(-1, |at| i64::try_from(at).unwrap_or(-1))
        ),
        "replace_string" => json!(words(0).replace(&words(1), &words(2))),
        "trim" => json!(words(1).trim_matches(|c| words(0).contains(c))),
        "split" => {
            let (source, by) = (words(0), words(1));
            let parts: Vec<Value> = source.split(&*by).map(|part| json!(part)).collect();
            match arguments.get(2) {
                Some(_) => json!([parts
                    .get(number(&value(2)).map_or(0, whole))
                    .cloned()
                    .unwrap_or_default()]),
                None => Value::Array(parts),
            }
        }
        "strcat_array" => {
            let items = value(0);
            let parts: Vec<String> = items.as_array().into_iter().flatten().map(text).collect();
            json!(parts.join(&words(1)))
        }
        "array_length" => value(0)
            .as_array()
            .map_or(Value::Null, |items| json!(items.len())),
        "array_concat" => (0..arguments.len())
            .flat_map(|at| value(at).as_array().cloned().unwrap_or_default())
            .collect(),
        "set_has_element" => {
            let (items, wanted) = (value(0), value(1));
            json!(
                items
                    .as_array()
                    .is_some_and(|items| items.iter().any(|item| equal(item, &wanted, true)))
            )
        }
        "bag_keys" => value(0).as_object().map_or(Value::Null, |members| {
            members.keys().map(|name| json!(name)).collect()
        }),
        "bag_merge" => {
            let mut merged = serde_json::Map::new();
            for at in 0..arguments.len() {
                for (name, value) in value(at).as_object().into_iter().flatten() {
                    merged.entry(name.clone()).or_insert_with(|| value.clone());
                }
            }
            Value::Object(merged)
        }
        "pack_array" => (0..arguments.len()).map(value).collect(),
        "pack" => (0..arguments.len() / 2)
            .map(|pair| (words(2 * pair), value(2 * pair + 1)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        _ => Value::Null,
    }
}

/// `case(condition, value, condition, value, …, otherwise)`
fn case(context: &Context, arguments: &[Expr], record: &Record) -> Value {
    for pair in arguments.chunks(2) {
        match pair {
            [condition, value] if context.holds(condition, record) => return context.value(value, record),
            [otherwise] => return context.value(otherwise, record),
            _ => {}
        }
    }
    Value::Null
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positions in texts, at least 0"
)]
const fn whole(number: f64) -> usize {
    number.max(0.0) as usize
}
