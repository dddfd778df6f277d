//! What a text of the plan is within one unit.

use std::borrow::Cow;

use super::{Crossing, Deployment, Existing, UnitKey, existing};
use crate::facts;
use crate::plan::{
    Attribute, ExternalKey, ExternalKind, Nesting, ParameterKey, Piece, Reference, ResourceKey, Scope,
    Target, Text,
};

/// A part of a text, as the unit that it stands in can say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part<'p> {
    /// As it is.
    Literal(Cow<'p, str>),
    /// Something of a resource of this unit.
    Own(ResourceKey, Attribute),
    /// Something of what is declared as existing here.
    Existing(ExternalKey, Attribute),
    /// What the root hands in.
    Input(Crossing),
    /// What another unit hands out, in the root.
    Output(UnitKey, Crossing),
    /// A parameter of the plan.
    Parameter(ParameterKey),
    /// The GUID of the tenant that is deployed to.
    TenantId,
    /// The ID of the subscription that the unit is deployed to.
    SubscriptionId,
    /// Its GUID.
    SubscriptionGuid,
    /// The ID of the resource group that the unit is deployed to.
    GroupId,
    /// Its name.
    GroupName,
}

/// What the names of a chain of parents and children begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base {
    /// The scope that the chain's head lies in directly.
    Scope,
    /// The resource that the chain's head extends.
    Extended(Target),
}

/// A resource's ancestors, from the one that is no child of another to itself, with their names.
#[derive(Debug)]
pub(crate) struct Chain<'p> {
    pub(crate) base: Base,
    pub(crate) names: Vec<Vec<Part<'p>>>,
}

impl<'p> Deployment<'p> {
    /// The parts of a text. Neighbouring literals are one.
    pub(crate) fn text(&self, unit: UnitKey, text: &'p Text) -> Vec<Part<'p>> {
        match text {
            Text::Literal(text) => vec![Part::Literal(text.into())],
            Text::Pieces(pieces) => join(pieces.iter().flat_map(|piece| match piece {
                Piece::Literal(text) => vec![Part::Literal(text.into())],
                Piece::Parameter(key) => vec![Part::Parameter(*key)],
                Piece::Reference(reference) => self.reference(unit, reference),
            })),
        }
    }

    fn reference(&self, unit: UnitKey, reference: &'p Reference) -> Vec<Part<'p>> {
        match reference.target {
            Target::Resource(key) => self
                .resource(unit, key, &reference.attribute)
                .unwrap_or_else(|| vec![Part::Literal(reference.spelled.as_ref().into())]),
            Target::External(key) => self
                .external(unit, key, &reference.attribute)
                .unwrap_or_else(|| vec![Part::Literal(reference.spelled.as_ref().into())]),
        }
    }

    /// An attribute of a resource of the plan; `None` for one that is not in the files.
    fn resource(&self, unit: UnitKey, key: ResourceKey, attribute: &Attribute) -> Option<Vec<Part<'p>>> {
        let place = self.place(key)?;
        if self.unit(unit).scope == Scope::ResourceGroup(Target::Resource(key)) {
            match attribute {
                Attribute::Id => return Some(vec![Part::GroupId]),
                Attribute::Name => return Some(vec![Part::GroupName]),
                _ => {}
            }
        }
        let crossing = (key, attribute.clone());
        Some(vec![if place == unit {
            match attribute {
                Attribute::Name => return Some(self.resource_name(unit, key)),
                _ => Part::Own(key, attribute.clone()),
            }
        } else if unit == UnitKey::ROOT {
            Part::Output(place, crossing)
        } else {
            Part::Input(crossing)
        }])
    }

    /// A resource's name, in the spelling of its type where there is only that one.
    pub(crate) fn resource_name(&self, unit: UnitKey, key: ResourceKey) -> Vec<Part<'p>> {
        let resource = self.plan.resource(key);
        let known = resource.resource_type().and_then(|of| facts::of(of.as_str()));
        if let (Some(name), Some(known)) = (resource.name.as_literal(), known) {
            let spelled = known
                .name
                .one_of
                .into_iter()
                .find(|own| own.eq_ignore_ascii_case(name));
            if let Some(spelled) = spelled {
                return vec![Part::Literal(spelled.into())];
            }
        }
        self.text(unit, &resource.name)
    }

    /// A value that travels between units, where it is made or in the root.
    pub(crate) fn made(&self, unit: UnitKey, crossing: &Crossing) -> Vec<Part<'p>> {
        self.resource(unit, crossing.0, &crossing.1).unwrap_or_default()
    }

    /// An attribute of what stays outside; `None` where only its value is known.
    pub(crate) fn external(
        &self,
        unit: UnitKey,
        key: ExternalKey,
        attribute: &Attribute,
    ) -> Option<Vec<Part<'p>>> {
        let external = self.plan.external(key);
        let own_scope = self.unit(unit).scope;
        let last = || external.id.rsplit('/').next().unwrap_or_default();
        let named = || match external.parameter {
            Some(parameter) => Part::Parameter(parameter),
            None => Part::Literal(last().into()),
        };
        let below = |parent: Option<Target>, kind: &'static str| {
            let mut parts = parent.map_or_else(Vec::new, |parent| self.id(unit, parent));
            parts.extend([Part::Literal(kind.into()), named()]);
            Some(join(parts))
        };
        match (&external.kind, attribute) {
            (ExternalKind::Tenant, Attribute::Id | Attribute::Name) => Some(vec![Part::TenantId]),
            (ExternalKind::Subscription, Attribute::Id) if self.subscription(own_scope) == Some(key) => {
                Some(vec![Part::SubscriptionId])
            }
            (ExternalKind::Subscription, Attribute::Name) if self.subscription(own_scope) == Some(key) => {
                Some(vec![Part::SubscriptionGuid])
            }
            (ExternalKind::Subscription, Attribute::Id) => below(None, "/subscriptions/"),
            (ExternalKind::ManagementGroup, Attribute::Id) => {
                below(None, "/providers/Microsoft.Management/managementGroups/")
            }
            (ExternalKind::ResourceGroup, Attribute::Id)
                if own_scope == Scope::ResourceGroup(Target::External(key)) =>
            {
                Some(vec![Part::GroupId])
            }
            (ExternalKind::ResourceGroup, Attribute::Id) => below(external.parent, "/resourceGroups/"),
            (
                ExternalKind::Subscription | ExternalKind::ManagementGroup | ExternalKind::ResourceGroup,
                Attribute::Name,
            ) => Some(vec![named()]),
            (ExternalKind::Directory, Attribute::ObjectId | Attribute::Id) => {
                Some(vec![external.parameter.map_or_else(
                    || Part::Literal(external.id.as_str().into()),
                    Part::Parameter,
                )])
            }
            (ExternalKind::Resource { .. }, Attribute::Id) => Some(match external.parameter {
                Some(parameter) => vec![Part::Parameter(parameter)],
                None if Existing::of(self.plan, key).is_some() => vec![Part::Existing(key, Attribute::Id)],
                None => self.below_parent(unit, key),
            }),
            (ExternalKind::Resource { .. }, Attribute::Name) if external.parameter.is_none() => {
                Some(vec![Part::Literal(last().into())])
            }
            (
                ExternalKind::Resource { .. },
                Attribute::PrincipalId | Attribute::ClientId | Attribute::Output(_),
            ) => Existing::of(self.plan, key).map(|_| vec![Part::Existing(key, attribute.clone())]),
            _ => None,
        }
    }

    /// The ID of an external as that of its parent and the rest, which is a literal.
    fn below_parent(&self, unit: UnitKey, key: ExternalKey) -> Vec<Part<'p>> {
        let external = self.plan.external(key);
        let parent = external.parent.and_then(|parent| {
            let parent_id = match parent {
                Target::Resource(key) => &self.plan.resource(key).id,
                Target::External(key) if matches!(self.plan.external(key).kind, ExternalKind::Tenant) => {
                    return None;
                }
                Target::External(key) => &self.plan.external(key).id,
            };
            let rest = existing::strip_prefix(&external.id, parent_id)?;
            let mut parts = self.id(unit, parent);
            parts.push(Part::Literal(rest.into()));
            Some(join(parts))
        });
        parent.unwrap_or_else(|| vec![Part::Literal(external.id.as_str().into())])
    }

    /// The ID of anything that others may lie in; nothing for the tenant, whose ID is no prefix of theirs.
    pub(crate) fn id(&self, unit: UnitKey, target: Target) -> Vec<Part<'p>> {
        match target {
            Target::External(key) if matches!(self.plan.external(key).kind, ExternalKind::Tenant) => {
                Vec::new()
            }
            Target::External(key) => self.external(unit, key, &Attribute::Id).unwrap_or_default(),
            Target::Resource(key) => self
                .resource(unit, key, &Attribute::Id)
                .unwrap_or_else(|| vec![Part::Literal(self.plan.resource(key).id.as_str().into())]),
        }
    }

    /// The name of anything, said within a unit.
    pub(crate) fn name(&self, unit: UnitKey, target: Target) -> Vec<Part<'p>> {
        match target {
            Target::External(key) => self.external(unit, key, &Attribute::Name).unwrap_or_default(),
            Target::Resource(key) => self.resource(unit, key, &Attribute::Name).unwrap_or_default(),
        }
    }

    /// The names from the head of a resource's chain of parents to itself.
    pub(crate) fn chain(&self, unit: UnitKey, key: ResourceKey) -> Chain<'p> {
        let resource = self.plan.resource(key);
        let mut chain = match (resource.nesting, resource.parent) {
            (Nesting::Child, Target::Resource(parent)) => self.chain(unit, parent),
            (Nesting::Child, Target::External(parent)) => Chain {
                base: Base::Scope,
                names: existing::names(&self.plan.external(parent).id)
                    .map(|name| vec![Part::Literal(name.into())])
                    .collect(),
            },
            (Nesting::Extension, target) => Chain {
                base: Base::Extended(target),
                names: Vec::new(),
            },
            (Nesting::Direct, _) => Chain {
                base: Base::Scope,
                names: Vec::new(),
            },
        };
        chain.names.push(self.name(unit, Target::Resource(key)));
        chain
    }

    /// The subscription of a scope, which always stays outside.
    pub(crate) fn subscription(&self, scope: Scope) -> Option<ExternalKey> {
        subscription_of(self.plan, scope)
    }
}

/// The subscription that a scope is or lies in.
pub(super) fn subscription_of(plan: &crate::plan::Plan, scope: Scope) -> Option<ExternalKey> {
    match scope {
        Scope::Subscription(key) => Some(key),
        Scope::ResourceGroup(Target::Resource(key)) => match plan.resource(key).scope {
            Scope::Subscription(key) => Some(key),
            _ => None,
        },
        Scope::ResourceGroup(Target::External(key)) => match plan.external(key).parent {
            Some(Target::External(key)) if matches!(plan.external(key).kind, ExternalKind::Subscription) => {
                Some(key)
            }
            _ => None,
        },
        Scope::Tenant | Scope::ManagementGroup(_) => None,
    }
}

/// Merges neighbouring literals and drops empty ones, unless nothing else is there.
fn join<'p>(parts: impl IntoIterator<Item = Part<'p>>) -> Vec<Part<'p>> {
    let mut out: Vec<Part<'p>> = Vec::new();
    for part in parts {
        match (out.last_mut(), part) {
            (_, Part::Literal(text)) if text.is_empty() => {}
            (Some(Part::Literal(last)), Part::Literal(text)) => last.to_mut().push_str(&text),
            (_, part) => out.push(part),
        }
    }
    if out.is_empty() {
        out.push(Part::Literal("".into()));
    }
    out
}
