//! Looking at single nodes and relationships.

use std::sync::Arc;

use atg_sdk::Error;
use rusqlite::{OptionalExtension, Row as SqlRow, params};

use super::{
    Execution,
    data::{self, COLUMNS},
    too_large,
};
use crate::{
    cypher::{
        bind::plan::Plan,
        eval::{Fault, Graph, Outcome, Row},
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

    fn now(&self) -> jiff::Timestamp {
        self.began
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

/// Errors of SQLite on the way of a value.
pub(super) fn sql<T>(result: rusqlite::Result<T>) -> Outcome<T> {
    result.during("read the graph").map_err(Fault::from)
}
