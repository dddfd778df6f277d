//! `$batch`: up to twenty requests in one.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Map, Value, json};

use crate::{
    cloud::Part,
    error, service,
    web::{Call, Reply},
};

use super::Ask;

/// The most requests in a batch.
const LARGEST: usize = 20;

/// Answers each request by itself: its quota, its faults, its status.
pub(super) fn answer(ask: &Ask<'_>) -> Result<Reply, Reply> {
    let refused = |message: String| error::graph(400, "BadRequest", message, ask.world.now());
    let body = ask.call.json()?;
    let Some(requests) = body["requests"]
        .as_array()
        .filter(|requests| !requests.is_empty())
    else {
        return Err(refused("Invalid batch payload format.".to_owned()));
    };
    if requests.len() > LARGEST {
        return Err(refused(format!(
            "Number of batch request steps exceeds the maximum value of {LARGEST}."
        )));
    }
    let mut statuses = BTreeMap::<String, u16>::new();
    let mut responses = Vec::new();
    for request in requests {
        let id = request["id"]
            .as_str()
            .map_or_else(|| request["id"].to_string(), str::to_owned);
        if statuses.contains_key(&id) {
            return Err(refused(format!("Request Id {id} has to be unique in a batch.")));
        }
        let failed = request["dependsOn"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|other| {
                let status = statuses.get(other.as_str().unwrap_or_default());
                status.is_none_or(|status| *status >= 400)
            });
        let reply = if failed {
            error::graph(
                424,
                "FailedDependency",
                "A request that this one depends on failed.",
                ask.world.now(),
            )
        } else {
            one(ask, request).unwrap_or_else(&refused)
        };
        statuses.insert(id.clone(), reply.status);
        responses.push(shown(&id, &reply));
    }
    // Azure promises no order, and clients that expect one should find out here.
    responses.reverse();
    Ok(Reply::json(&json!({"responses": responses})))
}

fn one(ask: &Ask<'_>, request: &Value) -> Result<Reply, String> {
    let method = request["method"].as_str().unwrap_or("GET").to_uppercase();
    let method: Method = method.parse().map_err(|_| format!("Invalid method {method}."))?;
    let url = request["url"].as_str().ok_or("A request needs a url.")?;
    let version = ask.call.segments.first().map_or("v1.0", String::as_str);
    let target = format!("/{version}/{}", url.trim_start_matches('/'));
    let mut headers = HeaderMap::new();
    for (name, value) in request["headers"].as_object().into_iter().flatten() {
        let name = name.parse::<HeaderName>();
        let value = HeaderValue::from_str(value.as_str().unwrap_or_default());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.insert(name, value);
        }
    }
    if let Some(token) = ask.call.headers.get(http::header::AUTHORIZATION) {
        headers.insert(http::header::AUTHORIZATION, token.clone());
    }
    let body = match &request["body"] {
        Value::Null => Bytes::new(),
        Value::String(text) => Bytes::from(text.clone()),
        other => Bytes::from(other.to_string()),
    };
    let call = Call::new(method, ask.call.origin.clone(), &target, headers, body);
    if call.path.ends_with("/$batch") {
        return Err("A batch may not hold a batch.".to_owned());
    }
    Ok(service::inner(ask.world, &call, Part::Graph))
}

fn shown(id: &str, reply: &Reply) -> Value {
    let headers: Map<String, Value> = reply
        .headers
        .iter()
        .map(|(name, value)| (header_name(name), json!(value)))
        .collect();
    let mut response = json!({"id": id, "status": reply.status, "headers": headers});
    if !reply.body.is_empty() {
        response["body"] =
            serde_json::from_slice(&reply.body).unwrap_or_else(|_| json!(STANDARD.encode(&reply.body)));
    }
    response
}

/// `retry-after` as `Retry-After`: inside JSON names have no casing of their own.
fn header_name(name: &str) -> String {
    name.split('-')
        .map(|part| part.get(..1).unwrap_or_default().to_uppercase() + part.get(1..).unwrap_or_default())
        .collect::<Vec<_>>()
        .join("-")
}
