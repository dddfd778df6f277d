//! Scans that take a part of a source.

use atg_sdk::{Completeness, ErrorKind};
use serde_json::{Value, json};

use super::{Place, bytes, counts, lines, resource};

fn objects() -> Vec<Value> {
    vec![
        json!({ "id": format!("{}/resourceGroups/web", super::SUBSCRIPTION), "type": "Microsoft.Resources/resourceGroups", "tags": { "team": "x" } }),
        resource("web", "one"),
        resource("data", "two"),
        json!({ "@odata.type": "#microsoft.graph.user", "id": "11111111-0000-0000-0000-000000000001" }),
    ]
}

#[tokio::test]
async fn a_filtered_scan_after_a_whole_one_changes_and_removes_nothing() {
    let place = Place::new();
    let whole = place.scan(lines(&objects())).await;
    for parameters in [
        json!({ "resource_groups": ["web"] }),
        json!({ "resource_types": ["Microsoft.Storage/*"], "include_entra": false }),
        json!({ "filter_config": { "include": { "tags": { "name": "one" } } } }),
        json!({ "filter_config": { "exclude": { "regions": ["West Europe"] } } }),
        json!({ "resource_limit": 1 }),
        json!({ "include_rbac": false, "authoritative": ["/"] }),
    ] {
        let narrow = place
            .scan_with(bytes(lines(&objects())), parameters.clone())
            .await;
        let (added, changed, removed, _) = counts(&narrow);
        assert_eq!((added, changed, removed), (0, 0, 0), "{parameters}");
        assert_eq!(narrow.changes.len(), 0, "{parameters}");
        assert_eq!(
            narrow.output.relationships, whole.output.relationships,
            "{parameters}"
        );
        assert_eq!(narrow.completeness, Completeness::Complete);
    }
    assert_eq!(
        counts(&place.scan(lines(&objects())).await),
        (0, 0, 0, whole.output.added)
    );
}

#[tokio::test]
async fn what_filters_leave_out_is_counted_by_its_reason() {
    let parameters = json!({ "resource_groups": ["WEB"], "include_entra": false });
    let scanned = Place::new().scan_with(bytes(lines(&objects())), parameters).await;
    assert_eq!(scanned.output.resources, 2);
    assert_eq!(
        scanned.report["left_out"],
        json!({ "resource_groups": 1, "include_entra": 1 })
    );
}

#[tokio::test]
async fn a_value_that_matches_nothing_is_a_warning_that_names_it() {
    let parameters = json!({ "resource_types": ["Microsoft.Storage/*", "Microsoft.Strange/*"] });
    let scanned = Place::new().scan_with(bytes(lines(&objects())), parameters).await;
    let named: Vec<_> = scanned
        .warnings
        .iter()
        .filter(|warning| warning.contains("Microsoft.Strange/*"))
        .collect();
    assert_eq!(named.len(), 1, "{:?}", scanned.warnings);
    assert!(
        !scanned
            .warnings
            .iter()
            .any(|warning| warning.contains("Microsoft.Storage"))
    );
    assert_eq!(scanned.report["warnings"][0], json!(named[0]));
}

#[tokio::test]
async fn invalid_values_are_an_error_that_names_each() {
    let parameters =
        json!({ "resource_types": ["storage accounts"], "resource_limit": 0, "authoritative": ["x"] });
    let error = Place::new().refusal(lines(&objects()), parameters).await;
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    let pointers: Vec<_> = error
        .fields()
        .iter()
        .map(|field| field.pointer.as_str())
        .collect();
    assert_eq!(
        pointers,
        ["/resource_types/0", "/resource_limit", "/authoritative/0"]
    );
}

#[tokio::test]
async fn a_limit_takes_the_first_resources() {
    let objects: Vec<Value> = (0..3_000)
        .map(|n| resource("web", &format!("account{n}")))
        .collect();
    let scanned = Place::new()
        .scan_with(bytes(lines(&objects)), json!({ "resource_limit": 1_500 }))
        .await;
    assert_eq!(scanned.output.resources, 1_500);
    let added = scanned
        .changes
        .iter()
        .filter(|change| change["kind"] == "Microsoft.Storage/storageAccounts");
    assert_eq!(added.count(), 1_500);
}
