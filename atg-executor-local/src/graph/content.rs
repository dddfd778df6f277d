//! A node's content as text: what stores keep, compare and hand out.

use std::collections::BTreeMap;

use atg_sdk::{Error, Result};
use sha2::{Digest, Sha256};

use super::{Node, NodeClass, Said, Standing, Value};
use crate::json::{Json, write_string};

/// Sixteen bytes of SHA-256: equal contents are taken for the same.
pub(crate) type Hash = [u8; 16];

/// Everything about a node but its key and its history. All texts but `properties` are in one canonical spelling, so
/// that equal contents are equal bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) class: NodeClass,
    pub(crate) standing: Standing,
    /// A JSON array of names, the most general first.
    pub(crate) labels: String,
    pub(crate) resource_type: Option<String>,
    /// A JSON object, ordered by name.
    pub(crate) members: String,
    /// A JSON object, ordered by path.
    pub(crate) scalars: Option<String>,
    /// As the source wrote it.
    pub(crate) properties: Option<String>,
    pub(crate) source: String,
}

impl Content {
    /// Of what a source described.
    pub(crate) fn of(node: Node) -> Self {
        Self {
            class: node.class,
            standing: node.standing,
            labels: labels_text(node.labels.iter().map(AsRef::as_ref)),
            members: values_text(&node.members),
            scalars: node.properties.is_some().then(|| values_text(&node.scalars)),
            id: node.id,
            name: node.name,
            resource_type: node.resource_type,
            properties: node.properties,
            source: node.source.name().to_owned(),
        }
    }

    /// Of a stub: something that others point at and nothing describes.
    pub(crate) fn external(id: &str, source: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: last_segment(id).to_owned(),
            class: NodeClass::External,
            standing: Standing::Implied,
            labels: labels_text(["External"]),
            resource_type: None,
            members: "{}".to_owned(),
            scalars: None,
            properties: None,
            source: source.to_owned(),
        }
    }

    /// Whether its source told everything, so that what it does not say is not there.
    pub(crate) fn is_whole(&self) -> bool {
        self.properties.is_some()
    }

    /// What is true after this was said about something of which `before` was known. A source that did not tell
    /// everything clears nothing.
    pub(crate) fn over(self, before: &Self) -> Result<Self> {
        if self.is_whole() {
            return Ok(self);
        }
        let mut members = parse_object(&before.members)?;
        members.extend(parse_object(&self.members)?);
        Ok(Self {
            members: write_members(&members),
            resource_type: self.resource_type.or_else(|| before.resource_type.clone()),
            properties: before.properties.clone(),
            scalars: before.scalars.clone(),
            ..self
        })
    }

    /// Changes when anything does, except where it was read.
    pub(crate) fn hash(&self) -> Hash {
        let mut hash = Fields::new();
        hash.field(self.id.as_bytes())
            .field(self.name.as_bytes())
            .field(&[self.class.number(), self.standing.number()])
            .field(self.labels.as_bytes())
            .optional(self.resource_type.as_deref())
            .field(self.members.as_bytes())
            .optional(self.scalars.as_deref())
            .optional(self.properties.as_deref());
        hash.end()
    }

    /// Which of several descriptions of one thing within one scan counts: the greatest, so that neither the order of
    /// the input nor the borders of batches matter.
    pub(crate) fn rank(&self, hash: &Hash) -> Vec<u8> {
        let length = |text: &str| u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes();
        let mut rank = vec![self.standing.number(), u8::from(self.is_whole())];
        rank.extend(length(self.properties.as_deref().unwrap_or_default()));
        rank.extend(length(&self.members));
        rank.extend(hash);
        rank
    }

    /// The resource type, or the first label where it has none.
    pub(crate) fn kind(&self) -> String {
        self.resource_type.clone().unwrap_or_else(|| {
            let labels: Vec<String> = serde_json::from_str(&self.labels).unwrap_or_default();
            labels.into_iter().next().unwrap_or_default()
        })
    }
}

impl NodeClass {
    /// Every class.
    pub const ALL: [Self; 6] = [
        Self::Hierarchy,
        Self::Resource,
        Self::Entra,
        Self::Value,
        Self::External,
        Self::Scan,
    ];

    /// How stores write it.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Hierarchy => 0,
            Self::Resource => 1,
            Self::Entra => 2,
            Self::Value => 3,
            Self::External => 4,
            Self::Scan => 5,
        }
    }

    /// How exports write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hierarchy => "hierarchy",
            Self::Resource => "resource",
            Self::Entra => "entra",
            Self::Value => "value",
            Self::External => "external",
            Self::Scan => "scan",
        }
    }

    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.number() == number)
    }

    /// The class of that name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }

    /// Whether a scan counts it and a licence may remove it.
    pub(crate) const fn is_content(self) -> bool {
        match self {
            Self::Hierarchy | Self::Resource | Self::Entra => true,
            Self::Value | Self::External | Self::Scan => false,
        }
    }
}

impl Standing {
    /// Every standing, the least first.
    pub const ALL: [Self; 3] = [Self::Implied, Self::Inline, Self::Own];

    /// How stores write it.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Implied => 0,
            Self::Inline => 1,
            Self::Own => 2,
        }
    }

    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.number() == number)
    }

    /// How exports write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Implied => "implied",
            Self::Inline => "inline",
            Self::Own => "own",
        }
    }

    /// The standing of that name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.name() == name)
    }
}

impl Said {
    /// Every way, the surest first.
    pub const ALL: [Self; 3] = [Self::Here, Self::AtFarEnd, Self::Assumed];

    /// How stores write it.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Here => 0,
            Self::AtFarEnd => 1,
            Self::Assumed => 2,
        }
    }

    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|said| said.number() == number)
    }

    /// How exports write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Here => "here",
            Self::AtFarEnd => "at_far_end",
            Self::Assumed => "assumed",
        }
    }

    /// The way of that name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|said| said.name() == name)
    }
}

/// A SHA-256 of fields, each told apart from the next.
pub(crate) struct Fields(Sha256);

impl Fields {
    pub(crate) fn new() -> Self {
        Self(Sha256::new())
    }

    pub(crate) fn field(&mut self, bytes: &[u8]) -> &mut Self {
        self.0
            .update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_le_bytes());
        self.0.update(bytes);
        self
    }

    fn optional(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.field(b"1").field(text.as_bytes()),
            None => self.field(b"0"),
        }
    }

    pub(crate) fn end(self) -> Hash {
        let digest = self.0.finalize();
        let mut out = Hash::default();
        out.copy_from_slice(&digest[..16]);
        out
    }
}

/// A JSON array of names.
pub(crate) fn labels_text<'a>(labels: impl IntoIterator<Item = &'a str>) -> String {
    let mut out = String::from("[");
    for (index, label) in labels.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_string(label, &mut out);
    }
    out.push(']');
    out
}

/// A JSON object, ordered by name. Of a name that occurs twice the first counts.
pub(crate) fn values_text(values: &[(String, Value)]) -> String {
    let mut ordered: Vec<_> = values.iter().map(|(name, value)| (name, value)).collect();
    ordered.sort_by_key(|(name, _)| *name);
    ordered.dedup_by_key(|(name, _)| *name);
    write_object(ordered, write_value)
}

/// The same of members that were read.
pub(crate) fn write_members(members: &BTreeMap<String, Json>) -> String {
    write_object(members, Json::write_to)
}

fn write_object<'a, T: 'a>(
    members: impl IntoIterator<Item = (&'a String, &'a T)>,
    write: impl Fn(&T, &mut String),
) -> String {
    let mut out = String::from("{");
    for (index, (name, value)) in members.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_string(name, &mut out);
        out.push(':');
        write(value, &mut out);
    }
    out.push('}');
    out
}

/// Appends a value as JSON.
pub(crate) fn write_value(value: &Value, out: &mut String) {
    match value {
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(value) => out.push_str(&value.to_string()),
        // The shortest text that reads back as the same double; it always holds a `.` or an `e`, which tells it from
        // an integer. JSON has no infinities.
        Value::Float(value) if value.is_finite() => out.push_str(&format!("{value:?}")),
        Value::Float(value) => write_string(&value.to_string(), out),
        Value::String(text) => write_string(text, out),
        Value::Strings(texts) => out.push_str(&labels_text(texts.iter().map(String::as_str))),
    }
}

/// Reads what [`values_text`] wrote. Numbers keep their text.
///
/// # Errors
/// `InvalidArgument` when it is not a JSON object.
pub(crate) fn parse_object(text: &str) -> Result<BTreeMap<String, Json>> {
    match Json::parse(text.as_bytes()) {
        Ok(Json::Object(members)) => Ok(members.into_iter().collect()),
        Ok(_) => Err(Error::invalid("the properties of a node are not an object")),
        Err(error) => Err(Error::invalid("the properties of a node are not JSON").with_source(error)),
    }
}

/// What follows the last `/`; the whole where nothing does.
pub(crate) fn last_segment(id: &str) -> &str {
    id.trim_end_matches('/')
        .rsplit('/')
        .next()
        .filter(|name| !name.is_empty())
        .unwrap_or(id)
}
