//! What can be set while the simulator runs.

use http::Method;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{
    config::Lag,
    faults::Schedule,
    principal::Principal,
    quota::{Limits, Quotas},
    web::{Call, Reply},
    world::World,
};

/// `GET` reads a setting, `PUT` writes it.
pub(crate) fn answer(world: &World, call: &Call, path: &[&str]) -> Result<Reply, String> {
    let put = call.method == Method::PUT;
    match path {
        ["faults"] => {
            if put {
                world.faults.set(body::<Schedule>(call)?);
            }
            let shown = json!({"schedule": world.faults.schedule(), "applied": world.faults.applied()});
            Ok(Reply::json(&shown))
        }
        ["quotas"] => {
            if put {
                world.set_quotas(quotas(call)?);
            }
            Ok(Reply::json(&json!(*world.quotas())))
        }
        ["lag"] => {
            if put {
                world.set_lag(body::<Lag>(call)?);
            }
            Ok(Reply::json(&json!(world.lag())))
        }
        ["principals"] if put => {
            world.put_principal(body::<Principal>(call)?);
            Ok(Reply::empty(204))
        }
        ["secrets"] if put => {
            let given: Value = body(call)?;
            let text = |name: &str| given[name].as_str().ok_or_else(|| format!("needs `{name}`"));
            world
                .secrets
                .put(text("vault")?, text("name")?, text("value")?, world.now());
            Ok(Reply::empty(204))
        }
        ["tokens", "revoke"] if call.method == Method::POST => {
            world.revoke_tokens();
            Ok(Reply::empty(204))
        }
        _ => Ok(Reply::empty(404)),
    }
}

fn body<T: DeserializeOwned>(call: &Call) -> Result<T, String> {
    serde_json::from_slice(&call.body).map_err(|error| error.to_string())
}

/// `"off"`, `"faithful"`, or `{"faithful": {…}}` with the figures that are different.
fn quotas(call: &Call) -> Result<Quotas, String> {
    match body::<Value>(call)? {
        Value::String(name) if name == "faithful" => Ok(Quotas::Faithful(Limits::default())),
        other => serde_json::from_value(other).map_err(|error| error.to_string()),
    }
}
