//! `--sql`: plain SQL on this machine, reading the documented tables and nothing else.

use std::time::Duration;

use atg_sdk::{Error, ErrorKind, Result};
use rusqlite::{
    Connection,
    hooks::{AuthAction, AuthContext, Authorization},
    types::ValueRef,
};
use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;

use super::{interrupt, json};
use crate::graph::{
    QuerySummary, RowSink,
    embedded::{EmbeddedStore, failure::Sql},
};

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
            about: "one row a node: key, tenant_id, id, name, type, labels, members, properties, history",
        },
        SqlTable {
            name: "edges",
            about: "one row a relationship: source_key, type, target_key, owner_key, path, properties",
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

/// One `SELECT`, and how much of an answer to take.
#[derive(Debug, Clone)]
pub struct SqlQuery {
    /// The statement.
    pub text: String,
    /// At most that many rows.
    pub row_limit: u64,
    /// At most that many bytes of rows as JSON.
    pub byte_limit: u64,
    /// How long it may run.
    pub timeout: Duration,
    /// Ends it early.
    pub cancel: CancellationToken,
}

impl EmbeddedStore {
    /// Runs plain SQL that can read the documented tables and nothing else. For the person at this machine: no service
    /// passes such a text on.
    ///
    /// # Errors
    /// `InvalidArgument` for anything but one `SELECT` on the documented tables; `Timeout` and `Cancelled` when it was
    /// stopped.
    pub async fn sql(&self, query: SqlQuery, mut rows: Box<dyn RowSink>) -> Result<QuerySummary> {
        self.blocking(move |store| run(store.reader()?, &query, &mut *rows))
            .await
    }
}

fn run(mut connection: Connection, query: &SqlQuery, rows: &mut dyn RowSink) -> Result<QuerySummary> {
    let SqlQuery { timeout, cancel, .. } = query;
    let doing = "run the SQL";
    interrupt::watch(&mut connection, *timeout, cancel)?;
    connection.authorizer(Some(authorize)).during(doing)?;
    answer(&connection, query, rows).map_err(|failure| match failure {
        Failure::Sdk(error) => error,
        Failure::Sqlite(error) => match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::OperationInterrupted) if cancel.is_cancelled() => Error::cancelled(),
            Some(rusqlite::ErrorCode::OperationInterrupted) => super::timeout(*timeout),
            Some(rusqlite::ErrorCode::AuthorizationForStatementDenied) => {
                let names: Vec<&str> = sql_tables().iter().map(|table| table.name).collect();
                let message = format!("only SELECT on {} is allowed: {error}", names.join(", "));
                Error::new(ErrorKind::InvalidArgument, message)
            }
            _ => Error::invalid(format!("SQLite refuses this: {error}")),
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
