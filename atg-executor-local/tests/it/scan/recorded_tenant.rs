//! A real tenant: 740 resources of 134 types.

use atg_sdk::{Completeness, ErrorKind, InputContent};
use serde_json::json;

use super::{Place, bytes, counts, lines, resource, shared};
use crate::support::read;

#[tokio::test]
async fn a_real_tenant_is_read_whole_and_a_second_scan_changes_nothing() {
    let Some(file) = shared("data/tenants/recorded.jsonl") else {
        return;
    };
    let place = Place::new();
    let first = place.scan_with(InputContent::File(file.clone()), json!({})).await;
    assert_eq!(first.output.resources, 740);
    assert_eq!(first.completeness, Completeness::Complete);
    assert!(first.output.success);
    assert_eq!(first.report["problems"], json!([]));
    assert_eq!(first.report["duplicates_total"], 0);
    assert_eq!(
        (first.output.changed, first.output.removed, first.output.unchanged),
        (0, 0, 0)
    );
    assert_eq!(first.changes.len() as u64, first.output.added);
    assert_eq!(
        first.report["external_total"], first.report["counts"]["external"],
        "each stub is listed"
    );
    // Several edges a resource, not one in fifty.
    assert!(
        first.output.relationships > 3 * 740,
        "{}",
        first.output.relationships
    );

    let second = place.scan_with(InputContent::File(file), json!({})).await;
    assert_eq!(counts(&second), (0, 0, 0, first.output.added));
    assert_eq!(second.changes.len(), 0);
    assert_eq!(second.output.relationships, first.output.relationships);
    assert_eq!(second.report["counts"]["edges_added"], 0);
    assert_eq!(second.report["counts"]["edges_removed"], 0);
    assert_eq!(first.manifest["digest"], second.manifest["digest"]);
    assert_eq!(first.report["redactions"], second.report["redactions"]);
    assert_eq!(first.report["external"], second.report["external"]);
}

#[tokio::test]
async fn two_graphs_made_of_one_file_report_the_same() {
    let Some(file) = shared("data/tenants/recorded.jsonl") else {
        return;
    };
    let mut reports = Vec::new();
    // Several: batches are described side by side, and a race shows in some runs only.
    for _ in 0..6 {
        let mut scanned = Place::new()
            .scan_with(InputContent::File(file.clone()), json!({}))
            .await;
        scanned.report.as_object_mut().unwrap().remove("run");
        reports.push((scanned.report, scanned.changes));
    }
    assert!(reports.windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test]
async fn the_graph_as_it_was_after_a_scan_is_kept_on_request() {
    let place = Place::new();
    let text = lines(&[resource("web", "one")]);
    let job = place
        .run(bytes(text), json!({ "keep_export": true }))
        .await
        .unwrap();
    let kept = read(&place.executor, job.id, "graph.jsonl.zst").await;
    let kept = String::from_utf8(zstd::decode_all(&kept[..]).unwrap()).unwrap();
    assert!(kept.contains("storageAccounts/one"));
    assert_eq!(kept, place.export().await);
    // What ATG wrote itself goes back in by another way, packed or not.
    for export in [
        kept.clone().into_bytes(),
        zstd::encode_all(kept.as_bytes(), 1).unwrap(),
    ] {
        let error = place.refusal(export, json!({})).await;
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.message().contains("use `atg import FILE`"), "{error}");
    }
}
