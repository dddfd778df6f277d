//! `+ - * / % ^` and the signs.

use super::{Arithmetic, Fault, Graph, Outcome};
use crate::cypher::{
    functions::out_of_range,
    temporal,
    value::{Value, to_text},
};

pub(super) fn binary(operator: Arithmetic, left: &Value, right: &Value, graph: &dyn Graph) -> Outcome<Value> {
    use Value::{Float, Int, List, Null, Text};
    // A list takes a null in; everything else becomes unknown.
    match (operator, left, right) {
        // Whatever is divided, null too. What is written as a float by zero was worked out when the query was bound.
        (Arithmetic::Divide, _, Int(0)) => return Err(Fault::invalid("division by zero")),
        (_, Null, _) | (_, _, Null) => return Ok(Null),
        (Arithmetic::Add, ..) => return add(left, right, graph),
        (Arithmetic::Subtract | Arithmetic::Multiply | Arithmetic::Divide, ..)
            if is_temporal(left) || is_temporal(right) =>
        {
            return times(operator, left, right);
        }
        (Arithmetic::Concatenate, Text(a), Text(b)) => return concatenated(a, b, graph),
        (Arithmetic::Concatenate, List(a), List(b)) => return joined(a, b, graph),
        (Arithmetic::Power, ..) => {
            return match (float(left), float(right)) {
                (Some(a), Some(b)) => power(a, b).map(Float),
                _ => Err(mismatch(operator, left, right)),
            };
        }
        _ => {}
    }
    match (left, right) {
        (Int(a), Int(b)) => integers(operator, *a, *b).map(Int),
        _ => match (float(left), float(right)) {
            (Some(a), Some(b)) => floats(operator, a, b).map(Float),
            _ => Err(mismatch(operator, left, right)),
        },
    }
}

fn add(left: &Value, right: &Value, graph: &dyn Graph) -> Outcome<Value> {
    use Value::{Float, Int, List, Text};
    match (left, right) {
        (List(a), List(b)) => joined(a, b, graph),
        (List(a), item) => joined(a, std::slice::from_ref(item), graph),
        (item, List(b)) => joined(std::slice::from_ref(item), b, graph),
        (Int(a), Int(b)) => integers(Arithmetic::Add, *a, *b).map(Int),
        (Text(a), Text(b)) => concatenated(a, b, graph),
        (Text(_), other) | (other, Text(_))
            if matches!(other, Int(_) | Float(_) | Value::Bool(_)) || is_temporal(other) =>
        {
            match (to_text(left)?, to_text(right)?) {
                (Some(a), Some(b)) => concatenated(&a, &b, graph),
                _ => Err(mismatch(Arithmetic::Add, left, right)),
            }
        }
        _ if is_temporal(left) || is_temporal(right) => times(Arithmetic::Add, left, right),
        _ => match (float(left), float(right)) {
            (Some(a), Some(b)) => Ok(Float(a + b)),
            _ => Err(mismatch(Arithmetic::Add, left, right)),
        },
    }
}

const fn is_temporal(value: &Value) -> bool {
    matches!(value, Value::Date(_) | Value::DateTime(_) | Value::Duration(_))
}

/// Durations are added to times and to each other, and multiplied by whole numbers.
fn times(operator: Arithmetic, left: &Value, right: &Value) -> Outcome<Value> {
    use Value::{Date, DateTime, Duration, Float, Int};
    let too_long = || Fault::invalid("the duration is too long");
    let added = |time: &Value, duration: &temporal::Duration| match time {
        Date(date) => temporal::add_to_date(*date, duration)
            .map(Date)
            .ok_or_else(out_of_range),
        DateTime(time) => temporal::add_to_time(time, duration)
            .map(DateTime)
            .ok_or_else(out_of_range),
        Duration(other) => other.plus(duration).map(Value::duration).ok_or_else(too_long),
        _ => Err(mismatch(operator, left, right)),
    };
    match (operator, left, right) {
        (Arithmetic::Add, time, Duration(duration)) | (Arithmetic::Add, Duration(duration), time) => {
            added(time, duration)
        }
        (Arithmetic::Subtract, time, Duration(duration)) => {
            added(time, &duration.times(-1).ok_or_else(too_long)?)
        }
        (Arithmetic::Multiply, Duration(duration), Int(factor))
        | (Arithmetic::Multiply, Int(factor), Duration(duration)) => {
            duration.times(*factor).map(Value::duration).ok_or_else(too_long)
        }
        (Arithmetic::Multiply, Duration(_), Float(_))
        | (Arithmetic::Multiply, Float(_), Duration(_))
        | (Arithmetic::Divide, Duration(_), Int(_) | Float(_)) => Err(Fault::unsupported(
            "parts of a duration are not supported: divide its .seconds, or write a smaller unit",
        )),
        _ => Err(mismatch(operator, left, right)),
    }
}

fn concatenated(a: &str, b: &str, graph: &dyn Graph) -> Outcome<Value> {
    graph.check_size(a.len() + b.len())?;
    Ok(Value::text([a, b].concat()))
}

fn joined(a: &[Value], b: &[Value], graph: &dyn Graph) -> Outcome<Value> {
    let weight = |items: &[Value]| items.iter().map(Value::weight).sum::<usize>();
    graph.check_size(weight(a) + weight(b))?;
    Ok(Value::list([a, b].concat()))
}

fn integers(operator: Arithmetic, a: i64, b: i64) -> Outcome<i64> {
    let result = match operator {
        Arithmetic::Add => a.checked_add(b),
        Arithmetic::Subtract => a.checked_sub(b),
        Arithmetic::Multiply => a.checked_mul(b),
        Arithmetic::Divide | Arithmetic::Modulo if b == 0 => return Err(Fault::invalid("division by zero")),
        // Java wraps where the result does not fit.
        Arithmetic::Divide => Some(a.wrapping_div(b)),
        Arithmetic::Modulo => Some(a.wrapping_rem(b)),
        Arithmetic::Power | Arithmetic::Concatenate => None,
    };
    result.ok_or_else(|| Fault::invalid(format!("{a} {} {b} is beyond 64 bits", symbol(operator))))
}

fn floats(operator: Arithmetic, a: f64, b: f64) -> Outcome<f64> {
    match operator {
        Arithmetic::Subtract => Ok(a - b),
        Arithmetic::Multiply => Ok(a * b),
        Arithmetic::Divide => Ok(a / b),
        Arithmetic::Modulo => Ok(a % b),
        Arithmetic::Add => Ok(a + b),
        Arithmetic::Power | Arithmetic::Concatenate => {
            Err(mismatch(operator, &Value::Float(a), &Value::Float(b)))
        }
    }
}

/// Java's `Math.pow`, where the result is certain. Elsewhere its last digit depends on the platform, and is refused.
fn power(a: f64, b: f64) -> Outcome<f64> {
    // C has another idea of ±1 to an infinite power, and of 1 to an unknown one.
    if b.is_nan() || (a.abs() == 1.0 && b.is_infinite()) {
        return Ok(f64::NAN);
    }
    let special = !a.is_finite() || !b.is_finite() || a == 0.0 || b == 0.0 || (a < 0.0 && b.fract() != 0.0);
    if special || a.abs() == 1.0 {
        return Ok(a.powf(b));
    }
    // Far beyond what a float can hold, in either direction.
    let size = a.abs().log2() * b;
    if !(-1100.0..=1100.0).contains(&size) {
        return Ok(a.powf(b));
    }
    if b == 1.0 {
        return Ok(a);
    }
    if b == 2.0 {
        return Ok(a * a);
    }
    let exact = if b == 0.5 {
        exact_root(a)
    } else if b.fract() == 0.0 && b.abs() <= 1100.0 {
        let raised = exact_power(a, b.abs() as u32);
        // One divided by a power of two is exact, too.
        if b > 0.0 {
            raised
        } else {
            raised.filter(|raised| is_power_of_two(*raised)).map(f64::recip)
        }
    } else {
        None
    };
    exact.filter(|exact| exact.is_normal()).ok_or_else(|| {
        Fault::unsupported(format!(
            "{a} ^ {b} is not supported: the last digit of its result depends on the platform"
        ))
    })
}

fn exact_power(a: f64, exponent: u32) -> Option<f64> {
    let mut product = 1.0_f64;
    for _ in 0..exponent {
        let next = product * a;
        if !next.is_normal() || product.mul_add(a, -next) != 0.0 {
            return None;
        }
        product = next;
    }
    Some(product)
}

fn exact_root(a: f64) -> Option<f64> {
    let root = a.sqrt();
    (root.mul_add(root, -a) == 0.0).then_some(root)
}

fn is_power_of_two(value: f64) -> bool {
    value.to_bits() & ((1 << 52) - 1) == 0
}

pub(super) fn negate(value: &Value) -> Outcome<Value> {
    match value {
        Value::Null => Ok(Value::Null),
        Value::Int(value) => match value.checked_neg() {
            Some(negated) => Ok(Value::Int(negated)),
            None => Err(Fault::invalid(format!("-({value}) is beyond 64 bits"))),
        },
        // A sign subtracts from zero: there is no way to -0.0 this way.
        Value::Float(value) => Ok(Value::Float(0.0 - value)),
        other => Err(Fault::invalid(format!(
            "'-' needs a number, not {}",
            other.kind_name()
        ))),
    }
}

pub(super) fn plus(value: Value) -> Outcome<Value> {
    match value {
        Value::Null | Value::Int(_) | Value::Float(_) | Value::Duration(_) => Ok(value),
        other => Err(Fault::invalid(format!(
            "'+' needs a number, not {}",
            other.kind_name()
        ))),
    }
}

const fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Int(value) => Some(*value as f64),
        Value::Float(value) => Some(*value),
        _ => None,
    }
}

fn mismatch(operator: Arithmetic, left: &Value, right: &Value) -> Fault {
    let (left, right) = (left.kind_name(), right.kind_name());
    Fault::invalid(format!(
        "'{}' cannot combine {left} and {right}",
        symbol(operator)
    ))
}

const fn symbol(operator: Arithmetic) -> &'static str {
    match operator {
        Arithmetic::Add => "+",
        Arithmetic::Subtract => "-",
        Arithmetic::Multiply => "*",
        Arithmetic::Divide => "/",
        Arithmetic::Modulo => "%",
        Arithmetic::Power => "^",
        Arithmetic::Concatenate => "||",
    }
}
