//! Takes secrets out of a body before anything else sees it.
//!
//! A secret becomes `{"$redacted": "<path>"}`. Three sets of rules find it: paths by resource type ([`paths`]), names of
//! members ([`names`]) and what a text looks like ([`text`]). What is no secret is left alone: `null`, booleans, empty
//! texts, resource IDs, references to a key vault, and whatever is redacted already, so that going over a body twice
//! changes nothing.

mod names;
mod paths;
mod text;

#[cfg(test)]
mod tests;

use super::pattern::{Rules, Step, path_text};
use crate::json::Json;

/// The name of the one member that stands in place of a secret.
pub const MARK: &str = "$redacted";

/// A value that was taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redaction {
    /// Where it stood: `properties.osProfile.adminPassword`.
    pub path: String,
}

/// Redacts an object in place, and lists what is redacted in it, including what an earlier pass took out.
pub fn apply(object: &mut Json) -> Vec<Redaction> {
    let mut walk = Walk {
        steps: Vec::with_capacity(16),
        owners: Vec::with_capacity(2),
        out: Vec::new(),
    };
    walk.value(object, Mode::Open);
    walk.out
}

/// What the surroundings of a value say about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Nothing.
    Open,
    /// Each text below is a secret.
    Secret,
    /// Below a member whose name promises a secret, but which is an object: its `value` is one, its `type` is not.
    Wrapped,
    /// Names with values: `[{name, value}]`, `{name: value}` or `{name: {value, type}}`.
    Pairs,
}

/// A resource whose type has paths of its own: the row, or one within its body.
struct Owner {
    rules: Rules<paths::Rule>,
    depth: usize,
}

struct Walk<'a> {
    steps: Vec<Step<'a>>,
    owners: Vec<Owner>,
    out: Vec<Redaction>,
}

/// Whether a text is JSON with a secret in it, as parameters and requests are often kept.
fn holds_secret(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
        && Json::parse(text.as_bytes()).is_ok_and(|value| has_secret_member(&value))
}

/// The parser limits how deep a value is.
fn has_secret_member(value: &Json) -> bool {
    match value {
        Json::Object(members) => members.iter().any(|(name, value)| match value {
            Json::String(content) => {
                text::is_secret(content)
                    || (!text::is_harmless(content) && names::is_secret(&names::Plain::new(name), value))
            }
            other => has_secret_member(other),
        }),
        Json::Array(items) => items.iter().any(|item| match item {
            Json::String(content) => text::is_secret(content),
            other => has_secret_member(other),
        }),
        Json::String(_) | Json::Number(_) | Json::Bool(_) | Json::Null => false,
    }
}

impl<'a> Walk<'a> {
    fn value(&mut self, value: &'a mut Json, mode: Mode) {
        match value {
            Json::Object(members) => {
                // A mark holds a path. Whatever else calls itself one is an object like any other.
                let is_mark = matches!(&members[..], [(name, Json::String(path))] if name == MARK && !text::is_secret(path));
                if is_mark {
                    self.list();
                    return;
                }
                self.object(members, mode);
            }
            Json::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.steps.push(Step::Index(index));
                    self.value(item, mode);
                    self.steps.pop();
                }
            }
            Json::String(content) => {
                let secret = match mode {
                    Mode::Secret => !text::is_harmless(content),
                    Mode::Open | Mode::Wrapped | Mode::Pairs => {
                        text::is_secret(content) || holds_secret(content)
                    }
                };
                if secret {
                    self.take(value);
                }
            }
            // A number is a secret only by its own name: a time or a count among an extension's settings is none.
            Json::Number(_) => {
                if let Some(Step::Name(name)) = self.steps.last()
                    && mode == Mode::Secret
                    && names::is_secret(&names::Plain::new(name), value)
                {
                    self.take(value);
                }
            }
            Json::Bool(_) | Json::Null => {}
        }
    }

    fn object(&mut self, members: &'a mut [(String, Json)], mode: Mode) {
        let owner = self.owner_of(members);
        let is_owner = owner.is_some();
        self.owners.extend(owner);
        // `{"type": "SecureString", "value": …}`, as templates and data factories write it.
        let wraps_secret = members.iter().any(|(name, value)| {
            name.eq_ignore_ascii_case("type") && value.as_str().is_some_and(names::is_secure_type)
        });
        // `{"keyName": "key1", "value": …}`, as accounts list their keys.
        let wraps_secret = wraps_secret
            || members
                .iter()
                .any(|(name, _)| name.eq_ignore_ascii_case("keyName"));
        for (name, value) in members {
            let name: &'a str = name;
            self.steps.push(Step::Name(name));
            let below = if wraps_secret && name.eq_ignore_ascii_case("value") {
                Mode::Secret
            } else {
                self.mode_of(name, value, mode)
            };
            self.value(value, below);
            self.steps.pop();
        }
        if is_owner {
            self.owners.pop();
        }
    }

    fn mode_of(&self, name: &str, value: &Json, mode: Mode) -> Mode {
        if self.path_is_listed() {
            return Mode::Secret;
        }
        let is_nested = matches!(value, Json::Object(_) | Json::Array(_));
        let name = &names::Plain::new(name);
        match mode {
            Mode::Secret => return Mode::Secret,
            Mode::Wrapped | Mode::Pairs if names::is_value(name) => return Mode::Secret,
            Mode::Pairs => {
                // In `{name: value}` every member is a value; in `[{name, value}]` only `value` is.
                let in_list = matches!(self.steps.iter().rev().nth(1), Some(Step::Index(_)));
                if !in_list && !is_nested {
                    return Mode::Secret;
                }
                if !in_list {
                    return Mode::Wrapped;
                }
            }
            Mode::Open | Mode::Wrapped => {}
        }
        if is_nested && names::holds_pairs(name) {
            Mode::Pairs
        } else if names::is_secret(name, value) {
            if is_nested { Mode::Wrapped } else { Mode::Secret }
        } else if mode == Mode::Wrapped && is_nested {
            Mode::Wrapped
        } else {
            Mode::Open
        }
    }

    fn path_is_listed(&self) -> bool {
        self.owners.iter().any(|owner| {
            owner
                .rules
                .iter()
                .any(|rule| rule.matches(&self.steps[owner.depth..]))
        })
    }

    /// The row itself, or an object within it that is a resource of its own.
    fn owner_of(&self, members: &[(String, Json)]) -> Option<Owner> {
        let text = |wanted: &str| {
            members
                .iter()
                .find_map(|(name, value)| (name == wanted).then_some(value)?.as_str())
        };
        let is_row = self.steps.is_empty();
        if !is_row && !members.iter().any(|(name, _)| name == "properties") {
            return None;
        }
        let kind = text("@odata.type").or_else(|| text("type"));
        let config = text("id")
            .and_then(|id| id.rsplit_once('/'))
            .filter(|(collection, _)| {
                collection.len() > 7 && collection.to_ascii_lowercase().ends_with("/config")
            });
        let rules = match kind {
            // What the settings of a site are, their name says and not their type.
            Some(kind) if config.is_some() => {
                paths::of(&format!("{kind}/{}", config.map_or("", |(_, name)| name)))
            }
            Some(kind) if is_row || kind.contains('/') => paths::of(kind),
            _ => {
                let id: atg_sdk::azure::ResourceId = text("id")?.parse().ok()?;
                paths::of(id.resource_type()?.as_str())
            }
        };
        Some(Owner {
            rules,
            depth: self.steps.len(),
        })
    }

    fn list(&mut self) {
        self.out.push(Redaction {
            path: path_text(&self.steps),
        });
    }

    fn take(&mut self, value: &mut Json) {
        let path = path_text(&self.steps);
        *value = Json::Object(vec![(MARK.to_owned(), Json::String(path.clone()))]);
        self.out.push(Redaction { path });
    }
}
