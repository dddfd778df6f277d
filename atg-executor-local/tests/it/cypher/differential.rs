//! Random queries on two stores: the same rows, or refused by the one that is tested.

use std::collections::BTreeMap;

use atg_sdk::ErrorKind;
use serde_json::{Map, json};

use super::{battery::normal, fixture, random, server};

/// How many queries, and from which seed: `ATG_CYPHER_RANDOM`, `ATG_CYPHER_SEED`.
fn plan() -> (u64, u64) {
    let number = |name: &str, default: u64| match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is no number")),
        Err(_) => default,
    };
    (number("ATG_CYPHER_RANDOM", 2_000), number("ATG_CYPHER_SEED", 1))
}

#[tokio::test]
#[ignore = "needs Neo4j"]
async fn neo4j_answers_random_queries_alike() {
    let directory = tempfile::tempdir().unwrap();
    let store = fixture::store(directory.path()).await;
    let mut bolt = server::connect();
    server::load(&mut bolt, &fixture::export(&store).await);
    let (count, seed) = plan();
    let mut differences = Vec::new();
    let mut tally: BTreeMap<&str, u64> = BTreeMap::new();
    let mut rows = 0;
    for number in 0..count {
        let text = random::query(seed, number);
        let theirs = bolt.run(&text, &json!({}));
        let ours = fixture::ask(&store, fixture::query(&text, &Map::new())).await;
        let ordered = text.contains("ORDER BY");
        let verdict = match (&theirs, &ours) {
            (Ok(theirs), Ok((ours, _))) if normal(theirs, ordered) == normal(&ours.rows, ordered) => {
                rows += theirs.len();
                "same rows"
            }
            (Err(_), Err(_)) => "refused by both",
            (Ok(_), Err(error)) if error.kind() == ErrorKind::Unsupported => "not supported here",
            (Ok(theirs), Ok((ours, _))) => {
                let (theirs, ours) = (normal(theirs, ordered), normal(&ours.rows, ordered));
                let first = theirs.iter().zip(&ours).find(|(theirs, ours)| theirs != ours);
                differences.push(format!(
                    "{text}\n  {} rows, here {}; first {first:?}",
                    theirs.len(),
                    ours.len()
                ));
                "other rows"
            }
            (Ok(_), Err(error)) => {
                differences.push(format!("{text}\n  refused here: {error}"));
                "refused here"
            }
            (Err(refused), Ok(_)) => {
                differences.push(format!("{text}\n  refused there: {}", refused.0));
                "refused there"
            }
        };
        *tally.entry(verdict).or_default() += 1;
        if differences.len() > 20 {
            break;
        }
    }
    let shown: Vec<String> = tally
        .iter()
        .map(|(verdict, count)| format!("{count} {verdict}"))
        .collect();
    assert!(
        differences.is_empty(),
        "seed {seed}: {}\n{}",
        shown.join(", "),
        differences.join("\n")
    );
    // A grammar whose queries are all refused would prove nothing.
    assert!(
        tally.get("same rows").copied().unwrap_or_default() * 10 >= count * 7,
        "{}, {rows} rows",
        shown.join(", ")
    );
    assert!(
        tally.get("not supported here").copied().unwrap_or_default() * 20 <= count,
        "{}",
        shown.join(", ")
    );
    println!("seed {seed}: {}, {rows} rows", shown.join(", "));
}
