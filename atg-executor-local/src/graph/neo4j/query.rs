//! Answers queries.

use atg_bolt::{Failure, Lease, Mode, Packer, Transaction, Value};
use atg_sdk::{Error, ErrorKind, Result};
use serde_json::Value as Json;
use tokio::time::Instant;

use super::{
    Neo4jStore,
    emit::{TENANTS, emit},
    failure::explain,
    server::Server,
    values::json,
};
use crate::{
    cypher::{self, Refusal, RefusalKind, Span, bind},
    graph::{Query, QuerySummary, RowSink},
};

const DOING: &str = "query the graph";

/// How many rows are on their way at a time.
const FETCH: u32 = 500;

/// How much longer than the server we wait: it looks every two seconds for what takes too long.
const GRACE: std::time::Duration = std::time::Duration::from_secs(5);

/// Answers a query: the gate first, then our own compiler, then a read transaction with the server's own time limit.
pub(super) async fn run(
    store: &Neo4jStore,
    query: Query,
    mut rows: Box<dyn RowSink>,
) -> Result<QuerySummary> {
    let (text, parameters) = (query.text.clone(), query.parameters.clone());
    let bound = query.tenants.is_some();
    let asked = tokio::task::spawn_blocking(move || read(&text, &parameters, bound))
        .await
        .map_err(|error| Error::internal("reading the query failed").with_source(error))??;
    let server = store.server().await?;
    let partial = partial(server, &query).await?;
    let mut lease = server.lease().await.map_err(|failure| explain(failure, DOING))?;
    let deadline = Instant::now() + query.timeout + GRACE;
    let mut summary = QuerySummary {
        partial,
        ..QuerySummary::default()
    };
    let ended = tokio::select! {
        () = query.cancel.cancelled() => Ended::Cancelled,
        () = tokio::time::sleep_until(deadline) => Ended::TooLate,
        result = answer(&mut lease, &query, &asked, &mut *rows, &mut summary) => Ended::Itself(result),
    };
    match ended {
        Ended::Itself(Ok(())) => Ok(summary),
        Ended::Itself(Err(Stopped::Sink(error))) => {
            stop(&mut lease).await;
            Err(error)
        }
        Ended::Itself(Err(Stopped::Server(Failure::Server(failure)))) if failure.is_timed_out() => {
            Err(timeout(&query))
        }
        Ended::Itself(Err(Stopped::Server(failure))) => Err(refused(failure)),
        Ended::Cancelled => {
            stop(&mut lease).await;
            Err(Error::cancelled())
        }
        Ended::TooLate => {
            stop(&mut lease).await;
            Err(timeout(&query))
        }
    }
}

/// What the server is asked.
struct Asked {
    text: String,
    /// The columns' names, where we know them.
    columns: Option<Vec<String>>,
}

/// Reads a query as every store does. What our compiler does not support is still asked as it stands, unless the caller is
/// bound to tenants: a text that we do not understand cannot be confined.
fn read(text: &str, parameters: &serde_json::Map<String, Json>, bound: bool) -> Result<Asked> {
    let refused = |refusal: Refusal| refusal.into_error(text);
    cypher::gate(text).map_err(refused)?;
    if parameters.contains_key(TENANTS) {
        return Err(Error::invalid(format!(
            "query the graph: the parameter {TENANTS} is the store's own: choose another name"
        )));
    }
    // Parsing and binding recurse as deeply as the query nests, and other threads' stacks are small.
    let understood = std::thread::scope(|scope| {
        let compile = move || -> Result<Asked, Refusal> {
            let statement = cypher::parse(text)?;
            let plan = bind::bind(text, &statement, parameters)?;
            if statement.explain {
                let message = "EXPLAIN shows the plan of the embedded graph: ask Neo4j's own browser for that of a Neo4j";
                return Err(Refusal::invalid(Span::new(0, text.len().min(7)), message));
            }
            Ok(Asked {
                text: emit(text, &statement.query, bound),
                columns: Some(plan.columns.iter().map(|column| column.name.clone()).collect()),
            })
        };
        std::thread::Builder::new()
            .name("query".to_owned())
            .stack_size(cypher::STACK)
            .spawn_scoped(scope, compile)
            .map_err(|error| {
                Error::new(ErrorKind::Unavailable, "the query got no thread").with_source(error)
            })?
            .join()
            .map_err(|_| Error::internal("reading the query failed"))
    })?;
    match understood {
        Ok(asked) => Ok(asked),
        Err(refusal) if refusal.kind == RefusalKind::Unsupported && !bound => Ok(Asked {
            text: text.to_owned(),
            columns: None,
        }),
        Err(refusal) => Err(refused(refusal)),
    }
}

enum Ended {
    Itself(Result<(), Stopped>),
    Cancelled,
    TooLate,
}

enum Stopped {
    Server(Failure),
    Sink(Error),
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Self::Server(failure)
    }
}

/// Ends what the server is doing. A connection that does not answer is closed, which ends it too.
async fn stop(lease: &mut Lease) {
    if let Err(error) = lease.reset().await {
        tracing::debug!(%error, "the connection of a query that was stopped is closed");
    }
}

async fn answer(
    lease: &mut Lease,
    query: &Query,
    asked: &Asked,
    rows: &mut dyn RowSink,
    summary: &mut QuerySummary,
) -> Result<(), Stopped> {
    let mut parameters = Packer::new();
    parameters.map(query.parameters.len() + usize::from(query.tenants.is_some()));
    if let Some(tenants) = &query.tenants {
        parameters.text(TENANTS).list(tenants.len());
        for tenant in tenants {
            parameters.text(&tenant.to_string());
        }
    }
    for (name, value) in &query.parameters {
        parameters.text(name);
        pack(&mut parameters, value).map_err(Stopped::Sink)?;
    }
    let transaction = Transaction {
        mode: Mode::Read,
        timeout: Some(query.timeout),
        metadata: &[],
    };
    let columns = lease
        .stream(&asked.text, parameters.bytes(), transaction, FETCH)
        .await?;
    rows.columns(asked.columns.as_ref().unwrap_or(&columns))
        .map_err(Stopped::Sink)?;
    let mut bytes = 0;
    while let Some(row) = lease.next().await? {
        let row: Vec<Json> = row.into_iter().map(json).collect();
        bytes += length(&row);
        if summary.rows >= query.row_limit || bytes > query.byte_limit {
            summary.truncated = true;
            stop(lease).await;
            return Ok(());
        }
        rows.row(row).map_err(Stopped::Sink)?;
        summary.rows += 1;
    }
    Ok(())
}

fn pack(out: &mut Packer, value: &Json) -> Result<()> {
    match value {
        Json::Null => out.null(),
        Json::Bool(value) => out.bool(*value),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => out.int(number),
            (None, Some(float)) if !number.is_u64() => out.float(float),
            _ => {
                return Err(Error::invalid(format!(
                    "query the graph: the parameter {number} does not fit into 64 bits"
                )));
            }
        },
        Json::String(text) => out.text(text),
        Json::Array(items) => {
            out.list(items.len());
            for item in items {
                pack(out, item)?;
            }
            out
        }
        Json::Object(members) => {
            out.map(members.len());
            for (name, member) in members {
                out.text(name);
                pack(out, member)?;
            }
            out
        }
    };
    Ok(())
}

/// How many bytes a row takes as JSON.
fn length(row: &[Json]) -> u64 {
    serde_json::to_vec(row).map_or(0, |text| text.len() as u64)
}

/// Whether a tenant in question is being written or was left in the middle.
async fn partial(server: &Server, query: &Query) -> Result<bool> {
    let mut parameters = Packer::new();
    parameters.map(1).text("tenants");
    match &query.tenants {
        None => parameters.null(),
        Some(tenants) => {
            parameters.list(tenants.len());
            for tenant in tenants {
                parameters.text(&tenant.to_string());
            }
            &mut parameters
        }
    };
    let answer = server
        .read(
            "RETURN EXISTS { MATCH (t:_Tenant) WHERE t.partial = 1 AND ($tenants IS NULL OR t.tenant_id IN $tenants) }",
            &parameters,
            DOING,
        )
        .await?;
    Ok(answer.single().and_then(Value::as_bool) == Some(true))
}

fn timeout(query: &Query) -> Error {
    Error::new(
        ErrorKind::Timeout,
        format!(
            "the query did not end within {} s: narrow it, or allow it more time",
            query.timeout.as_secs()
        ),
    )
}

/// What the server finds wrong with a query is for who wrote it.
fn refused(failure: Failure) -> Error {
    match &failure {
        Failure::Server(server) if server.code.starts_with("Neo.ClientError.Statement.") => {
            Error::invalid(server.message.clone())
        }
        _ => explain(failure, DOING),
    }
}
