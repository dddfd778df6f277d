//! From one kind of value to another.

use super::{Function, function, wrong};
use crate::cypher::{
    bind::types::Type,
    eval::{Fault, Outcome},
    value::{Value, to_text},
};

const SCALAR: Type = Type::BOOL.or(Type::NUMBER).or(Type::TEXT).or(Type::TEMPORAL);

pub(super) static TABLE: &[Function] = &[
    function("toString", &[SCALAR], Type::TEXT, |args, _| {
        match to_text(&args[0])? {
            Some(text) => Ok(Value::text(text)),
            None => Err(wrong(
                "toString",
                "a truth value, a number, a text or a time",
                &args[0],
            )),
        }
    }),
    function("toStringOrNull", &[Type::ANY], Type::TEXT, |args, _| {
        Ok(to_text(&args[0])?.map_or(Value::Null, Value::text))
    }),
    function("toInteger", &[Type::ANY], Type::INT, |args, _| {
        match integer(&args[0])? {
            Some(value) => Ok(value),
            None => Err(wrong("toInteger", "a truth value, a number or a text", &args[0])),
        }
    }),
    function("toIntegerOrNull", &[Type::ANY], Type::INT, |args, _| {
        integer_or_null(&args[0])
    }),
    function("toStringList", &[Type::LIST], Type::LIST, |args, _| {
        each("toStringList", &args[0], |item| {
            Ok(to_text(item)?.map(Value::text))
        })
    }),
    function("toIntegerList", &[Type::LIST], Type::LIST, |args, _| {
        each("toIntegerList", &args[0], |item| integer_or_null(item).map(Some))
    }),
    function("toFloatList", &[Type::LIST], Type::LIST, |args, _| {
        each("toFloatList", &args[0], float)
    }),
    function("toBooleanList", &[Type::LIST], Type::LIST, |args, _| {
        each("toBooleanList", &args[0], |item| Ok(boolean(item)))
    }),
    function(
        "toFloat",
        &[Type::NUMBER.or(Type::TEXT)],
        Type::FLOAT,
        |args, _| match float(&args[0])? {
            Some(value) => Ok(value),
            None => Err(wrong("toFloat", "a number or a text", &args[0])),
        },
    ),
    function("toFloatOrNull", &[Type::ANY], Type::FLOAT, |args, _| {
        Ok(float(&args[0])?.unwrap_or(Value::Null))
    }),
    function(
        "toBoolean",
        &[Type::BOOL.or(Type::INT).or(Type::TEXT)],
        Type::BOOL,
        |args, _| match boolean(&args[0]) {
            Some(value) => Ok(value),
            None => Err(wrong(
                "toBoolean",
                "a truth value, an integer or a text",
                &args[0],
            )),
        },
    ),
    function("toBooleanOrNull", &[Type::ANY], Type::BOOL, |args, _| {
        Ok(boolean(&args[0]).unwrap_or(Value::Null))
    }),
];

/// Converts every element; null where that cannot be.
fn each(function: &str, list: &Value, convert: impl Fn(&Value) -> Outcome<Option<Value>>) -> Outcome<Value> {
    let Value::List(items) = list else {
        return Err(wrong(function, "a list", list));
    };
    let items = items.iter().map(|item| Ok(convert(item)?.unwrap_or(Value::Null)));
    items.collect::<Outcome<_>>().map(Value::list)
}

/// Null where there is no such integer, one beyond 64 bits included.
fn integer_or_null(value: &Value) -> Outcome<Value> {
    match integer(value) {
        Err(fault) if fault.is_unsupported() => Err(fault),
        converted => Ok(converted.ok().flatten().unwrap_or(Value::Null)),
    }
}

/// `None` for a kind that cannot be converted, null for a text that is no number.
fn integer(value: &Value) -> Outcome<Option<Value>> {
    Ok(Some(match value {
        Value::Bool(truth) => Value::Int(i64::from(*truth)),
        Value::Int(_) => value.clone(),
        // A cast, as Java's: NaN is 0 and what is too large the largest.
        Value::Float(float) => Value::Int(*float as i64),
        Value::Text(text) => integer_of(text)?,
        _ => return Ok(None),
    }))
}

fn integer_of(text: &str) -> Outcome<Value> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        return text
            .parse()
            .map(Value::Int)
            .map_err(|_| Fault::invalid(format!("the integer {text} is beyond 64 bits")));
    }
    if text.chars().any(|c| c.is_numeric() && !c.is_ascii()) {
        // Java reads the digits of every script.
        return Err(Fault::unsupported(format!(
            "toInteger({text:?}) is not supported: only ASCII digits are"
        )));
    }
    let plain = text
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'+' | b'-' | b'e' | b'E'));
    match java_double(text).filter(|_| plain) {
        Some(float) if float.abs() < TWO_63 => Ok(Value::Int(float as i64)),
        Some(_) => Err(Fault::invalid(format!("the integer {text} is beyond 64 bits"))),
        None => Ok(Value::Null),
    }
}

const TWO_63: f64 = 9_223_372_036_854_775_808.0;

fn float(value: &Value) -> Outcome<Option<Value>> {
    Ok(Some(match value {
        Value::Int(integer) => Value::Float(*integer as f64),
        Value::Float(_) => value.clone(),
        Value::Text(text) if text.contains(['x', 'X']) && text.contains(['p', 'P']) => {
            return Err(Fault::unsupported(
                "toFloat() of a hexadecimal number is not supported",
            ));
        }
        Value::Text(text) => java_double(text).map_or(Value::Null, Value::Float),
        _ => return Ok(None),
    }))
}

/// `Double.valueOf`, hexadecimal numbers excepted.
fn java_double(text: &str) -> Option<f64> {
    let text = text.trim_matches(|c| c <= ' ');
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let negative = text.starts_with('-');
    let magnitude = match unsigned {
        "NaN" => f64::NAN,
        "Infinity" => f64::INFINITY,
        _ => {
            let number = unsigned.strip_suffix(['f', 'F', 'd', 'D']).unwrap_or(unsigned);
            let digits = number
                .bytes()
                .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
            if !digits || !number.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
                return None;
            }
            number.parse().ok()?
        }
    };
    Some(if negative { -magnitude } else { magnitude })
}

fn boolean(value: &Value) -> Option<Value> {
    match value {
        Value::Bool(_) => Some(value.clone()),
        Value::Int(integer) => Some(Value::Bool(*integer != 0)),
        Value::Text(text) => {
            let word = text.trim_matches(|c| c <= ' ');
            Some(match word {
                _ if word.eq_ignore_ascii_case("true") => Value::Bool(true),
                _ if word.eq_ignore_ascii_case("false") => Value::Bool(false),
                _ => Value::Null,
            })
        }
        _ => None,
    }
}
