//! One object, by its id or by another key, and what hangs on it.

use std::sync::Arc;

use http::Method;
use serde_json::{Map, Value, json};

use crate::{tenant::Object, web::Reply};

use super::{
    Ask,
    collections::Collection,
    relations,
    select::{show, show_typed},
    write,
};

/// Answers `COLLECTION/ID[/…]`.
pub(super) fn answer(
    ask: &Ask<'_>,
    collection: Option<Collection>,
    key: &str,
    rest: &[&str],
) -> Result<Reply, Reply> {
    let Some(object) = find(ask, collection, key) else {
        return Err(ask.not_found(key));
    };
    match (&ask.call.method, rest) {
        (&Method::GET, []) => Ok(one(ask, collection, &object)),
        (&Method::PATCH | &Method::DELETE, []) => write::change(ask, &object),
        (&Method::POST, [name]) if name.starts_with("getmember") || name.starts_with("checkmember") => {
            relations::member_groups(ask, &object, name)
        }
        (&Method::POST, [list, "$ref"]) => write::link(ask, &object, list),
        (&Method::DELETE, [list, id, "$ref"]) => write::unlink(ask, &object, list, id),
        (&Method::GET, ["manager" | "sponsors"]) => Err(ask.not_found(rest[0])),
        (&Method::GET, [name, ..]) => {
            relations::answer(ask, &object, rest).unwrap_or_else(|| Err(ask.unknown_segment(name)))
        }
        (_, [name, ..]) => Err(ask.unknown_segment(name)),
        _ => Err(ask.bad_request("Specified HTTP method is not allowed for the request target.")),
    }
}

/// By id, by `appid='…'` and its like, a user by its name.
fn find(ask: &Ask<'_>, collection: Option<Collection>, key: &str) -> Option<Arc<Object>> {
    let fits = |object: &Arc<Object>| collection.is_none_or(|collection| object.kind == collection.kind);
    if let Some(object) = ask.tenant().object(key).filter(fits) {
        return Some(object);
    }
    let collection = collection?;
    let (name, value) = match key.split_once('=') {
        Some((name, value)) => (name, value.trim_matches('\'')),
        None if collection.kind == "user" && key.contains('@') => ("userprincipalname", key),
        None => return None,
    };
    let has = |object: &Arc<Object>| {
        object
            .body()
            .as_object()
            .into_iter()
            .flatten()
            .any(|(known, own)| {
                known.eq_ignore_ascii_case(name)
                    && own.as_str().is_some_and(|own| own.eq_ignore_ascii_case(value))
            })
    };
    ask.tenant().objects(collection.kind, None).find(has)
}

fn one(ask: &Ask<'_>, collection: Option<Collection>, object: &Arc<Object>) -> Reply {
    let select = ask.select();
    let (name, shown) = match collection {
        Some(collection) => (collection.name, show(object, select.as_deref())),
        None => ("directoryObjects", show_typed(object, select.as_deref())),
    };
    let mut body = Map::new();
    body.insert(
        "@odata.context".to_owned(),
        json!(format!("{}/$entity", ask.context(name))),
    );
    if let Value::Object(shown) = shown {
        body.extend(shown);
    }
    let mut body = Value::Object(body);
    relations::expand(ask, object, &mut body);
    Reply::json(&body)
}
