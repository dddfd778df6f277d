//! An object on its way into the plan: its body parsed and cleaned, nothing resolved yet.

use atg_json::Json;
use atg_sdk::azure::{Location, ResourceId, ResourceType, Scope as IdScope};

use super::{entra, index::Index, skip::Skip};
use crate::{
    plan::{Entra, Reason},
    source::{Object, ObjectKind, Standing},
};

/// An object on its way into the plan.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    /// As Azure spelled it; of the tenant its GUID.
    pub(crate) id: String,
    /// In small letters: what references are looked up by.
    pub(crate) key: Box<str>,
    /// What Azure calls it: the last segment of the ID, an Entra object's display name.
    pub(crate) name: String,
    pub(crate) what: What,
    pub(crate) standing: Standing,
    pub(crate) location: Option<String>,
    pub(crate) tags: Option<Vec<(String, String)>>,
    pub(crate) identity: Option<RawIdentity>,
    pub(crate) body: Vec<(String, Json)>,
    /// The object ID of its own managed identity, which is no part of what is written.
    pub(crate) principal_id: Option<String>,
    /// The version that the source read it with.
    pub(crate) api_version: Option<String>,
    /// The version of its type that the facts know.
    pub(crate) known_version: Option<&'static str>,
    /// Whether one of its type can be created at all.
    pub(crate) is_creatable: bool,
    /// Whether it is called otherwise than in the source.
    pub(crate) is_renamed: bool,
    /// Whether it is another one than what is there, so that nothing may be imported for it.
    pub(crate) is_new: bool,
    /// Whether the source told nothing of what it holds.
    pub(crate) thin: bool,
    /// Which top-level members Azure answers and does not take.
    pub(crate) answered: Vec<&'static str>,
    /// Which members Azure names in another case.
    pub(crate) respelled: Vec<String>,
    /// Values that Azure answers in another case than its type has them, and what it answers.
    pub(crate) recased: Vec<(String, String)>,
    /// Members that the type insists on and Azure did not answer.
    pub(crate) supplied: Vec<String>,
    /// Set as soon as it is known that it is not written.
    pub(crate) skip: Option<Skip>,
}

/// What an object is, as far as the planner tells apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    Tenant,
    ManagementGroup,
    Subscription,
    ResourceGroup,
    Resource(ResourceType),
    Entra(Entra),
    /// An Entra object of a kind that is not written.
    OtherEntra,
}

/// Managed identities as a body has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RawIdentity {
    pub(crate) kind: String,
    pub(crate) user_assigned: Vec<String>,
}

impl What {
    pub(crate) fn is_scope(&self) -> bool {
        match self {
            Self::Tenant | Self::ManagementGroup | Self::Subscription | Self::ResourceGroup => true,
            Self::Resource(_) | Self::Entra(_) | Self::OtherEntra => false,
        }
    }

    /// The type as it is written, for what is of Azure Resource Manager.
    pub(crate) fn type_text(&self) -> &str {
        match self {
            Self::Tenant => "Microsoft.Resources/tenants",
            Self::ManagementGroup => "Microsoft.Management/managementGroups",
            Self::Subscription => "Microsoft.Resources/subscriptions",
            Self::ResourceGroup => "Microsoft.Resources/resourceGroups",
            Self::Resource(resource_type) => resource_type.as_str(),
            Self::Entra(kind) => kind.type_name(),
            Self::OtherEntra => "Microsoft.Graph/directoryObjects",
        }
    }
}

impl Draft {
    /// Takes an object of that tenant apart. Its body is as the source has it.
    pub(crate) fn of(object: Object, tenant: &str) -> Self {
        let Object {
            id,
            name,
            kind,
            standing,
            members,
            properties,
        } = object;
        match kind {
            ObjectKind::Entra(kind) => entra::draft(id, name, &kind, members, tenant),
            ObjectKind::Arm(resource_type) => Self::of_arm(id, &resource_type, standing, members, properties),
        }
    }

    fn of_arm(
        id: String,
        resource_type: &str,
        standing: Standing,
        members: Vec<(String, Json)>,
        properties: Option<Box<str>>,
    ) -> Self {
        let mut draft = Self {
            key: key_of(&id),
            name: id
                .trim_end_matches('/')
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .to_owned(),
            what: What::OtherEntra,
            id,
            standing,
            location: None,
            tags: None,
            identity: None,
            body: Vec::new(),
            principal_id: None,
            api_version: None,
            known_version: None,
            is_creatable: true,
            is_renamed: false,
            is_new: false,
            thin: properties.is_none(),
            answered: Vec::new(),
            respelled: Vec::new(),
            recased: Vec::new(),
            supplied: Vec::new(),
            skip: None,
        };
        draft.what = match what_of(&draft.id, resource_type) {
            Ok(what) => what,
            Err(reason) => {
                draft.skip = Some(Skip::new(Reason::Malformed).because(reason));
                return draft;
            }
        };
        if draft.what == What::Tenant {
            draft.id = draft.name.clone();
        }
        if let Some(text) = properties {
            match Json::parse(text.as_bytes()) {
                Ok(value) => draft.body.push(("properties".to_owned(), value)),
                Err(error) => {
                    let reason = format!("its properties are no JSON: {error}");
                    draft.skip = Some(Skip::new(Reason::Malformed).because(reason));
                }
            }
        }
        for (name, value) in members {
            draft.take_member(name, value);
        }
        draft
    }

    fn take_member(&mut self, name: String, value: Json) {
        match (name.as_str(), value) {
            ("location", Json::String(text)) => {
                let location = Location::from(text.as_str());
                if !location.as_str().is_empty() {
                    self.location = Some(location.as_str().to_owned());
                }
            }
            ("tags", Json::Object(tags)) => {
                self.tags = Some(
                    tags.into_iter()
                        .map(|(name, value)| (name, tag_text(value)))
                        .collect(),
                );
            }
            ("identity", Json::Object(members)) => {
                self.principal_id = members.iter().find_map(|(name, value)| {
                    (name == "principalId")
                        .then(|| value.as_str().map(str::to_owned))
                        .flatten()
                });
                self.identity = identity_of(members);
            }
            ("apiVersion", Json::String(text)) => self.api_version = Some(text),
            ("location" | "tags" | "identity" | "apiVersion", _) => {}
            (_, value) => self.body.push((name, value)),
        }
    }

    /// What `import` takes, where the files make what was read: the ID as Azure spells its fixed parts.
    pub(crate) fn import_id(&self, drafts: &[Self], index: &Index) -> Option<String> {
        if self.is_renamed || self.is_new {
            return None;
        }
        if matches!(self.what, What::Entra(_)) {
            return Some(self.id.clone());
        }
        let above = self.parent_id().and_then(|parent| index.get(&key_of(&parent)));
        let head = match above {
            Some(number) => drafts[number as usize].import_id(drafts, index)?,
            None => match self.parent_id() {
                Some(parent) => spelled(&parent),
                None => return Some(spelled(&self.id)),
            },
        };
        let name = self
            .id
            .trim_end_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or_default();
        let head = head.trim_end_matches('/');
        Some(match &self.what {
            What::Resource(resource_type) if resource_type.parent().is_some() => {
                let last = resource_type.as_str().rsplit('/').next().unwrap_or_default();
                format!("{head}/{last}/{name}")
            }
            What::Resource(resource_type) => format!("{head}/providers/{resource_type}/{name}"),
            What::ResourceGroup => format!("{head}/resourceGroups/{name}"),
            _ => spelled(&self.id),
        })
    }

    /// Gives it another name.
    pub(crate) fn rename(&mut self, name: String) -> Result<(), String> {
        if name.is_empty() || name.contains('/') || name.chars().any(char::is_control) {
            return Err(format!("`{}` is no name", name.escape_debug()));
        }
        if name != self.name {
            self.is_renamed = !matches!(self.what, What::Entra(_));
            self.name = name;
        }
        Ok(())
    }

    /// The ID that it will have, with the names that it and what it lies in are given.
    pub(crate) fn new_id(&self, drafts: &[Self], index: &Index) -> String {
        let id = self.id.trim_end_matches('/');
        let above = self.parent_id().and_then(|parent| index.get(&key_of(&parent)));
        let (Some((head, _)), Some(parent)) = (id.rsplit_once('/'), above) else {
            return id.to_owned();
        };
        let parent = &drafts[parent as usize];
        let rest = head
            .get(parent.id.trim_end_matches('/').len()..)
            .unwrap_or_default();
        format!("{}{rest}/{}", parent.new_id(drafts, index), self.name)
    }

    /// What lies nearest above it. `None` where its ID does not say (subscriptions, management groups).
    pub(crate) fn parent_id(&self) -> Option<String> {
        match &self.what {
            What::Resource(_) | What::ResourceGroup => {
                let id: ResourceId = self.id.parse().ok()?;
                Some(id.parent()?.as_str().to_owned())
            }
            What::Tenant | What::ManagementGroup | What::Subscription | What::Entra(_) | What::OtherEntra => {
                None
            }
        }
    }
}

/// An ID with the words that every ID has in their usual spelling.
fn spelled(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    for segment in id.split('/').skip(1) {
        out.push('/');
        let usual = ["subscriptions", "resourceGroups", "providers", "managementGroups"]
            .into_iter()
            .find(|usual| usual.eq_ignore_ascii_case(segment));
        out.push_str(usual.unwrap_or(segment));
    }
    if out.is_empty() { id.to_owned() } else { out }
}

/// In small letters, without a slash at the end. The tenant's key is its GUID.
pub(crate) fn key_of(id: &str) -> Box<str> {
    let id = id.trim_end_matches('/');
    let id = match id.strip_prefix("/tenants/") {
        Some(guid) if !guid.contains('/') => guid,
        _ => id,
    };
    id.to_lowercase().into()
}

fn what_of(id: &str, resource_type: &str) -> Result<What, String> {
    if id.starts_with("/tenants/") {
        return Ok(What::Tenant);
    }
    let parsed: ResourceId = id
        .parse()
        .map_err(|error: atg_sdk::Error| error.message().to_owned())?;
    match parsed.scope() {
        IdScope::Tenant => Ok(What::Tenant),
        IdScope::ManagementGroup => Ok(What::ManagementGroup),
        IdScope::Subscription => Ok(What::Subscription),
        IdScope::ResourceGroup => Ok(What::ResourceGroup),
        IdScope::Resource => {
            let told = parsed
                .resource_type()
                .ok_or_else(|| "its ID names no type".to_owned())?;
            // The graph spells types as Azure documents them; IDs are spelled by whoever made the resource. Where the two
            // are different types the ID is right: it is what Azure is asked with.
            match resource_type.parse::<ResourceType>() {
                Ok(given) if given == told => Ok(What::Resource(given)),
                _ => Ok(What::Resource(told)),
            }
        }
        IdScope::Other => Err("its ID has a shape that no resource has".to_owned()),
    }
}

/// A tag's value is a text; some exports write numbers, and `null` for none.
fn tag_text(value: Json) -> String {
    match value {
        Json::String(text) => text,
        Json::Null => String::new(),
        other => other.to_string(),
    }
}

/// `None` where no identity is said, which bodies do in several ways. `None`, the word, is kept: it is something to say.
fn identity_of(members: Vec<(String, Json)>) -> Option<RawIdentity> {
    let mut kind = None;
    let mut user_assigned = Vec::new();
    for (name, value) in members {
        match (name.as_str(), value) {
            ("type", Json::String(text)) => kind = Some(text),
            ("userAssignedIdentities", Json::Object(identities)) => {
                user_assigned = identities.into_iter().map(|(id, _)| id).collect();
            }
            _ => {}
        }
    }
    let kind = kind.filter(|kind| !kind.is_empty())?;
    Some(RawIdentity { kind, user_assigned })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUB: &str = "/subscriptions/00000000-0000-0000-0000-000000000001";

    fn object(id: &str, resource_type: &str, members: &str, properties: Option<&str>) -> Object {
        let Ok(Json::Object(members)) = Json::parse(members.as_bytes()) else {
            panic!("{members} is no object");
        };
        Object {
            id: id.to_owned(),
            name: String::new(),
            kind: ObjectKind::Arm(resource_type.to_owned()),
            standing: Standing::Own,
            members,
            properties: properties.map(Into::into),
        }
    }

    #[test]
    fn a_body_is_taken_apart() {
        let draft = Draft::of(
            object(
                &format!("{SUB}/resourceGroups/Rg/providers/microsoft.web/sites/Web"),
                "Microsoft.Web/sites",
                r#"{"kind":"app","location":"West Europe","tags":{"a":"b","n":1,"z":null},
                "identity":{"type":"UserAssigned","userAssignedIdentities":{"/x/y":{"clientId":"c"}}}}"#,
                Some(r#"{"httpsOnly":true}"#),
            ),
            "",
        );
        assert_eq!(draft.what, What::Resource("Microsoft.Web/sites".parse().unwrap()));
        assert_eq!(&*draft.key, draft.id.to_lowercase());
        assert_eq!(draft.name, "Web");
        assert_eq!(draft.location.as_deref(), Some("westeurope"));
        let tags = draft.tags.as_deref().unwrap();
        assert_eq!(tags[1], ("n".to_owned(), "1".to_owned()));
        assert_eq!(tags[2].1, "");
        assert_eq!(draft.identity.as_ref().unwrap().user_assigned, ["/x/y"]);
        let names: Vec<_> = draft.body.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["properties", "kind"]);
        assert_eq!(draft.parent_id().unwrap(), format!("{SUB}/resourceGroups/Rg"));
    }

    #[test]
    fn no_identity_is_said_in_several_ways() {
        for identity in [r#"{"type":""}"#, r#"{"type":null}"#, "{}", "null"] {
            let members = format!(r#"{{"identity":{identity}}}"#);
            let draft = Draft::of(
                object(
                    &format!("{SUB}/resourceGroups/a/providers/A.B/c/d"),
                    "A.B/c",
                    &members,
                    None,
                ),
                "",
            );
            assert_eq!(draft.identity, None, "{identity}");
            assert!(draft.thin && draft.body.is_empty());
        }
    }

    #[test]
    fn what_has_no_proper_id_or_body_is_skipped_with_the_reason() {
        for (id, properties) in [
            ("/subscriptions//x", None),
            ("/subscriptions/s/resourceGroups", None),
            ("/subscriptions/s/resourceGroups/a/providers/A.B/c/d", Some("{")),
        ] {
            let draft = Draft::of(object(id, "A.B/c", "{}", properties), "");
            assert_eq!(draft.skip.unwrap().reason, Reason::Malformed, "{id}");
        }
    }
}
