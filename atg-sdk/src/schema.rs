//! JSON Schemas of the wire types that are written by hand.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{
    Artifact, Completeness, Counters, Error, ErrorKind, FieldError, Job, JobEvent, JobId, JobStatus,
    azure::{SubscriptionId, TenantId},
    model::{InputDigest, operations::diff::ScanId},
};

macro_rules! schema {
    ($type:ty, $name:literal, |$generator:ident| $schema:expr) => {
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                Cow::Borrowed($name)
            }

            fn json_schema($generator: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

schema!(TenantId, "TenantId", |_generator| json_schema!({
    "type": "string", "format": "uuid", "description": "A Microsoft Entra tenant."
}));

schema!(SubscriptionId, "SubscriptionId", |_generator| json_schema!({
    "type": "string", "format": "uuid", "description": "An Azure subscription."
}));

schema!(JobId, "JobId", |_generator| json_schema!({
    "type": "string", "format": "uuid", "description": "A job."
}));

schema!(InputDigest, "InputDigest", |_generator| json_schema!({
    "type": "string", "pattern": "^[0-9a-f]{64}$",
    "description": "The SHA-256 of an input, in lower-case hexadecimal."
}));

schema!(ScanId, "ScanId", |_generator| json_schema!({
    "type": "string", "pattern": "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(-[1-9][0-9]{0,8})?$",
    "description": "A scan: the id of its job, and the attempt where that was not the first."
}));

schema!(Error, "Error", |generator| json_schema!({
    "type": "object",
    "description": "Why a job, or an attempt of one, did not succeed.",
    "properties": {
        "kind": {
            "type": "string",
            "description": "What machines act on. One that a client does not know acts as `Internal`.",
            "examples": ErrorKind::ALL.map(ErrorKind::name)
        },
        "code": { "type": "string", "description": "A finer word than the kind." },
        "detail": { "type": "string", "description": "What happened, in words." },
        "retryable": { "type": "boolean", "description": "Whether the same may succeed later." },
        "errors": { "type": "array", "items": generator.subschema_for::<FieldError>() },
        "request_id": { "type": "string", "description": "Under which the other side logged the call." }
    },
    "required": ["kind", "detail", "retryable"]
}));

schema!(Job, "Job", |generator| {
    let time = || json_schema!({ "type": ["string", "null"], "format": "date-time" });
    json_schema!({
        "type": "object",
        "description": "A job at one moment.",
        "properties": {
            "job_id": generator.subschema_for::<JobId>(),
            "operation": { "type": "string", "description": "The operation's name." },
            "status": generator.subschema_for::<JobStatus>(),
            "progress": {
                "type": "number", "minimum": 0, "maximum": 1,
                "description": "Never goes back within an attempt."
            },
            "current_step": { "type": ["string", "null"], "description": "What it is doing, in words." },
            "counters": generator.subschema_for::<Counters>(),
            "tenant_id": generator.subschema_for::<Option<TenantId>>(),
            "graph_id": { "type": ["string", "null"], "description": "The graph it works on." },
            "attempt": { "type": "integer", "minimum": 0, "description": "How often it was started." },
            "created_at": { "type": "string", "format": "date-time" },
            "started_at": time(),
            "completed_at": time(),
            "cancel_requested_at": time(),
            "expires_at": time(),
            "output": { "description": "The small typed result of a completed job; its shape is the operation's." },
            "completeness": generator.subschema_for::<Option<Completeness>>(),
            "error": generator.subschema_for::<Option<Error>>(),
            "artifacts": generator.subschema_for::<Vec<Artifact>>()
        },
        "required": ["job_id", "operation", "status", "progress", "attempt", "created_at", "artifacts"]
    })
});

schema!(JobEvent, "JobEvent", |_generator| json_schema!({
    "type": "object",
    "description": "One entry of a job's log. Members beyond these three belong to the kind; a kind that a client does \
                    not know is to be kept and shown by its name.",
    "properties": {
        "sequence": { "type": "integer", "minimum": 1, "description": "1 for the first, without gaps." },
        "time": { "type": "string", "format": "date-time" },
        "kind": { "type": "string", "examples": ["submitted", "started", "progress", "completed"] }
    },
    "required": ["sequence", "time", "kind"]
}));
