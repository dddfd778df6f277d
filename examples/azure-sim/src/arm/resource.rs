//! One resource by its ID, in any casing and under any api-version.

use http::Method;
use serde_json::{Value, json};

use crate::{
    error,
    tenant::{Row, Want, merge_patch},
    web::Reply,
};

use super::{Ask, defaults, embedded};

/// A path that ends below a provider.
#[derive(Debug)]
pub(crate) struct Path<'a> {
    /// What stands before `/providers/`, lower-cased; `""` for the tenant.
    pub(crate) scope: String,
    pub(crate) provider: &'a str,
    /// Types and names in turn.
    pub(crate) segments: &'a [&'a str],
}

impl Path<'_> {
    /// `Microsoft.Sql/servers/databases`
    pub(crate) fn kind(&self) -> String {
        let types = self.segments.iter().step_by(2);
        types.fold(self.provider.to_owned(), |kind, segment| {
            format!("{kind}/{segment}")
        })
    }

    /// The whole ID.
    pub(crate) fn id(&self) -> String {
        format!(
            "{}/providers/{}/{}",
            self.scope,
            self.provider,
            self.segments.join("/")
        )
    }

    /// The ID of what it lies in: the parent resource, or the scope of a resource without one.
    pub(crate) fn parent(&self) -> String {
        // A collection's parent is one segment above, a resource's two.
        let up = if self.segments.len() % 2 == 1 { 1 } else { 2 };
        let rest = &self.segments[..self.segments.len().saturating_sub(up)];
        if rest.is_empty() {
            self.scope.clone()
        } else {
            format!("{}/providers/{}/{}", self.scope, self.provider, rest.join("/"))
        }
    }

    /// `Microsoft.Sql/servers/s/databases/d`, as messages name it.
    fn name(&self) -> String {
        format!("{}/{}", self.provider, self.segments.join("/"))
    }
}

/// Answers any method on a resource.
pub(crate) fn one(ask: &Ask<'_>, path: &Path<'_>) -> Result<Reply, Reply> {
    let id = path.id();
    match ask.call.method {
        Method::GET | Method::HEAD => {
            let body = read(ask, path)?;
            if ask.call.method == Method::HEAD {
                return Ok(Reply::empty(204));
            }
            Ok(Reply::json(&body))
        }
        Method::PUT | Method::PATCH | Method::DELETE => {
            if !matches!(ask.call.method, Method::DELETE) {
                exists(ask, &path.parent(), path)?;
            }
            write(ask, &id, &path.kind())
        }
        _ => Err(error::method_not_allowed(ask.call.method.as_str())),
    }
}

fn read(ask: &Ask<'_>, path: &Path<'_>) -> Result<Value, Reply> {
    let id = path.id();
    ask.check(&id.to_lowercase(), &format!("{}/read", path.kind()))?;
    if let Some(row) = ask.tenant().row(&id) {
        return Ok(row.body().clone());
    }
    if let Some(body) = embedded::find(ask.tenant(), &id).or_else(|| defaults::find(ask.tenant(), path)) {
        return Ok(body);
    }
    exists(ask, &path.parent(), path)?;
    Err(not_found(ask, path))
}

/// Says which of the things that an ID names is missing first.
pub(crate) fn exists(ask: &Ask<'_>, parent: &str, path: &Path<'_>) -> Result<(), Reply> {
    let segments: Vec<&str> = path.scope.split('/').skip(1).collect();
    if let ["subscriptions", id, rest @ ..] = segments.as_slice() {
        super::subscriptions::find(ask, id)?;
        if let ["resourcegroups", group, ..] = rest
            && ask
                .tenant()
                .row(&format!("/subscriptions/{id}/resourcegroups/{group}"))
                .is_none()
        {
            return Err(error::group_not_found(group));
        }
    }
    let known = parent.is_empty()
        || ask.tenant().row(parent).is_some()
        || embedded::find(ask.tenant(), parent).is_some()
        || is_default(ask, parent);
    if known {
        return Ok(());
    }
    if parent == path.scope {
        // What an extension is attached to is gone.
        return Err(error::resource_not_found(
            parent.rsplit_once("/providers/").map_or(parent, |(_, name)| name),
            parent.split('/').nth(4),
        ));
    }
    Err(error::arm(
        404,
        "ParentResourceNotFound",
        format!(
            "Failed to perform '{}' on resource(s) of type '{}', because the parent resource '{parent}' could not be found.",
            match ask.call.method {
                Method::PUT | Method::PATCH => "write",
                Method::DELETE => "delete",
                _ => "read",
            },
            path.kind().split_once('/').map_or("", |(_, kind)| kind),
        ),
    ))
}

/// Whether an ID is that of a setting that Azure makes by itself: containers lie below `blobServices/default`, and the
/// settings of a site below `config`.
fn is_default(ask: &Ask<'_>, id: &str) -> bool {
    let Some((scope, rest)) = id.rsplit_once("/providers/") else {
        return false;
    };
    let names: Vec<&str> = rest.split('/').collect();
    let path = Path {
        scope: scope.to_owned(),
        provider: names[0],
        segments: &names[1..],
    };
    let is_settings =
        ask.call.method == Method::POST && path.kind().eq_ignore_ascii_case("Microsoft.Web/sites/config");
    defaults::find(ask.tenant(), &path).is_some()
        || (is_settings && ask.tenant().row(&path.parent()).is_some())
}

fn not_found(ask: &Ask<'_>, path: &Path<'_>) -> Reply {
    let group = path
        .scope
        .starts_with("/subscriptions/")
        .then(|| ask.call.segments.get(3))
        .flatten();
    error::resource_not_found(&path.name(), group.map(String::as_str))
}

/// Makes, changes or deletes a resource or a group.
pub(crate) fn write(ask: &Ask<'_>, id: &str, kind: &str) -> Result<Reply, Reply> {
    let (tenant, now) = (ask.tenant(), ask.world.now());
    let key = id.to_lowercase();
    let verb = if ask.call.method == Method::DELETE {
        "delete"
    } else {
        "write"
    };
    ask.check_write(&key, &format!("{kind}/{verb}"))?;
    let found = tenant.row(id);
    match ask.call.method {
        Method::PUT => {
            let mut body = ask.call.json()?;
            if !body.is_object() {
                return Err(error::arm(
                    400,
                    "InvalidRequestContent",
                    "The request content is not an object.",
                ));
            }
            if let (Some(old), Some(new)) = (
                found.as_ref().and_then(|row| row.body()["location"].as_str()),
                body["location"].as_str(),
            ) && !same_location(old, new)
            {
                return Err(moved(id, old, new));
            }
            let status = if found.is_some() { 200 } else { 201 };
            let id = found.as_ref().map_or_else(|| id.to_owned(), |row| row.id.clone());
            body["name"] = json!(id.rsplit('/').next().unwrap_or_default());
            body["type"] = json!(kind);
            body["id"] = json!(id);
            if !body["properties"].is_object() {
                body["properties"] = json!({});
            }
            if body["properties"].get("provisioningState").is_none() {
                body["properties"]["provisioningState"] = json!("Succeeded");
            }
            if let Some(row) = Row::from_body(body.clone()) {
                tenant.set_row(&key, Some(row), now);
            }
            Ok(Reply::status(status, &body))
        }
        Method::PATCH => {
            let Some(row) = found else {
                return Err(error::resource_not_found(id, id.split('/').nth(4)));
            };
            let mut body = row.body().clone();
            let mut patch = ask.call.json()?;
            for fixed in ["id", "name", "type"] {
                if let Some(patch) = patch.as_object_mut() {
                    patch.shift_remove(fixed);
                }
            }
            merge_patch(&mut body, &patch);
            if let Some(row) = Row::from_body(body.clone()) {
                tenant.set_row(&key, Some(row), now);
            }
            Ok(Reply::json(&body))
        }
        Method::DELETE => {
            if found.is_none() {
                return Ok(Reply::empty(204));
            }
            if let Some(lock) = lock_on(ask, &key) {
                return Err(error::arm(
                    409,
                    "ScopeLocked",
                    format!(
                        "The scope '{id}' cannot perform delete operation because following scope(s) are locked: '{lock}'. Please remove the lock and try again."
                    ),
                ));
            }
            // What lies in it goes with it.
            let below: Vec<String> = tenant
                .rows(&key, None, &Want::default())
                .map(|row| row.key.clone())
                .collect();
            for key in below.iter().rev() {
                tenant.set_row(key, None, now);
            }
            Ok(Reply::empty(200))
        }
        _ => Err(error::method_not_allowed(ask.call.method.as_str())),
    }
}

fn same_location(one: &str, other: &str) -> bool {
    let short = |text: &str| text.replace(' ', "").to_lowercase();
    short(one) == short(other)
}

fn moved(id: &str, old: &str, new: &str) -> Reply {
    let segments: Vec<&str> = id.split('/').collect();
    if segments.len() == 5 {
        return error::arm(
            409,
            "InvalidResourceGroupLocation",
            format!(
                "Invalid resource group location '{new}'. The Resource group already exists in location '{old}'."
            ),
        );
    }
    error::arm(
        409,
        "InvalidResourceLocation",
        format!(
            "The resource '{}' already exists in location '{old}' in resource group '{}'. A resource with the same name cannot be created in location '{new}'. Please select a new resource name.",
            segments.last().copied().unwrap_or_default(),
            segments.get(4).copied().unwrap_or_default(),
        ),
    )
}

/// The scope of a lock that keeps a resource from being deleted: on itself, above it, or below it.
fn lock_on(ask: &Ask<'_>, key: &str) -> Option<String> {
    // A lock can always be taken off.
    if key.contains("/providers/microsoft.authorization/locks/") {
        return None;
    }
    let tenant = ask.tenant();
    let want = Want::types(&["Microsoft.Authorization/locks"]);
    let above = tenant.above(key).into_iter().filter(|scope| !scope.is_empty());
    let scopes = above.map(|scope| format!("{scope}/providers/microsoft.authorization/locks"));
    let mut locks = scopes
        .chain([key.to_owned()])
        .flat_map(|scope| tenant.rows(&scope, None, &want).collect::<Vec<_>>());
    locks.next().map(|lock| lock.scope().to_owned())
}
