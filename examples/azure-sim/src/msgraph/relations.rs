//! What hangs on an object: members, owners, groups it is in, what it may do.

use std::{collections::HashSet, sync::Arc};

use serde_json::{Value, json};

use crate::{tenant::Object, web::Reply};

use super::{
    Ask, listing,
    select::{selected, show_typed},
};

/// Relations that Azure knows and the data has nothing of.
const EMPTY: [&str; 17] = [
    "appmanagementpolicies",
    "claimsmappingpolicies",
    "createdobjects",
    "delegatedpermissionclassifications",
    "directreports",
    "endpoints",
    "extensionproperties",
    "homerealmdiscoverypolicies",
    "licensedetails",
    "owneddevices",
    "permissiongrants",
    "registereddevices",
    "remotedesktopsecurityconfiguration",
    "scopedrolememberof",
    "scopedrolemembers",
    "tokenissuancepolicies",
    "tokenlifetimepolicies",
];

/// Most items that `$expand` brings along.
const EXPANDED: usize = 20;

/// A list that hangs on an object; `None` for what objects do not have.
pub(super) fn answer(ask: &Ask<'_>, object: &Arc<Object>, path: &[&str]) -> Option<Result<Reply, Reply>> {
    let (name, rest) = path.split_first()?;
    if let Some(objects) = linked(ask, object, name) {
        return Some(objects_of(ask, objects, rest));
    }
    let values = match *name {
        "approleassignments" => assignments(ask, object, "principalId", "appRoleAssignments"),
        "approleassignedto" => assigned_to(ask, object),
        "oauth2permissiongrants" => grants(ask, object),
        "federatedidentitycredentials" => own(object, "federatedIdentityCredentials"),
        name if EMPTY.contains(&name) => Vec::new(),
        _ => return None,
    };
    Some(Ok(listing::plain(ask, name, values)))
}

fn objects_of(ask: &Ask<'_>, mut objects: Vec<Arc<Object>>, rest: &[&str]) -> Result<Reply, Reply> {
    match rest {
        [] => listing::collected(ask, objects),
        ["$ref"] => {
            let root = ask.root();
            let values = objects
                .iter()
                .map(|object| json!({"@odata.id": format!("{root}/directoryObjects/{}", object.id)}))
                .collect();
            Ok(listing::plain(ask, "$ref", values))
        }
        ["$count"] => Ok(Reply {
            status: 200,
            headers: vec![("content-type", "text/plain".to_owned())],
            body: objects.len().to_string().into(),
        }),
        // `microsoft.graph.user`: only objects of that kind.
        [cast] => {
            let kind = cast.rsplit('.').next().unwrap_or_default();
            objects.retain(|object| object.kind.eq_ignore_ascii_case(kind));
            listing::collected(ask, objects)
        }
        [other, ..] => Err(ask.unknown_segment(other)),
    }
}

/// The objects in a list, in the order of the data.
fn linked(ask: &Ask<'_>, object: &Arc<Object>, name: &str) -> Option<Vec<Arc<Object>>> {
    Some(match name {
        "members" => members(ask, object),
        "transitivemembers" => walk(object, |object| members(ask, object)),
        "owners" => resolve(ask, object.linked("owners")),
        "memberof" => ask.tenant().holders("members", &object.id),
        "transitivememberof" => walk(object, |object| ask.tenant().holders("members", &object.id)),
        "ownedobjects" => ask.tenant().holders("owners", &object.id),
        _ => return None,
    })
}

fn members(ask: &Ask<'_>, object: &Arc<Object>) -> Vec<Arc<Object>> {
    resolve(ask, object.linked("members"))
}

fn resolve<'b>(ask: &Ask<'_>, ids: impl Iterator<Item = &'b str>) -> Vec<Arc<Object>> {
    ids.filter_map(|id| ask.tenant().object(id)).collect()
}

/// Everything that is reached step by step, each once; a circle ends where it began.
fn walk(from: &Arc<Object>, step: impl Fn(&Arc<Object>) -> Vec<Arc<Object>>) -> Vec<Arc<Object>> {
    let mut seen: HashSet<String> = [from.id.clone()].into();
    let (mut found, mut open) = (Vec::new(), vec![Arc::clone(from)]);
    while let Some(object) = open.pop() {
        for next in step(&object) {
            if seen.insert(next.id.clone()) {
                open.push(Arc::clone(&next));
                found.push(next);
            }
        }
    }
    found
}

fn own(object: &Object, list: &str) -> Vec<Value> {
    object.body()[list].as_array().cloned().unwrap_or_default()
}

/// Those that the object's line has, and those that have lines of their own.
fn assignments(ask: &Ask<'_>, object: &Object, end: &'static str, list: &str) -> Vec<Value> {
    let mut found = own(object, list);
    found.extend(lines(ask, "appRoleAssignment", end, &object.id));
    found
}

fn assigned_to(ask: &Ask<'_>, object: &Object) -> Vec<Value> {
    let mut found = assignments(ask, object, "resourceId", "appRoleAssignedTo");
    // The other end of what principals' lines have.
    found.extend_from_slice(ask.tenant().links().assigned(&object.id));
    found
}

fn grants(ask: &Ask<'_>, object: &Object) -> Vec<Value> {
    let end = if object.kind == "user" {
        "principalId"
    } else {
        "clientId"
    };
    let mut found = own(object, "oauth2PermissionGrants");
    found.extend(lines(ask, "oAuth2PermissionGrant", end, &object.id));
    found
}

fn lines(ask: &Ask<'_>, kind: &'static str, end: &'static str, id: &str) -> Vec<Value> {
    let links = ask.tenant().links();
    let lines = links.lines(kind, end, id).iter();
    lines.map(|line| super::select::show(line, None)).collect()
}

/// `$expand=members($select=id)`
pub(super) fn expand(ask: &Ask<'_>, object: &Arc<Object>, shown: &mut Value) {
    for asked in ask
        .call
        .parameter("$expand")
        .into_iter()
        .flat_map(|text| text.split(','))
    {
        let (name, options) = asked.split_once('(').unwrap_or((asked, ""));
        let select = selected(options.trim_end_matches(')').strip_prefix("$select="));
        if let Some(objects) = linked(ask, object, &name.trim().to_lowercase()) {
            let some = objects.iter().take(EXPANDED);
            shown[name.trim()] = some.map(|object| show_typed(object, select.as_deref())).collect();
        }
    }
}

/// `POST /directoryObjects/getByIds`
pub(super) fn by_ids(ask: &Ask<'_>) -> Result<Reply, Reply> {
    let body = ask.call.json()?;
    let texts = |name: &str| -> Vec<&str> {
        let list = body[name].as_array();
        list.into_iter().flatten().filter_map(Value::as_str).collect()
    };
    let (ids, types) = (texts("ids"), texts("types"));
    if ids.len() > 1000 {
        return Err(ask.bad_request("Too many ids: at most 1000."));
    }
    let objects = resolve(ask, ids.into_iter())
        .into_iter()
        .filter(|object| {
            types.is_empty()
                || types.iter().any(|kind| {
                    kind.eq_ignore_ascii_case(&object.kind) || kind.eq_ignore_ascii_case("directoryObject")
                })
        })
        .collect::<Vec<_>>();
    let values = objects.iter().map(|object| show_typed(object, None)).collect();
    Ok(listing::plain(ask, "directoryObjects", values))
}

/// `POST …/getMemberGroups` and its like: the ids of the groups that an object is in, however deep.
pub(super) fn member_groups(ask: &Ask<'_>, object: &Arc<Object>, name: &str) -> Result<Reply, Reply> {
    let body = ask.call.json()?;
    let all = walk(object, |object| ask.tenant().holders("members", &object.id));
    let groups_only = name.ends_with("groups");
    let mut ids: Vec<String> = all
        .iter()
        .filter(|holder| !groups_only || holder.kind == "group")
        .map(|holder| holder.id.clone())
        .collect();
    if name.starts_with("check") {
        let list = if groups_only { "groupIds" } else { "ids" };
        let asked = body[list].as_array().cloned().unwrap_or_default();
        ids.retain(|id| {
            asked
                .iter()
                .any(|asked| asked.as_str().is_some_and(|asked| asked.eq_ignore_ascii_case(id)))
        });
    }
    Ok(listing::plain(
        ask,
        "Collection(Edm.String)",
        ids.into_iter().map(Value::String).collect(),
    ))
}
