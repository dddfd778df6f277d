//! How a plan is cut into deployments, for the two languages that Azure deploys by itself.
//!
//! Azure runs one deployment in one scope: what lies in a resource group is deployed into it, what lies in a subscription
//! into that. So a plan becomes a root and a [`Unit`] for each other scope, which the root deploys; Bicep calls them
//! modules and ARM nested deployments. What a unit needs of another comes in as an input, and goes out of the other as an
//! output, so every reference between resources of the plan stays one. Where two scopes refer to each other, one of them
//! is cut in two ([`staging`]).

mod build;
mod existing;
mod resolve;
mod staging;
mod symbols;

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    plan::{
        Attribute, ExternalKey, ExternalKind, Kind, Member, ParameterKey, Plan, ResourceKey, Scope, Target,
        Value,
    },
    writer::{Omission, Written},
};

pub(crate) use existing::{Existing, ExistingScope};
pub(crate) use resolve::{Base, Part};

/// How many resources one template holds at most; Azure takes 800, deployments and existing ones among them.
pub(crate) const MAX_RESOURCES: usize = 700;
/// How many parameters a template has before they travel in one object; Azure takes 256.
const MAX_PARAMETERS: usize = 200;
/// How many outputs a template has before they travel in one object; Azure takes 64.
const MAX_OUTPUTS: usize = 60;

/// A plan cut into deployments.
#[derive(Debug)]
pub(crate) struct Deployment<'p> {
    pub(crate) plan: &'p Plan,
    /// The root first, then the others, each by its first resource.
    pub(crate) units: Vec<Unit>,
    /// Where each resource of the plan is; `None` for what these languages cannot say.
    places: Vec<Option<UnitKey>>,
    /// The name under which each value travels between units.
    crossings: BTreeMap<Crossing, String>,
    /// The names of parameters, resources and existing ones where the plan's own would hide a function.
    renamed: BTreeMap<String, String>,
    /// Whether parameters travel in one object.
    pub(crate) grouped_parameters: bool,
    /// The name of the object that parameters travel in where there are many.
    pub(crate) settings: String,
    /// The name of the object that inputs and outputs travel in where there are many.
    pub(crate) bundle: String,
}

/// A unit, by its position in [`Deployment::units`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct UnitKey(pub(crate) u32);

impl UnitKey {
    /// The template that is deployed by hand, which deploys the others.
    pub(crate) const ROOT: Self = Self(0);

    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What one deployment makes.
#[derive(Debug)]
pub(crate) struct Unit {
    /// What it is called in the root.
    pub(crate) name: String,
    /// The name of its file without the ending; no other unit's.
    pub(crate) file: String,
    pub(crate) scope: Scope,
    /// In dependency order.
    pub(crate) steps: Vec<Step>,
    /// What it is given by the root. Empty for the root.
    pub(crate) inputs: BTreeSet<Crossing>,
    /// What it hands out to others.
    pub(crate) outputs: BTreeSet<Crossing>,
    /// The plan's parameters that it uses; for the root those of all units.
    pub(crate) parameters: BTreeSet<ParameterKey>,
    /// What stays outside and is asked for more than its name.
    pub(crate) existing: BTreeSet<ExternalKey>,
    /// Parents of its resources that another unit makes.
    pub(crate) foreign: BTreeSet<ResourceKey>,
    /// Units that must be done before it starts.
    pub(crate) after: BTreeSet<UnitKey>,
    /// Resources of the root that must be there before it starts.
    pub(crate) after_resources: BTreeSet<ResourceKey>,
}

impl Unit {
    /// Whether its inputs travel in one object.
    pub(crate) fn grouped_inputs(&self) -> bool {
        self.inputs.len() > MAX_PARAMETERS - 2
    }

    /// Whether its outputs travel in one object.
    pub(crate) fn grouped_outputs(&self) -> bool {
        self.outputs.len() > MAX_OUTPUTS
    }
}

/// One resource of a unit.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) resource: ResourceKey,
    /// The associations to set. A step with any is the second time that the resource is put: now with what could not be
    /// there the first time.
    pub(crate) associations: Vec<usize>,
}

/// A value of a resource that another unit uses.
pub(crate) type Crossing = (ResourceKey, Attribute);

impl<'p> Deployment<'p> {
    pub(crate) fn unit(&self, key: UnitKey) -> &Unit {
        &self.units[key.index()]
    }

    pub(crate) fn root(&self) -> &Unit {
        self.unit(UnitKey::ROOT)
    }

    /// All units but the root.
    pub(crate) fn modules(&self) -> impl Iterator<Item = (UnitKey, &Unit)> {
        (0..).map(UnitKey).zip(&self.units).skip(1)
    }

    /// The unit that makes a resource for the first time.
    pub(crate) fn place(&self, resource: ResourceKey) -> Option<UnitKey> {
        self.places[resource.index()]
    }

    /// The name of a value that travels between units.
    pub(crate) fn crossing(&self, crossing: &Crossing) -> &str {
        self.crossings.get(crossing).map_or("", String::as_str)
    }

    /// The name of a resource, an external or a parameter in the files.
    pub(crate) fn name_of(&self, target: Target) -> &str {
        self.declared(self.plan.symbol(target).as_str())
    }

    pub(crate) fn parameter_name(&self, key: ParameterKey) -> &str {
        self.declared(self.plan.parameter(key).symbol.as_str())
    }

    fn declared<'a>(&'a self, symbol: &'a str) -> &'a str {
        self.renamed.get(symbol).map_or(symbol, String::as_str)
    }

    /// Where in the body of a target an attribute is.
    pub(crate) fn path(&self, target: Target, attribute: &Attribute) -> Vec<String> {
        let resource_type = match target {
            Target::Resource(key) => self.plan.resource(key).resource_type(),
            Target::External(key) => match &self.plan.external(key).kind {
                ExternalKind::Resource { resource_type, .. } => Some(resource_type),
                _ => None,
            },
        };
        let is_identity = resource_type.is_some_and(|of| {
            of.as_str()
                .eq_ignore_ascii_case("Microsoft.ManagedIdentity/userAssignedIdentities")
        });
        let path: &[&str] = match attribute {
            Attribute::Id => &["id"],
            Attribute::Name => &["name"],
            Attribute::PrincipalId if is_identity => &["properties", "principalId"],
            Attribute::PrincipalId => &["identity", "principalId"],
            Attribute::ClientId => &["properties", "clientId"],
            Attribute::ObjectId => &["properties", "objectId"],
            Attribute::AppId => &["properties", "appId"],
            Attribute::Output(path) => return path.clone(),
        };
        path.iter().map(|&name| name.to_owned()).collect()
    }

    /// What was written and what was not.
    pub(crate) fn written(&self, block: &'static str) -> Written {
        let mut written = Written::default();
        for (key, resource) in self.plan.keyed() {
            if self.place(key).is_some() {
                written.blocks.push(block);
                continue;
            }
            written.blocks.push("");
            written.omitted.push(Omission {
                resource: key,
                reason: match resource.kind {
                    Kind::Entra(_) => "Microsoft Entra objects are written in Terraform only",
                    Kind::Arm { .. } => "it hangs on something outside that this language cannot name",
                }
                .to_owned(),
            });
        }
        written.notes = self.notes();
        written
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let most = self
            .units
            .iter()
            .enumerate()
            .map(|(at, unit)| unit.steps.len() + if at == 0 { self.units.len() - 1 } else { 0 });
        if most.max().unwrap_or(0) > 800 {
            notes.push(format!(
                "Azure takes 800 resources and deployments in one template; the root has {} of them: \
                 write parts of the tenant with --scope or --subset, or use Terraform",
                self.root().steps.len() + self.units.len() - 1
            ));
        }
        if self
            .units
            .iter()
            .any(|unit| unit.steps.iter().any(|step| !step.associations.is_empty()))
        {
            notes.push(
                "resources that refer to each other in a circle are put twice: the second time, in a deployment whose name \
                 ends in `links`, with what could not be there the first time"
                    .to_owned(),
            );
        }
        notes
    }

    /// The body of a step, with its associations set.
    pub(crate) fn body(&self, step: &Step) -> Vec<Member> {
        let mut body = Value::Object(self.plan.resource(step.resource).body.clone());
        for &index in &step.associations {
            let association = &self.plan.associations[index];
            set(&mut body, &association.path, &association.value);
        }
        match body {
            Value::Object(members) => members,
            _ => Vec::new(),
        }
    }

    /// What a step must wait for in the template that it stands in, whether its values say so or not.
    pub(crate) fn waits(&self, unit: UnitKey, step: &Step) -> BTreeSet<Wait> {
        self.waits_for(unit, build::dependencies(self.plan, step))
    }

    /// Those of them that nothing in it says.
    pub(crate) fn silent_waits(&self, unit: UnitKey, step: &Step) -> BTreeSet<Wait> {
        self.waits_for(unit, self.plan.resource(step.resource).depends_on.iter().copied())
    }

    fn waits_for(&self, unit: UnitKey, keys: impl IntoIterator<Item = ResourceKey>) -> BTreeSet<Wait> {
        keys.into_iter()
            .filter_map(|key| match self.place(key)? {
                place if place == unit => Some(Wait::Resource(key)),
                place if unit == UnitKey::ROOT => Some(Wait::Unit(place)),
                // The whole unit waits for it.
                _ => None,
            })
            .collect()
    }
}

/// What must be there first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wait {
    Resource(ResourceKey),
    Unit(UnitKey),
}

/// Puts a value into a tree. Objects on the way are made where they are missing.
fn set(tree: &mut Value, path: &[String], value: &Value) {
    let Some((first, rest)) = path.split_first() else {
        *tree = value.clone();
        return;
    };
    match tree {
        Value::Array(items) => {
            if let Some(item) = first.parse().ok().and_then(|at: usize| items.get_mut(at)) {
                set(item, rest, value);
            }
        }
        Value::Object(members) => {
            let at = members
                .iter()
                .position(|member| member.name.as_literal() == Some(first))
                .unwrap_or_else(|| {
                    members.push(Member::new(first.as_str(), Value::Object(Vec::new())));
                    members.len() - 1
                });
            set(&mut members[at].value, rest, value);
        }
        _ => {}
    }
}
