//! Makes a plan of what a graph holds.
//!
//! Objects become drafts (parsed, cleaned of what cannot be set), the subset chooses among them, children settle in their
//! parents' bodies or beside them, rules change them, IDs become references, circles are broken, and what is left is put
//! in order and named. Each step is a function of the ones before it and of the objects ordered by ID, so the same graph
//! gives the same plan, whatever order it came in.

mod build;
mod clean;
mod cycles;
mod draft;
mod entra;
mod explain;
mod externals;
mod glob;
mod hosts;
mod index;
mod inline;
mod knowledge;
mod names;
mod naming;
mod numbers;
mod order;
mod outside;
mod parameters;
mod parents;
mod resolve;
mod rules;
mod select;
mod skip;
mod subset;
mod system;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use atg_sdk::{Error, Result, azure::TenantId};

use self::{
    draft::{Draft, What},
    index::Index,
    skip::Skip,
};
use crate::{
    ledger::{self, Ledger},
    plan::{Attribute, Plan, Reason},
    source::{Object, Source},
};

pub use explain::{Explanation, Removal, Why};
pub use rules::Rules;
pub use subset::Subset;

/// What is wanted of a plan.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    /// Which part of the tenant.
    pub subset: Subset,
    /// Changes.
    pub rules: Rules,
    /// The tenant that the files are for, where it is another one.
    pub target: Option<OtherTenant>,
    /// IDs of resources of which is wanted what was done to them.
    pub explain: Vec<String>,
}

/// A tenant that is not the one that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherTenant {
    /// The tenant.
    pub tenant: TenantId,
    /// What is known of what stands there for what is here.
    pub ledger: Option<Ledger>,
}

/// A plan, and what was seen while it was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// What the source held and what became of it.
    pub survey: Survey,
    /// What was asked for with [`Options::explain`], in that order.
    pub explanations: Vec<Explanation>,
}

/// What the source held and what became of it, in numbers and lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// Objects that the subset chose: rows of their own and children in bodies, not what only IDs name.
    pub objects: u64,
    /// Types that are written and that the facts do not know, ordered.
    pub unknown_types: Vec<String>,
    /// IDs in bodies that became references to resources of the plan.
    pub references_inside: u64,
    /// IDs in bodies that became references to what stays outside.
    pub references_outside: u64,
    /// IDs in bodies that are the same in every tenant.
    pub references_literal: u64,
    /// Those of the last that name an object of the source all the same, with whose they are: none, unless there is a
    /// defect.
    pub unresolved: Vec<(String, String)>,
    /// What a person should know of the wishes: rules, and a subset, that match nothing.
    pub notes: Vec<String>,
}

/// Makes the plan.
///
/// # Errors
/// `InvalidArgument` for an ID to explain that the source does not hold, and for rules that match nothing they could do.
pub fn plan(source: Source, options: &Options) -> Result<Planned> {
    let tenant = source.tenant.to_string();
    let mut explain = explain::Explain::new(&options.explain);
    let (mut drafts, identities, duplicates) = drafts(source.objects, &tenant, &mut explain);
    entra::link(&mut drafts, source.links);
    let mut index = Index::new(&drafts, identities);
    let parents = parents::numbers(&drafts, &index);
    explain.check(&index)?;
    spread(&mut drafts, &parents);
    let choices = select::choose(&drafts, &parents, &index, &options.subset);
    let is_in = |number: u32| choices[number as usize].is_in;
    if let Some(target) = &options.target {
        move_to(target, source.tenant, &mut drafts, is_in)?;
    }
    let mut notes = options.rules.apply(&mut drafts, &parents, is_in)?;
    if !options.subset.is_all() && !choices.iter().any(|choice| choice.is_asked_for) {
        notes.push("nothing in the graph matches the subset: check its spelling".to_owned());
    }
    for (number, draft) in (0..).zip(&drafts) {
        if draft.is_renamed && ledger::is_unique(draft.what.type_text()) {
            let old = draft
                .id
                .trim_end_matches('/')
                .rsplit('/')
                .next()
                .unwrap_or_default();
            index.say_host(old, number);
        }
    }
    inline::settle(&mut drafts, &parents, is_in);
    for (number, draft) in (0..).zip(&mut drafts) {
        if draft.skip.is_none() {
            inline::drop_own_ids(draft);
            if !draft.is_creatable {
                draft.skip = Some(Skip::new(Reason::ReadOnly).because("nobody can create one of its type"));
            }
        }
        if !is_in(number) {
            // Not there for anybody, unless somebody refers to it: then it stays outside.
            draft.skip.get_or_insert(Skip::new(Reason::OutOfScope));
        }
    }
    build::build(build::Materials {
        tenant: source.tenant,
        drafts,
        index,
        choices,
        duplicates,
        explain,
        target: options.target.clone(),
        notes,
    })
}

/// Makes everything new, and gives another name to what has one that nobody else may have.
fn move_to(
    target: &OtherTenant,
    source: TenantId,
    drafts: &mut [Draft],
    is_in: impl Fn(u32) -> bool,
) -> Result<()> {
    if let Some(ledger) = &target.ledger
        && (ledger.source_tenant_id, ledger.target_tenant_id) != (source, target.tenant)
    {
        return Err(Error::invalid(format!(
            "use the ledger: it leads from tenant {} to {}, and this is from {source} to {}",
            ledger.source_tenant_id, ledger.target_tenant_id, target.tenant
        )));
    }
    for (number, draft) in (0..).zip(drafts) {
        draft.is_new = true;
        if !is_in(number) || draft.skip.is_some() {
            continue;
        }
        let said = target
            .ledger
            .as_ref()
            .and_then(|ledger| ledger.name(&draft.id))
            .map(str::to_owned);
        let kind = draft.what.type_text();
        let new = said.or_else(|| ledger::propose(kind, &draft.name, &draft.id, target.tenant));
        if let Some(new) = new {
            draft
                .rename(new)
                .map_err(|reason| Error::invalid(format!("use the ledger for {}: {reason}", draft.id)))?;
        }
    }
    Ok(())
}

type Identities = Vec<(u32, String, Attribute)>;

/// The objects as drafts, ordered by key, each key once, with what their managed identities are known by; and the IDs of
/// objects that were there twice.
fn drafts(
    mut objects: Vec<Object>,
    tenant: &str,
    explain: &mut explain::Explain,
) -> (Vec<Draft>, Identities, Vec<Object>) {
    // The better known comes first, then the one that says more, so that which one counts is no matter of order.
    objects.sort_by_cached_key(|object| {
        let said = object.properties.as_ref().map_or(0, |text| text.len());
        (
            draft::key_of(&object.id),
            std::cmp::Reverse(object.standing),
            std::cmp::Reverse(said),
            object.id.clone(),
        )
    });
    let mut out: Vec<Draft> = Vec::with_capacity(objects.len());
    let mut identities = Vec::new();
    let mut duplicates = Vec::new();
    for object in objects {
        let key = draft::key_of(&object.id);
        if out.last().is_some_and(|last| last.key == key) {
            duplicates.push(object);
            continue;
        }
        let number = u32::try_from(out.len()).unwrap_or(u32::MAX);
        let mut draft = Draft::of(object, tenant);
        if let What::Resource(resource_type) = &draft.what {
            // `identity` was taken out of the body; what it is known by is asked of both.
            let known = draft
                .principal_id
                .take()
                .map(|id| (number, id, Attribute::PrincipalId))
                .into_iter()
                .chain(
                    index::user_assigned(resource_type.as_str(), &draft.body)
                        .into_iter()
                        .map(|(guid, attribute)| (number, guid, attribute)),
                );
            identities.extend(known);
        }
        if draft.skip.is_none() {
            draft.skip = system::why_not(&draft, tenant);
        }
        if draft.skip.is_some() {
            draft.body = Vec::new();
        } else {
            let mut removed = explain.of(&key);
            clean::clean(&mut draft, &mut removed);
        }
        out.push(draft);
    }
    (out, identities, duplicates)
}

/// What lies in something that Azure makes itself, Azure makes too.
fn spread(drafts: &mut [Draft], parents: &[Option<u32>]) {
    // A parent's key is a beginning of its children's, so it comes before them.
    let mut reasons: HashMap<u32, Skip> = HashMap::new();
    for number in 0..u32::try_from(drafts.len()).unwrap_or(u32::MAX) {
        let at = number as usize;
        if drafts[at].skip.is_none()
            && let Some(parent) = parents[at]
            && let Some(skip) = reasons.get(&parent)
        {
            drafts[at].skip = Some(skip.clone());
            drafts[at].body = Vec::new();
        }
        if let Some(skip) = &drafts[at].skip
            && matches!(
                skip.reason,
                Reason::SystemMade | Reason::ReadOnly | Reason::Default
            )
        {
            reasons.insert(number, skip.clone());
        }
    }
}
