//! Lists, and what works on lists and texts alike.

use super::{Function, function, wrong};
use crate::cypher::{
    bind::types::Type,
    eval::{Fault, Graph, Outcome},
    value::{self, Value},
};

const LIST: Type = Type::LIST;

pub(super) static TABLE: &[Function] = &[
    function("size", &[LIST.or(Type::TEXT)], Type::INT, |args, _| {
        match &args[0] {
            Value::Text(text) => Ok(Value::Int(text.chars().count() as i64)),
            Value::List(items) => Ok(Value::Int(items.len() as i64)),
            other => Err(wrong("size", "a list or a text", other)),
        }
    }),
    function(
        "isEmpty",
        &[LIST.or(Type::TEXT).or(Type::MAP)],
        Type::BOOL,
        |args, _| match &args[0] {
            Value::Text(text) => Ok(Value::Bool(text.is_empty())),
            Value::List(items) => Ok(Value::Bool(items.is_empty())),
            Value::Map(map) => Ok(Value::Bool(map.len() == 0)),
            other => Err(wrong("isEmpty", "a list, a map or a text", other)),
        },
    ),
    function(
        "reverse",
        &[LIST.or(Type::TEXT)],
        LIST.or(Type::TEXT),
        |args, _| match &args[0] {
            Value::Text(text) => Ok(Value::text(text.chars().rev().collect::<String>())),
            Value::List(items) => Ok(Value::list(items.iter().rev().cloned().collect())),
            other => Err(wrong("reverse", "a list or a text", other)),
        },
    ),
    function("head", &[LIST], Type::ANY, |args, _| {
        Ok(list("head", &args[0])?.first().cloned().unwrap_or(Value::Null))
    }),
    function("last", &[LIST], Type::ANY, |args, _| {
        Ok(list("last", &args[0])?.last().cloned().unwrap_or(Value::Null))
    }),
    function("tail", &[LIST], LIST, |args, _| {
        Ok(Value::list(
            list("tail", &args[0])?.iter().skip(1).cloned().collect(),
        ))
    }),
    Function {
        required: 2,
        strict: false,
        ..function("range", &[Type::INT, Type::INT, Type::INT], LIST, range)
    },
    Function {
        required: 1,
        variadic: true,
        strict: false,
        ..function("coalesce", &[Type::ANY], Type::ANY, |args, _| {
            Ok(args
                .iter()
                .find(|arg| !arg.is_null())
                .cloned()
                .unwrap_or(Value::Null))
        })
    },
    Function {
        strict: false,
        ..function("nullIf", &[Type::ANY, Type::ANY], Type::ANY, |args, _| {
            Ok(if value::equal(&args[0], &args[1]) == Some(true) {
                Value::Null
            } else {
                args[0].clone()
            })
        })
    },
];

fn list<'a>(function: &str, value: &'a Value) -> Outcome<&'a [Value]> {
    match value {
        Value::List(items) => Ok(items),
        other => Err(wrong(function, "a list", other)),
    }
}

fn range(args: &[Value], graph: &dyn Graph) -> Outcome<Value> {
    let integer = |value: &Value| match value {
        Value::Int(value) => Ok(*value),
        other => Err(wrong("range", "integers", other)),
    };
    let (start, end) = (integer(&args[0])?, integer(&args[1])?);
    let step = args.get(2).map_or(Ok(1), integer)?;
    if step == 0 {
        return Err(Fault::invalid("range() cannot use a step of 0"));
    }
    let (first, last, by) = (i128::from(start), i128::from(end), i128::from(step));
    // Rounded towards zero: a step away from the end that is longer than the way to it gives the start.
    let count = ((last - first) / by + 1).max(0);
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    graph.check_size(count.saturating_mul(size_of::<Value>()))?;
    Ok(Value::list(
        (0..count as i64)
            .map(|index| Value::Int(start + index * step))
            .collect(),
    ))
}
