//! The same random queries here and by a naive evaluator: no index, no plan, no SQL, every condition at the end.

mod graph;
mod naive;
#[path = "../../../../tests/it/cypher/random/mod.rs"]
mod random;
#[path = "../../../../tests/it/cypher/sample.rs"]
mod sample;

use std::time::Duration;

use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;

use super::run;
use crate::{
    cypher::{self, eval::Fault},
    graph::{
        GraphStore as _, ImportRequest, Query, RecordSource, RowSink,
        embedded::{EmbeddedStore, Options},
    },
};

struct Lines(Vec<String>, usize);

impl RecordSource for Lines {
    fn next(&mut self) -> atg_sdk::Result<Option<String>> {
        self.1 += 1;
        Ok(self.0.get(self.1 - 1).cloned())
    }

    fn rewind(&mut self) -> atg_sdk::Result<()> {
        self.1 = 0;
        Ok(())
    }
}

#[derive(Default)]
struct Rows(Vec<Vec<Json>>);

impl RowSink for Rows {
    fn columns(&mut self, _: &[String]) -> atg_sdk::Result<()> {
        Ok(())
    }

    fn row(&mut self, row: Vec<Json>) -> atg_sdk::Result<()> {
        self.0.push(row);
        Ok(())
    }
}

fn query(text: &str) -> Query {
    Query {
        text: text.to_owned(),
        parameters: random::parameters(),
        tenants: None,
        row_limit: u64::MAX,
        byte_limit: u64::MAX,
        timeout: Duration::from_secs(60),
        cancel: CancellationToken::new(),
    }
}

/// The rows in one order, unless their order was asked for.
fn settled(rows: Vec<Vec<Json>>, ordered: bool) -> Vec<Json> {
    let mut rows: Vec<Json> = rows.into_iter().map(|row| sorted(&Json::Array(row))).collect();
    if !ordered {
        rows.sort_by_cached_key(ToString::to_string);
    }
    rows
}

/// The value with the members of its objects in one order.
fn sorted(value: &Json) -> Json {
    match value {
        Json::Array(items) => items.iter().map(sorted).collect(),
        Json::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            members
                .into_iter()
                .map(|(name, member)| (name.clone(), sorted(member)))
                .collect()
        }
        other => other.clone(),
    }
}

/// How many, and from which seed: `ATG_CYPHER_RANDOM`, `ATG_CYPHER_SEED`.
fn number(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is no number")),
        Err(_) => default,
    }
}

#[tokio::test]
async fn random_queries_are_answered_as_a_naive_evaluator_answers_them() {
    let directory = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(directory.path().join("graph.db"), Options::default()).unwrap();
    store
        .import(ImportRequest::default(), Box::new(Lines(sample::lines(), 0)))
        .await
        .unwrap();
    let graph = graph::Graph::of(&sample::lines());
    let (count, seed) = (number("ATG_CYPHER_RANDOM", 1_000), number("ATG_CYPHER_SEED", 1));
    let mut differences = Vec::new();
    let (mut same, mut both_failed) = (0, 0);
    for number in 0..count {
        let text = random::query(seed, number);
        let mut rows = Rows::default();
        let ours = run(store.reader().unwrap(), &query(&text), &mut rows).map(|_| rows.0);
        let theirs = match cypher::parse(&text) {
            Ok(statement) => naive::answer(&graph, &text, &statement.query),
            Err(_) => Err(Fault::invalid("this is not Cypher")),
        };
        let ordered = random::is_ordered(&text);
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => {
                let (ours, theirs) = (settled(ours, ordered), settled(theirs, ordered));
                if ours == theirs {
                    same += 1;
                } else {
                    let first = ours.iter().zip(&theirs).find(|(ours, theirs)| ours != theirs);
                    differences.push(format!(
                        "{text}\n  {} and {} rows, first {first:?}",
                        ours.len(),
                        theirs.len()
                    ));
                }
            }
            (Err(_), Err(_)) => both_failed += 1,
            // A refusal is allowed, and a naive evaluator fails on rows that a plan never makes.
            (Err(error), Ok(_)) if error.kind() == atg_sdk::ErrorKind::Unsupported => both_failed += 1,
            (Err(error), Ok(_)) => differences.push(format!("{text}\n  refused: {error}")),
            (Ok(_), Err(_)) => both_failed += 1,
        }
    }
    assert!(
        differences.is_empty(),
        "{} differences\n{}",
        differences.len(),
        differences.join("\n")
    );
    assert!(
        both_failed * 20 <= count,
        "{both_failed} of {count} prove nothing"
    );
    #[expect(clippy::print_stdout, reason = "a long run should say what it did")]
    {
        println!("seed {seed}: {same} same, {both_failed} failed");
    }
}
