//! Numbers.

use super::{Function, function, wrong};
use crate::cypher::{
    bind::types::Type,
    eval::{Fault, Graph, Outcome},
    value::Value,
};

const NUMBER: Type = Type::NUMBER;
const FLOAT: Type = Type::FLOAT;

macro_rules! float_function {
    ($name:literal, $body:expr) => {
        function($name, &[NUMBER], FLOAT, |args, _| {
            let body: fn(f64) -> f64 = $body;
            Ok(Value::Float(body(float($name, &args[0])?)))
        })
    };
}

/// Without `exp`, `log10` and the trigonometric functions: their last digit differs from one platform to the other.
pub(super) static TABLE: &[Function] = &[
    function("abs", &[NUMBER], NUMBER, |args, _| match &args[0] {
        // Java leaves the smallest integer as it is.
        Value::Int(value) => Ok(Value::Int(value.wrapping_abs())),
        other => Ok(Value::Float(float("abs", other)?.abs())),
    }),
    float_function!("ceil", f64::ceil),
    float_function!("floor", f64::floor),
    float_function!("sqrt", f64::sqrt),
    float_function!("log", f64::ln),
    float_function!("degrees", |value| value * (180.0 / std::f64::consts::PI)),
    function("e", &[], FLOAT, |_, _| Ok(Value::Float(std::f64::consts::E))),
    function("pi", &[], FLOAT, |_, _| Ok(Value::Float(std::f64::consts::PI))),
    function("sign", &[NUMBER], Type::INT, |args, _| {
        let value = float("sign", &args[0])?;
        Ok(Value::Int(if value > 0.0 { 1 } else { -i64::from(value < 0.0) }))
    }),
    function("isNaN", &[NUMBER], Type::BOOL, |args, _| {
        Ok(Value::Bool(float("isNaN", &args[0])?.is_nan()))
    }),
    Function {
        required: 1,
        ..function("round", &[NUMBER, Type::INT, Type::TEXT], FLOAT, round)
    },
];

fn float(function: &str, value: &Value) -> Outcome<f64> {
    match value {
        Value::Int(value) => Ok(*value as f64),
        Value::Float(value) => Ok(*value),
        other => Err(wrong(function, "a number", other)),
    }
}

fn round(args: &[Value], _: &dyn Graph) -> Outcome<Value> {
    let value = float("round", &args[0])?;
    if args.len() > 2 {
        return Err(Fault::unsupported(
            "round() with a mode is not supported: leave the third argument out",
        ));
    }
    match args.get(1) {
        None => Ok(Value::Float(round_half_up(value))),
        Some(Value::Int(0)) => Ok(Value::Float(round_half_up(value))),
        Some(Value::Int(places)) => match u32::try_from(*places) {
            Err(_) => Err(Fault::invalid("round() cannot use a negative precision")),
            Ok(places) => Ok(Value::Float(round_decimal(value, places))),
        },
        Some(other) => Err(wrong("round", "an integer precision", other)),
    }
}

/// To the nearest integer, a half towards the larger one; never `-0.0`.
fn round_half_up(value: f64) -> f64 {
    let floor = value.floor();
    let rounded = if value - floor >= 0.5 { floor + 1.0 } else { floor };
    // Java goes through a 64-bit integer.
    if rounded.is_nan() {
        rounded
    } else {
        (rounded as i64) as f64
    }
}

/// On the decimal digits that are shown, a half away from zero.
fn round_decimal(value: f64, places: u32) -> f64 {
    if !value.is_finite() {
        return value;
    }
    let places = places as usize;
    let text = format!("{}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    if fraction.len() <= places {
        return value;
    }
    let up = fraction.as_bytes()[places] >= b'5';
    let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes().take(places)).collect();
    if up {
        let mut at = digits.len();
        loop {
            if at == 0 {
                digits.insert(0, b'1');
                break;
            }
            at -= 1;
            if digits[at] < b'9' {
                digits[at] += 1;
                break;
            }
            digits[at] = b'0';
        }
    }
    digits.insert(digits.len() - places, b'.');
    let rounded: f64 = String::from_utf8(digits)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(value);
    // Java's decimals have no negative zero.
    if value < 0.0 && rounded != 0.0 {
        -rounded
    } else {
        rounded
    }
}
