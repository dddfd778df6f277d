//! The simulator's own address: what was asked, what is true, and how to change it. It needs no token.

mod changes;
mod log;
mod settings;

use http::Method;
use serde_json::{Value, json};

use crate::{
    tenant::Want,
    web::{Call, Reply},
    world::World,
};

pub(crate) use changes::apply;
pub use changes::{Change, Outcome};
pub(crate) use log::Log;
pub use log::{Entry, Requests};

/// Answers below `/_sim`.
pub(crate) fn answer(world: &World, call: &Call) -> Reply {
    let lower = call.lower();
    let path: Vec<&str> = lower.iter().skip(1).map(String::as_str).collect();
    let get = call.method == Method::GET;
    let done: Result<Reply, String> = match path.as_slice() {
        [] if get => Ok(Reply::json(&about(world))),
        ["ca.pem"] if get => Ok(Reply {
            status: 200,
            headers: vec![("content-type", "application/x-pem-file".to_owned())],
            body: world.ca_pem.clone().into(),
        }),
        ["requests"] if get => Ok(requests(world, call)),
        ["requests"] if call.method == Method::DELETE => {
            world.log.clear();
            Ok(Reply::empty(204))
        }
        ["truth"] if get => Ok(truth(world)),
        ["made-up"] if get => Ok(Reply::json(&json!(world.tenant.made_up))),
        ["counts"] if get => Ok(Reply::json(&json!(world.tenant.count()))),
        ["changes"] if get => Ok(Reply::json(&changes::history(world))),
        ["changes"] if call.method == Method::POST => changes::post(world, call),
        _ => settings::answer(world, call, &path),
    };
    done.unwrap_or_else(|message| Reply::status(400, &json!({"error": message})))
}

fn about(world: &World) -> Value {
    let places = world.places.get();
    let principals: Vec<Value> = world
        .principals()
        .iter()
        .map(|known| json!({"client_id": known.client_id, "object_id": known.object_id, "scopes": known.scopes, "writer": known.writer, "directory": known.directory, "vaults": known.vaults}))
        .collect();
    json!({
        "https": places.map(|places| &places.https),
        "http": places.map(|places| &places.http),
        "proxy": places.map(|places| &places.proxy),
        "tenant_id": world.tenant.id,
        "domain": world.tenant.domain,
        "principals": principals,
        "made_up": world.tenant.made_up.ids.iter().map(|(kind, ids)| (kind.clone(), json!(ids.len()))).collect::<serde_json::Map<_, _>>(),
        "now": world.now().to_string(),
    })
}

/// What was asked: counts, what each bucket saw, and the last requests behind `?since=`.
fn requests(world: &World, call: &Call) -> Reply {
    let number = |name: &str, default: u64| {
        call.parameter(name)
            .and_then(|text| text.parse().ok())
            .unwrap_or(default)
    };
    let since = number("since", 0);
    let limit = usize::try_from(number("limit", 1000)).unwrap_or(1000);
    let seen = world.log.read(since, limit);
    let mut body = json!(seen);
    body["buckets"] = json!(world.used.tallies());
    body["faults"] = json!(world.faults.applied());
    Reply::json(&body)
}

/// Every ARM row and every object of the directory, one a line: what a client has to see.
fn truth(world: &World) -> Reply {
    let mut text = String::new();
    let made_up = |kind: &str, id: &str| {
        world
            .tenant
            .made_up
            .ids
            .get(kind)
            .is_some_and(|ids| ids.contains(id))
    };
    for row in world.tenant.rows("", None, &Want::default()) {
        let listed = row.class == crate::tenant::Class::Tracked;
        let line =
            json!({"id": row.id, "type": row.kind, "listed": listed, "made_up": made_up(&row.kind, &row.id)});
        text.push_str(&line.to_string());
        text.push('\n');
        for id in crate::arm::defaults_of(&world.tenant, &row) {
            let kind = crate::tenant::type_of(&id).unwrap_or_default();
            let line = json!({"id": id, "type": kind, "listed": false, "made_up": true, "default": true});
            text.push_str(&line.to_string());
            text.push('\n');
        }
    }
    for kind in crate::msgraph::KINDS {
        let odata = format!("#microsoft.graph.{kind}");
        for object in world.tenant.objects(kind, None) {
            let mut line = json!({"id": object.id, "type": odata, "made_up": made_up(&odata, &object.id)});
            let members: Vec<&str> = object.linked("members").collect();
            if !members.is_empty() {
                line["members"] = json!(members);
            }
            text.push_str(&line.to_string());
            text.push('\n');
        }
    }
    for (vault, name) in world.secrets.names() {
        let line = json!({"id": format!("{vault}/{name}"), "type": "secret", "made_up": false});
        text.push_str(&line.to_string());
        text.push('\n');
    }
    Reply {
        status: 200,
        headers: vec![("content-type", "application/x-ndjson".to_owned())],
        body: text.into(),
    }
}
