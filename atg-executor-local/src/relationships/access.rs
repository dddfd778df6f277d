//! Who may do what: edges that carry more than their ends.

use super::{built_in_role, reference::is_guid};
use crate::{
    describe::pattern::{Step, path_text},
    graph::{Reference, Said, Target, Value},
    json::Json,
};

/// What a resource says about who may do what.
pub(super) fn of_resource(resource_type: &str, members: &[(String, Json)]) -> Vec<Reference> {
    let is = |name: &str| resource_type.eq_ignore_ascii_case(name);
    if is("Microsoft.Authorization/roleAssignments") {
        return has_role(members).into_iter().collect();
    }
    if is("Microsoft.Authorization/roleEligibilityScheduleInstances") {
        return may_activate(members).into_iter().collect();
    }
    let rows = POLICIES
        .iter()
        .filter(|(types, ..)| types.eq_ignore_ascii_case(resource_type));
    rows.flat_map(|(_, path, member, role)| own_policies(members, path, member, role))
        .collect()
}

/// Access that a resource grants by itself, beside role assignments: type, path below `properties` to a list, an object or
/// a text, the member of each that is the principal's object ID, and what stands as the role.
#[rustfmt::skip]
const POLICIES: &[(&str, &[&str], &str, &str)] = &[
    ("Microsoft.KeyVault/vaults", &["accessPolicies"], "objectId", "Key Vault access policy"),
    ("Microsoft.Sql/servers", &["administrators"], "sid", "SQL administrator"),
    ("Microsoft.Sql/managedInstances", &["administrators"], "sid", "SQL administrator"),
    ("Microsoft.ContainerService/managedClusters", &["aadProfile", "adminGroupObjectIDs"], "", "Kubernetes cluster administrator"),
];

fn own_policies(
    members: &[(String, Json)],
    path: &[&str],
    member: &str,
    role: &'static str,
) -> Vec<Reference> {
    let properties = members
        .iter()
        .find_map(|(name, value)| (name == "properties").then_some(value));
    let Some(found) = properties.and_then(|properties| properties.at(path)) else {
        return Vec::new();
    };
    let items = found.as_array().unwrap_or(std::slice::from_ref(found));
    let mut principals: Vec<&str> = items
        .iter()
        .filter_map(|item| item.as_str().or_else(|| item.get(member)?.as_str()))
        .filter(|principal| is_guid(principal))
        .collect();
    // One principal may have several policies, for several applications that act for it.
    principals.sort_unstable();
    principals.dedup();
    let edge = |principal: &str| {
        let mut properties = vec![("role".to_owned(), Value::from(role))];
        let allowed = items
            .iter()
            .filter(|item| item.get(member).and_then(Json::as_str) == Some(principal))
            .filter_map(|item| item.get("permissions"));
        let allowed = permissions(allowed);
        if !allowed.is_empty() {
            properties.push(("permissions".to_owned(), Value::Strings(allowed)));
        }
        Reference {
            from: Target::Id(principal.to_owned()),
            to: Target::Itself,
            relationship: "HAS_ROLE".into(),
            path: format!("properties.{}", path.join(".")),
            said: Said::Here,
            properties,
        }
    };
    principals.into_iter().map(edge).collect()
}

/// `secrets/get`, `keys/list`…: what the policies of a principal allow together, in lower case, for Azure spells it in both.
fn permissions<'a>(policies: impl Iterator<Item = &'a Json>) -> Vec<String> {
    let mut allowed: Vec<String> = policies
        .filter_map(Json::as_object)
        .flatten()
        .flat_map(|(of, list)| {
            let texts = list
                .as_array()
                .unwrap_or_default()
                .iter()
                .filter_map(Json::as_str);
            texts.map(move |text| format!("{of}/{text}").to_lowercase())
        })
        .collect();
    allowed.sort_unstable();
    allowed.dedup();
    allowed
}

/// The edge of a role assignment: principal → scope.
///
/// `role` is the built-in role's name, or the definition's GUID where the assignment names another one. Whoever sees the
/// whole scan puts the name in its place; its definition is at the end of the assignment's `ASSIGNS`.
fn has_role(members: &[(String, Json)]) -> Option<Reference> {
    let member = |wanted: &str| {
        members
            .iter()
            .find_map(|(name, value)| (name == wanted).then_some(value))
    };
    let properties = member("properties")?;
    let text = |name: &str| {
        properties
            .get(name)
            .and_then(Json::as_str)
            .filter(|text| !text.is_empty())
    };
    let principal = text("principalId")?;
    let scope = text("scope")?;
    let mut edge = vec![];
    if let Some(definition) = text("roleDefinitionId") {
        let guid = definition.rsplit('/').next().unwrap_or_default();
        edge.push((
            "role".to_owned(),
            Value::from(built_in_role(guid).unwrap_or(guid)),
        ));
        edge.push(("role_definition_id".to_owned(), Value::from(definition)));
    }
    if let Some(id) = member("id").and_then(Json::as_str) {
        edge.push(("assignment_id".to_owned(), Value::from(id)));
    }
    if let Some(condition) = text("condition") {
        edge.push(("condition".to_owned(), Value::from(condition)));
    }
    Some(Reference {
        from: Target::Id(principal.to_owned()),
        to: Target::Id(scope.to_owned()),
        relationship: "HAS_ROLE".into(),
        path: "properties".to_owned(),
        said: Said::Here,
        properties: edge,
    })
}

/// The edge of a role that a principal may activate for a time (Privileged Identity Management): as that of a role
/// assignment, with `eligible`.
fn may_activate(members: &[(String, Json)]) -> Option<Reference> {
    let mut edge = has_role(members)?;
    edge.properties.push(("eligible".to_owned(), Value::Bool(true)));
    let properties = members
        .iter()
        .find_map(|(name, value)| (name == "properties").then_some(value))?;
    if let Some(end) = properties.get("endDateTime").and_then(Json::as_str) {
        edge.properties.push(("expires_at".to_owned(), Value::from(end)));
    }
    Some(edge)
}

/// The edges of app roles: principal → the service principal that gives the role. Said by the principal
/// (`appRoleAssignments`), or by who gives it (`appRoleAssignedTo`), which also knows the role's name.
///
/// A principal can have several roles of one service, so the path ends with the assignment's own ID.
pub(super) fn app_roles(members: &[(String, Json)]) -> Vec<Reference> {
    let mut out = Vec::new();
    for (list, value) in members {
        let is_given = list == "appRoleAssignedTo";
        if !is_given && list != "appRoleAssignments" {
            continue;
        }
        for item in value.as_array().unwrap_or_default() {
            let text = |name: &str| item.get(name).and_then(Json::as_str);
            let (Some(principal), Some(resource)) = (text("principalId"), text("resourceId")) else {
                continue;
            };
            if !is_guid(principal) || !is_guid(resource) {
                continue;
            }
            let role = text("appRoleId");
            let name = role
                .filter(|_| is_given)
                .and_then(|role| app_role_name(members, role))
                .or(role);
            let mut properties = Vec::new();
            for (name, value) in [
                ("role", name),
                ("app_role_id", role),
                ("assignment_id", text("id")),
            ] {
                if let Some(value) = value {
                    properties.push((name.to_owned(), Value::from(value)));
                }
            }
            let mut path = vec![Step::Name(list)];
            path.extend(text("id").map(Step::Name));
            out.push(Reference {
                from: Target::Id(principal.to_owned()),
                to: Target::Id(resource.to_owned()),
                relationship: "HAS_ROLE".into(),
                path: path_text(&path),
                said: Said::Here,
                properties,
            });
        }
    }
    out
}

/// What a service calls its role: the word that it puts into tokens, otherwise the name for people. The role of nobody's
/// choice, with a GUID of zeros, has neither.
fn app_role_name<'a>(members: &'a [(String, Json)], role: &str) -> Option<&'a str> {
    let roles = members
        .iter()
        .find_map(|(name, value)| (name == "appRoles").then_some(value)?.as_array())?;
    let is_it = |own: &&Json| {
        own.get("id")
            .and_then(Json::as_str)
            .is_some_and(|id| id.eq_ignore_ascii_case(role))
    };
    let own = roles.iter().find(is_it)?;
    ["value", "displayName"]
        .into_iter()
        .find_map(|name| own.get(name)?.as_str().filter(|text| !text.is_empty()))
}

/// The edges of a delegated permission (`oAuth2PermissionGrant`): what it assigns, and application → service with the
/// scopes as the role. Where it is good for one user only, `principal_id` says for whom.
pub(super) fn grant(members: &[(String, Json)]) -> Vec<Reference> {
    let text = |wanted: &str| {
        members
            .iter()
            .find_map(|(name, value)| (name == wanted).then_some(value)?.as_str())
            .filter(|text| !text.is_empty())
    };
    let mut out = Vec::new();
    for end in ["clientId", "resourceId", "principalId"] {
        if let Some(id) = text(end).filter(|id| is_guid(id)) {
            out.push(Reference {
                from: Target::Itself,
                to: Target::Id(id.to_owned()),
                relationship: "ASSIGNS".into(),
                path: end.to_owned(),
                said: Said::Here,
                properties: Vec::new(),
            });
        }
    }
    let ends = (
        text("clientId").filter(|id| is_guid(id)),
        text("resourceId").filter(|id| is_guid(id)),
    );
    if let (Some(client), Some(resource)) = ends {
        let mut properties = vec![("delegated".to_owned(), Value::Bool(true))];
        for (name, value) in [
            ("role", text("scope").map(str::trim)),
            ("consent", text("consentType")),
            ("principal_id", text("principalId")),
            ("assignment_id", text("id")),
        ] {
            if let Some(value) = value {
                properties.push((name.to_owned(), Value::from(value)));
            }
        }
        out.push(Reference {
            from: Target::Id(client.to_owned()),
            to: Target::Id(resource.to_owned()),
            relationship: "HAS_ROLE".into(),
            path: "scope".to_owned(),
            said: Said::Here,
            properties,
        });
    }
    out
}
