//! What Azure's own tools write, packed or not: each gives the same graph.

use std::io::Write as _;

use atg_sdk::Completeness;
use rstest::rstest;
use serde_json::{Value, json};

use super::{Place, counts, lines, resource};

fn objects() -> Vec<Value> {
    vec![
        resource("web", "one"),
        resource("web", "two"),
        json!({
            "@odata.type": "#microsoft.graph.user",
            "id": "11111111-0000-0000-0000-000000000001",
            "displayName": "Ada"
        }),
        json!({
            "@odata.type": "#microsoft.graph.group",
            "id": "11111111-0000-0000-0000-000000000002",
            "displayName": "Admins",
            "members": ["11111111-0000-0000-0000-000000000001"]
        }),
    ]
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[rstest]
#[case::lines(lines(&objects()).into_bytes())]
#[case::lines_of_windows(format!("\u{feff}{}", lines(&objects()).replace('\n', "\r\n\r\n")).into_bytes())]
#[case::array(json!(objects()).to_string().into_bytes())]
#[case::pretty_array(pretty(&json!(objects())).into_bytes())]
#[case::pretty_objects(objects().iter().map(pretty).collect::<String>().into_bytes())]
#[case::answer_of_az_graph(pretty(&json!({ "count": 4, "data": objects(), "skip_token": null, "total_records": 4 })).into_bytes())]
#[case::answer_of_resource_graph(
    json!({ "totalRecords": 4, "count": 4, "data": objects(), "facets": [], "resultTruncated": "false" }).to_string().into_bytes()
)]
#[case::answer_of_arm(json!({ "value": objects() }).to_string().into_bytes())]
#[case::gzip(gzip(&lines(&objects())))]
#[case::gzip_of_an_array_in_two_members([gzip("["), gzip(&json!(objects()).to_string()[1..])].concat())]
#[case::zstd(zstd::encode_all(pretty(&json!(objects())).as_bytes(), 3).unwrap())]
#[tokio::test]
async fn every_format_gives_the_same_graph(#[case] text: Vec<u8>) {
    let place = Place::new();
    let first = place.scan(text).await;
    assert_eq!(
        first.completeness,
        Completeness::Complete,
        "{}",
        first.report["problems"]
    );
    assert_eq!((first.output.resources, first.output.subscriptions), (2, 1));
    assert_eq!(first.report["counts"]["entra_objects"], 2);
    // The plain file is the measure: nothing is new and nothing differs.
    let plain = place.scan(lines(&objects())).await;
    assert_eq!(counts(&plain), (0, 0, 0, first.output.added));
    assert_eq!(plain.output.relationships, first.output.relationships);
}

#[rstest]
#[case(json!({ "value": [resource("web", "one")], "nextLink": "https://management.azure.com/next" }), "goes on")]
#[case(json!({ "data": [resource("web", "one")], "$skipToken": "abc" }), "goes on")]
#[case(json!({ "data": [resource("web", "one")], "total_records": 2, "count": 1 }), "1 of 2 rows")]
#[case(json!({ "data": [resource("web", "one")], "resultTruncated": "true" }), "cut the answer")]
#[tokio::test]
async fn an_answer_that_is_not_all_is_partial(#[case] answer: Value, #[case] words: &str) {
    let scanned = Place::new().scan(answer.to_string()).await;
    assert_eq!(
        (scanned.completeness, scanned.output.resources),
        (Completeness::Partial, 1)
    );
    assert!(
        scanned.output.incomplete_units[0].reason.contains(words),
        "{:?}",
        scanned.output
    );
    assert!(
        scanned.warnings.iter().any(|warning| warning.contains(words)),
        "{:?}",
        scanned.warnings
    );
}

#[tokio::test]
async fn a_thin_listing_clears_nothing_that_a_rich_one_wrote() {
    let place = Place::new();
    let first = place.scan(lines(&[resource("web", "one")])).await;
    let mut thin = resource("web", "one");
    let row = thin.as_object_mut().unwrap();
    row.insert("properties".into(), Value::Null);
    row.insert("createdTime".into(), json!("2026-01-01T00:00:00Z"));
    row.insert("provisioningState".into(), json!("Succeeded"));
    let listing = place.scan(pretty(&json!([thin]))).await;
    assert_eq!((listing.output.removed, listing.output.added), (0, 0));
    for change in &listing.changes {
        for change in change["changes"].as_array().unwrap() {
            assert!(change.get("before").is_none(), "cleared or replaced: {change}");
        }
    }
    assert_eq!(listing.output.relationships, first.output.relationships);
    // The rich one again: its properties are still there, so nothing of them is new.
    let again = place.scan(lines(&[resource("web", "one")])).await;
    let paths: Vec<_> = again
        .changes
        .iter()
        .flat_map(|change| change["changes"].as_array().unwrap())
        .map(|change| change["path"].clone())
        .collect();
    assert!(
        paths
            .iter()
            .all(|path| !path.as_str().unwrap().starts_with("properties")),
        "{paths:?}"
    );
}
