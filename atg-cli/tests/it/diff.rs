//! `atg diff`, here and at a service.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;

use super::{
    service::Service,
    support::{Home, Ran, TENANT, tenant},
};

const COPY: &str = "99999999-9999-4999-8999-999999999999";

/// The tenant after somebody worked on it: a larger machine, no disk, a new network.
fn later() -> String {
    let text = tenant().replace("Standard_B2s", "Standard_B4ms");
    let mut lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.contains("\"name\":\"disk-web\""))
        .collect();
    let network = text.lines().next().unwrap().replace("vnet-web", "vnet-new");
    lines.push(&network);
    lines.join("\n")
}

/// Scans both states, the first with its export kept. Returns the scan's job.
fn two_states(home: &Home, run: &dyn Fn(&[&str]) -> Ran) -> String {
    let (before, after) = (
        home.file("before.jsonl", &tenant()),
        home.file("after.jsonl", &later()),
    );
    let scan = |file: &str, more: &[&str]| {
        run(&[
            &[
                "scan",
                "--from",
                file,
                "--tenant-id",
                TENANT,
                "--authoritative",
                "/",
            ],
            more,
        ]
        .concat())
        .expect(0)
    };
    scan(&before, &["--keep-export"]);
    let jobs = run(&["job", "list", "--output", "json"]).expect(0).json();
    run(&["export", "-o", "before.zst"]).expect(0);
    scan(&after, &[]);
    run(&["export", "-o", "after.zst"]).expect(0);
    jobs["jobs"][0]["job_id"].as_str().unwrap().to_owned()
}

fn check_two_states(home: &Home, run: &dyn Fn(&[&str]) -> Ran) {
    let scan = two_states(home, run);
    let mut answers = Vec::new();
    for (number, (left, right)) in [
        (scan.clone(), TENANT.to_owned()),
        (format!("scan:{scan}"), format!("tenant:{TENANT}")),
        ("before.zst".to_owned(), "after.zst".to_owned()),
        ("file:before.zst".to_owned(), TENANT.to_owned()),
        (scan.clone(), "after.zst".to_owned()),
    ]
    .into_iter()
    .enumerate()
    {
        let directory = format!("diff-{number}");
        let ran = run(&[
            "diff",
            &left,
            &right,
            "--output",
            "json",
            "--output-dir",
            &directory,
        ])
        .expect(0);
        let file = |name: &str| fs::read_to_string(home.work().join(&directory).join(name)).unwrap();
        let mut whole: Value = serde_json::from_str(&file("diff.json")).unwrap();
        let run = atg_sdk::volatile::take_run(&mut whole).unwrap();
        assert!(
            run["duration_seconds"].is_number() && run["left"].is_object(),
            "{run}"
        );
        answers.push((ran.json(), whole, file("diff.md")));
    }
    for answer in &answers[1..] {
        assert_eq!(answer, &answers[0], "however the sides are named");
    }
    let (output, whole, _) = &answers[0];
    assert_eq!(output["nodes"]["changed"], 1, "{output}");
    assert_eq!(output["matched_by"], "key");
    let changes = whole["node_changes"].as_array().unwrap();
    let machine = changes
        .iter()
        .find(|change| change["change"] == "changed")
        .unwrap();
    assert_eq!(machine["changes"][0]["path"], "properties.hardwareProfile.vmSize");
    assert_eq!(machine["changes"][0]["before"], "Standard_B2s");
    assert_eq!(machine["changes"][0]["after"], "Standard_B4ms");
    for (change, name) in [("added", "vnet-new"), ("removed", "disk-web")] {
        let found = changes.iter().find(|found| {
            found["change"] == change && found["id"].as_str().is_some_and(|id| id.ends_with(name))
        });
        assert!(found.is_some(), "{name} in {changes:?}");
    }
    let gone = whole["edge_changes"].as_array().unwrap().iter();
    let gone =
        gone.filter(|edge| edge["change"] == "removed" && edge["to"].as_str().unwrap().ends_with("disk-web"));
    assert!(gone.count() >= 1, "{whole}");

    let text = run(&["diff", &scan, TENANT]).expect(0).stdout;
    assert!(
        text.starts_with("# Differences\n")
            && text.contains("`properties.hardwareProfile.vmSize`: `\"Standard_B2s\"` → `\"Standard_B4ms\"`"),
        "{text}"
    );
    run(&["diff", &scan, TENANT, "--exit-code"]).expect(1);
    let same = run(&["diff", TENANT, "after.zst", "--exit-code"]).expect(0);
    assert!(same.stdout.contains("Nothing differs."), "{}", same.stdout);

    // The second scan kept nothing.
    let jobs = run(&["job", "list", "--output", "json"]).expect(0).json();
    let jobs = jobs["jobs"].as_array().unwrap();
    let second = jobs.iter().find(|job| job["operation"] == "scan").unwrap();
    let second = second["job_id"].as_str().unwrap();
    assert_ne!(second, scan);
    let code = |ran: &Ran| assert!(matches!(ran.code, 2 | 4), "{}", ran.stderr);
    for (side, says) in [
        (second, "--keep-export"),
        (&format!("scan:{COPY}"), "no such job is known"),
        (&format!("tenant:{COPY}"), COPY),
        (COPY, COPY),
        ("nowhere.zst", "there is no such file"),
        (&format!("{scan}-7"), "did not come to its end"),
        ("before.jsonl", "line 1: "),
    ] {
        let ran = run(&["diff", side, TENANT]);
        code(&ran);
        assert!(ran.stderr.contains(says), "{side}: {}", ran.stderr);
    }
    let query = jobs.iter().find(|job| job["operation"] == "export").unwrap();
    let ran = run(&["diff", query["job_id"].as_str().unwrap(), TENANT]);
    code(&ran);
    assert!(ran.stderr.contains("is no scan but export"), "{}", ran.stderr);
}

#[test]
fn states_are_compared_however_they_are_named() {
    let home = Home::new();
    check_two_states(&home, &|args| home.run(args));
    home.run(&["diff", "-", "-"]).expect_error(2, &["one side only"]);
    home.run(&["diff", "a", "b", "--output", "csv"])
        .expect_error(2, &["json"]);
    let export = fs::read(home.work().join("before.zst")).unwrap();
    home.run_with_stdin(&["diff", "-", "before.zst", "--exit-code"], &export)
        .expect(0);
}

#[test]
fn a_service_compares_alike() {
    for service in [Service::start(), Service::queued()] {
        let home = Home::new();
        check_two_states(&home, &|args| service.run(&home, args));
    }
}

#[test]
fn what_is_kept_is_gone_with_its_job() {
    let home = Home::new();
    let scan = two_states(&home, &|args| home.run(args));
    home.run(&["job", "delete", &scan]).expect(0);
    home.run(&["diff", &format!("scan:{scan}"), TENANT])
        .expect_error(4, &["it was deleted with all it kept"]);
}

#[test]
fn a_copy_of_a_tenant_differs_in_what_somebody_changed_alone() {
    let home = Home::new();
    let before = home.file("before.jsonl", &tenant());
    let copy = later().replace(
        "22222222-2222-2222-2222-222222222222",
        "77777777-7777-4777-8777-777777777777",
    );
    let copy = home.file("copy.jsonl", &copy);
    home.run(&["scan", "--from", &before, "--tenant-id", TENANT])
        .expect(0);
    home.run(&["scan", "--from", &copy, "--tenant-id", COPY])
        .expect(0);
    let output = home
        .run(&["diff", TENANT, COPY, "--output", "json"])
        .expect(0)
        .json();
    assert_eq!(output["matched_by"], "path");
    assert_eq!(output["nodes"]["changed"], 1, "{output}");
    assert_eq!(output["left"]["tenant_ids"][0], TENANT);
    let text = home.run(&["diff", TENANT, COPY]).expect(0).stdout;
    let removed = text
        .lines()
        .find(|line| line.starts_with("- Microsoft.Compute/disks"))
        .unwrap();
    assert!(
        removed.contains("/subscriptions/2222"),
        "as the left side spells it: {removed}"
    );
}

/// The demo tenant with other GUIDs everywhere, but for those that Microsoft gave to built-in roles and policies.
fn copy_of_the_demo() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/demo-tenant/demo.jsonl");
    let text = fs::read_to_string(path).unwrap();
    let builtin: BTreeSet<&str> = [
        "\"/providers/Microsoft.Authorization/roleDefinitions/",
        "policyDefinitions/",
        "policySetDefinitions/",
        "\"roleTemplateId\":\"",
    ]
    .iter()
    .flat_map(|name| text.match_indices(name).map(|(at, name)| at + name.len()))
    .filter_map(|at| text.get(at..at + 36))
    .collect();
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find(|c: char| c.is_ascii_hexdigit()) {
        let (before, word) = rest.split_at(at);
        out.push_str(before);
        let end = word
            .find(|c: char| !c.is_ascii_hexdigit() && c != '-')
            .unwrap_or(word.len());
        let (word, after) = word.split_at(end);
        if word.len() == 36 && word.matches('-').count() == 4 && !builtin.contains(word) {
            // Another one, and the same one wherever it stands.
            out.extend(word.chars().map(|c| match c {
                '0'..='9' => char::from(b'0' + (b'9' - c as u8)),
                c => c,
            }));
        } else {
            out.push_str(word);
        }
        rest = after;
    }
    out + rest
}

#[test]
fn a_tenant_in_which_every_guid_is_another_is_the_same() {
    let home = Home::new();
    let demo = "4baabe85-98a8-43fe-89fe-574c55f50b56";
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/demo-tenant/demo.jsonl");
    let copy = home.file("copy.jsonl", &copy_of_the_demo());
    home.run(&["scan", "--from", source.to_str().unwrap(), "--tenant-id", demo])
        .expect(0);
    let other = "5baabe14-01a1-56fe-10fe-425c44f49b43";
    home.run(&["scan", "--from", &copy, "--tenant-id", other])
        .expect(0);
    let ran = home
        .run(&["diff", demo, other, "--output", "json", "--output-dir", "diff"])
        .expect(0);
    let output = ran.json();
    let whole = fs::read_to_string(home.work().join("diff/diff.md")).unwrap();
    assert_eq!(output["matched_by"], "path");
    assert!(output["score"].as_f64().unwrap() > 0.99, "{output}\n{whole}");
}
