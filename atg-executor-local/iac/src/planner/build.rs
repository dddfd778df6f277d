//! From settled drafts to the plan: resolves, orders, numbers, names.

use atg_sdk::{Result, azure::TenantId};

use super::{
    OtherTenant, Planned, Survey, cycles,
    draft::Draft,
    explain::Explain,
    externals::Externals,
    index::Index,
    knowledge, naming,
    numbers::Numbers,
    order, outside, parameters,
    parents::{Place, Places},
    resolve::{Resolver, Scene},
    select::Choice,
    skip::{self, Skip},
};
use crate::{
    plan::{
        Association, Identity, Kind, Member, Plan, Reason, Reference, Resource, ResourceKey, Scope, Symbol,
        Target, Text,
    },
    source::Object,
};

/// What the steps before have made.
pub(crate) struct Materials {
    pub(crate) tenant: TenantId,
    pub(crate) drafts: Vec<Draft>,
    pub(crate) index: Index,
    pub(crate) choices: Vec<Choice>,
    pub(crate) duplicates: Vec<Object>,
    pub(crate) explain: Explain,
    pub(crate) target: Option<OtherTenant>,
    pub(crate) notes: Vec<String>,
}

pub(crate) fn build(materials: Materials) -> Result<Planned> {
    let Materials {
        tenant,
        mut drafts,
        index,
        choices,
        duplicates,
        explain,
        target,
        notes,
    } = materials;
    let tenant_text = tenant.to_string();
    let mut externals = Externals::default();
    let places = place_all(&mut drafts, &index, &tenant_text, &mut externals);
    let mut resolver = Resolver::new(&index, tenant_text, externals);
    let mut resources: Vec<Option<Resource>> = Vec::with_capacity(drafts.len());
    for (number, place) in (0..).zip(&places) {
        resources.push(place.and_then(|place| resource(&mut resolver, &mut drafts, number, place)));
    }
    let Resolver {
        mut externals,
        secrets,
        counts,
        unresolved,
        ..
    } = resolver;

    let mut associations = Vec::new();
    let sequence = sequence(&mut resources, &drafts, &index, &mut externals, &mut associations);
    let outside = outside::arrange(&mut externals, &drafts, &index);
    let numbers = Numbers::new(drafts.len(), &sequence, &outside, &secrets);

    let mut ordered: Vec<Resource> = Vec::with_capacity(sequence.len());
    for number in &sequence {
        ordered.extend(resources[*number as usize].take());
    }
    drop(resources);
    for resource in &mut ordered {
        numbers.resource(resource);
    }
    for association in &mut associations {
        numbers.association(association);
    }
    associations.sort_by(|a: &Association, b| (a.owner, &a.path).cmp(&(b.owner, &b.path)));
    let mut externals = outside::finish(&outside, &externals, &numbers);
    naming::name(
        &drafts,
        &sequence,
        &mut ordered,
        &mut associations,
        &mut externals,
    );
    let parameters = parameters::make(
        &secrets,
        &numbers,
        &ordered,
        &associations,
        &mut externals,
        target.as_ref(),
    );
    let survey = Survey {
        objects: skip::count(&drafts, &choices),
        unknown_types: unknown_types(&ordered),
        references_inside: counts.inside,
        references_outside: counts.outside,
        references_literal: counts.literal,
        unresolved,
        notes,
    };
    let plan = Plan {
        tenant,
        resources: ordered,
        associations,
        externals,
        parameters,
        skipped: skip::list(&drafts, &choices, duplicates),
    };
    let explanations = explain.finish(&drafts, &numbers, &plan);
    Ok(Planned {
        plan,
        survey,
        explanations,
    })
}

/// Where each draft that is written is. One that is nowhere is skipped.
fn place_all(
    drafts: &mut [Draft],
    index: &Index,
    tenant: &str,
    externals: &mut Externals,
) -> Vec<Option<Place>> {
    let found: Vec<Option<Option<Place>>> = {
        let mut places = Places::new(drafts, index, tenant);
        (0..)
            .zip(drafts.iter())
            .map(|(number, draft)| draft.skip.is_none().then(|| places.of(number, externals)))
            .collect()
    };
    found
        .into_iter()
        .zip(drafts)
        .map(|(place, draft)| {
            let place = place?;
            if place.is_none() {
                draft.skip =
                    Some(Skip::new(Reason::Malformed).because("its ID hangs on nothing that Azure has"));
            }
            place
        })
        .collect()
}

/// A draft's resource, which takes its content. Keys are numbers of drafts and externals still.
fn resource(
    resolver: &mut Resolver<'_>,
    drafts: &mut [Draft],
    number: u32,
    place: Place,
) -> Option<Resource> {
    let draft = &mut drafts[number as usize];
    let (body, tags, identity) = (
        std::mem::take(&mut draft.body),
        draft.tags.take(),
        draft.identity.take(),
    );
    let scene = Scene {
        drafts,
        owner: number,
        parent: place.parent,
    };
    let identity = identity.map(|identity| Identity {
        kind: identity.kind,
        user_assigned: identity
            .user_assigned
            .into_iter()
            .map(|id| resolver.text(&scene, id))
            .collect(),
    });
    let body: Vec<Member> = body
        .into_iter()
        .map(|member| resolver.member(&scene, member))
        .collect();
    let draft = &drafts[number as usize];
    Some(Resource {
        symbol: Symbol::placeholder(),
        id: draft.id.clone(),
        import_id: draft.import_id(drafts, resolver.index),
        kind: knowledge::kind(draft)?,
        name: Text::Literal(draft.name.clone()),
        scope: place.scope,
        parent: place.parent,
        nesting: place.nesting,
        location: draft.location.clone().map(Text::Literal),
        tags: tags.map(|tags| {
            tags.into_iter()
                .map(|(name, value)| (Text::Literal(name), Text::Literal(value)))
                .collect()
        }),
        identity,
        body,
        depends_on: Vec::new(),
        thin: draft.thin,
        answered: draft.answered.clone(),
        respelled: draft.respelled.clone(),
        recased: draft.recased.clone(),
        supplied: draft.supplied.clone(),
    })
}

/// The numbers of what is written, each behind what it depends on. What depends on itself in a circle is cut, and set later.
fn sequence(
    resources: &mut [Option<Resource>],
    drafts: &[Draft],
    index: &Index,
    externals: &mut Externals,
    associations: &mut Vec<Association>,
) -> Vec<u32> {
    let mut dependencies: Vec<Vec<u32>> = resources
        .iter()
        .map(|resource| resource.as_ref().map(dependencies).unwrap_or_default())
        .collect();
    let mut out = Vec::with_capacity(resources.len());
    for circle in order::components(&dependencies) {
        if let [only] = circle[..] {
            out.push(only);
            continue;
        }
        let broken = order::break_circle(&circle, &dependencies, |who, whom| {
            let parent = resources[who as usize].as_ref().map(|resource| resource.parent);
            parent == Some(Target::Resource(ResourceKey(whom)))
        });
        cycles::cut(&broken, resources, (drafts, index), externals, associations);
        for (who, whom) in &broken {
            dependencies[*who as usize].retain(|other| other != whom);
        }
        out.extend(order::within(&circle, &dependencies));
    }
    out.retain(|number| resources[*number as usize].is_some());
    out
}

/// What a resource must come after, in the order in which it says so.
fn dependencies(resource: &Resource) -> Vec<u32> {
    let mut out: Vec<u32> = Vec::new();
    let mut take = |target: Target| {
        if let Target::Resource(key) = target
            && !out.contains(&key.0)
        {
            out.push(key.0);
        }
    };
    take(resource.parent);
    if let Scope::ResourceGroup(target) | Scope::ManagementGroup(target) = resource.scope {
        take(target);
    }
    resource.for_each_text(&mut |text| {
        text.references()
            .map(|Reference { target, .. }| *target)
            .for_each(&mut take);
    });
    out
}

fn unknown_types(resources: &[Resource]) -> Vec<String> {
    let mut out: Vec<String> = resources
        .iter()
        .filter_map(|resource| match &resource.kind {
            Kind::Arm {
                resource_type,
                known: false,
                ..
            } => Some(resource_type.as_str().to_owned()),
            _ => None,
        })
        .collect();
    out.sort_unstable();
    out.dedup();
    out
}
