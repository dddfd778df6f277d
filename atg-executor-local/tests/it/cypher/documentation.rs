//! `CYPHER.md`: the subset as a table with an example each, made from the battery.

use std::{fmt::Write as _, fs, path::PathBuf};

use atg_executor_local::graph::embedded::sql_tables;

use super::{ANSWERED, REFUSED, battery::Battery, bless};

const HEAD: &str = "\
# Cypher on the embedded graph

`atg query` takes read-only Cypher on both stores. On the embedded one (SQLite) it is this subset. The rule is: refuse, or
answer exactly as Neo4j 5.26 does. Each example below is part of the tests, and its rows were taken from a Neo4j server.

This page is made from those tests: `ATG_BLESS=1 cargo test -p atg-executor-local documentation` writes it anew.

A query stops at its time limit and when the job is cancelled, is cut at its limits of rows and bytes (and says so), and
may keep 256 MiB at a time. Floats that JSON does not have are the texts `\"NaN\"`, `\"Infinity\"` and `\"-Infinity\"`. A node is
`{\"labels\": […], \"properties\": {…}}`, a relationship `{\"type\": …, \"properties\": {…}}`, a path
`{\"nodes\": […], \"relationships\": […]}`. `EXPLAIN` in front of a query shows its steps with their SQL and SQLite's plan.
";

const LATENCIES: &str = "\
## How long it takes

Medians of three in milliseconds, release build, on a machine of two cores with nothing else to do, of a graph of 100,000
synthetic rows (115,253 nodes, 374,861 relationships), beside Neo4j 5.26.12 on the same machine with indexes on `key`, `id`,
`name` and `type` of `Resource`. `cargo test --release -p atg-executor-local --test it latencies -- --ignored --nocapture` prints
them anew, and fails if the answers differ.

| Query | SQLite | Neo4j |
|---|---|---|
| count all nodes | 1.9 | 3.3 |
| resources by type | 137 | 85 |
| relationships by type | 81 | 60 |
| by name and label, 952 rows | 6.9 | 15.9 |
| by the beginning of a name | 6.5 | 7.0 |
| by a part of a name | 130 | 17 |
| by a scalar of a label | 33 | 12 |
| by a regular expression | 137 | 42 |
| one step | 5.2 | 1.2 |
| three steps | 12 | 30 |
| resources without a tag | 91 | 62 |
| all below the tenants | 109 | 81 |
| groups by the end of a step | 25 | 33 |
| labels of both ends of everything | 718 | 217 |
| the first ten by name | 164 | 176 |
| distinct resource groups | 232 | 96 |
| groups with their machines, optional | 24 | 25 |
| a shortest path | 19 | 10 |
";

const REFUSALS: &str = "\
## Not in the subset

Writes, files, procedures, settings and other databases are refused on every store, whatever it understands. Beyond them
the embedded store refuses, with the place and, where there is one, the way to write it:

| Query | Answer |
|---|---|
";

fn code(text: &str) -> String {
    // A cell cannot hold a bar or a line end, and a span of code no back-tick unless its own are longer.
    let text = text.replace('\n', " ").replace('|', "\\|");
    if text.contains('`') {
        format!("`` {text} ``")
    } else {
        format!("`{text}`")
    }
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    for name in ANSWERED {
        for case in Battery::read(name).cases {
            if let Some(section) = &case.section {
                let _ = write!(page, "\n## {section}\n\n| What | Example |\n|---|---|\n");
            }
            if let Some(about) = &case.about {
                let _ = writeln!(page, "| {about} | {} |", code(&case.query));
            }
        }
    }
    let _ = write!(page, "\n{REFUSALS}");
    for case in Battery::read(REFUSED).cases {
        if let Some(refusal) = case
            .refusal
            .as_deref()
            .and_then(|refusal| refusal.strip_prefix("unsupported: "))
        {
            let refusal = refusal.replace('|', "\\|");
            let _ = writeln!(page, "| {} | {refusal} |", code(&case.query));
        }
    }
    page.push_str("\n## Plain SQL\n\nOn this machine `atg query --sql` reads these tables, and nothing else:\n\n| Table | Rows |\n|---|---|\n");
    for table in sql_tables() {
        let _ = writeln!(page, "| `{}` | {} |", table.name, table.about);
    }
    let _ = write!(page, "\n{LATENCIES}");
    page
}

#[test]
fn the_documentation_is_what_the_tests_say() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("CYPHER.md");
    if bless() {
        fs::write(&path, page()).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page(),
        "CYPHER.md is out of date: run this test with ATG_BLESS=1"
    );
}
