//! Exports and imports as operations: damaged files, foreign tenants, confinement.

use atg_sdk::{
    ErrorKind, Executor as _, ExecutorExt as _, InputContent, Job, JobRequest, Operation, Output, Owner,
    Result, azure::TenantId,
};
use serde_json::{Value, json};

use crate::{
    scan::{Place, TENANT, lines, resource},
    support::read,
};

const OTHER: &str = "00000000-0000-0000-0000-0000000000bb";

/// A graph of two resources, and its export.
async fn filled() -> (Place, Vec<u8>) {
    let place = Place::new();
    place.scan(lines(&[resource("g", "a"), resource("g", "b")])).await;
    let export = export(&place, json!({}), None).await.unwrap();
    (place, export)
}

async fn export(place: &Place, parameters: Value, confined_to: Option<Vec<TenantId>>) -> Result<Vec<u8>> {
    let request = JobRequest {
        confined_to,
        ..JobRequest::new(Operation::from_parts("export", parameters).unwrap())
    };
    let job = place.executor.run(request).await?;
    Ok(read(&place.executor, job.id, "graph.jsonl.zst").await)
}

async fn import(
    place: &Place,
    file: Vec<u8>,
    parameters: Value,
    confined_to: Option<Vec<TenantId>>,
) -> (Job, Value) {
    let input = place
        .executor
        .put_input(&Owner::default(), InputContent::Bytes(file.into()))
        .await
        .unwrap();
    let mut parameters = parameters;
    parameters["input"] = json!(input.sha256);
    let request = JobRequest {
        confined_to,
        ..JobRequest::new(Operation::from_parts("import", parameters).unwrap())
    };
    let id = place.executor.submit_job(request).await.unwrap().id;
    let job = place.executor.wait(id).await.unwrap();
    let reported = job
        .artifacts
        .iter()
        .any(|artifact| artifact.name == "report.json");
    let report = match reported {
        true => serde_json::from_slice(&read(&place.executor, id, "report.json").await).unwrap(),
        // Only a job that completed leaves one.
        false => Value::Null,
    };
    (job, report)
}

/// Whether the graph knows nothing of the tenant.
async fn is_empty(place: &Place) -> bool {
    let export = export(place, json!({ "tenant_id": TENANT }), None).await;
    export.is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

#[tokio::test]
async fn an_import_gives_the_graph_that_was_exported() {
    let (from, file) = filled().await;
    let to = Place::new();
    let (job, report) = import(&to, file.clone(), json!({}), None).await;
    let Some(Output::Import(output)) = job.output else {
        panic!("{:?}", job.error)
    };
    assert!(output.success && output.nodes > 2 && output.edges > 2);
    assert_eq!(report["nodes"], json!(output.nodes));
    assert_eq!(export(&to, json!({}), None).await.unwrap(), file);
    assert_eq!(to.export().await, from.export().await);
}

#[tokio::test]
async fn a_file_that_is_cut_anywhere_is_refused_and_changes_nothing() {
    let (_, file) = filled().await;
    let to = Place::new();
    for length in [
        0,
        3,
        file.len() / 3,
        file.len() / 2,
        file.len() - 5,
        file.len() - 1,
    ] {
        let (job, report) = import(&to, file[..length].to_vec(), json!({}), None).await;
        let error = job
            .error
            .unwrap_or_else(|| panic!("{length} bytes of {} were taken", file.len()));
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{length}: {error}");
        assert_eq!(report, Value::Null, "what failed leaves no files");
        assert!(is_empty(&to).await, "{length} bytes left something behind");
    }
}

#[tokio::test]
async fn an_uncompressed_export_that_lost_its_last_lines_is_refused() {
    let (_, file) = filled().await;
    let text = String::from_utf8(zstd::decode_all(&file[..]).unwrap()).unwrap();
    let all: Vec<_> = text.lines().collect();
    let to = Place::new();
    for kept in 1..all.len() {
        let cut = all[..kept].join("\n");
        let (job, _) = import(&to, cut.into_bytes(), json!({}), None).await;
        assert!(
            job.error.is_some(),
            "{kept} of {} lines were taken for the whole",
            all.len()
        );
    }
    let (job, _) = import(&to, text.into_bytes(), json!({}), None).await;
    assert_eq!(job.error, None);
}

#[tokio::test]
async fn a_changed_byte_is_noticed_wherever_it_is() {
    let (_, file) = filled().await;
    let to = Place::new();
    for at in (0..file.len()).step_by(file.len() / 40 + 1) {
        let mut damaged = file.clone();
        damaged[at] ^= 0x20;
        let (job, _) = import(&to, damaged, json!({}), None).await;
        assert!(
            job.error.is_some(),
            "the byte at {at} of {} does not matter",
            file.len()
        );
    }
    assert!(is_empty(&to).await);
}

#[tokio::test]
async fn a_confined_import_refuses_foreign_rows_before_it_writes_any() {
    let (_, file) = filled().await;
    let to = Place::new();
    let other: TenantId = OTHER.parse().unwrap();
    for (parameters, confined_to) in [
        (json!({ "tenant_id": OTHER }), None),
        (json!({}), Some(vec![other])),
        (json!({}), Some(Vec::new())),
        (json!({ "tenant_id": TENANT }), Some(vec![other])),
    ] {
        let (job, _) = import(&to, file.clone(), parameters.clone(), confined_to).await;
        let error = job.error.unwrap_or_else(|| panic!("{parameters} was taken"));
        let kinds = [ErrorKind::PermissionDenied, ErrorKind::InvalidArgument];
        assert!(kinds.contains(&error.kind()), "{parameters}: {error}");
        assert!(is_empty(&to).await);
    }
}

#[tokio::test]
async fn a_confined_export_holds_nothing_of_other_tenants() {
    let (place, whole) = filled().await;
    let own: TenantId = TENANT.parse().unwrap();
    let other: TenantId = OTHER.parse().unwrap();
    assert_eq!(export(&place, json!({}), Some(vec![own])).await.unwrap(), whole);
    let foreign = export(&place, json!({}), Some(vec![other])).await.unwrap();
    let text = String::from_utf8(zstd::decode_all(&foreign[..]).unwrap()).unwrap();
    assert!(!text.contains(TENANT), "{text}");
    let refused = export(&place, json!({ "tenant_id": TENANT }), Some(vec![other]))
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::PermissionDenied);
}

#[tokio::test]
async fn a_tenant_that_is_there_is_a_conflict_unless_it_is_to_be_replaced() {
    let (place, file) = filled().await;
    let before = place.export().await;
    let (job, _) = import(&place, file.clone(), json!({}), None).await;
    assert_eq!(job.error.unwrap().kind(), ErrorKind::Conflict);
    place.scan(lines(&[resource("g", "c")])).await;
    assert_ne!(place.export().await, before);
    let (job, _) = import(&place, file, json!({ "replace": true }), None).await;
    assert_eq!(job.error, None);
    assert_eq!(place.export().await, before);
}
