//! An order that Neo4j works out before the rows it is for are there.
//!
//! Where a part of an `OPTIONAL MATCH` hangs together with nothing that was found before, Neo4j 5.26 may sort what that part
//! finds ahead of the outer join, with all that DISTINCT and ORDER BY name. Where nothing is found, the join then gives null
//! for everything that the order named, for constants too.

use std::collections::HashSet;

use super::scope::Scope;
use crate::cypher::{
    Refusal,
    ast::{Match, Pattern, Projection},
};

const MESSAGE: &str = "DISTINCT, ORDER BY of several values and LIMIT together are not supported behind an OPTIONAL MATCH of which \
                       a part has no variable of the clauses before: write that part as an OPTIONAL MATCH of its own, or \
                       order by one value";

/// Whether a part of an optional clause is connected to nothing that was there before.
pub(super) fn is_detached(clause: &Match, before: &Scope) -> bool {
    if !clause.optional || clause.patterns.len() < 2 || before.is_empty() {
        return false;
    }
    let mut reached: HashSet<&str> = before.iter().map(|variable| &*variable.name).collect();
    let mut rest: Vec<&Pattern> = clause.patterns.iter().collect();
    loop {
        let (met, others): (Vec<&Pattern>, Vec<&Pattern>) = rest
            .into_iter()
            .partition(|pattern| names(pattern).any(|name| reached.contains(name)));
        if met.is_empty() {
            return !others.is_empty();
        }
        reached.extend(met.into_iter().flat_map(names));
        rest = others;
    }
}

fn names(pattern: &Pattern) -> impl Iterator<Item = &str> {
    let hops = pattern.hops.iter();
    let hops = hops.flat_map(|(relationship, node)| [&relationship.name, &node.name]);
    [&pattern.start.name]
        .into_iter()
        .chain(hops)
        .flatten()
        .map(|name| name.text.as_str())
}

/// Refuses an order that Neo4j may take from before the join.
pub(super) fn refuse_early_order(projection: &Projection) -> Result<(), Refusal> {
    if projection.distinct && projection.order.len() > 1 && projection.limit.is_some() {
        return Err(Refusal::unsupported(projection.span, MESSAGE));
    }
    Ok(())
}
