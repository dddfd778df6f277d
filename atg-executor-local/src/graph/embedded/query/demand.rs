//! Knowing beforehand what a query will ask of what its patterns find.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::data;
use crate::cypher::{
    bind::plan::{Match, Operator, Plan},
    eval::{Ex, MapEntry},
};

/// What a plan asks of the patterns in it.
#[derive(Debug, Default)]
pub(super) struct Demand {
    /// For each slot that holds a node, the properties that some expression will ask of it. What is missed here is read
    /// when it is asked for.
    pub(super) properties: HashMap<usize, Vec<Arc<str>>>,
    /// Slots that something reads: what a pattern finds beside them is not worth handing out.
    pub(super) slots: HashSet<usize>,
}

impl Demand {
    pub(super) fn of(plan: &Plan) -> Self {
        let mut search = Search::default();
        search.plan(plan);
        // A grouping key carries its node on to another slot.
        for (from, to) in search.moves.into_iter().rev() {
            for name in search.demand.properties.get(&to).cloned().unwrap_or_default() {
                want(&mut search.demand.properties, from, &name);
            }
        }
        search.demand
    }
}

fn want(wanted: &mut HashMap<usize, Vec<Arc<str>>>, slot: usize, name: &Arc<str>) {
    let names = wanted.entry(slot).or_default();
    if !names.contains(name) {
        names.push(Arc::clone(name));
    }
}

#[derive(Default)]
struct Search {
    demand: Demand,
    moves: Vec<(usize, usize)>,
}

impl Search {
    fn plan(&mut self, plan: &Plan) {
        self.demand
            .slots
            .extend(plan.columns.iter().map(|column| column.slot));
        for part in &plan.parts {
            for operator in &part.operators {
                self.operator(operator);
            }
        }
    }

    fn operator(&mut self, operator: &Operator) {
        match operator {
            Operator::Match(pattern) => {
                self.pattern(pattern);
                pattern
                    .predicates
                    .iter()
                    .for_each(|predicate| self.expression(predicate));
                for relationship in &pattern.relationships {
                    relationship
                        .properties
                        .iter()
                        .for_each(|(_, value)| self.expression(value));
                }
            }
            Operator::Unwind { list: ex, .. }
            | Operator::Filter(ex)
            | Operator::Skip(ex)
            | Operator::Limit(ex) => {
                self.expression(ex);
            }
            Operator::Project(items) => self.items(items),
            Operator::Aggregate { keys, aggregates } => {
                self.items(keys);
                aggregates
                    .iter()
                    .flat_map(|call| &call.args)
                    .for_each(|arg| self.expression(arg));
            }
            Operator::Distinct(slots) => self.demand.slots.extend(slots),
            Operator::Sort { keys, live, .. } => {
                self.demand.slots.extend(live);
                keys.iter().for_each(|key| self.expression(&key.expr));
            }
        }
    }

    /// What the steps of a pattern read of each other.
    fn pattern(&mut self, pattern: &Match) {
        let nodes = pattern.nodes.iter().map(|node| (node.slot, node.bound));
        let relationships = pattern.relationships.iter().map(|r| (r.slot, r.bound));
        // One statement that finds everything needs nothing but what was there before.
        let at_once = is_one_statement(pattern);
        let read = nodes.chain(relationships).filter(|(_, bound)| *bound || !at_once);
        self.demand.slots.extend(read.map(|(slot, _)| slot));
    }

    fn items(&mut self, items: &[(Ex, usize)]) {
        for (ex, slot) in items {
            if let Ex::Slot(from) = ex {
                self.moves.push((*from, *slot));
            }
            self.expression(ex);
        }
    }

    fn expression(&mut self, ex: &Ex) {
        let mut plans = Vec::new();
        ex.visit(&mut |part| match part {
            Ex::Slot(slot) => {
                self.demand.slots.insert(*slot);
            }
            Ex::Property(of, name) => {
                if let Ex::Slot(slot) = **of {
                    want(&mut self.demand.properties, slot, name);
                }
            }
            Ex::MapProjection { of, items } => {
                if let Ex::Slot(slot) = **of {
                    for item in items {
                        if let MapEntry::Property(name) = item {
                            want(&mut self.demand.properties, slot, name);
                        }
                    }
                }
            }
            Ex::Call(function, args) if function.name == "labels" => {
                if let [Ex::Slot(slot)] = args.as_slice() {
                    want(&mut self.demand.properties, *slot, &Arc::from(data::LABELS));
                }
            }
            Ex::Subquery(_, plan) => plans.push(Arc::clone(plan)),
            _ => {}
        });
        plans.iter().for_each(|plan| self.plan(plan));
    }
}

/// Whether steps of fixed length join all of its nodes, and no path is put together of them.
fn is_one_statement(pattern: &Match) -> bool {
    if !pattern.paths.is_empty() || pattern.relationships.iter().any(|r| r.length.is_some()) {
        return false;
    }
    let mut joined: Vec<usize> = (0..pattern.nodes.len()).collect();
    for relationship in &pattern.relationships {
        let (into, from) = (joined[relationship.left], joined[relationship.right]);
        joined
            .iter_mut()
            .filter(|part| **part == from)
            .for_each(|part| *part = into);
    }
    joined.windows(2).all(|pair| pair[0] == pair[1])
}
