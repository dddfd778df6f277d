//! Takes out of a body what cannot be set.
//!
//! A type that the facts know keeps exactly what its api-version takes: what Azure makes, what the version does not know
//! and what says nothing goes. Of other types little is known, so little is taken: members that mean the same everywhere.

use atg_json::Json;

use super::{
    draft::{Draft, What},
    explain::{Sink, Why},
    resolve::REDACTED,
};
use crate::facts::{self, Access, Facts, Kind, Location, Member, Shape, Type};

/// Members that are Azure's own doing wherever they stand.
#[rustfmt::skip]
const MADE_BY_AZURE: &[&str] = &[
    "changedtime", "createdat", "createdby", "createddate", "createdon", "createdtime", "creationdate", "creationtime", "etag",
    "lastmodified", "lastmodifiedat", "lastmodifiedby", "lastmodifieddate", "lastmodifiedon", "lastmodifiedtime", "lastupdated",
    "lastupdatedtime", "modifiedat", "modifiedby", "modifiedon", "modifiedtime", "provisioningstate", "resourceguid", "systemdata",
    "timecreated", "uniqueid", "updatedat", "updatedby", "updatedon", "updatedtime",
];

/// Beside an administrator's name stands the password, which Azure takes and never answers.
const PASSWORDS: &[(&str, &str)] = &[
    ("administratorLogin", "administratorLoginPassword"),
    ("adminUsername", "adminPassword"),
];

/// Names of top-level members that no type's body has, though rows have them.
const NEVER: &[&str] = &[
    "resources",
    "subscriptionid",
    "resourcegroup",
    "c7n:parent-id",
    "etag",
    "systemdata",
];

/// Cleans a draft's body, and says of its type what it is.
pub(crate) fn clean(draft: &mut Draft, removed: &mut Sink<'_>) {
    if matches!(draft.what, What::Entra(_) | What::OtherEntra) {
        return;
    }
    let Some(known) = facts::of(draft.what.type_text()) else {
        draft
            .body
            .retain(|(name, _)| !NEVER.contains(&name.to_ascii_lowercase().as_str()));
        let mut walk = Walk::new(removed);
        walk.unknown_members(&mut draft.body);
        return;
    };
    if let What::Resource(resource_type) = &mut draft.what
        && resource_type.as_str() != known.resource_type
        && let Ok(spelled) = known.resource_type.parse()
    {
        *resource_type = spelled;
    }
    let Some(shape) = known.body() else {
        // A part of its parent, most often; whether it stands there is seen later.
        draft.is_creatable = false;
        return;
    };
    top_level(draft, &known, removed);
    let mut walk = Walk::new(removed);
    let shape = match shape.discriminator() {
        // `config/web` and `config/appsettings` are one type, whose body depends on the name.
        Some("name") => shape.variant(&draft.name).unwrap_or(shape),
        _ => walk.variant(shape, &mut draft.body),
    };
    walk.members(&mut draft.body, shape);
    draft.respelled = walk.respelled;
    draft.recased = walk.recased;
    draft.supplied = walk.supplied;
    draft.known_version = Some(known.api_version);
}

/// Location, tags and identity, which the draft holds beside its body.
fn top_level(draft: &mut Draft, known: &Facts, removed: &mut Sink<'_>) {
    if draft.location.is_some() && known.location() == Location::None {
        draft.location = None;
        removed.tell(|| "location".to_owned(), Why::Unknown);
    }
    if draft.tags.as_ref().is_some_and(Vec::is_empty) {
        draft.tags = None;
    }
    if draft.tags.is_some() && !known.takes_tags() {
        draft.tags = None;
        draft.answered.push("tags");
        removed.tell(|| "tags".to_owned(), Why::Unknown);
    }
    if draft.identity.is_some() && !known.takes("identity") {
        draft.identity = None;
        draft.answered.push("identity");
        removed.tell(|| "identity".to_owned(), Why::Unknown);
    }
}

/// A walk through a body.
struct Walk<'a, 'b> {
    removed: &'a mut Sink<'b>,
    path: String,
    respelled: Vec<String>,
    recased: Vec<(String, String)>,
    supplied: Vec<String>,
}

impl<'a, 'b> Walk<'a, 'b> {
    fn new(removed: &'a mut Sink<'b>) -> Self {
        Self {
            removed,
            path: String::new(),
            respelled: Vec::new(),
            recased: Vec::new(),
            supplied: Vec::new(),
        }
    }

    /// Goes on below a member, and comes back.
    fn below<T>(&mut self, name: &str, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.path.len();
        if before > 0 {
            self.path.push('.');
        }
        self.path.push_str(name);
        let out = work(self);
        self.path.truncate(before);
        out
    }

    fn tell(&mut self, why: Why) {
        let path = &self.path;
        self.removed.tell(|| path.clone(), why);
    }

    /// The shape of an object, which may depend on what one of its members says. Azure insists on that member in what it is
    /// sent and forgets it in what it answers, so it is put there where the others leave no doubt, or where it has a default.
    fn variant(&mut self, shape: Shape, members: &mut Vec<(String, Json)>) -> Shape {
        let Some(name) = shape.discriminator() else {
            return shape;
        };
        if let Some((_, value)) = members.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)) {
            return value
                .as_str()
                .and_then(|value| shape.variant(value))
                .unwrap_or(shape);
        }
        let knows = |variant: Shape| {
            members
                .iter()
                .all(|(own, _)| variant.member_spelled_anyhow(own).is_some())
        };
        let says_more = members
            .iter()
            .any(|(own, _)| shape.member_spelled_anyhow(own).is_none());
        let mut fitting = shape
            .variants()
            .filter(|(_, variant)| says_more && knows(*variant));
        let only = match (fitting.next(), fitting.next()) {
            (Some(found), None) => Some(found),
            _ => shape
                .variants()
                .find(|(value, _)| value.eq_ignore_ascii_case("default")),
        };
        let Some((value, variant)) = only else {
            return shape;
        };
        self.below(name, |walk| walk.supplied.push(walk.path.clone()));
        members.insert(0, (name.to_owned(), Json::from(value)));
        variant
    }

    fn members(&mut self, members: &mut Vec<(String, Json)>, shape: Shape) {
        members.retain_mut(|(name, value)| {
            let Some(member) = shape.member_spelled_anyhow(name) else {
                if shape.is_open() {
                    return true;
                }
                self.below(name, |walk| walk.tell(Why::Unknown));
                return false;
            };
            if *name != *member.name {
                member.name.as_ref().clone_into(name);
                self.below(name, |walk| walk.respelled.push(walk.path.clone()));
            }
            self.below(name, |walk| walk.keep(value, member))
        });
        self.ask_for_passwords(members, shape);
    }

    /// Cleans a member's value; `false` where nothing of it is left.
    fn keep(&mut self, value: &mut Json, member: &Member) -> bool {
        if member.access == Access::ReadOnly {
            self.tell(Why::ReadOnly);
            return false;
        }
        if value.is_null() {
            self.tell(Why::Empty);
            return false;
        }
        if is_redacted(value) {
            return true;
        }
        if member.secret
            && let Json::String(text) = value
            && !text.is_empty()
            && !text.starts_with("@Microsoft.KeyVault(")
        {
            *value = redacted(&self.path);
            return true;
        }
        let was_empty = is_empty(value);
        self.value(value, member.value);
        if !is_empty(value) || member.required {
            return true;
        }
        if was_empty && matches!(value, Json::Object(_)) {
            // That it is there may be what it says: a machine with `linuxConfiguration` runs Linux.
            return !matches!(member.value.kind(), Kind::Map(_));
        }
        if was_empty {
            self.tell(Why::Empty);
        }
        false
    }

    fn value(&mut self, value: &mut Json, kind: Type) {
        match (value, kind.kind()) {
            (Json::Object(members), Kind::Object(shape)) => {
                let shape = self.variant(shape, members);
                self.members(members, shape);
            }
            (Json::Object(members), Kind::Map(inner)) => {
                members.retain(|(_, value)| !value.is_null());
                for (name, value) in members {
                    if !is_redacted(value) {
                        self.below(name, |walk| walk.value(value, inner));
                    }
                }
            }
            (Json::Array(items), Kind::List(inner)) => {
                items.retain(|item| !item.is_null());
                for (at, item) in items.iter_mut().enumerate() {
                    let before = self.path.len();
                    self.path.push_str(&format!("[{at}]"));
                    self.value(item, inner);
                    self.path.truncate(before);
                }
            }
            (Json::String(text), Kind::OneOf(values)) if values.are_all() => {
                if let Some(spelled) = values.spelled(text)
                    && *spelled != **text
                {
                    let answered = std::mem::replace(text, spelled.into_owned());
                    self.recased.push((self.path.clone(), answered));
                }
            }
            _ => {}
        }
    }

    /// Puts a mark where a password must be given.
    fn ask_for_passwords(&mut self, members: &mut Vec<(String, Json)>, shape: Shape) {
        let insisted_on = shape.members().iter().filter(|member| {
            let is_text = matches!(member.value.kind(), Kind::Text);
            member.required && member.access == Access::WriteOnly && is_text
        });
        for member in insisted_on {
            if !members.iter().any(|(own, _)| *own == *member.name) {
                let mark = self.below(&member.name, |walk| asked(&walk.path));
                members.push((member.name.clone().into_owned(), mark));
            }
        }
        for (name, password) in PASSWORDS {
            let has = |wanted: &str| members.iter().any(|(own, _)| own == wanted);
            let is_asked =
                has(name) && !has(password) && shape.member(password).is_some_and(|member| member.secret);
            let by_key_alone = members.iter().any(|(own, value)| {
                own == "linuxConfiguration"
                    && value.get("disablePasswordAuthentication").and_then(Json::as_bool) == Some(true)
            });
            if is_asked && !by_key_alone {
                let mark = self.below(password, |walk| asked(&walk.path));
                members.push(((*password).to_owned(), mark));
            }
        }
    }

    fn unknown_members(&mut self, members: &mut Vec<(String, Json)>) {
        members.retain_mut(|(name, value)| {
            self.below(name, |walk| {
                if MADE_BY_AZURE.contains(&name.to_ascii_lowercase().as_str()) {
                    walk.tell(Why::ReadOnly);
                    return false;
                }
                if value.is_null() {
                    walk.tell(Why::Empty);
                    return false;
                }
                walk.unknown_value(value);
                true
            })
        });
    }

    fn unknown_value(&mut self, value: &mut Json) {
        match value {
            Json::Object(members) => self.unknown_members(members),
            Json::Array(items) => {
                for (at, item) in items.iter_mut().enumerate() {
                    let before = self.path.len();
                    self.path.push_str(&format!("[{at}]"));
                    self.unknown_value(item);
                    self.path.truncate(before);
                }
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
    }
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Array(items) => items.is_empty(),
        Json::Object(members) => members.is_empty(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => false,
    }
}

fn is_redacted(value: &Json) -> bool {
    matches!(value, Json::Object(members) if matches!(&members[..], [(name, Json::String(_))] if name == REDACTED || name == ASKED))
}

fn redacted(path: &str) -> Json {
    Json::Object(vec![(REDACTED.to_owned(), Json::from(path))])
}

/// The name of the one member that stands where a secret must be given that Azure never answers.
pub(crate) const ASKED: &str = "$asked";

fn asked(path: &str) -> Json {
    Json::Object(vec![(ASKED.to_owned(), Json::from(path))])
}
