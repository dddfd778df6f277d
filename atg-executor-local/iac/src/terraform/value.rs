//! Values of the plan as expressions, and the parting of secrets from the rest.

use super::{
    hcl::{Expression, Key},
    reference::{Here, join},
};
use crate::plan::{Member, Piece, Plan, Text, Value};

impl Here<'_, '_> {
    pub(super) fn text(&mut self, text: &Text) -> Expression {
        match text {
            Text::Literal(text) => Expression::Text(text.clone()),
            Text::Pieces(pieces) => join(pieces.iter().map(|piece| match piece {
                Piece::Literal(text) => Expression::Text(text.clone()),
                Piece::Reference(reference) => self.reference(reference),
                Piece::Parameter(parameter) => self.parameter(*parameter),
            })),
        }
    }

    pub(super) fn value(&mut self, value: &Value) -> Expression {
        match value {
            Value::Null => Expression::Null,
            Value::Bool(value) => Expression::Bool(*value),
            Value::Number(digits) => Expression::Number(digits.clone()),
            Value::Text(text) => self.text(text),
            Value::Parameter(parameter) => self.parameter(*parameter),
            Value::Array(items) => Expression::List(items.iter().map(|item| self.value(item)).collect()),
            Value::Object(members) => self.object(members),
        }
    }

    pub(super) fn object(&mut self, members: &[Member]) -> Expression {
        Expression::Object(
            members
                .iter()
                .map(|member| {
                    let key = match self.text(&member.name) {
                        Expression::Text(name) => Key::Text(name),
                        computed => Key::Value(computed),
                    };
                    (key, self.value(&member.value))
                })
                .collect(),
        )
    }
}

/// A body without its secrets, and the secrets with just enough around them to say where they belong.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Parted {
    pub(super) open: Vec<Member>,
    /// Empty where there is no secret.
    pub(super) secret: Vec<Member>,
}

/// Parts secrets from the rest.
///
/// `azapi` merges the second into the first before it sends: objects member by member, arrays of equal length element by
/// element or by `name`. So an array with a secret in one of its elements is there with all its elements, each with its
/// name.
pub(super) fn part(plan: &Plan, members: &[Member]) -> Parted {
    let mut out = Parted::default();
    for member in members {
        if !holds_secret(plan, &member.value) {
            out.open.push(member.clone());
            continue;
        }
        let (open, secret) = part_value(plan, &member.value);
        let with = |value| Member {
            name: member.name.clone(),
            value,
        };
        out.open.extend(open.map(with));
        out.secret.push(with(secret));
    }
    out
}

/// The two parts of a value with a secret in it.
fn part_value(plan: &Plan, value: &Value) -> (Option<Value>, Value) {
    match value {
        Value::Object(members) => {
            let parted = part(plan, members);
            (Some(Value::Object(parted.open)), Value::Object(parted.secret))
        }
        // An array with a text that is a secret cannot be parted: what is left would be another array.
        Value::Array(items) if items.iter().all(|item| matches!(item, Value::Object(_))) => {
            let (open, secret) = items
                .iter()
                .map(|item| {
                    let Value::Object(members) = item else {
                        return (item.clone(), item.clone());
                    };
                    let parted = part(plan, members);
                    let mut secret = parted.secret;
                    if let Some(name) = parted
                        .open
                        .iter()
                        .find(|member| member.name.as_literal() == Some("name"))
                    {
                        secret.insert(0, name.clone());
                    }
                    (Value::Object(parted.open), Value::Object(secret))
                })
                .unzip();
            (Some(Value::Array(open)), Value::Array(secret))
        }
        _ => (None, value.clone()),
    }
}

/// Whether a secret parameter stands in it.
pub(super) fn holds_secret(plan: &Plan, value: &Value) -> bool {
    !secrets(plan, value).is_empty()
}

/// The secret parameters in it, each once, in the order of the plan.
pub(super) fn secrets(plan: &Plan, value: &Value) -> Vec<crate::plan::ParameterKey> {
    let mut found = std::collections::BTreeSet::new();
    gather(value, &mut |parameter| {
        if plan.parameter(parameter).is_secret() {
            found.insert(parameter);
        }
    });
    found.into_iter().collect()
}

fn gather(value: &Value, visit: &mut impl FnMut(crate::plan::ParameterKey)) {
    match value {
        Value::Parameter(parameter) => visit(*parameter),
        Value::Text(text) => gather_text(text, visit),
        Value::Array(items) => items.iter().for_each(|item| gather(item, visit)),
        Value::Object(members) => {
            for member in members {
                gather_text(&member.name, visit);
                gather(&member.value, visit);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

pub(super) fn gather_text(text: &Text, visit: &mut impl FnMut(crate::plan::ParameterKey)) {
    let Text::Pieces(pieces) = text else { return };
    for piece in pieces {
        if let Piece::Parameter(parameter) = piece {
            visit(*parameter);
        }
    }
}
