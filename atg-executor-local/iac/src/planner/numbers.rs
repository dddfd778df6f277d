//! From the numbers that things have while a plan is made to their places in it.

use super::resolve::Secret;
use crate::plan::{
    Association, ExternalKey, ParameterKey, Piece, Resource, ResourceKey, Scope, Target, Text, Value,
};

/// The places.
#[derive(Debug)]
pub(crate) struct Numbers {
    resources: Vec<Option<ResourceKey>>,
    externals: Vec<ExternalKey>,
    parameters: Vec<ParameterKey>,
    /// The secrets in the order of the plan, by their numbers.
    pub(crate) secrets: Vec<usize>,
}

impl Numbers {
    /// `sequence` and `outside` hold numbers in the order of the plan.
    pub(crate) fn new(drafts: usize, sequence: &[u32], outside: &[usize], secrets: &[Secret]) -> Self {
        let mut resources = vec![None; drafts];
        for (key, number) in (0..).zip(sequence) {
            resources[*number as usize] = Some(ResourceKey(key));
        }
        let mut externals = vec![ExternalKey(0); outside.len()];
        for (key, number) in (0..).zip(outside) {
            externals[*number] = ExternalKey(key);
        }
        let mut order: Vec<usize> = (0..secrets.len()).collect();
        order.sort_by_key(|number| (resources[secrets[*number].owner as usize], *number));
        let mut parameters = vec![ParameterKey(0); secrets.len()];
        for (key, number) in (0..).zip(&order) {
            parameters[*number] = ParameterKey(key);
        }
        Self {
            resources,
            externals,
            parameters,
            secrets: order,
        }
    }

    /// The place of a draft, if it is written.
    pub(crate) fn of(&self, draft: u32) -> Option<ResourceKey> {
        self.resources.get(draft as usize).copied().flatten()
    }

    pub(crate) fn external(&self, number: usize) -> ExternalKey {
        self.externals[number]
    }

    pub(crate) fn target(&self, target: Target) -> Target {
        match target {
            // What is referred to is written: the resolver asked before it made the reference.
            Target::Resource(key) => Target::Resource(self.resources[key.index()].unwrap_or(key)),
            Target::External(key) => Target::External(self.externals[key.index()]),
        }
    }

    pub(crate) fn resource(&self, resource: &mut Resource) {
        resource.parent = self.target(resource.parent);
        resource.scope = match resource.scope {
            Scope::Tenant => Scope::Tenant,
            Scope::ManagementGroup(target) => Scope::ManagementGroup(self.target(target)),
            Scope::Subscription(key) => Scope::Subscription(self.externals[key.index()]),
            Scope::ResourceGroup(target) => Scope::ResourceGroup(self.target(target)),
        };
        for key in &mut resource.depends_on {
            *key = self.resources[key.index()].unwrap_or(*key);
        }
        resource.depends_on.sort_unstable();
        resource.for_each_text_mut(&mut |text| self.text(text));
        for member in &mut resource.body {
            self.value(&mut member.value);
        }
    }

    pub(crate) fn association(&self, association: &mut Association) {
        association.owner = self.resources[association.owner.index()].unwrap_or(association.owner);
        for value in [&mut association.value, &mut association.unordered] {
            value.for_each_text_mut(&mut |text| self.text(text));
            self.value(value);
        }
    }

    fn text(&self, text: &mut Text) {
        let Text::Pieces(pieces) = text else { return };
        for piece in pieces {
            match piece {
                Piece::Literal(_) => {}
                Piece::Reference(reference) => reference.target = self.target(reference.target),
                Piece::Parameter(key) => *key = self.parameters[key.index()],
            }
        }
    }

    /// Parameters that are no texts.
    fn value(&self, value: &mut Value) {
        match value {
            Value::Parameter(key) => *key = self.parameters[key.index()],
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(members) => members
                .iter_mut()
                .for_each(|member| self.value(&mut member.value)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => {}
        }
    }
}
