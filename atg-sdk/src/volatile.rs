//! What may differ between two runs over the same input: one list, for everybody who compares.
//!
//! An export leaves these members out unless it is asked for history. A JSON artifact holds them under one key,
//! [`RUN`], at its top; "byte-identical" always means after removing exactly that.

use serde_json::Value;

/// The member of a JSON artifact that holds everything volatile.
pub const RUN: &str = "run";

/// Why a member differs between runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// An instant.
    Time,
    /// How long something took.
    Duration,
    /// An id made for a scan, a job or a request.
    Id,
    /// Which source said it: the same thing may be read here or there.
    Source,
    /// How many requests it took, and how many of them were refused.
    RequestCounter,
}

/// Every volatile member of nodes, edges, jobs, events, errors and outputs, by its name on the wire and in the graph.
pub const MEMBERS: &[(&str, Reason)] = &[
    // Nodes and edges.
    ("first_seen_at", Reason::Time),
    ("changed_at", Reason::Time),
    ("scan_id", Reason::Id),
    ("source", Reason::Source),
    // Jobs and their events.
    ("job_id", Reason::Id),
    ("created_at", Reason::Time),
    ("started_at", Reason::Time),
    ("completed_at", Reason::Time),
    ("cancel_requested_at", Reason::Time),
    ("expires_at", Reason::Time),
    ("time", Reason::Time),
    ("requests", Reason::RequestCounter),
    ("throttled", Reason::RequestCounter),
    // Outputs and errors.
    ("duration_seconds", Reason::Duration),
    ("request_id", Reason::Id),
];

/// Whether a member of that name may differ between two runs.
#[must_use]
pub fn is_volatile(name: &str) -> bool {
    MEMBERS.iter().any(|(member, _)| *member == name)
}

/// Takes what is volatile out of a JSON artifact: the member [`RUN`] at its top, and nothing else.
pub fn take_run(artifact: &mut Value) -> Option<Value> {
    // The members that stay keep their order, and so their bytes.
    artifact.as_object_mut()?.shift_remove(RUN)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_member_is_listed_twice() {
        for (index, (name, _)) in MEMBERS.iter().enumerate() {
            assert!(MEMBERS[..index].iter().all(|(other, _)| other != name), "{name}");
        }
        assert!(is_volatile("scan_id") && !is_volatile("location"));
    }

    #[test]
    fn only_the_run_at_the_top_is_taken() {
        let mut artifact = json!({ "units": [{ "run": 1 }], "run": { "scan_id": "x" }, "z": 1, "a": 2 });
        assert_eq!(take_run(&mut artifact), Some(json!({ "scan_id": "x" })));
        assert_eq!(artifact.to_string(), r#"{"units":[{"run":1}],"z":1,"a":2}"#);
        assert_eq!(take_run(&mut artifact), None);
        assert_eq!(take_run(&mut json!([1])), None);
    }
}
