//! Microsoft Entra objects.
//!
//! There is nothing to fall back to: what cannot be said is left out, and [`Block::unsaid`] says so.

mod application;
mod directory;

#[cfg(test)]
mod tests;

use super::{
    hcl::{Body, Step},
    reference::Here,
    rules::{Convert, Gathered, Rule, apply, says_nothing},
};
use crate::plan::{Entra, Member, Resource, Value};

/// How a kind of object is written.
#[derive(Debug)]
pub(super) struct Mapping {
    /// The type of the block.
    pub(super) block: &'static str,
    /// What stands before the object ID in what it is imported by.
    pub(super) import: &'static str,
    /// The attribute that holds the application ID.
    pub(super) app_id: Option<&'static str>,
    /// The attribute for the display name; `None` where the provider reads it.
    pub(super) name: Option<&'static str>,
    /// The properties.
    pub(super) body: &'static [(&'static str, Rule)],
    /// Attributes that Microsoft Graph answers only to those who ask for them: where the source does not say them, what
    /// is there is to stay.
    pub(super) unasked: &'static [&'static str],
}

/// The mapping of a kind.
pub(super) const fn mapping(kind: Entra) -> &'static Mapping {
    match kind {
        Entra::User => &directory::USER,
        Entra::Group => &directory::GROUP,
        Entra::Application => &application::APPLICATION,
        Entra::ServicePrincipal => &application::SERVICE_PRINCIPAL,
    }
}

/// A block and what it lacks.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) body: Body,
    /// The properties that are not in it, and why.
    pub(super) unsaid: Vec<String>,
}

/// The block's content.
pub(super) fn block(
    here: &mut Here<'_, '_>,
    mapping: &Mapping,
    resource: &Resource,
    body: &[Member],
) -> Block {
    let mut unsaid = Vec::new();
    let mut out = Gathered::default();
    if let Some(name) = mapping.name {
        let name_of = here.text(&resource.name);
        out.attributes.push((name.to_owned(), name_of));
    }
    for (name, rule) in mapping.body {
        let found = body.iter().find(|member| member.name.as_literal() == Some(name));
        if let Some(member) = found
            && let Err(refusal) = apply(here, rule, &member.value, name, &mut out)
        {
            unsaid.push(format!("`{}` {}", refusal.path, refusal.why));
        }
    }
    for member in body {
        let name = member.name.as_literal().unwrap_or_default();
        let known = mapping.body.iter().any(|(known, _)| *known == name);
        if !known && !says_nothing(&member.value) && !DYNAMIC.contains(&name) {
            unsaid.push(format!("`{name}` has no place"));
        }
    }
    dynamic_membership(here, body, &mut out);
    // A block with nothing in it says the same as none.
    out.blocks.retain(|(_, block)| !block.is_empty());

    let unasked = mapping
        .unasked
        .iter()
        .filter(|name| !out.attributes.iter().any(|(own, _)| own == *name))
        .map(|name| vec![Step::Name((*name).to_owned())]);
    out.unsaid = unasked.collect();
    let lifecycle = out.lifecycle();
    let mut block = Body::new();
    for (name, value) in out.attributes {
        block.attribute(name, value);
    }
    for (kind, inner) in out.blocks {
        block.block(kind, [], inner);
    }
    if let Some(lifecycle) = lifecycle {
        block.block("lifecycle", [], lifecycle);
    }
    Block { body: block, unsaid }
}

/// The two properties that are one block.
const DYNAMIC: [&str; 2] = ["membershipRule", "membershipRuleProcessingState"];

fn dynamic_membership(here: &mut Here<'_, '_>, body: &[Member], out: &mut Gathered) {
    let [rule, state] = DYNAMIC.map(|name| {
        body.iter()
            .find(|member| member.name.as_literal() == Some(name))
            .map(|member| &member.value)
    });
    let Some(Value::Text(rule)) = rule else { return };
    let mut block = Body::new();
    block
        .attribute("enabled", state.and_then(Value::as_literal) != Some("Paused"))
        .attribute("rule", here.text(rule));
    out.blocks.push(("dynamic_membership", block));
    // The rule decides who the members are.
    out.attributes.retain(|(name, _)| name != "members");
}

/// An attribute for a text.
const fn text(attribute: &'static str) -> Rule {
    Rule::To(attribute, Convert::Text)
}

/// An attribute for texts.
const fn texts(attribute: &'static str) -> Rule {
    Rule::To(attribute, Convert::Texts)
}

/// An attribute for a truth value.
const fn truth(attribute: &'static str) -> Rule {
    Rule::To(attribute, Convert::Bool)
}
