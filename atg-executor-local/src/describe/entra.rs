//! A Microsoft Graph object: a user, a group, a service principal…
//!
//! Its ID is its object ID. `members` and `owners` (lists of object IDs, or of objects that have one) become edges and no
//! properties; everything else is kept as [`members`](super::members) says.

use std::borrow::Cow;

use super::{DescribeError, Describer, Description, labels, members};
use crate::{
    graph::{
        ALIASES, Described, Labels, Node, NodeClass, Reference, Said, Standing, Target, Value, node_key,
    },
    json::Json,
    relationships,
};

/// Properties that have a name of the graph's own beside Microsoft Graph's.
const NAMES: &[(&str, &str)] = &[
    ("appId", "app_id"),
    ("userPrincipalName", "user_principal_name"),
    ("displayName", "display_name"),
    ("accountEnabled", "enabled"),
];

/// Members of which one says what kind of its type an object is.
const KINDS: &[&str] = &["userType", "servicePrincipalType", "signInAudience"];

/// Lists of other objects: member, relationship, whether the edge leads away from this object.
const LISTS: &[(&str, &str, bool, Said)] = &[
    ("members", "MEMBER_OF", false, Said::Here),
    ("owners", "OWNS", false, Said::Here),
    ("memberOf", "MEMBER_OF", true, Said::AtFarEnd),
    ("ownedObjects", "OWNS", true, Said::AtFarEnd),
];

pub(super) fn describe(
    describer: &Describer,
    object: &[(String, Json)],
) -> Result<Description, DescribeError> {
    let text = |name: &str| {
        object
            .iter()
            .find_map(|(own, value)| (own == name).then_some(value)?.as_str())
            .filter(|text| !text.is_empty())
    };
    let id = text("id").unwrap_or_default().to_owned();
    if id.contains('/') || id.chars().any(char::is_control) {
        return Err(DescribeError::bad(
            "id",
            "an object with an `@odata.type` has an object ID, a GUID",
        ));
    }
    let odata = text("@odata.type").unwrap_or_default();
    let labels = labels_of(odata, text("servicePrincipalType"));
    let name = ["displayName", "userPrincipalName", "appDisplayName"]
        .into_iter()
        .find_map(text)
        .unwrap_or(&id)
        .to_owned();

    let mut own = vec![("object_id".to_owned(), Value::from(id.as_str()))];
    if let Some(kind) = KINDS.iter().find_map(|name| text(name)) {
        own.push(("kind".to_owned(), Value::from(kind)));
    } else if let Some(kinds) = object
        .iter()
        .find_map(|(own, v)| (own == "groupTypes").then_some(v)?.as_array())
    {
        // A group without a type is a security or distribution group.
        let unified = kinds.iter().any(|kind| kind.as_str() == Some("Unified"));
        own.push((
            "kind".to_owned(),
            Value::from(if unified { "Unified" } else { "Security" }),
        ));
    }
    let mut references = Vec::new();
    let mut lists = Vec::new();
    for (member, value) in object {
        if let Some((list, relationship, outward, said)) = LISTS.iter().find(|(list, ..)| list == member) {
            // `null` is what an export writes that did not ask.
            if matches!(value, Json::Array(_)) {
                lists.push(*list);
            }
            push_list(&mut references, member, value, relationship, *outward, *said);
            continue;
        }
        match member.as_str() {
            "id" | "@odata.type" => {}
            other => {
                if let Some((_, name)) = NAMES.iter().find(|(sent, _)| *sent == other)
                    && let Some(value) = members::member_value(value)
                {
                    own.push(((*name).to_owned(), value));
                }
                members::push(&mut own, other, value);
            }
        }
    }
    let kind = labels.last().map_or("", AsRef::as_ref);
    references.extend(relationships::find_in_directory_object(kind, object));
    let aliases = relationships::aliases_of_directory_object(kind, object);
    if !aliases.is_empty() {
        own.push((ALIASES.to_owned(), Value::Strings(aliases)));
    }
    Ok(Description {
        described: Described {
            node: Node {
                key: node_key(describer.tenant, &id),
                id,
                name,
                class: NodeClass::Entra,
                labels,
                resource_type: None,
                members: own,
                properties: None,
                scalars: Vec::new(),
                source: describer.source,
                standing: Standing::Own,
            },
            references,
            lists,
        },
        implied: Vec::new(),
        redacted: Vec::new(),
        problems: Vec::new(),
    })
}

fn labels_of(odata: &str, service_principal_type: Option<&str>) -> Labels {
    let kind = odata.rsplit(['.', '#']).next().unwrap_or_default();
    let label: Cow<'static, str> = match kind {
        "user" => "User".into(),
        "group" => "Group".into(),
        "servicePrincipal" => "ServicePrincipal".into(),
        "application" => "Application".into(),
        "directoryRole" => "DirectoryRole".into(),
        other => labels::pascal(other).into(),
    };
    let mut out = vec![label];
    if kind == "servicePrincipal"
        && service_principal_type.is_some_and(|t| t.eq_ignore_ascii_case("ManagedIdentity"))
    {
        out.push("ManagedIdentity".into());
    }
    out
}

/// Adds an edge for each object that a list names. The path has no index: Graph lists in no order, and an edge must not
/// change because another one came or went.
fn push_list(
    references: &mut Vec<Reference>,
    list: &str,
    value: &Json,
    relationship: &'static str,
    outward: bool,
    said: Said,
) {
    for item in value.as_array().unwrap_or_default() {
        let Some(other) = item
            .as_str()
            .or_else(|| item.get("id")?.as_str())
            .filter(|id| !id.is_empty())
        else {
            continue;
        };
        let other = Target::Id(other.to_owned());
        let (from, to) = if outward {
            (Target::Itself, other)
        } else {
            (other, Target::Itself)
        };
        references.push(Reference {
            from,
            to,
            relationship: relationship.into(),
            path: list.to_owned(),
            said,
            properties: Vec::new(),
        });
    }
}
