//! Who may know whom: `deny.toml` for crates of others, a table for our own.

use std::collections::BTreeMap;

use toml::{Table, Value};

use crate::read;

/// What each crate of the workspace may use of the workspace, in what is built for users. Examples may use all.
const OURS: [(&str, &[&str]); 12] = [
    ("atg-sdk", &[]),
    (
        "atg-executor-local",
        &[
            "atg-sdk",
            "atg-azure",
            "atg-bolt",
            "atg-iac",
            "atg-json",
            "atg-live",
            "atg-recording",
        ],
    ),
    ("atg-executor-local/azure", &["atg-sdk"]),
    ("atg-executor-local/bolt", &[]),
    ("atg-executor-local/iac", &["atg-sdk", "atg-json"]),
    ("atg-executor-local/json", &[]),
    ("atg-executor-local/live", &["atg-sdk", "atg-azure"]),
    (
        "atg-executor-local/recording",
        &["atg-sdk", "atg-azure", "atg-json"],
    ),
    ("atg-executor-remote", &["atg-sdk"]),
    ("atg-server", &["atg-sdk"]),
    (
        "atg-cli",
        &["atg-sdk", "atg-executor-local", "atg-executor-remote"],
    ),
    (
        "bindings/python",
        &["atg-sdk", "atg-executor-local", "atg-executor-remote"],
    ),
];

/// What only the binary of the server uses.
const OF_THE_BINARY: [&str; 3] = ["atg-executor-local", "atg-azure", "clap"];

/// What the SDK leaves to others. Tokio may be there as an option, for the conformance suite.
const NOT_IN_THE_SDK: [&str; 10] = [
    "tokio",
    "reqwest",
    "hyper",
    "redis",
    "rusqlite",
    "neo4rs",
    "clap",
    "pyo3",
    "azure_core",
    "azure_identity",
];

fn table(path: &str) -> Table {
    read(path)
        .parse()
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A crate's dependencies, by name; `true` for an optional one.
fn dependencies(manifest: &Table) -> BTreeMap<String, bool> {
    let sections = ["dependencies", "build-dependencies"];
    let found = sections.iter().filter_map(|name| manifest.get(*name)?.as_table());
    found
        .flatten()
        .map(|(name, value)| {
            let optional = value.get("optional").and_then(Value::as_bool).unwrap_or_default();
            (name.clone(), optional)
        })
        .collect()
}

#[test]
fn our_crates_depend_in_one_direction() {
    for (path, allowed) in OURS {
        for (name, optional) in dependencies(&table(&format!("{path}/Cargo.toml"))) {
            // The server's binary names the local executor, and Azure for the vault with its keys; its library knows neither.
            let of_the_binary = path == "atg-server" && OF_THE_BINARY.contains(&name.as_str()) && optional;
            let ours = name.starts_with("atg-");
            assert!(
                !ours || of_the_binary || allowed.contains(&name.as_str()),
                "{path} may not use {name}"
            );
        }
    }
}

#[test]
fn the_sdk_knows_no_runtime_transport_or_store() {
    for (name, optional) in dependencies(&table("atg-sdk/Cargo.toml")) {
        let suite = name == "tokio" && optional;
        assert!(
            suite || !NOT_IN_THE_SDK.contains(&name.as_str()),
            "atg-sdk may not use {name}"
        );
    }
}

#[test]
fn the_servers_library_does_without_what_its_binary_needs() {
    let manifest = table("atg-server/Cargo.toml");
    let used = dependencies(&manifest);
    for name in OF_THE_BINARY {
        assert_ne!(
            used.get(name),
            Some(&false),
            "atg-server's library may not need {name}"
        );
    }
}

#[test]
fn banned_crates_are_used_only_by_their_wrappers() {
    let deny = table("deny.toml");
    let lock = table("Cargo.lock");
    let bans = deny["bans"]["deny"].as_array().expect("bans.deny is a list");
    let packages = lock["package"].as_array().expect("Cargo.lock lists packages");
    assert!(
        bans.len() > 5 && packages.len() > 50,
        "the files hold what they should"
    );
    for ban in bans {
        let banned = ban["crate"].as_str().expect("a ban names a crate");
        let wrappers: Vec<&str> = ban
            .get("wrappers")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        for package in packages {
            let user = package["name"].as_str().expect("a package has a name");
            let uses = package
                .get("dependencies")
                .and_then(Value::as_array)
                .is_some_and(|names| {
                    // A version follows the name where the lock file holds several.
                    names
                        .iter()
                        .filter_map(Value::as_str)
                        .any(|name| name.split(' ').next() == Some(banned))
                });
            assert!(
                !uses || wrappers.contains(&user),
                "{user} may not use {banned}: see deny.toml"
            );
        }
    }
}

#[test]
fn every_member_takes_the_lints_of_the_workspace() {
    let workspace = table("Cargo.toml");
    let members = workspace["workspace"]["members"]
        .as_array()
        .expect("members are a list");
    for member in members.iter().filter_map(Value::as_str) {
        let manifest = table(&format!("{member}/Cargo.toml"));
        let inherited = manifest
            .get("lints")
            .and_then(|lints| lints.get("workspace"))
            .and_then(Value::as_bool);
        assert_eq!(inherited, Some(true), "{member} has no `lints.workspace = true`");
    }
}
