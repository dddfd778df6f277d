//! `atg query`: formats, parameters, limits, refusals, closed pipes.

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
};

use serde_json::json;

use super::support::{Home, TENANT};

const TYPES: &str = "MATCH (r:Resource) RETURN r.type AS type, count(*) AS n ORDER BY type";

#[test]
fn every_format_says_the_same() {
    let home = Home::scanned();
    let answer = home.run(&["query", TYPES, "--output", "json"]).expect(0).json();
    assert_eq!(answer["columns"], json!(["type", "n"]));
    assert_eq!(answer["row_count"], 5);
    assert_eq!(answer["truncated"], false);
    assert_eq!(
        answer["rows"][0],
        json!({"type": "Microsoft.Compute/disks", "n": 1})
    );
    assert_eq!(answer["rows"].as_array().unwrap().len(), 5);

    let lines = home.run(&["query", TYPES, "--output", "jsonl"]).expect(0).stdout;
    let rows: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(json!(rows), answer["rows"]);

    let csv = home.run(&["query", TYPES, "--output", "csv"]).expect(0).stdout;
    assert_eq!(
        csv.lines().take(2).collect::<Vec<_>>(),
        ["type,n", "Microsoft.Compute/disks,1"]
    );

    let ran = home.run(&["query", TYPES]).expect(0);
    let lines: Vec<_> = ran.stdout.lines().collect();
    assert_eq!(lines.len(), 7, "header, rule, rows:\n{}", ran.stdout);
    assert!(lines[2].starts_with("Microsoft.Compute/disks"), "{}", ran.stdout);
    assert_eq!(ran.stderr.trim(), "5 rows");
}

#[test]
fn an_empty_answer_is_an_answer() {
    let home = Home::scanned();
    let query = "MATCH (r:Resource) WHERE r.name = 'none' RETURN r.name AS name";
    let answer = home.run(&["query", query, "--output", "json"]).expect(0).json();
    assert_eq!(
        answer,
        json!({"columns": ["name"], "rows": [], "row_count": 0, "truncated": false})
    );
    let ran = home.run(&["query", query]).expect(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.trim()), ("", "0 rows"));
    assert_eq!(
        home.run(&["query", query, "--output", "csv"]).expect(0).stdout,
        "name\n"
    );
}

#[test]
fn large_integers_survive() {
    let home = Home::scanned();
    let query = "MATCH (d:Disk) RETURN d.diskSizeGB AS size";
    let text = home.run(&["query", query, "--output", "json"]).expect(0).stdout;
    assert!(text.contains("9007199254740993"), "{text}");
    assert!(
        home.run(&["query", query])
            .expect(0)
            .stdout
            .contains("9007199254740993")
    );
}

#[test]
fn parameters_come_from_flags_and_files() {
    let home = Home::scanned();
    let query = "MATCH (r:Resource) WHERE r.name = $name RETURN r.type AS type";
    let params = home.file("params.json", r#"{"name": "nic-web"}"#);
    let type_of = |args: &[&str]| {
        let all = [&["query", query, "--output", "json"][..], args].concat();
        home.run(&all).expect(0).json()["rows"][0]["type"].clone()
    };
    assert_eq!(
        type_of(&["-p", "name=vm-web"]),
        "Microsoft.Compute/virtualMachines"
    );
    assert_eq!(
        type_of(&["--params", &params]),
        "Microsoft.Network/networkInterfaces"
    );
    assert_eq!(
        type_of(&["--params", &params, "-p", "name=disk-web"]),
        "Microsoft.Compute/disks"
    );
    home.run(&["query", query, "-p", "name"])
        .expect_error(2, &["NAME=VALUE"]);
    home.run(&["query", query]).expect_error(2, &["name"]);
    let broken = home.file("broken.json", "[1]");
    home.run(&["query", query, "--params", &broken])
        .expect_error(2, &["broken.json"]);
}

#[test]
fn the_query_may_come_from_a_file_or_standard_input() {
    let home = Home::scanned();
    let file = home.file("types.cypher", TYPES);
    let expected = home.run(&["query", TYPES, "--output", "jsonl"]).expect(0).stdout;
    assert_eq!(
        home.run(&["query", "-f", &file, "--output", "jsonl"])
            .expect(0)
            .stdout,
        expected
    );
    for args in [
        &["query", "-", "--output", "jsonl"][..],
        &["query", "-f", "-", "--output", "jsonl"],
    ] {
        assert_eq!(
            home.run_with_stdin(args, TYPES.as_bytes()).expect(0).stdout,
            expected
        );
    }
    home.run_with_stdin(&["query", "-"], b" \n")
        .expect_error(2, &["the query is empty"]);
    home.run(&["query", "-f", "nowhere.cypher"])
        .expect_error(4, &["nowhere.cypher"]);
}

#[test]
fn a_cut_answer_says_so_and_exits_6() {
    let home = Home::scanned();
    let ran = home.run(&["query", TYPES, "--row-limit", "2"]).expect(6);
    assert_eq!(ran.stdout.lines().count(), 4);
    assert!(ran.stderr.contains("--row-limit"), "{}", ran.stderr);
    let answer = home
        .run(&["query", TYPES, "--row-limit", "2", "--output", "json"])
        .expect(6)
        .json();
    assert_eq!(
        (&answer["row_count"], &answer["truncated"]),
        (&json!(2), &json!(true))
    );
}

#[test]
fn refusals_show_the_place() {
    let home = Home::scanned();
    let ran = home
        .run(&["query", "MATCH (n) DETACH DELETE n"])
        .expect_error(2, &["DELETE", "line 1, column 11"]);
    let caret = ran
        .stderr
        .lines()
        .find(|line| line.trim() == "^")
        .expect("a caret");
    let source = ran
        .stderr
        .lines()
        .find(|line| line.contains("MATCH (n) DETACH DELETE n") && !line.starts_with("error"))
        .unwrap();
    assert_eq!(caret.find('^'), source.find("DETACH"));
    home.run(&["query", "MATCH (n RETURN n"])
        .expect_error(2, &["line 1"]);
    home.run(&["query", "MATCH (n) RETURN n", "--timeout", "301"])
        .expect(2);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let home = Home::scanned();
    for args in [
        &["query", "MATCH (n)-[r]->(m) RETURN n, r, m", "--output", "json"][..],
        &["config", "show"],
        &["completions", "bash"],
        &["--help"],
        &["graph", "info"],
    ] {
        // Nobody reads at all: the first write fails.
        let mut child = home.command(args).stdout(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let ran = super::support::Ran::from(child.wait_with_output().unwrap());
        assert_eq!(
            (ran.code, ran.stderr.contains("error")),
            (0, false),
            "{args:?}: {}",
            ran.stderr
        );
    }
    // One line is read, then the pipe closes.
    let mut child = home.start(&["query", "MATCH (n)-[r]->(m) RETURN n, r, m", "--output", "jsonl"]);
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.starts_with('{'));
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn an_explanation_is_an_answer_too() {
    let home = Home::scanned();
    let query = "EXPLAIN MATCH (n {name: 'vm-web'}) RETURN n.id";
    let ran = home.run(&["query", query]).expect(0);
    assert!(ran.stdout.contains("node_name"), "{}", ran.stdout);
    assert_eq!(
        home.run(&["query", query, "--output", "json"]).expect(0).json()["columns"],
        json!(["step", "detail"])
    );
}

#[test]
fn plain_sql_prints_like_cypher() {
    let home = Home::scanned();
    let sql = "SELECT type, count(*) AS n FROM nodes JOIN node_labels USING (key) WHERE label = 'Resource' GROUP BY type ORDER BY type";
    let cypher = home.run(&["query", TYPES, "--output", "json"]).expect(0).stdout;
    assert_eq!(
        home.run(&["query", "--sql", sql, "--output", "json"])
            .expect(0)
            .stdout,
        cypher
    );
    let file = home.file("types.sql", sql);
    assert_eq!(
        home.run(&["query", "--sql", "-f", &file, "--output", "json"])
            .expect(0)
            .stdout,
        cypher
    );
    let ran = home.run(&["query", "--sql", sql]).expect(0);
    assert_eq!((ran.stdout.lines().count(), ran.stderr.trim()), (7, "5 rows"));
    let ran = home.run(&["query", "--sql", sql, "--row-limit", "2"]).expect(6);
    assert!(ran.stderr.contains("--row-limit"), "{}", ran.stderr);
    let none = home
        .run(&[
            "query",
            "--sql",
            "SELECT key FROM nodes WHERE 0",
            "--output",
            "csv",
        ])
        .expect(0);
    assert_eq!(none.stdout, "key\n");
}

#[test]
fn plain_sql_reads_three_tables_of_this_machine_and_nothing_else() {
    let home = Home::scanned();
    for sql in [
        "DELETE FROM nodes",
        "SELECT * FROM meta",
        "PRAGMA user_version",
        "ATTACH 'x.db' AS x",
    ] {
        home.run(&["query", "--sql", sql])
            .expect_error(2, &["only one SELECT on nodes, edges, node_labels is allowed"]);
    }
    home.run(&["query", "--sql", "SELEC 1"])
        .expect_error(2, &["syntax error"]);
    // No service runs it, whatever stands behind its address.
    home.run(&["--remote", "query", "--sql", "SELECT 1"])
        .expect_error(2, &["this machine only", "--remote=false"]);
    home.run(&["query", "--sql", "SELECT 1", "-p", "a=1"]).expect(2);
    home.run(&["query", "--sql", "SELECT 1", "--tenant-id", TENANT])
        .expect(2);
}
