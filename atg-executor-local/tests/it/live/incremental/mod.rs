//! Scans that go by what changed.

mod differential;
mod tenant;

use std::{sync::Arc, time::Duration};

use atg_azure_sim::{
    Change, Config, Fault, Matching, Principal, Rule, Schedule, Simulator, Source, VirtualClock,
};
use atg_sdk::{
    ErrorKind, EventKind, Executor as _, ExecutorExt as _, InputContent, JobRequest, JobStatus, Operation,
    Owner, WorkContext,
};
use serde_json::json;

use self::tenant::Tenant;
use super::{Place, Scanned, always, demo, only};
use crate::support::until;

/// The demo tenant at a time that only tests move.
fn tenant() -> (Config, Arc<VirtualClock>) {
    let clock = Arc::new(VirtualClock::new("2026-01-05T08:00:00Z".parse().unwrap()));
    let mut config = demo();
    config.clock = Arc::<VirtualClock>::clone(&clock);
    (config, clock)
}

const HOUR: Duration = Duration::from_secs(3_600);

fn units<'a>(scanned: &'a Scanned, state: &'a str) -> Vec<&'a str> {
    let units = scanned.manifest["units"].as_array().unwrap().iter();
    units
        .filter(|unit| unit["state"] == state)
        .map(|unit| unit["collector"].as_str().unwrap())
        .collect()
}

type Counts = (u64, u64, u64);

fn counts(scanned: &Scanned) -> Counts {
    let output = &scanned.output;
    (output.added, output.changed, output.removed)
}

fn told(scanned: &Scanned, words: &str) -> bool {
    scanned.warnings.iter().any(|warning| warning.contains(words))
}

async fn begin(config: Config) -> Place {
    let simulator = Simulator::start(config).await.unwrap();
    Place::without_quota(Arc::new(simulator))
}

async fn again(place: &Place) -> Scanned {
    place.scan(json!({ "incremental": true })).await
}

async fn assert_equals_afresh(place: &Place) {
    let fresh = Place::without_quota(Arc::clone(&place.simulator));
    fresh.scan(json!({})).await;
    assert!(place.export().await == fresh.export().await);
}

/// A tenant of a few resources.
fn small() -> (Tenant, Config, Arc<VirtualClock>) {
    let tenant = Tenant::new(1);
    let clock = Arc::new(VirtualClock::new("2026-01-05T08:00:00Z".parse().unwrap()));
    let mut config = Config::new(Source::Lines(tenant.lines()));
    config.clock = Arc::<VirtualClock>::clone(&clock);
    (tenant, config, clock)
}

fn refuse(contains: &str, service: &str, skip: u64, times: u64) -> Schedule {
    let matching = Matching {
        service: Some(service.to_owned()),
        contains: Some(contains.to_owned()),
        ..Matching::default()
    };
    only(Rule {
        times: Some(times),
        skip,
        ..always(matching, Fault::Forbidden)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_did_not_change_is_not_read_again() {
    let (config, clock) = tenant();
    let place = begin(config).await;
    let first = place.scan(json!({})).await;
    let exported = place.export().await;
    clock.advance(24 * HOUR);
    let unchanged = again(&place).await;
    assert_eq!(
        unchanged.warnings, first.warnings,
        "nothing is said of another way"
    );
    let complete = units(&unchanged, "complete");
    assert!(complete.contains(&"resources/changed") && complete.contains(&"directory/users/changed"));
    assert!(!complete.contains(&"resources") && !complete.contains(&"directory/users"));
    assert_eq!(counts(&unchanged), (0, 0, 0));
    assert!(place.export().await == exported);

    place.simulator.forget_requests();
    let fast = place.scan(json!({ "incremental": true, "fast": true })).await;
    assert!(told(&fast, "have no change feed"), "{:?}", fast.warnings);
    let carried = units(&fast, "carried_over");
    assert!(carried.contains(&"locks") && carried.contains(&"directory/servicePrincipals"));
    assert!(fast.output.success, "what was asked for was done");
    let times = fast.report["run"]["carried_over"].as_object().unwrap();
    assert!(
        times["locks"].as_str().unwrap().starts_with("2026-01-06T08"),
        "{times:?}"
    );
    assert!(!times.contains_key("resources") && !times.contains_key("directory/users"));
    let requests = place.simulator.requests().total;
    assert!(requests < 20, "{requests}");
    assert!(place.export().await == exported);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_something_to_go_by_everything_is_read_and_said() {
    let (mut tenant, config, clock) = small();
    let place = begin(config).await;
    let whole = |scanned: &Scanned| units(scanned, "complete").contains(&"resources");
    let first = again(&place).await;
    assert!(
        told(&first, "no complete scan came before") && whole(&first),
        "{:?}",
        first.warnings
    );
    assert!(!whole(&again(&place).await));

    let other = place
        .scan(json!({ "incremental": true, "include_rbac": false }))
        .await;
    assert!(told(&other, "asked for something else") && whole(&other));
    assert!(told(&again(&place).await, "asked for something else"));
    assert!(!whole(&again(&place).await));
    let narrow = place
        .scan(json!({ "incremental": true, "resource_types": ["Microsoft.Compute/disks"] }))
        .await;
    assert!(told(&narrow, "with filters") && whole(&narrow));
    assert!(
        !whole(&again(&place).await),
        "a narrower scan leaves what was there"
    );

    // The feeds of the directory reach back seven days, that of resources fourteen.
    clock.advance(8 * 24 * HOUR);
    let later = again(&place).await;
    assert!(
        told(&later, "the whole directory is read") && !whole(&later),
        "{:?}",
        later.warnings
    );
    assert!(units(&later, "complete").contains(&"directory/users"));
    clock.advance(15 * 24 * HOUR);
    let much_later = again(&place).await;
    assert!(told(&much_later, "all resources are read") && whole(&much_later));
    assert!(told(&much_later, "the whole directory is read"));

    // A file is of another origin.
    let line = tenant
        .lines()
        .lines()
        .find(|line| line.contains("disks"))
        .unwrap()
        .to_owned();
    let file = place.directory.path().join("one.jsonl");
    std::fs::write(&file, line).unwrap();
    let input = InputContent::File(file);
    let input = place.executor.put_input(&Owner::default(), input).await.unwrap();
    let given = json!({ "tenant_id": place.simulator.tenant_id(), "input": input.sha256 });
    place.scan(given).await;
    let after = again(&place).await;
    assert!(
        told(&after, "no complete scan came before") && whole(&after),
        "{:?}",
        after.warnings
    );
    place.simulator.change(&tenant.change()).unwrap();
    again(&place).await;
    assert_equals_afresh(&place).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_that_is_refused_costs_calls_and_nothing_else() {
    let (mut tenant, config, _) = small();
    let place = begin(config).await;
    place.scan(json!({})).await;
    for _ in 0..5 {
        place.simulator.change(&tenant.change()).unwrap();
    }
    // The first query counts, the second one asks for changes.
    place
        .simulator
        .set_faults(refuse("ResourceGraph", "resource_graph", 1, 1));
    let scanned = again(&place).await;
    assert!(
        told(&scanned, "Azure does not tell which changed"),
        "{:?}",
        scanned.warnings
    );
    assert!(scanned.output.success);
    assert_equals_afresh(&place).await;

    for _ in 0..5 {
        place.simulator.change(&tenant.change()).unwrap();
    }
    place.simulator.set_faults(refuse("users/delta", "graph", 0, 1));
    let scanned = again(&place).await;
    assert!(
        told(&scanned, "Microsoft Graph does not tell which changed"),
        "{:?}",
        scanned.warnings
    );
    assert!(units(&scanned, "complete").contains(&"directory/users"));
    assert!(units(&scanned, "complete").contains(&"directory/groups/changed"));
    assert_equals_afresh(&place).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_see_more_than_before_sees_it_though_no_feed_tells() {
    let (_, config, clock) = small();
    let place = begin(config).await;
    let groups = place.simulator.resource_ids();
    let group = groups.iter().find(|id| id.contains("resourceGroups")).unwrap();
    let mut principal = Principal::reader(Principal::CLIENT_ID, Principal::SECRET);
    let all = principal.clone();
    principal.scopes = vec![group.clone()];
    place.simulator.put_principal(principal);
    let few = place.scan(json!({})).await.output.resources;
    clock.advance(HOUR);
    place.simulator.put_principal(all);
    let scanned = again(&place).await;
    assert!(scanned.output.resources > few);
    assert_equals_afresh(&place).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_could_tell_of_is_asked_for_again() {
    let (_, config, clock) = small();
    let place = begin(config).await;
    place.scan(json!({})).await;
    let gone = place.ids("Disk").await[0].clone();
    place.simulator.change(&[Change::Delete(gone.clone())]).unwrap();
    place
        .simulator
        .set_faults(refuse("/Microsoft.Compute/disks/", "arm", 0, 1_000));
    for _ in 0..2 {
        let scanned = again(&place).await;
        assert_eq!(
            (scanned.output.removed, &scanned.report["unconfirmed_total"]),
            (0, &json!(1))
        );
        clock.advance(24 * HOUR);
    }
    assert!(place.ids("Disk").await.contains(&gone));
    place.simulator.set_faults(Schedule::default());
    assert_eq!(again(&place).await.output.removed, 1);
    assert_equals_afresh(&place).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_that_misses_something_leaves_what_the_one_before_it_left() {
    let (mut tenant, config, clock) = small();
    let place = begin(config).await;
    place.scan(json!({})).await;
    for _ in 0..8 {
        place.simulator.change(&tenant.change()).unwrap();
    }
    // Locks are no optional matter.
    place
        .simulator
        .set_faults(refuse("Authorization/locks", "arm", 0, 1_000));
    let missed = again(&place).await;
    assert!(!missed.output.success);
    place.simulator.set_faults(Schedule::default());
    clock.advance(12 * HOUR);
    let scanned = again(&place).await;
    assert!(
        units(&scanned, "complete").contains(&"resources/changed"),
        "{:?}",
        scanned.warnings
    );
    assert_equals_afresh(&place).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_scan_of_changes_goes_on_by_what_it_went_by() {
    let (mut tenant, config, clock) = small();
    let place = begin(config).await;
    place.scan(json!({})).await;
    for _ in 0..8 {
        place.simulator.change(&tenant.change()).unwrap();
    }
    let mut slow = refuse("Authorization/locks", "arm", 0, 1_000);
    slow.rules[0].fault = Fault::Slow {
        milliseconds: 600_000,
    };
    place.simulator.set_faults(slow);
    let operation = Operation::from_parts("scan", json!({ "incremental": true })).unwrap();
    let job = place
        .executor
        .submit_job(JobRequest::new(operation.clone()))
        .await
        .unwrap();
    let much_is_written =
        |event: &EventKind| matches!(event, EventKind::Progress { counters, .. } if counters.resources >= 5);
    until(&place.executor, job.id, much_is_written).await;
    place.executor.cancel_job(job.id).await.unwrap();
    assert_eq!(
        place.executor.wait(job.id).await.unwrap().status,
        JobStatus::Cancelled
    );
    place.simulator.set_faults(Schedule::default());

    let mut request = JobRequest::new(operation);
    request.context = Some(WorkContext {
        job_id: job.id,
        attempt: 2,
        fence: (0, 0),
    });
    // What changes meanwhile is for the next scan, or seen by chance.
    let resumed = place.finish(request).await.unwrap();
    assert!(
        told(&resumed, "the scan goes on behind the"),
        "{:?}",
        resumed.warnings
    );
    assert!(units(&resumed, "complete").contains(&"resources/changed"));
    assert_equals_afresh(&place).await;
    clock.advance(HOUR);
    place.simulator.change(&tenant.change()).unwrap();
    let next = again(&place).await;
    assert!(
        units(&next, "complete").contains(&"resources/changed"),
        "{:?}",
        next.warnings
    );
    assert_equals_afresh(&place).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_parameters_are_refused_by_name() {
    let (_, config, _) = small();
    let place = begin(config).await;
    for (parameters, field) in [
        (json!({ "fast": true }), "/fast"),
        (json!({ "incremental": true, "record": true }), "/incremental"),
        (
            json!({ "incremental": true, "resource_limit": 3 }),
            "/incremental",
        ),
    ] {
        let error = place.try_scan(parameters).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(format!("{error:?}").contains(field), "{error:?}");
    }
}
