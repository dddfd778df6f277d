//! `atg job`, on jobs that other processes made.

use std::fs;

use super::support::{Home, TENANT, tenant};

const NOBODY: &str = "0198c0de-0000-7000-8000-000000000001";

#[test]
fn jobs_are_listed_newest_first_in_every_format() {
    let home = Home::scanned();
    home.run(&["doctor"]).expect(0);
    let jobs = home.run(&["job", "list", "--output", "json"]).expect(0).json();
    let names: Vec<_> = jobs["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| job["operation"].clone())
        .collect();
    assert_eq!(names, ["self-test", "scan"]);
    let table = home.run(&["job", "list"]).expect(0).stdout;
    assert!(table.contains("scan") && table.contains("completed"), "{table}");
    let csv = home
        .run(&["job", "list", "--output", "csv", "--operation", "scan"])
        .expect(0)
        .stdout;
    assert!(
        csv.starts_with("job_id,operation,status,") && csv.lines().count() == 2,
        "{csv}"
    );
    let one = home
        .run(&["job", "list", "--limit", "1", "--output", "jsonl"])
        .expect(0);
    assert_eq!(one.stdout.lines().count(), 1);
    assert!(one.stderr.contains("--limit"));
    assert_eq!(home.jobs("failed").len(), 0);
    home.run(&["job", "list", "--status", "happy"]).expect(2);
    home.run(&["job", "list", "--operation", "dance"]).expect(2);
    assert_eq!(
        Home::new().run(&["job", "list"]).expect(0).stderr.trim(),
        "no jobs"
    );
}

#[test]
fn a_job_is_shown_watched_downloaded_and_deleted() {
    let home = Home::scanned();
    let id = home.jobs("completed")[0]["job_id"].as_str().unwrap().to_owned();

    let job = home
        .run(&["job", "show", &id, "--output", "json"])
        .expect(0)
        .json();
    assert_eq!(
        (&job["operation"], &job["status"]),
        (&"scan".into(), &"completed".into())
    );
    assert!(
        home.run(&["job", "show", &id])
            .expect(0)
            .stdout
            .contains("report.json")
    );

    let events = home
        .run(&["job", "watch", &id, "--output", "jsonl"])
        .expect(0)
        .stdout;
    assert!(
        events.lines().count() >= 3,
        "submitted, started, completed:\n{events}"
    );
    assert!(events.lines().last().unwrap().contains("completed"), "{events}");
    assert_eq!(
        home.run(&["job", "watch", &id, "--output", "json"])
            .expect(0)
            .json()["job_id"],
        id.as_str()
    );

    let report = home
        .run(&["job", "download", &id, "--name", "report.json"])
        .expect(0);
    report.json();
    home.run(&["job", "download", &id, "--name", "nothing.json"])
        .expect_error(4, &["nothing.json"]);
    home.run(&["job", "download", &id]).expect(0);
    assert_eq!(
        fs::read_to_string(home.work().join(&id).join("report.json")).unwrap(),
        report.stdout
    );

    home.run(&["job", "delete", &id]).expect(0);
    home.run(&["job", "show", &id]).expect(4);
    home.run(&["job", "delete", &id]).expect(0);
}

#[test]
fn an_unknown_job_exits_4_and_no_job_id_exits_2() {
    let home = Home::new();
    for command in ["show", "watch", "cancel", "download"] {
        home.run(&["job", command, NOBODY]).expect_error(4, &[NOBODY]);
        home.run(&["job", command, "the-last-one"]).expect(2);
    }
}

#[test]
fn a_failed_job_is_watched_to_its_error() {
    let home = Home::new();
    home.run(&["query", "MATCH (n) RETURN nonsense(n)"]).expect(2);
    let failed = home.jobs("failed");
    // Refused before a job was made is as good; then there is nothing to watch.
    if let Some(job) = failed.first() {
        home.run(&["job", "watch", job["job_id"].as_str().unwrap()])
            .expect(2);
    }
}

#[test]
fn pruning_deletes_what_ended_long_enough_ago() {
    let home = Home::scanned();
    assert_eq!(
        home.run(&["job", "prune", "--output", "json"]).expect(0).json()["jobs"],
        0
    );
    assert_eq!(
        home.run(&["job", "prune", "--older-than", "0s", "--output", "json"])
            .expect(0)
            .json()["jobs"],
        1
    );
    assert_eq!(home.jobs("completed").len(), 0);
    home.run(&["job", "prune", "--older-than", "soon"]).expect(2);
}

#[test]
fn two_processes_scan_two_tenants_at_once() {
    let home = Home::new();
    let source = home.file("tenant.jsonl", &tenant());
    let other = "44444444-4444-4444-4444-444444444444";
    let children: Vec<_> = [TENANT, other]
        .into_iter()
        .map(|id| home.start(&["scan", "--from", &source, "--tenant-id", id, "--output", "json"]))
        .collect();
    for child in children {
        let ran = super::support::Ran::from(child.wait_with_output().unwrap()).expect(0);
        assert_eq!(ran.json()["resources"], 5);
    }
    assert_eq!(
        home.run(&["graph", "tenants", "--output", "json"])
            .expect(0)
            .json()["tenants"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(machines(&home), 2);
}

#[test]
fn two_processes_that_scan_one_tenant_take_turns() {
    let home = Home::new();
    let source = home.file("tenant.jsonl", &tenant());
    let args = ["scan", "--from", &source, "--tenant-id", TENANT];
    let children = [home.start(&args), home.start(&args)];
    for child in children {
        super::support::Ran::from(child.wait_with_output().unwrap()).expect(0);
    }
    assert_eq!(machines(&home), 1);
}

fn machines(home: &Home) -> serde_json::Value {
    let info = home.run(&["graph", "info", "--output", "json"]).expect(0).json();
    info["labels"]["VirtualMachine"].clone()
}
