//! The engine: a mapping and a resource, and out comes the content of a block, or why not.

use super::{Constant, Has, Hook, Mapping, Place, Refusal, Spelling};
use crate::{
    plan::{Attribute, ExternalKind, Member, Nesting, Resource, Scope, Target, Value},
    terraform::{
        hcl::{Body, Expression},
        reference::Here,
        room::is_group,
        rules::{Gathered, at, gather, id, object, refuse, says_nothing},
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
    if mapping.named_by_guid && !resource.name.as_literal().is_some_and(is_guid) {
        return refuse("name", "is no GUID");
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

    let lifecycle = out.lifecycle();
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
    if let Some(lifecycle) = lifecycle {
        block.block("lifecycle", [], lifecycle);
    }
    Ok(Filled { body: block, links })
}

fn is_guid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups
            .iter()
            .all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
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
