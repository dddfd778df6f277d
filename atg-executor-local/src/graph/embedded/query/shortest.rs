//! Shortest paths between two known nodes.

use std::{cell::Cell, collections::HashMap};

use super::{
    Execution,
    chain::{Hop, Walker, chain_value},
    matching::Matches,
    planner::{Part, Shortest},
};
use crate::cypher::{
    eval::{Fault, Graph, Outcome, Row, holds},
    value::{Relationship, Value},
};

impl Execution<'_> {
    /// Finds one shortest path, or all of them, among those that satisfy the conditions.
    ///
    /// A search from the end gives every node its distance to it, which both tells the first length to try and keeps the
    /// search from the start on ways that can still arrive in time. Longer ways are tried only while conditions refuse
    /// the shorter ones.
    pub(super) fn shortest(&self, shortest: &Shortest, row: &mut Row, next: Matches<'_>) -> Outcome<bool> {
        let chain = &shortest.chain;
        let (Value::Node(from), Value::Node(to)) = (&row[chain.from], &row[chain.to]) else {
            return Ok(true);
        };
        let (from, to) = (from.id, to.id);
        if from == to && chain.min == 0 {
            return self.of_no_steps(shortest, row, next);
        }
        if from == to {
            let message =
                "shortestPath needs two different nodes: exclude equal ones, as in WHERE a <> b before it";
            return Err(Fault::invalid(message));
        }
        let walker = Walker::new(self, chain, row)?;
        for end in [from, to] {
            if !walker.may_be(Part::Node, || Value::Node(self.node(end)))? {
                return Ok(true);
            }
        }
        let distances = self.distances(
            &walker.backwards(chain),
            from,
            to,
            chain.max,
            shortest.predicates.is_empty(),
        )?;
        let Some(first) = distances.get(&from).copied() else {
            return Ok(true);
        };
        let mut length = first;
        loop {
            if chain.max.is_some_and(|max| length > max) {
                return Ok(true);
            }
            let search = Search {
                walker: &walker,
                distances: &distances,
                from,
                to,
                length,
            };
            match self.of_length(shortest, &search, row, next)? {
                Outcomes::Enough => return Ok(false),
                Outcomes::Found | Outcomes::Exhausted => return Ok(true),
                Outcomes::None if shortest.predicates.is_empty() => return Ok(true),
                Outcomes::None => length += 1,
            }
        }
    }

    /// The path of a node to itself, which a minimum of no steps admits.
    fn of_no_steps(&self, shortest: &Shortest, row: &mut Row, next: Matches<'_>) -> Outcome<bool> {
        let (walker, node) = (
            Walker::new(self, &shortest.chain, row)?,
            row[shortest.chain.from].clone(),
        );
        if !walker.may_be(Part::Node, || node.clone())? {
            return Err(refused());
        }
        row[shortest.chain.slot] = Value::list(Vec::new());
        if let Some(path) = &shortest.path {
            row[path.slot] = self.assemble(path, row)?;
        }
        for predicate in &shortest.predicates {
            if !holds(predicate, row, self)? {
                return Err(refused());
            }
        }
        next(row)
    }

    /// How many steps each node is away from the end. Stops at the start where nothing beyond it matters.
    fn distances(
        &self,
        walker: &Walker<'_>,
        from: i64,
        to: i64,
        max: Option<usize>,
        stop: bool,
    ) -> Outcome<HashMap<i64, usize>> {
        let mut distances = HashMap::from([(to, 0)]);
        let mut frontier = vec![to];
        let mut distance = 0;
        while !frontier.is_empty() && max.is_none_or(|max| distance < max) {
            if stop && distances.contains_key(&from) {
                break;
            }
            distance += 1;
            let mut next = Vec::new();
            for node in frontier {
                for (_, neighbour) in walker.hops(node)?.iter() {
                    if let std::collections::hash_map::Entry::Vacant(entry) = distances.entry(*neighbour) {
                        entry.insert(distance);
                        next.push(*neighbour);
                    }
                }
            }
            self.check_size(distances.len() * 32)?;
            frontier = next;
        }
        Ok(distances)
    }

    /// Tries every way of exactly that many steps.
    fn of_length(
        &self,
        shortest: &Shortest,
        search: &Search<'_>,
        row: &mut Row,
        next: Matches<'_>,
    ) -> Outcome<Outcomes> {
        let chain = &shortest.chain;
        let mut found = false;
        // Whether there may be a longer way: one of this length was there, or could not arrive in as few steps.
        let longer = Cell::new(false);
        let mut way: Vec<Relationship> = Vec::new();
        let mut branches = vec![search.hops(search.from, 0, &longer)?.into_iter()];
        while let Some(branch) = branches.last_mut() {
            self.check_time()?;
            let Some((relationship, node)) = branch.next() else {
                branches.pop();
                way.pop();
                continue;
            };
            if way.iter().any(|taken| taken.id == relationship.id) {
                continue;
            }
            way.push(relationship);
            if way.len() < search.length {
                branches.push(search.hops(node, way.len(), &longer)?.into_iter());
                continue;
            }
            longer.set(true);
            if node == search.to {
                row[chain.slot] = chain_value(&way, chain.reversed);
                if let Some(path) = &shortest.path {
                    row[path.slot] = self.assemble(path, row)?;
                }
                let mut holds_all = true;
                for predicate in &shortest.predicates {
                    holds_all = holds_all && holds(predicate, row, self)?;
                }
                if holds_all {
                    found = true;
                    if !next(row)? {
                        return Ok(Outcomes::Enough);
                    }
                    if !shortest.all {
                        return Ok(Outcomes::Found);
                    }
                }
            }
            way.pop();
        }
        Ok(if found {
            Outcomes::Found
        } else if longer.get() {
            Outcomes::None
        } else {
            Outcomes::Exhausted
        })
    }
}

/// What became of the ways of one length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcomes {
    /// One was taken, and no more rows are wanted.
    Enough,
    Found,
    /// None, but there may be a longer one.
    None,
    /// None, and no longer one either.
    Exhausted,
}

struct Search<'s> {
    walker: &'s Walker<'s>,
    distances: &'s HashMap<i64, usize>,
    from: i64,
    to: i64,
    length: usize,
}

impl Search<'_> {
    /// Steps after which the end can still be reached in what is left.
    fn hops(&self, node: i64, taken: usize, longer: &Cell<bool>) -> Outcome<Vec<Hop>> {
        let left = self.length - taken - 1;
        let hops = self.walker.hops(node)?;
        let in_time = |to: &i64| match self.distances.get(to) {
            Some(distance) if *distance <= left => true,
            Some(_) => {
                longer.set(true);
                false
            }
            None => false,
        };
        Ok(hops.iter().filter(|(_, to)| in_time(to)).cloned().collect())
    }
}

/// It is not certain what Neo4j tries next.
fn refused() -> Fault {
    Fault::unsupported(
        "a condition on a shortest path that refuses the one of no steps is not supported: use two different nodes, as in \
         WHERE a <> b before it",
    )
}
