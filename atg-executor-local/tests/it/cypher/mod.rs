//! Cypher on the embedded store: the battery of queries with their answers, what is refused, limits, confinement, and the
//! same queries on a real Neo4j.

mod battery;
mod bolt;
mod differential;
mod documentation;
mod fixture;
mod latency;
mod limits;
mod neo4j_store;
mod random;
mod recipes;
mod sample;
mod server;

use atg_sdk::ErrorKind;

use self::battery::{Battery, normal};

/// The files whose queries have answers.
const ANSWERED: &[&str] = &[
    "patterns.txt",
    "expressions.txt",
    "functions.txt",
    "times.txt",
    "projections.txt",
];
/// The file of what is refused.
const REFUSED: &str = "refused.txt";

/// Whether the answers are to be written instead of compared.
fn bless() -> bool {
    std::env::var_os("ATG_BLESS").is_some()
}

#[tokio::test]
async fn the_embedded_store_answers_the_battery() {
    let directory = tempfile::tempdir().unwrap();
    let store = fixture::store(directory.path()).await;
    let mut wrong = Vec::new();
    for name in ANSWERED {
        for case in Battery::read(name).cases {
            match fixture::ask(&store, fixture::query(&case.query, &case.parameters)).await {
                Err(error) => wrong.push(format!("{}\n  refused: {error}", case.query)),
                Ok((answer, _)) => {
                    let ordered = case.is_ordered();
                    let (got, wanted) = (normal(&answer.rows, ordered), normal(&case.rows, ordered));
                    if got != wanted {
                        wrong.push(format!("{}\n  got    {got:?}\n  wanted {wanted:?}", case.query));
                    }
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong answers\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[tokio::test]
async fn what_is_not_supported_is_refused_by_name_and_place() {
    let directory = tempfile::tempdir().unwrap();
    let store = fixture::store(directory.path()).await;
    let mut battery = Battery::read(REFUSED);
    let mut wrong = Vec::new();
    for case in &mut battery.cases {
        match fixture::ask(&store, fixture::query(&case.query, &case.parameters)).await {
            Ok((answer, _)) => wrong.push(format!("{}\n  answered {:?}", case.query, answer.rows)),
            Err(error) => {
                let kind = match error.kind() {
                    ErrorKind::Unsupported => "unsupported",
                    _ if error.code() == "QueryForbidden" => "forbidden",
                    _ => "invalid",
                };
                let message = format!("{kind}: {}", error.message().lines().next().unwrap_or_default());
                if bless() {
                    case.refusal = Some(message);
                } else if case.refusal.as_deref() != Some(&message) {
                    wrong.push(format!(
                        "{}\n  got    {message}\n  wanted {:?}",
                        case.query, case.refusal
                    ));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong refusals\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    if bless() {
        battery.write();
    }
}

#[tokio::test]
#[ignore = "needs Neo4j"]
async fn neo4j_answers_the_battery_alike() {
    let directory = tempfile::tempdir().unwrap();
    let store = fixture::store(directory.path()).await;
    let loaded = server::Loaded::new(&fixture::export(&store).await);
    let mut bolt = loaded.connect();
    let mut wrong = Vec::new();
    for name in ANSWERED {
        let mut battery = Battery::read(name);
        for case in &mut battery.cases {
            match bolt.run(&case.query, &serde_json::Value::Object(case.parameters.clone())) {
                Err(refused) => wrong.push(format!("{}\n  refused: {}", case.query, refused.0)),
                Ok(rows) if bless() => case.rows = normal(&rows, case.is_ordered()),
                Ok(rows) => {
                    let ordered = case.is_ordered();
                    let (got, wanted) = (normal(&rows, ordered), normal(&case.rows, ordered));
                    if got != wanted {
                        wrong.push(format!("{}\n  got    {got:?}\n  wanted {wanted:?}", case.query));
                    }
                }
            }
        }
        if bless() {
            battery.write();
        }
    }
    // What is refused as invalid here is refused there too; what is only not supported may be answered there.
    for case in Battery::read(REFUSED).cases {
        let invalid = case
            .refusal
            .as_deref()
            .is_some_and(|refusal| refusal.starts_with("invalid: "));
        if invalid
            && bolt
                .run(&case.query, &serde_json::Value::Object(case.parameters.clone()))
                .is_ok()
        {
            wrong.push(format!(
                "{}\n  is answered by Neo4j, and refused here as invalid",
                case.query
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differences\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
