//! Groups of rows and what is said of them.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::{
    ast::{Aggregate, Expr},
    eval::{Context, compare, number, of_number},
    record::Record,
};

/// One row a group, in the order in which the groups were met.
pub(super) fn groups(
    context: Context,
    records: impl Iterator<Item = Record>,
    aggregates: &[(String, Aggregate)],
    by: &[(String, Expr)],
) -> Vec<Record> {
    let mut order = Vec::<(Map<String, Value>, Vec<State>)>::new();
    let mut known = HashMap::<String, usize>::new();
    for record in records {
        let group: Map<String, Value> = by
            .iter()
            .map(|(name, value)| (name.clone(), context.value(value, &record)))
            .collect();
        let key = Value::Object(group.clone()).to_string();
        let at = *known.entry(key).or_insert_with(|| {
            order.push((group, vec![State::default(); aggregates.len()]));
            order.len() - 1
        });
        for (state, (_, aggregate)) in order[at].1.iter_mut().zip(aggregates) {
            state.add(context, aggregate, &record);
        }
    }
    if order.is_empty() && by.is_empty() {
        order.push((Map::new(), vec![State::default(); aggregates.len()]));
    }
    order
        .into_iter()
        .map(|(mut row, states)| {
            for (state, (name, aggregate)) in states.into_iter().zip(aggregates) {
                row.insert(name.clone(), state.result(aggregate));
            }
            Record::made(row)
        })
        .collect()
}

#[derive(Debug, Clone, Default)]
struct State {
    count: u64,
    sum: f64,
    best: Value,
    list: Vec<Value>,
    seen: std::collections::HashSet<String>,
}

impl State {
    fn add(&mut self, context: Context, aggregate: &Aggregate, record: &Record) {
        match aggregate {
            Aggregate::Count => self.count += 1,
            Aggregate::CountIf(condition) => self.count += u64::from(context.holds(condition, record)),
            Aggregate::Sum(value) | Aggregate::Avg(value) => {
                if let Some(number) = number(&context.value(value, record)) {
                    self.sum += number;
                    self.count += 1;
                }
            }
            Aggregate::Min(value) | Aggregate::Max(value) => {
                let value = context.value(value, record);
                let better = match compare(&value, &self.best) {
                    None => self.best.is_null(),
                    Some(order) if matches!(aggregate, Aggregate::Min(_)) => order.is_lt(),
                    Some(order) => order.is_gt(),
                };
                if better {
                    self.best = value;
                }
            }
            Aggregate::Any(value) => {
                if self.best.is_null() {
                    self.best = context.value(value, record);
                }
            }
            Aggregate::List(value) => self.list.push(context.value(value, record)),
            Aggregate::Set(value) | Aggregate::CountDistinct(value) => {
                let value = context.value(value, record);
                if self.seen.insert(value.to_string()) {
                    self.list.push(value);
                }
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of rows")]
    fn result(self, aggregate: &Aggregate) -> Value {
        match aggregate {
            Aggregate::Count | Aggregate::CountIf(_) => json!(self.count),
            Aggregate::CountDistinct(_) => json!(self.list.len()),
            Aggregate::Sum(_) => of_number(self.sum),
            Aggregate::Avg(_) if self.count == 0 => Value::Null,
            Aggregate::Avg(_) => json!(self.sum / self.count as f64),
            Aggregate::Min(_) | Aggregate::Max(_) | Aggregate::Any(_) => self.best,
            Aggregate::List(_) | Aggregate::Set(_) => Value::Array(self.list),
        }
    }
}
