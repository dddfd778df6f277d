//! Numbers.

mod rounding;

use super::{Function, function, wrong};
use crate::cypher::{
    bind::types::Type,
    eval::{Fault, Outcome},
    value::Value,
};

macro_rules! certain_function {
    ($name:literal, $body:expr) => {
        function($name, &[NUMBER], FLOAT, |args, _| {
            let body: fn(f64) -> Option<f64> = $body;
            let value = float($name, &args[0])?;
            match body(value) {
                Some(result) => Ok(Value::Float(result)),
                None if value.is_nan() => Ok(Value::Float(value)),
                None => Err(Fault::unsupported(format!(
                    "{}({value}) is not supported: the last digit of its result depends on the platform",
                    $name
                ))),
            }
        })
    };
}

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

/// Java promises of logarithms, exponentials and angles' functions one unit in the last place, and uses it: their last
/// digit differs from one machine to the other. They are answered where there is only one answer.
pub(super) static TABLE: &[Function] = &[
    function("abs", &[NUMBER], NUMBER, |args, _| match &args[0] {
        // Java leaves the smallest integer as it is.
        Value::Int(value) => Ok(Value::Int(value.wrapping_abs())),
        other => Ok(Value::Float(float("abs", other)?.abs())),
    }),
    float_function!("ceil", f64::ceil),
    float_function!("floor", f64::floor),
    float_function!("sqrt", f64::sqrt),
    float_function!("degrees", |value| value * (180.0 / std::f64::consts::PI)),
    float_function!("radians", |value| value * (std::f64::consts::PI / 180.0)),
    certain_function!("log", |value| (value == 1.0
        || value <= 0.0
        || !value.is_finite())
    .then(|| value.ln())),
    certain_function!("log10", |value| match () {
        () if value <= 0.0 || !value.is_finite() => Some(value.log10()),
        () => (0_u8..=22)
            .map(|power| (power, 10_f64.powi(power.into())))
            .find_map(|(power, of)| (of == value).then(|| power.into())),
    }),
    certain_function!("exp", |value| (value == 0.0 || !value.is_finite())
        .then(|| value.exp())),
    certain_function!("sin", odd),
    certain_function!("tan", odd),
    certain_function!("asin", odd),
    certain_function!("atan", odd),
    certain_function!("cos", |value| (value == 0.0).then_some(1.0)),
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
        ..function("round", &[NUMBER, Type::INT, Type::TEXT], FLOAT, rounding::round)
    },
];

fn float(function: &str, value: &Value) -> Outcome<f64> {
    match value {
        Value::Int(value) => Ok(*value as f64),
        Value::Float(value) => Ok(*value),
        other => Err(wrong(function, "a number", other)),
    }
}

/// The result of a function that crosses zero at zero, and keeps its sign there.
fn odd(value: f64) -> Option<f64> {
    (value == 0.0).then_some(value)
}
