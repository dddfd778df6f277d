//! What expressions use, and putting columns in the place of what they were made from.

use super::scope::Scope;
use crate::cypher::eval::{Ex, MapEntry};

/// Whether an expression uses one of these slots.
pub(super) fn mentions(ex: &Ex, slots: &[usize]) -> bool {
    ex.any(|part| matches!(part, Ex::Slot(slot) if slots.contains(slot)))
}

/// A variable, or a property of one.
pub(super) fn is_simple(ex: &Ex) -> bool {
    match ex {
        Ex::Slot(_) => true,
        Ex::Property(of, _) => is_simple(of),
        _ => false,
    }
}

/// Whether an expression still uses a name of the scope. What a subquery uses is not known here, so one counts.
pub(super) fn leaves(ex: &Ex, scope: &Scope) -> bool {
    leaves_except(ex, scope, &[])
}

pub(super) fn leaves_except(ex: &Ex, scope: &Scope, except: &[usize]) -> bool {
    ex.any(|part| match part {
        Ex::Slot(slot) => scope.owns_slot(*slot) && !except.contains(slot),
        Ex::Subquery(..) => true,
        _ => false,
    })
}

/// The slots of the scope that a condition needs.
pub(super) fn slots_needed(ex: &Ex, scope: &Scope) -> Vec<usize> {
    let mut slots = Vec::new();
    let mut all = false;
    ex.visit(&mut |part| match part {
        Ex::Slot(slot) if scope.owns_slot(*slot) => slots.push(*slot),
        Ex::Subquery(..) => all = true,
        _ => {}
    });
    if all {
        scope.iter().map(|variable| variable.slot).collect()
    } else {
        slots
    }
}

/// Replaces whatever equals a key by the slot that holds its value, from the outside in.
pub(super) fn rewrite(ex: Ex, keys: &[(Ex, usize)]) -> Ex {
    if let Some((_, slot)) = keys.iter().find(|(key, _)| *key == ex) {
        return Ex::Slot(*slot);
    }
    let go = |part: Box<Ex>| Box::new(rewrite(*part, keys));
    let maybe = |part: Option<Box<Ex>>| part.map(|part| Box::new(rewrite(*part, keys)));
    let all = |parts: Vec<Ex>| parts.into_iter().map(|part| rewrite(part, keys)).collect();
    match ex {
        Ex::Const(_) | Ex::Slot(_) | Ex::Subquery(..) => ex,
        Ex::Property(of, name) => Ex::Property(go(of), name),
        Ex::Index(a, b) => Ex::Index(go(a), go(b)),
        Ex::Slice(of, from, to) => Ex::Slice(go(of), maybe(from), maybe(to)),
        Ex::List(items) => Ex::List(all(items)),
        Ex::Map(entries) => Ex::Map(
            entries
                .into_iter()
                .map(|(name, value)| (name, rewrite(value, keys)))
                .collect(),
        ),
        Ex::Not(of) => Ex::Not(go(of)),
        Ex::And(a, b) => Ex::And(go(a), go(b)),
        Ex::Or(a, b) => Ex::Or(go(a), go(b)),
        Ex::Xor(a, b) => Ex::Xor(go(a), go(b)),
        Ex::Compare(first, rest) => Ex::Compare(
            go(first),
            rest.into_iter()
                .map(|(comparison, operand)| (comparison, rewrite(operand, keys)))
                .collect(),
        ),
        Ex::IsNull(of, negated) => Ex::IsNull(go(of), negated),
        Ex::Arithmetic(operator, a, b) => Ex::Arithmetic(operator, go(a), go(b)),
        Ex::Negate(of) => Ex::Negate(go(of)),
        Ex::Plus(of) => Ex::Plus(go(of)),
        Ex::In(a, b) => Ex::In(go(a), go(b)),
        Ex::TextTest(test, a, b) => Ex::TextTest(test, go(a), go(b)),
        Ex::Matches(a, b) => Ex::Matches(go(a), go(b)),
        Ex::MatchesKnown(of, pattern) => Ex::MatchesKnown(go(of), pattern),
        Ex::HasLabels(of, labels) => Ex::HasLabels(go(of), labels),
        Ex::Call(function, args) => Ex::Call(function, all(args)),
        Ex::Case {
            subject,
            branches,
            otherwise,
        } => Ex::Case {
            subject: maybe(subject),
            branches: branches
                .into_iter()
                .map(|(when, then)| (rewrite(when, keys), rewrite(then, keys)))
                .collect(),
            otherwise: maybe(otherwise),
        },
        Ex::ListComprehension {
            slot,
            list,
            predicate,
            map,
        } => Ex::ListComprehension {
            slot,
            list: go(list),
            predicate: maybe(predicate),
            map: maybe(map),
        },
        Ex::Reduce {
            accumulator,
            start,
            slot,
            list,
            step,
        } => Ex::Reduce {
            accumulator,
            start: go(start),
            slot,
            list: go(list),
            step: go(step),
        },
        Ex::Quantified {
            quantifier,
            slot,
            list,
            predicate,
        } => Ex::Quantified {
            quantifier,
            slot,
            list: go(list),
            predicate: go(predicate),
        },
        Ex::MapProjection { of, items } => Ex::MapProjection {
            of: go(of),
            items: items
                .into_iter()
                .map(|item| match item {
                    MapEntry::Entry(name, value) => MapEntry::Entry(name, rewrite(value, keys)),
                    other => other,
                })
                .collect(),
        },
    }
}
