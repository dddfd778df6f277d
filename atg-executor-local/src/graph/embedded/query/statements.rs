//! Looking at single nodes and relationships, and knowing beforehand which of their properties a query will ask for.

use std::{collections::HashMap, sync::Arc};

use atg_sdk::Error;
use rusqlite::{OptionalExtension, Row as SqlRow, params};

use super::{
    Execution,
    data::{self, COLUMNS},
    too_large,
};
use crate::{
    cypher::{
        bind::plan::{Operator, Plan},
        eval::{Ex, Fault, Graph, MapEntry, Outcome, Row},
        value::{Map, Node, Relationship, Value},
    },
    graph::embedded::failure::Sql,
};

const DOING: &str = "read a node";

impl Execution<'_> {
    /// Looks at one row of `node`, which a deleted row cannot be within one transaction.
    fn with_node<T>(
        &self,
        columns: &str,
        id: i64,
        read: impl FnOnce(&SqlRow<'_>) -> Outcome<T>,
    ) -> Outcome<T> {
        let sql = format!("SELECT {columns} FROM node WHERE id = ?1");
        let mut statement = self.connection.prepare_cached(&sql).during(DOING)?;
        let mut rows = statement.query([id]).during(DOING)?;
        match rows.next().during(DOING)? {
            Some(row) => read(row),
            None => Err(Error::internal("the graph names a node that is not there").into()),
        }
    }
}

impl Execution<'_> {
    /// A list of labels. There are few different ones, so each is read once.
    pub(super) fn labels_of(&self, json: &[u8]) -> Outcome<Value> {
        if let Some(labels) = self.labels.borrow().get(json) {
            return Ok(labels.clone());
        }
        let labels: Vec<String> = serde_json::from_slice(json)
            .map_err(|error| Error::internal("the labels of a node are damaged").with_source(error))?;
        let labels = Value::list(labels.into_iter().map(Value::text).collect());
        self.labels.borrow_mut().insert(json.into(), labels.clone());
        Ok(labels)
    }
}

impl Graph for Execution<'_> {
    fn node_property(&self, node: &Node, name: &str) -> Outcome<Value> {
        if let Some(known) = &node.known
            && let Some((_, value)) = known.iter().find(|(other, _)| **other == *name)
        {
            return Ok(value.clone());
        }
        if let Some(column) = data::column(name) {
            return self.with_node(column, node.id, |row| {
                self.names.column_value(column, row.get_ref(0).during(DOING)?)
            });
        }
        let names = [Arc::from(name)];
        self.with_node("members, scalars", node.id, |row| {
            let mut result = Value::Null;
            for column in [0, 1] {
                if let Some(json) = data::object_text(row, column)?
                    && result.is_null()
                {
                    data::pick(json, &names, &mut |_, value| result = value)?;
                }
            }
            Ok(result)
        })
    }

    fn node_properties(&self, node: &Node) -> Outcome<Map> {
        let columns: Vec<&str> = COLUMNS.iter().map(|(_, column)| *column).collect();
        self.with_node(
            &format!("{}, members, scalars", columns.join(", ")),
            node.id,
            |row| {
                let mut map = Map::default();
                for (index, (name, column)) in COLUMNS.iter().enumerate() {
                    let value = self
                        .names
                        .column_value(column, row.get_ref(index).during(DOING)?)?;
                    if !value.is_null() {
                        map.push(Arc::from(*name), value);
                    }
                }
                for column in [columns.len(), columns.len() + 1] {
                    if let Some(json) = data::object_text(row, column)? {
                        data::add_all(json, &mut map)?;
                    }
                }
                Ok(map)
            },
        )
    }

    fn node_labels(&self, node: &Node) -> Outcome<Value> {
        if let Some(known) = &node.known
            && let Some((_, labels)) = known.iter().find(|(name, _)| **name == *data::LABELS)
        {
            return Ok(labels.clone());
        }
        self.with_node("labels", node.id, |row| {
            self.labels_of(data::object_text(row, 0)?.unwrap_or(b"[]"))
        })
    }

    fn has_label(&self, node: &Node, label: &str) -> Outcome<bool> {
        let Some(label) = self.names.label(label) else {
            return Ok(false);
        };
        let sql = "SELECT 1 FROM node_label WHERE label = ?1 AND node = ?2";
        let mut statement = self.connection.prepare_cached(sql).during(DOING)?;
        Ok(statement.exists(params![label, node.id]).during(DOING)?)
    }

    fn relationship_property(&self, relationship: &Relationship, name: &str) -> Outcome<Value> {
        Ok(self
            .relationship_properties(relationship)?
            .get(name)
            .cloned()
            .unwrap_or(Value::Null))
    }

    fn relationship_properties(&self, relationship: &Relationship) -> Outcome<Map> {
        let doing = "read a relationship";
        let sql = "SELECT path, scan_id, properties FROM edge WHERE id = ?1";
        let mut statement = self.connection.prepare_cached(sql).during(doing)?;
        let row = statement
            .query_row([relationship.id], |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, Option<String>>(2)?,
                ))
            })
            .optional()
            .during(doing)?;
        let Some((path, scan_id, properties)) = row else {
            return Err(Error::internal("the graph names a relationship that is not there").into());
        };
        let mut map = Map::default();
        map.push(Arc::from("path"), Value::text(path));
        map.push(Arc::from("scan_id"), Value::text(scan_id));
        if let Some(json) = properties {
            data::add_edge_members(json.as_bytes(), &mut map)?;
        }
        Ok(map)
    }

    fn relationship_type(&self, relationship: &Relationship) -> Outcome<Arc<str>> {
        match self.names.types.get(&relationship.kind) {
            Some(name) => Ok(Arc::clone(name)),
            None => Err(Error::internal("the graph has a relationship of an unknown type").into()),
        }
    }

    fn node(&self, id: i64) -> Node {
        Node { id, known: None }
    }

    fn subquery(
        &self,
        plan: &Plan,
        row: &mut Row,
        rows: &mut dyn FnMut(&mut Row) -> Outcome<bool>,
    ) -> Outcome<()> {
        self.run_plan(plan, row, rows)
    }

    fn tick(&self) -> Outcome<()> {
        self.check_time()
    }

    fn check_size(&self, bytes: usize) -> Outcome<()> {
        if bytes > super::MEMORY_LIMIT.saturating_sub(self.memory.get()) {
            Err(too_large())
        } else {
            Ok(())
        }
    }
}

/// For each slot that holds a node, the properties that some expression will ask of it. What is missed here is read when
/// it is asked for.
pub(super) fn wanted_properties(plan: &Plan) -> HashMap<usize, Vec<Arc<str>>> {
    let mut search = Search::default();
    search.plan(plan);
    // A grouping key carries its node on to another slot.
    for (from, to) in search.moves.into_iter().rev() {
        for name in search.wanted.get(&to).cloned().unwrap_or_default() {
            want(&mut search.wanted, from, &name);
        }
    }
    search.wanted
}

fn want(wanted: &mut HashMap<usize, Vec<Arc<str>>>, slot: usize, name: &Arc<str>) {
    let names = wanted.entry(slot).or_default();
    if !names.contains(name) {
        names.push(Arc::clone(name));
    }
}

#[derive(Default)]
struct Search {
    wanted: HashMap<usize, Vec<Arc<str>>>,
    moves: Vec<(usize, usize)>,
}

impl Search {
    fn plan(&mut self, plan: &Plan) {
        for part in &plan.parts {
            for operator in &part.operators {
                self.operator(operator);
            }
        }
    }

    fn operator(&mut self, operator: &Operator) {
        match operator {
            Operator::Match(pattern) => {
                pattern
                    .predicates
                    .iter()
                    .for_each(|predicate| self.expression(predicate));
                for relationship in &pattern.relationships {
                    relationship
                        .properties
                        .iter()
                        .for_each(|(_, value)| self.expression(value));
                }
            }
            Operator::Unwind { list: ex, .. }
            | Operator::Filter(ex)
            | Operator::Skip(ex)
            | Operator::Limit(ex) => {
                self.expression(ex);
            }
            Operator::Project(items) => self.items(items),
            Operator::Aggregate { keys, aggregates } => {
                self.items(keys);
                aggregates
                    .iter()
                    .flat_map(|call| &call.args)
                    .for_each(|arg| self.expression(arg));
            }
            Operator::Distinct(_) => {}
            Operator::Sort { keys, .. } => keys.iter().for_each(|key| self.expression(&key.expr)),
        }
    }

    fn items(&mut self, items: &[(Ex, usize)]) {
        for (ex, slot) in items {
            if let Ex::Slot(from) = ex {
                self.moves.push((*from, *slot));
            }
            self.expression(ex);
        }
    }

    fn expression(&mut self, ex: &Ex) {
        let mut plans = Vec::new();
        ex.visit(&mut |part| match part {
            Ex::Property(of, name) => {
                if let Ex::Slot(slot) = **of {
                    want(&mut self.wanted, slot, name);
                }
            }
            Ex::MapProjection { of, items } => {
                if let Ex::Slot(slot) = **of {
                    for item in items {
                        if let MapEntry::Property(name) = item {
                            want(&mut self.wanted, slot, name);
                        }
                    }
                }
            }
            Ex::Call(function, args) if function.name == "labels" => {
                if let [Ex::Slot(slot)] = args.as_slice() {
                    want(&mut self.wanted, *slot, &Arc::from(data::LABELS));
                }
            }
            Ex::Subquery(_, plan) => plans.push(Arc::clone(plan)),
            _ => {}
        });
        plans.iter().for_each(|plan| self.plan(plan));
    }
}

/// Errors of SQLite on the way of a value.
pub(super) fn sql<T>(result: rusqlite::Result<T>) -> Outcome<T> {
    result.during("read the graph").map_err(Fault::from)
}
