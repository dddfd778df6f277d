//! Cypher on SQLite.
//!
//! Patterns become SQL: one statement for each connected part of fixed length, in an order that this module chooses and
//! that the indexes serve. What a value means (equality, order, arithmetic, nulls, text) is never left to SQLite: those
//! rows pass through operators that compute with `cypher::value`. Where a condition can be told to SQLite as well, it is,
//! and checked again afterwards, so an index can only save work.

mod chain;
mod counting;
mod data;
mod demand;
mod explain;
mod interrupt;
mod json;
mod matching;
mod operators;
mod planner;
mod projection;
mod shortest;
mod sql;
mod sql_access;
mod statements;

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
    time::Instant,
};

use atg_sdk::{Error, ErrorKind, Result};
use rusqlite::Connection;
use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;

use self::{data::Names, demand::Demand, planner::Steps};
use super::failure::Sql;
use crate::{
    cypher::{
        self,
        bind::{self, plan::Plan},
        eval::{Fault, Outcome},
        value::Value,
    },
    graph::{Query, QuerySummary, RowSink},
};

pub(crate) use sql_access::run as run_sql;
pub use sql_access::{SqlTable, sql_tables};

/// How much a query may keep in memory at a time: rows that are sorted or grouped, lists, texts.
const MEMORY_LIMIT: usize = 256 << 20;

/// Answers a query on a connection of its own that cannot write.
pub(crate) fn run(connection: Connection, query: &Query, rows: &mut dyn RowSink) -> Result<QuerySummary> {
    // Parsing, binding and computing recurse as deeply as the query nests, and other threads' stacks are small.
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("query".to_owned())
            .stack_size(cypher::STACK);
        let answer = thread
            .spawn_scoped(scope, move || answer(connection, query, rows))
            .map_err(|error| {
                Error::new(ErrorKind::Unavailable, "the query got no thread").with_source(error)
            })?;
        answer
            .join()
            .map_err(|_| Error::internal("answering the query failed"))?
    })
}

fn answer(mut connection: Connection, query: &Query, rows: &mut dyn RowSink) -> Result<QuerySummary> {
    let refused = |refusal: cypher::Refusal| refusal.into_error(&query.text);
    cypher::gate(&query.text).map_err(refused)?;
    let statement = cypher::parse(&query.text).map_err(refused)?;
    let plan = bind::bind(&query.text, &statement, &query.parameters).map_err(refused)?;

    let doing = "read the graph";
    interrupt::watch(&mut connection, query.timeout, &query.cancel)?;
    connection.set_prepared_statement_cache_capacity(128);
    // One transaction, so that the whole answer sees one state.
    let transaction = connection.unchecked_transaction().during(doing)?;
    let execution = Execution::new(&connection, query, &plan).map_err(|error| stopped(error, query))?;
    let summary = if statement.explain {
        explain::answer(&execution, &plan, rows)
    } else {
        execution.answer(&plan, query, rows)
    };
    let summary = summary.map_err(|error| stopped(error, query))?;
    transaction.finish().during(doing)?;
    Ok(summary)
}

/// Says why SQLite was interrupted.
fn stopped(error: Error, query: &Query) -> Error {
    let interrupted = std::error::Error::source(&error)
        .and_then(|source| source.downcast_ref::<rusqlite::Error>())
        .and_then(rusqlite::Error::sqlite_error_code)
        == Some(rusqlite::ErrorCode::OperationInterrupted);
    match interrupted {
        true if query.cancel.is_cancelled() => Error::cancelled(),
        true => timeout(query.timeout),
        false => error,
    }
}

fn timeout(limit: std::time::Duration) -> Error {
    let message = format!(
        "the query did not end within {} s: narrow it, or allow it more time",
        limit.as_secs()
    );
    Error::new(ErrorKind::Timeout, message)
}

/// One query while it is being answered.
struct Execution<'a> {
    connection: &'a Connection,
    names: Names,
    /// Rows of `tenant` whose nodes exist for this query; all where `None`.
    tenants: Option<Vec<i64>>,
    demand: Demand,
    /// Lists of labels by their text.
    labels: RefCell<HashMap<Box<[u8]>, Value>>,
    /// How each `MATCH` is carried out, by its address in the plan.
    steps: RefCell<HashMap<usize, Rc<Steps>>>,
    cancel: &'a CancellationToken,
    timeout: std::time::Duration,
    deadline: Instant,
    began: jiff::Timestamp,
    ticks: Cell<u32>,
    memory: Cell<usize>,
    /// Bytes of the row that is being handed out: a node is small until its properties are read.
    row: Cell<usize>,
}

impl<'a> Execution<'a> {
    fn new(connection: &'a Connection, query: &'a Query, plan: &Plan) -> Result<Self> {
        let names = Names::read(connection)?;
        let tenants = query.tenants.as_ref().map(|tenants| names.tenant_rows(tenants));
        Ok(Self {
            connection,
            names,
            tenants,
            demand: Demand::of(plan),
            labels: RefCell::default(),
            steps: RefCell::default(),
            cancel: &query.cancel,
            timeout: query.timeout,
            deadline: Instant::now() + query.timeout,
            began: jiff::Timestamp::now(),
            ticks: Cell::new(0),
            memory: Cell::new(0),
            row: Cell::new(0),
        })
    }

    fn answer(&self, plan: &Plan, query: &Query, rows: &mut dyn RowSink) -> Result<QuerySummary> {
        let columns: Vec<String> = plan.columns.iter().map(|column| column.name.clone()).collect();
        rows.columns(&columns)?;
        let mut summary = QuerySummary {
            partial: self.partial()?,
            ..QuerySummary::default()
        };
        let mut bytes = 0;
        let mut row = vec![Value::Null; plan.slots];
        self.run_plan(plan, &mut row, &mut |row| {
            if summary.rows >= query.row_limit {
                summary.truncated = true;
                return Ok(false);
            }
            self.row.set(0);
            let values = plan
                .columns
                .iter()
                .map(|column| json::value(&row[column.slot], self));
            let values = values.collect::<Outcome<Vec<Json>>>()?;
            bytes += json::length(&values);
            if bytes > query.byte_limit {
                summary.truncated = true;
                return Ok(false);
            }
            rows.row(values).map_err(Fault::from)?;
            summary.rows += 1;
            Ok(true)
        })?;
        Ok(summary)
    }

    /// Whether a tenant in question is being written or was left in the middle.
    fn partial(&self) -> Result<bool> {
        let doing = "read the state of the tenants";
        let mut statement = self
            .connection
            .prepare_cached("SELECT id FROM tenant WHERE partial = 1")
            .during(doing)?;
        let partial: Vec<i64> = statement
            .query_map([], |row| row.get(0))
            .and_then(Iterator::collect)
            .during(doing)?;
        Ok(partial.iter().any(|tenant| {
            self.tenants
                .as_ref()
                .is_none_or(|tenants| tenants.contains(tenant))
        }))
    }

    /// Fails when the time is over or somebody asked to stop. Cheap enough for every row.
    fn check_time(&self) -> Outcome<()> {
        let ticks = self.ticks.get().wrapping_add(1);
        self.ticks.set(ticks);
        if !ticks.is_multiple_of(256) {
            return Ok(());
        }
        if self.cancel.is_cancelled() {
            return Err(Error::cancelled().into());
        }
        if Instant::now() > self.deadline {
            return Err(timeout(self.timeout).into());
        }
        Ok(())
    }

    /// Accounts for memory that an operator keeps.
    fn grow(&self, bytes: usize) -> Outcome<()> {
        let memory = self.memory.get().saturating_add(bytes);
        self.memory.set(memory);
        if memory > MEMORY_LIMIT {
            Err(too_large())
        } else {
            Ok(())
        }
    }

    /// Accounts for a part of a row of the answer.
    fn spend(&self, bytes: usize) -> Outcome<()> {
        self.row.set(self.row.get() + bytes);
        if self.row.get() > MEMORY_LIMIT {
            Err(too_large())
        } else {
            Ok(())
        }
    }

    fn shrink(&self, bytes: usize) {
        self.memory.set(self.memory.get().saturating_sub(bytes));
    }
}

fn too_large() -> Fault {
    let limit = MEMORY_LIMIT >> 20;
    Fault::from(Error::new(
        ErrorKind::TooLarge,
        format!("the query needs more than {limit} MiB at a time: narrow it, or return less of each node"),
    ))
}

#[cfg(test)]
mod tests;
