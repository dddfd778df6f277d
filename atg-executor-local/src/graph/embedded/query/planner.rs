//! In which order the parts of a pattern are found.
//!
//! Greedy: from what is known, along relationships; otherwise from the node that the fewest rows can be. Every condition
//! is checked as soon as everything that it needs is known.

mod predicate;

use std::{collections::HashSet, rc::Rc, sync::Arc};

use self::predicate::{Hint, Lookup};
use super::{
    Execution,
    sql::{self, Builder, Output, Param},
    statements,
};
use crate::cypher::{
    ast::{Direction, LabelExpr},
    bind::plan::{self, Match},
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
    known: Vec<bool>,
    done: Vec<bool>,
    conditions: Vec<Condition>,
    /// Slots that hold something.
    available: HashSet<usize>,
    own: HashSet<usize>,
    steps: Vec<Step>,
}

/// Where a statement has the row number of a node from.
#[derive(Debug, Clone)]
enum Id {
    /// From the slot of a node that was known before: a parameter, if the statement asks for it at all.
    Known(usize),
    Sql(String),
}

impl Id {
    fn text(&self, builder: &mut Builder) -> String {
        match self {
            Self::Known(slot) => builder.node(*slot),
            Self::Sql(text) => text.clone(),
        }
    }
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
                labels[index] = Some(match labels[index].take() {
                    Some(before) => LabelExpr::And(Box::new(before), Box::new(tested.clone())),
                    None => tested.clone(),
                });
                continue;
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
    fn types(&self, types: Option<&LabelExpr>) -> Option<Vec<i64>> {
        let types = types?;
        let all = &self.execution.names.types;
        let mut fitting: Vec<i64> = all
            .iter()
            .filter(|(_, name)| labels_fit(types, &|wanted| ***name == *wanted, true))
            .map(|(id, _)| *id)
            .collect();
        fitting.sort_unstable();
        (fitting.len() < all.len() || all.is_empty()).then_some(fitting)
    }

    /// One statement: from a node if one is named, along every relationship of one step that can be reached.
    fn find(&mut self, start: Option<usize>) -> Outcome<Step> {
        let mut builder = Builder::default();
        // The SQL of each node's row number, where it is known before or in this statement.
        let mut ids: Vec<Option<Id>> = Vec::with_capacity(self.known.len());
        for (index, node) in self.pattern.nodes.iter().enumerate() {
            ids.push(self.known[index].then_some(Id::Known(node.slot)));
        }
        let before: Vec<usize> = (0..self.done.len()).filter(|index| self.done[*index]).collect();
        let mut placed: Vec<(usize, String)> = Vec::new();
        if let Some(start) = start {
            self.start(start, &mut builder, &mut ids, &mut placed)?;
        }
        while let Some(index) = self.reachable(&ids) {
            self.step(index, &mut builder, &mut ids, &mut placed);
        }
        self.unlike(&before, &placed, &mut builder);
        let found: Vec<usize> = placed
            .iter()
            .map(|(index, _)| self.pattern.relationships[*index].slot)
            .collect();
        let chains = before.iter().map(|index| &self.pattern.relationships[*index]);
        let chains = chains
            .filter(|relationship| relationship.length.is_some())
            .map(|r| r.slot)
            .collect();
        for (index, id) in ids.iter().enumerate() {
            if id.is_some() {
                self.known[index] = true;
                self.available.insert(self.pattern.nodes[index].slot);
            }
        }
        self.available.extend(&found);
        Ok(Step::Find(Find {
            sql: builder.text(),
            params: builder.params,
            outputs: builder.outputs,
            found,
            chains,
        }))
    }

    /// Begins with a node, or with all relationships where nothing better is known of any node.
    fn start(
        &mut self,
        start: usize,
        builder: &mut Builder,
        ids: &mut [Option<Id>],
        placed: &mut Vec<(usize, String)>,
    ) -> Outcome<()> {
        let lookup = self.lookup(start)?;
        if lookup.is_scan()
            && let Some(index) = (0..self.done.len()).find(|index| {
                let relationship = &self.pattern.relationships[*index];
                !self.done[*index]
                    && relationship.length.is_none()
                    && (relationship.left == start || relationship.right == start)
            })
        {
            self.begin_with_relationship(index, builder, ids, placed);
            return Ok(());
        }
        let alias = format!("n{start}");
        let node = &self.pattern.nodes[start];
        let labels = self.labels[start].clone();
        let id = match &lookup.labels {
            Some(seed) => {
                builder.table(format!("{seed} AS l{start}"));
                format!("l{start}.node")
            }
            None => String::new(),
        };
        if let Some(condition) = lookup.label_condition(start) {
            builder.condition(condition);
        }
        let wanted = self
            .execution
            .wanted
            .get(&node.slot)
            .map_or(&[][..], |wanted| wanted);
        let needs_table = id.is_empty()
            || !wanted.is_empty()
            || self.execution.tenants.is_some()
            || labels.as_ref().is_some_and(sql::needs_table);
        let id = if needs_table {
            builder.table(format!("node AS {alias}"));
            if !id.is_empty() {
                builder.condition(format!("{alias}.id = {id}"));
            }
            format!("{alias}.id")
        } else {
            id
        };
        for hint in &lookup.hints {
            hint.write(&alias, builder);
        }
        if let (Some(labels), false) = (&labels, lookup.covers_labels) {
            builder.condition(sql::labels_condition(labels, &id, &alias, &|label| {
                self.execution.names.label(label)
            }));
        }
        self.confine(&alias, needs_table, builder);
        builder.output_node(node.slot, &id, needs_table.then_some(&*alias), wanted);
        ids[start] = Some(Id::Sql(id));
        Ok(())
    }

    fn begin_with_relationship(
        &mut self,
        index: usize,
        builder: &mut Builder,
        ids: &mut [Option<Id>],
        placed: &mut Vec<(usize, String)>,
    ) {
        let relationship = &self.pattern.relationships[index];
        let alias = format!("e{index}");
        builder.table(format!("edge AS {alias}"));
        if relationship.bound {
            let param = builder.param(Param::Relationship(relationship.slot));
            builder.condition(format!("{alias}.id = {param}"));
        }
        if let Some(condition) =
            sql::types_condition(&alias, self.types(relationship.types.as_ref()).as_deref())
        {
            builder.condition(condition);
        }
        let (left, right) = match relationship.direction {
            Direction::Right => (format!("{alias}.src"), format!("{alias}.dst")),
            Direction::Left => (format!("{alias}.dst"), format!("{alias}.src")),
            Direction::Either => {
                // Each relationship both ways round, a loop once.
                builder.table(format!("(SELECT 0 AS turned UNION ALL SELECT 1) AS d{index}"));
                builder.condition(format!("(d{index}.turned = 0 OR {alias}.src <> {alias}.dst)"));
                let end = |first: &str, second: &str| {
                    format!("CASE d{index}.turned WHEN 0 THEN {alias}.{first} ELSE {alias}.{second} END")
                };
                (end("src", "dst"), end("dst", "src"))
            }
        };
        builder.output_relationship(relationship.slot, &alias);
        placed.push((index, alias));
        self.done[index] = true;
        for (node, id) in [(relationship.left, left), (relationship.right, right)] {
            self.arrive(node, id, builder, ids);
        }
    }

    /// A relationship of one step that touches what this statement knows.
    fn reachable(&self, ids: &[Option<Id>]) -> Option<usize> {
        let open = (0..self.done.len())
            .filter(|index| !self.done[*index] && self.pattern.relationships[*index].length.is_none());
        let ends = |index: usize| {
            let relationship = &self.pattern.relationships[index];
            usize::from(ids[relationship.left].is_some()) + usize::from(ids[relationship.right].is_some())
        };
        // Two known ends restrict more than one.
        open.filter(|index| self.pattern.relationships[*index].bound || ends(*index) > 0)
            .max_by_key(|index| (self.pattern.relationships[*index].bound, ends(*index)))
    }

    fn step(
        &mut self,
        index: usize,
        builder: &mut Builder,
        ids: &mut [Option<Id>],
        placed: &mut Vec<(usize, String)>,
    ) {
        let relationship = &self.pattern.relationships[index];
        let (from, to, direction) = match (&ids[relationship.left], &ids[relationship.right]) {
            (None, None) => return self.begin_with_relationship(index, builder, ids, placed),
            (Some(from), _) => (from.text(builder), relationship.right, relationship.direction),
            (None, Some(from)) => (
                from.text(builder),
                relationship.left,
                turned(relationship.direction),
            ),
        };
        let alias = format!("e{index}");
        builder.table(format!("edge AS {alias}"));
        if relationship.bound {
            let param = builder.param(Param::Relationship(relationship.slot));
            builder.condition(format!("{alias}.id = {param}"));
        }
        let types = sql::types_condition(&alias, self.types(relationship.types.as_ref()).as_deref());
        let typed = types.map_or(String::new(), |types| format!(" AND {types}"));
        let other = match direction {
            Direction::Right => {
                builder.condition(format!("{alias}.src = {from}{typed}"));
                format!("{alias}.dst")
            }
            Direction::Left => {
                builder.condition(format!("{alias}.dst = {from}{typed}"));
                format!("{alias}.src")
            }
            Direction::Either => {
                // Both indexes, each row once: a loop is not two.
                builder.condition(format!(
                    "(({alias}.src = {from}{typed}) OR ({alias}.dst = {from}{typed}))"
                ));
                format!("CASE WHEN {alias}.src = {from} THEN {alias}.dst ELSE {alias}.src END")
            }
        };
        builder.output_relationship(relationship.slot, &alias);
        placed.push((index, alias));
        self.done[index] = true;
        self.arrive(to, other, builder, ids);
    }

    /// A relationship has reached a node.
    fn arrive(&self, index: usize, id: String, builder: &mut Builder, ids: &mut [Option<Id>]) {
        if let Some(known) = &ids[index] {
            let known = known.text(builder);
            builder.condition(format!("{known} = {id}"));
            return;
        }
        let node = &self.pattern.nodes[index];
        let alias = format!("n{index}");
        let labels = self.labels[index].as_ref();
        let wanted = self
            .execution
            .wanted
            .get(&node.slot)
            .map_or(&[][..], |wanted| wanted);
        let needs_table =
            !wanted.is_empty() || self.execution.tenants.is_some() || labels.is_some_and(sql::needs_table);
        let id = if needs_table {
            builder.table(format!("node AS {alias}"));
            builder.condition(format!("{alias}.id = {id}"));
            format!("{alias}.id")
        } else {
            id
        };
        if let Some(labels) = labels {
            builder.condition(sql::labels_condition(labels, &id, &alias, &|label| {
                self.execution.names.label(label)
            }));
        }
        self.confine(&alias, needs_table, builder);
        builder.output_node(node.slot, &id, needs_table.then_some(&*alias), wanted);
        ids[index] = Some(Id::Sql(id));
    }

    /// Only nodes of the caller's tenants exist.
    fn confine(&self, alias: &str, joined: bool, builder: &mut Builder) {
        if let (Some(tenants), true) = (&self.execution.tenants, joined) {
            builder.condition(format!("{alias}.tenant IN ({})", sql::numbers(tenants)));
        }
    }

    /// Within one `MATCH` no relationship is found twice.
    fn unlike(&self, before: &[usize], placed: &[(usize, String)], builder: &mut Builder) {
        let types: Vec<_> = placed
            .iter()
            .map(|(index, _)| self.types(self.pattern.relationships[*index].types.as_ref()))
            .collect();
        for (at, (_, alias)) in placed.iter().enumerate() {
            for (earlier, (_, other)) in placed[..at].iter().enumerate() {
                let apart = match (&types[at], &types[earlier]) {
                    (Some(a), Some(b)) => a.iter().all(|kind| !b.contains(kind)),
                    _ => false,
                };
                if !apart {
                    builder.condition(format!("{alias}.id <> {other}.id"));
                }
            }
            for index in before {
                let relationship = &self.pattern.relationships[*index];
                if relationship.length.is_none() {
                    let param = builder.param(Param::Relationship(relationship.slot));
                    builder.condition(format!("{alias}.id <> {param}"));
                }
            }
        }
    }

    fn chain_step(&mut self, index: usize) -> Step {
        let chain = self.chain(index);
        self.done[index] = true;
        let relationship = &self.pattern.relationships[index];
        self.available.insert(relationship.slot);
        let reached = if chain.reversed {
            relationship.left
        } else {
            relationship.right
        };
        let mut labels = None;
        if !chain.to_known {
            self.known[reached] = true;
            self.available.insert(self.pattern.nodes[reached].slot);
            labels.clone_from(&self.labels[reached]);
        }
        if let Some(labels) = labels {
            let ex = Ex::HasLabels(Box::new(Ex::Slot(self.pattern.nodes[reached].slot)), labels);
            self.conditions.push(Condition {
                needs: predicate::needs(&ex, &self.own),
                ex,
                done: false,
            });
        }
        Step::Chain(chain)
    }

    fn chain(&self, index: usize) -> Chain {
        let relationship = &self.pattern.relationships[index];
        let reversed = !self.known[relationship.left];
        let (from, to) = if reversed {
            (relationship.right, relationship.left)
        } else {
            (relationship.left, relationship.right)
        };
        let length = relationship
            .length
            .unwrap_or(crate::cypher::ast::Length { min: 1, max: Some(1) });
        let size = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let exclude = (0..self.done.len()).filter(|other| self.done[*other]);
        Chain {
            slot: relationship.slot,
            from: self.pattern.nodes[from].slot,
            to: self.pattern.nodes[to].slot,
            to_known: self.known[to],
            reversed,
            direction: if reversed {
                turned(relationship.direction)
            } else {
                relationship.direction
            },
            types: self.types(relationship.types.as_ref()),
            min: size(length.min),
            max: length.max.map(size),
            properties: relationship.properties.clone(),
            exclude: exclude
                .map(|other| self.pattern.relationships[other].slot)
                .collect(),
        }
    }

    fn shortest(&mut self, index: usize) -> Step {
        let chain = self.chain(index);
        self.done[index] = true;
        let relationship = &self.pattern.relationships[index];
        self.available.insert(relationship.slot);
        let path = self.pattern.paths.iter().find(|path| path.hops.contains(&index));
        self.available.extend(path.map(|path| path.slot));
        let about_path =
            |slot: &usize| *slot == relationship.slot || path.is_some_and(|path| path.slot == *slot);
        let mut predicates = Vec::new();
        for condition in self.conditions.iter_mut().filter(|condition| !condition.done) {
            let about = condition
                .needs
                .as_ref()
                .is_none_or(|needs| needs.iter().any(about_path));
            let ready = condition
                .needs
                .as_ref()
                .is_none_or(|needs| needs.iter().all(|slot| self.available.contains(slot)));
            // Other patterns of the clause may still be open; what needs them is checked at the end.
            if about && ready {
                condition.done = true;
                predicates.push(condition.ex.clone());
            }
        }
        Step::Shortest(Shortest {
            chain,
            all: relationship.shortest == Some(crate::cypher::ast::Shortest::All),
            predicates,
            path: path.map(|path| self.assembly(path)),
        })
    }

    fn assembly(&self, path: &plan::Path) -> Assembly {
        let mut at = path.start;
        let hops = path.hops.iter().map(|hop| {
            let relationship = &self.pattern.relationships[*hop];
            at = if relationship.left == at {
                relationship.right
            } else {
                relationship.left
            };
            (relationship.slot, self.pattern.nodes[relationship.right].slot)
        });
        let hops = hops.collect();
        Assembly {
            slot: path.slot,
            start: self.pattern.nodes[path.start].slot,
            hops,
        }
    }
}

fn turned(direction: Direction) -> Direction {
    match direction {
        Direction::Right => Direction::Left,
        Direction::Left => Direction::Right,
        Direction::Either => Direction::Either,
    }
}

/// Counts rows, up to a limit.
fn count(execution: &Execution<'_>, sql: &str) -> Outcome<f64> {
    let mut statement = statements::sql(execution.connection.prepare_cached(sql))?;
    let rows: i64 = statements::sql(statement.query_row([], |row| row.get(0)))?;
    Ok(rows as f64)
}
