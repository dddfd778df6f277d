//! What is gone, what only seems so, and what nobody may see any more.

use atg_azure_sim::{Change, Fault, Lag, Matching, Principal, Schedule};
use serde_json::json;

use super::{Place, always, demo, only};

fn schedule(contains: &str, fault: Fault) -> Schedule {
    let matching = Matching {
        contains: Some(contains.to_owned()),
        ..Matching::default()
    };
    only(always(matching, fault))
}

/// A resource without children.
async fn disk(place: &Place) -> String {
    let ids = place.ids("Disk").await;
    ids.first().expect("the demo tenant has a disk").clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_both_sources_say_is_gone_goes() {
    let place = Place::new(demo()).await;
    place.scan(json!({})).await;
    let gone = disk(&place).await;
    place.simulator.change(&[Change::Delete(gone.clone())]).unwrap();
    let scanned = place.scan(json!({})).await;
    assert_eq!(scanned.output.removed, 1, "{:?}", scanned.changes);
    assert!(
        scanned.changes.iter().any(|change| change["change"] == "removed"
            && change["id"].as_str().unwrap().eq_ignore_ascii_case(&gone)),
        "{:?}",
        scanned.changes
    );
    assert!(!place.ids("Disk").await.contains(&gone));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_confirms_stays_and_is_said() {
    let place = Place::new(demo()).await;
    place.scan(json!({})).await;
    let gone = disk(&place).await;
    place.simulator.change(&[Change::Delete(gone.clone())]).unwrap();
    place
        .simulator
        .set_faults(schedule("/Microsoft.Compute/disks/", Fault::Forbidden));
    let scanned = place.scan(json!({})).await;
    assert_eq!(scanned.output.removed, 0);
    assert_eq!(scanned.report["unconfirmed_total"], 1);
    assert!(
        scanned
            .warnings
            .iter()
            .any(|warning| warning.starts_with("1 nodes were not seen")),
        "{:?}",
        scanned.warnings
    );
    assert!(
        scanned.report["unconfirmed"][0]["reason"]
            .as_str()
            .unwrap()
            .contains("AuthorizationFailed")
    );
    assert!(place.ids("Disk").await.contains(&gone));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_remove_nothing() {
    let place = Place::new(demo()).await;
    place.scan(json!({})).await;
    let gone = disk(&place).await;
    place.simulator.change(&[Change::Delete(gone)]).unwrap();
    for parameters in [
        json!({ "resource_types": ["Microsoft.Compute/disks"] }),
        json!({ "filter_config": { "exclude": { "regions": ["westeurope"] } } }),
        json!({ "resource_limit": 3 }),
    ] {
        assert_eq!(place.scan(parameters).await.output.removed, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_resource_graph_has_not_heard_of_yet_stays() {
    let place = Place::new(demo()).await;
    place.scan(json!({})).await;
    let template = disk(&place).await;
    let new = format!("{template}-new");
    let body =
        json!({ "id": new, "type": "Microsoft.Compute/disks", "location": "westeurope", "properties": {} });
    place.simulator.change(&[Change::Set(body)]).unwrap();
    assert_eq!(place.scan(json!({})).await.output.added, 1);
    place.simulator.set_lag(Lag {
        resource_graph: 3_600,
        lists: 0,
    });
    let scanned = place.scan(json!({})).await;
    assert_eq!(scanned.output.removed, 0);
    assert!(place.ids("Disk").await.contains(&new));
    assert!(
        scanned.report["unconfirmed"][0]["reason"]
            .as_str()
            .unwrap()
            .contains("lags"),
        "{}",
        scanned.report["unconfirmed"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_that_is_no_longer_shown_is_not_gone() {
    let place = Place::new(demo()).await;
    place.scan(json!({})).await;
    let subscriptions = place.ids("Subscription").await;
    let before = place.ids("Resource").await;
    assert!(subscriptions.len() > 1, "{subscriptions:?}");
    let mut principal = Principal::reader(Principal::CLIENT_ID, Principal::SECRET);
    principal.scopes = vec![subscriptions[0].clone()];
    place.simulator.put_principal(principal);
    let scanned = place.scan(json!({ "include_entra": false })).await;
    assert_eq!(scanned.output.removed, 0, "{:?}", scanned.changes);
    assert_eq!(place.ids("Resource").await, before);
    for lost in &subscriptions[1..] {
        assert!(
            scanned
                .warnings
                .iter()
                .any(|warning| warning.to_lowercase().starts_with(lost)),
            "{:?}",
            scanned.warnings
        );
    }
}
