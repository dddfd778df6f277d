//! The tables name types and paths that Azure has, by its own descriptions of its types.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::Read,
    path::PathBuf,
};

use super::super::{aliases, rules::rows};
use crate::json::Json;

/// Where the descriptions are, which are not part of the repository; fails in CI where they are not.
fn archive() -> Option<PathBuf> {
    let root = std::env::var_os("ATG_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    let file = root.join("data/arm-types/types.tar.xz");
    if file.exists() {
        return Some(file);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "{} is not there",
        file.display()
    );
    None
}

/// The next file of a tar archive.
fn entry(archive: &mut impl Read) -> Option<(String, Vec<u8>)> {
    loop {
        let mut header = [0_u8; 512];
        archive.read_exact(&mut header).ok()?;
        let text = |range: std::ops::Range<usize>| {
            let bytes = &header[range];
            let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
            String::from_utf8_lossy(&bytes[..end]).trim().to_owned()
        };
        let name = text(0..100);
        if name.is_empty() {
            return None;
        }
        let size = usize::from_str_radix(&text(124..136), 8).unwrap();
        let mut data = vec![0; size.next_multiple_of(512)];
        archive.read_exact(&mut data).unwrap();
        data.truncate(size);
        if matches!(header[156], b'0' | 0) {
            return Some((name, data));
        }
    }
}

/// The types of one provider and version: a list that refers to itself by number.
struct Types(Vec<Json>);

impl Types {
    fn number(json: Option<&Json>) -> Option<usize> {
        json?.get("$ref")?.as_str()?.strip_prefix("#/")?.parse().ok()
    }

    fn body(&self, resource_type: &str) -> Option<usize> {
        self.0.iter().find_map(|json| {
            let name = json.get("name")?.as_str()?.split('@').next()?;
            let is_it =
                json.get("$type")?.as_str()? == "ResourceType" && name.eq_ignore_ascii_case(resource_type);
            is_it.then(|| Self::number(json.get("body")))?
        })
    }

    /// Whether a type has something at the steps of a path.
    fn has(&self, at: usize, steps: &[&str]) -> bool {
        let Some((step, rest)) = steps.split_first() else {
            return true;
        };
        let Some(json) = self.0.get(at) else { return false };
        let below = |json: Option<&Json>| Self::number(json).is_some_and(|at| self.has(at, rest));
        let list = |name: &str| json.get(name).and_then(Json::as_object).unwrap_or_default();
        match json.get("$type").and_then(Json::as_str).unwrap_or_default() {
            "AnyType" => true,
            "ArrayType" => *step == "[]" && below(json.get("itemType")),
            "UnionType" => json
                .get("elements")
                .and_then(Json::as_array)
                .unwrap_or_default()
                .iter()
                .any(|element| Self::number(Some(element)).is_some_and(|at| self.has(at, steps))),
            "ObjectType" | "DiscriminatedObjectType" => {
                let members = || list("properties").iter().chain(list("baseProperties"));
                let others = json.get("additionalProperties");
                // Objects without members are those of which Azure describes nothing.
                (members().next().is_none() && list("elements").is_empty() && others.is_none())
                    || (*step == "{}" && others.is_some())
                    || below(others)
                    || members().any(|(name, member)| {
                        (*step == "*" || name.eq_ignore_ascii_case(step)) && below(member.get("type"))
                    })
                    || list("elements")
                        .iter()
                        .any(|(_, element)| Self::number(Some(element)).is_some_and(|at| self.has(at, steps)))
            }
            _ => false,
        }
    }
}

fn steps(path: &str) -> Vec<&str> {
    path.split('.')
        .flat_map(|name| {
            let elements = name.matches("[]").count();
            std::iter::once(name.trim_end_matches("[]")).chain(std::iter::repeat_n("[]", elements))
        })
        .collect()
}

#[test]
fn every_path_is_one_of_its_type() {
    let Some(archive) = archive() else { return };
    // By provider, with what was not found yet.
    let mut wanted: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    let rules = rows().iter().map(|row| (row.types, row.path));
    let names = aliases::rows().map(|words| (words[0], words[1]));
    for (types, path) in rules.chain(names) {
        // Microsoft Entra objects, and names instead of paths.
        if (!types.contains('/') && types != "*") || path.starts_with("{name}") {
            continue;
        }
        let resource_type = match types {
            "*" => "Microsoft.KeyVault/managedHSMs".to_owned(),
            other => other.replace("*/", "Microsoft.EventGrid/topics/"),
        };
        let provider = resource_type.split('/').next().unwrap().to_lowercase();
        let path = path.trim_matches(['^', '@']).to_owned();
        wanted.entry(provider).or_default().insert((resource_type, path));
    }
    let mut files: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    let mut archive = lzma_rust2::XzReader::new(File::open(archive).unwrap(), true);
    while let Some((name, data)) = entry(&mut archive) {
        // `network/microsoft.network/2024-05-01/types.json`
        let provider = name.rsplit('/').nth(2).unwrap_or_default().to_lowercase();
        if wanted.contains_key(&provider) {
            files.entry(provider).or_default().push(data);
        }
    }
    for (provider, wanted) in &mut wanted {
        // The newest first: nearly everything is there.
        for data in files.remove(provider).unwrap_or_default().iter().rev() {
            if wanted.is_empty() {
                break;
            }
            let Json::Array(types) = Json::parse(data).unwrap() else {
                panic!("{provider} is no list")
            };
            let types = Types(types);
            wanted.retain(|(resource_type, path)| {
                !types
                    .body(resource_type)
                    .is_some_and(|body| types.has(body, &steps(path)))
            });
        }
    }
    let strange: Vec<_> = wanted.into_values().flatten().collect();
    assert!(
        strange.is_empty(),
        "no version of these types has these paths: {strange:#?}"
    );
}
