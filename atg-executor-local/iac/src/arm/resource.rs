//! One resource of a template.

use super::{
    expression::{Expressions, literal},
    json::Writer,
};
use crate::{
    deployment::{Part, Step, Wait},
    plan::{Identity, Kind, Nesting, Target, Text},
};

impl<'p> Expressions<'_, 'p> {
    pub(super) fn resource(self, step: &Step, json: &mut Writer) {
        let deployment = self.deployment;
        let resource = deployment.plan.resource(step.resource);
        let Kind::Arm {
            resource_type,
            api_version,
            ..
        } = &resource.kind
        else {
            return;
        };
        json.name(deployment.name_of(Target::Resource(step.resource)));
        json.object(|json| {
            json.member("type", &literal(resource_type.as_str()));
            json.member("apiVersion", &literal(api_version));
            json.member("name", &self.full_name(step));
            if let Some(scope) = self.extended(step) {
                json.member("scope", &scope);
            }
            if let Some(location) = &resource.location {
                json.member("location", &self.text(location));
            }
            if let Some(tags) = &resource.tags {
                json.name("tags");
                json.object(|json| self.tags(tags, json));
            }
            if let Some(identity) = &resource.identity {
                json.name("identity");
                json.object(|json| self.identity(identity, json));
            }
            if step.associations.is_empty() {
                for member in &resource.body {
                    self.member(member, json);
                }
            } else {
                let body = deployment.body(step);
                let expressions: Expressions<'_, '_> = self;
                for member in &body {
                    expressions.member(member, json);
                }
            }
            let waits = deployment.waits(self.unit, step);
            if !waits.is_empty() {
                json.name("dependsOn");
                json.array(|json| {
                    for wait in waits {
                        json.string(match wait {
                            Wait::Resource(key) => deployment.name_of(Target::Resource(key)),
                            Wait::Unit(key) => &deployment.unit(key).name,
                        });
                    }
                });
            }
        });
    }

    /// A child's name is that of its parents with its own.
    fn full_name(self, step: &Step) -> String {
        let mut parts = Vec::new();
        for (at, name) in self
            .deployment
            .chain(self.unit, step.resource)
            .names
            .into_iter()
            .enumerate()
        {
            if at > 0 {
                parts.push(Part::Literal("/".into()));
            }
            parts.extend(name);
        }
        self.joined(&join(parts))
    }

    /// What an extension resource extends.
    fn extended(self, step: &Step) -> Option<String> {
        let mut at = step.resource;
        loop {
            let resource = self.deployment.plan.resource(at);
            match (resource.nesting, resource.parent) {
                (Nesting::Direct, _) | (Nesting::Child, Target::External(_)) => return None,
                (Nesting::Child, Target::Resource(parent)) => at = parent,
                (Nesting::Extension, target) => return Some(format!("[{}]", self.id(target))),
            }
        }
    }

    fn tags(self, tags: &'p [(Text, Text)], json: &mut Writer) {
        for (name, value) in tags {
            json.member(&self.text(name), &self.text(value));
        }
    }

    fn identity(self, identity: &'p Identity, json: &mut Writer) {
        json.member("type", &literal(&identity.kind));
        if !identity.user_assigned.is_empty() {
            json.name("userAssignedIdentities");
            json.object(|json| {
                for id in &identity.user_assigned {
                    json.name(&self.text(id));
                    json.object(|_| {});
                }
            });
        }
    }
}

/// Merges neighbouring literals.
fn join(parts: Vec<Part<'_>>) -> Vec<Part<'_>> {
    let mut out: Vec<Part<'_>> = Vec::with_capacity(parts.len());
    for part in parts {
        match (out.last_mut(), part) {
            (Some(Part::Literal(last)), Part::Literal(text)) => last.to_mut().push_str(&text),
            (_, part) => out.push(part),
        }
    }
    out
}
