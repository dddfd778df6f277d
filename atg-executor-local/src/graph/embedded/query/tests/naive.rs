//! Answers a query straight from its tree: all rows of a clause, then all rows of the next.

mod expression;
mod operators;
mod pattern;

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map as JsonMap, Value as Json};

use self::expression::contains_aggregate;
use super::graph::Graph;
use crate::cypher::{
    ast::{Clause, Projection, Query, SingleQuery},
    eval::{Fault, Outcome},
    value::{Value, float_text, group_key, order, to_text},
};

/// Names and their values.
pub(super) type Env = BTreeMap<String, Value>;

pub(super) struct Naive<'a> {
    pub(super) graph: &'a Graph,
    pub(super) text: &'a str,
}

/// The rows of the answer.
pub(super) fn answer(graph: &Graph, text: &str, query: &Query) -> Outcome<Vec<Vec<Json>>> {
    let rows = Naive { graph, text }.query(query, &Env::new())?.1;
    rows.iter().map(|row| row.iter().map(json).collect()).collect()
}

fn json(value: &Value) -> Outcome<Json> {
    Ok(match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(value) => Json::from(*value),
        Value::Float(value) => serde_json::Number::from_f64(*value)
            .map_or_else(|| Json::String(float_text(*value)), Json::Number),
        Value::Text(text) => Json::String(text.to_string()),
        Value::List(items) => Json::Array(items.iter().map(json).collect::<Outcome<_>>()?),
        Value::Map(map) => {
            let members = map
                .iter()
                .map(|(name, member)| Ok((name.to_string(), json(member)?)));
            Json::Object(members.collect::<Outcome<JsonMap<_, _>>>()?)
        }
        Value::Date(_) | Value::DateTime(_) | Value::Duration(_) => {
            to_text(value)?.map_or(Json::Null, Json::String)
        }
        Value::Node(_) | Value::Relationship(_) | Value::Path(_) => {
            return Err(Fault::invalid("not a scalar"));
        }
    })
}

fn key(values: &[Value]) -> Vec<u8> {
    let mut key = Vec::new();
    values.iter().for_each(|value| group_key(value, &mut key));
    key
}

fn distinct(rows: Vec<Vec<Value>>) -> Vec<Vec<Value>> {
    let mut seen = std::collections::HashSet::new();
    rows.into_iter().filter(|row| seen.insert(key(row))).collect()
}

impl Naive<'_> {
    /// Columns and rows; a query without `RETURN` has rows of no columns.
    pub(super) fn query(&self, query: &Query, outer: &Env) -> Outcome<(Vec<String>, Vec<Vec<Value>>)> {
        let (columns, mut rows) = self.single(&query.first, outer)?;
        for union in &query.unions {
            let (names, more) = self.single(&union.query, outer)?;
            let places: Vec<usize> = columns
                .iter()
                .map(|name| names.iter().position(|other| other == name).unwrap())
                .collect();
            rows.extend(
                more.into_iter()
                    .map(|row| places.iter().map(|place| row[*place].clone()).collect()),
            );
        }
        if query.unions.iter().any(|union| !union.all) {
            rows = distinct(rows);
        }
        Ok((columns, rows))
    }

    fn single(&self, query: &SingleQuery, outer: &Env) -> Outcome<(Vec<String>, Vec<Vec<Value>>)> {
        let mut rows = vec![outer.clone()];
        for clause in &query.clauses {
            match clause {
                Clause::Match(clause) => {
                    let mut next = Vec::new();
                    for row in rows {
                        next.extend(self.matches(clause, &row)?);
                    }
                    rows = next;
                }
                Clause::Unwind { list, name } => {
                    let mut next = Vec::new();
                    for row in rows {
                        let items = match self.eval(list, &row)? {
                            Value::Null => Vec::new(),
                            Value::List(items) => items.to_vec(),
                            single => vec![single],
                        };
                        for item in items {
                            let mut row = row.clone();
                            row.insert(name.text.clone(), item);
                            next.push(row);
                        }
                    }
                    rows = next;
                }
                Clause::With(projection) => {
                    let (names, values) = self.project(projection, &rows, outer)?;
                    rows = values
                        .into_iter()
                        .map(|values| {
                            outer
                                .clone()
                                .into_iter()
                                .chain(names.iter().cloned().zip(values))
                                .collect()
                        })
                        .collect();
                }
                Clause::Return(projection) => return self.project(projection, &rows, outer),
            }
        }
        Ok((Vec::new(), rows.iter().map(|_| Vec::new()).collect()))
    }

    fn project(
        &self,
        projection: &Projection,
        rows: &[Env],
        outer: &Env,
    ) -> Outcome<(Vec<String>, Vec<Vec<Value>>)> {
        let known: Vec<String> = match (projection.star, rows.first()) {
            (true, Some(row)) => row.keys().cloned().collect(),
            _ => Vec::new(),
        };
        let named = projection.items.iter().map(|item| item.column(self.text).text);
        let names: Vec<String> = known.iter().cloned().chain(named).collect();
        let aggregates = projection.items.iter().any(|item| contains_aggregate(&item.expr));
        // Each output row with a row that it was made from.
        let mut made: Vec<(Vec<Value>, Env)> = Vec::new();
        if aggregates {
            for group in self.groups(projection, rows)? {
                let first = group.first().cloned().unwrap_or_else(|| outer.clone());
                let values = projection
                    .items
                    .iter()
                    .map(|item| self.eval_in_group(&item.expr, &first, &group));
                made.push((values.collect::<Outcome<_>>()?, first));
            }
        } else {
            for row in rows {
                let values = projection.items.iter().map(|item| self.eval(&item.expr, row));
                let known = known.iter().map(|name| Ok(row[name].clone()));
                made.push((known.chain(values).collect::<Outcome<_>>()?, row.clone()));
            }
        }
        if projection.distinct {
            let mut seen = std::collections::HashSet::new();
            made.retain(|(values, _)| seen.insert(key(values)));
        }
        let visible = |values: &[Value], row: &Env| -> Env {
            let mut env = if aggregates || projection.distinct {
                outer.clone()
            } else {
                row.clone()
            };
            env.extend(names.iter().cloned().zip(values.iter().cloned()));
            env
        };
        if !projection.order.is_empty() {
            let mut keyed = Vec::new();
            for (values, row) in made {
                let env = visible(&values, &row);
                let keys = projection
                    .order
                    .iter()
                    .map(|item| self.eval(&item.expr, &env))
                    .collect::<Outcome<Vec<_>>>()?;
                keyed.push((keys, values, row));
            }
            keyed.sort_by(|(a, ..), (b, ..)| {
                let pairs = projection.order.iter().zip(a.iter().zip(b));
                pairs.fold(std::cmp::Ordering::Equal, |ordering, (item, (a, b))| {
                    ordering.then(if item.descending { order(b, a) } else { order(a, b) })
                })
            });
            made = keyed.into_iter().map(|(_, values, row)| (values, row)).collect();
        }
        let count = |expr| match self.eval(expr, outer)? {
            Value::Int(count) => Ok(usize::try_from(count).unwrap()),
            _ => Err(Fault::invalid("no count")),
        };
        if let Some(skip) = &projection.skip {
            made.drain(..count(skip)?.min(made.len()));
        }
        if let Some(limit) = &projection.limit {
            made.truncate(count(limit)?);
        }
        let mut kept = Vec::new();
        for (values, row) in made {
            let holds = match &projection.predicate {
                Some(predicate) => self.holds(predicate, &visible(&values, &row))?,
                None => true,
            };
            if holds {
                kept.push(values);
            }
        }
        Ok((names, kept))
    }

    /// Rows by the values of the items without aggregates; one group of all rows where there is none.
    fn groups(&self, projection: &Projection, rows: &[Env]) -> Outcome<Vec<Vec<Env>>> {
        let keys: Vec<_> = projection
            .items
            .iter()
            .filter(|item| !contains_aggregate(&item.expr))
            .collect();
        if keys.is_empty() {
            return Ok(vec![rows.to_vec()]);
        }
        let mut index = HashMap::new();
        let mut groups: Vec<Vec<Env>> = Vec::new();
        for row in rows {
            let values = keys
                .iter()
                .map(|item| self.eval(&item.expr, row))
                .collect::<Outcome<Vec<_>>>()?;
            let at = *index.entry(key(&values)).or_insert_with(|| {
                groups.push(Vec::new());
                groups.len() - 1
            });
            groups[at].push(row.clone());
        }
        Ok(groups)
    }
}
