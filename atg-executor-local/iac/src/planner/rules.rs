//! Changes that are wanted on the way: a rules file.
//!
//! ```toml
//! [[rule]]
//! match = "types=Microsoft.Storage/*;tagSelector=env:prod"  # a subset without a depth; everything where it is left out
//! rename = { from = "prod", to = "dev" }                    # or one name: rename = "stdev"
//! region = "northeurope"
//! tag = { env = "dev" }
//! untag = ["owner"]
//! set = { "sku.name" = "Standard_LRS" }
//! unset = ["properties.networkAcls"]
//!
//! [[rule]]
//! match = "types=Microsoft.Authorization/locks"
//! drop = true
//! ```
//!
//! Rules are applied one after the other, so that a later one has the last word.

mod path;

use std::collections::BTreeMap;

use atg_json::Json;
use atg_sdk::{Error, Result, azure::Location};
use serde::Deserialize;

use self::path::Path;
use super::{
    draft::{Draft, What},
    select::matches,
    skip::Skip,
    subset::Subset,
};
use crate::plan::Reason;

/// Rules. The default is none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rules(Vec<Rule>);

/// One rule: what it is for, and what it does.
#[derive(Debug, Clone, PartialEq)]
struct Rule {
    wanted: Subset,
    rename: Option<Rename>,
    region: Option<String>,
    tag: BTreeMap<String, String>,
    untag: Vec<String>,
    drop: bool,
    set: Vec<(Path, Json)>,
    unset: Vec<Path>,
}

/// A new name.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
enum Rename {
    /// For the one thing that the rule matches.
    To(String),
    /// Each place of a text replaced by another.
    #[serde(rename_all = "kebab-case")]
    Replace {
        /// What is replaced.
        from: String,
        /// What stands there then.
        to: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rule: Vec<RuleText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    #[serde(rename = "match", default)]
    wanted: String,
    rename: Option<Rename>,
    region: Option<String>,
    #[serde(default)]
    tag: BTreeMap<String, String>,
    #[serde(default)]
    untag: Vec<String>,
    #[serde(default)]
    drop: bool,
    #[serde(default)]
    set: BTreeMap<String, toml::Value>,
    #[serde(default)]
    unset: Vec<String>,
}

impl Rules {
    /// Reads a rules file.
    ///
    /// # Errors
    /// `InvalidArgument`, saying which rule is wrong and how.
    pub fn parse(text: &str) -> Result<Self> {
        let file: File = toml::from_str(text)
            .map_err(|error| Error::invalid(format!("read the rules: {}", error.to_string().trim())))?;
        let rules = (1..).zip(file.rule).map(|(number, rule)| {
            Rule::read(rule).map_err(|reason| Error::invalid(format!("read rule {number}: {reason}")))
        });
        Ok(Self(rules.collect::<Result<_>>()?))
    }

    /// Changes drafts. Answers what a person should know of it: rules that matched nothing.
    pub(crate) fn apply(
        &self,
        drafts: &mut [Draft],
        parents: &[Option<u32>],
        is_in: impl Fn(u32) -> bool,
    ) -> Result<Vec<String>> {
        let mut notes = Vec::new();
        for (number, rule) in (1..).zip(&self.0) {
            let found: Vec<usize> = (0..)
                .zip(drafts.iter())
                .filter(|(at, draft)| {
                    is_in(*at)
                        && draft.skip.is_none()
                        && !matches!(draft.what, What::Tenant | What::Subscription)
                        && matches(&rule.wanted, draft)
                })
                .map(|(at, _)| at as usize)
                .collect();
            if found.is_empty() {
                notes.push(format!("rule {number} matches nothing"));
            }
            if found.len() > 1 && matches!(rule.rename, Some(Rename::To(_))) {
                return Err(Error::invalid(format!(
                    "apply rule {number}: it gives one name to {} things: match one, or rename with from and to",
                    found.len()
                )));
            }
            for at in found {
                rule.apply(&mut drafts[at]).map_err(|reason| {
                    Error::invalid(format!("apply rule {number} to {}: {reason}", drafts[at].id))
                })?;
            }
        }
        // What lies in something that is dropped goes with it; parents come before their children.
        for at in 0..drafts.len() {
            let dropped =
                |skip: &Option<Skip>| skip.as_ref().is_some_and(|skip| skip.reason == Reason::Dropped);
            if let Some(parent) = parents[at]
                && drafts[at].skip.is_none()
                && dropped(&drafts[parent as usize].skip)
            {
                let parent = drafts[parent as usize].id.clone();
                drafts[at].skip = Some(Skip::new(Reason::Dropped).because(format!("it lies in {parent}")));
            }
        }
        Ok(notes)
    }
}

impl Rule {
    fn read(text: RuleText) -> std::result::Result<Self, String> {
        let wanted = Subset::parse(&text.wanted).map_err(|error| error.message().to_owned())?;
        if wanted.depth().is_some() {
            return Err("depth says nothing in a rule: a rule is for what it matches".to_owned());
        }
        if let Some(Rename::Replace { from, .. }) = &text.rename
            && from.is_empty()
        {
            return Err("rename has nothing to replace: `from` is empty".to_owned());
        }
        let path =
            |text: &str| Path::parse(text).map_err(|reason| format!("`{}`: {reason}", text.escape_debug()));
        Ok(Self {
            wanted,
            rename: text.rename,
            region: text
                .region
                .map(|region| Location::from(region.as_str()).as_str().to_owned()),
            tag: text.tag,
            untag: text.untag,
            drop: text.drop,
            set: text
                .set
                .into_iter()
                .map(|(name, value)| Ok((path(&name)?, json(value))))
                .collect::<std::result::Result<_, String>>()?,
            unset: text
                .unset
                .iter()
                .map(|name| path(name))
                .collect::<std::result::Result<_, String>>()?,
        })
    }

    fn apply(&self, draft: &mut Draft) -> std::result::Result<(), String> {
        if self.drop {
            draft.skip = Some(Skip::new(Reason::Dropped));
            return Ok(());
        }
        match &self.rename {
            Some(Rename::To(name)) => draft.rename(name.clone())?,
            Some(Rename::Replace { from, to }) if draft.name.contains(from.as_str()) => {
                draft.rename(draft.name.replace(from.as_str(), to))?;
            }
            Some(Rename::Replace { .. }) | None => {}
        }
        if let (Some(region), Some(location)) = (&self.region, &mut draft.location)
            && location != region
        {
            location.clone_from(region);
            // Elsewhere it is another one, and what is there must not be taken for it.
            draft.is_new = true;
        }
        if !self.tag.is_empty() || !self.untag.is_empty() {
            let tags = draft.tags.get_or_insert_default();
            tags.retain(|(name, _)| {
                !self.untag.iter().any(|other| other.eq_ignore_ascii_case(name))
                    && !self.tag.keys().any(|other| other.eq_ignore_ascii_case(name))
            });
            tags.extend(self.tag.iter().map(|(name, value)| (name.clone(), value.clone())));
            if tags.is_empty() {
                draft.tags = None;
            }
        }
        for path in &self.unset {
            path.unset(&mut draft.body);
        }
        for (path, value) in &self.set {
            path.set(&mut draft.body, value.clone())?;
        }
        Ok(())
    }
}

fn json(value: toml::Value) -> Json {
    match value {
        toml::Value::String(text) => Json::String(text),
        toml::Value::Integer(number) => Json::from(number),
        toml::Value::Float(number) => Json::Number(number.to_string().into()),
        toml::Value::Boolean(value) => Json::Bool(value),
        toml::Value::Datetime(time) => Json::String(time.to_string()),
        toml::Value::Array(items) => Json::Array(items.into_iter().map(json).collect()),
        toml::Value::Table(members) => Json::Object(
            members
                .into_iter()
                .map(|(name, value)| (name, json(value)))
                .collect(),
        ),
    }
}
