//! The operators of a plan as a chain: each takes rows and pushes rows to the next, until one says that it has enough.

use std::{collections::HashSet, rc::Rc};

use super::{
    Execution,
    counting::{self, Counting},
    projection::{Group, Sort},
};
use crate::cypher::{
    bind::plan::{Operator, Part, Plan},
    eval::{Ex, Fault, Outcome, Row, holds},
    value::{Value, group_key},
};

/// Takes rows. One row is changed in place on its whole way; only operators that keep rows copy what they need.
pub(super) trait Sink {
    /// Takes a row; false when no more are wanted.
    fn push(&mut self, row: &mut Row) -> Outcome<bool>;
    /// Takes the end of the rows.
    fn finish(&mut self, row: &mut Row) -> Outcome<()>;
}

pub(super) type Next<'s> = Box<dyn Sink + 's>;

/// Where rows of the whole query arrive.
type Answer<'s> = &'s mut dyn FnMut(&mut Row) -> Outcome<bool>;

impl Execution<'_> {
    /// Runs a plan for one row, which may hold what an outer query has bound.
    pub(super) fn run_plan(&self, plan: &Plan, row: &mut Row, answer: Answer<'_>) -> Outcome<()> {
        let mut seen = plan.distinct.then(HashSet::new);
        let columns: Vec<usize> = plan.columns.iter().map(|column| column.slot).collect();
        let mut more = true;
        let mut kept = 0;
        for part in &plan.parts {
            if !more {
                break;
            }
            let mut deliver = |row: &mut Row| {
                if let Some(seen) = &mut seen {
                    let key = key_of(&columns, row);
                    let size = key.len() + 64;
                    if !seen.insert(key) {
                        return Ok(true);
                    }
                    self.grow(size)?;
                    kept += size;
                }
                more = answer(row)?;
                Ok(more)
            };
            self.run_part(part, row, &mut deliver)?;
        }
        self.shrink(kept);
        Ok(())
    }

    fn run_part(&self, part: &Part, row: &mut Row, answer: Answer<'_>) -> Outcome<()> {
        let mut sink: Next<'_> = Box::new(Last(answer));
        let is_sorted = part
            .operators
            .iter()
            .any(|operator| matches!(operator, Operator::Sort { .. }));
        let mut rest = part.operators.as_slice();
        while let Some((operator, before)) = rest.split_last() {
            rest = before;
            if let Some((Operator::Match(pattern), before)) = rest.split_last() {
                let steps = self.steps(pattern)?;
                if let Some(calls) = counting::counts(pattern, &steps, operator) {
                    sink = Box::new(Counting::new(self, steps, calls, sink));
                    rest = before;
                    continue;
                }
            }
            sink = self.sink(operator, sink, is_sorted, row)?;
        }
        sink.push(row)?;
        sink.finish(row)
    }

    fn sink<'s>(
        &'s self,
        operator: &'s Operator,
        next: Next<'s>,
        is_sorted: bool,
        row: &mut Row,
    ) -> Outcome<Next<'s>> {
        Ok(match operator {
            Operator::Match(pattern) => Box::new(Matching {
                execution: self,
                steps: self.steps(pattern)?,
                next,
            }),
            Operator::Unwind { list, slot } => Box::new(Unwind {
                execution: self,
                list,
                slot: *slot,
                next,
            }),
            Operator::Filter(condition) => Box::new(Filter {
                execution: self,
                condition,
                next,
            }),
            Operator::Project(items) => Box::new(Project {
                execution: self,
                items,
                values: Vec::new(),
                next,
            }),
            Operator::Aggregate { keys, aggregates } => {
                Box::new(Group::new(self, keys, aggregates, is_sorted, next))
            }
            Operator::Distinct(slots) => Box::new(Distinct {
                execution: self,
                slots,
                is_sorted,
                seen: HashSet::new(),
                kept: 0,
                next,
            }),
            Operator::Sort { keys, live, top } => {
                let mut limit = None;
                for count in top {
                    limit = Some(limit.unwrap_or(0_u64).saturating_add(self.count(count, row)?));
                }
                Box::new(Sort::new(self, keys, live, limit, next))
            }
            Operator::Skip(count) => Box::new(Skip {
                left: self.count(count, row)?,
                next,
            }),
            Operator::Limit(count) => Box::new(Limit {
                left: self.count(count, row)?,
                next,
            }),
        })
    }

    fn count(&self, count: &Ex, row: &mut Row) -> Outcome<u64> {
        match count.eval(row, self)? {
            Value::Int(count) if count >= 0 => Ok(count.unsigned_abs()),
            _ => Err(Fault::invalid(
                "SKIP and LIMIT need a whole number that is not negative",
            )),
        }
    }
}

/// The key of several slots together.
pub(super) fn key_of(slots: &[usize], row: &Row) -> Vec<u8> {
    let mut key = Vec::with_capacity(slots.len() * 16);
    slots.iter().for_each(|slot| group_key(&row[*slot], &mut key));
    key
}

/// Refuses NaN as a key beside `ORDER BY`: two are one for Neo4j where it sorts to tell rows apart, and else are not.
pub(super) fn comparable(key: &Value) -> Outcome<()> {
    match key {
        Value::Float(float) if float.is_nan() => Err(Fault::unsupported(
            "NaN in DISTINCT or a group beside ORDER BY is not supported: filter it out with isNaN(…)",
        )),
        _ => Ok(()),
    }
}

struct Last<'s>(Answer<'s>);

impl Sink for Last<'_> {
    fn push(&mut self, row: &mut Row) -> Outcome<bool> {
        (self.0)(row)
    }

    fn finish(&mut self, _: &mut Row) -> Outcome<()> {
        Ok(())
    }
}

struct Matching<'s> {
    execution: &'s Execution<'s>,
    steps: Rc<super::planner::Steps>,
    next: Next<'s>,
}

impl Sink for Matching<'_> {
    fn push(&mut self, row: &mut Row) -> Outcome<bool> {
        let Self {
            execution,
            steps,
            next,
        } = self;
        execution.run_match(steps, row, &mut |row| next.push(row))
    }

    fn finish(&mut self, row: &mut Row) -> Outcome<()> {
        self.next.finish(row)
    }
}

struct Unwind<'s> {
    execution: &'s Execution<'s>,
    list: &'s Ex,
    slot: usize,
    next: Next<'s>,
}

impl Sink for Unwind<'_> {
    fn push(&mut self, row: &mut Row) -> Outcome<bool> {
        match self.list.eval(row, self.execution)? {
            Value::Null => Ok(true),
            Value::List(items) => {
                for item in items.iter() {
                    self.execution.check_time()?;
                    row[self.slot] = item.clone();
                    if !self.next.push(row)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            single => {
                row[self.slot] = single;
                self.next.push(row)
            }
        }
    }

    fn finish(&mut self, row: &mut Row) -> Outcome<()> {
        self.next.finish(row)
    }
}

struct Filter<'s> {
    execution: &'s Execution<'s>,
    condition: &'s Ex,
    next: Next<'s>,
}

impl Sink for Filter<'_> {
    fn push(&mut self, row: &mut Row) -> Outcome<bool> {
        if holds(self.condition, row, self.execution)? {
            self.next.push(row)
        } else {
            Ok(true)
        }
    }

    fn finish(&mut self, row: &mut Row) -> Outcome<()> {
        self.next.finish(row)
    }
}

struct Project<'s> {
    execution: &'s Execution<'s>,
    items: &'s [(Ex, usize)],
    /// Computed before any slot changes.
    values: Vec<Value>,
    next: Next<'s>,
}

impl Sink for Project<'_> {
    fn push(&mut self, row: &mut Row) -> Outcome<bool> {
        for (ex, _) in self.items {
            self.values.push(ex.eval(row, self.execution)?);
        }
        for ((_, slot), value) in self.items.iter().zip(self.values.drain(..)) {
            row[*slot] = value;
        }
        self.next.push(row)
    }

    fn finish(&mut self, row: &mut Row) -> Outcome<()> {
        self.next.finish(row)
    }
}

struct Distinct<'s> {
    execution: &'s Execution<'s>,
    slots: &'s [usize],
    is_sorted: bool,
    seen: HashSet<Vec<u8>>,
    kept: usize,
    next: Next<'s>,
}

impl Sink for Distinct<'_> {
    fn push(&mut self, row: &mut Row) -> Outcome<bool> {
        self.execution.check_time()?;
        if self.is_sorted {
            self.slots.iter().try_for_each(|slot| comparable(&row[*slot]))?;
        }
        let key = key_of(self.slots, row);
        let size = key.len() + 64;
        if !self.seen.insert(key) {
            return Ok(true);
        }
        self.execution.grow(size)?;
        self.kept += size;
        self.next.push(row)
    }

    fn finish(&mut self, row: &mut Row) -> Outcome<()> {
        self.seen = HashSet::new();
        self.execution.shrink(self.kept);
        self.next.finish(row)
    }
}

struct Skip<'s> {
    left: u64,
    next: Next<'s>,
}

impl Sink for Skip<'_> {
    fn push(&mut self, row: &mut Row) -> Outcome<bool> {
        if self.left > 0 {
            self.left -= 1;
            return Ok(true);
        }
        self.next.push(row)
    }

    fn finish(&mut self, row: &mut Row) -> Outcome<()> {
        self.next.finish(row)
    }
}

struct Limit<'s> {
    left: u64,
    next: Next<'s>,
}

impl Sink for Limit<'_> {
    fn push(&mut self, row: &mut Row) -> Outcome<bool> {
        if self.left == 0 {
            return Ok(false);
        }
        self.left -= 1;
        Ok(self.next.push(row)? && self.left > 0)
    }

    fn finish(&mut self, row: &mut Row) -> Outcome<()> {
        self.next.finish(row)
    }
}
