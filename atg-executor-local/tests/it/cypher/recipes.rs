//! The recipes on the demo tenant: the same rows on both stores.

use std::path::{Path, PathBuf};

use atg_executor_local::{
    LocalExecutor, LocalOptions,
    graph::embedded::{EmbeddedStore, Options},
};
use atg_sdk::{
    Executor as _, ExecutorExt as _, InputContent, JobRequest, Operation, Owner, model::operations::scan,
    recipes,
};
use serde_json::{Map, Value as Json};

use super::{
    battery::normal,
    fixture::{self},
    server,
};

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/demo-tenant")
}

fn read(file: &str) -> Json {
    serde_json::from_slice(&std::fs::read(demo().join(file)).unwrap()).unwrap()
}

/// The graph of the demo tenant.
async fn scanned(directory: &Path) -> EmbeddedStore {
    let data = directory.join("data");
    let executor = LocalExecutor::open(LocalOptions::new(&data)).unwrap();
    let input = InputContent::File(demo().join("demo.jsonl"));
    let input = executor.put_input(&Owner::default(), input).await.unwrap();
    let parameters = scan::Parameters {
        tenant_id: Some(read("truth.json")["tenant_id"].as_str().unwrap().parse().unwrap()),
        input: Some(input.sha256),
        ..scan::Parameters::default()
    };
    executor
        .run(JobRequest::new(Operation::Scan(parameters)))
        .await
        .unwrap();
    EmbeddedStore::open(data.join("graph.db"), Options::default()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Neo4j"]
async fn neo4j_answers_the_recipes_alike() {
    let directory = tempfile::tempdir().unwrap();
    let store = scanned(directory.path()).await;
    let loaded = server::Loaded::new(&fixture::export(&store).await);
    let mut bolt = loaded.connect();
    let questions = read("answers/questions.json");
    for question in questions.as_array().unwrap() {
        let recipe = recipes::find(question["recipe"].as_str().unwrap()).unwrap();
        let given: Map<String, Json> = question["parameters"].as_object().unwrap().clone();
        let values = recipe.values(given).unwrap();
        let theirs = bolt.run(recipe.query, &Json::Object(values.clone()));
        let theirs = theirs.unwrap_or_else(|refused| panic!("{}: {}", recipe.name, refused.0));
        let (ours, _) = fixture::ask(&store, fixture::query(recipe.query, &values))
            .await
            .unwrap();
        assert!(!theirs.is_empty(), "{question} has no answer");
        assert_eq!(normal(&theirs, false), normal(&ours.rows, false), "{question}");
    }
}
