//! What is asked for, and no more than that.

use std::{collections::BTreeSet, sync::Arc};

use atg_azure_sim::Simulator;
use atg_executor_local::{LocalExecutor, LocalOptions};
use atg_sdk::{Completeness, ErrorKind, ExecutorExt as _, JobRequest, Operation};
use serde_json::json;

use super::{Place, azure, demo};

const UNLISTED: &str = "00000000-0000-0000-0000-0000000000ff";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_that_is_not_listed_is_a_unit_that_failed() {
    let place = Place::new(demo()).await;
    let first = place.scan(json!({ "include_entra": false })).await;
    assert!(first.output.success);
    let listed = place.ids("Subscription").await[0].replace("/subscriptions/", "");
    let scanned = place
        .scan(json!({ "include_entra": false, "subscription_ids": [listed, UNLISTED] }))
        .await;
    assert_eq!(
        (
            scanned.completeness,
            scanned.output.success,
            scanned.output.removed
        ),
        (Completeness::Partial, false, 0)
    );
    let [unit] = &scanned.output.incomplete_units[..] else {
        panic!("{:?}", scanned.output.incomplete_units);
    };
    assert_eq!(unit.scope, format!("/subscriptions/{UNLISTED}"));
    assert_eq!((&*unit.state, &*unit.collector), ("failed", "hierarchy"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_of_nothing_but_subscriptions_that_are_not_listed_fails() {
    let place = Place::new(demo()).await;
    let error = place
        .try_scan(json!({ "subscription_ids": [UNLISTED] }))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert!(error.message().contains(UNLISTED), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tenant_to_scan_is_the_tenant_to_sign_in_to_where_no_setting_names_one() {
    let simulator = Simulator::start(demo()).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let mut azure = azure(&simulator);
    azure.credentials.tenant_id = None;
    let options = LocalOptions::new(directory.path()).with_azure(azure);
    let executor = LocalExecutor::open(options).unwrap();
    let scan = |parameters| JobRequest::new(Operation::from_parts("scan", parameters).unwrap());
    let error = executor.run(scan(json!({}))).await.unwrap_err();
    assert!(error.message().contains("AZURE_TENANT_ID"), "{error}");
    let job = executor
        .run(scan(json!({ "tenant_id": simulator.tenant_id() })))
        .await
        .unwrap();
    assert_eq!(job.completeness, Some(Completeness::Complete));
}

/// What was asked for at resources and groups, by the last segment of the path.
fn lists(simulator: &Simulator) -> BTreeSet<String> {
    let requests = simulator.requests().last;
    let paths = requests.iter().map(|request| {
        request
            .target
            .split('?')
            .next()
            .unwrap_or_default()
            .to_lowercase()
    });
    paths
        .filter(|path| path.contains("/resourcegroups/"))
        .filter_map(|path| Some(path.rsplit_once('/')?.1.to_owned()))
        .collect()
}

/// The IDs, in small letters, of the nodes whose ID says that they are of a type.
async fn of_type(place: &Place, name: &str) -> BTreeSet<String> {
    let is_it = |id: &String| {
        let of_provider = id.rsplit_once("/providers/").map_or("", |(_, rest)| rest);
        let mut segments = of_provider.split('/');
        let provider = segments.next().unwrap_or_default().to_owned();
        let types: Vec<&str> = segments.step_by(2).collect();
        format!("{provider}/{}", types.join("/")) == name.to_lowercase()
    };
    let ids = place.ids("Resource").await;
    ids.into_iter().filter(is_it).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_scan_of_some_types_only_what_leads_to_them_is_asked() {
    let place = Place::new(demo()).await;
    place.scan(json!({ "include_entra": false })).await;
    for (name, asked) in [
        ("Microsoft.Compute/virtualMachines", &[][..]),
        ("Microsoft.Sql/servers/firewallRules", &["firewallrules"]),
    ] {
        place.simulator.forget_requests();
        let other = Place::at(Arc::clone(&place.simulator));
        let parameters = json!({ "resource_types": [name], "include_entra": false });
        assert!(other.scan(parameters).await.output.success);
        let asked: BTreeSet<String> = asked.iter().map(|list| (*list).to_owned()).collect();
        assert_eq!(lists(&place.simulator), asked, "{name}");
        let found = of_type(&other, name).await;
        assert!(!found.is_empty(), "{name}");
        assert_eq!(found, of_type(&place, name).await);
    }
}
