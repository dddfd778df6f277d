//! Cutting a plan into units.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    Crossing, Deployment, Existing, MAX_PARAMETERS, MAX_RESOURCES, Part, Step, Unit, UnitKey,
    resolve::{Base, subscription_of},
    staging::{self, Node},
    symbols::{self, Taken},
};
use crate::plan::{
    ExternalKey, ExternalKind, Kind, Nesting, ParameterKey, Plan, ResourceKey, Scope, Symbol, Target, Text,
    Value,
};

impl<'p> Deployment<'p> {
    pub(crate) fn of(plan: &'p Plan) -> Self {
        let mut taken = Taken::of(plan);
        let mut deployment = Self {
            plan,
            units: Vec::new(),
            places: vec![None; plan.resources.len()],
            crossings: BTreeMap::new(),
            renamed: renamed(plan, &mut taken),
            grouped_parameters: false,
            settings: taken.take("settings"),
            bundle: taken.take("bundle"),
        };
        deployment.cut(&mut taken);
        deployment.connect(&mut taken);
        deployment
    }

    /// Gives each step its unit.
    fn cut(&mut self, taken: &mut Taken) {
        let plan = self.plan;
        let sayable = sayable(plan);
        let root = root_scope(plan, &sayable);
        let in_root = |scope: Scope| scope == root;
        let direct = plan
            .keyed()
            .filter(|(key, resource)| sayable[key.index()] && in_root(resource.scope))
            .count()
            <= MAX_RESOURCES;
        let steps = steps(plan, &sayable);
        let mut scopes: HashMap<(Scope, bool), u32> = HashMap::new();
        let mut nodes = Vec::with_capacity(steps.len());
        let mut first: Vec<Option<u32>> = vec![None; plan.resources.len()];
        for (at, step) in (0_u32..).zip(&steps) {
            let resource = plan.resource(step.resource);
            let second = !step.associations.is_empty();
            // A second step is never in one template with the first: it would be the same resource twice.
            let scope = (!direct || !in_root(resource.scope) || second).then(|| {
                let next = u32::try_from(scopes.len()).unwrap_or(u32::MAX);
                *scopes.entry((resource.scope, second)).or_insert(next)
            });
            let mut after: BTreeSet<u32> = dependencies(plan, step)
                .into_iter()
                .filter_map(|key| first[key.index()])
                .collect();
            if second {
                after.extend(first[step.resource.index()]);
            } else {
                first[step.resource.index()] = Some(at);
            }
            nodes.push(Node {
                scope,
                after: after.into_iter().collect(),
            });
        }
        let resource_of: Vec<ResourceKey> = steps.iter().map(|step| step.resource).collect();
        let stages = staging::stages(&nodes, u32::try_from(scopes.len()).unwrap_or(u32::MAX));
        self.units.push(unit("main".to_owned(), "main".to_owned(), root));
        let mut units: HashMap<(Option<u32>, u32), UnitKey> = HashMap::new();
        let mut counts: HashMap<u32, u32> = HashMap::new();
        let mut unit_of = Vec::with_capacity(nodes.len());
        for ((node, stage), step) in nodes.iter().zip(stages).zip(steps) {
            let scope = plan.resource(step.resource).scope;
            let second = !step.associations.is_empty();
            let key = match node.scope {
                None => UnitKey::ROOT,
                Some(number) => {
                    let current = units.get(&(Some(number), stage)).copied();
                    match current.filter(|key| self.unit(*key).steps.len() < MAX_RESOURCES) {
                        Some(key) => key,
                        None => {
                            let count = counts.entry(number).or_default();
                            *count += 1;
                            let key = UnitKey(u32::try_from(self.units.len()).unwrap_or(u32::MAX));
                            self.units.push(named(plan, scope, second, *count, taken));
                            units.insert((Some(number), stage), key);
                            key
                        }
                    }
                }
            };
            if !second {
                self.places[step.resource.index()] = Some(key);
            }
            self.units[key.index()].steps.push(step);
            unit_of.push(key);
        }
        // What a unit waits for is what its steps wait for.
        for (at, node) in nodes.iter().enumerate() {
            let own = unit_of[at];
            for &after in &node.after {
                let other = unit_of[after as usize];
                if own == UnitKey::ROOT || own == other {
                    continue;
                }
                let unit = &mut self.units[own.index()];
                if other == UnitKey::ROOT {
                    unit.after_resources.insert(resource_of[after as usize]);
                } else {
                    unit.after.insert(other);
                }
            }
        }
    }

    /// Finds what each unit takes in and hands out.
    fn connect(&mut self, taken: &mut Taken) {
        for at in 0..self.units.len() {
            let key = UnitKey(u32::try_from(at).unwrap_or(u32::MAX));
            let mut uses = Uses::default();
            for step in &self.units[at].steps {
                self.uses(key, step, &mut uses);
            }
            let mut outputs = uses.outputs;
            for crossing in &uses.inputs {
                // The root knows its own; the rest it gets from where it is made.
                match self.place(crossing.0) {
                    Some(UnitKey::ROOT) | None => {}
                    Some(place) => outputs.push((place, crossing.clone())),
                }
            }
            for (place, crossing) in outputs {
                self.units[place.index()].outputs.insert(crossing);
            }
            let unit = &mut self.units[at];
            unit.inputs = uses.inputs;
            unit.existing = uses.existing;
            unit.foreign = uses.foreign;
            unit.parameters = uses.parameters.clone();
            self.units[0].parameters.extend(uses.parameters);
        }
        self.scopes_of_modules();
        let crossings: BTreeSet<Crossing> = self
            .units
            .iter()
            .flat_map(|unit| unit.inputs.iter().chain(&unit.outputs))
            .cloned()
            .collect();
        for crossing in crossings {
            let symbol = self.plan.resource(crossing.0).symbol.as_str();
            let name = taken.take(&symbols::crossing(symbol, &crossing.1));
            self.crossings.insert(crossing, name);
        }
        self.grouped_parameters = self.root().parameters.len() > MAX_PARAMETERS;
    }

    /// What the root needs only to say where a module goes.
    fn scopes_of_modules(&mut self) {
        let mut parameters = BTreeSet::new();
        let root = self.root().scope;
        for (_, unit) in self.modules() {
            let mut parts: Vec<Part<'_>> = Vec::new();
            if let Some(subscription) = self.subscription(unit.scope)
                && self.subscription(root) != Some(subscription)
            {
                parts.extend(self.name(UnitKey::ROOT, Target::External(subscription)));
            }
            if let Scope::ManagementGroup(target) | Scope::ResourceGroup(target) = unit.scope {
                parts.extend(self.scope_name(target));
            }
            parameters.extend(parts.into_iter().filter_map(|part| match part {
                Part::Parameter(key) => Some(key),
                _ => None,
            }));
        }
        self.units[0].parameters.extend(parameters);
    }

    /// The name of the group that a module is deployed to. It has to be known when the deployment starts, so it is no
    /// other module's output.
    pub(crate) fn scope_name(&self, target: Target) -> Vec<Part<'p>> {
        match target {
            Target::Resource(key) => self.text(UnitKey::ROOT, &self.plan.resource(key).name),
            Target::External(_) => self.name(UnitKey::ROOT, target),
        }
    }

    fn uses(&self, unit: UnitKey, step: &Step, uses: &mut Uses) {
        let resource = self.plan.resource(step.resource);
        let mut texts: Vec<&'p Text> = Vec::new();
        resource.for_each_text(&mut |text| texts.push(text));
        for &index in &step.associations {
            self.plan.associations[index]
                .value
                .for_each_text(&mut |text| texts.push(text));
        }
        for text in texts {
            self.note(unit, self.text(unit, text), uses);
        }
        for member in &resource.body {
            whole_parameters(&member.value, &mut uses.parameters);
        }
        for &index in &step.associations {
            whole_parameters(&self.plan.associations[index].value, &mut uses.parameters);
        }
        // Its own name, where another unit made it first, and those of its parents.
        for name in self.chain(unit, step.resource).names {
            self.note(unit, name, uses);
        }
        if resource.nesting != Nesting::Direct {
            self.holder(unit, resource.parent, uses);
        }
    }

    /// What a unit needs to hang something on a parent or an extended resource.
    fn holder(&self, unit: UnitKey, target: Target, uses: &mut Uses) {
        match target {
            Target::Resource(key) if self.place(key) == Some(unit) => {}
            Target::Resource(key) => {
                uses.foreign.insert(key);
                let chain = self.chain(unit, key);
                for name in chain.names {
                    self.note(unit, name, uses);
                }
                if let Base::Extended(target) = chain.base {
                    self.holder(unit, target, uses);
                }
            }
            Target::External(key) => {
                self.note(unit, self.id(unit, target), uses);
                if Existing::of(self.plan, key).is_some() && uses.existing.insert(key) {
                    self.existing_scope(unit, key, uses);
                }
            }
        }
    }

    fn note(&self, unit: UnitKey, parts: Vec<Part<'p>>, uses: &mut Uses) {
        for part in parts {
            match part {
                Part::Input(crossing) => {
                    uses.inputs.insert(crossing);
                }
                Part::Output(place, crossing) => uses.outputs.push((place, crossing)),
                Part::Parameter(key) => {
                    uses.parameters.insert(key);
                }
                Part::Existing(key, _) => {
                    if uses.existing.insert(key) {
                        self.existing_scope(unit, key, uses);
                    }
                }
                Part::Literal(_)
                | Part::Own(..)
                | Part::TenantId
                | Part::SubscriptionId
                | Part::SubscriptionGuid
                | Part::GroupId
                | Part::GroupName => {}
            }
        }
    }

    /// What a unit needs to say where something exists.
    fn existing_scope(&self, unit: UnitKey, key: ExternalKey, uses: &mut Uses) {
        let Some(existing) = Existing::of(self.plan, key) else {
            return;
        };
        for part in self.existing_scope_parts(unit, &existing) {
            self.note(unit, part, uses);
        }
    }
}

/// The parameters that stand in place of a whole value.
fn whole_parameters(value: &Value, out: &mut BTreeSet<ParameterKey>) {
    match value {
        Value::Parameter(key) => {
            out.insert(*key);
        }
        Value::Array(items) => items.iter().for_each(|item| whole_parameters(item, out)),
        Value::Object(members) => members
            .iter()
            .for_each(|member| whole_parameters(&member.value, out)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => {}
    }
}

#[derive(Debug, Default)]
struct Uses {
    inputs: BTreeSet<Crossing>,
    outputs: Vec<(UnitKey, Crossing)>,
    parameters: BTreeSet<ParameterKey>,
    existing: BTreeSet<ExternalKey>,
    foreign: BTreeSet<ResourceKey>,
}

/// Which resources these languages can say: none of Microsoft Entra ID, and nothing that hangs on what cannot be named.
fn sayable(plan: &Plan) -> Vec<bool> {
    let mut sayable = vec![false; plan.resources.len()];
    for (key, resource) in plan.keyed() {
        let holder = match (resource.nesting, resource.parent) {
            (Nesting::Direct, Target::External(_)) => true,
            (Nesting::Child | Nesting::Extension, Target::External(key)) => Existing::of(plan, key).is_some(),
            (_, Target::Resource(key)) => sayable[key.index()],
        };
        let scope = match resource.scope {
            Scope::ManagementGroup(Target::Resource(key)) | Scope::ResourceGroup(Target::Resource(key)) => {
                sayable[key.index()]
            }
            _ => true,
        };
        sayable[key.index()] = matches!(resource.kind, Kind::Arm { .. }) && holder && scope;
    }
    sayable
}

/// All steps in an order in which each comes after what it needs: the resources as the plan has them, then the second steps.
fn steps(plan: &Plan, sayable: &[bool]) -> Vec<Step> {
    let mut steps: Vec<Step> = plan
        .keyed()
        .filter(|(key, _)| sayable[key.index()])
        .map(|(resource, _)| Step {
            resource,
            associations: Vec::new(),
        })
        .collect();
    let mut second: BTreeMap<ResourceKey, Vec<usize>> = BTreeMap::new();
    let associations = plan.associations.iter().enumerate();
    for (at, association) in associations.filter(|(_, association)| sayable[association.owner.index()]) {
        second.entry(association.owner).or_default().push(at);
    }
    steps.extend(second.into_iter().map(|(resource, associations)| Step {
        resource,
        associations,
    }));
    steps
}

/// The resources that a step needs.
pub(super) fn dependencies(plan: &Plan, step: &Step) -> BTreeSet<ResourceKey> {
    let resource = plan.resource(step.resource);
    let mut needs: BTreeSet<ResourceKey> = resource.depends_on.iter().copied().collect();
    let mut target = |target: Target| {
        if let Target::Resource(key) = target {
            needs.insert(key);
        }
    };
    target(resource.parent);
    if let Scope::ManagementGroup(of) | Scope::ResourceGroup(of) = resource.scope {
        target(of);
    }
    let mut text = |text: &Text| text.references().for_each(|reference| target(reference.target));
    resource.for_each_text(&mut text);
    for &index in &step.associations {
        plan.associations[index].value.for_each_text(&mut text);
    }
    needs.remove(&step.resource);
    needs
}

/// The one subscription that everything lies in, or else the tenant.
fn root_scope(plan: &Plan, sayable: &[bool]) -> Scope {
    let mut found = None;
    for (_, resource) in plan.keyed().filter(|(key, _)| sayable[key.index()]) {
        match (subscription_of(plan, resource.scope), found) {
            (Some(key), None) => found = Some(key),
            (Some(key), Some(other)) if key == other => {}
            _ => return Scope::Tenant,
        }
    }
    let only = found.or_else(|| {
        // A plan of Entra objects alone: nothing to deploy, and any scope will do.
        let mut subscriptions = (0..)
            .map(ExternalKey)
            .zip(&plan.externals)
            .filter(|(_, external)| external.kind == ExternalKind::Subscription);
        subscriptions.next().map(|(key, _)| key)
    });
    only.map_or(Scope::Tenant, Scope::Subscription)
}

fn unit(name: String, file: String, scope: Scope) -> Unit {
    Unit {
        name,
        file,
        scope,
        steps: Vec::new(),
        inputs: BTreeSet::new(),
        outputs: BTreeSet::new(),
        parameters: BTreeSet::new(),
        existing: BTreeSet::new(),
        foreign: BTreeSet::new(),
        after: BTreeSet::new(),
        after_resources: BTreeSet::new(),
    }
}

/// A new unit with names that no other has. In file names `-` keeps the numbers of units apart from those of symbols.
fn named(plan: &Plan, scope: Scope, second: bool, count: u32, taken: &mut Taken) -> Unit {
    let base = match scope {
        Scope::Tenant => "tenant_level",
        Scope::Subscription(key) => plan.external(key).symbol.as_str(),
        Scope::ManagementGroup(target) | Scope::ResourceGroup(target) => plan.symbol(target).as_str(),
    };
    let (word, ending) = if second {
        ("links", "-links")
    } else {
        ("resources", "")
    };
    let number = if count > 1 {
        format!("-{count}")
    } else {
        String::new()
    };
    let name = taken.take(&format!("{}_{word}", &base[..base.len().min(48)]));
    unit(name, format!("{base}{ending}{number}"), scope)
}

/// New names for what would hide a function.
fn renamed(plan: &Plan, taken: &mut Taken) -> BTreeMap<String, String> {
    let resources = plan.resources.iter().map(|resource| &resource.symbol);
    let externals = plan.externals.iter().map(|external| &external.symbol);
    let parameters = plan.parameters.iter().map(|parameter| &parameter.symbol);
    resources
        .chain(externals)
        .chain(parameters)
        .map(Symbol::as_str)
        .filter(|symbol| symbols::hides_a_function(symbol))
        .map(|symbol| (symbol.to_owned(), taken.take(&format!("{symbol}_of_plan"))))
        .collect()
}

impl<'p> Deployment<'p> {
    /// The texts that say where something exists, for those whose scope is not that of the unit: subscription, then group.
    pub(crate) fn existing_scope_parts(&self, unit: UnitKey, existing: &Existing<'p>) -> Vec<Vec<Part<'p>>> {
        use super::ExistingScope;
        let own = self.unit(unit).scope;
        let guid = |key: ExternalKey| self.name(unit, Target::External(key));
        match existing.scope {
            ExistingScope::Tenant => Vec::new(),
            ExistingScope::ManagementGroup(target) => vec![self.name(unit, target)],
            ExistingScope::Subscription(key) => {
                if own == Scope::Subscription(key) || self.subscription(own) == Some(key) {
                    Vec::new()
                } else {
                    vec![guid(key)]
                }
            }
            ExistingScope::ResourceGroup(target) => {
                if own == Scope::ResourceGroup(target) {
                    return Vec::new();
                }
                let subscription = self.subscription(Scope::ResourceGroup(target));
                let mut parts = Vec::new();
                if let Some(key) = subscription
                    && self.subscription(own) != Some(key)
                {
                    parts.push(guid(key));
                }
                parts.push(self.name(unit, target));
                parts
            }
        }
    }
}
