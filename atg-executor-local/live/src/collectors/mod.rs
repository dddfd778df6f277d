//! All collectors.

mod changed;
mod children;
mod diagnostics;
mod directory;
mod hierarchy;
mod listings;
mod resources;
mod tables;
mod within;

use std::{collections::HashSet, sync::Arc};

pub(crate) use self::directory::{FEEDS, Feed};
pub use self::{changed::ChangedResources, hierarchy::Hierarchy, resources::Resources};
use self::{directory::ChangedObjects, within::Within};
use crate::{
    collector::{Collector, Part, Text},
    feed::{Basis, Changed},
};

/// Every collector, in the order in which manifests and tables show them.
#[must_use]
pub fn all() -> Vec<Arc<dyn Collector>> {
    let mut all: Vec<Arc<dyn Collector>> = vec![Arc::new(Hierarchy::new()), Arc::new(Resources::new())];
    all.extend(tables::all());
    all.extend(children::all());
    all.extend(listings::all());
    all.push(Arc::new(diagnostics::Diagnostics::new()));
    all.extend(directory::all());
    all
}

/// Those that are needed to find what is wanted: what reads such a type, what finds that one's parents, and so on, and what
/// everything lies in. Microsoft Entra ID has no types of Resource Manager and is all there.
#[must_use]
pub fn that_read(is_wanted: impl Fn(&str) -> bool) -> Vec<Arc<dyn Collector>> {
    let all = all();
    let mut needed: Vec<bool> = all
        .iter()
        .map(|own| {
            let own = own.declaration();
            let always =
                own.part == Part::Directory || own.name == Hierarchy::NAME || own.name == Resources::NAME;
            always || own.reads.iter().any(|read| is_wanted(read))
        })
        .collect();
    loop {
        let followed: HashSet<&Text> = all
            .iter()
            .zip(&needed)
            .filter(|(_, needed)| **needed)
            .flat_map(|(own, _)| &own.declaration().follows)
            .collect();
        let mut grew = false;
        for (own, needed) in all.iter().zip(&mut needed) {
            if !*needed && own.declaration().reads.iter().any(|read| followed.contains(read)) {
                (*needed, grew) = (true, true);
            }
        }
        if !grew {
            break;
        }
    }
    all.into_iter()
        .zip(needed)
        .filter_map(|(own, needed)| needed.then_some(own))
        .collect()
}

/// Those that stand in the place of others where only what changed is read.
#[must_use]
pub fn of_changes() -> Vec<Arc<dyn Collector>> {
    let mut all: Vec<Arc<dyn Collector>> = vec![Arc::new(ChangedResources::new(Changed::default()))];
    for feed in FEEDS {
        all.extend(ChangedObjects::of(feed.path, Vec::new()).map(arc));
    }
    all
}

/// The collectors of a scan that goes by that.
#[must_use]
pub fn by(basis: &Basis) -> Vec<Arc<dyn Collector>> {
    let mut chosen: Vec<Arc<dyn Collector>> = Vec::new();
    for own in all() {
        let declaration = own.declaration();
        let objects = || {
            let path = declaration.name.strip_prefix(directory::PREFIX)?;
            ChangedObjects::of(path, basis.objects.get(path)?.clone())
        };
        if let Some(objects) = objects() {
            chosen.push(Arc::new(objects));
            continue;
        }
        let is_carried = basis.carried.contains_key(&*declaration.name);
        match &basis.resources {
            Some(changed) if declaration.name == Resources::NAME => {
                chosen.push(Arc::new(Within::others(own, changed)));
                chosen.push(Arc::new(ChangedResources::new(changed.clone())));
            }
            // What lies in what is read is read too.
            Some(changed) if is_carried && declaration.part != Part::Directory => {
                chosen.push(Arc::new(Within::others(own, changed)));
            }
            _ if is_carried => {}
            _ => chosen.push(own),
        }
    }
    chosen
}

fn arc(collector: impl Collector) -> Arc<dyn Collector> {
    Arc::new(collector)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(is_wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let read = that_read(is_wanted);
        let of_azure = read
            .iter()
            .filter(|own| own.declaration().part != Part::Directory);
        of_azure.map(|own| own.declaration().name.to_string()).collect()
    }

    #[test]
    fn who_wants_everything_gets_everything() {
        assert_eq!(that_read(|_| true).len(), all().len());
    }

    #[test]
    fn of_what_is_in_the_list_of_resources_nothing_else_is_asked() {
        let wanted = names(|read| read == "microsoft.compute/virtualmachines");
        assert_eq!(wanted, ["hierarchy", "resources"]);
    }

    #[test]
    fn a_child_needs_its_own_list_and_those_of_its_ancestors() {
        let wanted = names(|read| read == "microsoft.apimanagement/service/apis/operations");
        assert_eq!(
            wanted,
            [
                "hierarchy",
                "resources",
                "children/Microsoft.ApiManagement/service/apis",
                "children/Microsoft.ApiManagement/service/apis/operations",
            ]
        );
    }

    #[test]
    fn settings_of_children_need_the_children() {
        let wanted = names(|read| read == "microsoft.insights/diagnosticsettings");
        let has = |name: &str| wanted.iter().any(|own| own == name);
        assert!(has("diagnostic-settings") && has("management-group-logs"));
        assert!(has("children/Microsoft.Storage/storageAccounts/blobServices"));
        assert!(!has("children/Microsoft.Storage/storageAccounts/blobServices/containers") && !has("locks"));
    }

    #[test]
    fn everything_of_resource_manager_says_what_it_reads() {
        for own in all() {
            let own = own.declaration();
            assert_eq!(own.reads.is_empty(), own.part == Part::Directory, "{}", own.name);
            assert!(
                own.reads.iter().all(|read| **read == read.to_lowercase()),
                "{}",
                own.name
            );
            if own.part != Part::Directory {
                assert!(
                    own.lists_all.iter().all(|all| own.reads.contains(all)),
                    "{}",
                    own.name
                );
            }
        }
    }
}
