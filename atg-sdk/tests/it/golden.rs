//! The wire format, one file for each type and variant.
//!
//! `ATG_UPDATE_GOLDEN=1 cargo test -p atg-sdk` writes the files again; the difference is what a reviewer reads. Every
//! file is also read back, once as it is and once with members that only a newer version knows.

use std::{env, fmt::Debug, fs, path::PathBuf};

use atg_sdk::{
    Artifact, Completeness, Counters, Error, ErrorKind, EventKind, Health, HealthState, Input, InputDigest,
    Job, JobEvent, JobId, JobStatus, Operation, Output, Owner,
    azure::TenantId,
    model::{
        PartHealth,
        operations::{diff, export, generate_iac, import, query, rehearsal, scan, self_test},
    },
    rest::Problem,
};
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use uuid::Uuid;

fn path(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/golden")).join(format!("{name}.json"))
}

/// Compares a value with its file, or writes the file.
fn check_text(name: &str, value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap();
    text.push('\n');
    let path = path(name);
    if env::var_os("ATG_UPDATE_GOLDEN").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        text,
        golden,
        "{}: if this is meant, set ATG_UPDATE_GOLDEN=1 and review",
        path.display()
    );
    text
}

/// The same for a type that is read tolerantly.
fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(name: &str, value: &T) {
    let text = check_text(name, value);
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value, "{name}");
    let mut newer: Value = serde_json::from_str(&text).unwrap();
    add_members(&mut newer);
    assert_eq!(
        &serde_json::from_value::<T>(newer).unwrap(),
        value,
        "{name} with members of a newer version"
    );
}

/// A member that no version knows, in every object that has members of fixed names.
fn add_members(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                // Their members are data: rows by column, parts by name, parameters as somebody sent them.
                if !matches!(name.as_str(), "rows" | "parts" | "parameters") {
                    add_members(member);
                }
            }
            members.insert("from_a_newer_version".to_owned(), json!({ "any": ["thing"] }));
        }
        Value::Array(items) => items.iter_mut().for_each(add_members),
        _ => {}
    }
}

fn time(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + second).unwrap()
}

fn tenant() -> TenantId {
    TenantId::new(Uuid::from_u128(0xa))
}

fn digest() -> InputDigest {
    InputDigest::from_bytes([0x5a; 32])
}

fn artifact() -> Artifact {
    Artifact {
        name: "modules/network/main.tf".to_owned(),
        content_type: "text/plain".to_owned(),
        size_bytes: 8_123,
        sha256: digest().to_string(),
    }
}

fn counters() -> Counters {
    Counters {
        resources: 902,
        relationships: 2_841,
        requests: 37,
        throttled: 1,
    }
}

fn error() -> Error {
    Error::invalid("read the parameters of scan: correct them and try again")
        .with_code("BadFilter")
        .with_field("/filter_config/include/types/0", "is not a resource type")
        .with_request_id("r-1")
}

fn scan_output() -> scan::Output {
    scan::Output {
        success: false,
        subscriptions: 3,
        resources: 902,
        relationships: 2_841,
        added: 12,
        changed: 5,
        removed: 1,
        unchanged: 884,
        incomplete_units: vec![scan::IncompleteUnit {
            scope: "/subscriptions/00000000-0000-0000-0000-000000000001".to_owned(),
            collector: "resources".to_owned(),
            state: "partial".to_owned(),
            reason: "line 7 has no id".to_owned(),
        }],
        incomplete_units_total: 1,
        duration_seconds: 1.5,
    }
}

fn generate_iac_output() -> generate_iac::Output {
    generate_iac::Output {
        success: false,
        objects: 12,
        resources: 9,
        skipped: vec![generate_iac::Skipped {
            reason: "inlined".to_owned(),
            objects: 2,
        }],
        missing: vec![generate_iac::Missing {
            id: "66666666-6666-4666-8666-666666666666".to_owned(),
            reason: "ARM templates have no groups of people".to_owned(),
        }],
        missing_total: 1,
        references: 14,
        outside: 3,
        secrets: 1,
        unknown_types: vec!["Example.Unknown/things".to_owned()],
        files: 2,
        explanations: vec![generate_iac::Explanation {
            id: "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg".to_owned(),
            name: Some("rg".to_owned()),
            block: Some("Microsoft.Resources/resourceGroups".to_owned()),
            skipped: None,
            removed: vec![generate_iac::Removed {
                path: "properties.provisioningState".to_owned(),
                reason: "read-only".to_owned(),
            }],
            references: vec![generate_iac::Referred {
                what: "parent".to_owned(),
                name: "subscription_00000000".to_owned(),
            }],
        }],
    }
}

fn outputs() -> Vec<Output> {
    let mut row = Map::new();
    row.insert("type".to_owned(), json!("Microsoft.Web/sites"));
    row.insert("n".to_owned(), json!(7));
    vec![
        Output::Scan(scan_output()),
        Output::Query(query::Output {
            columns: vec!["type".to_owned(), "n".to_owned()],
            rows: vec![row],
            row_count: 1,
            truncated: false,
        }),
        Output::Diff(diff::Output {
            identical: false,
            matched_by: diff::MatchedBy::Path,
            left: diff::SideCounts {
                tenant_ids: vec![tenant()],
                nodes: 902,
                edges: 2_841,
            },
            right: diff::SideCounts {
                tenant_ids: vec![TenantId::new(Uuid::from_u128(0xb))],
                nodes: 903,
                edges: 2_840,
            },
            nodes: diff::Differences {
                added: 2,
                removed: 1,
                changed: 3,
                unchanged: 898,
            },
            edges: diff::Differences {
                added: 0,
                removed: 1,
                changed: 0,
                unchanged: 2_840,
            },
            score: 0.9934,
            types: vec![diff::TypeDifferences {
                kind: "Microsoft.Web/sites".to_owned(),
                left: 7,
                right: 8,
                added: 2,
                removed: 1,
                changed: 3,
            }],
            types_total: 1,
        }),
        Output::Export(export::Output {
            nodes: 902,
            edges: 2_841,
        }),
        Output::Import(import::Output {
            success: true,
            nodes: 902,
            edges: 2_841,
        }),
        Output::GenerateIac(generate_iac_output()),
        Output::SelfTest(self_test::Output {
            checks: vec![self_test::Check {
                name: "graph".to_owned(),
                state: HealthState::Unhealthy,
                detail: "the file is of a newer version".to_owned(),
                advice: Some("update atg".to_owned()),
                error_kind: Some("Unsupported".to_owned()),
            }],
        }),
        Output::Rehearsal(rehearsal::Output {
            steps: 3,
            success: true,
        }),
    ]
}

fn event(sequence: u64, kind: EventKind) -> JobEvent {
    JobEvent {
        sequence,
        time: time(sequence.cast_signed()),
        kind,
    }
}

#[test]
fn every_event() {
    let events = [
        EventKind::Submitted {
            owner: Owner::new("team-a"),
            operation: "export".to_owned(),
            parameters: Operation::Export(export::Parameters::default()).parameters(),
            tenant_id: Some(tenant()),
            graph_id: Some("g-1".to_owned()),
            confined_to: Some(vec![tenant()]),
            trace: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
                .parse()
                .ok(),
        },
        EventKind::Started { attempt: 1 },
        EventKind::Progress {
            progress: 0.45,
            step: Some("resources: 4 of 9 subscriptions".to_owned()),
            counters: counters(),
        },
        EventKind::Warning {
            message: "the filter `*.foo` matches nothing".to_owned(),
            suppressed: 0,
        },
        EventKind::AttemptFailed {
            attempt: 1,
            error: Error::new(ErrorKind::Unavailable, "reach the graph: try again later"),
        },
        EventKind::CancelRequested,
        EventKind::Completed {
            output: Box::new(Output::Scan(scan_output())),
            completeness: Completeness::Partial,
            artifacts: vec![artifact()],
        },
        EventKind::Failed { error: error() },
        EventKind::Cancelled,
    ];
    for (sequence, kind) in (1..).zip(events) {
        check(&format!("event-{}", kind.name()), &event(sequence, kind));
    }
}

#[test]
fn an_event_of_a_newer_version_is_kept_as_it_came() {
    let text = r#"{"sequence":7,"time":"2026-01-01T00:00:07Z","kind":"moved","to":{"b":1.5,"a":[null]},"at":12345678901234567890}"#;
    let event: JobEvent = serde_json::from_str(text).unwrap();
    assert!(matches!(&event.kind, EventKind::Unknown { name, .. } if name == "moved"));
    check_text("event-unknown", &event);
    let value: Value = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_value(&event).unwrap(), value);
    let order: Vec<_> = value.as_object().unwrap().keys().collect();
    assert_eq!(order, ["sequence", "time", "kind", "to", "at"]);
}

#[test]
fn an_output_of_another_version_is_kept_as_it_came() {
    let cases = [
        ("fly", json!({ "height": 7 })),
        ("scan", json!({ "resources": "many" })),
    ];
    for (operation, value) in cases {
        let event = event(
            3,
            EventKind::Completed {
                output: Box::new(Output::from_parts(operation, value.clone())),
                completeness: Completeness::Complete,
                artifacts: Vec::new(),
            },
        );
        let wire = serde_json::to_value(&event).unwrap();
        assert_eq!((&wire["operation"], &wire["output"]), (&json!(operation), &value));
        let read: JobEvent = serde_json::from_value(wire).unwrap();
        let EventKind::Completed { output, .. } = &read.kind else {
            panic!("{read:?}")
        };
        let expected = Output::Unknown {
            operation: operation.to_owned(),
            value,
        };
        assert_eq!(**output, expected);
    }
}

#[test]
fn a_damaged_event_is_refused_by_the_name_of_its_member() {
    let time = r#""time":"2026-01-01T00:00:00Z""#;
    let cases = [
        (format!(r#"{{{time},"kind":"cancelled"}}"#), "sequence"),
        (r#"{"sequence":1,"kind":"cancelled"}"#.to_owned(), "time"),
        (format!(r#"{{"sequence":1,{time}}}"#), "kind"),
        (format!(r#"{{"sequence":1,{time},"kind":"started"}}"#), "attempt"),
        (
            format!(r#"{{"sequence":1,{time},"kind":"started","attempt":"one"}}"#),
            "attempt",
        ),
        (
            format!(r#"{{"sequence":-1,{time},"kind":"cancelled"}}"#),
            "sequence",
        ),
    ];
    for (text, member) in cases {
        let error = serde_json::from_str::<JobEvent>(&text).unwrap_err();
        assert!(
            error.to_string().contains(&format!("`{member}`")),
            "{text}: {error}"
        );
    }
}

fn job(status: JobStatus) -> Job {
    Job {
        id: JobId::from_uuid(Uuid::from_u128(0x0198_c1e2_7a00_7000_8000_0000_0000_0001)),
        owner: Owner::default(),
        operation: "scan".to_owned(),
        parameters: Value::Null,
        confined_to: None,
        trace: None,
        status,
        progress: 0.0,
        current_step: None,
        counters: Counters::default(),
        tenant_id: Some(tenant()),
        graph_id: Some("g-1".to_owned()),
        attempt: 0,
        created_at: time(0),
        started_at: None,
        completed_at: None,
        cancel_requested_at: None,
        expires_at: None,
        output: None,
        completeness: None,
        error: None,
        artifacts: Vec::new(),
    }
}

#[test]
fn a_job_in_every_state() {
    let running = Job {
        progress: 0.45,
        current_step: Some("resources: 4 of 9 subscriptions".to_owned()),
        counters: counters(),
        attempt: 1,
        started_at: Some(time(1)),
        ..job(JobStatus::Running)
    };
    let jobs = [
        job(JobStatus::Pending),
        running.clone(),
        Job {
            status: JobStatus::Completed,
            progress: 1.0,
            current_step: None,
            completed_at: Some(time(9)),
            expires_at: Some(time(604_809)),
            output: Some(Output::Scan(scan_output())),
            completeness: Some(Completeness::Partial),
            artifacts: vec![artifact()],
            ..running.clone()
        },
        Job {
            status: JobStatus::Failed,
            completed_at: Some(time(9)),
            error: Some(error()),
            ..running.clone()
        },
        Job {
            status: JobStatus::Cancelled,
            completed_at: Some(time(9)),
            cancel_requested_at: Some(time(8)),
            error: Some(Error::cancelled()),
            ..running
        },
    ];
    for job in jobs {
        check(&format!("job-{}", job.status), &job);
    }
}

/// A caller sees only its own jobs, and parameters may be megabytes.
#[test]
fn a_job_on_the_wire_shows_neither_its_owner_nor_its_parameters() {
    let job = Job {
        owner: Owner::new("team-a"),
        parameters: json!({ "spec_content": "long" }),
        confined_to: Some(vec![tenant()]),
        ..job(JobStatus::Pending)
    };
    let wire = serde_json::to_value(&job).unwrap();
    for member in ["owner", "parameters", "confined_to"] {
        assert_eq!(wire.get(member), None);
    }
}

#[test]
fn a_job_of_an_operation_that_is_new_is_shown_by_its_name() {
    let mut wire = serde_json::to_value(job(JobStatus::Completed)).unwrap();
    wire["operation"] = json!("fly");
    wire["output"] = json!({ "height": 7 });
    wire["error"] = json!({ "kind": "Stalled", "detail": "go up", "retryable": true });
    let read: Job = serde_json::from_value(wire.clone()).unwrap();
    assert_eq!(read.operation, "fly");
    assert_eq!(read.error.as_ref().map(Error::kind_name), Some("Stalled"));
    let again = serde_json::to_value(&read).unwrap();
    assert_eq!(again["output"], wire["output"]);
    assert_eq!(again["error"]["kind"], "Stalled");
}

/// What a caller may send: strict, so that a typing mistake is an error and not a default.
#[test]
fn the_parameters_of_every_operation() {
    let operations = [
        Operation::Scan(scan::Parameters {
            tenant_id: Some(tenant()),
            subscription_ids: vec!["00000000-0000-0000-0000-000000000001".parse().unwrap()],
            resource_groups: vec!["rg-*".to_owned()],
            resource_types: vec!["Microsoft.Network/*".to_owned()],
            filter_config: scan::FilterConfig {
                include: scan::FilterSet {
                    types: vec!["Microsoft.Web/*".to_owned()],
                    regions: vec!["westeurope".to_owned()],
                    tags: [("env".to_owned(), "prod".to_owned())].into(),
                },
                exclude: scan::FilterSet::default(),
            },
            resource_limit: Some(100),
            input: Some(digest()),
            authoritative: vec!["/subscriptions/00000000-0000-0000-0000-000000000001".to_owned()],
            ..scan::Parameters::default()
        }),
        Operation::Query(query::Parameters {
            query: "MATCH (n:Resource) RETURN n.name AS name".to_owned(),
            parameters: json!({ "type": "Microsoft.Web/sites" })
                .as_object()
                .unwrap()
                .clone(),
            ..query::Parameters::default()
        }),
        Operation::Diff(diff::Parameters {
            tenant_id: None,
            left: Some(diff::Side::ScanId(diff::ScanId::of(
                JobId::from_uuid(Uuid::from_u128(0x0198_c1e2_7a00_7000_8000_0000_0000_abcd)),
                2,
            ))),
            right: Some(diff::Side::TenantId(tenant())),
        }),
        Operation::Export(export::Parameters::default()),
        Operation::Import(import::Parameters {
            input: Some(digest()),
            replace: true,
            ..import::Parameters::default()
        }),
        Operation::GenerateIac(generate_iac::Parameters {
            tenant_id: Some(tenant()),
            format: generate_iac::Format::Bicep,
            layout: generate_iac::Layout::PerResourceGroup,
            subset: "types=Microsoft.Storage/*;depth=2".to_owned(),
            rules: Some(digest()),
            ..generate_iac::Parameters::default()
        }),
        Operation::SelfTest(self_test::Parameters {
            checks: vec!["graph".to_owned()],
            ..self_test::Parameters::default()
        }),
        Operation::Rehearsal(rehearsal::Parameters {
            tenant_id: Some(tenant()),
            input: Some(digest()),
            steps: vec![
                rehearsal::Step::Progress {
                    progress: 0.5,
                    step: "half".to_owned(),
                },
                rehearsal::Step::Warn {
                    message: "careful".to_owned(),
                },
                rehearsal::Step::Artifact {
                    name: "a".to_owned(),
                    text: "x".to_owned(),
                    repeat: 2,
                },
                rehearsal::Step::Fail {
                    kind: "Throttled".to_owned(),
                    message: "slow down".to_owned(),
                },
                rehearsal::Step::FailUntil {
                    attempt: 2,
                    kind: "Unavailable".to_owned(),
                },
                rehearsal::Step::Hang,
                rehearsal::Step::Partial,
            ],
        }),
    ];
    let names: Vec<_> = operations.iter().map(Operation::name).collect();
    assert_eq!(names, Operation::NAMES, "an operation has no golden file");
    for operation in operations {
        let name = operation.name();
        let parameters = operation.parameters();
        check_text(&format!("parameters-{name}"), &parameters);
        assert_eq!(
            Operation::from_parts(name, parameters.clone()).unwrap(),
            operation
        );
        // Everything has a default.
        Operation::from_parts(name, json!({})).unwrap();

        let mut mistyped = parameters;
        mistyped["no_such_member"] = json!(1);
        let error = Operation::from_parts(name, mistyped).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.message().contains("no_such_member"), "{error}");
    }
    let error = Operation::from_parts("fly", json!({})).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.message().contains("`fly`"));
}

#[test]
fn the_output_of_every_operation() {
    let outputs = outputs();
    let names: Vec<_> = outputs.iter().map(Output::operation).collect();
    assert_eq!(names, Operation::NAMES, "an output has no golden file");
    for output in outputs {
        let name = output.operation().to_owned();
        let mut value = output.to_value();
        check_text(&format!("output-{name}"), &value);
        assert_eq!(Output::from_parts(&name, value.clone()), output);
        add_members(&mut value);
        assert_eq!(Output::from_parts(&name, value), output);
        // An older version did not have all members.
        assert!(
            !matches!(Output::from_parts(&name, json!({})), Output::Unknown { .. }),
            "{name}"
        );
    }
}

#[test]
fn the_small_types() {
    check("error", &error());
    check(
        "error-minimal",
        &Error::not_found("find the job: see `atg job list`"),
    );
    check("problem", &Problem::new(&error()).with_instance("/api/v1/scan"));
    check(
        "input",
        &Input {
            sha256: digest(),
            size_bytes: 8_123,
        },
    );
    check("artifact", &artifact());
    check(
        "health",
        &Health {
            status: HealthState::Degraded,
            version: "0.1.0".to_owned(),
            parts: [(
                "graph".to_owned(),
                PartHealth {
                    state: HealthState::Degraded,
                    detail: "the last scan of a tenant did not end: run it again".to_owned(),
                },
            )]
            .into(),
            graph_id: Some("g-1".to_owned()),
            jobs_pending: 2,
            jobs_running: 1,
        },
    );
}

/// A file that nothing writes any more would be read by nobody.
#[test]
fn no_golden_file_is_left_over() {
    let source = include_str!("golden.rs");
    for entry in fs::read_dir(path("x").parent().unwrap()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let stem = name.strip_suffix(".json").unwrap_or_else(|| panic!("{name}"));
        let (kind, rest) = stem.split_once('-').unwrap_or((stem, ""));
        let known = match kind {
            "parameters" | "output" => Operation::NAMES.contains(&rest),
            "job" => JobStatus::ALL.iter().any(|status| status.name() == rest),
            "event" => serde_json::from_str::<JobEvent>(&fs::read_to_string(path(stem)).unwrap())
                .is_ok_and(|event| event.kind.name() == rest || rest == "unknown"),
            _ => source.contains(&format!("\"{stem}\"")),
        };
        assert!(known, "{name} belongs to nothing");
    }
}
