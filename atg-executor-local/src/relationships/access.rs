//! Who may do what: edges that carry more than their ends.

use super::{built_in_role, reference::is_guid};
use crate::{
    graph::{Reference, Said, Target, Value},
    json::Json,
};

/// The edge of a role assignment: principal → scope.
///
/// `role` is the built-in role's name, or the definition's GUID where the assignment names another one; its definition is
/// at the end of the assignment's `ASSIGNS`.
pub(super) fn has_role(members: &[(String, Json)]) -> Option<Reference> {
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

/// The edges of a service principal's or user's `appRoleAssignments`: principal → the application's service principal.
pub(super) fn app_roles(members: &[(String, Json)]) -> Vec<Reference> {
    let mut out = Vec::new();
    for (list, value) in members {
        if list != "appRoleAssignments" && list != "appRoleAssignedTo" {
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
            let mut properties = Vec::new();
            for (name, value) in [("role", text("appRoleId")), ("assignment_id", text("id"))] {
                if let Some(value) = value {
                    properties.push((name.to_owned(), Value::from(value)));
                }
            }
            out.push(Reference {
                from: Target::Id(principal.to_owned()),
                to: Target::Id(resource.to_owned()),
                relationship: "HAS_ROLE".into(),
                path: list.clone(),
                said: Said::Here,
                properties,
            });
        }
    }
    out
}
