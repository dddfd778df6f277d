//! Resource Manager.

mod access;
mod actions;
mod api_version;
mod authorization;
mod children;
mod defaults;
mod embedded;
mod groups;
mod listing;
mod management_groups;
mod metadata;
mod odata;
mod policy;
mod providers;
mod resource;
mod resources;
mod subscriptions;

use http::Method;

use crate::{
    error,
    login::Caller,
    web::{Call, Reply},
    world::World,
};

pub(crate) use defaults::of_resource as defaults_of;
pub(crate) use listing::{Ask, earlier};
pub(crate) use odata::Filter;

/// Whether a request needs no token.
pub(crate) fn is_open(call: &Call) -> bool {
    call.lower() == ["metadata", "endpoints"]
}

/// Answers a request that needs no token.
pub(crate) fn open(world: &World, call: &Call) -> Reply {
    metadata::endpoints(world, call)
}

/// Answers a request to Resource Manager.
pub(crate) fn answer(world: &World, call: &Call, caller: &Caller) -> Result<Reply, Reply> {
    api_version::check(call)?;
    route(&Ask { world, call, caller })
}

/// Decides by the path. Fixed segments are in any casing, names as they were sent.
fn route(ask: &Ask<'_>) -> Result<Reply, Reply> {
    let lower = ask.call.lower();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    let names: Vec<&str> = ask.call.segments.iter().map(String::as_str).collect();
    let get = ask.call.method == Method::GET;
    match lower.as_slice() {
        ["subscriptions"] if get => subscriptions::list(ask),
        ["tenants"] if get => Ok(subscriptions::tenants(ask)),
        ["subscriptions", id] if get => subscriptions::get(ask, id),
        ["subscriptions", id, "locations"] if get => subscriptions::locations(ask, id),
        ["subscriptions", id, "resourcegroups"] if get => groups::list(ask, id),
        ["subscriptions", id, "resources"] if get => resources::list(ask, &format!("/subscriptions/{id}")),
        ["subscriptions", id, "tagnames"] if get => subscriptions::tag_names(ask, id),
        ["subscriptions", _, "resourcegroups", _] => groups::one(ask, names[1], names[3]),
        ["subscriptions", id, "resourcegroups", group, "resources"] if get => {
            resources::list(ask, &format!("/subscriptions/{id}/resourcegroups/{group}"))
        }
        ["subscriptions", id, "providers"] if get => providers::list(ask, Some(id)),
        ["providers"] if get => providers::list(ask, None),
        ["subscriptions", id, "providers", _] if get => providers::get(ask, Some(id), names[3]),
        ["subscriptions", id, "providers", _, "register"] if ask.call.method == Method::POST => {
            providers::get(ask, Some(id), names[3])
        }
        ["providers", _] if get => providers::get(ask, None, names[1]),
        ["providers", "microsoft.resourcegraph", rest @ ..] => crate::resource_graph::answer(ask, rest),
        ["providers", "microsoft.management", rest @ ..] if !rest.contains(&"providers") => {
            management_groups::route(ask, rest)
        }
        _ => below_a_provider(ask, &lower, &names),
    }
}

/// `SCOPE/providers/NAMESPACE/TYPE[/NAME[/TYPE…]]`
fn below_a_provider(ask: &Ask<'_>, lower: &[&str], names: &[&str]) -> Result<Reply, Reply> {
    let Some(at) = lower.iter().rposition(|segment| *segment == "providers") else {
        return Err(error::arm(
            404,
            "NotFound",
            format!("The path '{}' was not found.", ask.call.path),
        ));
    };
    let scope = lower[..at].iter().fold(String::new(), |mut scope, segment| {
        scope.push('/');
        scope.push_str(segment);
        scope
    });
    match &lower[at + 1..] {
        ["microsoft.authorization", kind] if authorization::KINDS.contains(kind) => {
            authorization::list(ask, &scope, kind)
        }
        ["microsoft.authorization", kind] if policy::KINDS.contains(kind) => policy::list(ask, &scope, kind),
        ["microsoft.authorization", "roledefinitions", guid] => authorization::definition(ask, &scope, guid),
        [_, _, ..] => {
            let path = resource::Path {
                scope,
                provider: names[at + 1],
                segments: &names[at + 2..],
            };
            if path.segments.len() % 2 == 1 {
                children::list(ask, &path)
            } else {
                resource::one(ask, &path)
            }
        }
        _ => Err(error::arm(
            404,
            "NotFound",
            format!("The path '{}' was not found.", ask.call.path),
        )),
    }
}

/// Refuses a scope in a group that does not exist.
fn groups_exist(ask: &Ask<'_>, scope: &str) -> Result<(), Reply> {
    let segments: Vec<&str> = scope.split('/').skip(1).collect();
    match segments.as_slice() {
        ["subscriptions", _, "resourcegroups", group, ..] if ask.tenant().row(scope).is_none() => {
            Err(error::group_not_found(group))
        }
        _ => Ok(()),
    }
}
