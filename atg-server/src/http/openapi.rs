//! The OpenAPI 3.1 document, made of the types that the handlers use.

use atg_sdk::{Artifact, Health, Input, Job, JobEvent, JobStatus, model::operations};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::{routes::BASE, submit::MAX_WAIT};
use crate::keys::Scope;

/// The document, as `/openapi.json` shows it.
#[must_use]
pub fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let mut paths = Map::new();
    for operation in operations::schemas(&mut generator) {
        let path = format!("{BASE}/{}", operation.name);
        paths.insert(
            path,
            json!({ "post": submission(operation.name, &operation.parameters.to_value()) }),
        );
    }
    inputs(&mut paths, &mut generator);
    jobs(&mut paths, &mut generator);
    artifacts(&mut paths, &mut generator);
    plain(&mut paths, &mut generator);
    // Named by no call: the elements of a stream of events.
    generator.subschema_for::<JobEvent>();
    let mut schemas = generator.take_definitions(true);
    schemas.insert("Problem".to_owned(), problem());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Azure Tenant Grapher",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Jobs over the graph of an Azure tenant. Errors are problem details (RFC 9457), without exception.",
            "license": { "name": "MIT", "identifier": "MIT" }
        },
        "servers": [{ "url": "/" }],
        "security": [{ "key": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "key": {
                "type": "http", "scheme": "bearer",
                "description": "An API key of this service: `atg_<env>_<id>_<secret>`."
            } },
            "responses": { "Problem": {
                "description": "What went wrong.",
                "content": { "application/problem+json": { "schema": reference("Problem") } }
            } }
        }
    })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

fn content(schema: &Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

/// The answers of a call: its own, and problem details under these statuses.
fn answers(own: Value, problems: &[u16]) -> Value {
    let mut all = match own {
        Value::Object(own) => own,
        _ => Map::new(),
    };
    for status in [401, 405, 406, 413, 429, 500, 503, 504].iter().chain(problems) {
        all.insert(
            status.to_string(),
            json!({ "$ref": "#/components/responses/Problem" }),
        );
    }
    all.sort_keys();
    Value::Object(all)
}

fn query(name: &str, description: &str, schema: &Value) -> Value {
    json!({ "name": name, "in": "query", "description": description, "schema": schema })
}

fn header(name: &str, description: &str, schema: &Value) -> Value {
    json!({ "name": name, "in": "header", "description": description, "schema": schema })
}

fn job_id() -> Value {
    json!({ "name": "job_id", "in": "path", "required": true, "schema": { "type": "string", "format": "uuid" } })
}

fn submission(name: &str, parameters: &Value) -> Value {
    let scope = Scope::of_operation(name).map_or_else(
        || "Any key may.".to_owned(),
        |scope| format!("Needs the scope `{scope}`."),
    );
    let job = reference("Job");
    json!({
        "operationId": format!("submit_{}", name.replace('-', "_")),
        "summary": format!("Submit a `{name}` job"),
        "description": scope,
        "tags": ["operations"],
        "parameters": [
            query("validate_only", "Check the request and queue nothing.", &json!({ "type": "boolean", "default": false })),
            header("Idempotency-Key", "The same key again gives the same job. A UUID is then the job's id.",
                &json!({ "type": "string", "minLength": 1, "maxLength": 255 })),
            header("Prefer", &format!("`wait=N`: hold the answer until the job has ended, {MAX_WAIT} s at most."),
                &json!({ "type": "string" })),
        ],
        "requestBody": {
            "required": false,
            "description": "Nothing means the same as `{}`.",
            "content": content(parameters)
        },
        "responses": answers(json!({
            "202": {
                "description": "Accepted.",
                "headers": {
                    "Location": { "description": "The job's URL.", "schema": { "type": "string", "format": "uri" } },
                    "Operation-Location": { "description": "The same.", "schema": { "type": "string", "format": "uri" } },
                    "Retry-After": { "description": "In seconds.", "schema": { "type": "integer" } }
                },
                "content": content(&job)
            },
            "200": {
                "description": "The job of an earlier submission, one that ended while the call waited, or the outcome of `validate_only`.",
                "content": content(&json!({ "anyOf": [job, {
                    "type": "object",
                    "properties": {
                        "valid": { "type": "boolean" },
                        "operation": { "type": "string" },
                        "parameters": { "type": "object" }
                    },
                    "required": ["valid", "operation", "parameters"]
                }] }))
            }
        }), &[400, 403, 409, 410, 415, 422])
    })
}

fn inputs(paths: &mut Map<String, Value>, generator: &mut SchemaGenerator) {
    let digest = json!({
        "name": "sha256", "in": "path", "required": true,
        "description": "The SHA-256 of the input, in lower-case hexadecimal.",
        "schema": { "type": "string", "pattern": "^[0-9a-f]{64}$" }
    });
    let input = schema::<Input>(generator);
    paths.insert(format!("{BASE}/inputs/{{sha256}}"), json!({
        "parameters": [digest],
        "put": {
            "operationId": "put_input", "summary": "Send a file that an operation will read", "tags": ["inputs"],
            "requestBody": { "required": true, "content": { "application/octet-stream": {} } },
            "responses": answers(json!({
                "200": { "description": "It is there already.", "content": content(&input) },
                "201": { "description": "Stored.", "content": content(&input) }
            }), &[411, 422])
        },
        "head": {
            "operationId": "head_input", "summary": "Ask whether an input is there", "tags": ["inputs"],
            "responses": answers(json!({ "200": { "description": "It is; `Content-Length` says how long it is." } }), &[404, 422])
        }
    }));
}

fn jobs(paths: &mut Map<String, Value>, generator: &mut SchemaGenerator) {
    let job = schema::<Job>(generator);
    let status = schema::<JobStatus>(generator);
    paths.insert(format!("{BASE}/jobs"), json!({ "get": {
        "operationId": "list_jobs", "summary": "List jobs, newest first", "tags": ["jobs"],
        "parameters": [
            { "name": "status", "in": "query", "explode": false, "schema": { "type": "array", "items": status } },
            { "name": "operation", "in": "query", "explode": false, "schema": { "type": "array", "items": { "type": "string" } } },
            query("tenant_id", "Only jobs about this tenant.", &json!({ "type": "string", "format": "uuid" })),
            query("limit", "Jobs a page.", &json!({ "type": "integer", "minimum": 1, "maximum": 1000, "default": 100 })),
            query("cursor", "`next_cursor` of the page before.", &json!({ "type": "string" })),
        ],
        "responses": answers(json!({ "200": { "description": "A page.", "content": content(&json!({
            "type": "object",
            "properties": { "jobs": { "type": "array", "items": job }, "next_cursor": { "type": ["string", "null"] } },
            "required": ["jobs", "next_cursor"]
        })) } }), &[403, 422])
    } }));
    paths.insert(format!("{BASE}/jobs/{{job_id}}"), json!({
        "parameters": [job_id()],
        "get": {
            "operationId": "get_job", "summary": "A job as it is now", "tags": ["jobs"],
            "parameters": [
                query("wait", "Hold the answer until the state changes, for so many seconds at most.",
                    &json!({ "type": "integer", "minimum": 0, "maximum": MAX_WAIT })),
                header("If-None-Match", "Tags of answers that the caller has.", &json!({ "type": "string" })),
            ],
            "responses": answers(json!({
                "200": { "description": "The job.", "content": content(&job) },
                "304": { "description": "It is as the caller knows it." }
            }), &[404, 410, 422])
        },
        "delete": {
            "operationId": "delete_job", "summary": "Delete an ended job; cancel one that has not ended", "tags": ["jobs"],
            "parameters": [query("purge", "Answer `409` instead of cancelling.", &json!({ "type": "boolean", "default": false }))],
            "responses": answers(json!({
                "204": { "description": "It is gone, or was not there." },
                "202": { "description": "It had not ended and was asked to stop.", "content": content(&job) }
            }), &[404, 409, 422])
        }
    }));
    paths.insert(
        format!("{BASE}/jobs/{{job_id}}/result"),
        json!({ "parameters": [job_id()], "get": {
        "operationId": "get_job_result", "summary": "The output of a completed job", "tags": ["jobs"],
        "responses": answers(json!({ "200": { "description": "The output.", "content": content(&json!({
            "type": "object",
            "properties": {
                "job_id": { "type": "string", "format": "uuid" },
                "operation": { "type": "string" },
                "completeness": { "type": ["string", "null"], "enum": ["complete", "partial", null] },
                "output": {}
            },
            "required": ["job_id", "operation", "completeness", "output"]
        })) } }), &[404, 409, 410, 422])
    } }),
    );
    paths.insert(format!("{BASE}/jobs/{{job_id}}/events"), json!({ "parameters": [job_id()], "get": {
        "operationId": "watch_job", "summary": "A job's events: those that were, then those that come", "tags": ["jobs"],
        "parameters": [header("Last-Event-ID", "Go on after that sequence.", &json!({ "type": "integer", "minimum": 0 }))],
        "responses": answers(json!({
            "200": {
                "description": "Server-sent events: `id` the sequence, `event` the kind, `data` a `JobEvent`.",
                "content": { "text/event-stream": { "schema": {
                    "type": "object",
                    "properties": {
                        "id": { "type": "string" }, "event": { "type": "string" }, "data": { "type": "string" }
                    },
                    "required": ["id", "event", "data"]
                } } }
            },
            "204": { "description": "The job has ended and there is nothing after that sequence." }
        }), &[404, 410, 422])
    } }));
    paths.insert(format!("{BASE}/jobs/{{job_id}}/cancel"), json!({ "parameters": [job_id()], "post": {
        "operationId": "cancel_job", "summary": "Ask a job to stop", "tags": ["jobs"],
        "responses": answers(json!({ "200": { "description": "The job; an ended one is unchanged.", "content": content(&job) } }), &[404, 410, 422])
    } }));
}

fn artifacts(paths: &mut Map<String, Value>, generator: &mut SchemaGenerator) {
    let artifact = schema::<Artifact>(generator);
    let range = || header("Range", "`bytes=…`", &json!({ "type": "string" }));
    let binary = |description: &str| json!({ "description": description, "content": { "*/*": {} } });
    paths.insert(format!("{BASE}/jobs/{{job_id}}/artifacts"), json!({ "parameters": [job_id()], "get": {
        "operationId": "get_artifacts", "summary": "All artifacts of an ended job as one zip, or their list", "tags": ["artifacts"],
        "parameters": [query("list", "Names, sizes and digests instead of the zip.", &json!({ "enum": [true, false, ""], "default": false })), range()],
        "responses": answers(json!({
            "200": { "description": "All of it.", "content": {
                "application/zip": {},
                "application/json": { "schema": {
                    "type": "object",
                    "properties": { "artifacts": { "type": "array", "items": artifact } },
                    "required": ["artifacts"]
                } }
            } },
            "206": { "description": "The range.", "content": { "application/zip": {} } },
            "304": { "description": "The caller has it." }
        }), &[404, 409, 410, 416, 422])
    } }));
    paths.insert(format!("{BASE}/jobs/{{job_id}}/artifacts/{{name}}"), json!({
        "parameters": [job_id(), {
            "name": "name", "in": "path", "required": true, "schema": { "type": "string" },
            "description": "The artifact's name; it may hold `/`."
        }],
        "get": {
            "operationId": "get_artifact", "summary": "One artifact of an ended job", "tags": ["artifacts"],
            "parameters": [range()],
            "responses": answers(json!({
                "200": binary("All of it."), "206": binary("The range."), "304": { "description": "The caller has it." }
            }), &[404, 409, 410, 416, 422])
        }
    }));
}

fn plain(paths: &mut Map<String, Value>, generator: &mut SchemaGenerator) {
    let health = json!({
        "type": "object",
        "properties": {
            "status": { "enum": ["healthy", "degraded", "unhealthy"] },
            "version": { "type": "string" },
            "uptime_seconds": { "type": "integer", "minimum": 0 },
            "neo4j_status": { "type": "string" },
            "redis_status": { "type": "string" },
            "job_queue_depth": { "type": "integer", "minimum": 0 }
        },
        "required": ["status", "version", "uptime_seconds", "neo4j_status", "redis_status", "job_queue_depth"]
    });
    let open = |id: &str, summary: &str, schema: &Value| {
        json!({ "get": {
        "operationId": id, "summary": summary, "tags": ["service"], "security": [],
        "responses": {
            "200": { "description": "Yes.", "content": content(schema) },
            "405": { "$ref": "#/components/responses/Problem" },
            "500": { "$ref": "#/components/responses/Problem" },
            "503": { "description": "No.", "content": content(schema) }
        }
    } })
    };
    let word =
        json!({ "type": "object", "properties": { "status": { "type": "string" } }, "required": ["status"] });
    paths.insert(
        "/health".to_owned(),
        open("health", "The state of the whole", &health),
    );
    paths.insert(format!("{BASE}/health"), open("health_v1", "The same", &health));
    paths.insert(
        "/health/live".to_owned(),
        open("live", "Whether the process answers", &word),
    );
    paths.insert(
        "/health/ready".to_owned(),
        open("ready", "Whether it may take work", &word),
    );
    let parts = schema::<Health>(generator);
    paths.insert(format!("{BASE}/status"), json!({ "get": {
        "operationId": "status", "summary": "What the caller's key may do, and how the service is", "tags": ["service"],
        "description": format!("`parts` is as in {parts}."),
        "responses": answers(json!({ "200": { "description": "The status.", "content": content(&json!({ "type": "object" })) } }), &[])
    } }));
    paths.insert("/metrics".to_owned(), json!({ "get": {
        "operationId": "metrics", "summary": "Measurements, as Prometheus reads them", "tags": ["service"],
        "description": "Any key will do. A listener of its own, where there is one, needs none.",
        "responses": answers(json!({ "200": { "description": "The text.", "content": { "text/plain": {} } } }), &[404])
    } }));
}

/// RFC 9457, with what ATG adds.
fn problem() -> Value {
    json!({
        "type": "object",
        "description": "What went wrong.",
        "properties": {
            "type": { "type": "string", "format": "uri" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "kind": { "type": "string", "examples": atg_sdk::ErrorKind::ALL.map(atg_sdk::ErrorKind::name) },
            "code": { "type": "string" },
            "detail": { "type": "string" },
            "instance": { "type": "string" },
            "request_id": { "type": "string" },
            "retryable": { "type": "boolean" },
            "errors": { "type": "array", "items": {
                "type": "object",
                "properties": { "pointer": { "type": "string" }, "detail": { "type": "string" } },
                "required": ["pointer", "detail"]
            } },
            "job_error": { "$ref": "#/components/schemas/Error" }
        },
        "required": ["type", "title", "status", "kind", "code", "detail", "instance", "request_id", "retryable"]
    })
}
