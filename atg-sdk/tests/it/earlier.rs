//! The wire formats of earlier versions, as they were: what they sent and stored is still read.
//!
//! A file here is never edited. The next one is made of the golden files when a version is released.

use atg_sdk::{
    Artifact, Error, EventKind, Health, Input, Job, JobEvent, JobStatus, Operation, Output, rest::Problem,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

const FIRST: &str = include_str!("earlier/0.1.json");

fn read<T: DeserializeOwned>(name: &str, value: Value) -> T {
    serde_json::from_value(value).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Members that a later version left out on purpose: their loss is no mistake.
fn without_what_was_dropped(mut value: Value) -> Value {
    // Half a result is told from a whole one by nobody, so a failed job has no files any more.
    if value["kind"] == "failed" {
        value.as_object_mut().unwrap().remove("artifacts");
    }
    value
}

/// Whether everything that the older version wrote is in what this one makes of it.
fn holds(new: &Value, old: &Value) -> bool {
    match (new, old) {
        (Value::Object(new), Value::Object(old)) => old
            .iter()
            .all(|(name, value)| new.get(name).is_some_and(|new| holds(new, value))),
        (Value::Array(new), Value::Array(old)) => {
            new.len() == old.len() && new.iter().zip(old).all(|(new, old)| holds(new, old))
        }
        _ => new == old,
    }
}

#[test]
fn everything_that_version_0_1_wrote_is_read_and_kept() {
    let files: Map<String, Value> = serde_json::from_str(FIRST).unwrap();
    assert!(files.len() >= 32);
    for (name, old) in files {
        let (kind, rest) = name.split_once('-').unwrap_or((&name, ""));
        let old = without_what_was_dropped(old);
        let new = match kind {
            "event" => {
                let event: JobEvent = read(&name, old.clone());
                let unknown = matches!(event.kind, EventKind::Unknown { .. });
                assert_eq!(unknown, rest == "unknown", "{name}");
                serde_json::to_value(event)
            }
            "job" => {
                let job: Job = read(&name, old.clone());
                assert!(JobStatus::ALL.contains(&job.status));
                serde_json::to_value(job)
            }
            "parameters" => {
                let operation = Operation::from_parts(rest, old.clone());
                Ok(operation
                    .unwrap_or_else(|error| panic!("{name}: {error}"))
                    .parameters())
            }
            "output" => {
                let output = Output::from_parts(rest, old.clone());
                assert!(!matches!(output, Output::Unknown { .. }), "{name}");
                Ok(output.to_value())
            }
            "error" => serde_json::to_value(read::<Error>(&name, old.clone())),
            "problem" => serde_json::to_value(read::<Problem>(&name, old.clone())),
            "artifact" => serde_json::to_value(read::<Artifact>(&name, old.clone())),
            "input" => serde_json::to_value(read::<Input>(&name, old.clone())),
            "health" => serde_json::to_value(read::<Health>(&name, old.clone())),
            _ => panic!("{name} is of no type that this test knows"),
        };
        let new = new.unwrap();
        assert!(holds(&new, &old), "{name}: {old} became {new}");
    }
}
