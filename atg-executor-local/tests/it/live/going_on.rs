//! Scans that were stopped and go on.

use std::sync::Arc;

use atg_azure_sim::{Config, Fault, Matching, Pages, Rule, Schedule};
use atg_sdk::{
    EventKind, Executor as _, ExecutorExt as _, JobId, JobRequest, JobStatus, Operation, WorkContext,
};
use serde_json::{Value, json};

use super::{Place, Scanned, always, demo, only};
use crate::{child::Other, support::until};

/// Every page of a list of Resource Manager behind the first.
fn further_pages(fault: Fault, times: Option<u64>) -> Schedule {
    let matching = Matching {
        service: Some("arm".to_owned()),
        contains: Some("skiptoken".to_owned()),
        ..Matching::default()
    };
    only(Rule {
        times,
        ..always(matching, fault)
    })
}

fn tenant() -> Config {
    let mut config = demo();
    config.pages = Pages {
        // All three subscriptions are on one page, and what lies in one is not.
        arm: 3,
        ..Pages::default()
    };
    // As if they would never come.
    config.faults = further_pages(
        Fault::Slow {
            milliseconds: 600_000,
        },
        None,
    );
    config
}

fn operation() -> Operation {
    Operation::from_parts("scan", json!({ "include_entra": false })).unwrap()
}

/// Resource Graph's pages are written long before.
fn much_is_written(event: &EventKind) -> bool {
    matches!(event, EventKind::Progress { counters, .. } if counters.resources >= 40)
}

/// What a worker asks for after the one before it died, and `atg scan --resume` by hand.
fn resumption(id: JobId) -> JobRequest {
    let mut request = JobRequest::new(operation());
    request.context = Some(WorkContext {
        job_id: id,
        attempt: 2,
        fence: (0, 0),
    });
    request
}

/// Everything that a scan tells of what it found, without what it took.
fn result(scanned: &Scanned) -> (Value, &Value, u64) {
    let mut output = json!(scanned.output);
    output.as_object_mut().unwrap().remove("duration_seconds");
    (output, &scanned.manifest["units"], scanned.changes.len() as u64)
}

async fn assert_equals_an_undisturbed_scan(place: &Place, resumed: &Scanned) -> u64 {
    place.simulator.forget_requests();
    let undisturbed = Place::at(Arc::clone(&place.simulator));
    let expected = undisturbed.scan(json!({ "include_entra": false })).await;
    let requests = place.simulator.requests().total;
    assert_eq!(result(resumed), result(&expected));
    assert!(place.export().await == undisturbed.export().await);
    requests
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_scan_goes_on_behind_its_last_pages_and_ends_as_if_nothing_had_happened() {
    let place = Place::new(tenant()).await;
    let simulator = &place.simulator;
    let azure = (simulator.origin(), simulator.tenant_id(), simulator.ca_pem());
    let mut other = Other::begin_at(place.directory.path(), &operation(), azure);
    until(&place.executor, other.job, much_is_written).await;
    other.kill();
    let killed = place.executor.wait(other.job).await.unwrap();
    assert_eq!(killed.status, JobStatus::Failed, "it ended before it was killed");

    simulator.set_faults(Schedule::default());
    simulator.forget_requests();
    let resumed = place.finish(resumption(other.job)).await.unwrap();
    let requests = simulator.requests().total;
    let told = |words: &str| resumed.warnings.iter().any(|warning| warning.contains(words));
    assert!(told("the scan goes on behind the"), "{:?}", resumed.warnings);
    let all = assert_equals_an_undisturbed_scan(&place, &resumed).await;
    assert!(requests < all, "{requests} of {all} calls were made again");
}

async fn cancelled(place: &Place) -> JobId {
    cancelled_of(place, JobRequest::new(operation())).await
}

async fn cancelled_of(place: &Place, request: JobRequest) -> JobId {
    let job = place.executor.submit_job(request).await.unwrap();
    until(&place.executor, job.id, much_is_written).await;
    place.executor.cancel_job(job.id).await.unwrap();
    assert_eq!(
        place.executor.wait(job.id).await.unwrap().status,
        JobStatus::Cancelled
    );
    job.id
}

#[tokio::test(flavor = "multi_thread")]
async fn any_job_of_those_that_went_on_with_a_scan_names_it() {
    let place = Place::new(tenant()).await;
    let first = cancelled(&place).await;
    let second = cancelled_of(&place, resumption(first)).await;
    let third = cancelled_of(&place, resumption(second)).await;
    place.simulator.set_faults(Schedule::default());
    let resumed = place.finish(resumption(third)).await.unwrap();
    let told = |words: &str| resumed.warnings.iter().any(|warning| warning.contains(words));
    assert!(told("the scan goes on behind the"), "{:?}", resumed.warnings);
    assert_equals_an_undisturbed_scan(&place, &resumed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_whose_cursor_is_refused_is_read_from_its_beginning() {
    let place = Place::new(tenant()).await;
    let id = cancelled(&place).await;
    place
        .simulator
        .set_faults(further_pages(Fault::CursorRefused, Some(1)));
    let resumed = place.finish(resumption(id)).await.unwrap();
    assert!(!place.simulator.faults_applied().is_empty());
    place.simulator.set_faults(Schedule::default());
    let again = resumed.manifest["units"].as_array().unwrap();
    assert!(again.iter().all(|unit| unit["state"] == "complete"), "{again:?}");
    let undisturbed = Place::at(Arc::clone(&place.simulator));
    undisturbed.scan(json!({ "include_entra": false })).await;
    assert!(place.export().await == undisturbed.export().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_another_scan_what_was_kept_is_worth_nothing() {
    let place = Place::new(tenant()).await;
    let id = cancelled(&place).await;
    place.simulator.set_faults(Schedule::default());
    place.scan(json!({ "include_entra": false })).await;
    let resumed = place.finish(resumption(id)).await.unwrap();
    assert!(
        resumed
            .warnings
            .iter()
            .any(|warning| warning.contains("it begins again")),
        "{:?}",
        resumed.warnings
    );
    assert_eq!((resumed.output.success, resumed.output.added), (true, 0));
}
