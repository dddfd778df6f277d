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
    function("trim", &[TEXT], TEXT, |args, _| trimmed("trim", args, true, true)),
    trimming("btrim", |args, _| trimmed("btrim", args, true, true)),
    trimming("ltrim", |args, _| trimmed("ltrim", args, true, false)),
    trimming("rtrim", |args, _| trimmed("rtrim", args, false, true)),
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

/// Takes blanks away, or each of the characters that are named.
const fn trimming(name: &'static str, body: fn(&[Value], &dyn Graph) -> Outcome<Value>) -> Function {
    Function {
        required: 1,
        ..function(name, &[TEXT, TEXT], TEXT, body)
    }
}

/// What is left of a text without some characters at its ends.
fn trimmed(function: &str, args: &[Value], start: bool, end: bool) -> Outcome<Value> {
    let mut left = text(function, &args[0])?;
    let named = args.get(1).map(|named| text(function, named)).transpose()?;
    let goes = |c: char| named.map_or_else(|| is_space(c), |named| named.contains(c));
    if start {
        left = left.trim_start_matches(goes);
    }
    if end {
        let rest = left.trim_end_matches(goes);
        // From the end alone, Neo4j leaves the first character of a text that it holds as UTF-16, if it has one unit, and
        // none of a text that it holds as UTF-8. Which of the two a text is depends on the functions that made it.
        let torn = |first: char| first.len_utf16() == 1;
        if named.is_some() && !start && rest.is_empty() && left.chars().next().is_some_and(torn) {
            return Err(Fault::unsupported(format!(
                "{function}() of a text that has nothing but the named characters is not supported: Neo4j leaves the first \
                 of them or not, depending on where the text comes from; btrim() leaves none"
            )));
        }
        left = rest;
    }
    Ok(Value::text(left))
}

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
    let separators = match &args[1] {
        Value::Text(separator) => vec![&**separator],
        Value::List(items) if items.iter().any(Value::is_null) => return Ok(Value::Null),
        Value::List(items) => items
            .iter()
            .map(|item| text("split", item))
            .collect::<Outcome<_>>()?,
        other => return Err(wrong("split", "a text or a list of them", other)),
    };
    graph.check_size(original.len() * size_of::<Value>())?;
    if let [""] = separators.as_slice() {
        if original.is_empty() {
            return Ok(Value::list(vec![Value::text("")]));
        }
        if original.chars().any(|c| c.len_utf16() > 1) {
            let message = "split() by '' of a text with characters beyond 16 bits is not supported: it would halve them";
            return Err(Fault::unsupported(message));
        }
        return Ok(Value::list(
            original.chars().map(|c| Value::text(c.to_string())).collect(),
        ));
    }
    let mut parts = Vec::new();
    let (mut part, mut at) = (0, 0);
    while at < original.len() {
        // Where several fit, the first of the list is taken, an empty one never.
        let found = separators
            .iter()
            .find(|separator| !separator.is_empty() && original[at..].starts_with(**separator));
        match found {
            Some(separator) => {
                parts.push(Value::text(&original[part..at]));
                at += separator.len();
                part = at;
            }
            None => at += original[at..].chars().next().map_or(1, char::len_utf8),
        }
    }
    parts.push(Value::text(&original[part..]));
    Ok(Value::list(parts))
}

fn substring(args: &[Value], _: &dyn Graph) -> Outcome<Value> {
    let original = text("substring", &args[0])?;
    let position = |value: &Value| match count("substring", value)? {
        count if count > i32::MAX as usize => Err(Fault::invalid(
            "substring() takes positions and lengths of 32 bits",
        )),
        count => Ok(count),
    };
    let start = position(&args[1])?;
    let length = args.get(2).map_or(Ok(usize::MAX), position)?;
    Ok(Value::text(
        original.chars().skip(start).take(length).collect::<String>(),
    ))
}
