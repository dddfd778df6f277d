//! Relationships of variable length: every way that uses no relationship twice.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
    sync::Arc,
};

use rusqlite::params;

use super::{
    Execution,
    matching::Matches,
    planner::{Chain, Each, Part},
    sql as text,
    statements::sql,
};
use crate::cypher::{
    ast::Direction,
    eval::{Graph, Outcome, Row, truth},
    value::{self, Node, Relationship, Value},
};

/// What one chain asks of each relationship, for one row.
pub(super) struct Walker<'s> {
    execution: &'s Execution<'s>,
    sql: Vec<String>,
    properties: Vec<(Arc<str>, Value)>,
    excluded: Vec<i64>,
    each: &'s [Each],
    /// The row for which ways are searched, for the conditions on their parts.
    row: RefCell<Vec<Value>>,
    /// Steps that were looked up already: ways meet again and again.
    seen: RefCell<HashMap<i64, Rc<[Hop]>>>,
    /// How many steps are kept in it.
    kept: Cell<usize>,
}

/// As many steps are kept as take a few megabytes; beyond them, the database is asked again.
const KEPT: usize = 100_000;

/// A relationship and the node that it leads to.
pub(super) type Hop = (Relationship, i64);

impl<'s> Walker<'s> {
    pub(super) fn new(execution: &'s Execution<'s>, chain: &'s Chain, row: &mut Row) -> Outcome<Self> {
        let mut properties = Vec::with_capacity(chain.properties.len());
        for (name, wanted) in &chain.properties {
            properties.push((Arc::clone(name), wanted.eval(row, execution)?));
        }
        let mut excluded = Vec::new();
        for slot in &chain.exclude {
            match &row[*slot] {
                Value::Relationship(relationship) => excluded.push(relationship.id),
                Value::List(items) => excluded.extend(items.iter().filter_map(|item| match item {
                    Value::Relationship(relationship) => Some(relationship.id),
                    _ => None,
                })),
                _ => {}
            }
        }
        let sql = statements(execution, chain, chain.direction);
        Ok(Self {
            execution,
            sql,
            properties,
            excluded,
            each: &chain.each,
            row: RefCell::new(if chain.each.is_empty() {
                Vec::new()
            } else {
                row.to_vec()
            }),
            seen: RefCell::default(),
            kept: Cell::new(0),
        })
    }

    /// The same the other way round.
    pub(super) fn backwards(&self, chain: &Chain) -> Self {
        let direction = match chain.direction {
            Direction::Right => Direction::Left,
            Direction::Left => Direction::Right,
            Direction::Either => Direction::Either,
        };
        Self {
            execution: self.execution,
            sql: statements(self.execution, chain, direction),
            properties: self.properties.clone(),
            excluded: self.excluded.clone(),
            each: self.each,
            row: self.row.clone(),
            seen: RefCell::default(),
            kept: Cell::new(0),
        }
    }

    /// All steps that can be taken from a node.
    pub(super) fn hops(&self, from: i64) -> Outcome<Rc<[Hop]>> {
        if let Some(hops) = self.seen.borrow().get(&from) {
            return Ok(Rc::clone(hops));
        }
        let hops: Rc<[Hop]> = self.look_up(from)?.into();
        if self.kept.get() + hops.len() < KEPT {
            // One more for the entry itself.
            self.kept.set(self.kept.get() + hops.len() + 1);
            self.seen.borrow_mut().insert(from, Rc::clone(&hops));
        }
        Ok(hops)
    }

    fn look_up(&self, from: i64) -> Outcome<Vec<Hop>> {
        let mut hops = Vec::new();
        for (index, query) in self.sql.iter().enumerate() {
            let mut statement = sql(self.execution.connection.prepare_cached(query))?;
            let mut rows = sql(statement.query(params![from]))?;
            while let Some(found) = sql(rows.next())? {
                self.execution.check_time()?;
                let relationship = Relationship {
                    id: sql(found.get(0))?,
                    kind: sql(found.get(1))?,
                    start: sql(found.get(2))?,
                    end: sql(found.get(3))?,
                };
                // Walked without direction, a loop is found by both statements.
                if index > 0 && relationship.start == relationship.end {
                    continue;
                }
                if self.fits(&relationship)? {
                    let to = if relationship.start == from {
                        relationship.end
                    } else {
                        relationship.start
                    };
                    if self.may_be(Part::Node, || Value::Node(Node { id: to, known: None }))? {
                        hops.push((relationship, to));
                    }
                }
            }
        }
        Ok(hops)
    }

    fn fits(&self, relationship: &Relationship) -> Outcome<bool> {
        if self.excluded.contains(&relationship.id) {
            return Ok(false);
        }
        for (name, wanted) in &self.properties {
            let property = self.execution.relationship_property(relationship, name)?;
            if value::equal(&property, wanted) != Some(true) {
                return Ok(false);
            }
        }
        self.may_be(Part::Relationship, || Value::Relationship(relationship.clone()))
    }

    /// Whether the conditions on each part let this one be in a path.
    pub(super) fn may_be(&self, part: Part, value: impl Fn() -> Value) -> Outcome<bool> {
        for each in self.each.iter().filter(|each| each.of == part) {
            let row = &mut *self.row.borrow_mut();
            row[each.slot] = value();
            if truth(&each.condition.eval(row, self.execution)?)? != Some(each.holds) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The statements that take one step from the node `?1`.
pub(super) fn statements(execution: &Execution<'_>, chain: &Chain, direction: Direction) -> Vec<String> {
    let types = text::types_condition("e", chain.types.as_deref())
        .map_or(String::new(), |types| format!(" AND {types}"));
    let along = |from: &str, to: &str| {
        let confined = execution.tenants.as_ref().map_or(String::new(), |tenants| {
            let tenants = text::numbers(tenants);
            format!(" AND EXISTS (SELECT 1 FROM node AS n WHERE n.id = e.{to} AND n.tenant IN ({tenants}))")
        });
        format!("SELECT e.id, e.type, e.src, e.dst FROM edge AS e WHERE e.{from} = ?1{types}{confined}")
    };
    match direction {
        Direction::Right => vec![along("src", "dst")],
        Direction::Left => vec![along("dst", "src")],
        Direction::Either => vec![along("src", "dst"), along("dst", "src")],
    }
}

impl Execution<'_> {
    /// Finds every chain from a known node, depth first: what it keeps is one way and its branches.
    pub(super) fn walk(&self, chain: &Chain, row: &mut Row, next: Matches<'_>) -> Outcome<bool> {
        let Value::Node(from) = row[chain.from].clone() else {
            return Ok(true);
        };
        let target = match &row[chain.to] {
            Value::Node(node) if chain.to_known => Some(node.id),
            _ if chain.to_known => return Ok(true),
            _ => None,
        };
        let walker = Walker::new(self, chain, row)?;
        let mut way: Vec<Relationship> = Vec::new();
        if chain.min == 0 && !self.arrived(chain, &from, &way, target, row, next)? {
            return Ok(false);
        }
        if chain.max == Some(0) {
            return Ok(true);
        }
        // The steps from each node of the way, and how many of them were tried.
        let mut branches = vec![(walker.hops(from.id)?, 0)];
        while let Some((branch, tried)) = branches.last_mut() {
            self.check_time()?;
            let Some((relationship, to)) = branch.get(*tried).cloned() else {
                branches.pop();
                way.pop();
                continue;
            };
            *tried += 1;
            if way.iter().any(|taken| taken.id == relationship.id) {
                continue;
            }
            way.push(relationship);
            let node = Node { id: to, known: None };
            if way.len() >= chain.min && !self.arrived(chain, &node, &way, target, row, next)? {
                return Ok(false);
            }
            if chain.max.is_none_or(|max| way.len() < max) {
                let hops = walker.hops(to)?;
                self.check_size((way.len() + hops.len()) * 64)?;
                branches.push((hops, 0));
            } else {
                way.pop();
            }
        }
        Ok(true)
    }

    fn arrived(
        &self,
        chain: &Chain,
        node: &Node,
        way: &[Relationship],
        target: Option<i64>,
        row: &mut Row,
        next: Matches<'_>,
    ) -> Outcome<bool> {
        match target {
            Some(target) if target != node.id => return Ok(true),
            Some(_) => {}
            None => row[chain.to] = Value::Node(node.clone()),
        }
        row[chain.slot] = chain_value(way, chain.reversed);
        next(row)
    }
}

/// The relationships in the order in which the pattern was written.
pub(super) fn chain_value(way: &[Relationship], reversed: bool) -> Value {
    let items = way.iter().cloned().map(Value::Relationship);
    Value::list(if reversed {
        items.rev().collect()
    } else {
        items.collect()
    })
}
