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
