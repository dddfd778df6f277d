//! The table against Azure's own descriptions of its types.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use super::{parents::PARENTS, *};

#[test]
fn rows_are_in_order_and_each_is_there_once() {
    let key = |child: &Child| {
        (
            child.parent.to_lowercase(),
            child.segment.to_lowercase(),
            matches!(child.place, Place::Name(_)),
        )
    };
    let keys: Vec<_> = CHILDREN.iter().map(key).collect();
    for pair in keys.windows(2) {
        assert!(pair[0] < pair[1], "{pair:?}");
    }
    assert!(CHILDREN.len() > 300, "{}", CHILDREN.len());
}

#[test]
fn every_parent_that_is_asked_can_be_read_itself() {
    for child in CHILDREN.iter().filter(|child| child.path().is_some()) {
        assert!(version_of(&child.parent.to_uppercase()).is_some(), "{child:?}");
    }
    let parents: BTreeSet<&str> = PARENTS.iter().map(|(own, _)| *own).collect();
    assert_eq!(parents.len(), PARENTS.len());
    for own in parents {
        assert!(
            !asked_for(own).is_empty(),
            "{own} has no children that are asked for"
        );
    }
}

#[test]
fn one_list_is_asked_for_once_though_it_holds_several_kinds() {
    let zone = asked_for("microsoft.network/DNSZONES");
    assert_eq!(zone.len(), 1);
    assert_eq!(zone[0].path().as_deref(), Some("recordsets"));
    assert_eq!(
        zone[0].action().as_deref(),
        Some("Microsoft.Network/dnsZones/recordsets/read")
    );
    let policy = asked_for("Microsoft.Storage/storageAccounts")
        .iter()
        .find(|child| child.segment == "managementPolicies")
        .unwrap();
    assert_eq!(policy.path().as_deref(), Some("managementPolicies/default"));
    assert!(asked_for("Microsoft.Network/virtualNetworks").is_empty());
}

#[test]
fn nothing_is_asked_for_that_is_a_secret() {
    for child in CHILDREN {
        let segment = child.segment.to_lowercase();
        assert!(
            !segment.starts_with("list") && !segment.contains("keyvalues") && segment != "apikeys",
            "{child:?}"
        );
    }
}

/// Types and versions, in small letters, of the rows' providers and versions.
fn described(archive: &Path) -> BTreeSet<String> {
    let rows = CHILDREN.iter().map(|child| (child.parent, child.api_version));
    let folders: BTreeSet<String> = rows
        .chain(PARENTS.iter().copied())
        .map(|(of, version)| {
            let provider = of.split('/').next().unwrap().to_lowercase();
            format!("/{provider}/{version}/types.json")
        })
        .collect();
    let mut found = BTreeSet::new();
    let mut archive = lzma_rust2::XzReader::new(File::open(archive).unwrap(), true);
    while let Some((path, data)) = entry(&mut archive) {
        let path = path.to_lowercase();
        if !folders.iter().any(|folder| path.ends_with(folder)) {
            continue;
        }
        let types: Vec<serde_json::Value> = serde_json::from_slice(&data).unwrap();
        let own = types.iter().filter(|own| own["$type"] == "ResourceType");
        found.extend(own.map(|own| own["name"].as_str().unwrap().to_lowercase()));
    }
    found
}

/// The next file of a tar archive.
fn entry(archive: &mut impl Read) -> Option<(String, Vec<u8>)> {
    let mut header = [0; 512];
    loop {
        archive.read_exact(&mut header).ok()?;
        if header[0] == 0 {
            return None;
        }
        let field = |from: usize, length: usize| {
            let bytes = &header[from..from + length];
            let text = bytes.split(|byte| *byte == 0).next().unwrap();
            String::from_utf8_lossy(text).trim().to_owned()
        };
        let size = usize::from_str_radix(&field(124, 12), 8).unwrap();
        let mut data = vec![0; size.div_ceil(512) * 512];
        archive.read_exact(&mut data).unwrap();
        data.truncate(size);
        if matches!(header[156], b'0' | 0) {
            return Some((format!("{}/{}", field(345, 155), field(0, 100)), data));
        }
    }
}

fn archive() -> Option<PathBuf> {
    let shared = std::env::var_os("ATG_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let archive = shared.join("data/arm-types/types.tar.xz");
    let is_there = archive.exists();
    assert!(
        is_there || std::env::var_os("CI").is_none(),
        "no descriptions of types: set ATG_SHARED"
    );
    is_there.then_some(archive)
}

#[test]
fn every_row_is_a_type_at_a_version_that_azure_describes() {
    let Some(archive) = archive() else { return };
    let described = described(&archive);
    let mut unknown = BTreeMap::new();
    for child in CHILDREN {
        let own = format!("{}@{}", child.resource_type(), child.api_version);
        if !described.contains(&own.to_lowercase()) {
            unknown.insert(own, child.place);
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
    for (own, version) in PARENTS {
        assert!(
            described.contains(&format!("{own}@{version}").to_lowercase()),
            "{own}@{version}"
        );
    }
}
