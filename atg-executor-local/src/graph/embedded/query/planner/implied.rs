//! Labels and types that a condition implies, whatever else it tests.

use crate::cypher::{
    ast::{Comparison, LabelExpr, Name},
    eval::Ex,
    value::Value,
};

/// Both what was asked before and this.
pub(super) fn add(to: &mut Option<LabelExpr>, more: LabelExpr) {
    *to = Some(match to.take() {
        Some(before) => LabelExpr::And(Box::new(before), Box::new(more)),
        None => more,
    });
}

/// A choice of labels, one of which the node has wherever the condition holds.
pub(super) fn labels(condition: &Ex, slot: usize) -> Option<LabelExpr> {
    match condition {
        Ex::HasLabels(of, labels) if **of == Ex::Slot(slot) && labels.is_choice() => Some(labels.clone()),
        Ex::Or(a, b) => Some(either(labels(a, slot)?, labels(b, slot)?)),
        Ex::And(a, b) => labels(a, slot).or_else(|| labels(b, slot)),
        _ => None,
    }
}

/// A choice of types, one of which the relationship has wherever the condition holds.
pub(super) fn types(condition: &Ex, slot: usize) -> Option<LabelExpr> {
    match condition {
        Ex::HasLabels(of, types) if **of == Ex::Slot(slot) => Some(types.clone()),
        Ex::Or(a, b) => Some(either(types(a, slot)?, types(b, slot)?)),
        Ex::And(a, b) => types(a, slot).or_else(|| types(b, slot)),
        Ex::Compare(left, rest) => match (&**left, rest.as_slice()) {
            (left, [(Comparison::Equal, Ex::Const(Value::Text(name)))]) if is_type(left, slot) => {
                Some(named(name))
            }
            (Ex::Const(Value::Text(name)), [(Comparison::Equal, right)]) if is_type(right, slot) => {
                Some(named(name))
            }
            _ => None,
        },
        Ex::In(item, list) if is_type(item, slot) => {
            let names: Vec<&str> = match &**list {
                Ex::Const(Value::List(items)) => items.iter().filter_map(text).collect(),
                Ex::List(items) => {
                    let constant = |item: &Ex| matches!(item, Ex::Const(_));
                    if !items.iter().all(constant) {
                        return None;
                    }
                    items.iter().filter_map(constant_text).collect()
                }
                _ => return None,
            };
            names.into_iter().map(named).reduce(either)
        }
        _ => None,
    }
}

fn is_type(ex: &Ex, slot: usize) -> bool {
    matches!(ex, Ex::Call(function, args) if function.name == "type" && args.as_slice() == [Ex::Slot(slot)])
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

fn constant_text(ex: &Ex) -> Option<&str> {
    match ex {
        Ex::Const(value) => text(value),
        _ => None,
    }
}

fn named(name: &str) -> LabelExpr {
    LabelExpr::Name(Name {
        text: name.to_owned(),
        span: Default::default(),
    })
}

fn either(a: LabelExpr, b: LabelExpr) -> LabelExpr {
    LabelExpr::Or(Box::new(a), Box::new(b))
}
