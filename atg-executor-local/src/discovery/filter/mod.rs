//! What of a source is taken.

mod check;
mod pattern;

use std::sync::atomic::{AtomicBool, Ordering};

use atg_sdk::{
    Result,
    azure::Location,
    model::operations::scan::{FilterSet, Parameters},
};
use serde::Serialize;

pub(crate) use self::check::check;
use self::pattern::Pattern;
use crate::describe::Facts;

/// A scan's filters, ready to ask. Each value remembers whether anything matched it, whatever the others said.
#[derive(Debug)]
pub(crate) struct Filters {
    subscriptions: Vec<Value<String>>,
    groups: Vec<Value<Pattern>>,
    types: Vec<Value<Pattern>>,
    include: Set,
    exclude: Set,
    entra: bool,
    rbac: bool,
}

#[derive(Debug)]
struct Set {
    types: Vec<Value<Pattern>>,
    regions: Vec<Value<Location>>,
    tags: Vec<(String, Value<Pattern>)>,
}

/// One value of a filter.
#[derive(Debug)]
struct Value<T> {
    test: T,
    pointer: String,
    text: String,
    matched: AtomicBool,
}

/// Why something was left out, by the name of the parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LeftOut {
    SubscriptionIds,
    ResourceGroups,
    ResourceTypes,
    Include,
    Exclude,
    IncludeEntra,
    IncludeRbac,
    ResourceLimit,
}

/// What an object is, as far as filters and units care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// The tenant, a management group.
    AboveSubscriptions,
    Subscription,
    ResourceGroup,
    Resource,
    /// A role assignment, a role definition and their kin.
    Rbac,
    Entra,
}

impl Kind {
    pub(crate) fn of(facts: &Facts<'_>) -> Self {
        if facts.is_entra {
            return Self::Entra;
        }
        if let Some(name) = &facts.resource_type
            && is_rbac(name)
        {
            return Self::Rbac;
        }
        let segments = facts
            .id
            .split('/')
            .filter(|segment| !segment.is_empty())
            .take(5)
            .count();
        match (segments, facts.subscription, facts.resource_group) {
            (2, Some(_), None) => Self::Subscription,
            (4, Some(_), Some(_)) => Self::ResourceGroup,
            (..=2, None, None) => Self::AboveSubscriptions,
            (4, None, None) if is_management_group(facts.id) => Self::AboveSubscriptions,
            _ => Self::Resource,
        }
    }
}

fn is_management_group(id: &str) -> bool {
    id.trim_start_matches('/')
        .to_lowercase()
        .starts_with("providers/microsoft.management/managementgroups/")
}

fn is_rbac(resource_type: &str) -> bool {
    let name = resource_type.to_lowercase();
    name.strip_prefix("microsoft.authorization/").is_some_and(|kind| {
        kind.starts_with("role") || kind == "denyassignments" || kind == "classicadministrators"
    })
}

impl Filters {
    /// # Errors
    /// `InvalidArgument` with everything that is wrong, as [`check`] finds it.
    pub(crate) fn new(parameters: &Parameters) -> Result<Self> {
        check(parameters)?;
        Ok(Self {
            subscriptions: values(
                "/subscription_ids",
                &parameters.subscription_ids,
                ToString::to_string,
            ),
            groups: values("/resource_groups", &parameters.resource_groups, |text| {
                Pattern::folded(text)
            }),
            types: values("/resource_types", &parameters.resource_types, |text| {
                Pattern::folded(text)
            }),
            include: Set::new("/filter_config/include", &parameters.filter_config.include),
            exclude: Set::new("/filter_config/exclude", &parameters.filter_config.exclude),
            entra: parameters.include_entra,
            rbac: parameters.include_rbac,
        })
    }

    /// Whether an object is taken, or which parameter leaves it out.
    pub(crate) fn admit(&self, kind: Kind, facts: &Facts<'_>) -> std::result::Result<(), LeftOut> {
        // All are asked of each object, so that a value which another filter hides still counts as matched.
        let subscription = self.subscription(kind, facts);
        let group = self.group(kind, facts);
        let is_hierarchy = matches!(
            kind,
            Kind::AboveSubscriptions | Kind::Subscription | Kind::ResourceGroup
        );
        if is_hierarchy {
            // What the wanted resources lie in is wanted with its own name and tags.
            subscription?;
            return group;
        }
        if kind == Kind::Entra {
            return if self.entra {
                Ok(())
            } else {
                Err(LeftOut::IncludeEntra)
            };
        }
        let resource_type = facts.resource_type.unwrap_or_default();
        let types = any(&self.types, |pattern| pattern.matches(resource_type));
        let included = self.include.matches_all(facts, resource_type);
        let excluded = self.exclude.matches_any(facts, resource_type);
        subscription?;
        group?;
        if kind == Kind::Rbac && !self.rbac {
            return Err(LeftOut::IncludeRbac);
        }
        if !types {
            return Err(LeftOut::ResourceTypes);
        }
        if !included {
            return Err(LeftOut::Include);
        }
        if excluded {
            return Err(LeftOut::Exclude);
        }
        Ok(())
    }

    /// The values that nothing matched: pointer and text, in the order of the parameters.
    pub(crate) fn unmatched(&self) -> Vec<(String, String)> {
        let mut out = Vec::new();
        collect(&mut out, &self.subscriptions);
        collect(&mut out, &self.groups);
        collect(&mut out, &self.types);
        for set in [&self.include, &self.exclude] {
            collect(&mut out, &set.types);
            collect(&mut out, &set.regions);
            collect(&mut out, set.tags.iter().map(|(_, value)| value));
        }
        out
    }

    /// Whether anything in that subscription may be hidden; in any, for `None`.
    pub(crate) fn may_hide(&self, subscription: Option<&str>) -> bool {
        let narrowed = !self.subscriptions.is_empty()
            && !subscription.is_some_and(|wanted| {
                self.subscriptions
                    .iter()
                    .any(|value| value.test.eq_ignore_ascii_case(wanted))
            });
        narrowed
            || !self.rbac
            || !self.groups.is_empty()
            || !self.types.is_empty()
            || !self.include.is_empty()
            || !self.exclude.is_empty()
    }

    /// Whether anything of what is read is left out: more than whole subscriptions, which are then not read at all, and
    /// whole kinds of collectors.
    pub(crate) fn narrows(&self) -> bool {
        !self.groups.is_empty()
            || !self.types.is_empty()
            || !self.include.is_empty()
            || !self.exclude.is_empty()
    }

    /// Whether anything of that type may be taken, as far as types are asked for.
    pub(crate) fn may_take_type(&self, resource_type: &str) -> bool {
        let among = |types: &[Value<Pattern>]| {
            types.is_empty() || types.iter().any(|value| value.test.matches(resource_type))
        };
        among(&self.types)
            && among(&self.include.types)
            && (self.exclude.types.is_empty() || !among(&self.exclude.types))
    }

    /// Whether Microsoft Entra objects are taken.
    pub(crate) fn takes_entra(&self) -> bool {
        self.entra
    }

    fn subscription(&self, kind: Kind, facts: &Facts<'_>) -> std::result::Result<(), LeftOut> {
        if matches!(kind, Kind::AboveSubscriptions | Kind::Entra) || is_dictionary(facts) {
            return Ok(());
        }
        let matched = any(&self.subscriptions, |wanted| {
            facts
                .subscription
                .is_some_and(|own| own.eq_ignore_ascii_case(wanted))
        });
        if matched {
            Ok(())
        } else {
            Err(LeftOut::SubscriptionIds)
        }
    }

    fn group(&self, kind: Kind, facts: &Facts<'_>) -> std::result::Result<(), LeftOut> {
        if matches!(kind, Kind::AboveSubscriptions | Kind::Subscription | Kind::Entra) || is_dictionary(facts)
        {
            return Ok(());
        }
        let matched = any(&self.groups, |pattern| {
            facts.resource_group.is_some_and(|own| pattern.matches(own))
        });
        if matched {
            Ok(())
        } else {
            Err(LeftOut::ResourceGroups)
        }
    }
}

/// Role definitions of the tenant are words that the assignments within any group use.
fn is_dictionary(facts: &Facts<'_>) -> bool {
    facts.resource_group.is_none()
        && facts
            .resource_type
            .is_some_and(|name| name.eq_ignore_ascii_case("Microsoft.Authorization/roleDefinitions"))
}

impl Set {
    fn new(pointer: &str, set: &FilterSet) -> Self {
        Self {
            types: values(&format!("{pointer}/types"), &set.types, |text| {
                Pattern::folded(text)
            }),
            regions: values(&format!("{pointer}/regions"), &set.regions, |text| {
                Location::from(text.replace('-', ""))
            }),
            tags: set
                .tags
                .iter()
                .map(|(name, value)| {
                    let value = Value {
                        test: Pattern::exact(value),
                        pointer: format!("{pointer}/tags/{name}"),
                        text: format!("{name}={value}"),
                        matched: AtomicBool::new(false),
                    };
                    (name.clone(), value)
                })
                .collect(),
        }
    }

    fn is_empty(&self) -> bool {
        self.types.is_empty() && self.regions.is_empty() && self.tags.is_empty()
    }

    /// Each list that is not empty must match, and of the tags each one.
    fn matches_all(&self, facts: &Facts<'_>, resource_type: &str) -> bool {
        let types = any(&self.types, |pattern| pattern.matches(resource_type));
        let regions = any(&self.regions, |region| facts.location.as_ref() == Some(region));
        let tags = self
            .tags
            .iter()
            .filter(|(name, value)| value.ask(|value| has_tag(facts, name, value)))
            .count();
        types && regions && tags == self.tags.len()
    }

    /// One match of any list is enough.
    fn matches_any(&self, facts: &Facts<'_>, resource_type: &str) -> bool {
        let types = !self.types.is_empty() && any(&self.types, |pattern| pattern.matches(resource_type));
        let regions =
            !self.regions.is_empty() && any(&self.regions, |region| facts.location.as_ref() == Some(region));
        let tags = self
            .tags
            .iter()
            .filter(|(name, value)| value.ask(|value| has_tag(facts, name, value)))
            .count();
        types || regions || tags > 0
    }
}

fn has_tag(facts: &Facts<'_>, name: &str, value: &Pattern) -> bool {
    facts.tag(name).is_some_and(|own| value.matches(own))
}

impl<T> Value<T> {
    fn ask(&self, test: impl FnOnce(&T) -> bool) -> bool {
        let matched = test(&self.test);
        if matched {
            self.matched.store(true, Ordering::Relaxed);
        }
        matched
    }
}

/// Whether one of the values matches, or there are none. Asks all of them.
fn any<T>(values: &[Value<T>], test: impl Fn(&T) -> bool) -> bool {
    values.iter().filter(|value| value.ask(&test)).count() > 0 || values.is_empty()
}

fn values<S: ToString, T>(pointer: &str, texts: &[S], make: impl Fn(&S) -> T) -> Vec<Value<T>> {
    let value = |(index, text): (usize, &S)| Value {
        test: make(text),
        pointer: format!("{pointer}/{index}"),
        text: text.to_string(),
        matched: AtomicBool::new(false),
    };
    texts.iter().enumerate().map(value).collect()
}

fn collect<'a, T: 'a>(out: &mut Vec<(String, String)>, values: impl IntoIterator<Item = &'a Value<T>>) {
    let unmatched = values
        .into_iter()
        .filter(|value| !value.matched.load(Ordering::Relaxed));
    out.extend(unmatched.map(|value| (value.pointer.clone(), value.text.clone())));
}

#[cfg(test)]
mod tests;
