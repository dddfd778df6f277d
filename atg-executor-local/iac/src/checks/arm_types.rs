//! Azure's descriptions of its types, and whether a body is as they say.
//!
//! One file for a provider and version holds a list of types that refer to each other by number. A member's flags are
//! 1 required, 2 read-only, 4 write-only, 8 known when the deployment starts.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::Read,
    path::Path,
};

use atg_json::Json;

use super::{Made, member, text};

const REQUIRED: u64 = 1;
const READ_ONLY: u64 = 2;

/// The descriptions that were wanted.
#[derive(Debug)]
pub(super) struct ArmTypes {
    files: Vec<Vec<Json>>,
    /// `type@version` in small letters, with the file and the position in it.
    index: BTreeMap<String, (usize, usize)>,
}

impl ArmTypes {
    /// Reads what the archive has of those types and versions.
    pub(super) fn read<'a>(archive: &Path, wanted: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let wanted: BTreeSet<String> = wanted
            .map(|(of, version)| format!("{of}@{version}").to_ascii_lowercase())
            .collect();
        let folders: BTreeSet<String> = wanted
            .iter()
            .filter_map(|wanted| {
                let (of, version) = wanted.split_once('@')?;
                Some(format!("/{}/{version}/types.json", of.split('/').next()?))
            })
            .collect();
        let mut out = Self {
            files: Vec::new(),
            index: BTreeMap::new(),
        };
        let mut archive = lzma_rust2::XzReader::new(File::open(archive).unwrap(), true);
        while let Some((path, data)) = entry(&mut archive) {
            if !folders
                .iter()
                .any(|folder| path.to_ascii_lowercase().ends_with(folder))
            {
                continue;
            }
            let Json::Array(types) = Json::parse(&data).unwrap() else {
                panic!("{path} is no list")
            };
            for (at, json) in types.iter().enumerate() {
                if text(json, "$type") == "ResourceType" {
                    let name = text(json, "name").to_ascii_lowercase();
                    if wanted.contains(&name) {
                        out.index.insert(name, (out.files.len(), at));
                    }
                }
            }
            out.files.push(types);
        }
        out
    }

    /// What is wrong with a resource's body; `None` for a type and version that is not described.
    pub(super) fn check(&self, made: &Made) -> Option<Vec<String>> {
        let key = format!("{}@{}", made.resource_type, made.api_version).to_ascii_lowercase();
        let (file, at) = *self.index.get(&key)?;
        let file = &self.files[file];
        let mut found = Vec::new();
        let resource = &file[at];
        if resource
            .get("writableScopes")
            .is_some_and(|scopes| number(scopes) == 0.0)
        {
            found.push("nobody can create one".to_owned());
        }
        let mut body = made.body.clone();
        let mut add = |name: &str, value: &str| body.push((name.to_owned(), Json::from(value)));
        add("name", made.id.rsplit('/').next().unwrap());
        let body_type = resolve(file, member(resource, "body"));
        check(file, body_type, &Json::Object(body), "", true, &mut found);
        Some(found)
    }
}

/// The next file of a tar archive.
fn entry(archive: &mut impl Read) -> Option<(String, Vec<u8>)> {
    loop {
        let mut header = [0; 512];
        archive.read_exact(&mut header).ok()?;
        if header[0] == 0 {
            return None;
        }
        let field = |from: usize, length: usize| {
            let bytes = &header[from..from + length];
            String::from_utf8_lossy(bytes.split(|b| *b == 0).next().unwrap())
                .trim()
                .to_owned()
        };
        let size = usize::from_str_radix(&field(124, 12), 8).unwrap();
        let mut data = vec![0; size.div_ceil(512) * 512];
        archive.read_exact(&mut data).unwrap();
        data.truncate(size);
        if header[156] == b'0' || header[156] == 0 {
            let prefix = field(345, 155);
            let name = field(0, 100);
            let path = if prefix.is_empty() {
                name
            } else {
                format!("{prefix}/{name}")
            };
            return Some((path, data));
        }
        assert_eq!(header[156], b'5', "an entry of a kind that is not read");
    }
}

fn resolve<'a>(file: &'a [Json], reference: &Json) -> &'a Json {
    let at: usize = text(reference, "$ref")
        .strip_prefix("#/")
        .unwrap()
        .parse()
        .unwrap();
    &file[at]
}

fn number(json: &Json) -> f64 {
    match json {
        Json::Number(text) => text.parse().unwrap(),
        other => panic!("{other} is no number"),
    }
}

fn flags(property: &Json) -> u64 {
    property.get("flags").map_or(0, |flags| number(flags) as u64)
}

/// A value of which only the deployment knows more.
fn is_answer(text: &str) -> bool {
    text.contains('«')
}

fn check(file: &[Json], kind: &Json, value: &Json, at: &str, top: bool, found: &mut Vec<String>) {
    let mut wrong = |what: &str| found.push(format!("{at}: {what}"));
    if let Json::String(text) = value
        && is_answer(text)
    {
        return;
    }
    match (text(kind, "$type"), value) {
        ("AnyType", _) | ("BooleanType", Json::Bool(_)) => {}
        // The descriptions have no other numbers than whole ones, and use them for all.
        ("IntegerType", Json::Number(text)) => {
            if let Ok(value) = text.parse::<f64>()
                && (kind.get("minValue").is_some_and(|least| value < number(least))
                    || kind.get("maxValue").is_some_and(|most| value > number(most)))
            {
                wrong(&format!("{value} is out of bounds"));
            }
        }
        ("StringType", Json::String(value)) => {
            let length = value.chars().count() as f64;
            if kind.get("minLength").is_some_and(|least| length < number(least)) {
                wrong("is too short");
            }
            if kind.get("maxLength").is_some_and(|most| length > number(most)) {
                wrong("is too long");
            }
            if let Some(pattern) = kind.get("pattern").and_then(Json::as_str)
                && let Ok(pattern) = regex::Regex::new(pattern)
                && !pattern.is_match(value)
            {
                wrong(&format!("`{value}` is not like {pattern}"));
            }
        }
        ("StringLiteralType", Json::String(value)) => {
            if text(kind, "value") != value {
                wrong(&format!("`{value}` instead of `{}`", text(kind, "value")));
            }
        }
        ("UnionType", value) => {
            let elements = member(kind, "elements").as_array().unwrap();
            let fits = elements.iter().any(|element| {
                let mut inner = Vec::new();
                check(file, resolve(file, element), value, at, false, &mut inner);
                inner.is_empty()
            });
            if !fits {
                wrong(&format!("{value} is none of what it may be"));
            }
        }
        ("ArrayType", Json::Array(items)) => {
            let inner = resolve(file, member(kind, "itemType"));
            for (index, item) in items.iter().enumerate() {
                check(file, inner, item, &format!("{at}[{index}]"), false, found);
            }
        }
        ("ObjectType", Json::Object(members)) => {
            let properties = member(kind, "properties").as_object().unwrap();
            object(
                file,
                &[properties],
                kind.get("additionalProperties"),
                members,
                at,
                top,
                found,
            );
        }
        ("DiscriminatedObjectType", Json::Object(members)) => {
            let base = member(kind, "baseProperties").as_object().unwrap();
            let name = text(kind, "discriminator");
            let value = members
                .iter()
                .find(|(own, _)| own == name)
                .and_then(|(_, value)| value.as_str());
            let element = value.and_then(|value| member(kind, "elements").get(value));
            match element {
                None => wrong(&format!("`{name}` is {value:?}, which is not known")),
                Some(element) => {
                    let element = resolve(file, element);
                    let own = member(element, "properties").as_object().unwrap();
                    object(
                        file,
                        &[own, base],
                        element.get("additionalProperties"),
                        members,
                        at,
                        top,
                        found,
                    );
                }
            }
        }
        (kind, value) => wrong(&format!("{value} is no {kind}")),
    }
}

fn object(
    file: &[Json],
    properties: &[&[(String, Json)]],
    others: Option<&Json>,
    members: &[(String, Json)],
    at: &str,
    top: bool,
    found: &mut Vec<String>,
) {
    for (name, value) in members {
        let at = if at.is_empty() {
            name.clone()
        } else {
            format!("{at}.{name}")
        };
        let property = properties
            .iter()
            .flat_map(|list| list.iter())
            .find(|(own, _)| own == name);
        match (property, others) {
            (Some((_, property)), _) => {
                if flags(property) & READ_ONLY != 0 {
                    found.push(format!("{at}: is read-only"));
                }
                check(
                    file,
                    resolve(file, member(property, "type")),
                    value,
                    &at,
                    false,
                    found,
                );
            }
            (None, Some(others)) => check(file, resolve(file, others), value, &at, false, found),
            (None, None) => found.push(format!("{at}: is not known")),
        }
    }
    for (at_list, (name, property)) in properties
        .iter()
        .enumerate()
        .flat_map(|(at_list, list)| list.iter().map(move |property| (at_list, property)))
    {
        // What a variant says of a member goes before what all say.
        if at_list > 0 && properties[0].iter().any(|(own, _)| own == name) {
            continue;
        }
        // The type and the version stand in the template beside the body.
        let beside = top && ["id", "type", "apiVersion"].contains(&name.as_str());
        if flags(property) & REQUIRED != 0
            && flags(property) & READ_ONLY == 0
            && !beside
            && !members.iter().any(|(own, _)| own == name)
        {
            found.push(format!("{at}: `{name}` is missing"));
        }
    }
}
