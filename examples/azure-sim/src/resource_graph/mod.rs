//! Resource Graph: a query language over what Resource Manager knows.

mod ast;
mod changes;
mod check;
mod eval;
mod functions;
mod lexer;
mod parser;
mod record;
mod request;
mod run;
mod summarize;
mod tables;

use http::Method;
use serde_json::{Map, Value, json};

use crate::{
    arm::Ask,
    error,
    web::{Reply, Token},
};

use eval::Context;
use request::Request;
use run::{Run, counting, is_limited, is_streamed};

pub(crate) use request::Totals;

/// `POST /providers/Microsoft.ResourceGraph/resources`
pub(crate) fn answer(ask: &Ask<'_>, path: &[&str]) -> Result<Reply, Reply> {
    match (&ask.call.method, path) {
        (&Method::POST, ["resources"]) => query(ask),
        (&Method::GET, ["operations"]) => Ok(Reply::json(&json!({"value": [
            {"name": "Microsoft.ResourceGraph/resources/read", "display": {"provider": "Microsoft Resource Graph", "resource": "Resources", "operation": "Query resources"}},
        ]}))),
        _ => Err(error::method_not_allowed(ask.call.method.as_str())),
    }
}

fn query(ask: &Ask<'_>) -> Result<Reply, Reply> {
    let now = ask.world.now();
    let body = ask.call.json()?;
    let request = Request::read(ask, &body)?;
    let query = parser::parse(&request.query).map_err(|failure| {
        let details = [
            json!({"code": "InvalidQuery", "message": INVALID}),
            json!({
                "code": "ParserFailure", "message": "ParserFailure", "line": failure.line,
                "characterPositionInLine": failure.column, "token": failure.token, "expectedToken": "",
            }),
        ];
        error::resource_graph(400, "BadRequest", &details, now)
    })?;
    let columns = check::columns(&query).map_err(|message| {
        let details = [
            json!({"code": "InvalidQuery", "message": INVALID}),
            json!({"code": "SemanticError", "message": message}),
        ];
        error::resource_graph(400, "BadRequest", &details, now)
    })?;
    let run = Run {
        ask,
        scope: &request.scope,
        context: Context { now },
    };
    let streamed = is_streamed(&query);
    let listing = request.listing();
    let token = match &request.skip_token {
        None => None,
        Some(text) => Some(Token::decode(text, &[&listing]).ok_or_else(|| {
            let detail = json!({"code": "InvalidSkipToken", "message": "The provided skip token is invalid or has expired."});
            error::resource_graph(400, "BadRequest", &[detail], now)
        })?),
    };
    let seen = token.as_ref().map_or(0, |token| token.seen);
    let after = token
        .as_ref()
        .filter(|_| streamed)
        .map(|token| token.after.as_str());
    let mut records = run.records(&query, after);
    let skip = match (&token, streamed) {
        (None, _) => request.skip,
        (Some(_), true) => 0,
        (Some(token), false) => usize::try_from(token.seen).unwrap_or(usize::MAX),
    };
    if skip > 0 {
        records = Box::new(records.skip(skip));
    }
    let page: Vec<_> = records.by_ref().take(request.top).collect();
    let full = page.len() == request.top;
    let more = full && records.next().is_some();
    drop(records);
    let total = ask.world.totals.get_or_count(ask, &listing, || {
        if !more && token.is_none() {
            return (page.len() + request.skip) as u64;
        }
        run.records(&counting(&query), None).count() as u64
    });
    // Without its ID a row cannot be read on from, and a query that says how many it wants has no next page.
    let pages = columns.iter().any(|name| name == "id") && !is_limited(&query);
    let next = (more && pages).then(|| {
        let last = page.last().and_then(|record| Some(record.row()?.key.clone()));
        let seen = if token.is_none() {
            request.skip as u64
        } else {
            seen
        };
        Token::new(last.unwrap_or_default(), seen + page.len() as u64, &[&listing]).encode()
    });
    let mut answer = Map::new();
    answer.insert("totalRecords".to_owned(), json!(total));
    answer.insert("count".to_owned(), json!(page.len()));
    answer.insert("data".to_owned(), request.shape(&columns, page));
    answer.insert("facets".to_owned(), json!([]));
    let truncated = more && next.is_none();
    answer.insert("resultTruncated".to_owned(), json!(truncated.to_string()));
    if let Some(token) = next {
        answer.insert("$skipToken".to_owned(), json!(token));
    }
    Ok(Reply::json(&Value::Object(answer)))
}

const INVALID: &str = "Query is invalid. Please refer to the documentation for the Azure Resource Graph service and fix the error before retrying.";

#[cfg(test)]
mod tests;
