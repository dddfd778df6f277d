//! What was done to a resource, for the person who asks.

use atg_sdk::{Error, Result};

use super::{
    draft::{Draft, key_of},
    index::Index,
    numbers::Numbers,
};
use crate::plan::{Attribute, Plan, ResourceKey, Target};

/// What became of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Its ID as Azure spelled it.
    pub id: String,
    /// Its place in the plan; `None` where it is not written.
    pub place: Option<ResourceKey>,
    /// Its name in the files; `None` where it is not written.
    pub symbol: Option<String>,
    /// Why it is not written as a resource of its own, where it is not.
    pub skipped: Option<(String, Option<String>)>,
    /// What was left out of its body, in the order of the body.
    pub removed: Vec<Removal>,
    /// What it refers to: what is asked for of it, and its name in the files.
    pub references: Vec<(String, String)>,
}

/// A part of a body that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// Where it stood: `properties.ipConfigurations[0].etag`.
    pub path: String,
    /// Why.
    pub why: Why,
}

/// Why a part of a body is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Azure sets it, and takes it from nobody.
    ReadOnly,
    /// Azure does not know the member in the api-version that is used.
    Unknown,
    /// It says nothing: `null`, or an empty list.
    Empty,
    /// It is what Azure takes where nothing is said.
    Default,
    /// It is a resource of its own.
    OwnResource,
}

impl Why {
    /// As it is shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReadOnly => "read-only",
            Self::Unknown => "unknown to the api-version",
            Self::Empty => "says nothing",
            Self::Default => "the default",
            Self::OwnResource => "a resource of its own",
        }
    }
}

/// Gathers what is asked for.
#[derive(Debug)]
pub(crate) struct Explain {
    wanted: Vec<(Box<str>, Vec<Removal>)>,
}

/// Where the removals of one body go; nowhere, unless somebody asked.
#[derive(Debug)]
pub(crate) struct Sink<'a>(Option<&'a mut Vec<Removal>>);

impl Sink<'_> {
    pub(crate) fn tell(&mut self, path: impl FnOnce() -> String, why: Why) {
        if let Some(removals) = &mut self.0 {
            removals.push(Removal { path: path(), why });
        }
    }
}

impl Explain {
    pub(crate) fn new(ids: &[String]) -> Self {
        Self {
            wanted: ids.iter().map(|id| (key_of(id), Vec::new())).collect(),
        }
    }

    /// Where the removals of the body with that key go.
    pub(crate) fn of(&mut self, key: &str) -> Sink<'_> {
        Sink(
            self.wanted
                .iter_mut()
                .find_map(|(wanted, removals)| (**wanted == *key).then_some(removals)),
        )
    }

    /// Refuses what the source does not hold.
    pub(crate) fn check(&self, index: &Index) -> Result<()> {
        for (key, _) in &self.wanted {
            if index.get(key).is_none() {
                let shown: String = key.chars().take(200).collect();
                return Err(Error::not_found(format!(
                    "explain `{}`: the graph holds nothing of that ID",
                    shown.escape_debug()
                )));
            }
        }
        Ok(())
    }

    pub(crate) fn finish(self, drafts: &[Draft], numbers: &Numbers, plan: &Plan) -> Vec<Explanation> {
        self.wanted
            .into_iter()
            .filter_map(|(key, removed)| {
                let at = drafts.binary_search_by(|draft| draft.key.cmp(&key)).ok()?;
                let draft = &drafts[at];
                let place = u32::try_from(at).ok().and_then(|number| numbers.of(number));
                let resource = place.map(|key| plan.resource(key));
                let mut references: Vec<(String, String)> = Vec::new();
                let mut remember = |what: &str, target: Target| {
                    let found = (what.to_owned(), plan.symbol(target).to_string());
                    if !references.contains(&found) {
                        references.push(found);
                    }
                };
                if let Some(resource) = resource {
                    remember("parent", resource.parent);
                    resource.for_each_text(&mut |text| {
                        for reference in text.references() {
                            remember(&asked(&reference.attribute), reference.target);
                        }
                    });
                }
                Some(Explanation {
                    id: draft.id.clone(),
                    place,
                    symbol: resource.map(|resource| resource.symbol.to_string()),
                    skipped: draft
                        .skip
                        .as_ref()
                        .map(|skip| (skip.reason.name().to_owned(), skip.detail.clone())),
                    removed,
                    references,
                })
            })
            .collect()
    }
}

/// What is asked of a target, as it is shown.
fn asked(attribute: &Attribute) -> String {
    match attribute {
        Attribute::Id => "id".to_owned(),
        Attribute::Name => "name".to_owned(),
        Attribute::PrincipalId => "principal_id".to_owned(),
        Attribute::ClientId => "client_id".to_owned(),
        Attribute::ObjectId => "object_id".to_owned(),
        Attribute::AppId => "app_id".to_owned(),
        Attribute::Output(path) => path.join("."),
    }
}
