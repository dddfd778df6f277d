//! What the store keeps of nodes and relationships, as values.

use std::{collections::HashMap, sync::Arc};

use atg_sdk::{Error, Result, azure::TenantId};
use jiter::{Jiter, JiterError, NumberAny, NumberInt, Peek};
use rusqlite::{Connection, Row as SqlRow, types::ValueRef};

use crate::{
    cypher::{
        eval::{Fault, Outcome},
        value::{Map, Value},
    },
    graph::embedded::failure::Sql,
};

/// Properties with a column of their own, and that column. They win over members, and members over scalars.
pub(super) const COLUMNS: &[(&str, &str)] = &[
    ("key", "key"),
    ("id", "azure_id"),
    ("tenant_id", "tenant"),
    ("name", "name"),
    ("type", "type"),
    ("source", "source"),
    ("first_seen_at", "first_seen_at"),
    ("changed_at", "changed_at"),
    ("scan_id", "scan_id"),
    ("properties", "properties"),
];

/// The name under which a node's labels are read together with it. No property is called so.
pub(super) const LABELS: &str = "\0labels";

/// Columns by which an index finds nodes.
pub(super) const INDEXED: &[(&str, &str)] = &[
    ("key", "key"),
    ("id", "azure_id"),
    ("type", "type"),
    ("name", "name"),
];

/// The column of a property that has one.
pub(super) fn column(property: &str) -> Option<&'static str> {
    COLUMNS
        .iter()
        .find(|(name, _)| *name == property)
        .map(|(_, column)| *column)
}

/// The small tables, read once a query: labels, relationship types, tenants.
#[derive(Debug)]
pub(super) struct Names {
    labels: HashMap<String, i64>,
    pub(super) types: HashMap<i64, Arc<str>>,
    pub(super) tenants: HashMap<i64, Arc<str>>,
}

impl Names {
    pub(super) fn read(connection: &Connection) -> Result<Self> {
        let read = |sql: &str| -> Result<Vec<(i64, String)>> {
            connection
                .prepare_cached(sql)
                .and_then(|mut statement| {
                    statement
                        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                        .collect()
                })
                .during("read the names of labels and relationships")
        };
        let shared =
            |rows: Vec<(i64, String)>| rows.into_iter().map(|(id, name)| (id, Arc::from(name))).collect();
        Ok(Self {
            labels: read("SELECT id, name FROM label")?
                .into_iter()
                .map(|(id, name)| (name, id))
                .collect(),
            types: shared(read("SELECT id, name FROM relationship_type")?),
            tenants: shared(read("SELECT id, tenant_id FROM tenant")?),
        })
    }

    /// The number of a label that occurs in this graph.
    pub(super) fn label(&self, name: &str) -> Option<i64> {
        self.labels.get(name).copied()
    }

    pub(super) fn tenant_rows(&self, tenants: &[TenantId]) -> Vec<i64> {
        let wanted: Vec<String> = tenants.iter().map(ToString::to_string).collect();
        let mut rows: Vec<i64> = self
            .tenants
            .iter()
            .filter(|(_, name)| wanted.iter().any(|wanted| **wanted == ***name))
            .map(|(id, _)| *id)
            .collect();
        rows.sort_unstable();
        rows
    }

    /// The value in a column of `node`.
    pub(super) fn column_value(&self, column: &str, value: ValueRef<'_>) -> Outcome<Value> {
        match value {
            ValueRef::Null => Ok(Value::Null),
            ValueRef::Integer(tenant) if column == "tenant" => Ok(self
                .tenants
                .get(&tenant)
                .map_or(Value::Null, |name| Value::Text(Arc::clone(name)))),
            ValueRef::Text(text) => Ok(Value::text(utf8(text)?)),
            _ => Err(damaged()),
        }
    }
}

/// Reads the text of a column that holds a JSON object; `None` for null.
pub(super) fn object_text<'a>(row: &'a SqlRow<'_>, index: usize) -> Outcome<Option<&'a [u8]>> {
    match row.get_ref(index).during("read a node").map_err(Fault::from)? {
        ValueRef::Null => Ok(None),
        ValueRef::Text(text) => Ok(Some(text)),
        _ => Err(damaged()),
    }
}

fn utf8(text: &[u8]) -> Outcome<&str> {
    std::str::from_utf8(text).map_err(|_| damaged())
}

fn damaged() -> Fault {
    Fault::from(Error::internal(
        "a row of the graph is damaged: scan the tenant again into a new graph",
    ))
}

/// Reads some members of a JSON object and skips the others: `found` hears of each wanted name with its value.
pub(super) fn pick(json: &[u8], names: &[Arc<str>], found: &mut dyn FnMut(usize, Value)) -> Outcome<()> {
    let broken = |_: JiterError| damaged();
    let mut reader = Jiter::new(json);
    let mut left = names.len();
    let Some(first) = reader.next_object().map_err(broken)? else {
        return Ok(());
    };
    let mut wanted = names.iter().position(|name| **name == *first);
    loop {
        match wanted {
            Some(index) => {
                let peek = reader.peek().map_err(broken)?;
                found(index, value(&mut reader, peek)?);
                left -= 1;
                if left == 0 {
                    return Ok(());
                }
            }
            None => reader.next_skip().map_err(broken)?,
        }
        let Some(next) = reader.next_key().map_err(broken)? else {
            return Ok(());
        };
        wanted = names.iter().position(|name| **name == *next);
    }
}

/// Adds a relationship's further properties.
pub(super) fn add_edge_members(json: &[u8], map: &mut Map) -> Outcome<()> {
    add_members(json, map, &|_| false)
}

/// Adds those members of a node that have no column and are not there yet.
pub(super) fn add_all(json: &[u8], map: &mut Map) -> Outcome<()> {
    add_members(json, map, &|name| column(name).is_some())
}

fn add_members(json: &[u8], map: &mut Map, reserved: &dyn Fn(&str) -> bool) -> Outcome<()> {
    let broken = |_: JiterError| damaged();
    let mut reader = Jiter::new(json);
    let mut name = reader.next_object().map_err(broken)?.map(Arc::<str>::from);
    while let Some(key) = name {
        let peek = reader.peek().map_err(broken)?;
        let member = value(&mut reader, peek)?;
        if map.get(&key).is_none() && !member.is_null() && !reserved(&key) {
            map.push(key, member);
        }
        name = reader.next_key().map_err(broken)?.map(Arc::from);
    }
    Ok(())
}

fn value(reader: &mut Jiter<'_>, peek: Peek) -> Outcome<Value> {
    let broken = |_: JiterError| damaged();
    Ok(match peek {
        Peek::Null => {
            reader.known_null().map_err(broken)?;
            Value::Null
        }
        Peek::True | Peek::False => Value::Bool(reader.known_bool(peek).map_err(broken)?),
        Peek::String => Value::text(reader.known_str().map_err(broken)?),
        Peek::Array => {
            let mut items = Vec::new();
            let mut next = reader.known_array().map_err(broken)?;
            while let Some(peek) = next {
                items.push(value(reader, peek)?);
                next = reader.array_step().map_err(broken)?;
            }
            Value::list(items)
        }
        Peek::Object => {
            let mut map = Map::default();
            let mut name = reader.known_object().map_err(broken)?.map(Arc::<str>::from);
            while let Some(key) = name {
                let peek = reader.peek().map_err(broken)?;
                map.set(key, value(reader, peek)?);
                name = reader.next_key().map_err(broken)?.map(Arc::from);
            }
            Value::map(map)
        }
        number => match reader.known_number(number).map_err(broken)? {
            NumberAny::Int(NumberInt::Int(integer)) => Value::Int(integer),
            NumberAny::Int(NumberInt::BigInt(_)) => return Err(damaged()),
            NumberAny::Float(float) => Value::Float(float),
        },
    })
}
