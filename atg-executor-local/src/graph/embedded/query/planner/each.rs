//! What a condition on a whole path says of each of its parts, and of how many there can be.

use super::{Each, Part};
use crate::cypher::{
    ast::{Comparison, Quantifier},
    eval::Ex,
    value::Value,
};

/// `all(x IN nodes(p) WHERE …)`, `none(…)` and `NOT any(…)`, if what they test is about the part alone.
pub(super) fn of(condition: &Ex, path: Option<usize>, chain: usize) -> Option<Each> {
    let (quantified, negated) = match condition {
        Ex::Not(inner) => (&**inner, true),
        other => (other, false),
    };
    let Ex::Quantified {
        quantifier,
        slot,
        list,
        predicate,
    } = quantified
    else {
        return None;
    };
    let holds = match (quantifier, negated) {
        (Quantifier::All, false) => true,
        (Quantifier::None, false) | (Quantifier::Any, true) => false,
        _ => return None,
    };
    let of = match &**list {
        Ex::Slot(slot) if *slot == chain => Part::Relationship,
        Ex::Call(function, args) if is_path(args, path) => match function.name {
            "nodes" => Part::Node,
            "relationships" => Part::Relationship,
            _ => return None,
        },
        _ => return None,
    };
    let mut is_alone = true;
    predicate.visit(&mut |part| match part {
        Ex::Slot(slot) => is_alone &= *slot != chain && Some(*slot) != path,
        Ex::Subquery(..) => is_alone = false,
        _ => {}
    });
    is_alone.then(|| Each {
        of,
        slot: *slot,
        condition: (**predicate).clone(),
        holds,
    })
}

/// How many steps `length(p) < …` and its kin leave at most.
pub(super) fn most_steps(condition: &Ex, path: Option<usize>, chain: usize) -> Option<usize> {
    let Ex::Compare(left, rest) = condition else {
        return None;
    };
    let counts = match &**left {
        Ex::Call(function, args) if function.name == "length" => is_path(args, path),
        Ex::Call(function, args) if function.name == "size" => args.as_slice() == [Ex::Slot(chain)],
        _ => false,
    };
    let [(comparison, Ex::Const(Value::Int(count)))] = rest.as_slice() else {
        return None;
    };
    let most = match comparison {
        Comparison::Less => count.saturating_sub(1),
        Comparison::LessOrEqual | Comparison::Equal => *count,
        _ => return None,
    };
    counts.then(|| usize::try_from(most).unwrap_or(0))
}

fn is_path(args: &[Ex], path: Option<usize>) -> bool {
    matches!(args, [Ex::Slot(slot)] if Some(*slot) == path)
}
