//! An ARM object: a resource, or a scope of the hierarchy.

use std::borrow::Cow;

use atg_sdk::azure::{Location, ResourceId, ResourceType};

use super::{
    DescribeError, Describer, Description,
    hierarchy::{self, Level},
    inline, labels, lists, members, path, scalars, types, value_nodes,
};
use crate::{
    graph::{ALIASES, Described, Node, NodeClass, Reference, Said, Standing, Target, Value, node_key},
    json::Json,
    relationships::{self, Found},
};

/// What an ARM body says, before it is a node.
pub(super) struct Body<'a> {
    pub(super) id: ResourceId,
    pub(super) resource_type: String,
    pub(super) standing: Standing,
    pub(super) members: &'a [(String, Json)],
}

pub(super) fn describe(
    describer: &Describer,
    object: &[(String, Json)],
) -> Result<Description, DescribeError> {
    let member = |name: &str| {
        object
            .iter()
            .find_map(|(own, value)| (own == name).then_some(value))
    };
    let id_text = relationships::one_spelling(member("id").and_then(Json::as_str).unwrap_or_default());
    let mut id: ResourceId = id_text.parse().map_err(|error| DescribeError::bad("id", error))?;
    let level = Level::of(&id);
    let mut problems = Vec::new();

    let sent_type = member("type").and_then(Json::as_str);
    let resource_type = match (sent_type, level) {
        (Some(sent), _) => {
            sent.parse::<ResourceType>()
                .map_err(|error| DescribeError::bad("type", error))?;
            level.map_or_else(
                || spelled(sent, &id).into_owned(),
                |level| level.resource_type().to_owned(),
            )
        }
        (None, Some(level)) => level.resource_type().to_owned(),
        (None, None) => return Err(DescribeError::missing("type", "each ARM resource has one")),
    };
    if let (Some(sent), None, Some(told)) = (sent_type, level, id.resource_type())
        && !told.as_str().eq_ignore_ascii_case(sent)
    {
        problems.push(format!("the type is `{sent}` but the ID says `{told}`"));
    }
    if level == Some(Level::Tenant) {
        // `/` and `/tenants/<GUID>` are the same node.
        if id.segments().next().is_none() {
            id = describer
                .tenant_node
                .parse()
                .map_err(|error| DescribeError::bad("id", error))?;
        } else if node_key(describer.tenant, id.as_str())
            != node_key(describer.tenant, &describer.tenant_node)
        {
            problems.push("it is another tenant than the one that is scanned".to_owned());
        }
    }

    let body = Body {
        id,
        resource_type,
        standing: Standing::Own,
        members: object,
    };
    let found = relationships::find(&body.id, &body.resource_type, body.members);
    let mut implied = Vec::new();
    describer.imply_scopes_of(&body.id, &mut implied);
    let described = finish(describer, &body, found, &mut implied);
    Ok(Description {
        described,
        implied,
        redacted: Vec::new(),
        problems,
    })
}

/// A type as it is usually spelled. Resource Graph sends all in small letters; of those that no table knows, the ID often
/// says more.
fn spelled<'a>(sent: &'a str, id: &'a ResourceId) -> Cow<'a, str> {
    let known = types::canonical(sent);
    if known != sent || sent.chars().any(char::is_uppercase) {
        return Cow::Borrowed(known);
    }
    id.resource_type()
        .filter(|told| told.as_str().eq_ignore_ascii_case(sent))
        .map_or(Cow::Borrowed(sent), |told| Cow::Owned(told.as_str().to_owned()))
}

/// Makes the node of a body and the edges that its top level says, and the nodes of its tags, region and inline children.
pub(super) fn finish(
    describer: &Describer,
    body: &Body<'_>,
    found: Found<'_>,
    implied: &mut Vec<Described>,
) -> Described {
    let level = Level::of(&body.id);
    let aliases = found.aliases;
    let mut references = Vec::with_capacity(found.references.len() + 4);
    references.extend(describer.contained_in(&body.id));
    if level == Some(Level::Subscription) {
        references.extend(hierarchy::management_group_of(body.members));
    }
    let member = |name: &str| {
        body.members
            .iter()
            .find_map(|(own, value)| (own == name).then_some(value))
    };

    if let Some(location) = member("location").and_then(Json::as_str).map(Location::from)
        && !location.as_str().is_empty()
    {
        let region = value_nodes::region_id(&location);
        if describer.is_news(&region) {
            implied.push(describer.region_node(&region, &location));
        }
        references.push(out_edge("LOCATED_IN", region, "location".to_owned()));
    }
    for (name, value) in member("tags").and_then(Json::as_object).unwrap_or_default() {
        let text = value_nodes::tag_text(value);
        let tag = value_nodes::tag_id(name, &text);
        if describer.is_news(&tag) {
            implied.push(describer.tag_node(&tag, name, &text));
        }
        let mut said_at = "tags".to_owned();
        path::push_name(&mut said_at, name);
        references.push(out_edge("TAGGED_WITH", tag, said_at));
    }
    // The rules speak of scopes as ARM does; the graph's name for `/` is the tenant's node.
    references.extend(found.references.into_iter().map(|mut reference| {
        for end in [&mut reference.from, &mut reference.to] {
            if let Target::Id(id) = end
                && id == "/"
            {
                id.clone_from(&describer.tenant_node);
            }
        }
        reference
    }));
    for child in found.children {
        inline::describe(describer, child, implied);
    }
    Described {
        node: node(describer, body, level, aliases),
        references,
        lists: Vec::new(),
    }
}

fn node(describer: &Describer, body: &Body<'_>, level: Option<Level>, aliases: Vec<String>) -> Node {
    let id = body.id.as_str();
    let properties = body
        .members
        .iter()
        .find_map(|(name, value)| (name == "properties" && !value.is_null()).then_some(value));
    let mut own = Vec::with_capacity(body.members.len() + 2);
    hierarchy::push_scope_members(&body.id, &mut own);
    let last = body.id.name();
    let mut name = last.to_owned();
    if level.is_some()
        && let Some(display) = display_name(body, properties, level)
    {
        display.clone_into(&mut name);
        own.push(("display_name".to_owned(), Value::from(display)));
    }
    for (member, value) in body.members {
        match member.as_str() {
            "id" | "type" | "properties" => {}
            "displayName" if level.is_some() => {}
            "name" => {
                if let Some(sent) = value.as_str()
                    && sent != last
                    && !sent.is_empty()
                    && sent != name
                {
                    own.push(("azure_name".to_owned(), Value::from(sent)));
                }
            }
            _ => members::push(&mut own, member, value),
        }
    }
    own.extend(lists::of(&body.resource_type, body.members));
    if !aliases.is_empty() {
        own.push((ALIASES.to_owned(), Value::Strings(aliases)));
    }
    if body.standing == Standing::Inline {
        own.push(("inline".to_owned(), Value::Bool(true)));
    }
    Node {
        key: node_key(describer.tenant, id),
        id: id.to_owned(),
        name,
        class: if level.is_some() {
            NodeClass::Hierarchy
        } else {
            NodeClass::Resource
        },
        labels: level.map_or_else(|| labels::of_resource(&body.resource_type), Level::labels),
        resource_type: Some(body.resource_type.clone()),
        members: own,
        properties: properties.map(Json::to_string),
        scalars: properties.map(scalars::flatten).unwrap_or_default(),
        source: describer.source,
        standing: body.standing,
    }
}

/// What people call a scope. Resource Graph puts a subscription's display name where others put its GUID.
fn display_name<'a>(body: &Body<'a>, properties: Option<&'a Json>, level: Option<Level>) -> Option<&'a str> {
    let top = |name: &str| {
        body.members
            .iter()
            .find_map(|(own, value)| (own == name).then_some(value)?.as_str())
    };
    top("displayName")
        .or_else(|| properties?.get("displayName")?.as_str())
        .or_else(|| {
            if level == Some(Level::Subscription) {
                top("name")
            } else {
                None
            }
        })
        .filter(|text| !text.is_empty())
}

fn out_edge(relationship: &'static str, to: String, path: String) -> Reference {
    Reference {
        from: Target::Itself,
        to: Target::Id(to),
        relationship: relationship.into(),
        path,
        said: Said::Here,
        properties: Vec::new(),
    }
}
