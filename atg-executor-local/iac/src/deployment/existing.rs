//! What stays outside and can be named as something that exists.

use crate::plan::{ExternalKey, ExternalKind, Kind, Plan, Target};

/// A resource that exists, taken apart so that it can be declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Existing<'p> {
    pub(crate) scope: ExistingScope,
    pub(crate) resource_type: &'p str,
    pub(crate) api_version: &'p str,
    /// The names of its ancestors from the scope on, and its own.
    pub(crate) names: Vec<&'p str>,
}

/// Where it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExistingScope {
    Tenant,
    ManagementGroup(Target),
    Subscription(ExternalKey),
    ResourceGroup(Target),
}

impl<'p> Existing<'p> {
    /// Takes the ID apart. `None` for what cannot be declared: an extension of another resource, something whose whole ID
    /// is a parameter, an ID that does not fit the type.
    pub(crate) fn of(plan: &'p Plan, key: ExternalKey) -> Option<Self> {
        let external = plan.external(key);
        let ExternalKind::Resource {
            resource_type,
            api_version,
        } = &external.kind
        else {
            return None;
        };
        if external.parameter.is_some() {
            return None;
        }
        let (scope, scope_id) = scope_of(plan, external.parent?)?;
        let rest = strip_prefix(&external.id, scope_id)?.strip_prefix("/providers/")?;
        let mut segments = rest.split('/');
        let mut spelled = segments.next()?.to_owned();
        let mut names = Vec::new();
        while let Some(segment) = segments.next() {
            if segment.eq_ignore_ascii_case("providers") {
                return None;
            }
            spelled.push('/');
            spelled.push_str(segment);
            names.push(segments.next().filter(|name| !name.is_empty())?);
        }
        spelled
            .eq_ignore_ascii_case(resource_type.as_str())
            .then(|| Self {
                scope,
                resource_type: resource_type.as_str(),
                api_version,
                names,
            })
    }
}

/// The scope that a chain of parents ends in, and its ID.
fn scope_of(plan: &Plan, mut at: Target) -> Option<(ExistingScope, &str)> {
    loop {
        match at {
            Target::External(key) => {
                let external = plan.external(key);
                match external.kind {
                    ExternalKind::Tenant => return Some((ExistingScope::Tenant, "")),
                    ExternalKind::Subscription => {
                        return Some((ExistingScope::Subscription(key), &external.id));
                    }
                    ExternalKind::ManagementGroup => {
                        return Some((ExistingScope::ManagementGroup(at), &external.id));
                    }
                    ExternalKind::ResourceGroup => {
                        return Some((ExistingScope::ResourceGroup(at), &external.id));
                    }
                    ExternalKind::Resource { .. } => at = external.parent?,
                    ExternalKind::Directory => return None,
                }
            }
            Target::Resource(key) => {
                let resource = plan.resource(key);
                let Kind::Arm { resource_type, .. } = &resource.kind else {
                    return None;
                };
                return match resource_type.as_str() {
                    "Microsoft.Resources/resourceGroups" => {
                        Some((ExistingScope::ResourceGroup(at), &resource.id))
                    }
                    "Microsoft.Management/managementGroups" => {
                        Some((ExistingScope::ManagementGroup(at), &resource.id))
                    }
                    // A child of something that the plan makes: written as that one's ID with the rest.
                    _ => None,
                };
            }
        }
    }
}

/// The names in the last `/providers/` part of an ID.
pub(super) fn names(id: &str) -> impl Iterator<Item = &str> {
    let at = id
        .to_ascii_lowercase()
        .rfind("/providers/")
        .map_or(0, |at| at + "/providers/".len());
    id[at..].split('/').skip(2).step_by(2)
}

/// The rest of an ID after that of what it lies in, without regard to case.
pub(super) fn strip_prefix<'a>(id: &'a str, prefix: &str) -> Option<&'a str> {
    let head = id.get(..prefix.len())?;
    let rest = &id[prefix.len()..];
    (head.eq_ignore_ascii_case(prefix) && (rest.is_empty() || rest.starts_with('/'))).then_some(rest)
}
