//! What each object hangs on, and where a deployment that makes it has to run.

use std::collections::HashMap;

use super::{
    draft::{Draft, What},
    externals::{Externals, OutsideKind},
    index::Index,
};
use crate::plan::{Nesting, ResourceKey, Scope, Target};

/// The numbers of what each draft lies in, where that is a draft.
pub(crate) fn numbers(drafts: &[Draft], index: &Index) -> Vec<Option<u32>> {
    drafts
        .iter()
        .map(|draft| index.get(&super::draft::key_of(&draft.parent_id()?)))
        .collect()
}

/// Where a resource is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) parent: Target,
    pub(crate) scope: Scope,
    pub(crate) nesting: Nesting,
}

/// Finds places, and remembers what stays outside.
#[derive(Debug)]
pub(crate) struct Places<'a> {
    pub(crate) drafts: &'a [Draft],
    pub(crate) index: &'a Index,
    pub(crate) tenant: &'a str,
    /// Of targets by their keys: a resource group's is asked for by each resource in it.
    known: HashMap<Box<str>, Option<Scope>>,
}

impl<'a> Places<'a> {
    pub(crate) fn new(drafts: &'a [Draft], index: &'a Index, tenant: &'a str) -> Self {
        Self {
            drafts,
            index,
            tenant,
            known: HashMap::new(),
        }
    }

    /// The place of a draft that is written. `None` where its ID hangs on nothing that is known to Azure.
    pub(crate) fn of(&mut self, number: u32, externals: &mut Externals) -> Option<Place> {
        let draft = &self.drafts[number as usize];
        let tenant = Target::External(externals.tenant(self.tenant));
        let parent = match &draft.what {
            What::Entra(_) | What::OtherEntra | What::ManagementGroup => {
                return Some(Place {
                    parent: tenant,
                    scope: Scope::Tenant,
                    nesting: Nesting::Direct,
                });
            }
            What::Tenant | What::Subscription => return None,
            What::ResourceGroup | What::Resource(_) => self.target(&draft.parent_id()?, externals)?,
        };
        let nesting = match &draft.what {
            What::Resource(resource_type) if resource_type.parent().is_some() => Nesting::Child,
            _ if self.is_scope(parent, externals) => Nesting::Direct,
            _ => Nesting::Extension,
        };
        Some(Place {
            parent,
            scope: self.scope(parent, externals)?,
            nesting,
        })
    }

    /// What an ID names: a resource of the plan, or something outside.
    pub(crate) fn target(&self, id: &str, externals: &mut Externals) -> Option<Target> {
        if id == "/" {
            return Some(Target::External(externals.tenant(self.tenant)));
        }
        match self.index.get(&super::draft::key_of(id)) {
            Some(number) if self.drafts[number as usize].skip.is_none() => {
                Some(Target::Resource(ResourceKey(number)))
            }
            _ => externals.resource(id).map(Target::External),
        }
    }

    fn is_scope(&self, target: Target, externals: &Externals) -> bool {
        match target {
            Target::Resource(key) => self.drafts[key.index()].what.is_scope(),
            Target::External(key) => !matches!(
                externals.get(key).what,
                OutsideKind::Resource(_) | OutsideKind::Directory
            ),
        }
    }

    /// The scope in which a target is or which it is.
    fn scope(&mut self, target: Target, externals: &mut Externals) -> Option<Scope> {
        let (key, what, parent) = match target {
            Target::Resource(key) => {
                let draft = &self.drafts[key.index()];
                let what = match &draft.what {
                    What::ManagementGroup => OutsideKind::ManagementGroup,
                    What::ResourceGroup => OutsideKind::ResourceGroup,
                    What::Resource(resource_type) => OutsideKind::Resource(resource_type.clone()),
                    _ => return None,
                };
                (draft.key.clone(), what, draft.parent_id())
            }
            Target::External(key) => {
                let outside = externals.get(key);
                (outside.key.clone(), outside.what.clone(), outside.parent.clone())
            }
        };
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let subscription = |target| match target {
            Target::External(key) => Some(Scope::Subscription(key)),
            Target::Resource(_) => None,
        };
        let scope = match what {
            OutsideKind::Tenant => Some(Scope::Tenant),
            OutsideKind::ManagementGroup => Some(Scope::ManagementGroup(target)),
            OutsideKind::Subscription => subscription(target),
            OutsideKind::ResourceGroup => Some(Scope::ResourceGroup(target)),
            OutsideKind::Directory => None,
            OutsideKind::Resource(_) => match self.target(&parent?, externals) {
                Some(parent) => self.scope(parent, externals),
                None => None,
            },
        };
        self.known.insert(key, scope);
        scope
    }
}
