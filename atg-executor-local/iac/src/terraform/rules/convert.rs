//! From a value of a body to the value of an attribute.

use super::{Convert, Refusal, Spelling};
use crate::{
    plan::{Attribute, Piece, Target, Text, Value},
    terraform::{
        hcl::{Expression, Key},
        reference::{Here, join},
    },
};

/// Why a value does not fit.
type Why = &'static str;

const NOT_A_TEXT: Why = "is not a text";
const NOT_A_WORD: Why = "is a word that the provider does not take";

/// The attribute's value; `None` where there is nothing to write.
pub(super) fn convert(
    here: &mut Here<'_, '_>,
    value: &Value,
    how: Convert,
    path: &str,
) -> Result<Option<Expression>, Refusal> {
    let refuse = |why| Refusal {
        path: path.to_owned(),
        why,
    };
    if says_nothing(value) {
        return Ok(None);
    }
    let out = match how {
        Convert::Text => text(here, value),
        Convert::Bool => match value {
            Value::Bool(value) => Ok(Expression::Bool(*value)),
            _ => Err("is not a truth value"),
        },
        Convert::Number => match value {
            Value::Number(digits) => Ok(Expression::Number(digits.clone())),
            _ => Err("is not a number"),
        },
        Convert::Texts => array(value).and_then(|items| {
            let items: Result<Vec<_>, Why> = items.iter().map(|item| text(here, item)).collect();
            Ok(Expression::List(items?))
        }),
        Convert::Listed => text(here, value).map(|text| Expression::List(vec![text])),
        Convert::Word(words) => word(value, words),
        Convert::WordOrNothing(words) => return Ok(word(value, words).ok()),
        Convert::Words(words) => array(value).and_then(|items| {
            let items: Result<Vec<_>, Why> = items.iter().map(|item| word(item, words)).collect();
            Ok(Expression::List(items?))
        }),
        Convert::Flag(yes, no) => match value.as_literal() {
            Some(text) if text.eq_ignore_ascii_case(yes) => Ok(Expression::Bool(true)),
            Some(text) if text.eq_ignore_ascii_case(no) => Ok(Expression::Bool(false)),
            _ => Err(NOT_A_WORD),
        },
        Convert::Split(words) => value.as_literal().ok_or(NOT_A_TEXT).and_then(|text| {
            let items: Result<Vec<_>, Why> = text
                .split(',')
                .map(|item| word(&Value::literal(item.trim()), words))
                .collect();
            Ok(Expression::List(items?))
        }),
        Convert::Before(words) => value
            .as_literal()
            .and_then(|text| text.split_once('_'))
            .ok_or(NOT_A_WORD)
            .and_then(|(first, _)| word(&Value::literal(first), words)),
        Convert::Behind(before, behind) => value
            .as_literal()
            .and_then(|text| text.split_once('_'))
            .filter(|(first, _)| before.contains(first))
            .ok_or(NOT_A_WORD)
            .and_then(|(_, rest)| word(&Value::literal(rest), behind)),
        Convert::Id(spelling) => id(here, value, spelling),
        Convert::Ids(name, spelling, others) => each(value, name, others).and_then(|items| {
            let items: Result<Vec<_>, Why> = items.into_iter().map(|item| id(here, item, spelling)).collect();
            Ok(Expression::List(items?))
        }),
        Convert::Each(name, others) => each(value, name, others).and_then(|items| {
            let items: Result<Vec<_>, Why> = items.into_iter().map(|item| text(here, item)).collect();
            Ok(Expression::List(items?))
        }),
        Convert::Map(name, worth) => array(value).and_then(|items| {
            let pairs: Result<Vec<_>, Why> = items
                .iter()
                .map(|item| match (item.get(name), item.get(worth)) {
                    (Some(name), Some(worth)) => Ok((
                        Key::Text(name.as_literal().ok_or(NOT_A_TEXT)?.to_owned()),
                        text(here, worth)?,
                    )),
                    _ => Err("has an element without a name or a value"),
                })
                .collect();
            Ok(Expression::Object(pairs?))
        }),
    };
    out.map(Some).map_err(refuse)
}

/// Whether a value is as good as none: `null`, and empty texts, arrays and objects.
pub(in crate::terraform) fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Text(text) => text.as_literal() == Some(""),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::Parameter(_) => false,
    }
}

/// Whether a value is one of some constants, given as JSON.
pub(super) fn is_one_of(value: &Value, constants: &[&str]) -> bool {
    let text = match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(digits) => digits.to_string(),
        Value::Text(Text::Literal(text)) => format!("\"{text}\""),
        Value::Array(items) if items.is_empty() => "[]".to_owned(),
        Value::Object(members) if members.is_empty() => "{}".to_owned(),
        Value::Text(_) | Value::Parameter(_) | Value::Array(_) | Value::Object(_) => return false,
    };
    constants
        .iter()
        .any(|constant| constant.eq_ignore_ascii_case(&text))
}

fn text(here: &mut Here<'_, '_>, value: &Value) -> Result<Expression, Why> {
    match value {
        Value::Text(text) => Ok(here.text(text)),
        _ => Err(NOT_A_TEXT),
    }
}

fn word(value: &Value, words: &[&str]) -> Result<Expression, Why> {
    let text = value.as_literal().ok_or(NOT_A_TEXT)?;
    words
        .iter()
        .find(|word| word.eq_ignore_ascii_case(text))
        .map(|word| (*word).into())
        .ok_or(NOT_A_WORD)
}

fn array(value: &Value) -> Result<&[Value], Why> {
    match value {
        Value::Array(items) => Ok(items),
        _ => Err("is not an array"),
    }
}

/// The named member of each element, the other members of which are known and say nothing new.
fn each<'v>(value: &'v Value, name: &str, others: &[(&str, &[&str])]) -> Result<Vec<&'v Value>, Why> {
    array(value)?
        .iter()
        .map(|item| {
            let Value::Object(members) = item else {
                return Err("has an element that is not an object");
            };
            for member in members {
                let own = member.name.as_literal().unwrap_or_default();
                let known = own == name
                    || says_nothing(&member.value)
                    || others.iter().any(|(other, values)| {
                        *other == own && (values.is_empty() || is_one_of(&member.value, values))
                    });
                if !known {
                    return Err("has an element that says more than the provider takes");
                }
            }
            item.get(name).ok_or("has an element without what counts")
        })
        .collect()
}

/// An ID, spelled so that the provider finds no difference.
pub(in crate::terraform) fn id(
    here: &mut Here<'_, '_>,
    value: &Value,
    spelling: Spelling,
) -> Result<Expression, Why> {
    let Value::Text(text) = value else {
        return Err("is not an ID");
    };
    let (reference, rest) = match pieces(text) {
        [Piece::Reference(reference)] => (reference, None),
        // Something within a resource that is no resource of its own.
        [Piece::Reference(reference), Piece::Literal(rest)] => (reference, Some(rest)),
        // A literal: it is what it is.
        _ => {
            return match spelling {
                Spelling::Any => Ok(here.text(text)),
                Spelling::Kept | Spelling::Own => {
                    Err("is an ID of something unknown, whose spelling cannot be checked")
                }
            };
        }
    };
    if reference.attribute != Attribute::Id {
        return Ok(here.text(text));
    }
    let whole = |head: Expression| match rest {
        Some(rest) => join([head, Expression::Text(rest.clone())]),
        None => head,
    };
    let plain = |here: &mut Here<'_, '_>| {
        here.attribute(reference.target, &Attribute::Id)
            .ok_or("is an ID that cannot be referred to")
    };
    if spelling == Spelling::Any {
        return plain(here).map(whole);
    }
    let Some(actual) = here.scene.actual_id(reference.target) else {
        return plain(here).map(whole);
    };
    if matches!(reference.target, Target::External(_)) && !is_own_spelling(&actual) {
        return Err("is an ID whose fixed parts are not spelled as the provider insists");
    }
    let wanted = with_names_of(&actual, &reference.spelled);
    if spelling == Spelling::Kept && *wanted != *reference.spelled {
        return Err("is an ID whose fixed parts are not spelled as the provider insists");
    }
    let mut respelled = reference.clone();
    respelled.spelled = wanted.into();
    Ok(whole(here.reference(&respelled)))
}

fn pieces(text: &Text) -> &[Piece] {
    match text {
        Text::Literal(_) => &[],
        Text::Pieces(pieces) => pieces,
    }
}

/// The fixed segments of one spelling and the names of another.
pub(in crate::terraform) fn with_names_of(fixed: &str, names: &str) -> String {
    if !fixed.eq_ignore_ascii_case(names) {
        return fixed.to_owned();
    }
    let mut out = String::with_capacity(fixed.len());
    // Behind `providers` comes one more fixed segment, the namespace, before types and names take turns.
    let mut name_next = false;
    let mut namespace_next = false;
    for (index, (left, right)) in fixed.split('/').zip(names.split('/')).enumerate() {
        if index > 0 {
            out.push('/');
        }
        if index == 0 {
            continue;
        }
        if namespace_next {
            out.push_str(left);
            namespace_next = false;
            continue;
        }
        if name_next {
            out.push_str(right);
            name_next = false;
            continue;
        }
        out.push_str(left);
        if left.eq_ignore_ascii_case("providers") {
            namespace_next = true;
        } else {
            name_next = true;
        }
    }
    out
}

/// Whether the segments that are the same in every ID are spelled as the provider spells them. Types it spells in more
/// ways than one can know, so only those that begin an ID are looked at.
fn is_own_spelling(id: &str) -> bool {
    id.split('/').all(|segment| {
        ["subscriptions", "resourceGroups", "providers"]
            .iter()
            .all(|own| segment == *own || !segment.eq_ignore_ascii_case(own))
    })
}
