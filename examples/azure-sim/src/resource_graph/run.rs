//! Carries out a query.

use std::{cmp::Ordering, sync::Arc};

use serde_json::{Map, Value, json};

use crate::arm::Ask;

use super::{
    ast::{Expr, JoinKind, Query, Step},
    check::{self, fits, joined_name},
    eval::{Context, compare, text},
    record::{COLUMNS, Record},
    summarize,
    tables::{self, Scope},
};

/// Rows on their way.
pub(super) type Records<'a> = Box<dyn Iterator<Item = Record> + Send + 'a>;

/// A query that is to be carried out for somebody.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run<'a> {
    pub(super) ask: &'a Ask<'a>,
    pub(super) scope: &'a Scope,
    pub(super) context: Context,
}

impl<'a> Run<'a> {
    /// The rows of the query behind a key of its table. With a key the query must be a plain one: see
    /// [`is_streamed`].
    pub(super) fn records(self, query: &'a Query, after: Option<&str>) -> Records<'a> {
        let Some(table) = tables::find(&query.table) else {
            return Box::new(std::iter::empty());
        };
        let tenant: Arc<str> = Arc::from(self.ask.tenant().id.as_str());
        let rows = table.rows(self.ask, self.scope, after);
        let mut records: Records<'a> = Box::new(rows.map(move |row| Record::of(row, &tenant)));
        let mut columns: Vec<String> = COLUMNS.iter().map(|name| (*name).to_owned()).collect();
        let streamed = is_streamed(query);
        for (at, step) in query.steps.iter().enumerate() {
            // Rows come in the order of their IDs: to sort them so is done already.
            if !(streamed && matches!(step, Step::Order(_))) {
                records = self.step(records, step, &columns);
            }
            let so_far = Query {
                table: query.table.clone(),
                steps: query.steps[..=at].to_vec(),
            };
            columns = check::columns(&so_far).unwrap_or(columns);
        }
        records
    }

    fn step(self, records: Records<'a>, step: &'a Step, columns: &[String]) -> Records<'a> {
        let context = self.context;
        match step {
            Step::Where(condition) => {
                Box::new(records.filter(move |record| context.holds(condition, record)))
            }
            Step::Extend(made) => Box::new(records.map(move |mut record| {
                for (name, value) in made {
                    let value = context.value(value, &record);
                    record.set(name, value);
                }
                record
            })),
            Step::Project(made) => Box::new(records.map(move |record| {
                let made = made
                    .iter()
                    .map(|(name, value)| (name.clone(), context.value(value, &record)));
                record.project(made.collect())
            })),
            Step::ProjectAway(patterns) => {
                let kept: Vec<String> = columns
                    .iter()
                    .filter(|name| !patterns.iter().any(|pattern| fits(name, pattern)))
                    .cloned()
                    .collect();
                Box::new(records.map(move |record| {
                    let kept = kept.iter().map(|name| (name.clone(), record.get(name)));
                    record.project(kept.collect())
                }))
            }
            Step::ProjectRename(renames) => {
                let columns = columns.to_vec();
                Box::new(records.map(move |record| {
                    let made = columns.iter().map(|old| {
                        let new = renames
                            .iter()
                            .find(|(_, renamed)| renamed.eq_ignore_ascii_case(old));
                        let name = new.map_or(old, |(new, _)| new);
                        (name.clone(), record.get(old))
                    });
                    record.project(made.collect())
                }))
            }
            Step::Order(keys) => {
                let mut all: Vec<Record> = records.collect();
                sort(&mut all, keys, context);
                Box::new(all.into_iter())
            }
            Step::Take(count) => Box::new(records.take(usize::try_from(*count).unwrap_or(usize::MAX))),
            Step::Count => {
                let mut row = Map::new();
                row.insert("Count".to_owned(), json!(records.count()));
                Box::new([Record::made(row)].into_iter())
            }
            Step::Distinct(made) => {
                let mut seen = std::collections::HashSet::new();
                Box::new(records.filter_map(move |record| {
                    let row: Map<String, Value> = made
                        .iter()
                        .map(|(name, value)| (name.clone(), context.value(value, &record)))
                        .collect();
                    seen.insert(Value::Object(row.clone()).to_string())
                        .then(|| Record::made(row))
                }))
            }
            Step::Summarize { aggregates, by } => {
                Box::new(summarize::groups(context, records, aggregates, by).into_iter())
            }
            Step::MvExpand(name, value) => Box::new(records.flat_map(move |record| {
                let items = match context.value(value, &record) {
                    Value::Array(items) if !items.is_empty() => items,
                    Value::Object(members) if !members.is_empty() => members
                        .into_iter()
                        .map(|(name, value)| json!({name: value}))
                        .collect(),
                    Value::Array(_) | Value::Object(_) => vec![Value::Null],
                    other => vec![other],
                };
                items.into_iter().map(move |item| {
                    let mut record = record.clone();
                    record.set(name, item);
                    record
                })
            })),
            Step::Join { kind, right, on } => self.join(records, *kind, right, on, columns),
            Step::Union(queries) => {
                let others = queries.iter().map(move |query| self.records(query, None));
                let others: Vec<Records<'a>> = others.collect();
                Box::new(records.chain(others.into_iter().flatten()))
            }
        }
    }

    fn join(
        self,
        records: Records<'a>,
        kind: JoinKind,
        right: &'a Query,
        on: &'a [(String, String)],
        columns: &[String],
    ) -> Records<'a> {
        let others = check::columns(right).unwrap_or_default();
        let mut index = std::collections::HashMap::<String, Vec<Record>>::new();
        for record in self.records(right, None) {
            let key = key_of(&record, on.iter().map(|(_, right)| right));
            index.entry(key).or_default().push(record);
        }
        let names: Vec<(String, String)> = others
            .into_iter()
            .map(|name| (joined_name(columns, &name), name))
            .collect();
        let mut used = std::collections::HashSet::new();
        Box::new(records.flat_map(move |record| {
            let key = key_of(&record, on.iter().map(|(left, _)| left));
            if kind == JoinKind::InnerUnique && !used.insert(key.clone()) {
                return Vec::new();
            }
            let mut joined: Vec<Record> = Vec::new();
            for other in index.get(&key).into_iter().flatten() {
                let mut record = record.clone();
                for (name, source) in &names {
                    record.set(name, other.get(source));
                }
                joined.push(record);
            }
            if joined.is_empty() && kind == JoinKind::LeftOuter {
                let mut record = record;
                for (name, _) in &names {
                    record.set(name, Value::Null);
                }
                joined.push(record);
            }
            joined
        }))
    }
}

fn key_of<'n>(record: &Record, names: impl Iterator<Item = &'n String>) -> String {
    names
        .map(|name| text(&record.get(name)))
        .collect::<Vec<_>>()
        .join("\u{1f}")
}

/// Sorts by the keys; equal rows keep their order, nothing comes before something.
fn sort(records: &mut [Record], keys: &[(Expr, bool)], context: Context) {
    records.sort_by_cached_key(|record| {
        keys.iter()
            .map(|(key, descending)| Key {
                value: context.value(key, record),
                descending: *descending,
            })
            .collect::<Vec<_>>()
    });
}

#[derive(Debug)]
struct Key {
    value: Value,
    descending: bool,
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        let order = match (self.value.is_null(), other.value.is_null()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            // IDs differ in casing between providers, and are one all the same.
            (false, false) => match (&self.value, &other.value) {
                (Value::String(a), Value::String(b)) => a.to_lowercase().cmp(&b.to_lowercase()),
                (a, b) => compare(a, b).unwrap_or(Ordering::Equal),
            },
        };
        if self.descending { order.reverse() } else { order }
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key {}

/// Whether a page of the query can be had by reading on from the last row of the page before: each step is about one
/// row, and the order is that of the IDs.
pub(super) fn is_streamed(query: &Query) -> bool {
    let by_id = |keys: &[(Expr, bool)]| matches!(keys, [(Expr::Column(name), false)] if name.eq_ignore_ascii_case("id"));
    let keeps_id = |made: &[(String, Expr)]| {
        made.iter().all(|(name, value)| {
            !name.eq_ignore_ascii_case("id")
                || matches!(value, Expr::Column(column) if column.eq_ignore_ascii_case("id"))
        })
    };
    query.steps.iter().all(|step| match step {
        Step::Where(_) | Step::ProjectAway(_) => true,
        Step::Project(made) | Step::Extend(made) => keeps_id(made),
        Step::Order(keys) => by_id(keys),
        _ => false,
    })
}

/// The query as far as it decides how many rows there are: what follows only says what they look like.
pub(super) fn counting(query: &Query) -> Query {
    let shapes = |step: &Step| {
        matches!(
            step,
            Step::Project(_)
                | Step::ProjectAway(_)
                | Step::ProjectRename(_)
                | Step::Extend(_)
                | Step::Order(_)
        )
    };
    let decisive = query
        .steps
        .iter()
        .rposition(|step| !shapes(step))
        .map_or(0, |at| at + 1);
    Query {
        table: query.table.clone(),
        steps: query.steps[..decisive].to_vec(),
    }
}

/// Whether the number of rows was said in the query, which then has no further pages.
pub(super) fn is_limited(query: &Query) -> bool {
    let limits = |step: &Step| matches!(step, Step::Take(_) | Step::Distinct(_));
    query.steps.iter().any(limits)
}
