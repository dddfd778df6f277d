//! What a plan says that there should be, and whether what was made is that.

use std::collections::BTreeMap;

use atg_json::Json;

use super::{Made, answer, not_given};
use crate::{
    deployment::Deployment,
    plan::{
        Attribute, ExternalKind, Kind, Member, Parameter, ParameterKey, ParameterType, Piece, Plan,
        Reference, ResourceKey, Target, Text, Value,
    },
    writer::Written,
};

/// Fails unless the resources that were made are those of the plan, each with the values that the plan says.
pub(super) fn agree(plan: &Plan, written: &Written, made: &[Made]) {
    let check = Check {
        plan,
        deployment: Deployment::of(plan),
    };
    let mut left: BTreeMap<(String, bool), &Made> = BTreeMap::new();
    for one in made {
        let key = (one.id.to_ascii_lowercase(), one.again);
        assert!(left.insert(key, one).is_none(), "{} is made three times", one.id);
    }
    for (key, resource) in plan.keyed() {
        let omitted = written.omitted.iter().any(|omission| omission.resource == key);
        assert_eq!(written.blocks[key.index()].is_empty(), omitted, "{}", resource.id);
        let id = check.id(key).to_ascii_lowercase();
        let found = left.remove(&(id.clone(), false));
        assert_eq!(found.is_none(), omitted, "{id}");
        let Some(found) = found else { continue };
        check.resource(key, found, &resource.body);
        let mut associations = plan
            .associations
            .iter()
            .filter(|association| association.owner == key)
            .peekable();
        if associations.peek().is_some() {
            let again = left
                .remove(&(id, true))
                .unwrap_or_else(|| panic!("{} is not put again", resource.id));
            let mut body = Value::Object(resource.body.clone());
            for association in associations {
                set(&mut body, &association.path, &association.value);
            }
            let Value::Object(body) = body else { unreachable!() };
            check.resource(key, again, &body);
        }
    }
    assert!(
        left.is_empty(),
        "made and not planned: {:?}",
        left.keys().take(5).collect::<Vec<_>>()
    );
}

/// Another way than the writers' to put a value into a tree, for objects and arrays that are there.
fn set(tree: &mut Value, path: &[String], value: &Value) {
    let [first, rest @ ..] = path else {
        *tree = value.clone();
        return;
    };
    match tree {
        Value::Array(items) => set(&mut items[first.parse::<usize>().unwrap()], rest, value),
        Value::Object(members) => {
            if !members
                .iter()
                .any(|member| member.name.as_literal() == Some(first))
            {
                members.push(Member::new(first.clone(), Value::Object(vec![])));
            }
            let member = members
                .iter_mut()
                .find(|member| member.name.as_literal() == Some(first))
                .unwrap();
            set(&mut member.value, rest, value);
        }
        other => panic!("{path:?} leads into {other:?}"),
    }
}

struct Check<'p> {
    plan: &'p Plan,
    deployment: Deployment<'p>,
}

impl Check<'_> {
    /// The ID that a resource gets: from names and parents, as the plan has them.
    fn id(&self, key: ResourceKey) -> String {
        let resource = self.plan.resource(key);
        if matches!(resource.kind, Kind::Entra(_)) {
            return resource.id.clone();
        }
        let parent = match resource.parent {
            Target::Resource(parent) => self.id(parent),
            Target::External(parent) if self.plan.external(parent).kind == ExternalKind::Tenant => {
                String::new()
            }
            Target::External(parent) => self.external_id(parent),
        };
        format!("{parent}{}{}", resource.id_suffix(), self.text(&resource.name))
    }

    fn external_id(&self, key: crate::plan::ExternalKey) -> String {
        let external = self.plan.external(key);
        external.id.clone()
    }

    fn resource(&self, key: ResourceKey, made: &Made, body: &[Member]) {
        let resource = self.plan.resource(key);
        let Kind::Arm {
            resource_type,
            api_version,
            ..
        } = &resource.kind
        else {
            panic!("{} is made", resource.id)
        };
        assert_eq!(
            (made.resource_type.as_str(), made.api_version.as_str()),
            (resource_type.as_str(), &**api_version)
        );
        let mut left: BTreeMap<&str, &Json> = made
            .body
            .iter()
            .map(|(name, value)| (name.as_str(), value))
            .collect();
        let at = |name: &str| format!("{} {name}", made.id);
        if let Some(location) = &resource.location {
            self.same_text(location, left.remove("location").unwrap(), &at("location"));
        }
        if let Some(tags) = &resource.tags {
            let found = left.remove("tags").unwrap().as_object().unwrap();
            assert_eq!(found.len(), tags.len(), "{}", at("tags"));
            for ((name, value), (found_name, found)) in tags.iter().zip(found) {
                assert_eq!(self.text(name), *found_name);
                self.same_text(value, found, &at("tags"));
            }
        }
        if let Some(identity) = &resource.identity {
            let found = left.remove("identity").unwrap();
            assert_eq!(found.get("type"), Some(&Json::String(identity.kind.clone())));
            let ids = found
                .get("userAssignedIdentities")
                .map_or(&[][..], |ids| ids.as_object().unwrap());
            assert_eq!(ids.len(), identity.user_assigned.len());
            for (expected, (found, _)) in identity.user_assigned.iter().zip(ids) {
                self.same_text(expected, &Json::String(found.clone()), &at("identity"));
            }
        }
        for member in body {
            let name = self.text(&member.name);
            let found = left
                .remove(name.as_str())
                .unwrap_or_else(|| panic!("{} is not there", at(&name)));
            self.same(&member.value, found, &at(&name));
        }
        assert!(left.is_empty(), "{} has also {left:?}", made.id);
    }

    fn same(&self, expected: &Value, found: &Json, at: &str) {
        match (expected, found) {
            (Value::Null, Json::Null) => {}
            (Value::Bool(expected), Json::Bool(found)) if expected == found => {}
            (Value::Number(expected), Json::Number(found)) if expected == found => {}
            (Value::Text(expected), found) => self.same_text(expected, found, at),
            (Value::Parameter(key), found) => assert_eq!(*found, self.parameter(*key), "{at}"),
            (Value::Array(expected), Json::Array(found)) => {
                assert_eq!(expected.len(), found.len(), "{at}");
                for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
                    self.same(expected, found, &format!("{at}[{index}]"));
                }
            }
            (Value::Object(expected), Json::Object(found)) => {
                assert_eq!(expected.len(), found.len(), "{at}");
                for (expected, (name, found)) in expected.iter().zip(found) {
                    self.same_text(&expected.name, &Json::String(name.clone()), at);
                    self.same(&expected.value, found, &format!("{at}.{name}"));
                }
            }
            (expected, found) => panic!("{at}: {found} instead of {expected:?}"),
        }
    }

    /// Literals to the letter; where an ID is made of parts, its case is that of its parts.
    fn same_text(&self, expected: &Text, found: &Json, at: &str) {
        let wanted = match expected {
            Text::Pieces(pieces) if matches!(pieces[..], [Piece::Parameter(_)]) => {
                let Piece::Parameter(key) = pieces[0] else {
                    unreachable!()
                };
                assert_eq!(*found, self.parameter(key), "{at}");
                return;
            }
            text => self.text(text),
        };
        let found = found
            .as_str()
            .unwrap_or_else(|| panic!("{at}: {found} instead of {wanted}"));
        match expected {
            Text::Literal(_) => assert_eq!(found, wanted, "{at}"),
            Text::Pieces(_) => assert_eq!(found.to_ascii_lowercase(), wanted.to_ascii_lowercase(), "{at}"),
        }
    }

    fn text(&self, text: &Text) -> String {
        match text {
            Text::Literal(text) => text.clone(),
            Text::Pieces(pieces) => pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Literal(text) => text.clone(),
                    Piece::Parameter(key) => match self.parameter(*key) {
                        Json::String(text) => text,
                        other => other.to_string(),
                    },
                    Piece::Reference(reference) => self.reference(reference),
                })
                .collect(),
        }
    }

    fn reference(&self, reference: &Reference) -> String {
        let path = || self.deployment.path(reference.target, &reference.attribute);
        match reference.target {
            Target::Resource(key) if self.deployment.place(key).is_none() => reference.spelled.to_string(),
            Target::Resource(key) => match reference.attribute {
                Attribute::Id => self.id(key),
                Attribute::Name => self.text(&self.plan.resource(key).name),
                _ => answer(&self.id(key), &path()),
            },
            Target::External(key) => {
                let external = self.plan.external(key);
                match (&external.kind, &reference.attribute) {
                    (_, Attribute::Id | Attribute::ObjectId) => self.external_id(key),
                    (_, Attribute::Name) => external.id.rsplit('/').next().unwrap().to_owned(),
                    (ExternalKind::Resource { .. }, _)
                        if crate::deployment::Existing::of(self.plan, key).is_some() =>
                    {
                        answer(&self.external_id(key), &path())
                    }
                    _ => reference.spelled.to_string(),
                }
            }
        }
    }

    fn parameter(&self, key: ParameterKey) -> Json {
        let parameter: &Parameter = self.plan.parameter(key);
        match (&parameter.default, parameter.kind) {
            (Some(default), _) => default.clone(),
            (None, ParameterType::Text | ParameterType::Any) => {
                Json::String(not_given(self.deployment.parameter_name(key)))
            }
        }
    }
}
