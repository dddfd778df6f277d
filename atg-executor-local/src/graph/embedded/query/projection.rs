//! The operators that keep rows: grouping and sorting.

use std::{cmp::Ordering, collections::HashMap};

use super::{
    Execution,
    operators::{Next, Sink, comparable},
};
use crate::cypher::{
    bind::plan::{AggregateCall, SortKey},
    eval::{Ex, Outcome, Row},
    functions::{Accumulator, Aggregate},
    value::{Value, group_key, order},
};

/// Groups rows by their keys, in the order in which the groups first occur.
pub(super) struct Group<'s> {
    execution: &'s Execution<'s>,
    keys: &'s [(Ex, usize)],
    calls: &'s [AggregateCall],
    is_sorted: bool,
    index: HashMap<Vec<u8>, usize>,
    groups: Vec<(Vec<Value>, Vec<Accumulator>)>,
    key: Vec<u8>,
    values: Vec<Value>,
    kept: usize,
    next: Next<'s>,
}

impl<'s> Group<'s> {
    pub(super) fn new(
        execution: &'s Execution<'s>,
        keys: &'s [(Ex, usize)],
        calls: &'s [AggregateCall],
        is_sorted: bool,
        next: Next<'s>,
    ) -> Self {
        let mut group = Self {
            execution,
            keys,
            calls,
            is_sorted,
            index: HashMap::new(),
            groups: Vec::new(),
            key: Vec::new(),
            values: Vec::new(),
            kept: 0,
            next,
        };
        if keys.is_empty() {
            // Without keys there is one group even of no rows.
            group.index.insert(Vec::new(), 0);
            group.groups.push((Vec::new(), group.accumulators()));
        }
        group
    }

    fn accumulators(&self) -> Vec<Accumulator> {
        self.calls
            .iter()
            .map(|call| Accumulator::new(call.aggregate, call.distinct))
            .collect()
    }
}

impl Sink for Group<'_> {
    fn push(&mut self, row: &mut Row) -> Outcome<bool> {
        self.execution.check_time()?;
        self.key.clear();
        self.values.clear();
        for (ex, _) in self.keys {
            let value = ex.eval(row, self.execution)?;
            if self.is_sorted {
                comparable(&value)?;
            }
            group_key(&value, &mut self.key);
            self.values.push(value);
        }
        let mut grown = 0;
        let at = match self.index.get(&self.key) {
            Some(at) => *at,
            None => {
                let values: usize = self.values.iter().map(Value::weight).sum();
                grown += self.key.len() + values + 128 + self.calls.len() * size_of::<Accumulator>();
                self.index.insert(self.key.clone(), self.groups.len());
                let accumulators = self.accumulators();
                self.groups.push((std::mem::take(&mut self.values), accumulators));
                self.groups.len() - 1
            }
        };
        for (index, call) in self.calls.iter().enumerate() {
            if call.aggregate == Aggregate::CountRows {
                self.groups[at].1[index].add_row();
                continue;
            }
            let value = call.args[0].eval(row, self.execution)?;
            let argument = call
                .args
                .get(1)
                .map(|argument| argument.eval(row, self.execution))
                .transpose()?;
            grown += self.groups[at].1[index].add(value, argument.as_ref())?;
        }
        if grown > 0 {
            self.kept += grown;
            self.execution.grow(grown)?;
        }
        Ok(true)
    }

    fn finish(&mut self, row: &mut Row) -> Outcome<()> {
        self.index = HashMap::new();
        for (values, accumulators) in std::mem::take(&mut self.groups) {
            for ((_, slot), value) in self.keys.iter().zip(values) {
                row[*slot] = value;
            }
            for (call, accumulator) in self.calls.iter().zip(accumulators) {
                row[call.slot] = accumulator.finish()?;
            }
            if !self.next.push(row)? {
                break;
            }
        }
        self.execution.shrink(self.kept);
        self.next.finish(row)
    }
}

/// Sorts rows; keeps no more of them than will be asked for.
pub(super) struct Sort<'s> {
    execution: &'s Execution<'s>,
    keys: &'s [SortKey],
    live: &'s [usize],
    limit: Option<usize>,
    rows: Vec<(Vec<Value>, Vec<Value>)>,
    kept: usize,
    next: Next<'s>,
}

impl<'s> Sort<'s> {
    pub(super) fn new(
        execution: &'s Execution<'s>,
        keys: &'s [SortKey],
        live: &'s [usize],
        limit: Option<u64>,
        next: Next<'s>,
    ) -> Self {
        let limit = limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
        Self {
            execution,
            keys,
            live,
            limit,
            rows: Vec::new(),
            kept: 0,
            next,
        }
    }

    fn compare(&self, a: &[Value], b: &[Value]) -> Ordering {
        let mut pairs = self.keys.iter().zip(a.iter().zip(b));
        pairs
            .find_map(|(key, (a, b))| {
                let ordering = order(a, b);
                let ordering = if key.descending {
                    ordering.reverse()
                } else {
                    ordering
                };
                (ordering != Ordering::Equal).then_some(ordering)
            })
            .unwrap_or(Ordering::Equal)
    }

    /// Sorts what is there, stably, and drops what can no longer be among the first.
    fn settle(&mut self) {
        let mut rows = std::mem::take(&mut self.rows);
        rows.sort_by(|(a, _), (b, _)| self.compare(a, b));
        if let Some(limit) = self.limit
            && rows.len() > limit
        {
            let dropped: usize = rows
                .drain(limit..)
                .map(|(keys, values)| weight(&keys, &values))
                .sum();
            self.kept -= dropped;
            self.execution.shrink(dropped);
        }
        self.rows = rows;
    }
}

impl Sink for Sort<'_> {
    fn push(&mut self, row: &mut Row) -> Outcome<bool> {
        self.execution.check_time()?;
        if self.limit == Some(0) {
            return Ok(false);
        }
        let mut keys = Vec::with_capacity(self.keys.len());
        for key in self.keys {
            keys.push(key.expr.eval(row, self.execution)?);
        }
        let values: Vec<Value> = self.live.iter().map(|slot| row[*slot].clone()).collect();
        let size = weight(&keys, &values);
        self.kept += size;
        self.execution.grow(size)?;
        self.rows.push((keys, values));
        // Now and then, so that it costs a small part of what sorting everything would.
        if let Some(limit) = self.limit
            && self.rows.len() >= limit.saturating_mul(2).max(1024)
        {
            self.settle();
        }
        Ok(true)
    }

    fn finish(&mut self, row: &mut Row) -> Outcome<()> {
        self.settle();
        for (_, values) in std::mem::take(&mut self.rows) {
            for (slot, value) in self.live.iter().zip(values) {
                row[*slot] = value;
            }
            if !self.next.push(row)? {
                break;
            }
        }
        self.execution.shrink(self.kept);
        self.next.finish(row)
    }
}

fn weight(keys: &[Value], values: &[Value]) -> usize {
    keys.iter().chain(values).map(Value::weight).sum::<usize>() + 48
}
