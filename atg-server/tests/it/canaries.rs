//! A marked key and a marked secret, and everywhere that they must not be.

use std::{fs, path::Path};

use atg_server::keys::{ApiKey, Environment};
use http::Method;
use secrecy::ExposeSecret as _;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::{
    process::{Server, command},
    support::{Call, TENANT_A, id_of},
};

const SECRET: &str = "CanaryPassw0rd-7f3a";

/// All files below a directory, with their contents.
fn files(below: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if let Ok(content) = fs::read(&path) {
            found.push((path.display().to_string(), content));
        }
    }
}

#[tokio::test]
async fn neither_is_found_in_logs_answers_queue_artifacts_or_metrics() {
    let dir = TempDir::new().unwrap();
    let (good, bad) = (
        ApiKey::generate(Environment::Dev).unwrap(),
        ApiKey::generate(Environment::Dev).unwrap(),
    );
    let shown = format!("{good:?}");
    let (good, bad) = (good.reveal(), bad.reveal());
    let (good, bad) = (good.expose_secret(), bad.expose_secret());
    let mut start = command();
    start
        .env("ATG_API_KEYS", format!("{good}:admin:*"))
        .env("LOG_LEVEL", "trace,hyper=debug,h2=debug");
    let server = Server::start(&mut start, dir.path()).await;

    let mut answers = vec![shown];
    let id = "/subscriptions/a0a0a0a0-0000-4000-8000-00000000000a/resourceGroups/rg/providers/Microsoft.Sql/servers/db";
    let row = json!({
        "id": id, "name": "db", "type": "Microsoft.Sql/servers", "location": "westeurope", "tenantId": TENANT_A,
        "properties": { "administratorLogin": "admin", "administratorLoginPassword": SECRET }
    });
    let input = format!("{row}\n");
    let digest: String = Sha256::digest(&input)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let path = format!("/api/v1/inputs/{digest}");
    let put = Call::to(server.address, Method::PUT, &path)
        .bearer(good)
        .body(input.clone());
    assert_eq!(put.send().await.status, 201);
    for (operation, body) in [
        (
            "scan",
            json!({ "tenant_id": TENANT_A, "input": digest, "keep_export": true }),
        ),
        ("query", json!({ "query": "MATCH (n) RETURN n" })),
        ("export", json!({ "with_history": true })),
        ("self-test", json!({})),
        ("import", json!({ "input": digest })),
    ] {
        let job = server.post(&format!("/api/v1/{operation}"), good, &body).await;
        assert_eq!(job.status, 202, "{job:?}");
        let job = server.ended(good, id_of(&job.json())).await;
        if operation != "import" {
            assert_eq!(job["status"], "completed", "{job}");
        }
        answers.push(job.to_string());
        for tail in ["/result", "/events"] {
            let path = format!("/api/v1/jobs/{}{tail}", id_of(&job));
            answers.push(server.get(&path, good).send().await.text().to_owned());
        }
        for artifact in job["artifacts"].as_array().unwrap() {
            let name = artifact["name"].as_str().unwrap();
            let path = format!("/api/v1/jobs/{}/artifacts/{name}", id_of(&job));
            let mut content = server.get(&path, good).send().await.body.to_vec();
            if name.ends_with(".zst") {
                content = zstd::decode_all(content.as_slice()).unwrap();
            }
            answers.push(String::from_utf8(content).unwrap());
        }
    }
    // Wrong places for a key: a path, a query, a body, an idempotency key of a call that is refused.
    answers.push(server.get("/api/v1/status", bad).send().await.text().to_owned());
    let wrong = [
        server.get("/api/v1/jobs?limit=x", good).send().await,
        server
            .post("/api/v1/scan", good, &json!({ "tenant_id": 7 }))
            .await,
        server.get("/metrics", good).send().await,
        server.get("/api/v1/status", good).send().await,
    ];
    answers.extend(wrong.iter().map(|answer| answer.text().to_owned()));
    let (code, logs) = server.stop().await;
    assert_eq!(code, Some(0), "{logs}");
    answers.push(logs);

    // The last six characters are a checksum of the rest: what must not show is the secret.
    let secret = |key: &str| key[17..key.len() - 6].to_owned();
    let marked = [secret(good), secret(bad), SECRET.to_owned()];
    for text in &answers {
        for mark in &marked {
            assert!(!text.contains(mark.as_str()), "{mark} in {text}");
        }
    }
    let mut kept = Vec::new();
    files(dir.path(), &mut kept);
    assert!(
        kept.iter().any(|(path, _)| path.ends_with("queue.db")),
        "the queue was looked at"
    );
    for (path, content) in &kept {
        for mark in &marked {
            let found = content
                .windows(mark.len())
                .any(|window| window == mark.as_bytes());
            // The input is what somebody sent, byte for byte; it goes a day after its last use.
            assert!(!found || content == input.as_bytes(), "{mark} in {path}");
        }
    }
}
