//! What can never be of the right type.

use super::types::Type;
use crate::cypher::{
    Refusal, Span,
    ast::{Binary, Comparison, Expr},
    eval::{Arithmetic, Ex, Fault, MapEntry},
    value::Value,
};

/// Refuses what can never be of a type.
pub(super) fn expect(span: Span, kind: Type, wanted: Type) -> Result<(), Refusal> {
    if kind.may_be(wanted) {
        Ok(())
    } else {
        Err(mismatch(span, wanted, kind))
    }
}

pub(super) fn mismatch(span: Span, wanted: Type, kind: Type) -> Refusal {
    Refusal::invalid(
        span,
        format!(
            "type mismatch: expected {} but was {}",
            wanted.describe(),
            kind.describe()
        ),
    )
}

pub(super) fn refused(span: Span, fault: Fault) -> Refusal {
    let error = atg_sdk::Error::from(fault);
    match error.kind() {
        atg_sdk::ErrorKind::Unsupported => Refusal::unsupported(span, error.message()),
        _ => Refusal::invalid(span, error.message()),
    }
}

pub(super) fn number_type(left: Type, right: Type) -> Type {
    if left == Type::INT && right == Type::INT {
        Type::INT
    } else if left.is_within(Type::NUMBER) && right.is_within(Type::NUMBER) {
        if left == Type::FLOAT || right == Type::FLOAT {
            Type::FLOAT
        } else {
            Type::NUMBER
        }
    } else {
        // A time, or a duration, is not excluded.
        Type::NUMBER.or(Type::TEMPORAL)
    }
}

/// `+` adds numbers, joins texts (with numbers too) and puts together lists.
pub(super) fn add_type(
    left: &Expr,
    left_kind: Type,
    right: &Expr,
    right_kind: Type,
) -> Result<Type, Refusal> {
    let scalar = Type::NUMBER.or(Type::TEXT);
    let any = scalar.or(Type::LIST);
    if left_kind == Type::LIST || right_kind == Type::LIST {
        return Ok(Type::LIST);
    }
    if left_kind == Type::ANY || right_kind == Type::ANY {
        // Something that is neither number, text, time nor list can only be put into a list.
        return Ok(any.or(Type::TEMPORAL));
    }
    if left_kind.is_within(Type::TEMPORAL) || right_kind.is_within(Type::TEMPORAL) {
        let time = Type::TEMPORAL;
        // One of the two is a duration.
        if left_kind.is_within(Type::DURATION) {
            expect(right.span, right_kind, time.or(Type::LIST))?;
        } else if left_kind.is_within(time) {
            expect(right.span, right_kind, Type::DURATION.or(Type::LIST))?;
        } else if right_kind.is_within(time) {
            expect(
                left.span,
                left_kind,
                if right_kind == Type::DURATION {
                    time
                } else {
                    Type::DURATION
                },
            )?;
        }
        return Ok(any.or(time));
    }
    let any_or_time = any.or(Type::TEMPORAL);
    expect(left.span, left_kind, any_or_time)?;
    expect(right.span, right_kind, any_or_time)?;
    if left_kind.is_within(Type::NUMBER) && right_kind.is_within(Type::NUMBER) {
        return Ok(number_type(left_kind, right_kind));
    }
    if left_kind.is_within(scalar)
        && right_kind.is_within(scalar)
        && (left_kind == Type::TEXT || right_kind == Type::TEXT)
    {
        return Ok(Type::TEXT);
    }
    Ok(any_or_time)
}

/// `-` takes a duration from a time or a duration; `*` and `/` take a number to a duration.
pub(super) fn times_type(
    operator: Binary,
    left: &Expr,
    left_kind: Type,
    right: &Expr,
    right_kind: Type,
) -> Result<(Arithmetic, Type), Refusal> {
    let (number, duration) = (Type::NUMBER, Type::DURATION);
    match operator {
        Binary::Subtract => {
            expect(left.span, left_kind, Type::TEMPORAL)?;
            expect(right.span, right_kind, duration)?;
            Ok((Arithmetic::Subtract, Type::TEMPORAL))
        }
        Binary::Multiply => {
            let by = if left_kind.may_be(duration) {
                number
            } else {
                duration
            };
            expect(left.span, left_kind, number.or(duration))?;
            expect(right.span, right_kind, by)?;
            Ok((Arithmetic::Multiply, duration))
        }
        Binary::Divide => {
            expect(left.span, left_kind, duration)?;
            expect(right.span, right_kind, number)?;
            Ok((Arithmetic::Divide, duration))
        }
        _ => {
            expect(left.span, left_kind, number)?;
            Err(mismatch(right.span, number, right_kind))
        }
    }
}

/// Neo4j 5.26 gives null for a property that a map projection names twice, as in `n {.name, called: n.name}`, where the
/// projection is a part of a CASE or is made for each item of a list. Which of the two it is depends on their order.
pub(super) fn refuse_torn_projection(span: Span, ex: &Ex) -> Result<(), Refusal> {
    let mut torn = None;
    ex.visit(&mut |part| {
        let Ex::MapProjection { of, items } = part else {
            return;
        };
        let is_named = |name: &str| {
            let mut entries = items.iter();
            entries.any(|item| matches!(item, MapEntry::Property(other) if **other == *name))
        };
        for item in items {
            if let MapEntry::Entry(_, Ex::Property(owner, name)) = item
                && owner == of
                && is_named(name)
            {
                torn.get_or_insert_with(|| name.clone());
            }
        }
    });
    match torn {
        Some(name) => Err(Refusal::unsupported(
            span,
            format!(
                "a map projection that names {name} twice is not supported inside a CASE, nullIf() or for each item of a list: \
                 write a map, as in {{a: n.{name}, b: n.{name}}}"
            ),
        )),
        None => Ok(()),
    }
}

/// Whether `0 > -0.0` depends, for Neo4j, on whether both are written in the query or come from elsewhere.
pub(super) fn refuse_two_zeros(span: Span, first: &Ex, rest: &[(Comparison, Ex)]) -> Result<(), Refusal> {
    let mut left = first;
    for (comparison, right) in rest {
        if matches!(comparison, Comparison::Less | Comparison::Greater)
            && let (Some(a), Some(b)) = (written(left), written(right))
            && a == 0.0
            && b == 0.0
            && a.is_sign_negative() != b.is_sign_negative()
        {
            let message =
                "whether 0 is larger than -0.0 is not supported where both are written in the query";
            return Err(Refusal::unsupported(span, message));
        }
        left = right;
    }
    Ok(())
}

/// A float over the integer 0, where both are written in the query: the one case in which that is no error.
pub(super) fn divided_by_zero(left: &Ex, right: &Ex) -> Option<f64> {
    let has_sign = |ex: &Ex| ex.any(|part| matches!(part, Ex::Negate(_) | Ex::Plus(_)));
    let is_worked_out = has_float(left) && !has_float(right) && !has_sign(left) && !has_sign(right);
    match (written(left)?, written(right)?) {
        (value, 0.0) if is_worked_out => Some(value / 0.0),
        _ => None,
    }
}

fn has_float(ex: &Ex) -> bool {
    ex.any(|part| matches!(part, Ex::Const(Value::Float(_))))
}

/// The value of numbers and their signs, sums and products, as far as the sign of zero goes. An integer has no -0.
fn written(ex: &Ex) -> Option<f64> {
    let value = match ex {
        Ex::Const(Value::Int(number)) => *number as f64,
        Ex::Const(Value::Float(number)) => *number,
        Ex::Negate(of) => 0.0 - written(of)?,
        Ex::Plus(of) => written(of)?,
        Ex::Arithmetic(operator, a, b) => {
            let (a, b) = (written(a)?, written(b)?);
            match operator {
                Arithmetic::Add => a + b,
                Arithmetic::Subtract => a - b,
                Arithmetic::Multiply => a * b,
                Arithmetic::Divide => a / b,
                Arithmetic::Modulo => a % b,
                Arithmetic::Power => a.powf(b),
                Arithmetic::Concatenate => return None,
            }
        }
        _ => return None,
    };
    // Integers divide without a remainder, and their zero has no sign.
    Some(if has_float(ex) { value } else { value.trunc() + 0.0 })
}
