//! Texts. Lengths and positions count code points.

use super::{Function, function, wrong};
use crate::cypher::{
    bind::types::Type,
    eval::{Fault, Graph, Outcome},
    value::Value,
};

const TEXT: Type = Type::TEXT;

pub(super) static TABLE: &[Function] = &[
    function("toUpper", &[TEXT], TEXT, |args, _| {
        Ok(Value::text(text("toUpper", &args[0])?.to_uppercase()))
    }),
    function("upper", &[TEXT], TEXT, |args, _| {
        Ok(Value::text(text("upper", &args[0])?.to_uppercase()))
    }),
    function("toLower", &[TEXT], TEXT, |args, _| {
        Ok(Value::text(text("toLower", &args[0])?.to_lowercase()))
    }),
    function("lower", &[TEXT], TEXT, |args, _| {
        Ok(Value::text(text("lower", &args[0])?.to_lowercase()))
    }),
    function("trim", &[TEXT], TEXT, |args, _| {
        Ok(Value::text(text("trim", &args[0])?.trim_matches(is_space)))
    }),
    function("btrim", &[TEXT], TEXT, |args, _| {
        Ok(Value::text(text("btrim", &args[0])?.trim_matches(is_space)))
    }),
    function("ltrim", &[TEXT], TEXT, |args, _| {
        Ok(Value::text(text("ltrim", &args[0])?.trim_start_matches(is_space)))
    }),
    function("rtrim", &[TEXT], TEXT, |args, _| {
        Ok(Value::text(text("rtrim", &args[0])?.trim_end_matches(is_space)))
    }),
    function("char_length", &[TEXT], Type::INT, |args, _| {
        char_length("char_length", args)
    }),
    function("character_length", &[TEXT], Type::INT, |args, _| {
        char_length("character_length", args)
    }),
    function("replace", &[TEXT, TEXT, TEXT], TEXT, replace),
    function("split", &[TEXT, TEXT.or(Type::LIST)], Type::LIST, split),
    Function {
        required: 2,
        ..function("substring", &[TEXT, Type::INT, Type::INT], TEXT, substring)
    },
    function("left", &[TEXT, Type::INT], TEXT, |args, _| {
        let length = count("left", &args[1])?;
        Ok(Value::text(
            text("left", &args[0])?.chars().take(length).collect::<String>(),
        ))
    }),
    function("right", &[TEXT, Type::INT], TEXT, |args, _| {
        let (text, length) = (text("right", &args[0])?, count("right", &args[1])?);
        let skip = text.chars().count().saturating_sub(length);
        Ok(Value::text(text.chars().skip(skip).collect::<String>()))
    }),
];

fn text<'a>(function: &str, value: &'a Value) -> Outcome<&'a str> {
    match value {
        Value::Text(text) => Ok(text),
        other => Err(wrong(function, "a text", other)),
    }
}

fn count(function: &str, value: &Value) -> Outcome<usize> {
    match value {
        Value::Int(count) => usize::try_from(*count)
            .map_err(|_| Fault::invalid(format!("{function}() cannot use a negative position or length"))),
        other => Err(wrong(function, "an integer", other)),
    }
}

/// Java's `Character.isWhitespace`.
fn is_space(c: char) -> bool {
    let no_break = matches!(c, '\u{a0}' | '\u{2007}' | '\u{202f}' | '\u{85}');
    (c.is_whitespace() && !no_break) || matches!(c, '\u{1c}'..='\u{1f}')
}

fn char_length(function: &str, args: &[Value]) -> Outcome<Value> {
    Ok(Value::Int(text(function, &args[0])?.chars().count() as i64))
}

fn replace(args: &[Value], graph: &dyn Graph) -> Outcome<Value> {
    let (original, search, with) = (
        text("replace", &args[0])?,
        text("replace", &args[1])?,
        text("replace", &args[2])?,
    );
    let found = if search.is_empty() {
        original.chars().count() + 1
    } else {
        original.matches(search).count()
    };
    graph.check_size(original.len() + found * with.len())?;
    Ok(Value::text(original.replace(search, with)))
}

fn split(args: &[Value], graph: &dyn Graph) -> Outcome<Value> {
    let original = text("split", &args[0])?;
    let separator = match &args[1] {
        Value::Text(separator) => &**separator,
        Value::List(_) => {
            return Err(Fault::unsupported(
                "split() by several separators is not supported",
            ));
        }
        other => return Err(wrong("split", "a text", other)),
    };
    graph.check_size(original.len() * size_of::<Value>())?;
    let parts = if separator.is_empty() {
        if original.is_empty() {
            return Err(Fault::unsupported("split('', '') is not supported"));
        }
        original.chars().map(|c| Value::text(c.to_string())).collect()
    } else {
        original.split(separator).map(Value::text).collect()
    };
    Ok(Value::list(parts))
}

fn substring(args: &[Value], _: &dyn Graph) -> Outcome<Value> {
    let original = text("substring", &args[0])?;
    let start = count("substring", &args[1])?;
    let length = args
        .get(2)
        .map_or(Ok(usize::MAX), |length| count("substring", length))?;
    Ok(Value::text(
        original.chars().skip(start).take(length).collect::<String>(),
    ))
}
