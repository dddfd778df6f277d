//! What a scan removes: nothing, unless somebody says that the file is all there is.

use atg_sdk::Completeness;
use serde_json::{Value, json};

use super::{Place, SUBSCRIPTION, Scanned, bytes, counts, lines, resource};

fn objects() -> Vec<Value> {
    ["one", "two"]
        .iter()
        .flat_map(|name| ["web", "data"].map(|group| resource(group, &format!("{group}{name}"))))
        .collect()
}

fn removed(scanned: &Scanned) -> Vec<String> {
    let removed = scanned
        .changes
        .iter()
        .filter(|change| change["change"] == "removed");
    removed
        .map(|change| {
            change["id"]
                .as_str()
                .unwrap()
                .rsplit('/')
                .next()
                .unwrap()
                .to_owned()
        })
        .collect()
}

#[tokio::test]
async fn one_groups_file_removes_nothing() {
    let place = Place::new();
    let whole = place.scan(lines(&objects())).await;
    let part = place.scan(lines(&[resource("web", "webone")])).await;
    let (added, changed, gone, _) = counts(&part);
    assert_eq!((added, changed, gone), (0, 0, 0));
    assert_eq!(part.output.relationships, whole.output.relationships);
    assert_eq!(
        counts(&place.scan(lines(&objects())).await),
        (0, 0, 0, whole.output.added)
    );
}

#[tokio::test]
async fn an_authoritative_file_removes_exactly_what_it_does_not_hold_of_its_scope() {
    let place = Place::new();
    place.scan(lines(&objects())).await;
    let group = format!("{}/RESOURCEGROUPS/Web", SUBSCRIPTION.to_uppercase());
    let scanned = place
        .scan_with(
            bytes(lines(&[resource("web", "webone")])),
            json!({ "authoritative": [group] }),
        )
        .await;
    assert_eq!(
        (removed(&scanned), scanned.output.removed),
        (vec!["webtwo".to_owned()], 1)
    );
    // Everything of the subscription but one resource.
    let scanned = place
        .scan_with(
            bytes(lines(&[resource("data", "dataone")])),
            json!({ "authoritative": [SUBSCRIPTION] }),
        )
        .await;
    let mut gone = removed(&scanned);
    gone.sort();
    assert_eq!(gone, ["datatwo", "web", "webone"]);
}

#[tokio::test]
async fn an_authoritative_file_that_could_not_be_read_whole_removes_nothing() {
    let place = Place::new();
    place.scan(lines(&objects())).await;
    let scope = json!({ "authoritative": [SUBSCRIPTION] });
    let damaged = format!("{}oops\n", lines(&[resource("web", "webone")]));
    let next = json!({ "value": [resource("web", "webone")], "nextLink": "https://next" }).to_string();
    let mut nameless = resource("data", "x");
    nameless.as_object_mut().unwrap().remove("type");
    let nameless = lines(&[resource("web", "webone"), nameless]);
    for text in [damaged, next, nameless] {
        let scanned = place.scan_with(bytes(text), scope.clone()).await;
        assert_eq!(
            (scanned.completeness, scanned.output.removed),
            (Completeness::Partial, 0)
        );
        assert!(
            scanned
                .warnings
                .iter()
                .any(|warning| warning.contains("nothing was removed")),
            "{:?}",
            scanned.warnings
        );
    }
    assert_eq!(place.scan(lines(&objects())).await.output.added, 0);
}

#[tokio::test]
async fn bad_data_in_another_subscription_does_not_hinder_a_licence() {
    let place = Place::new();
    place.scan(lines(&objects())).await;
    let bad = json!({ "id": "/subscriptions/00000000-0000-0000-0000-000000000002/resourceGroups/g/providers/M.X/y/z" });
    let scanned = place
        .scan_with(
            bytes(lines(&[resource("web", "webone"), bad])),
            json!({ "authoritative": [SUBSCRIPTION] }),
        )
        .await;
    assert_eq!(scanned.completeness, Completeness::Partial);
    assert_eq!(scanned.output.removed, 4, "{:?}", removed(&scanned));
}
