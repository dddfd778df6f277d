//! Carrying out the steps of a `MATCH`, one nested in the other.

use std::sync::Arc;

use rusqlite::{Row as SqlRow, types::Value as SqlValue};

use super::{
    Execution, data,
    planner::{Assembly, Find, Step, Steps},
    sql::{Known, Output, Param},
    statements::sql,
};
use crate::cypher::{
    eval::{Fault, Outcome, Row, holds},
    value::{self, Node, Path, Relationship, Value},
};

/// Takes a row for each match; false when no more are wanted.
pub(super) type Matches<'s> = &'s mut dyn FnMut(&mut Row) -> Outcome<bool>;

impl Execution<'_> {
    pub(super) fn run_match(&self, steps: &Steps, row: &mut Row, next: Matches<'_>) -> Outcome<bool> {
        let mut found = false;
        let mut more = true;
        if self.are_bound(steps, row)? {
            more = self.run_steps(&steps.steps, row, &mut |row| {
                found = true;
                next(row)
            })?;
        }
        if steps.optional && !found {
            for slot in &steps.new {
                row[*slot] = Value::Null;
            }
            return next(row);
        }
        Ok(more)
    }

    /// Whether what the pattern takes from before is there: nothing can be found from a null.
    pub(super) fn are_bound(&self, steps: &Steps, row: &Row) -> Outcome<bool> {
        let wrong = |wanted: &str, value: &Value| {
            Err(Fault::invalid(format!(
                "the pattern needs {wanted} here, not {}",
                value.kind_name()
            )))
        };
        for slot in &steps.bound_nodes {
            match &row[*slot] {
                Value::Node(_) => {}
                Value::Null => return Ok(false),
                other => return wrong("a node", other),
            }
        }
        for slot in &steps.bound_relationships {
            match &row[*slot] {
                Value::Relationship(_) => {}
                Value::Null => return Ok(false),
                other => return wrong("a relationship", other),
            }
        }
        Ok(true)
    }

    fn run_steps(&self, steps: &[Step], row: &mut Row, next: Matches<'_>) -> Outcome<bool> {
        let Some((step, rest)) = steps.split_first() else {
            return next(row);
        };
        match step {
            Step::Check(conditions) => {
                for condition in conditions {
                    if !holds(condition, row, self)? {
                        return Ok(true);
                    }
                }
                self.run_steps(rest, row, next)
            }
            Step::Find(find) => self.find(find, row, &mut |row| self.run_steps(rest, row, next)),
            Step::Chain(chain) => self.walk(chain, row, &mut |row| self.run_steps(rest, row, next)),
            Step::Shortest(shortest) => {
                self.shortest(shortest, row, &mut |row| self.run_steps(rest, row, next))
            }
            Step::Path(path) => {
                row[path.slot] = self.assemble(path, row)?;
                self.run_steps(rest, row, next)
            }
        }
    }

    fn find(&self, find: &Find, row: &mut Row, next: Matches<'_>) -> Outcome<bool> {
        let Some(params) = self.params(&find.params, row)? else {
            return Ok(true);
        };
        let mut statement = sql(self.connection.prepare_cached(&find.sql))?;
        let mut rows = sql(statement.query(rusqlite::params_from_iter(params)))?;
        while let Some(found) = sql(rows.next())? {
            self.check_time()?;
            for output in &find.outputs {
                self.read(output, found, row)?;
            }
            if !find.chains.is_empty() && is_in_chain(find, row) {
                continue;
            }
            if !next(row)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The values of the placeholders; `None` where no row can fit.
    pub(super) fn params(&self, params: &[Param], row: &mut Row) -> Outcome<Option<Vec<SqlValue>>> {
        let mut values = Vec::with_capacity(params.len());
        for param in params {
            values.push(match param {
                Param::Node(slot) => match &row[*slot] {
                    Value::Node(node) => SqlValue::Integer(node.id),
                    _ => return Ok(None),
                },
                Param::Relationship(slot) => match &row[*slot] {
                    Value::Relationship(relationship) => SqlValue::Integer(relationship.id),
                    _ => return Ok(None),
                },
                Param::Text(ex) => match ex.eval(row, self)? {
                    Value::Text(text) => SqlValue::Text(text.to_string()),
                    // The columns hold texts, and a text equals nothing else.
                    _ => return Ok(None),
                },
                Param::Texts(ex) => match ex.eval(row, self)? {
                    Value::List(items) => {
                        let texts = items.iter().filter_map(|item| match item {
                            Value::Text(text) => Some(&**text),
                            _ => None,
                        });
                        SqlValue::Text(serde_json::Value::from_iter(texts).to_string())
                    }
                    Value::Null => return Ok(None),
                    other => {
                        return Err(Fault::invalid(format!(
                            "IN needs a list, not {}",
                            other.kind_name()
                        )));
                    }
                },
                Param::Known(text) => SqlValue::Text(text.clone()),
            });
        }
        Ok(Some(values))
    }

    fn read(&self, output: &Output, found: &SqlRow<'_>, row: &mut Row) -> Outcome<()> {
        match output {
            Output::Node { slot, at, known } => {
                let id = sql(found.get(*at))?;
                let known = if known.is_empty() {
                    None
                } else {
                    Some(self.known(known, found)?.into())
                };
                row[*slot] = Value::Node(Node { id, known });
            }
            Output::Relationship { slot, at } => {
                let relationship = Relationship {
                    id: sql(found.get(*at))?,
                    kind: sql(found.get(at + 1))?,
                    start: sql(found.get(at + 2))?,
                    end: sql(found.get(at + 3))?,
                };
                row[*slot] = Value::Relationship(relationship);
            }
        }
        Ok(())
    }

    fn known(&self, known: &[Known], found: &SqlRow<'_>) -> Outcome<value::Known> {
        let mut values = Vec::new();
        for known in known {
            match known {
                Known::Column { name, column, at } => {
                    let value = self.names.column_value(column, sql(found.get_ref(*at))?)?;
                    values.push((name.clone(), value));
                }
                Known::Labels { at } => {
                    let json = data::object_text(found, *at)?.unwrap_or(b"[]");
                    values.push((Arc::from(data::LABELS), self.labels_of(json)?));
                }
                Known::Json { names, at } => {
                    let first = values.len();
                    values.extend(names.iter().map(|name| (name.clone(), Value::Null)));
                    // Members win, so they are read last.
                    for column in [at + 1, *at] {
                        if let Some(json) = data::object_text(found, column)? {
                            data::pick(json, names, &mut |index, value| {
                                if !value.is_null() {
                                    values[first + index].1 = value;
                                }
                            })?;
                        }
                    }
                }
            }
        }
        Ok(values)
    }

    /// Puts a named path together.
    pub(super) fn assemble(&self, path: &Assembly, row: &Row) -> Outcome<Value> {
        let broken = || Fault::from(atg_sdk::Error::internal("a path has lost a part"));
        let Value::Node(start) = &row[path.start] else {
            return Err(broken());
        };
        let mut nodes = vec![start.clone()];
        let mut relationships = Vec::new();
        for (hop, end) in &path.hops {
            match &row[*hop] {
                Value::Relationship(relationship) => relationships.push(relationship.clone()),
                Value::List(chain) => {
                    let mut at = nodes.last().map_or(start.id, |node| node.id);
                    for item in chain.iter() {
                        let Value::Relationship(relationship) = item else {
                            return Err(broken());
                        };
                        at = if relationship.start == at {
                            relationship.end
                        } else {
                            relationship.start
                        };
                        nodes.push(Node { id: at, known: None });
                        relationships.push(relationship.clone());
                    }
                    // The end itself follows, with what is known of it.
                    if !chain.is_empty() {
                        nodes.pop();
                    } else {
                        continue;
                    }
                }
                _ => return Err(broken()),
            }
            let Value::Node(node) = &row[*end] else {
                return Err(broken());
            };
            nodes.push(node.clone());
        }
        Ok(Value::Path(Path { nodes, relationships }.into()))
    }
}

fn is_in_chain(find: &Find, row: &Row) -> bool {
    let in_chain = |id: i64| {
        find.chains.iter().any(|slot| match &row[*slot] {
            Value::List(items) => items
                .iter()
                .any(|item| matches!(item, Value::Relationship(relationship) if relationship.id == id)),
            _ => false,
        })
    };
    find.found
        .iter()
        .any(|slot| matches!(&row[*slot], Value::Relationship(relationship) if in_chain(relationship.id)))
}
