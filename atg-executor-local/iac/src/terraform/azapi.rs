//! Any resource of Azure Resource Manager, with its body as it is.

use super::{
    hcl::{Body, Expression},
    reference::Here,
    value::{part, secrets},
};
use crate::plan::{Identity, Kind, Member, Resource, Text, Value};

/// The types of identity that the provider's own block knows; others stand in the body.
const IDENTITIES: [&str; 4] = [
    "None",
    "SystemAssigned",
    "UserAssigned",
    "SystemAssigned, UserAssigned",
];

/// The block's content. `body` is the resource's, with what an association gives it where that is set at once.
pub(super) fn block(here: &mut Here<'_, '_>, resource: &Resource, body: &[Member]) -> Body {
    let Kind::Arm {
        resource_type,
        api_version,
        ..
    } = &resource.kind
    else {
        return Body::new();
    };
    let mut out = Body::new();
    out.attribute("type", format!("{resource_type}@{api_version}"))
        .attribute("name", here.text(&resource.name));
    let parent = here.parent_id(resource);
    out.attribute("parent_id", parent);
    if let Some(location) = &resource.location {
        out.attribute("location", here.text(location));
    }
    // The body is what Azure answered, the schema in the provider what somebody wrote of it: it knows neither types that
    // are newer or gone nor words that Azure spells otherwise, and refuses a body without the secrets that are sent apart.
    out.attribute("schema_validation_enabled", false);
    let mut parted = part(here.plan(), body);
    for path in &resource.respelled {
        // The provider would miss it in every answer.
        remove(&mut parted.open, path);
    }
    if resource.import_id.is_some() {
        for path in &resource.supplied {
            remove(&mut parted.open, path);
        }
    }
    for (path, answered) in &resource.recased {
        // … and compares values to the letter.
        if let Some(value) = find(&mut parted.open, path) {
            *value = Value::literal(answered.as_str());
        }
    }
    if let Some(identity) = &resource.identity {
        write_identity(here, identity, &mut parted.open, &mut out);
    }
    if !parted.open.is_empty() {
        out.blank();
        out.attribute("body", here.object(&parted.open));
    }
    if !parted.secret.is_empty() {
        out.blank();
        out.attribute("sensitive_body", secret(here, parted.secret));
    }
    if let Some(tags) = &resource.tags {
        write_tags(here, tags, &mut out);
    }
    if resource.import_id.is_some() {
        // An import sets the first to its default. The others Azure answers and does not take: the provider would take
        // them away.
        let ignored = ["schema_validation_enabled"]
            .iter()
            .chain(&resource.answered)
            .map(|name| Expression::reference(name, []));
        let mut lifecycle = Body::new();
        lifecycle.attribute("ignore_changes", Expression::List(ignored.collect()));
        out.block("lifecycle", [], lifecycle);
    }
    out
}

/// Takes away the member at a path such as `properties.rules[0].name`.
fn remove(members: &mut Vec<Member>, path: &str) {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let (name, index) = match first.split_once('[') {
        Some((name, index)) => (name, index.trim_end_matches(']').parse::<usize>().ok()),
        None => (first, None),
    };
    let Some(at) = members
        .iter()
        .position(|member| member.name.as_literal() == Some(name))
    else {
        return;
    };
    if rest.is_empty() {
        members.remove(at);
        return;
    }
    match (&mut members[at].value, index) {
        (Value::Object(inner), None) => remove(inner, rest),
        (Value::Array(items), Some(index)) => {
            if let Some(Value::Object(inner)) = items.get_mut(index) {
                remove(inner, rest);
            }
        }
        _ => {}
    }
}

/// The value at such a path.
fn find<'a>(members: &'a mut [Member], path: &str) -> Option<&'a mut Value> {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let (name, index) = match first.split_once('[') {
        Some((name, index)) => (name, index.trim_end_matches(']').parse::<usize>().ok()),
        None => (first, None),
    };
    let mut value = members
        .iter_mut()
        .find(|member| member.name.as_literal() == Some(name))
        .map(|member| &mut member.value)?;
    if let Some(index) = index {
        let Value::Array(items) = value else { return None };
        value = items.get_mut(index)?;
    }
    match value {
        value if rest.is_empty() => Some(value),
        Value::Object(inner) => find(inner, rest),
        _ => None,
    }
}

/// The content of a block that gives a resource values for which it had to exist.
pub(super) fn second_step(here: &mut Here<'_, '_>, resource: &Resource, body: &[Member]) -> Body {
    let mut out = Body::new();
    let Kind::Arm {
        resource_type,
        api_version,
        ..
    } = &resource.kind
    else {
        return out;
    };
    out.attribute("type", format!("{resource_type}@{api_version}"))
        .attribute(
            "resource_id",
            Expression::reference("azapi_resource", [resource.symbol.as_str(), "id"]),
        );
    out.blank();
    out.attribute("body", here.object(body));
    out
}

/// `null`, and so nothing to do for the provider, until every secret of the resource is given: sending some would wipe
/// out the others.
fn secret(here: &mut Here<'_, '_>, members: Vec<Member>) -> Expression {
    let value = Value::Object(members);
    let given = secrets(here.plan(), &value)
        .into_iter()
        .map(|parameter| here.parameter(parameter))
        .collect();
    // Whether a secret is given is none; a value that is marked as one, and be it null, would be a change of the mark.
    let missing = Expression::Call("nonsensitive", vec![Expression::AnyNull(given)]);
    let value = here.value(&value);
    Expression::Conditional(Box::new([missing, Expression::Null, value]))
}

fn write_identity(here: &mut Here<'_, '_>, identity: &Identity, body: &mut Vec<Member>, out: &mut Body) {
    let spelled: String = identity.kind.split_whitespace().collect();
    let known = IDENTITIES
        .into_iter()
        .find(|known| known.replace(' ', "").eq_ignore_ascii_case(&spelled));
    let Some(kind) = known else {
        body.push(Member::new("identity", as_in_body(identity)));
        return;
    };
    let mut block = Body::new();
    block.attribute("type", kind);
    if !identity.user_assigned.is_empty() {
        let ids = identity
            .user_assigned
            .iter()
            .map(|id| here.identity_id(id))
            .collect();
        block.attribute("identity_ids", Expression::List(ids));
    }
    out.block("identity", [], block);
}

fn as_in_body(identity: &Identity) -> Value {
    let mut members = vec![Member::new("type", Value::literal(&identity.kind))];
    if !identity.user_assigned.is_empty() {
        let ids = identity.user_assigned.iter().map(|id| Member {
            name: id.clone(),
            value: Value::Object(Vec::new()),
        });
        members.push(Member::new(
            "userAssignedIdentities",
            Value::Object(ids.collect()),
        ));
    }
    Value::Object(members)
}

/// No tags and an empty set of tags are one to Azure, and two to the providers.
pub(super) fn write_tags(here: &mut Here<'_, '_>, tags: &[(Text, Text)], out: &mut Body) {
    if tags.is_empty() {
        return;
    }
    let members: Vec<Member> = tags
        .iter()
        .map(|(name, value)| Member {
            name: name.clone(),
            value: Value::Text(value.clone()),
        })
        .collect();
    out.blank();
    out.attribute("tags", here.object(&members));
}
