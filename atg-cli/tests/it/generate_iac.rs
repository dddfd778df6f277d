//! `atg generate-iac`: a tenant in three languages, the same everywhere.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{
    service::Service,
    support::{Home, Ran},
};

const TENANT: &str = "4baabe85-98a8-43fe-89fe-574c55f50b56";
const FORMATS: [&str; 3] = ["terraform", "bicep", "arm"];

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/demo-tenant/demo.jsonl")
}

/// A home that has scanned the demo tenant.
fn scanned() -> Home {
    let home = Home::new();
    let source = demo().display().to_string();
    home.run(&["scan", "--from", &source, "--tenant-id", TENANT])
        .expect(0);
    home
}

fn generate<'a>(format: &'a str, directory: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec![
        "generate-iac",
        "--format",
        format,
        "--output-dir",
        directory,
        "--tenant-id",
        TENANT,
    ];
    args.extend(more);
    args
}

/// Every file below a directory, by its path.
fn files(directory: &Path) -> BTreeMap<String, String> {
    fn visit(at: &Path, prefix: &str, out: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(at).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                visit(&entry.path(), &format!("{name}/"), out);
            } else {
                out.insert(name, fs::read_to_string(entry.path()).unwrap());
            }
        }
    }
    let mut out = BTreeMap::new();
    visit(directory, "", &mut out);
    out
}

fn output(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap()
}

/// Languages without groups of people leave them out, and say so by their exit code.
fn code(format: &str) -> i32 {
    if format == "terraform" { 0 } else { 6 }
}

#[test]
fn two_runs_and_a_run_at_a_service_give_the_same_bytes() {
    let (here, there, service) = (scanned(), Home::new(), Service::start());
    let source = demo().display().to_string();
    service
        .run(&there, &["scan", "--from", &source, "--tenant-id", TENANT])
        .expect(0);
    for format in FORMATS {
        let (first, second) = (format!("{format}-1"), format!("{format}-2"));
        here.run(&generate(format, &first, &[])).expect(code(format));
        here.run(&generate(format, &second, &[])).expect(code(format));
        service
            .run(&there, &generate(format, &first, &[]))
            .expect(code(format));
        let one = files(&here.work().join(&first));
        assert!(one.len() > 2, "{:?}", one.keys());
        assert_eq!(files(&here.work().join(&second)), one, "{format}");
        assert_eq!(files(&there.work().join(&first)), one, "{format}");
    }
}

#[test]
fn every_object_has_its_line_in_the_report_and_no_secret_is_anywhere() {
    let home = scanned();
    let truth: Value =
        serde_json::from_str(&fs::read_to_string(demo().with_file_name("truth.json")).unwrap()).unwrap();
    let secrets: Vec<&str> = truth["secrets"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|secret| secret["value"].as_str())
        .collect();
    for format in FORMATS {
        let ran = home
            .run(&generate(format, format, &["--output", "json"]))
            .expect(code(format));
        let output = output(&ran);
        let files = files(&home.work().join(format));
        let report: Value = serde_json::from_str(&files["report.json"]).unwrap();
        let objects = report["objects"].as_array().unwrap();
        assert_eq!(objects.len() as u64, output["objects"].as_u64().unwrap());
        let written = objects
            .iter()
            .filter(|object| object["outcome"] == "written")
            .count() as u64;
        assert_eq!(written, output["resources"].as_u64().unwrap());
        assert_eq!(report["counts"]["references"]["unresolved"], 0);
        assert_eq!(
            report["missing"].as_array().unwrap().len() as u64,
            output["missing_total"].as_u64().unwrap()
        );
        for (name, text) in &files {
            for secret in &secrets {
                assert!(!text.contains(secret), "{name} holds a planted secret");
            }
        }
    }
}

#[test]
fn a_directory_that_holds_something_is_left_alone() {
    let home = scanned();
    home.run(&generate("terraform", "out", &["--layout", "modules"]))
        .expect(0);
    let out = home.work().join("out");
    let before = files(&out);
    assert!(
        before.keys().any(|name| name.starts_with("modules/")),
        "{:?}",
        before.keys()
    );
    home.run(&generate("terraform", "out", &[]))
        .expect_error(4, &["not empty", "--force"]);
    assert_eq!(files(&out), before);
    fs::write(out.join("terraform.tfstate"), "mine").unwrap();
    home.run(&generate(
        "terraform",
        "out",
        &["--force", "--resource-group", "rg-dev-sandbox"],
    ))
    .expect(0);
    let after = files(&out);
    assert_eq!(after["terraform.tfstate"], "mine");
    assert!(
        !after.keys().any(|name| name.starts_with("modules/")),
        "{:?}",
        after.keys()
    );
    assert!(after["main.tf"].len() < before.values().map(String::len).sum());
}

#[test]
fn a_dry_run_and_an_explanation_write_nothing() {
    let home = scanned();
    let ran = home
        .run(&[
            "generate-iac",
            "--format",
            "bicep",
            "--tenant-id",
            TENANT,
            "--dry-run",
        ])
        .expect(0);
    assert!(
        ran.stderr.contains("planned") && ran.stdout.is_empty(),
        "{}",
        ran.stderr
    );
    let id = "/subscriptions/b26c1f42-f03f-44ae-9b95-2b9d9c6651ea/resourceGroups/rg-dev-sandbox/providers/Microsoft.Network/networkInterfaces/nic-vm-jump";
    let ran = home
        .run(&["generate-iac", "--format", "terraform", "--explain", id])
        .expect(0);
    for words in [
        "is written as nic_vm_jump",
        "refers to",
        "leaves out properties.provisioningState: read-only",
    ] {
        assert!(ran.stdout.contains(words), "`{words}` is not in\n{}", ran.stdout);
    }
    home.run(&[
        "generate-iac",
        "--format",
        "terraform",
        "--explain",
        "/subscriptions/none",
    ])
    .expect_error(4, &["holds nothing of that ID"]);
    assert_eq!(fs::read_dir(home.work()).unwrap().count(), 0);
}

#[test]
fn rules_and_a_ledger_are_files() {
    let home = scanned();
    let rules = home.file(
        "rules.toml",
        "[[rule]]\nmatch = \"types=Microsoft.Authorization/locks\"\ndrop = true\n[[rule]]\nmatch = \"names=nobody\"\ndrop = true\n",
    );
    let other = "99999999-9999-4999-8999-999999999999";
    let ran = home
        .run(&generate(
            "terraform",
            "first",
            &["--rules", &rules, "--target-tenant-id", other],
        ))
        .expect(0);
    assert!(ran.stderr.contains("rule 2 matches nothing"), "{}", ran.stderr);
    let first = files(&home.work().join("first"));
    assert!(!first["main.tf"].contains("CanNotDelete"));
    assert!(
        !first.contains_key("imports.tf") || !first["imports.tf"].contains("import {"),
        "nothing is there to import"
    );
    let mut ledger: Value = serde_json::from_str(&first["ledger.json"]).unwrap();
    let names = ledger["names"].as_array().unwrap();
    let at = names
        .iter()
        .position(|name| name["source"].as_str().unwrap().ends_with("/stnrvdevshare"))
        .unwrap();
    ledger["names"][at]["target"] = "stmyown".into();
    let ledger = home.file("ledger.json", &ledger.to_string());
    home.run(&generate("terraform", "second", &["--ledger", &ledger]))
        .expect(0);
    let second = files(&home.work().join("second"));
    assert!(second["main.tf"].contains("\"stmyown\"") && !second["main.tf"].contains("\"stnrvdevshare\""));

    let broken = home.file("broken.toml", "[[rule]]\nmatch = \"typ=x\"\n");
    home.run(&generate("terraform", "third", &["--rules", &broken]))
        .expect_error(2, &["rule 1", "`typ` is no clause"]);
    home.run(&generate("terraform", "third", &["--subset", "typ=x"]))
        .expect_error(2, &["`typ` is no clause"]);
    assert!(!home.work().join("third").exists());
}
