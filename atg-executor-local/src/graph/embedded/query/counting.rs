//! `MATCH … RETURN count(*)` where one statement finds the pattern: SQLite counts, and no row is handed out.

use std::rc::Rc;

use super::{
    Execution,
    operators::{Next, Sink},
    planner::{Find, Step, Steps},
    statements::sql,
};
use crate::cypher::{
    bind::plan::{AggregateCall, Match, Operator},
    eval::{Ex, Outcome, Row},
    functions::Aggregate,
    value::Value,
};

pub(super) struct Counting<'s> {
    execution: &'s Execution<'s>,
    steps: Rc<Steps>,
    calls: &'s [AggregateCall],
    total: i64,
    next: Next<'s>,
}

/// Whether SQLite can count for both operators: nothing of the matches is asked but how many there are.
pub(super) fn counts<'s>(
    pattern: &Match,
    steps: &Steps,
    aggregate: &'s Operator,
) -> Option<&'s [AggregateCall]> {
    let Operator::Aggregate { keys, aggregates } = aggregate else {
        return None;
    };
    let counts_rows = |call: &AggregateCall| match call.aggregate {
        Aggregate::CountRows => true,
        // What was matched is never null.
        Aggregate::Count => {
            !call.distinct && matches!(call.args.as_slice(), [Ex::Slot(slot)] if finds(pattern, *slot))
        }
        _ => false,
    };
    let possible = keys.is_empty() && !steps.optional && only_find(steps).is_some();
    (possible && aggregates.iter().all(counts_rows)).then_some(aggregates)
}

impl<'s> Counting<'s> {
    pub(super) fn new(
        execution: &'s Execution<'s>,
        steps: Rc<Steps>,
        calls: &'s [AggregateCall],
        next: Next<'s>,
    ) -> Self {
        Self {
            execution,
            steps,
            calls,
            total: 0,
            next,
        }
    }
}

fn finds(pattern: &Match, slot: usize) -> bool {
    pattern.nodes.iter().any(|node| node.slot == slot) || pattern.relationships.iter().any(|r| r.slot == slot)
}

pub(super) fn only_find(steps: &Steps) -> Option<&Find> {
    match steps.steps.as_slice() {
        [Step::Find(find)] if find.chains.is_empty() => Some(find),
        _ => None,
    }
}

impl Sink for Counting<'_> {
    fn push(&mut self, row: &mut Row) -> Outcome<bool> {
        self.execution.check_time()?;
        if let Some(find) = only_find(&self.steps)
            && self.execution.are_bound(&self.steps, row)?
            && let Some(params) = self.execution.params(&find.params, row)?
        {
            let mut statement = sql(self.execution.connection.prepare_cached(&find.count_sql))?;
            let count: i64 = sql(statement.query_row(rusqlite::params_from_iter(params), |row| row.get(0)))?;
            self.total += count;
        }
        Ok(true)
    }

    fn finish(&mut self, row: &mut Row) -> Outcome<()> {
        for call in self.calls {
            row[call.slot] = Value::Int(self.total);
        }
        self.next.push(row)?;
        self.next.finish(row)
    }
}
