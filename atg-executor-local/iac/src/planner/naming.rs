//! Gives everything in a plan its name.

use super::{
    draft::{Draft, What},
    names::{Named, symbols},
};
use crate::plan::{Association, External, ExternalKind, Resource};

/// Names that parameters get before everything else: whoever fills them in looks for these.
pub(crate) const PARAMETERS: &[&str] = &["tenant_id", "subscription_id"];

/// Names resources, then what stays outside, then associations: what is made first keeps the shortest name.
pub(crate) fn name(
    drafts: &[Draft],
    sequence: &[u32],
    resources: &mut [Resource],
    associations: &mut [Association],
    externals: &mut [External],
) {
    // In the order of IDs and not of the plan, where one more reference may change it.
    let mut order: Vec<usize> = (0..sequence.len()).collect();
    order.sort_unstable_by_key(|at| sequence[*at]);
    let mut things: Vec<Named<'_>> = order
        .iter()
        .map(|at| {
            let draft = &drafts[sequence[*at] as usize];
            Named {
                name: &draft.name,
                kind: last_segment(draft.what.type_text()),
                within: within(draft),
            }
        })
        .collect();
    things.extend(externals.iter().map(|external| Named {
        name: last_segment(&external.id),
        kind: match &external.kind {
            ExternalKind::Tenant => "tenants",
            ExternalKind::ManagementGroup => "managementGroups",
            ExternalKind::Subscription => "subscriptions",
            ExternalKind::ResourceGroup => "resourceGroups",
            ExternalKind::Resource { resource_type, .. } => last_segment(resource_type.as_str()),
            ExternalKind::Directory => "directoryObjects",
        },
        within: segment(&external.id, 4),
    }));
    let of_associations: Vec<(String, String)> = associations
        .iter()
        .map(|association| {
            let owner = &resources[association.owner.index()];
            let name = last_segment(&owner.id);
            (
                name.to_owned(),
                association.path.last().cloned().unwrap_or_default(),
            )
        })
        .collect();
    things.extend(of_associations.iter().map(|(owner, member)| Named {
        name: owner,
        kind: member,
        within: "",
    }));
    let mut found = symbols(&things, PARAMETERS).into_iter();
    for (at, symbol) in order.iter().zip(found.by_ref()) {
        resources[*at].symbol = symbol;
    }
    for (external, symbol) in externals.iter_mut().zip(found.by_ref()) {
        external.symbol = symbol;
    }
    for (association, symbol) in associations.iter_mut().zip(found) {
        association.symbol = symbol;
    }
}

/// What tells a thing from others of its name and type: the parent of a child, the group of anything else.
fn within(draft: &Draft) -> &str {
    match &draft.what {
        What::Resource(resource_type) if resource_type.parent().is_some() => {
            let mut segments = draft.id.trim_end_matches('/').rsplit('/');
            segments.nth(2).unwrap_or_default()
        }
        What::Entra(_) | What::OtherEntra => "",
        _ => segment(&draft.id, 4),
    }
}

/// A segment of a path, counted from 1; empty where there is none.
fn segment(id: &str, number: usize) -> &str {
    id.split('/').nth(number).unwrap_or_default()
}

fn last_segment(text: &str) -> &str {
    text.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}
