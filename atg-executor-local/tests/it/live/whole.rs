//! A whole tenant.

use std::collections::BTreeSet;

use atg_azure_sim::{Config, Fault, Matching, Pages, Shape, Source};
use atg_sdk::{Completeness, ErrorKind, model::operations::scan::IncompleteUnit};
use serde_json::json;

use super::{Place, always, demo, only};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_demo_tenant_comes_into_the_graph_and_nothing_changes_the_second_time() {
    let place = Place::new(demo()).await;
    // Without a tenant it is the credential's.
    let first = place.scan(json!({})).await;
    assert_eq!(
        (first.completeness, first.output.success),
        (Completeness::Complete, true)
    );
    assert_eq!(first.report["tenant_id"], place.simulator.tenant_id());
    let truth: BTreeSet<String> = place
        .simulator
        .resource_ids()
        .iter()
        .map(|id| id.to_lowercase())
        .collect();
    let found = place.ids("Resource").await;
    assert!(found.len() > 50, "{found:?}");
    let strange: Vec<_> = found.iter().filter(|id| !truth.contains(*id)).collect();
    assert!(strange.len() < found.len() / 2, "{strange:?}");
    let units = first.manifest["units"].as_array().unwrap();
    assert!(
        units
            .iter()
            .all(|unit| unit["state"] == "complete" && unit["pages"].as_u64() >= Some(1)),
        "{units:?}"
    );
    let calls = first.manifest["run"]["calls"].as_array().unwrap();
    assert!(
        calls
            .iter()
            .all(|call| !call["request_ids"].as_array().unwrap().is_empty())
    );
    assert!(first.report["run"]["requests"]["total"].as_u64().unwrap() > 3);

    let before = place.export().await;
    let second = place
        .scan(json!({ "tenant_id": place.simulator.tenant_id() }))
        .await;
    let (output, changes) = (&second.output, &second.changes);
    assert_eq!(
        (output.added, output.changed, output.removed),
        (0, 0, 0),
        "{changes:?}"
    );
    assert_eq!(output.unchanged, first.output.added);
    assert_eq!(first.manifest["units"], second.manifest["units"]);
    assert_eq!(place.export().await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_made_up_tenant_is_read_in_pages() {
    let mut config = Config::new(Source::Generated {
        seed: 7,
        rows: 300,
        shape: Shape::default(),
    });
    config.pages = Pages {
        resource_graph: 500,
        ..Pages::default()
    };
    let place = Place::new(config).await;
    let scanned = place.scan(json!({ "include_entra": false })).await;
    assert!(scanned.output.success, "{:?}", scanned.output);
    assert!(scanned.output.resources > 200, "{:?}", scanned.output);
    assert_eq!(scanned.report["problems_total"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_is_a_partial_unit_with_its_reason() {
    let mut config = demo();
    let matching = Matching {
        body_contains: Some("| project id, name, type, kind".to_owned()),
        ..Matching::default()
    };
    config.faults = only(always(matching, Fault::Forbidden));
    let place = Place::new(config).await;
    let scanned = place.scan(json!({})).await;
    assert_eq!(
        (scanned.completeness, scanned.output.success),
        (Completeness::Partial, false)
    );
    let of_resources = |unit: &&IncompleteUnit| unit.collector == "resources";
    let unit = scanned.output.incomplete_units.iter().find(of_resources).unwrap();
    assert_eq!(unit.state, "failed");
    assert!(unit.reason.contains("AuthorizationFailed"), "{unit:?}");
    assert!(
        !place.ids("ResourceGroup").await.is_empty(),
        "what could be read is there"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_tenant_than_the_credentials_is_refused() {
    let place = Place::new(demo()).await;
    let other = "00000000-0000-0000-0000-00000000000f";
    let error = place.try_scan(json!({ "tenant_id": other })).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
    assert!(error.message().contains(other), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_and_a_limit_hold() {
    let place = Place::new(demo()).await;
    let scanned = place
        .scan(json!({ "resource_types": ["Microsoft.Compute/virtualMachines"] }))
        .await;
    assert!(scanned.output.success && scanned.output.resources > 0);
    assert!(
        scanned.report["types"].as_object().unwrap().keys().all(|name| {
            name.starts_with("Microsoft.Compute/virtualMachines")
                || name.starts_with("Microsoft.Resources/")
                || name.starts_with("Microsoft.Management/")
        }),
        "{}",
        scanned.report["types"]
    );
    let place = Place::new(demo()).await;
    let scanned = place.scan(json!({ "resource_limit": 5 })).await;
    assert_eq!((scanned.output.success, scanned.output.resources), (true, 5));
    let units = scanned.manifest["units"].as_array().unwrap();
    assert!(!units.is_empty() && units.iter().all(|unit| unit["state"] == "skipped"));
}
