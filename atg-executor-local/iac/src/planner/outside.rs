//! What stays outside, in order.

use super::{
    draft::{Draft, key_of},
    externals::{Externals, OutsideKind},
    index::Index,
    knowledge,
    numbers::Numbers,
};
use crate::plan::{External, ResourceKey, Symbol, Target};

/// The numbers of the externals in the order of the plan. What they lie in is added, if it is outside too.
pub(crate) fn arrange(externals: &mut Externals, drafts: &[Draft], index: &Index) -> Vec<usize> {
    let mut at = 0;
    // The list grows while it is gone through.
    while let Some(outside) = externals.list.get(at) {
        at += 1;
        if let Some(parent) = outside.parent.clone()
            && written(&parent, drafts, index).is_none()
        {
            externals.resource(&parent);
        }
    }
    let mut order: Vec<usize> = (0..externals.list.len()).collect();
    // What something lies in has a shorter ID that its own begins with; the tenant comes before all.
    order.sort_by(|a, b| {
        let rank = |at: usize| {
            let outside = &externals.list[at];
            (outside.what != OutsideKind::Tenant, &outside.key)
        };
        rank(*a).cmp(&rank(*b))
    });
    for outside in &mut externals.list {
        outside.within = outside
            .parent
            .as_deref()
            .and_then(|parent| written(parent, drafts, index));
    }
    order
}

/// The externals, without names.
pub(crate) fn finish(order: &[usize], externals: &Externals, numbers: &Numbers) -> Vec<External> {
    let tenant = externals
        .list
        .iter()
        .position(|outside| outside.what == OutsideKind::Tenant);
    order
        .iter()
        .map(|number| {
            let outside = &externals.list[*number];
            let parent = match (outside.within, &outside.parent) {
                (Some(key), _) => numbers.of(key.0).map(Target::Resource),
                (None, Some(parent)) => externals
                    .find(parent)
                    .map(|key| Target::External(numbers.external(key.index()))),
                (None, None) => tenant
                    .filter(|_| {
                        matches!(
                            outside.what,
                            OutsideKind::Subscription | OutsideKind::ManagementGroup
                        )
                    })
                    .map(|number| Target::External(numbers.external(number))),
            };
            External {
                symbol: Symbol::placeholder(),
                kind: knowledge::external_kind(&outside.what),
                id: outside.id.clone(),
                parent,
                parameter: None,
            }
        })
        .collect()
}

fn written(id: &str, drafts: &[Draft], index: &Index) -> Option<ResourceKey> {
    let number = index.get(&key_of(id))?;
    drafts[number as usize]
        .skip
        .is_none()
        .then_some(ResourceKey(number))
}
