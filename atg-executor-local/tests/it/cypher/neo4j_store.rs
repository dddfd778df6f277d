//! The battery through the store that keeps the graph in a real Neo4j: what it hides, what it confines.

use atg_executor_local::graph::{
    GraphStore, ImportRequest,
    neo4j::{Address, Neo4jStore, Options},
};
use tempfile::TempDir;

use super::{
    ANSWERED, REFUSED,
    battery::{Battery, Case, normal},
    fixture::{self, Lines},
    sample,
    server::{self, Loaded},
};

/// A server that holds nothing but what is imported.
async fn store(scratch: &TempDir, lines: Vec<String>) -> (Loaded, Neo4jStore) {
    let turn = Loaded::empty();
    let options = Options::new(Address::parse(&server::uri()).unwrap(), scratch.path());
    let store = Neo4jStore::new(options).unwrap();
    store
        .import(ImportRequest::default(), Box::new(Lines(lines, 0)))
        .await
        .unwrap();
    (turn, store)
}

/// The sample, and a copy of it that belongs to others.
fn with_strangers() -> Vec<String> {
    let lines = sample::lines();
    let strange = |line: &String| {
        line.replace(sample::TENANT, "88888888-8888-4888-8888-888888888888")
            .replace(sample::OTHER, "99999999-9999-4999-8999-999999999999")
    };
    let of = |kind: &str, lines: &[String]| -> Vec<String> {
        lines
            .iter()
            .filter(|line| line.starts_with(&format!("{{\"{kind}\"")))
            .cloned()
            .collect()
    };
    let copy: Vec<String> = lines.iter().map(strange).collect();
    let mut all = of("format", &lines);
    for kind in ["tenant", "node", "edge"] {
        all.extend(of(kind, &lines));
        all.extend(of(kind, &copy));
    }
    let count = |kind: &str| {
        all.iter()
            .filter(|line| line.starts_with(&format!("{{\"{kind}\"")) && !line.contains("\"spare\":true"))
            .count()
    };
    let end = format!(
        r#"{{"end":{{"nodes":{},"edges":{}}}}}"#,
        count("node"),
        count("edge")
    );
    all.push(end);
    all
}

/// What is ordered within a subquery says nothing about the rows.
fn is_ordered(case: &Case) -> bool {
    case.is_ordered() && !case.query.contains("COLLECT {")
}

/// Every case whose answer differs from the one in the file.
async fn differences(store: &dyn GraphStore, tenants: Option<&[&str]>) -> Vec<String> {
    let mut wrong = Vec::new();
    for name in ANSWERED {
        for case in Battery::read(name).cases {
            let mut query = fixture::query(&case.query, &case.parameters);
            query.tenants = tenants.map(|tenants| tenants.iter().map(|id| id.parse().unwrap()).collect());
            match fixture::ask(store, query).await {
                Err(error) => wrong.push(format!("{}\n  refused: {error}", case.query)),
                Ok((answer, _)) => {
                    let ordered = is_ordered(&case);
                    let (got, wanted) = (normal(&answer.rows, ordered), normal(&case.rows, ordered));
                    if got != wanted {
                        wrong.push(format!("{}\n  got    {got:?}\n  wanted {wanted:?}", case.query));
                    }
                }
            }
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Neo4j"]
async fn neo4j_answers_through_its_store_what_the_embedded_one_answers() {
    let (directory, scratch) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let embedded = fixture::store(directory.path()).await;
    let (_turn, store) = store(&scratch, sample::lines()).await;
    assert_eq!(
        fixture::export_lines(&store).await,
        fixture::export_lines(&embedded).await,
        "both hand out the same"
    );
    let wrong = differences(&store, None).await;
    assert!(
        wrong.is_empty(),
        "{} wrong answers\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    // What is wrong in itself is refused here too, by the same words.
    for case in Battery::read(REFUSED).cases {
        let refusal = case.refusal.unwrap_or_default();
        let Some((kind @ ("invalid" | "forbidden"), message)) = refusal.split_once(": ") else {
            continue;
        };
        let error = fixture::ask(&store, fixture::query(&case.query, &case.parameters))
            .await
            .map(|(answer, _)| answer)
            .unwrap_err();
        assert!(
            error.message().starts_with(message),
            "{kind}: {}: {error}",
            case.query
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Neo4j"]
async fn neo4j_answers_who_is_bound_as_if_there_were_nobody_else() {
    let scratch = TempDir::new().unwrap();
    let (_turn, store) = store(&scratch, with_strangers()).await;
    let mut wrong = differences(&store, Some(&[sample::TENANT, sample::OTHER])).await;

    let directory = TempDir::new().unwrap();
    let embedded = fixture::store(directory.path()).await;
    for name in ANSWERED {
        for case in Battery::read(name).cases {
            let mut query = fixture::query(&case.query, &case.parameters);
            query.tenants = Some(vec![sample::OTHER.parse().unwrap()]);
            let (own, other) = (
                fixture::ask(&store, query.clone()).await,
                fixture::ask(&embedded, query).await,
            );
            // Where nothing is counted, Neo4j takes the product of a sum and 1.0 for an integer.
            if own
                .as_ref()
                .is_err_and(|error| error.message().contains("/ by zero"))
            {
                continue;
            }
            let rows = |result: atg_sdk::Result<(fixture::Answer, _)>| {
                result
                    .map(|(answer, _)| (answer.columns, normal(&answer.rows, is_ordered(&case))))
                    .map_err(|error| error.kind())
            };
            let (own, other) = (rows(own), rows(other));
            if own != other {
                wrong.push(format!("{}\n  got    {own:?}\n  wanted {other:?}", case.query));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong answers\n{}",
        wrong.len(),
        wrong.join("\n")
    );

    // What our compiler does not understand cannot be confined.
    let mut query = fixture::query(
        "MATCH (n) CALL (n) { RETURN 1 AS one } RETURN one",
        &Default::default(),
    );
    assert!(fixture::ask(&store, query.clone()).await.is_ok());
    query.tenants = Some(vec![sample::OTHER.parse().unwrap()]);
    let error = fixture::ask(&store, query).await.unwrap_err();
    assert_eq!(error.kind(), atg_sdk::ErrorKind::Unsupported);
}
