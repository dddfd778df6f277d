//! `atg scan`: what goes in, what is said, how it ends.

use std::fs;

use super::support::{Home, SUBSCRIPTION, TENANT, resource_id, tenant};

#[test]
fn a_scan_ends_in_a_summary_for_people_and_nothing_on_stdout() {
    let home = Home::new();
    let source = home.file("tenant.jsonl", &tenant());
    let ran = home
        .run(&["scan", "--from", &source, "--tenant-id", TENANT])
        .expect(0);
    assert_eq!(ran.stdout, "");
    for words in [
        "5 resources",
        "Microsoft.Compute/virtualMachines",
        "relationships",
        "atg query",
    ] {
        assert!(ran.stderr.contains(words), "`{words}` is not in\n{}", ran.stderr);
    }
    assert!(!ran.stderr.contains("canary-of-a-password"));
}

#[test]
fn json_is_the_operations_output_and_nothing_else() {
    let home = Home::new();
    let source = home.file("tenant.jsonl", &tenant());
    let args = [
        "scan",
        "--from",
        &source,
        "--tenant-id",
        TENANT,
        "--output",
        "json",
    ];
    let ran = home.run(&args).expect(0);
    let output = ran.json();
    assert_eq!(output["success"], true);
    assert_eq!(output["resources"], 5);
    assert_eq!(output["subscriptions"], 1);
    let again = home.run(&args).expect(0).json();
    assert_eq!(
        (
            again["added"].as_u64(),
            again["changed"].as_u64(),
            again["removed"].as_u64()
        ),
        (Some(0), Some(0), Some(0))
    );
    assert_eq!(again["unchanged"], output["added"]);
    assert_eq!(again["relationships"], output["relationships"]);
}

#[test]
fn standard_input_and_pipes_are_read_like_files() {
    let home = Home::new();
    let args = ["scan", "--from", "-", "--tenant-id", TENANT, "--output", "json"];
    assert_eq!(
        home.run_with_stdin(&args, tenant().as_bytes()).expect(0).json()["resources"],
        5
    );
    // The copy that was made of it holds secrets as they came.
    let copies = fs::read_dir(home.path().join("data/inputs")).unwrap();
    assert_eq!(copies.count(), 0);
    #[cfg(unix)]
    {
        let args = [
            "scan",
            "--from",
            "/dev/stdin",
            "--tenant-id",
            TENANT,
            "--output",
            "json",
        ];
        assert_eq!(
            home.run_with_stdin(&args, tenant().as_bytes()).expect(0).json()["resources"],
            5
        );
    }
}

#[test]
fn the_tenant_may_come_from_the_environment_but_must_come() {
    let home = Home::new();
    let source = home.file("tenant.jsonl", &tenant());
    let args = ["scan", "--from", &source, "--output", "json"];
    home.run(&args)
        .expect_error(2, &["--tenant-id", "AZURE_TENANT_ID"]);
    home.run(&["scan", "--from", &source, "--tenant-id", "contoso"])
        .expect(2);
    let output = home
        .command(&args)
        .env("AZURE_TENANT_ID", TENANT)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn what_cannot_be_read_is_said_before_any_job_is_made() {
    let home = Home::new();
    let scan = |from: &str| home.run(&["scan", "--from", from, "--tenant-id", TENANT]);
    scan("nowhere.jsonl").expect_error(4, &["nowhere.jsonl"]);
    scan(".").expect_error(2, &["it is a directory"]);
    #[cfg(unix)]
    if !runs_as_root(&home) {
        use std::os::unix::fs::PermissionsExt as _;
        let secret = home.file("secret.jsonl", "");
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o0)).unwrap();
        scan(&secret).expect_error(3, &["secret.jsonl"]);
    }
    assert_eq!(
        home.run(&["job", "list", "--output", "json"]).expect(0).json()["jobs"],
        serde_json::json!([])
    );
}

/// Root may read everything, so that a file without any permission proves nothing.
#[cfg(unix)]
fn runs_as_root(home: &Home) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(home.path()).unwrap().uid() == 0
}

#[test]
fn a_bad_line_makes_the_scan_partial_and_is_named() {
    let home = Home::new();
    let source = home.file("tenant.jsonl", &format!("{}this is not JSON\n", tenant()));
    let ran = home
        .run(&["scan", "--from", &source, "--tenant-id", TENANT])
        .expect(6);
    assert!(
        ran.stderr.contains('6'),
        "the line's number is not in\n{}",
        ran.stderr
    );
    let ran = home
        .run(&[
            "scan",
            "--from",
            &source,
            "--tenant-id",
            TENANT,
            "--output",
            "json",
        ])
        .expect(6);
    assert_eq!(ran.json()["success"], false);
    assert_eq!(ran.json()["resources"], 5);
}

#[test]
fn filters_reach_the_operation() {
    let home = Home::new();
    let source = home.file("tenant.jsonl", &tenant());
    let config = home.file("filter.json", r#"{"exclude": {"regions": ["eastus"]}}"#);
    let group = resource_id("x");
    let scope = group.split("/providers").next().unwrap();
    home.run(&[
        "scan",
        "--from",
        &source,
        "--tenant-id",
        TENANT,
        "--subscription",
        SUBSCRIPTION,
        "--resource-group",
        "rg-*",
        "--resource-type",
        "Microsoft.Compute/*",
        "--include-type",
        "Microsoft.Compute/disks",
        "--exclude-type",
        "Microsoft.Web/*",
        "--region",
        "westeurope",
        "--exclude-tag",
        "env=sandbox",
        "--filter-config",
        &config,
        "--limit",
        "3",
        "--no-entra",
        "--no-rbac",
        "--rebuild-edges",
        "--no-wait",
        "--authoritative",
        scope,
        "--keep-export",
        "--output",
        "json",
    ]);
    let jobs = home
        .run(&["job", "list", "--operation", "scan", "--output", "json"])
        .expect(0)
        .json();
    let id = jobs["jobs"][0]["job_id"].as_str().unwrap().to_owned();
    let events = home.run(&["job", "watch", &id, "--output", "jsonl"]).stdout;
    let submitted: serde_json::Value = serde_json::from_str(events.lines().next().unwrap()).unwrap();
    let parameters = &submitted["parameters"];
    let expected = serde_json::json!({
        "tenant_id": TENANT, "subscription_ids": [SUBSCRIPTION], "resource_groups": ["rg-*"],
        "resource_types": ["Microsoft.Compute/*"],
        "filter_config": {
            "include": {"types": ["Microsoft.Compute/disks"], "regions": ["westeurope"], "tags": {}},
            "exclude": {"types": ["Microsoft.Web/*"], "regions": ["eastus"], "tags": {"env": "sandbox"}}},
        "resource_limit": 3, "include_entra": false, "include_rbac": false, "rebuild_edges": true, "no_wait": true,
        "input": parameters["input"], "authoritative": [scope], "keep_export": true, "record": false,
        "incremental": false, "fast": false,
    });
    assert_eq!(parameters, &expected);
    assert_eq!(parameters["input"].as_str().map(str::len), Some(64));
}

#[test]
fn the_files_of_a_scan_can_be_had_at_once() {
    let home = Home::new();
    let source = home.file("tenant.jsonl", &tenant());
    home.run(&[
        "scan",
        "--from",
        &source,
        "--tenant-id",
        TENANT,
        "--output-dir",
        "out",
    ])
    .expect(0);
    for name in ["report.json", "manifest.json", "changes.jsonl"] {
        let text = fs::read_to_string(home.work().join("out").join(name)).unwrap();
        assert!(!text.is_empty(), "{name}");
        assert!(!text.contains("canary-of-a-password"), "{name}");
    }
}

#[test]
fn quiet_is_quiet() {
    let home = Home::new();
    let source = home.file("tenant.jsonl", &tenant());
    let ran = home
        .run(&["scan", "--from", &source, "--tenant-id", TENANT, "--quiet"])
        .expect(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
}

#[test]
fn a_scan_has_no_rows() {
    let home = Home::new();
    let source = home.file("tenant.jsonl", &tenant());
    home.run(&[
        "scan",
        "--from",
        &source,
        "--tenant-id",
        TENANT,
        "--output",
        "csv",
    ])
    .expect_error(2, &["--output json"]);
}
