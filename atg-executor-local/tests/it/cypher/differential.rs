//! Random queries on two stores: the same rows, or refused by the one that is tested.

use std::{collections::BTreeMap, fmt::Write as _, sync::Mutex};

use atg_executor_local::graph::QuerySummary;
use atg_sdk::ErrorKind;
use serde_json::{Map, Value as Json, json};

use super::{
    battery::normal,
    bolt::{Refused, SILENT},
    fixture::{self, Answer},
    random, server,
};

/// How many queries, and from which seed: `ATG_CYPHER_RANDOM`, `ATG_CYPHER_SEED`.
fn plan() -> (u64, u64) {
    let number = |name: &str, default: u64| match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is no number")),
        Err(_) => default,
    };
    (number("ATG_CYPHER_RANDOM", 2_000), number("ATG_CYPHER_SEED", 1))
}

/// What became of the queries.
#[derive(Debug, Default)]
struct Tally {
    verdicts: BTreeMap<&'static str, u64>,
    differences: Vec<String>,
    rows: usize,
}

/// As many as make a report worth reading.
const ENOUGH: usize = 20;

#[tokio::test]
#[ignore = "needs Neo4j"]
async fn neo4j_answers_random_queries_alike() {
    let directory = tempfile::tempdir().unwrap();
    let store = fixture::store(directory.path()).await;
    let loaded = server::Loaded::new(&fixture::export(&store).await);
    let (count, seed) = plan();
    let tally = Mutex::new(Tally::default());
    // The server is slow to plan and can do it on several cores.
    let workers = 3;
    std::thread::scope(|scope| {
        for worker in 0..workers {
            let (tally, store, loaded) = (&tally, &store, &loaded);
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                let mut bolt = loaded.connect();
                for number in (worker..count).step_by(workers as usize) {
                    let text = random::query(seed, number);
                    let theirs = bolt.run(&text, &Json::Object(random::parameters()));
                    let ours =
                        runtime.block_on(fixture::ask(store, fixture::query(&text, &random::parameters())));
                    let mut tally = tally.lock().unwrap();
                    if tally.differences.len() >= ENOUGH {
                        break;
                    }
                    judge(&text, theirs, ours, &mut tally);
                }
            });
        }
    });
    let tally = tally.into_inner().unwrap();
    let shown: Vec<String> = tally
        .verdicts
        .iter()
        .map(|(verdict, count)| format!("{count} {verdict}"))
        .collect();
    let shown = format!("seed {seed}: {}, {} rows", shown.join(", "), tally.rows);
    assert!(
        tally.differences.is_empty(),
        "{shown}\n{}",
        tally.differences.join("\n")
    );
    // A grammar whose queries are all refused would prove nothing.
    let share = |verdict: &str| tally.verdicts.get(verdict).copied().unwrap_or_default();
    assert!(share("same rows") * 10 >= count * 9, "{shown}");
    assert!(share("not supported here") * 50 <= count, "{shown}");
    assert!(share("not answered there") * 1000 <= count.max(1000), "{shown}");
    #[expect(clippy::print_stdout, reason = "a long run should say what it did")]
    {
        println!("{shown}");
    }
}

fn judge(
    text: &str,
    theirs: Result<Vec<Vec<Json>>, Refused>,
    ours: atg_sdk::Result<(Answer, QuerySummary)>,
    tally: &mut Tally,
) {
    let ordered = random::is_ordered(text);
    let verdict = match (theirs, ours) {
        // It plans some queries for minutes.
        (Err(refused), _) if refused.0 == SILENT => "not answered there",
        (Err(_), Err(_)) => "refused by both",
        (Ok(_), Err(error)) if error.kind() == ErrorKind::Unsupported => "not supported here",
        (Ok(theirs), Ok((ours, _))) => {
            let (theirs, ours) = (normal(&theirs, ordered), normal(&ours.rows, ordered));
            if theirs == ours {
                tally.rows += theirs.len();
                "same rows"
            } else {
                let first = theirs.iter().zip(&ours).find(|(theirs, ours)| theirs != ours);
                let difference = format!(
                    "{text}\n  {} rows, here {}; first {first:?}",
                    theirs.len(),
                    ours.len()
                );
                tally.differences.push(difference);
                "other rows"
            }
        }
        (Ok(_), Err(error)) => {
            tally.differences.push(format!("{text}\n  refused here: {error}"));
            "refused here"
        }
        // A defect of the server's planner: it takes apart a path whose parts WITH has dropped.
        (Err(refused), Ok(_))
            if refused
                .0
                .contains("it is not possible to access variables declared before") =>
        {
            "refused there by mistake"
        }
        (Err(refused), Ok(_)) => {
            tally
                .differences
                .push(format!("{text}\n  refused there: {}", refused.0));
            "refused there"
        }
    };
    *tally.verdicts.entry(verdict).or_default() += 1;
}

/// Queries that somebody has a doubt about: one a line in the file that `ATG_CYPHER_QUERIES` names. Prints what both say.
#[tokio::test]
#[ignore = "needs Neo4j and a file of queries"]
async fn what_both_say_to_the_queries_of_a_file() {
    let path = std::env::var("ATG_CYPHER_QUERIES").expect("ATG_CYPHER_QUERIES names no file");
    let directory = tempfile::tempdir().unwrap();
    let store = fixture::store(directory.path()).await;
    let loaded = server::Loaded::new(&fixture::export(&store).await);
    let mut bolt = loaded.connect();
    let mut tally = Tally::default();
    let mut report = String::new();
    let queries = std::fs::read_to_string(path).unwrap();
    for text in queries.lines().filter(|line| !line.is_empty()) {
        let theirs = bolt.run(text, &json!({}));
        let ours = fixture::ask(&store, fixture::query(text, &Map::new())).await;
        let say = |rows: &[Vec<Json>]| json!(normal(rows, true)).to_string();
        let there = match &theirs {
            Ok(rows) => say(rows),
            Err(refused) => format!("refused: {}", refused.0.lines().next().unwrap_or_default()),
        };
        let here = match &ours {
            Ok((answer, _)) => say(&answer.rows),
            Err(error) => format!("refused: {}", error.message().lines().next().unwrap_or_default()),
        };
        let before = tally.verdicts.clone();
        judge(text, theirs, ours, &mut tally);
        let verdict = tally
            .verdicts
            .iter()
            .find(|(name, count)| before.get(*name) != Some(*count));
        let verdict = verdict.map_or("", |(name, _)| *name);
        let _ = writeln!(report, "[{verdict}] {text}\n  there {there}\n  here  {here}");
    }
    #[expect(clippy::print_stdout, reason = "the report is what it is for")]
    {
        println!("{report}");
    }
}
