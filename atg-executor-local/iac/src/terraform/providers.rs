//! The providers' settings: one `azurerm` for each subscription, because it makes resources in that of its settings.

use super::{
    hcl::{Body, Expression},
    reference::{Form, Here, Scene},
    room::{ROOT, RoomKey},
};
use crate::{
    plan::{Attribute, ExternalKey, ExternalKind, ResourceKey, Scope, Target},
    writer::Layout,
};

/// Which providers are used.
#[derive(Debug)]
pub(super) struct Providers {
    /// The subscriptions of `azurerm` resources, the one with the most first: it is the default.
    subscriptions: Vec<ExternalKey>,
    pub(super) azurerm: bool,
    pub(super) azapi: bool,
    pub(super) azuread: bool,
}

/// The versions that the mappings were made for. A later one of the same major version keeps what it knew.
const VERSIONS: [(&str, &str, &str); 3] = [
    ("azapi", "Azure/azapi", "~> 2.12"),
    ("azuread", "hashicorp/azuread", "~> 3.9"),
    ("azurerm", "hashicorp/azurerm", "~> 5.2"),
];

impl Providers {
    pub(super) fn new(scene: &Scene<'_>) -> Self {
        let mut counts: Vec<(ExternalKey, usize)> = Vec::new();
        let mut out = Self {
            subscriptions: Vec::new(),
            azurerm: false,
            azapi: false,
            azuread: false,
        };
        for (key, _) in scene.plan.keyed() {
            match scene.forms[key.index()] {
                Form::Azapi => out.azapi = true,
                Form::Azuread(_) => out.azuread = true,
                Form::Azurerm(_) => {
                    out.azurerm = true;
                    if let Some(subscription) = subscription_of(scene, key) {
                        match counts.iter_mut().find(|(known, _)| *known == subscription) {
                            Some((_, count)) => *count += 1,
                            None => counts.push((subscription, 1)),
                        }
                    }
                }
            }
        }
        // Stable: of two with as many, the one that was met first.
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        out.subscriptions = counts.into_iter().map(|(key, _)| key).collect();
        out
    }

    /// The alias of the provider for a resource's subscription, where it is not the default; a module is given its own.
    pub(super) fn alias<'p>(&self, scene: &Scene<'p>, key: ResourceKey) -> Option<&'p str> {
        if scene.layout == Layout::Modules && scene.rooms.of(key.index()) != ROOT {
            return None;
        }
        self.alias_of(scene, subscription_of(scene, key)?)
    }

    fn alias_of<'p>(&self, scene: &Scene<'p>, subscription: ExternalKey) -> Option<&'p str> {
        let is_other =
            self.subscriptions.contains(&subscription) && self.subscriptions.first() != Some(&subscription);
        is_other.then(|| scene.plan.external(subscription).symbol.as_str())
    }

    /// What a call of a module says of providers; `None` where the defaults are right.
    pub(super) fn of_module(&self, scene: &Scene<'_>, room: RoomKey) -> Option<Expression> {
        let group = scene.rooms.group(room)?;
        let subscription = match group {
            Target::Resource(key) => subscription_of(scene, key),
            Target::External(key) => match scene.plan.external(key).parent {
                Some(Target::External(parent)) => Some(parent),
                _ => None,
            },
        };
        let alias = self.alias_of(scene, subscription?)?;
        Some(Expression::object([(
            "azurerm",
            Expression::reference("azurerm", [alias]),
        )]))
    }

    /// `versions.tf`
    pub(super) fn versions(&self) -> Body {
        let mut required = Body::new();
        for (name, source, version) in VERSIONS {
            let used = match name {
                "azapi" => self.azapi,
                "azuread" => self.azuread,
                _ => self.azurerm,
            };
            if used {
                required.attribute(
                    name,
                    Expression::object([("source", source.into()), ("version", version.into())]),
                );
            }
        }
        let mut terraform = Body::new();
        // `import` came with 1.5, values that are sent and never kept with 1.11.
        terraform.attribute("required_version", ">= 1.11");
        if !required.is_empty() {
            terraform.block("required_providers", [], required);
        }
        let mut out = Body::new();
        out.block("terraform", [], terraform);
        out
    }

    /// `providers.tf`
    pub(super) fn providers(&self, here: &mut Here<'_, '_>) -> Body {
        let mut out = Body::new();
        let tenant = here
            .plan()
            .externals
            .iter()
            .position(|external| external.kind == ExternalKind::Tenant)
            .and_then(|at| u32::try_from(at).ok())
            .and_then(|at| here.attribute(Target::External(ExternalKey(at)), &Attribute::Name))
            .unwrap_or_else(|| Expression::Text(here.plan().tenant.to_string()));
        if self.azurerm {
            let subscriptions: Vec<Option<ExternalKey>> = if self.subscriptions.is_empty() {
                vec![first_subscription(here.scene)]
            } else {
                self.subscriptions.iter().copied().map(Some).collect()
            };
            for (index, subscription) in subscriptions.into_iter().enumerate() {
                let mut body = Body::new();
                if let Some(subscription) = subscription {
                    if index > 0 {
                        body.attribute("alias", here.plan().external(subscription).symbol.as_str());
                    }
                    if let Some(id) = here.attribute(Target::External(subscription), &Attribute::Name) {
                        body.attribute("subscription_id", id);
                    }
                }
                body.attribute("tenant_id", tenant.clone());
                // Which services a subscription offers is not for whoever reads it to decide.
                body.attribute("resource_provider_registrations", "none");
                body.block("features", [], Body::new());
                out.block("provider", ["azurerm"], body);
            }
        }
        if self.azapi {
            let mut body = Body::new();
            if let Some(id) = self
                .subscriptions
                .first()
                .copied()
                .or_else(|| first_subscription(here.scene))
                .and_then(|key| here.attribute(Target::External(key), &Attribute::Name))
            {
                body.attribute("subscription_id", id);
            }
            body.attribute("tenant_id", tenant.clone());
            body.attribute("skip_provider_registration", true);
            out.block("provider", ["azapi"], body);
        }
        if self.azuread {
            let mut body = Body::new();
            body.attribute("tenant_id", tenant);
            out.block("provider", ["azuread"], body);
        }
        out
    }
}

fn first_subscription(scene: &Scene<'_>) -> Option<ExternalKey> {
    let externals = &scene.plan.externals;
    let at = externals
        .iter()
        .position(|external| external.kind == ExternalKind::Subscription)?;
    u32::try_from(at).ok().map(ExternalKey)
}

/// The subscription that a resource lies in.
fn subscription_of(scene: &Scene<'_>, key: ResourceKey) -> Option<ExternalKey> {
    let external_group = |group: ExternalKey| match scene.plan.external(group).parent {
        Some(Target::External(parent)) => Some(parent),
        _ => None,
    };
    match scene.plan.resource(key).scope {
        Scope::Subscription(subscription) => Some(subscription),
        Scope::ResourceGroup(Target::External(group)) => external_group(group),
        Scope::ResourceGroup(Target::Resource(group)) => match scene.plan.resource(group).scope {
            Scope::Subscription(subscription) => Some(subscription),
            _ => None,
        },
        Scope::Tenant | Scope::ManagementGroup(_) => None,
    }
}
