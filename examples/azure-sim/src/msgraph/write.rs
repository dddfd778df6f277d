//! Making, changing and deleting objects, and putting them into lists.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    error,
    tenant::{Object, merge_patch},
    web::Reply,
};

use super::{Ask, collections::Collection, select::show};

/// `POST COLLECTION`
pub(super) fn create(ask: &Ask<'_>, collection: Collection) -> Result<Reply, Reply> {
    let mut body = ask.call.json()?;
    let id = Uuid::new_v4().to_string();
    body["@odata.type"] = json!(format!("#microsoft.graph.{}", collection.kind));
    body["id"] = json!(id);
    if collection.kind == "application" && body.get("appId").is_none() {
        body["appId"] = json!(Uuid::new_v4().to_string());
    }
    let Some(object) = Object::from_body(body) else {
        return Err(ask.bad_request("The body is not an object."));
    };
    let shown = show(&object, None);
    ask.tenant().set_object(&id, Some(object), ask.world.now());
    Ok(Reply::status(201, &shown))
}

/// `PATCH` and `DELETE` of an object.
pub(super) fn change(ask: &Ask<'_>, object: &Arc<Object>) -> Result<Reply, Reply> {
    let after = if ask.call.method == Method::DELETE {
        None
    } else {
        let mut patch = ask.call.json()?;
        for fixed in ["id", "@odata.type"] {
            if let Some(patch) = patch.as_object_mut() {
                patch.shift_remove(fixed);
            }
        }
        let mut body = object.body().clone();
        merge_patch(&mut body, &patch);
        Object::from_body(body)
    };
    ask.tenant().set_object(&object.id, after, ask.world.now());
    Ok(Reply::empty(204))
}

/// `POST groups/ID/members/$ref`
pub(super) fn link(ask: &Ask<'_>, object: &Arc<Object>, list: &str) -> Result<Reply, Reply> {
    let body = ask.call.json()?;
    let id = body["@odata.id"]
        .as_str()
        .and_then(|link| link.rsplit('/').next())
        .unwrap_or_default();
    let Some(other) = ask.tenant().object(id) else {
        return Err(ask.not_found(id));
    };
    let mut ids: Vec<Value> = object.linked(list).map(|id| json!(id)).collect();
    if object
        .linked(list)
        .any(|known| known.eq_ignore_ascii_case(&other.id))
    {
        return Err(error::graph(
            400,
            "Request_BadRequest",
            format!(
                "One or more added object references already exist for the following modified properties: '{list}'."
            ),
            ask.world.now(),
        ));
    }
    ids.push(json!(other.id));
    set(ask, object, list, ids);
    Ok(Reply::empty(204))
}

/// `DELETE groups/ID/members/ID/$ref`
pub(super) fn unlink(ask: &Ask<'_>, object: &Arc<Object>, list: &str, id: &str) -> Result<Reply, Reply> {
    let ids: Vec<Value> = object
        .linked(list)
        .filter(|known| !known.eq_ignore_ascii_case(id))
        .map(|id| json!(id))
        .collect();
    if ids.len() == object.linked(list).count() {
        return Err(ask.not_found(id));
    }
    set(ask, object, list, ids);
    Ok(Reply::empty(204))
}

fn set(ask: &Ask<'_>, object: &Arc<Object>, list: &str, ids: Vec<Value>) {
    let mut body = object.body().clone();
    body[list] = Value::Array(ids);
    ask.tenant()
        .set_object(&object.id, Object::from_body(body), ask.world.now());
}
