//! Which objects are in a plan: what the subset matches, what that lies in, and what that refers to.

use atg_json::Json;

use super::{
    draft::{Draft, What},
    index::{Index, is_guid},
    inline,
    resolve::is_id,
    subset::{Facets, Subset},
};

/// For each draft whether it is in the plan, and whether it was asked for itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) is_in: bool,
    pub(crate) is_asked_for: bool,
}

/// Chooses. `parents` are the numbers of what each draft lies in.
pub(crate) fn choose(
    drafts: &[Draft],
    parents: &[Option<u32>],
    index: &Index,
    subset: &Subset,
) -> Vec<Choice> {
    if subset.is_all() {
        let all = Choice {
            is_in: true,
            is_asked_for: true,
        };
        return vec![all; drafts.len()];
    }
    let mut children: Vec<Vec<u32>> = vec![Vec::new(); drafts.len()];
    for (number, parent) in (0..).zip(parents) {
        if let Some(parent) = parent
            && inline::is_part(&drafts[number as usize], &drafts[*parent as usize])
        {
            children[*parent as usize].push(number);
        }
    }
    let mut out = vec![Choice::default(); drafts.len()];
    let mut reached: Vec<u32> = Vec::new();
    for (number, draft) in (0_u32..).zip(drafts) {
        if matches(subset, draft) {
            out[number as usize].is_asked_for = true;
            reached.push(number);
        }
    }
    // Level by level: what a level lies in belongs to it, what it refers to is the next one.
    let mut depth = 0;
    while !reached.is_empty() {
        let mut level: Vec<u32> = Vec::new();
        while let Some(number) = reached.pop() {
            let at = number as usize;
            if out[at].is_in {
                continue;
            }
            out[at].is_in = true;
            level.push(number);
            reached.extend(parents[at]);
            if out[at].is_asked_for {
                // What stands in its body is part of what was asked for.
                reached.extend(&children[at]);
                for child in &children[at] {
                    out[*child as usize].is_asked_for = true;
                }
            }
        }
        if subset.depth().is_some_and(|limit| depth >= limit) {
            break;
        }
        depth += 1;
        for number in level {
            let draft = &drafts[number as usize];
            mentions(draft, index, &mut |other| {
                if !out[other as usize].is_in {
                    reached.push(other);
                }
            });
        }
    }
    out
}

/// Whether a subset's clauses hold of a draft.
pub(super) fn matches(subset: &Subset, draft: &Draft) -> bool {
    if matches!(draft.what, What::Tenant) {
        return false;
    }
    subset.matches(&Facets {
        id: &draft.key,
        resource_type: &draft.what.type_text().to_lowercase(),
        name: &draft.name.to_lowercase(),
        location: draft.location.as_deref().unwrap_or_default(),
        tags: draft.tags.as_deref().unwrap_or_default(),
    })
}

/// Tells the drafts that a draft's content names.
fn mentions(draft: &Draft, index: &Index, tell: &mut impl FnMut(u32)) {
    let mut text = |text: &str| {
        let lower = text.to_lowercase();
        if is_guid(text) {
            if let Some((number, _)) = index.guid(&lower) {
                tell(number);
            }
        } else if is_id(text)
            && let Some((number, _)) = index.longest(&lower, |_| true)
        {
            tell(number);
        }
    };
    for id in draft.identity.iter().flat_map(|identity| &identity.user_assigned) {
        text(id);
    }
    for (_, value) in &draft.body {
        each_text(value, &mut text);
    }
}

fn each_text(value: &Json, visit: &mut impl FnMut(&str)) {
    match value {
        Json::String(text) => visit(text),
        Json::Array(items) => items.iter().for_each(|item| each_text(item, visit)),
        Json::Object(members) => {
            for (name, value) in members {
                if name.starts_with('/') {
                    visit(name);
                }
                each_text(value, visit);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}
