//! In which order the parts of a pattern are found.
//!
//! Greedy: from what is known, along relationships; otherwise from the node that the fewest rows can be. Every condition
//! is checked as soon as everything that it needs is known.

mod chains;
mod each;
mod find;
mod implied;
mod predicate;

use std::{collections::HashSet, rc::Rc, sync::Arc};

use self::{
    chains::turned,
    predicate::{Hint, Lookup},
};
use super::{
    Execution,
    sql::{Output, Param},
    statements,
};
use crate::cypher::{
    ast::{Direction, LabelExpr},
    bind::plan::Match,
    eval::{Ex, Outcome, labels_fit},
};

/// How one `MATCH` is carried out.
#[derive(Debug)]
pub(super) struct Steps {
    pub(super) optional: bool,
    /// Slots that must hold a node, or a relationship, from before.
    pub(super) bound_nodes: Vec<usize>,
    pub(super) bound_relationships: Vec<usize>,
    /// Slots that are null where an optional pattern is not there.
    pub(super) new: Vec<usize>,
    pub(super) steps: Vec<Step>,
}

#[derive(Debug)]
pub(super) enum Step {
    Check(Vec<Ex>),
    Find(Find),
    Chain(Chain),
    Shortest(Shortest),
    Path(Assembly),
}

/// One SQL statement.
#[derive(Debug)]
pub(super) struct Find {
    pub(super) sql: String,
    /// The same, counting what it finds.
    pub(super) count_sql: String,
    pub(super) params: Vec<Param>,
    pub(super) outputs: Vec<Output>,
    /// Slots of relationships that it finds.
    pub(super) found: Vec<usize>,
    /// Slots of chains found before, whose relationships must not be found again.
    pub(super) chains: Vec<usize>,
}

/// A relationship of variable length, from a known node.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) slot: usize,
    pub(super) from: usize,
    pub(super) to: usize,
    /// Whether the other end must be what is in its slot already.
    pub(super) to_known: bool,
    /// Whether it is walked from right to left.
    pub(super) reversed: bool,
    pub(super) direction: Direction,
    pub(super) types: Option<Vec<i64>>,
    pub(super) min: usize,
    pub(super) max: Option<usize>,
    pub(super) properties: Vec<(Arc<str>, Ex)>,
    /// Slots of relationships and chains that must not be walked.
    pub(super) exclude: Vec<usize>,
    /// What every node and every relationship of a shortest path must be.
    pub(super) each: Vec<Each>,
}

/// A condition on all parts of a path, which can be checked part by part while the path is being searched.
#[derive(Debug)]
pub(super) struct Each {
    pub(super) of: Part,
    /// The slot in which the condition expects the part.
    pub(super) slot: usize,
    pub(super) condition: Ex,
    /// Whether the condition must hold, or must be false.
    pub(super) holds: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Node,
    Relationship,
}

/// A shortest path between two known nodes.
#[derive(Debug)]
pub(super) struct Shortest {
    pub(super) chain: Chain,
    pub(super) all: bool,
    /// Conditions on the path itself: the shortest that satisfies them is meant.
    pub(super) predicates: Vec<Ex>,
    pub(super) path: Option<Assembly>,
}

/// A named path that is put together.
#[derive(Debug)]
pub(super) struct Assembly {
    pub(super) slot: usize,
    pub(super) start: usize,
    /// Each hop: the slot of the relationship or chain, and of the node behind it.
    pub(super) hops: Vec<(usize, usize)>,
}

struct Condition {
    ex: Ex,
    /// Slots of this pattern that it needs; `None` for all of them.
    needs: Option<Vec<usize>>,
    done: bool,
}

struct Planner<'a> {
    execution: &'a Execution<'a>,
    pattern: &'a Match,
    /// Labels of each node, those of the conditions included.
    labels: Vec<Option<LabelExpr>>,
    /// Types of each relationship, those of the conditions included.
    types: Vec<Option<LabelExpr>>,
    known: Vec<bool>,
    done: Vec<bool>,
    conditions: Vec<Condition>,
    /// Slots that hold something.
    available: HashSet<usize>,
    own: HashSet<usize>,
    steps: Vec<Step>,
}

impl Execution<'_> {
    /// The steps of a `MATCH`; planned when it is first reached.
    pub(super) fn steps(&self, pattern: &Arc<Match>) -> Outcome<Rc<Steps>> {
        let address = Arc::as_ptr(pattern) as usize;
        if let Some(steps) = self.steps.borrow().get(&address) {
            return Ok(Rc::clone(steps));
        }
        let steps = Rc::new(Planner::new(self, pattern).plan()?);
        self.steps.borrow_mut().insert(address, Rc::clone(&steps));
        Ok(steps)
    }
}

impl<'a> Planner<'a> {
    fn new(execution: &'a Execution<'a>, pattern: &'a Match) -> Self {
        let nodes = pattern
            .nodes
            .iter()
            .filter(|node| !node.bound)
            .map(|node| node.slot);
        let relationships = pattern.relationships.iter().filter(|r| !r.bound).map(|r| r.slot);
        let own: HashSet<usize> = nodes
            .chain(relationships)
            .chain(pattern.paths.iter().map(|path| path.slot))
            .collect();
        let mut labels: Vec<_> = pattern.nodes.iter().map(|node| node.labels.clone()).collect();
        let mut types: Vec<_> = pattern.relationships.iter().map(|r| r.types.clone()).collect();
        let mut conditions = Vec::new();
        for predicate in &pattern.predicates {
            // A label test is part of finding, like a label in the pattern.
            if let Ex::HasLabels(of, tested) = predicate
                && let Ex::Slot(slot) = **of
                && let Some(index) = pattern
                    .nodes
                    .iter()
                    .position(|node| node.slot == slot && !node.bound)
            {
                implied::add(&mut labels[index], tested.clone());
                continue;
            }
            // Other conditions say as much beside what they test; they are checked all the same.
            for (index, node) in pattern.nodes.iter().enumerate().filter(|(_, node)| !node.bound) {
                if let Some(tested) = implied::labels(predicate, node.slot) {
                    implied::add(&mut labels[index], tested);
                }
            }
            for (index, relationship) in pattern.relationships.iter().enumerate() {
                if relationship.length.is_none()
                    && let Some(tested) = implied::types(predicate, relationship.slot)
                {
                    implied::add(&mut types[index], tested);
                }
            }
            conditions.push(Condition {
                needs: predicate::needs(predicate, &own),
                ex: predicate.clone(),
                done: false,
            });
        }
        Self {
            execution,
            pattern,
            labels,
            types,
            known: pattern.nodes.iter().map(|node| node.bound).collect(),
            done: vec![false; pattern.relationships.len()],
            conditions,
            available: HashSet::new(),
            own,
            steps: Vec::new(),
        }
    }

    fn plan(mut self) -> Outcome<Steps> {
        for (index, node) in self.pattern.nodes.iter().enumerate() {
            if node.bound
                && let Some(labels) = self.labels[index].clone()
            {
                let ex = Ex::HasLabels(Box::new(Ex::Slot(node.slot)), labels);
                self.steps.push(Step::Check(vec![ex]));
            }
        }
        self.check();
        while let Some(step) = self.next()? {
            self.steps.push(step);
            self.check();
        }
        for path in &self.pattern.paths {
            let shortest = path
                .hops
                .iter()
                .any(|hop| self.pattern.relationships[*hop].shortest.is_some());
            if !shortest {
                self.steps.push(Step::Path(self.assembly(path)));
            }
            self.available.insert(path.slot);
        }
        self.check();
        let rest: Vec<Ex> = self
            .conditions
            .iter()
            .filter(|condition| !condition.done)
            .map(|c| c.ex.clone())
            .collect();
        if !rest.is_empty() {
            self.steps.push(Step::Check(rest));
        }
        let bound = |bound: bool, slot: usize| bound.then_some(slot);
        let mut new: Vec<usize> = self.own.into_iter().collect();
        new.sort_unstable();
        Ok(Steps {
            optional: self.pattern.optional,
            bound_nodes: self
                .pattern
                .nodes
                .iter()
                .filter_map(|node| bound(node.bound, node.slot))
                .collect(),
            bound_relationships: self
                .pattern
                .relationships
                .iter()
                .filter_map(|r| bound(r.bound, r.slot))
                .collect(),
            new,
            steps: self.steps,
        })
    }

    /// Emits the conditions that can be checked now.
    fn check(&mut self) {
        let mut ready = Vec::new();
        for condition in self.conditions.iter_mut().filter(|condition| !condition.done) {
            let Some(needs) = &condition.needs else { continue };
            if needs.iter().all(|slot| self.available.contains(slot)) {
                condition.done = true;
                ready.push(condition.ex.clone());
            }
        }
        if !ready.is_empty() {
            self.steps.push(Step::Check(ready));
        }
    }

    fn next(&mut self) -> Outcome<Option<Step>> {
        let relationships = &self.pattern.relationships;
        let open = || (0..relationships.len()).filter(|index| !self.done[*index]);
        let ends = |index: usize| (relationships[index].left, relationships[index].right);
        // Along a relationship of one step from what is known, or that is known itself.
        let near = |index: &usize| {
            let (left, right) = ends(*index);
            relationships[*index].length.is_none()
                && (relationships[*index].bound || self.known[left] || self.known[right])
        };
        if open().any(|index| near(&index)) {
            return self.find(None).map(Some);
        }
        let both = |index: &usize| self.known[ends(*index).0] && self.known[ends(*index).1];
        if let Some(index) = open().find(|index| relationships[*index].shortest.is_some() && both(index)) {
            return Ok(Some(self.shortest(index)));
        }
        let one = |index: &usize| {
            relationships[*index].shortest.is_none()
                && (self.known[ends(*index).0] || self.known[ends(*index).1])
        };
        // A chain whose ends are both known only filters, so it goes first.
        let chain = open()
            .find(|index| relationships[*index].shortest.is_none() && both(index))
            .or_else(|| open().find(one));
        if let Some(index) = chain {
            return Ok(Some(self.chain_step(index)));
        }
        let mut best: Option<(f64, usize)> = None;
        for index in (0..self.known.len()).filter(|index| !self.known[*index]) {
            let rows = self.lookup(index)?.rows;
            if best.is_none_or(|(fewest, _)| rows < fewest) {
                best = Some((rows, index));
            }
        }
        match best {
            Some((_, index)) => self.find(Some(index)).map(Some),
            None => Ok(None),
        }
    }

    /// The cheapest way to begin with a node.
    fn lookup(&self, index: usize) -> Outcome<Lookup> {
        let slot = self.pattern.nodes[index].slot;
        let hints = self.hints(slot);
        predicate::lookup(self.execution, hints, self.labels[index].as_ref())
    }

    /// What the conditions say of a node that SQLite can use, given what is known.
    fn hints(&self, slot: usize) -> Vec<Hint> {
        let known = |slot: usize| !self.own.contains(&slot) || self.available.contains(&slot);
        let conditions = self.conditions.iter().filter(|condition| !condition.done);
        conditions
            .filter_map(|condition| predicate::hint(&condition.ex, slot, &known))
            .collect()
    }

    /// Types as numbers; `None` where all fit.
    fn types(&self, relationship: usize) -> Option<Vec<i64>> {
        let types = self.types[relationship].as_ref()?;
        let all = &self.execution.names.types;
        let mut fitting: Vec<i64> = all
            .iter()
            .filter(|(_, name)| labels_fit(types, &|wanted| ***name == *wanted, true))
            .map(|(id, _)| *id)
            .collect();
        fitting.sort_unstable();
        (fitting.len() < all.len() || all.is_empty()).then_some(fitting)
    }
}

/// Counts rows, up to a limit.
fn count(execution: &Execution<'_>, sql: &str) -> Outcome<f64> {
    let mut statement = statements::sql(execution.connection.prepare_cached(sql))?;
    let rows: i64 = statements::sql(statement.query_row([], |row| row.get(0)))?;
    Ok(rows as f64)
}
