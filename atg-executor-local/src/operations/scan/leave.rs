//! What a scan leaves: its node, `manifest.json`, `report.json`, `changes.jsonl`.

use std::collections::BTreeMap;

use atg_sdk::{
    Counters, Error, Result,
    model::operations::{export, scan::IncompleteUnit},
};
use jiff::Timestamp;
use serde_json::{Map, Value as JsonValue, json};
use tokio::task;

use super::{Origin, Scan};
use crate::{
    discovery::{
        report::{InputFacts, Manifest},
        unit::{Unit, UnitState},
    },
    graph::{Node, NodeClass, ScanCounts, Source, Standing, Value, node_key},
    operations,
};

/// What Azure was asked.
#[derive(Debug, Default)]
pub(super) struct AzureFacts {
    /// Of Resource Manager: which cloud it is.
    pub(super) endpoint: String,
    /// By unit, under which ids Azure logged the calls.
    pub(super) calls: Vec<JsonValue>,
    /// Collectors that were left out for want of permission.
    pub(super) skipped: Vec<JsonValue>,
    /// Collectors that were not asked again, with when they were.
    pub(super) carried_over: BTreeMap<String, String>,
    /// What was asked how often.
    pub(super) requests: JsonValue,
    /// The recording that answered in Azure's place.
    pub(super) recording: Option<InputFacts>,
}

/// Whether nothing is missing that was asked for.
pub(super) fn is_complete(unit: &Unit) -> bool {
    matches!(
        unit.state,
        UnitState::Complete | UnitState::Skipped | UnitState::CarriedOver
    )
}

/// The units of which something is missing, as the output shows them.
pub(super) fn incomplete(units: &[Unit]) -> Vec<IncompleteUnit> {
    let incomplete = units.iter().filter(|unit| !is_complete(unit));
    incomplete
        .map(|unit| IncompleteUnit {
            scope: unit.scope.clone(),
            collector: unit.collector.clone(),
            state: unit.state.name().to_owned(),
            reason: unit.reason.clone().unwrap_or_default(),
        })
        .collect()
}

pub(super) fn manifest<'a>(scan: &'a Scan<'_>, units: &'a [Unit]) -> Manifest<'a> {
    Manifest {
        tenant_id: scan.tenant,
        source: match &scan.origin {
            Origin::File(_) => Source::Recorded.name(),
            Origin::Azure(AzureFacts {
                recording: Some(_), ..
            }) => "recording",
            Origin::Azure(_) => "azure",
        },
        input: match &scan.origin {
            Origin::File(input) => Some(input.clone()),
            Origin::Azure(facts) => facts.recording.clone(),
        },
        parameters: &scan.parameters,
        units,
    }
}

/// The scan's own node: history, which `atg export` leaves out.
pub(super) fn scan_node(scan: &Scan<'_>, units: &[Unit], manifest: &str) -> Node {
    let number = |count: u64| Value::Int(i64::try_from(count).unwrap_or(i64::MAX));
    let text = |value: &JsonValue| Value::String(value.to_string());
    let gathered = &scan.gathered;
    Node {
        key: node_key(scan.tenant, &scan.scan_id),
        id: scan.scan_id.clone(),
        name: scan.scan_id.clone(),
        class: NodeClass::Scan,
        labels: vec!["Scan".into()],
        resource_type: None,
        members: vec![
            ("started_at".into(), Value::String(scan.started_at.to_string())),
            ("ended_at".into(), Value::String(Timestamp::now().to_string())),
            ("parameters".into(), text(&json!(scan.parameters))),
            ("units".into(), text(&json!(units))),
            ("complete".into(), Value::Bool(units.iter().all(is_complete))),
            ("resources".into(), number(gathered.resources)),
            ("entra_objects".into(), number(gathered.entra)),
            ("subscriptions".into(), number(gathered.units.subscriptions())),
            ("problems".into(), number(gathered.report.problems.total())),
            ("manifest_sha256".into(), Value::String(manifest.to_owned())),
        ],
        properties: None,
        scalars: Vec::new(),
        source: match &scan.origin {
            Origin::File(_) => Source::Recorded,
            Origin::Azure(_) => Source::Arm,
        },
        standing: Standing::Own,
    }
}

pub(super) fn final_counters(scan: &Scan<'_>, counts: &ScanCounts) -> Counters {
    Counters {
        relationships: counts.edges,
        ..scan.gathered.counters()
    }
}

/// Writes all files.
pub(super) async fn artifacts(scan: Scan<'_>, units: &[Unit], counts: ScanCounts) -> Result<()> {
    if scan.parameters.keep_export {
        let parameters = export::Parameters {
            tenant_id: Some(scan.tenant),
            ..export::Parameters::default()
        };
        operations::export::run(parameters, scan.context).await?;
    }
    let mut run = json!({
        "scan_id": scan.scan_id,
        "job_id": scan.context.outer_job().to_string(),
        "started_at": scan.started_at.to_string(),
        "duration_seconds": scan.started.elapsed().as_secs_f64(),
    });
    let mut file = scan.context.artifact("manifest.json", "application/json").await?;
    let mut of_manifest = run.clone();
    if let Origin::Azure(azure) = &scan.origin {
        of_manifest["calls"] = json!(azure.calls);
        run["requests"] = azure.requests.clone();
        // When is a matter of the run; what it was is in the units.
        if !azure.carried_over.is_empty() {
            of_manifest["carried_over"] = json!(azure.carried_over);
            run["carried_over"] = json!(azure.carried_over);
        }
    }
    manifest(&scan, units).write_to(&of_manifest, &mut file)?;
    file.finish().await?;
    let facts = facts(&scan, units, &counts);
    let file = scan.context.artifact("report.json", "application/json").await?;
    let Scan {
        gathered, changes, ..
    } = scan;
    let mut report = gathered.report;
    report.external = changes.take_external();
    changes.finish().await?;
    let written = task::spawn_blocking(move || {
        let mut file = file;
        report.write_to(&run, facts, &mut file)?;
        file.finish_blocking()
    });
    written.await.map_err(|error| {
        Error::internal("write the report: its thread stopped unexpectedly").with_source(error)
    })?
}

/// The members of the report that are no long lists.
fn facts(scan: &Scan<'_>, units: &[Unit], counts: &ScanCounts) -> Map<String, JsonValue> {
    let gathered = &scan.gathered;
    let mut facts = Map::new();
    facts.insert("tenant_id".into(), json!(scan.tenant));
    match &scan.origin {
        Origin::File(input) => drop(facts.insert("input".into(), json!(input))),
        Origin::Azure(azure) => {
            facts.insert("azure".into(), json!({ "endpoint": azure.endpoint }));
            facts.insert("skipped".into(), json!(azure.skipped));
        }
    }
    facts.insert("complete".into(), json!(units.iter().all(is_complete)));
    facts.insert(
        "counts".into(),
        json!({
            "subscriptions": gathered.units.subscriptions(),
            "resources": gathered.resources,
            "entra_objects": gathered.entra,
            "added": counts.added,
            "changed": counts.changed,
            "unchanged": counts.unchanged,
            "removed": counts.removed,
            "edges_added": counts.edges_added,
            "edges_removed": counts.edges_removed,
            "nodes": counts.nodes,
            "edges": counts.edges,
            "external": counts.external,
        }),
    );
    let unresolved = scan.changes.unresolved();
    facts.insert("relationships".into(), gathered.named.facts(counts, unresolved));
    facts.insert("left_out".into(), json!(gathered.left_out));
    facts.insert("incomplete_units".into(), json!(incomplete(units)));
    facts
}
