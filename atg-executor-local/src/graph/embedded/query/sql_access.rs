//! `--sql`: plain SQL on this machine, reading the documented tables and nothing else.

use atg_sdk::{Error, ErrorKind, Result};
use rusqlite::{
    Connection,
    hooks::{AuthAction, AuthContext, Authorization},
    limits::Limit,
    types::ValueRef,
};
use serde_json::Value as Json;

use super::{interrupt, json};
use crate::graph::{QuerySummary, RowSink, SqlQuery, embedded::failure::Sql};

/// A table that `--sql` may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SqlTable {
    /// Its name.
    pub name: &'static str,
    /// What a row is.
    pub about: &'static str,
}

/// The documented tables.
#[must_use]
pub fn sql_tables() -> &'static [SqlTable] {
    &[
        SqlTable {
            name: "nodes",
            about: "one row a node: key, tenant_id, id, name, type, labels (a JSON array), members (a JSON object of the \
                    other top-level members), properties (JSON, whole), source, first_seen_at, changed_at, scan_id",
        },
        SqlTable {
            name: "edges",
            about: "one row a relationship: source_key, type, target_key, owner_key (the node whose source states it), \
                    path, properties (a JSON object, or null), scan_id",
        },
        SqlTable {
            name: "node_labels",
            about: "one row a label of a node: key, label",
        },
    ]
}

/// The tables behind the views. They may be read, but only through a view.
const BEHIND: &[&str] = &[
    "node",
    "edge",
    "label",
    "node_label",
    "relationship_type",
    "tenant",
];

/// Functions that reach beyond the answer, or only serve to take the process down.
const FORBIDDEN_FUNCTIONS: &[&str] = &["load_extension", "fts3_tokenizer", "randomblob", "zeroblob"];

/// The longest text or blob that a statement may make: it is held in memory whole.
const MAX_VALUE_BYTES: i32 = 64 << 20;

/// Answers one statement on a connection of its own that cannot write.
pub(crate) fn run(
    mut connection: Connection,
    query: &SqlQuery,
    rows: &mut dyn RowSink,
) -> Result<QuerySummary> {
    let SqlQuery { timeout, cancel, .. } = query;
    let doing = "run the SQL";
    interrupt::watch(&mut connection, *timeout, cancel)?;
    let partial = connection
        .query_row(
            "SELECT EXISTS (SELECT 1 FROM tenant WHERE partial = 1)",
            [],
            |row| row.get(0),
        )
        .during("read the state of the tenants")?;
    connection
        .set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
        .during(doing)?;
    connection.authorizer(Some(authorize)).during(doing)?;
    let summary = answer(&connection, query, rows);
    summary
        .map(|summary| QuerySummary { partial, ..summary })
        .map_err(|failure| match failure {
            Failure::Sdk(error) => error,
            Failure::Sqlite(error) => match error.sqlite_error_code() {
                Some(rusqlite::ErrorCode::OperationInterrupted) if cancel.is_cancelled() => {
                    Error::cancelled()
                }
                Some(rusqlite::ErrorCode::OperationInterrupted) => super::timeout(*timeout),
                Some(rusqlite::ErrorCode::TooBig) => Error::new(
                    ErrorKind::TooLarge,
                    format!(
                        "one value is larger than {} MiB: ask for less of it",
                        MAX_VALUE_BYTES >> 20
                    ),
                ),
                _ => {
                    let names: Vec<&str> = sql_tables().iter().map(|table| table.name).collect();
                    let names = names.join(", ");
                    Error::invalid(format!(
                        "only one SELECT on {names} is allowed, and valid SQL: {error}"
                    ))
                }
            },
        })
}

enum Failure {
    Sdk(Error),
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

fn answer(
    connection: &Connection,
    query: &SqlQuery,
    rows: &mut dyn RowSink,
) -> Result<QuerySummary, Failure> {
    let mut statement = connection.prepare(&query.text)?;
    if statement.parameter_count() > 0 {
        return Err(Failure::Sdk(Error::invalid(
            "the SQL has placeholders, which have no values here: write the values",
        )));
    }
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    if let Some((_, twice)) = columns
        .iter()
        .enumerate()
        .find(|(at, name)| columns[..*at].contains(name))
    {
        let message = format!("there are two columns named {twice}: name one of them with AS");
        return Err(Failure::Sdk(Error::invalid(message)));
    }
    rows.columns(&columns).map_err(Failure::Sdk)?;
    let mut summary = QuerySummary::default();
    let mut bytes = 0;
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        let values = (0..columns.len())
            .map(|index| row.get_ref(index).map(value))
            .collect::<rusqlite::Result<Vec<_>>>()?;
        bytes += json::length(&values);
        if summary.rows >= query.row_limit || bytes > query.byte_limit {
            summary.truncated = true;
            break;
        }
        rows.row(values).map_err(Failure::Sdk)?;
        summary.rows += 1;
    }
    Ok(summary)
}

fn value(value: ValueRef<'_>) -> Json {
    match value {
        ValueRef::Null => Json::Null,
        ValueRef::Integer(integer) => Json::from(integer),
        ValueRef::Real(float) => serde_json::Number::from_f64(float).map_or(Json::Null, Json::Number),
        ValueRef::Text(text) => Json::String(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Json::String(bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
    }
}

/// Admits reading the documented views, what they are made of when they ask for it, and computing.
fn authorize(context: AuthContext<'_>) -> Authorization {
    let documented = |name: &str| {
        sql_tables()
            .iter()
            .any(|table| table.name.eq_ignore_ascii_case(name))
    };
    let allowed = match context.action {
        AuthAction::Select | AuthAction::Recursive => true,
        AuthAction::Read {
            table_name,
            column_name,
        } => {
            // Once a view is part of a larger statement, SQLite asks for its tables again: without a column, and
            // without saying for whom. That much tells no more than how many rows there are.
            let through_view = context.accessor.is_some_and(documented) || column_name.is_empty();
            documented(table_name) || (through_view && BEHIND.contains(&table_name)) || table_name.is_empty()
        }
        AuthAction::Function { function_name } => !FORBIDDEN_FUNCTIONS
            .iter()
            .any(|name| name.eq_ignore_ascii_case(function_name)),
        _ => false,
    };
    if allowed {
        Authorization::Allow
    } else {
        Authorization::Deny
    }
}
