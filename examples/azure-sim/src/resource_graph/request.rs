//! What a query comes with: whose resources, how many, from where.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use serde_json::{Value, json};

use crate::{
    arm::Ask,
    error,
    tenant::{Class, is_within},
    web::Reply,
};

use super::{record::Record, tables::Scope};

/// The most rows of a page.
const LARGEST: usize = 1000;

/// A request, read.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) query: String,
    pub(super) scope: Scope,
    pub(super) top: usize,
    pub(super) skip: usize,
    pub(super) skip_token: Option<String>,
    /// Whether rows are shown as lists of values below a list of columns.
    table: bool,
}

impl Request {
    pub(super) fn read(ask: &Ask<'_>, body: &Value) -> Result<Self, Reply> {
        let now = ask.world.now();
        let refused = |code: &str, message: &str| {
            error::resource_graph(
                400,
                "BadRequest",
                &[json!({"code": code, "message": message})],
                now,
            )
        };
        let Some(query) = body["query"].as_str().filter(|query| !query.trim().is_empty()) else {
            return Err(refused("InvalidQuery", "The query is missing."));
        };
        let options = &body["options"];
        let top = match options.get("$top").or_else(|| options.get("top")) {
            None | Some(Value::Null) => ask.world.config.pages.resource_graph,
            Some(top) => match top.as_u64() {
                Some(top @ 1..=1000) => usize::try_from(top).unwrap_or(LARGEST),
                _ => {
                    return Err(refused(
                        "InvalidTop",
                        "The value of $top must be between 1 and 1000.",
                    ));
                }
            },
        };
        let number =
            |name: &str| usize::try_from(options[name].as_u64().unwrap_or_default()).unwrap_or_default();
        // Older versions show tables unless told.
        let older = ask
            .call
            .parameter("api-version")
            .is_some_and(|version| version < "2020-04-01-preview");
        let table = match options["resultFormat"].as_str() {
            Some(format) => format.eq_ignore_ascii_case("table"),
            None => older,
        };
        Ok(Self {
            query: query.to_owned(),
            scope: scope(ask, body)?,
            top,
            skip: number("$skip").max(number("skip")),
            skip_token: options["$skipToken"]
                .as_str()
                .or_else(|| options["skipToken"].as_str())
                .map(str::to_owned),
            table,
        })
    }

    /// What a token and a total belong to.
    pub(super) fn listing(&self) -> String {
        format!("{}\n{:?}", self.query, self.scope)
    }

    /// The rows in the form that was asked for.
    pub(super) fn shape(&self, columns: &[String], rows: Vec<Record>) -> Value {
        let objects = rows.into_iter().map(|row| row.show(columns));
        if !self.table {
            return objects.collect();
        }
        let rows: Vec<Value> = objects
            .map(|object| match object {
                Value::Object(members) => members.into_iter().map(|(_, value)| value).collect(),
                other => other,
            })
            .collect();
        let columns: Vec<Value> = columns
            .iter()
            .enumerate()
            .map(|(at, name)| json!({"name": name, "type": type_of(rows.iter().map(|row| &row[at]))}))
            .collect();
        json!({"columns": columns, "rows": rows})
    }
}

/// The type of a column, by its first value.
fn type_of<'v>(mut values: impl Iterator<Item = &'v Value>) -> &'static str {
    match values.find(|value| !value.is_null()) {
        Some(Value::Number(_)) => "integer",
        Some(Value::Bool(_)) => "boolean",
        Some(Value::Object(_) | Value::Array(_)) => "object",
        _ => "string",
    }
}

/// The subscriptions that are named, those below the management groups that are named, otherwise everything.
fn scope(ask: &Ask<'_>, body: &Value) -> Result<Scope, Reply> {
    let texts = |name: &str| -> Vec<String> {
        let list = body[name].as_array();
        list.into_iter()
            .flatten()
            .filter_map(|text| Some(text.as_str()?.to_lowercase()))
            .collect()
    };
    let (subscriptions, groups) = (texts("subscriptions"), texts("managementGroups"));
    if subscriptions.is_empty() && groups.is_empty() {
        return Ok(Scope::All);
    }
    let mut ids = Vec::new();
    for id in subscriptions {
        let key = format!("/subscriptions/{id}");
        let own = &ask.caller.principal.scopes;
        let sees = ask.may_read(&key) || own.iter().any(|own| is_within(&own.to_lowercase(), &key));
        if ask.tenant().row(&key).is_some() && sees {
            ids.push(id);
        }
    }
    for row in ask.tenant().hierarchy() {
        if row.class == Class::Subscription {
            let above = ask.tenant().above(&row.key);
            let is_below = groups
                .iter()
                .any(|name| above.iter().any(|key| key.rsplit('/').next() == Some(name)));
            if is_below {
                ids.extend(row.subscription().map(str::to_lowercase));
            }
        }
    }
    if ids.is_empty() {
        let detail = json!({"code": "NoValidSubscriptionsInQueryRequest", "message": "There must be at least one subscription that is eligible to contain resources."});
        return Err(error::resource_graph(
            400,
            "BadRequest",
            &[detail],
            ask.world.now(),
        ));
    }
    ids.sort();
    ids.dedup();
    Ok(Scope::Subscriptions(ids))
}

/// How many rows a query has in all, counted once.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    known: Mutex<HashMap<String, u64>>,
}

/// How many totals are remembered.
const REMEMBERED: usize = 256;

impl Totals {
    /// The total of a listing in the tenant as it is now and as the caller sees it.
    pub(super) fn get_or_count(&self, ask: &Ask<'_>, listing: &str, count: impl FnOnce() -> u64) -> u64 {
        let lag = ask.world.lag().resource_graph;
        let last = ask.tenant().history().last();
        let key = format!("{} {last} {lag} {listing}", ask.caller.principal.client_id);
        let known = |totals: &Self| {
            let known = totals.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.get(&key).copied()
        };
        // With a lag the same changes show another state a moment later.
        if let Some(total) = known(self).filter(|_| lag == 0) {
            return total;
        }
        let total = count();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(key, total);
        total
    }
}
