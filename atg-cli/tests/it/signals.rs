//! Ctrl-C and its relatives, and a job that another process stops.
#![cfg(unix)]

use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, Stdio},
};

use super::support::{Home, Ran, TENANT, resource_id, signal};

/// Enough work that no machine finishes it before a signal arrives.
pub(crate) fn large_source(home: &Home) -> String {
    let mut text = String::new();
    for number in 0..60_000 {
        let id = resource_id(&format!("Microsoft.Network/publicIPAddresses/ip-{number}"));
        let _ = writeln!(
            text,
            r#"{{"id":"{id}","name":"ip-{number}","type":"Microsoft.Network/publicIPAddresses","properties":{{"n":{number}}}}}"#
        );
    }
    home.file("large.jsonl", &text)
}

/// Starts a long scan and waits until it runs; returns its job's id.
fn running(home: &Home, source: &str) -> (Child, String) {
    let mut child = home.start(&["scan", "--from", source, "--tenant-id", TENANT]);
    loop {
        if let Some(job) = home.jobs("running").first() {
            return (child, job["job_id"].as_str().unwrap().to_owned());
        }
        assert!(
            child.try_wait().unwrap().is_none(),
            "the scan ended before it was seen to run"
        );
    }
}

#[test]
fn ctrl_c_and_sigterm_ask_the_job_to_stop() {
    let home = Home::new();
    let source = large_source(&home);
    for name in ["INT", "TERM"] {
        let (child, id) = running(&home, &source);
        signal(&child, name);
        let ran = Ran::from(child.wait_with_output().unwrap()).expect(130);
        assert!(ran.stderr.contains("asked the job to stop"), "{}", ran.stderr);
        assert!(ran.stderr.contains("error: failed to scan: "), "{}", ran.stderr);
        let job = home
            .run(&["job", "show", &id, "--output", "json"])
            .expect(0)
            .json();
        assert_eq!(job["status"], "cancelled");
    }
}

#[test]
fn another_process_can_stop_and_watch_a_job() {
    let home = Home::new();
    let (child, id) = running(&home, &large_source(&home));
    let watcher = home.start(&["job", "watch", &id]);
    home.run(&["job", "delete", &id]).expect_error(4, &[&id]);
    home.run(&["job", "cancel", &id]).expect(0);
    Ran::from(child.wait_with_output().unwrap()).expect(130);
    Ran::from(watcher.wait_with_output().unwrap()).expect(130);
    home.run(&["job", "cancel", &id]).expect(0);
}

#[test]
fn a_killed_scan_is_found_to_have_crashed_and_can_be_run_again() {
    let home = Home::new();
    let (mut child, id) = running(&home, &large_source(&home));
    child.kill().unwrap();
    child.wait().unwrap();
    let job = home
        .run(&["job", "show", &id, "--output", "json"])
        .expect(0)
        .json();
    assert_eq!(job["status"], "failed", "{job}");
    let small = home.file("small.jsonl", &super::support::tenant());
    home.run(&["scan", "--from", &small, "--tenant-id", TENANT])
        .expect(0);
}

#[test]
fn ctrl_c_while_standard_input_is_read_leaves_at_once() {
    let home = Home::new();
    let mut child = home
        .command(&[
            "scan",
            "--from",
            "-",
            "--tenant-id",
            TENANT,
            "--log-level",
            "debug",
        ])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // More than a pipe holds, so that returning from this proves that the command reads.
    stdin.write_all(&vec![b'\n'; 1 << 20]).unwrap();
    signal(&child, "INT");
    let ran = Ran::from(child.wait_with_output().unwrap()).expect(130);
    assert!(ran.stderr.contains("input was being read"), "{}", ran.stderr);
    drop(stdin);
    assert_eq!(
        home.run(&["job", "list", "--output", "json"]).expect(0).json()["jobs"],
        serde_json::json!([])
    );
}

#[test]
fn leaving_a_watch_does_not_stop_the_job() {
    let home = Home::new();
    let (child, id) = running(&home, &large_source(&home));
    let mut watcher = home
        .command(&["job", "watch", &id, "--output", "jsonl"])
        .spawn()
        .unwrap();
    let mut line = String::new();
    // Its first event proves that it watches.
    BufReader::new(watcher.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    signal(&watcher, "INT");
    let ran = Ran::from(watcher.wait_with_output().unwrap()).expect(130);
    assert!(ran.stderr.contains("the job goes on"), "{}", ran.stderr);
    let job = home
        .run(&["job", "show", &id, "--output", "json"])
        .expect(0)
        .json();
    assert_eq!(job["cancel_requested_at"], serde_json::Value::Null);
    signal(&child, "INT");
    Ran::from(child.wait_with_output().unwrap()).expect(130);
}

#[test]
fn ctrl_c_stops_a_query_and_a_statement() {
    let home = Home::scanned();
    let cypher = "UNWIND range(1, 1000000) AS a UNWIND range(1, 1000000) AS b RETURN count(*)";
    let sql = "WITH RECURSIVE x (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM x) SELECT i FROM x";
    for args in [
        &["query", cypher][..],
        &[
            "query",
            "--sql",
            sql,
            "--row-limit",
            "1000000000",
            "--output",
            "jsonl",
        ],
    ] {
        let mut child = home.start(args);
        if args.len() == 2 {
            while home.jobs("running").is_empty() {
                assert!(
                    child.try_wait().unwrap().is_none(),
                    "the query ended before it was seen to run"
                );
            }
        } else {
            // A row of the answer proves that it runs; the rest keeps coming until the signal.
            let mut line = String::new();
            let mut stdout = BufReader::new(child.stdout.take().unwrap());
            stdout.read_line(&mut line).unwrap();
            std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
        }
        signal(&child, "INT");
        Ran::from(child.wait_with_output().unwrap()).expect(130);
    }
}
