//! Scans that are recorded, and what is made of the recordings.

use std::path::PathBuf;

use atg_azure_sim::{Change, Config, Fault, Matching, RetryAfter, Rule, Schedule};
use atg_executor_local::{LocalExecutor, LocalOptions};
use atg_sdk::{
    Completeness, ErrorKind, Executor as _, ExecutorExt as _, InputContent, Job, JobRequest, Operation,
    Output, Owner, Result, model::operations::scan,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Place, demo};
use crate::support::{events, read};

const CANARY: &str = "canary-4e1f";

/// Records a scan of a tenant with planted secrets, and gives the recording, unpacked.
async fn record(config: Config) -> (Place, String, String) {
    let place = Place::new(config).await;
    let rows = place.simulator.resource_ids();
    let group = rows
        .iter()
        .find(|id| id.to_lowercase().contains("/resourcegroups/") && id.split('/').count() == 5)
        .unwrap();
    let secrets = json!({
        "id": format!("{group}/providers/Microsoft.Compute/virtualMachines/secretive"),
        "name": "secretive", "type": "Microsoft.Compute/virtualMachines", "location": "westeurope",
        "properties": {
            "osProfile": {"adminPassword": format!("{CANARY}-1"), "customData": format!("{CANARY}-2")},
            "note": format!("https://a.blob.core.windows.net/c?sv=2020&sig={CANARY}-3"),
            "userData": format!("AccountKey={CANARY}-4;"),
        },
    });
    place.simulator.change(&[Change::Set(secrets)]).unwrap();
    let job = run(&place.executor, json!({ "record": true })).await.unwrap();
    let packed = read(&place.executor, job.id, "recording.jsonl.zst").await;
    let text = String::from_utf8(zstd::decode_all(&packed[..]).unwrap()).unwrap();
    let export = place.export().await;
    (place, text, export)
}

async fn run(executor: &LocalExecutor, parameters: Value) -> Result<Job> {
    executor
        .run(JobRequest::new(Operation::from_parts("scan", parameters)?))
        .await
}

/// An executor that knows no Azure, with an empty graph.
fn elsewhere() -> (LocalExecutor, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let executor = LocalExecutor::open(LocalOptions::new(directory.path())).unwrap();
    (executor, directory)
}

async fn replay(executor: &LocalExecutor, tenant: &str, text: &str) -> Result<(scan::Output, Job)> {
    replay_with(executor, tenant, text, json!({})).await
}

async fn replay_with(
    executor: &LocalExecutor,
    tenant: &str,
    text: &str,
    mut parameters: Value,
) -> Result<(scan::Output, Job)> {
    let directory = tempfile::tempdir().unwrap();
    let path: PathBuf = directory.path().join("recording");
    std::fs::write(&path, zstd::encode_all(text.as_bytes(), 1).unwrap()).unwrap();
    let input = executor
        .put_input(&Owner::default(), InputContent::File(path))
        .await?;
    parameters["tenant_id"] = json!(tenant);
    parameters["input"] = json!(input.sha256);
    let job = run(executor, parameters).await?;
    let Some(Output::Scan(output)) = job.output.clone() else {
        panic!("{:?}", job.output)
    };
    Ok((output, job))
}

async fn export(executor: &LocalExecutor) -> String {
    let operation = Operation::from_parts("export", json!({})).unwrap();
    let job = executor.run(JobRequest::new(operation)).await.unwrap();
    let packed = read(executor, job.id, "graph.jsonl.zst").await;
    String::from_utf8(zstd::decode_all(&packed[..]).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_gives_the_same_graph_and_holds_no_secret() {
    let (place, text, recorded) = record(demo()).await;
    assert!(!text.contains(CANARY) && !recorded.contains(CANARY));
    assert!(recorded.contains("secretive") && recorded.contains("$redacted"));
    for secret in ["azure-sim-secret", "Bearer ", "access_token", "oauth2/v2.0"] {
        assert!(!text.contains(secret), "{secret}");
    }
    let (executor, _directory) = elsewhere();
    let (output, job) = replay(&executor, place.simulator.tenant_id(), &text)
        .await
        .unwrap();
    assert!(output.success, "{:?}", output.incomplete_units);
    assert_eq!(job.completeness, Some(Completeness::Complete));
    let again = export(&executor).await;
    assert!(again == recorded, "{} and {} bytes", again.len(), recorded.len());
    let manifest: Value = serde_json::from_slice(&read(&executor, job.id, "manifest.json").await).unwrap();
    assert_eq!(manifest["source"], "recording");
    assert_eq!(manifest["input"]["layout"], "recording");
    // Once more changes nothing.
    let (output, _) = replay(&executor, place.simulator.tenant_id(), &text)
        .await
        .unwrap();
    assert_eq!((output.added, output.changed, output.removed), (0, 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trouble_and_what_it_left_out_are_recorded_too() {
    let rule = |contains: Option<&str>, fault: Fault, per_mille: u16| Rule {
        matching: Matching {
            contains: contains.map(str::to_owned),
            ..Matching::default()
        },
        fault,
        per_mille,
        times: None,
        skip: 0,
    };
    let mut config = demo();
    config.faults = Schedule {
        seed: 3,
        rules: vec![
            rule(Some("/firewallRules"), Fault::Forbidden, 1_000),
            rule(None, Fault::Cut, 20),
            rule(
                None,
                Fault::TooManyRequests {
                    retry_after: RetryAfter::Seconds,
                    seconds: 0,
                },
                30,
            ),
        ],
    };
    let (place, text, recorded) = record(config).await;
    let (executor, _directory) = elsewhere();
    let (output, _) = replay(&executor, place.simulator.tenant_id(), &text)
        .await
        .unwrap();
    assert!(!output.success);
    assert!(
        output
            .incomplete_units
            .iter()
            .all(|unit| unit.collector.contains("firewallRules")),
        "{:?}",
        output.incomplete_units
    );
    assert!(export(&executor).await == recorded);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_cut_recording_lacks_is_incomplete_and_removes_nothing() {
    let (place, text, _) = record(demo()).await;
    let tenant = place.simulator.tenant_id();
    let (executor, _directory) = elsewhere();
    replay(&executor, tenant, &text).await.unwrap();
    let whole = export(&executor).await;
    let lines: Vec<&str> = text.lines().collect();
    let cut = lines[..lines.len() / 2].join("\n");
    let (output, job) = replay(&executor, tenant, &cut).await.unwrap();
    assert!(!output.success && output.incomplete_units_total > 0 && output.removed == 0);
    let warnings: Vec<String> = events(&executor, job.id)
        .await
        .into_iter()
        .filter_map(|event| match event.kind {
            atg_sdk::EventKind::Warning { message, .. } => Some(message),
            _ => None,
        })
        .collect();
    assert!(
        warnings.iter().any(|warning| warning.contains("it is cut")),
        "{warnings:?}"
    );
    assert!(export(&executor).await == whole);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_replays_the_removals_that_it_proves_and_no_others() {
    let (place, first, _) = record(demo()).await;
    let tenant = place.simulator.tenant_id();
    let disk = place.ids("Disk").await.first().cloned().unwrap();
    place.simulator.change(&[Change::Delete(disk.clone())]).unwrap();
    let job = run(&place.executor, json!({ "record": true })).await.unwrap();
    let packed = read(&place.executor, job.id, "recording.jsonl.zst").await;
    let second = String::from_utf8(zstd::decode_all(&packed[..]).unwrap()).unwrap();
    let recorded = place.export().await;
    assert!(!recorded.to_lowercase().contains(&format!("\"id\":\"{disk}\"")));
    let (executor, _directory) = elsewhere();
    replay(&executor, tenant, &first).await.unwrap();
    let (output, _) = replay(&executor, tenant, &second).await.unwrap();
    assert_eq!(output.removed, 1);
    assert!(export(&executor).await == recorded);
    // The first one lists the disk again; without the calls that ask for what the second scan alone had seen, nothing goes.
    let (output, _) = replay(&executor, tenant, &first).await.unwrap();
    assert_eq!((output.added, output.removed), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_tenants_recording_and_filters_of_ones_own_are_refused() {
    let (place, text, _) = record(demo()).await;
    let (executor, _directory) = elsewhere();
    let other = "00000000-0000-0000-0000-00000000000f";
    let error = replay(&executor, other, &text).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    let tenant = place.simulator.tenant_id();
    let error = replay_with(&executor, tenant, &text, json!({ "include_entra": false }))
        .await
        .unwrap_err();
    assert!(error.message().contains("as it was recorded"), "{error}");
    let error = run(&place.executor, json!({ "record": true, "resource_limit": 3 }))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
}
