//! `atg graph` and `atg doctor`.

use std::fs;

use super::support::{Home, TENANT};

#[test]
fn info_and_tenants_say_what_there_is() {
    let home = Home::scanned();
    let info = home.run(&["graph", "info", "--output", "json"]).expect(0).json();
    assert_eq!(info["labels"]["VirtualMachine"], 1);
    assert_eq!(info["tenants"][0]["tenant_id"], TENANT);
    assert_eq!(info["nodes"], home.cell("MATCH (n) RETURN count(*) AS n"));
    assert_eq!(info["edges"], home.cell("MATCH ()-[r]->() RETURN count(*) AS n"));
    let text = home.run(&["graph", "info"]).expect(0).stdout;
    assert!(
        text.contains("VirtualMachine") && text.contains("USES_SUBNET"),
        "{text}"
    );
    let text = home.run(&["graph", "tenants"]).expect(0).stdout;
    assert!(text.contains(TENANT) && text.contains("complete"), "{text}");
    let csv = home
        .run(&["graph", "tenants", "--output", "csv"])
        .expect(0)
        .stdout;
    assert!(
        csv.starts_with("tenant_id,nodes,edges,") && csv.lines().count() == 2,
        "{csv}"
    );
}

#[test]
fn forgetting_takes_the_tenant_that_was_named_and_no_other() {
    let home = Home::scanned();
    home.run(&["graph", "forget"]).expect(2);
    let output = home
        .command(&["graph", "forget"])
        .env("AZURE_TENANT_ID", TENANT)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "never from the environment");
    home.run(&[
        "graph",
        "forget",
        "--tenant-id",
        "33333333-3333-3333-3333-333333333333",
    ])
    .expect_error(4, &["no tenant"]);
    let ran = home
        .run(&["graph", "forget", "--tenant-id", TENANT, "--output", "json"])
        .expect(0);
    assert!(ran.json()["nodes"].as_u64().unwrap() > 5);
    assert_eq!(home.cell("MATCH (n) RETURN count(*) AS n"), 0);
    home.run(&["graph", "vacuum"]).expect(0);
}

#[test]
fn a_backup_is_a_graph() {
    let home = Home::scanned();
    home.run(&["graph", "backup", "copy.db"]).expect(0);
    home.run(&["graph", "backup", "copy.db"])
        .expect_error(4, &["--force"]);
    home.run(&["graph", "backup", "copy.db", "--force"]).expect(0);
    let count = home.cell("MATCH (n) RETURN count(*) AS n");
    home.run(&["graph", "forget", "--tenant-id", TENANT]).expect(0);
    let copy = home.run(&[
        "--graph",
        "sqlite:copy.db",
        "query",
        "MATCH (n) RETURN count(*) AS n",
        "--output",
        "json",
    ]);
    assert_eq!(copy.expect(0).json()["rows"][0]["n"], count);
    home.run(&["graph", "backup", "no/such/dir/copy.db"])
        .expect_error(4, &["no/such/dir"]);
}

#[test]
fn a_file_that_is_no_graph_is_left_alone() {
    let home = Home::new();
    let text = "these are not the bytes of a database, and they are precious".repeat(100);
    let file = home.file("notes.txt", &text);
    home.run(&["--graph", &format!("sqlite:{file}"), "graph", "info"])
        .expect_error(4, &["notes.txt"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn doctor_is_well_in_a_fresh_home() {
    let home = Home::new();
    let ran = home.run(&["doctor"]).expect(0);
    assert!(ran.stdout.contains("ok"), "{}", ran.stdout);
    let report = home.run(&["doctor", "--output", "json"]).expect(0).json();
    assert!(!report["checks"].as_array().unwrap().is_empty());
}

#[test]
fn doctor_says_what_is_broken_and_exits_by_its_kind() {
    let home = Home::new();
    let file = home.file("notes.txt", &"not a database".repeat(1_000));
    let ran = home
        .run(&["doctor", "--graph", &format!("sqlite:{file}")])
        .expect(4);
    assert!(
        ran.stdout.contains("broken") && ran.stdout.contains("graph"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_data_directory_that_cannot_be_made_is_an_error() {
    let home = Home::new();
    let file = home.file("file", "");
    home.run(&["job", "list", "--data-dir", &format!("{file}/data")])
        .expect_error(2, &["file/data"]);
}
