//! Changing the tenant between two scans.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    tenant::{ChangeKind, Object, Row, Want, merge_patch},
    web::{Call, Reply},
    world::World,
};

/// One change of the tenant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A resource or an object of the directory is this from now on, whether it was there or not.
    Set(Value),
    /// What has this ID gets these members, as a JSON merge patch.
    Patch {
        /// A resource ID or an object's id.
        id: String,
        /// What is different.
        with: Value,
    },
    /// What has this ID is gone, with everything that lies in it.
    Delete(String),
}

/// What a list of changes did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Rows and objects that were not there before.
    pub created: u64,
    /// That were.
    pub updated: u64,
    /// That are gone.
    pub deleted: u64,
}

/// Applies changes one after the other.
///
/// # Errors
/// The first change that cannot be made; those before it were.
pub(crate) fn apply(world: &World, changes: &[Change]) -> Result<Outcome, String> {
    let mut outcome = Outcome::default();
    for change in changes {
        match change {
            Change::Set(body) => set(world, body.clone(), &mut outcome)?,
            Change::Patch { id, with } => {
                let body = if id.starts_with('/') {
                    world.tenant.row(id).map(|row| row.body().clone())
                } else {
                    world.tenant.object(id).map(|object| object.body().clone())
                };
                let mut body = body.ok_or_else(|| format!("nothing has the ID {id}"))?;
                merge_patch(&mut body, with);
                set(world, body, &mut outcome)?;
            }
            Change::Delete(id) => delete(world, id, &mut outcome)?,
        }
    }
    Ok(outcome)
}

fn set(world: &World, body: Value, outcome: &mut Outcome) -> Result<(), String> {
    let now = world.now();
    let existed = if body.get("@odata.type").is_some() {
        let object = Object::from_body(body).ok_or("an object needs `@odata.type` and `id`")?;
        let id = object.id.clone();
        world.tenant.set_object(&id, Some(object), now).is_some()
    } else {
        let row = Row::from_body(body).ok_or("a resource needs `id` and `type`")?;
        let key = row.key.clone();
        world.tenant.set_row(&key, Some(row), now).is_some()
    };
    if existed {
        outcome.updated += 1;
    } else {
        outcome.created += 1;
    }
    Ok(())
}

fn delete(world: &World, id: &str, outcome: &mut Outcome) -> Result<(), String> {
    let now = world.now();
    if !id.starts_with('/') {
        world
            .tenant
            .set_object(id, None, now)
            .ok_or_else(|| format!("nothing has the ID {id}"))?;
        outcome.deleted += 1;
        return Ok(());
    }
    let key = id.trim_end_matches('/').to_lowercase();
    let rows = world.tenant.rows(&key, None, &Want::default());
    let below: Vec<String> = rows.map(|row| row.key.clone()).collect();
    if below.is_empty() {
        return Err(format!("nothing has the ID {id}"));
    }
    for key in below.iter().rev() {
        world.tenant.set_row(key, None, now);
        outcome.deleted += 1;
    }
    Ok(())
}

/// `POST /_sim/changes` with a list of changes, or one.
pub(crate) fn post(world: &World, call: &Call) -> Result<Reply, String> {
    let body: Value = serde_json::from_slice(&call.body).map_err(|error| error.to_string())?;
    let list = if body.is_array() { body } else { json!([body]) };
    let changes: Vec<Change> = serde_json::from_value(list).map_err(|error| error.to_string())?;
    let outcome = apply(world, &changes)?;
    Ok(Reply::json(&json!(outcome)))
}

/// All changes so far.
pub(crate) fn history(world: &World) -> Value {
    let history = world.tenant.history();
    let name = |kind| match kind {
        ChangeKind::Create => "create",
        ChangeKind::Update => "update",
        ChangeKind::Delete => "delete",
    };
    let rows = history.rows.iter().filter_map(|change| {
        let id = &change.subject()?.id;
        Some(json!({"number": change.number, "at": change.at.to_string(), "id": id, "kind": name(change.kind())}))
    });
    let objects = history.objects.iter().filter_map(|change| {
        let id = &change.subject()?.id;
        Some(json!({"number": change.number, "at": change.at.to_string(), "id": id, "kind": name(change.kind())}))
    });
    rows.chain(objects).collect()
}
