//! Scans that do not run undisturbed: cancelled, killed, or beside each other.

use atg_sdk::{ErrorKind, EventKind, Executor as _, ExecutorExt as _, JobRequest, JobStatus};
use serde_json::{Value, json};

use super::{Place, bytes, counts, lines, resource};
use crate::{
    child::Other,
    support::{open, until},
};

/// Large enough that a scan of it is still at work when its first progress is heard of.
fn many() -> String {
    let account = |n: usize| {
        let mut account = resource(&format!("group{}", n % 50), &format!("account{n}"));
        account["properties"]["subnet"] = account["id"].clone();
        account["tags"] = json!({ "number": (n % 100).to_string(), "team": "x" });
        account
    };
    let accounts: Vec<Value> = (0..6_000).map(account).collect();
    lines(&accounts)
}

fn is_reading(event: &EventKind) -> bool {
    matches!(event, EventKind::Progress { counters, .. } if counters.resources > 0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_that_was_killed_and_one_more_give_the_graph_of_an_undisturbed_one() {
    let undisturbed = Place::new();
    let expected = undisturbed.scan(many()).await;

    let place = Place::new();
    let operation = place.operation(bytes(many()), json!({})).await.unwrap();
    let mut other = Other::begin(place.directory.path(), &operation);
    until(&place.executor, other.job, is_reading).await;
    other.kill();
    let killed = place.executor.wait(other.job).await.unwrap();
    assert_eq!(killed.status, JobStatus::Failed, "it ended before it was killed");
    let second = place.scan(many()).await;
    assert_eq!(second.output.relationships, expected.output.relationships);
    assert!(place.export().await == undisturbed.export().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_scan_stops_and_leaves_the_tenant_to_the_next_one() {
    let place = Place::new();
    let operation = place.operation(bytes(many()), json!({})).await.unwrap();
    let job = place
        .executor
        .submit_job(JobRequest::new(operation))
        .await
        .unwrap();
    until(&place.executor, job.id, is_reading).await;
    place.executor.cancel_job(job.id).await.unwrap();
    let ended = place.executor.wait(job.id).await.unwrap();
    assert_eq!((ended.status, ended.artifacts.len()), (JobStatus::Cancelled, 0));
    // The lock is free at once, and nothing that the first one wrote is in the way.
    let next = place
        .run(bytes(many()), json!({ "no_wait": true }))
        .await
        .unwrap();
    assert_eq!(next.status, JobStatus::Completed);
    let undisturbed = Place::new();
    undisturbed.scan(many()).await;
    assert!(place.export().await == undisturbed.export().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_scans_of_one_tenant_take_turns() {
    let place = Place::new();
    let beside = open(place.directory.path());
    let operation = place.operation(bytes(many()), json!({})).await.unwrap();
    let first = place
        .executor
        .submit_job(JobRequest::new(operation.clone()))
        .await
        .unwrap();
    let second = beside.submit_job(JobRequest::new(operation)).await.unwrap();
    until(&place.executor, first.id, is_reading).await;
    let impatient = place
        .run(bytes(many()), json!({ "no_wait": true }))
        .await
        .unwrap_err();
    assert_eq!(impatient.kind(), ErrorKind::Conflict, "{impatient}");
    for id in [first.id, second.id] {
        let ended = place.executor.wait(id).await.unwrap();
        assert_eq!(ended.status, JobStatus::Completed, "{:?}", ended.error);
    }
    let (added, changed, removed, _) = counts(&place.scan(many()).await);
    assert_eq!((added, changed, removed), (0, 0, 0));
}
