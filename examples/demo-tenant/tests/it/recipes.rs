//! Each recipe answers what is true about the demo tenant, row for row.
//!
//! `answers/` holds the questions, and the rows of each, one a line. `ATG_BLESS=1` writes them anew; what changed is then to be
//! compared with what the generator says about the tenant.

use std::{collections::BTreeSet, fs, path::Path};

use atg_executor_local::{LocalExecutor, LocalOptions};
use atg_sdk::{
    Completeness, Executor as _, ExecutorExt as _, InputContent, JobRequest, Operation, Output, Owner,
    model::operations::{query, scan},
    recipes,
};
use serde::Deserialize;
use serde_json::{Map, Value};
use tempfile::TempDir;

/// What is asked: the file with the answer, the recipe, the values of its parameters.
#[derive(Deserialize)]
struct Question {
    answer: String,
    recipe: String,
    parameters: Map<String, Value>,
}

fn questions() -> Vec<Question> {
    serde_json::from_str(&crate::shipped("answers/questions.json"))
        .expect("questions.json is a list of questions")
}

async fn ask(executor: &LocalExecutor, question: &Question) -> Vec<Value> {
    let recipe = recipes::find(&question.recipe).expect("the recipe is there");
    let given = question.parameters.clone();
    let parameters = query::Parameters {
        query: recipe.query.to_owned(),
        parameters: recipe.values(given).expect("the recipe asks for nothing else"),
        ..query::Parameters::default()
    };
    let job = executor
        .run(JobRequest::new(Operation::Query(parameters)))
        .await
        .unwrap_or_else(|error| panic!("{}: {error}", recipe.name));
    assert_eq!(job.completeness, Some(Completeness::Complete));
    let Some(Output::Query(output)) = job.output else {
        panic!("{:?}", job.output)
    };
    assert_eq!(output.rows.len() as u64, output.row_count, "all rows are shown");
    output.rows.into_iter().map(Value::Object).collect()
}

/// The demo tenant in an empty graph.
async fn demo(directory: &Path) -> LocalExecutor {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let executor = LocalExecutor::open(LocalOptions::new(directory.join("data"))).expect("it opens");
    let input = InputContent::File(here.join("demo.jsonl"));
    let input = executor
        .put_input(&Owner::default(), input)
        .await
        .expect("the file can be read");
    let truth: Map<String, Value> =
        serde_json::from_str(&crate::shipped("truth.json")).expect("truth.json is JSON");
    let parameters = scan::Parameters {
        tenant_id: truth["tenant_id"].as_str().and_then(|id| id.parse().ok()),
        input: Some(input.sha256),
        ..scan::Parameters::default()
    };
    executor
        .run(JobRequest::new(Operation::Scan(parameters)))
        .await
        .expect("the scan ends well");
    executor
}

#[tokio::test]
async fn every_recipe_gives_the_rows_that_are_true() {
    let directory = TempDir::new().expect("a temporary directory can be made");
    let executor = demo(directory.path()).await;
    let bless = std::env::var_os("ATG_BLESS").is_some();
    for question in questions() {
        let name = &question.answer;
        let rows = ask(&executor, &question).await;
        let text: String = rows.iter().map(|row| format!("{row}\n")).collect();
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("answers/{name}.jsonl"));
        if bless {
            fs::write(&file, &text).expect("the answer can be written");
            continue;
        }
        let expected =
            fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert_eq!(text, expected, "{name}");
    }
}

#[test]
fn every_recipe_is_asked() {
    let asked: BTreeSet<_> = questions().into_iter().map(|question| question.recipe).collect();
    let all: BTreeSet<_> = recipes::all()
        .iter()
        .map(|recipe| recipe.name.to_owned())
        .collect();
    assert_eq!(asked, all);
}
