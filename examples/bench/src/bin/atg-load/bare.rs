//! The least that such a service could do: hyper, and one row of SQLite for each call. No keys, no limits, no logs.

use std::{cell::RefCell, convert::Infallible, path::Path};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Response, StatusCode, header, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use rusqlite::{Connection, OptionalExtension as _};
use tokio::net::TcpListener;

use crate::Result;

thread_local! {
    static CONNECTION: RefCell<Option<Connection>> = const { RefCell::new(None) };
}

/// Makes the database: one row for each job.
pub(crate) fn create(path: &Path, rows: &[(String, String)]) -> Result<()> {
    let mut connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    let transaction = connection.transaction()?;
    transaction.execute("CREATE TABLE job (id TEXT PRIMARY KEY, body TEXT NOT NULL)", [])?;
    for row in rows {
        transaction.execute("INSERT INTO job VALUES (?, ?)", [&row.0, &row.1])?;
    }
    transaction.commit()?;
    Ok(())
}

/// Serves until the process is killed, on as many threads as the service has.
pub(crate) fn serve(path: &Path) -> Result<()> {
    let path: &'static Path = Box::leak(path.to_owned().into_boxed_path());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async move {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        announce(&listener)?;
        let builder = Builder::new(TokioExecutor::new());
        loop {
            let (stream, _) = listener.accept().await?;
            let _ = stream.set_nodelay(true);
            let builder = builder.clone();
            tokio::spawn(async move {
                let service = service_fn(|request: Request<hyper::body::Incoming>| async move {
                    Ok::<_, Infallible>(answer(path, request.uri().path()))
                });
                // A client that leaves is no news.
                let _ = builder.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    })
}

#[expect(
    clippy::print_stdout,
    reason = "whoever started this process waits for the line"
)]
fn announce(listener: &TcpListener) -> Result<()> {
    println!("listening on http://{}", listener.local_addr()?);
    Ok(())
}

fn answer(database: &Path, path: &str) -> Response<Full<Bytes>> {
    let id = path.rsplit('/').next().unwrap_or_default();
    let (status, body) = match read(database, id) {
        Ok(Some(body)) => (StatusCode::OK, body),
        Ok(None) => (StatusCode::NOT_FOUND, String::new()),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let json = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

fn read(database: &Path, id: &str) -> rusqlite::Result<Option<String>> {
    CONNECTION.with_borrow_mut(|connection| {
        let connection = match connection {
            Some(open) => open,
            None => connection.insert(Connection::open(database)?),
        };
        connection
            .prepare_cached("SELECT body FROM job WHERE id = ?")?
            .query_row([id], |row| row.get(0))
            .optional()
    })
}
