//! The engine: a mapping and a resource, and out comes the content of a block, or why not.

use super::{
    Constant, Has, Hook, Mapping, Place, Refusal, Rule, Spelling,
    convert::{convert, id, is_one_of, says_nothing},
};
use crate::{
    plan::{Attribute, ExternalKind, Member, Nesting, Resource, Scope, Target, Value},
    terraform::{
        hcl::{Body, Expression},
        reference::Here,
        room::is_group,
        value::holds_secret,
    },
};

/// What a resource became.
#[derive(Debug)]
pub(in crate::terraform) struct Filled {
    pub(in crate::terraform) body: Body,
    pub(in crate::terraform) links: Vec<Link>,
}

/// A block beside it.
#[derive(Debug)]
pub(in crate::terraform) struct Link {
    pub(in crate::terraform) block: &'static str,
    pub(in crate::terraform) body: Body,
    /// What to put behind the resource's own ID to import it, with a bar between them; `None` for its own ID alone.
    pub(in crate::terraform) other: Option<Target>,
}

/// Attributes and blocks while they are gathered: attributes come first in a block.
#[derive(Debug, Default)]
struct Gathered {
    attributes: Vec<(String, Expression)>,
    blocks: Vec<(&'static str, Body)>,
}

/// Writes a resource with its mapping.
pub(in crate::terraform) fn fill(
    here: &mut Here<'_, '_>,
    mapping: &Mapping,
    resource: &Resource,
    body: &[Member],
) -> Result<Filled, Refusal> {
    if resource.thin {
        return refuse("", "is not known: the source has the resource's name only");
    }
    if body.iter().any(|member| holds_secret(here.plan(), &member.value)) {
        return refuse("", "holds a secret");
    }
    if !mapping.hangs_on.is_empty()
        && !hook(here, resource).is_some_and(|hook| mapping.hangs_on.contains(&hook))
    {
        return refuse("", "belongs to something that the provider does not take");
    }
    for path in mapping.needs {
        if at(body, path).is_none_or(says_nothing) {
            return refuse(
                &path.join("."),
                "is missing, and the provider takes that for a change",
            );
        }
    }
    let mut out = Gathered::default();
    write_place(here, mapping, resource, &mut out)?;
    match &resource.location {
        Some(location) if mapping.has(Has::Location) => {
            let location = here.text(location);
            out.attributes.push(("location".to_owned(), location));
        }
        None if mapping.has(Has::Location) => return refuse("location", "is missing"),
        Some(_) => return refuse("location", "has no place"),
        None => {}
    }
    let common = out.attributes.len();
    gather(here, mapping.body, body, "", &mut out)?;
    for (path, attribute, constant) in mapping.absent {
        if at(body, path).is_none_or(says_nothing) {
            let value = match constant {
                Constant::Bool(value) => Expression::Bool(*value),
            };
            out.attributes.push(((*attribute).to_owned(), value));
        }
    }
    write_identity(here, mapping, resource, &mut out)?;
    let links = links(here, mapping, resource, body)?;

    let mut block = Body::new();
    for (index, (name, value)) in out.attributes.into_iter().enumerate() {
        if index == common {
            block.blank();
        }
        block.attribute(name, value);
    }
    if let Some(tags) = &resource.tags {
        if !tags.is_empty() && !mapping.has(Has::Tags) {
            return refuse("tags", "have no place");
        }
        crate::terraform::azapi::write_tags(here, tags, &mut block);
    }
    for (kind, inner) in out.blocks {
        block.block(kind, [], inner);
    }
    Ok(Filled { body: block, links })
}

fn refuse<T>(path: &str, why: &'static str) -> Result<T, Refusal> {
    Err(Refusal {
        path: path.to_owned(),
        why,
    })
}

fn at<'v>(body: &'v [Member], path: &[&str]) -> Option<&'v Value> {
    let (first, rest) = path.split_first()?;
    body.iter()
        .find(|member| member.name.as_literal() == Some(first))
        .and_then(|member| member.value.at(rest))
}

fn hook(here: &Here<'_, '_>, resource: &Resource) -> Option<Hook> {
    if resource.nesting != Nesting::Direct {
        return Some(Hook::Resource);
    }
    match resource.parent {
        Target::Resource(key) if is_group(here.plan().resource(key)) => Some(Hook::Group),
        Target::Resource(_) => Some(Hook::Resource),
        Target::External(key) => match here.plan().external(key).kind {
            ExternalKind::Subscription => Some(Hook::Subscription),
            ExternalKind::ManagementGroup => Some(Hook::ManagementGroup),
            ExternalKind::ResourceGroup => Some(Hook::Group),
            ExternalKind::Resource { .. } => Some(Hook::Resource),
            ExternalKind::Tenant | ExternalKind::Directory => None,
        },
    }
}

fn write_place(
    here: &mut Here<'_, '_>,
    mapping: &Mapping,
    resource: &Resource,
    out: &mut Gathered,
) -> Result<(), Refusal> {
    for place in mapping.place {
        let (attribute, value) = match place {
            Place::Name(attribute) => (attribute, Some(here.text(&resource.name))),
            Place::ResourceGroup(attribute) => {
                let Scope::ResourceGroup(group) = resource.scope else {
                    return refuse("", "lies in no resource group");
                };
                (attribute, here.attribute(group, &Attribute::Name))
            }
            Place::ParentName(attribute) => (attribute, here.attribute(resource.parent, &Attribute::Name)),
            Place::Parent(attribute) => (attribute, Some(here.scope_of(resource))),
        };
        let Some(value) = value else {
            return refuse("", "lies in something that cannot be referred to");
        };
        out.attributes.push(((*attribute).to_owned(), value));
    }
    Ok(())
}

fn write_identity(
    here: &mut Here<'_, '_>,
    mapping: &Mapping,
    resource: &Resource,
    out: &mut Gathered,
) -> Result<(), Refusal> {
    let Some(identity) = &resource.identity else {
        return Ok(());
    };
    let kind: String = identity.kind.split_whitespace().collect();
    if kind.eq_ignore_ascii_case("None") {
        return Ok(());
    }
    if !mapping.has(Has::Identity) {
        return refuse("identity", "has no place");
    }
    let known = ["SystemAssigned", "UserAssigned", "SystemAssigned, UserAssigned"];
    let Some(known) = known
        .into_iter()
        .find(|known| known.replace(' ', "").eq_ignore_ascii_case(&kind))
    else {
        return refuse("identity.type", "is a word that the provider does not take");
    };
    let mut block = Body::new();
    block.attribute("type", known);
    if !identity.user_assigned.is_empty() {
        let mut ids = Vec::new();
        for text in &identity.user_assigned {
            match id(here, &Value::Text(text.clone()), Spelling::Own) {
                Ok(id) => ids.push(id),
                Err(why) => return refuse("identity.userAssignedIdentities", why),
            }
        }
        block.attribute("identity_ids", Expression::List(ids));
    }
    out.blocks.push(("identity", block));
    Ok(())
}

fn gather(
    here: &mut Here<'_, '_>,
    rules: &[(&str, Rule)],
    members: &[Member],
    path: &str,
    out: &mut Gathered,
) -> Result<(), Refusal> {
    // In the order of the rules, so that one thing looks like the next whatever the order in the source.
    for (name, rule) in rules {
        let member = members
            .iter()
            .find(|member| member.name.as_literal() == Some(name));
        let inner = if path.is_empty() {
            (*name).to_owned()
        } else {
            format!("{path}.{name}")
        };
        match member {
            Some(member) => {
                if let Rule::ToIf(beside, word, ..) = rule
                    && at(members, &[beside]).and_then(Value::as_literal) != Some(*word)
                {
                    continue;
                }
                apply(here, rule, &member.value, &inner, out)?;
            }
            None if matches!(rule, Rule::Needed(..)) => {
                return refuse(&inner, "is missing, and the provider takes that for a change");
            }
            None => {}
        }
    }
    for member in members {
        let known = member
            .name
            .as_literal()
            .is_some_and(|name| rules.iter().any(|(known, _)| *known == name));
        if !known && !says_nothing(&member.value) {
            let name = member.name.as_literal().unwrap_or("(a computed name)");
            let inner = if path.is_empty() {
                name.to_owned()
            } else {
                format!("{path}.{name}")
            };
            return refuse(&inner, "has no place");
        }
    }
    Ok(())
}

fn apply(
    here: &mut Here<'_, '_>,
    rule: &Rule,
    value: &Value,
    path: &str,
    out: &mut Gathered,
) -> Result<(), Refusal> {
    match rule {
        Rule::Skip | Rule::Link => Ok(()),
        Rule::Only(constants) if says_nothing(value) || is_one_of(value, constants) => Ok(()),
        Rule::Only(_) => refuse(path, "has a value that the provider cannot say"),
        Rule::Needed(..) if says_nothing(value) => {
            refuse(path, "is missing, and the provider takes that for a change")
        }
        Rule::To(attribute, how) | Rule::Needed(attribute, how) | Rule::ToIf(_, _, attribute, how) => {
            if let Some(converted) = convert(here, value, *how, path)? {
                // Where two members say the same thing, the later rule has the last word.
                out.attributes.retain(|(name, _)| name != attribute);
                out.attributes.push(((*attribute).to_owned(), converted));
            }
            Ok(())
        }
        _ if says_nothing(value) => Ok(()),
        Rule::In(rules) => gather(here, rules, object(value, path)?, path, out),
        Rule::Block(kind, rules) => {
            let block = block(here, rules, object(value, path)?, path)?;
            out.blocks.push((kind, block));
            Ok(())
        }
        Rule::BlockIf(member, constant, kind, rules) => {
            if value
                .get(member)
                .is_some_and(|value| is_one_of(value, &[constant]))
            {
                let block = block(here, rules, object(value, path)?, path)?;
                out.blocks.push((kind, block));
            }
            Ok(())
        }
        Rule::Blocks(kind, rules) => {
            for item in array(value, path)? {
                let block = block(here, rules, object(item, path)?, path)?;
                out.blocks.push((kind, block));
            }
            Ok(())
        }
        Rule::Rows(attribute, rules, all) => {
            let mut rows = Vec::new();
            for item in array(value, path)? {
                let mut row = Gathered::default();
                gather(here, rules, object(item, path)?, path, &mut row)?;
                rows.push(Expression::object(all.iter().map(|name| {
                    let at = row.attributes.iter().position(|(own, _)| own == name);
                    (
                        *name,
                        at.map_or(Expression::Null, |at| row.attributes.swap_remove(at).1),
                    )
                })));
            }
            out.attributes
                .push(((*attribute).to_owned(), Expression::List(rows)));
            Ok(())
        }
    }
}

fn block(
    here: &mut Here<'_, '_>,
    rules: &[(&str, Rule)],
    members: &[Member],
    path: &str,
) -> Result<Body, Refusal> {
    let mut inner = Gathered::default();
    gather(here, rules, members, path, &mut inner)?;
    let mut body = Body::new();
    for (name, value) in inner.attributes {
        body.attribute(name, value);
    }
    for (kind, block) in inner.blocks {
        body.block(kind, [], block);
    }
    Ok(body)
}

fn object<'v>(value: &'v Value, path: &str) -> Result<&'v [Member], Refusal> {
    match value {
        Value::Object(members) => Ok(members),
        _ => refuse(path, "is not an object"),
    }
}

fn array<'v>(value: &'v Value, path: &str) -> Result<&'v [Value], Refusal> {
    match value {
        Value::Array(items) => Ok(items),
        _ => refuse(path, "is not an array"),
    }
}

fn links(
    here: &mut Here<'_, '_>,
    mapping: &Mapping,
    resource: &Resource,
    body: &[Member],
) -> Result<Vec<Link>, Refusal> {
    let mut out = Vec::new();
    for link in mapping.links {
        let Some((last, parents)) = link.path.split_last() else {
            continue;
        };
        let Some(holder) = at(body, parents) else { continue };
        if says_nothing(holder) {
            continue;
        }
        let path = link.path.join(".");
        let members = object(holder, &path)?;
        if members.len() != 1 {
            return refuse(&path, "stands beside more than the provider takes");
        }
        let Some(value) = holder.get(last) else {
            return refuse(&path, "is missing");
        };
        let other = id(here, value, Spelling::Kept).map_err(|why| Refusal {
            path: path.clone(),
            why,
        })?;
        let target = match value {
            Value::Text(text) => text.references().next().map(|reference| reference.target),
            _ => None,
        };
        let mut block = Body::new();
        block
            .attribute(
                link.own,
                Expression::reference(mapping.block, [resource.symbol.as_str(), "id"]),
            )
            .attribute(link.other, other);
        out.push(Link {
            block: link.block,
            body: block,
            other: target.filter(|_| link.both),
        });
    }
    Ok(out)
}
