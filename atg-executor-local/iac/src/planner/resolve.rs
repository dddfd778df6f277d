//! Turns what names something else into references.
//!
//! An ID is looked up whole; what is not there is looked for among the things that its beginning names, so that the ID of
//! a part of a resource (a load balancer's pool) is the resource's with the rest behind it. What no beginning names is
//! outside. IDs inside longer texts (a workflow, a dashboard) are found by their beginning, `/subscriptions/`.

use atg_json::Json;
use atg_sdk::azure::ResourceId;

use super::{
    clean::ASKED,
    draft::{Draft, What},
    externals::Externals,
    hosts,
    index::{Index, is_guid},
};
use crate::plan::{Attribute, Member, ParameterKey, Piece, Reference, ResourceKey, Target, Text, Value};

/// The name of the one member that stands in place of a secret that was taken out.
pub(crate) const REDACTED: &str = "$redacted";

/// Where every ID of what lies in a subscription begins.
const SUBSCRIPTIONS: &str = "/subscriptions/";

/// Types below a subscription that are the same everywhere, or only parts of a path: they are the subscription's ID and a
/// rest.
const NOT_OUTSIDE: &[&str] = &[
    "/providers/microsoft.authorization/roledefinitions/",
    "/providers/microsoft.authorization/policydefinitions/",
    "/providers/microsoft.authorization/policysetdefinitions/",
    "/locations/",
];

/// A secret that was found in a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Secret {
    pub(crate) owner: u32,
    /// Where, as the source says it.
    pub(crate) path: String,
    pub(crate) kind: SecretKind,
}

/// Why a secret is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SecretKind {
    /// It stood in the source and was taken out.
    Redacted,
    /// Azure takes it and never answers it.
    WriteOnly,
}

/// How many IDs were found, and what became of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// References to resources of the plan.
    pub(crate) inside: u64,
    /// References to what stays outside.
    pub(crate) outside: u64,
    /// Left as they are: what is the same in every tenant, and what is not an ID after all.
    pub(crate) literal: u64,
}

/// Resolves the bodies of drafts, one after the other.
pub(crate) struct Resolver<'a> {
    pub(crate) index: &'a Index,
    pub(crate) tenant: String,
    pub(crate) externals: Externals,
    pub(crate) secrets: Vec<Secret>,
    pub(crate) counts: Counts,
    /// IDs of objects of the source that are written as they are, with whose they are.
    pub(crate) unresolved: Vec<(String, String)>,
}

/// One draft's view.
pub(crate) struct Scene<'a> {
    pub(crate) drafts: &'a [Draft],
    /// Whose body it is.
    pub(crate) owner: u32,
    /// What the owner's ID hangs on.
    pub(crate) parent: Target,
}

impl Scene<'_> {
    pub(crate) fn is_written(&self, number: u32) -> bool {
        self.drafts[number as usize].skip.is_none()
    }
}

impl<'a> Resolver<'a> {
    pub(crate) fn new(index: &'a Index, tenant: String, externals: Externals) -> Self {
        Self {
            index,
            tenant,
            externals,
            secrets: Vec::new(),
            counts: Counts::default(),
            unresolved: Vec::new(),
        }
    }

    /// A body's member.
    pub(crate) fn member(&mut self, scene: &Scene<'_>, (name, value): (String, Json)) -> Member {
        let name = if name.starts_with('/') {
            self.text(scene, name)
        } else {
            Text::Literal(name)
        };
        Member {
            name,
            value: self.value(scene, value),
        }
    }

    /// A value of a body.
    pub(crate) fn value(&mut self, scene: &Scene<'_>, value: Json) -> Value {
        match value {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Bool(value),
            Json::Number(text) => Value::Number(text),
            Json::String(text) => Value::Text(self.text(scene, text)),
            Json::Array(items) => {
                Value::Array(items.into_iter().map(|item| self.value(scene, item)).collect())
            }
            Json::Object(mut members) => {
                if let [(name, Json::String(path))] = &mut members[..] {
                    let kind = match name.as_str() {
                        REDACTED => Some(SecretKind::Redacted),
                        ASKED => Some(SecretKind::WriteOnly),
                        _ => None,
                    };
                    if let Some(kind) = kind {
                        return self.secret(scene.owner, std::mem::take(path), kind);
                    }
                }
                Value::Object(
                    members
                        .into_iter()
                        .map(|member| self.member(scene, member))
                        .collect(),
                )
            }
        }
    }

    /// A parameter in place of a secret.
    pub(crate) fn secret(&mut self, owner: u32, path: String, kind: SecretKind) -> Value {
        let key = ParameterKey(u32::try_from(self.secrets.len()).unwrap_or(u32::MAX));
        self.secrets.push(Secret { owner, path, kind });
        Value::Text(Text::Pieces(vec![Piece::Parameter(key)]))
    }

    /// A text.
    pub(crate) fn text(&mut self, scene: &Scene<'_>, text: String) -> Text {
        if is_guid(&text) {
            return self.guid(scene, text);
        }
        if is_id(&text) {
            let pieces = self.id(scene, &text);
            return Text::join(pieces);
        }
        if text.len() > SUBSCRIPTIONS.len() + 36 && find_subscriptions(&text).is_some() {
            return self.embedded(scene, &text);
        }
        if let Some(pieces) = hosts::pieces(&text, self.index, scene) {
            return Text::join(pieces);
        }
        Text::Literal(text)
    }

    fn guid(&mut self, scene: &Scene<'_>, text: String) -> Text {
        let lower = text.to_lowercase();
        let reference = |target, attribute| {
            Text::Pieces(vec![Piece::Reference(Reference {
                target,
                attribute,
                spelled: text.as_str().into(),
            })])
        };
        if let Some((number, attribute)) = self.index.guid(&lower) {
            if number == scene.owner {
                return Text::Literal(text);
            }
            if scene.is_written(number) {
                let target = Target::Resource(ResourceKey(number));
                return reference(target, attribute.clone());
            }
            if let What::Entra(_) | What::OtherEntra = scene.drafts[number as usize].what {
                let key = self.externals.directory(&scene.drafts[number as usize].id);
                return reference(Target::External(key), attribute.clone());
            }
            return Text::Literal(text);
        }
        if lower == self.tenant {
            let tenant = self.tenant.clone();
            let key = self.externals.tenant(&tenant);
            return reference(Target::External(key), Attribute::Name);
        }
        let subscription = format!("{SUBSCRIPTIONS}{lower}");
        if self.index.get(&subscription).is_some()
            && let Some(key) = self.externals.resource(&subscription)
        {
            return reference(Target::External(key), Attribute::Name);
        }
        Text::Literal(text)
    }

    /// A whole ID.
    pub(crate) fn id(&mut self, scene: &Scene<'_>, text: &str) -> Vec<Piece> {
        let lower = text.to_lowercase();
        let owner = &scene.drafts[scene.owner as usize];
        if is_within(&lower, &owner.key) {
            return self.below_parent(scene, text);
        }
        let found = self.index.longest(&lower, |number| scene.is_written(number));
        if let Some((number, segments)) = found {
            let (head, rest) = cut(text, segments);
            let is_resource = !scene.drafts[number as usize].what.is_scope();
            if is_resource || rest.trim_end_matches('/').is_empty() {
                return self.inside(number, head, rest);
            }
        }
        self.outside(scene, text, &lower)
    }

    /// The owner's own ID, or that of a part of it: no language lets a resource name itself.
    fn below_parent(&mut self, scene: &Scene<'_>, text: &str) -> Vec<Piece> {
        let parent_key = match scene.parent {
            Target::Resource(key) => &scene.drafts[key.index()].key,
            Target::External(key) => &self.externals.get(key).key,
        };
        if !parent_key.starts_with('/') {
            self.counts.literal += 1;
            return vec![Piece::Literal(text.to_owned())];
        }
        let (head, rest) = cut(text, parent_key.matches('/').count());
        match scene.parent {
            Target::Resource(_) => self.counts.inside += 1,
            Target::External(_) => self.counts.outside += 1,
        }
        let owner = &scene.drafts[scene.owner as usize];
        let mut rest = rest.to_owned();
        if owner.is_renamed {
            let (own, below) = cut(text, owner.key.matches('/').count());
            if let Some((fixed, _)) = own[head.len()..].rsplit_once('/') {
                rest = format!("{fixed}/{}{below}", owner.name);
            }
        }
        vec![reference_to_id(scene.parent, head), Piece::Literal(rest)]
    }

    fn inside(&mut self, number: u32, head: &str, rest: &str) -> Vec<Piece> {
        self.counts.inside += 1;
        let target = Target::Resource(ResourceKey(number));
        vec![reference_to_id(target, head), Piece::Literal(rest.to_owned())]
    }

    fn outside(&mut self, scene: &Scene<'_>, text: &str, lower: &str) -> Vec<Piece> {
        let is_subscriptions = lower.starts_with(SUBSCRIPTIONS);
        let same_everywhere = if is_subscriptions {
            NOT_OUTSIDE.iter().any(|part| lower.contains(part))
        } else {
            // At the tenant's own scope only management groups are anybody's.
            !lower.starts_with("/providers/microsoft.management/managementgroups/")
        };
        if !same_everywhere && let Some(key) = self.externals.resource(text) {
            self.counts.outside += 1;
            let head = text.trim_end_matches('/');
            let rest = &text[head.len()..];
            return vec![
                reference_to_id(Target::External(key), head),
                Piece::Literal(rest.to_owned()),
            ];
        }
        if is_subscriptions {
            let (head, rest) = cut(text, 2);
            if let Some(key) = self.externals.resource(head) {
                self.counts.outside += 1;
                return vec![
                    reference_to_id(Target::External(key), head),
                    Piece::Literal(rest.to_owned()),
                ];
            }
        }
        self.literal(scene, text, lower)
    }

    /// An ID that is left as it is. Checks what it should not have to: that it is none of a resource of the plan.
    fn literal(&mut self, scene: &Scene<'_>, text: &str, lower: &str) -> Vec<Piece> {
        self.counts.literal += 1;
        let named = self.index.longest(lower, |_| true);
        if let Some((number, _)) = named.filter(|(number, _)| scene.is_written(*number)) {
            let (named, owner) = (
                &scene.drafts[number as usize],
                &scene.drafts[scene.owner as usize],
            );
            if !named.what.is_scope() {
                self.unresolved.push((text.to_owned(), owner.id.clone()));
            }
        }
        vec![Piece::Literal(text.to_owned())]
    }

    /// A text with IDs in it.
    fn embedded(&mut self, scene: &Scene<'_>, text: &str) -> Text {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(at) = find_subscriptions(rest) {
            let (before, from) = rest.split_at(at);
            pieces.push(Piece::Literal(before.to_owned()));
            let end = from.find(ends_path).unwrap_or(from.len());
            let (path, after) = from.split_at(end);
            pieces.extend(self.embedded_id(scene, path));
            rest = after;
        }
        pieces.push(Piece::Literal(rest.to_owned()));
        Text::join(pieces)
    }

    fn embedded_id(&mut self, scene: &Scene<'_>, path: &str) -> Vec<Piece> {
        let lower = path.to_lowercase();
        let owner = &scene.drafts[scene.owner as usize];
        if is_within(&lower, &owner.key) {
            return self.below_parent(scene, path);
        }
        let found = self.index.longest(&lower, |number| scene.is_written(number));
        if let Some((number, segments)) = found {
            let (head, rest) = cut(path, segments);
            return self.inside(number, head, rest);
        }
        let (head, rest) = cut(path, 2);
        if let Some(key) = self.externals.resource(head) {
            self.counts.outside += 1;
            return vec![
                reference_to_id(Target::External(key), head),
                Piece::Literal(rest.to_owned()),
            ];
        }
        self.literal(scene, path, &lower)
    }
}

/// A reference to an ID.
pub(crate) fn reference_to_id(target: Target, spelled: &str) -> Piece {
    Piece::Reference(Reference {
        target,
        attribute: Attribute::Id,
        spelled: spelled.into(),
    })
}

/// Whether a text is a whole resource ID: of a subscription and what lies in it, or of a provider at the tenant's scope.
pub(crate) fn is_id(text: &str) -> bool {
    const MARKS: &[u8] = b"{}*?<>\"|\\%#";
    let begins = |with: &str| {
        text.get(..with.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(with))
    };
    text.len() > SUBSCRIPTIONS.len()
        && (begins(SUBSCRIPTIONS) || begins("/providers/"))
        && !text.bytes().any(|byte| MARKS.contains(&byte))
        && text.parse::<ResourceId>().is_ok()
}

/// Whether a path in small letters is that key or lies under it.
fn is_within(lower: &str, key: &str) -> bool {
    lower
        .strip_prefix(key)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Cuts a path behind so many segments.
fn cut(text: &str, segments: usize) -> (&str, &str) {
    let end = text
        .match_indices('/')
        .nth(segments)
        .map_or(text.len(), |(at, _)| at);
    text.split_at(end)
}

fn find_subscriptions(text: &str) -> Option<usize> {
    text.match_indices('/').map(|(at, _)| at).find(|at| {
        text.get(*at..at + SUBSCRIPTIONS.len())
            .is_some_and(|part| part.eq_ignore_ascii_case(SUBSCRIPTIONS))
    })
}

/// Whether a letter ends a path inside a text. Names with blanks in them are cut at the blank: what stands before is
/// still right.
fn ends_path(letter: char) -> bool {
    !(letter.is_alphanumeric() || matches!(letter, '/' | '-' | '_' | '.' | '(' | ')' | '~' | '$' | '@'))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("/subscriptions/a", true)]
    #[case("/Subscriptions/a/resourceGroups/b c", true)]
    #[case("/providers/Microsoft.Management/managementGroups/x", true)]
    #[case("/subscriptions/", false)]
    #[case("/subscriptions/{id}", false)]
    #[case("/subscriptions/a//b", false)]
    #[case("/home/x/.ssh", false)]
    #[case("x/subscriptions/a", false)]
    fn ids_are_told_from_other_texts(#[case] text: &str, #[case] is: bool) {
        assert_eq!(is_id(text), is);
    }

    #[test]
    fn a_path_is_cut_behind_segments() {
        assert_eq!(cut("/a/b/c", 2), ("/a/b", "/c"));
        assert_eq!(cut("/a/b", 2), ("/a/b", ""));
        assert_eq!(cut("/a/b/", 2), ("/a/b", "/"));
        assert_eq!(cut("/ä/B/c", 2), ("/ä/B", "/c"));
    }

    #[test]
    fn an_id_is_found_inside_a_text() {
        let text = "see https://x/Subscriptions/1/y, é";
        assert_eq!(find_subscriptions(text), Some(13));
        assert_eq!(find_subscriptions("é/é"), None);
    }
}
