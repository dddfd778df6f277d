//! Declarations of resources, made here or existing.

use super::{
    expression::{Expressions, pad},
    text::string,
};
use crate::{
    deployment::{Base, Existing, ExistingScope, Part, Step, Wait},
    plan::{ExternalKey, Kind, Nesting, Resource, ResourceKey, Target},
};

impl<'p> Expressions<'_, 'p> {
    /// A resource that the template makes.
    pub(super) fn resource(self, step: &Step, out: &mut String) {
        let deployment = self.deployment;
        let resource = deployment.plan.resource(step.resource);
        let Some((resource_type, api_version)) = type_and_version(resource) else {
            return;
        };
        let name = deployment.name_of(Target::Resource(step.resource));
        out.push_str(&format!(
            "resource {name} {} = {{\n",
            string(&format!("{resource_type}@{api_version}"))
        ));
        self.place(step.resource, out);
        if let Some(location) = &resource.location {
            line("location", &self.text(location), out);
        }
        if let Some(tags) = &resource.tags {
            out.push_str("  tags: {");
            out.push_str(if tags.is_empty() { "}\n" } else { "\n" });
            for (name, value) in tags {
                pad(2, out);
                out.push_str(&format!("{}: {}\n", self.key(name), self.text(value)));
            }
            if !tags.is_empty() {
                out.push_str("  }\n");
            }
        }
        if let Some(identity) = &resource.identity {
            out.push_str("  identity: {\n");
            out.push_str(&format!("    type: {}\n", string(&identity.kind)));
            if !identity.user_assigned.is_empty() {
                out.push_str("    userAssignedIdentities: {\n");
                for id in &identity.user_assigned {
                    out.push_str(&format!("      {}: {{}}\n", self.key(id)));
                }
                out.push_str("    }\n");
            }
            out.push_str("  }\n");
        }
        self.body(step, out);
        let waits: Vec<_> = deployment
            .silent_waits(self.unit, step)
            .into_iter()
            .map(|wait| match wait {
                Wait::Resource(key) => deployment.name_of(Target::Resource(key)),
                Wait::Unit(key) => deployment.unit(key).name.as_str(),
            })
            .collect();
        list("dependsOn", &waits, out);
        out.push_str("}\n");
    }

    fn body(self, step: &Step, out: &mut String) {
        if step.associations.is_empty() {
            for member in &self.deployment.plan.resource(step.resource).body {
                self.member(member, 1, out);
            }
        } else {
            let body = self.deployment.body(step);
            let expressions: Expressions<'_, '_> = self;
            for member in &body {
                expressions.member(member, 1, out);
            }
        }
    }

    /// Parent, scope and name.
    fn place(self, key: ResourceKey, out: &mut String) {
        let deployment = self.deployment;
        let resource = deployment.plan.resource(key);
        let chain = deployment.chain(self.unit, key);
        let parent = match resource.nesting {
            Nesting::Direct => None,
            Nesting::Child | Nesting::Extension => self.declared(resource.parent),
        };
        match (resource.nesting, &parent) {
            (Nesting::Child, Some(parent)) => line("parent", parent, out),
            (Nesting::Extension, Some(parent)) => line("scope", parent, out),
            _ => {}
        }
        let names = match (resource.nesting, &parent, chain.names.last()) {
            (Nesting::Child, None, _) | (_, _, None) => &chain.names[..],
            (_, _, Some(_)) => &chain.names[chain.names.len() - 1..],
        };
        line("name", &self.joined(names), out);
    }

    /// The symbol of what something hangs on, where there is one in this template.
    fn declared(self, target: Target) -> Option<String> {
        let known = match target {
            Target::Resource(_) => true,
            Target::External(key) => Existing::of(self.deployment.plan, key).is_some(),
        };
        known.then(|| self.deployment.name_of(target).to_owned())
    }

    /// Names with slashes between them.
    fn joined(self, names: &[Vec<Part<'p>>]) -> String {
        let mut parts = Vec::new();
        for (at, name) in names.iter().enumerate() {
            if at > 0 {
                parts.push(Part::Literal("/".into()));
            }
            parts.extend(name.iter().cloned());
        }
        self.parts(&parts)
    }

    /// A resource that another template makes, and that something of this one hangs on.
    pub(super) fn foreign(self, key: ResourceKey, out: &mut String) {
        let deployment = self.deployment;
        let Some((resource_type, api_version)) = type_and_version(deployment.plan.resource(key)) else {
            return;
        };
        let chain = deployment.chain(self.unit, key);
        self.existing_head(Target::Resource(key), resource_type, api_version, out);
        if let Base::Extended(target) = chain.base
            && let Some(scope) = self.declared(target)
        {
            line("scope", &scope, out);
        }
        line("name", &self.joined(&chain.names), out);
        out.push_str("}\n");
    }

    /// A resource that stays outside.
    pub(super) fn external(self, key: ExternalKey, out: &mut String) {
        let Some(existing) = Existing::of(self.deployment.plan, key) else {
            return;
        };
        self.existing_head(
            Target::External(key),
            existing.resource_type,
            existing.api_version,
            out,
        );
        if let Some(scope) = self.scope_of_existing(&existing) {
            line("scope", &scope, out);
        }
        line("name", &string(&existing.names.join("/")), out);
        out.push_str("}\n");
    }

    fn existing_head(self, target: Target, resource_type: &str, api_version: &str, out: &mut String) {
        out.push_str(&format!(
            "resource {} {} existing = {{\n",
            self.deployment.name_of(target),
            string(&format!("{resource_type}@{api_version}"))
        ));
    }

    /// Where something exists, unless it is where the template is deployed to.
    fn scope_of_existing(self, existing: &Existing<'p>) -> Option<String> {
        use crate::plan::Scope;
        let own = self.deployment.unit(self.unit).scope;
        let arguments: Vec<_> = self
            .deployment
            .existing_scope_parts(self.unit, existing)
            .iter()
            .map(|parts| self.parts(parts))
            .collect();
        let function = match existing.scope {
            ExistingScope::Tenant => (own != Scope::Tenant).then_some("tenant"),
            ExistingScope::ManagementGroup(target) => {
                (own != Scope::ManagementGroup(target)).then_some("managementGroup")
            }
            ExistingScope::Subscription(key) => (own != Scope::Subscription(key)).then_some("subscription"),
            ExistingScope::ResourceGroup(target) => {
                (own != Scope::ResourceGroup(target)).then_some("resourceGroup")
            }
        };
        function.map(|function| format!("{function}({})", arguments.join(", ")))
    }
}

fn type_and_version(resource: &Resource) -> Option<(&str, &str)> {
    match &resource.kind {
        Kind::Arm {
            resource_type,
            api_version,
            ..
        } => Some((resource_type.as_str(), api_version)),
        Kind::Entra(_) => None,
    }
}

/// `  name: value`
pub(super) fn line(name: &str, value: &str, out: &mut String) {
    out.push_str(&format!("  {name}: {value}\n"));
}

/// `  name: [ … ]`, or nothing.
pub(super) fn list(name: &str, items: &[&str], out: &mut String) {
    if items.is_empty() {
        return;
    }
    out.push_str(&format!("  {name}: [\n"));
    for item in items {
        out.push_str(&format!("    {item}\n"));
    }
    out.push_str("  ]\n");
}
