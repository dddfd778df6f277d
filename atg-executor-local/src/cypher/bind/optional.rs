//! Conditions of `OPTIONAL MATCH` under which Neo4j loses rows.
//!
//! Behind other clauses, Neo4j 5.26 drops what an `OPTIONAL MATCH` has found as soon as a `COUNT`, a `COLLECT` or a pattern
//! comprehension in its condition finds nothing, also where the condition is true. Neither its answer nor the right one
//! would do, so such a condition is refused.

use super::plan;
use crate::cypher::{
    Refusal, Span,
    ast::{Comparison, SubqueryKind},
    eval::Ex,
    value::Value,
};

const MESSAGE: &str = "a count or list of what a pattern finds is not supported in the condition of an OPTIONAL MATCH \
                       behind other clauses, unless it is all of the condition, or a part joined by AND, and false where \
                       nothing is found: write EXISTS { … } or NOT EXISTS { … }";

pub(super) fn refuse_lost_rows(clause: &plan::Match, span: Span) -> Result<(), Refusal> {
    let chained = clause.relationships.iter().flat_map(|chain| &chain.properties);
    let is_lost = clause
        .predicates
        .iter()
        .any(|part| collects(part) && !is_false_of_nothing(part))
        || chained.into_iter().any(|(_, value)| collects(value));
    if is_lost {
        return Err(Refusal::unsupported(span, MESSAGE));
    }
    Ok(())
}

/// Whether anything in it, however deep, gathers what a pattern finds. To ask whether there is any does not.
fn collects(ex: &Ex) -> bool {
    ex.any(|part| matches!(part, Ex::Subquery(kind, plan) if *kind != SubqueryKind::Exists || inside(plan)))
}

fn inside(plan: &plan::Plan) -> bool {
    let mut found = false;
    plan.visit(&mut |ex| found |= collects(ex));
    found
}

/// `COUNT { … } > 1` and its kin: such a row is dropped in any case.
fn is_false_of_nothing(part: &Ex) -> bool {
    let Ex::Compare(left, rest) = part else {
        return false;
    };
    let [(comparison, right)] = rest.as_slice() else {
        return false;
    };
    let holds = |left: i64, right: i64| match comparison {
        Comparison::Equal => left == right,
        Comparison::NotEqual => left != right,
        Comparison::Less => left < right,
        Comparison::LessOrEqual => left <= right,
        Comparison::Greater => left > right,
        Comparison::GreaterOrEqual => left >= right,
    };
    match (&**left, right) {
        (count, Ex::Const(Value::Int(number))) if counts(count) => !holds(0, *number),
        (Ex::Const(Value::Int(number)), count) if counts(count) => !holds(*number, 0),
        _ => false,
    }
}

/// `COUNT { … }`, or `size(…)` of what is collected, with nothing of the kind inside.
fn counts(ex: &Ex) -> bool {
    match ex {
        Ex::Subquery(SubqueryKind::Count, plan) => !inside(plan),
        Ex::Call(function, args) if function.name == "size" => {
            matches!(args.as_slice(), [Ex::Subquery(SubqueryKind::Collect, plan)] if !inside(plan))
        }
        _ => false,
    }
}
