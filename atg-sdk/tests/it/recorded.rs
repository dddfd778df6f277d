//! Resource IDs as Azure really sent them.

use std::{env, fs, path::PathBuf};

use atg_sdk::azure::{ResourceId, Scope};
use serde_json::Value;

/// The recorded tenant lies beside the workspace, or under `ATG_SHARED`.
fn recorded() -> Option<String> {
    let shared = env::var_os("ATG_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")),
        PathBuf::from,
    );
    let path = shared.join("data/tenants/recorded.jsonl");
    match fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) if env::var_os("CI").is_some() => panic!("{}: {error}", path.display()),
        // Only a checkout of its own has no recording beside it.
        Err(_) => None,
    }
}

#[test]
fn every_recorded_id_is_read_and_spells_its_type() {
    let Some(text) = recorded() else { return };
    let mut count = 0;
    for line in text.lines() {
        let resource: Value = serde_json::from_str(line).unwrap();
        let text = resource["id"].as_str().unwrap();
        let id: ResourceId = text.parse().unwrap();
        assert_eq!(id.to_string(), text);
        assert_eq!(
            id.scope(),
            if resource["type"] == "Microsoft.Resources/resourceGroups" {
                Scope::ResourceGroup
            } else {
                Scope::Resource
            },
            "{text}"
        );
        let mut current = id;
        while let Some(parent) = current.parent() {
            assert!(parent.scope() != Scope::Other, "{text}: {parent}");
            current = parent;
        }
        count += 1;
    }
    assert!(count > 100);
}
