//! Inputs and artifacts in a blob container, the queue in Redis, and processes that share nothing else.

use std::path::Path;

use atg_sdk::InputDigest;
use http::Method;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tokio::process::Command;

use super::server;
use crate::{
    process::{self, output},
    support::{Call, id_of},
};

/// A process of a service that has its own data directory.
fn member(args: &[&str], data: &Path, queue: &str) -> Command {
    let mut command = process::command();
    let settings = [
        ("ATG_ARTIFACT_STORE", "ATG_TEST_CONTAINER"),
        ("AZURE_STORAGE_KEY", "ATG_TEST_STORAGE_KEY"),
    ];
    for (name, from) in settings {
        command.env(
            name,
            std::env::var(from).expect("`.ci/azurite.sh` says where the container is"),
        );
    }
    command
        .args(args)
        .env("ATG_DATA_DIR", data)
        .env("REDIS_URL", server::shared().url())
        .env("ATG_REDIS_QUEUE", queue);
    command
}

#[tokio::test]
#[ignore = "needs a container: `.ci/azurite.sh` starts Azurite and runs it"]
async fn processes_that_share_a_container_and_a_redis_need_nothing_else() {
    let queue = format!("t{}", uuid::Uuid::now_v7().simple());
    let (here, there, other) = (
        TempDir::new().unwrap(),
        TempDir::new().unwrap(),
        TempDir::new().unwrap(),
    );
    let api = process::Server::start(&mut member(&["--role", "api"], here.path(), &queue), here.path()).await;
    let key = api.own_key();
    // Larger than one part of an upload.
    let content = vec![b'x'; 20 << 20];
    let digest = InputDigest::from_bytes(Sha256::digest(&content).into());
    let path = format!("/api/v1/inputs/{digest}");
    let stored = Call::to(api.address, Method::PUT, &path)
        .bearer(&key)
        .body(content.clone())
        .send()
        .await;
    assert_eq!(stored.status, 201, "{}", stored.text());
    let mut worker = member(&["--role", "worker"], there.path(), &queue)
        .spawn()
        .unwrap();
    let body = json!({ "input": digest.as_str(), "steps": [
        { "artifact": { "name": "a/ü b.txt", "text": "0123456789", "repeat": 2_000_000 } },
    ] });
    let job = api.post("/api/v1/rehearsal", &key, &body).await.json();
    let job = api.ended(&key, id_of(&job)).await;
    assert_eq!(
        (&job["status"], job["artifacts"].as_array().unwrap().len()),
        (&json!("completed"), 2),
        "{job}"
    );
    let path = format!("/api/v1/jobs/{}/artifacts/input", id_of(&job));
    let read = api.get(&path, &key).send().await;
    assert!(read.body == content);
    let path = format!("/api/v1/jobs/{}/artifacts/a/%C3%BC%20b.txt", id_of(&job));
    let part = api
        .get(&path, &key)
        .header("range", "bytes=19999995-")
        .send()
        .await;
    assert_eq!((part.status.as_u16(), part.text()), (206, "56789"));
    // One that brings another store belongs to another service.
    let mut stranger = member(&["--role", "worker"], other.path(), &queue);
    stranger.env("ATG_ARTIFACT_STORE", other.path().join("objects"));
    let (code, _, stderr) = output(&mut stranger).await;
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("works with the artifact store"), "{stderr}");
    worker.start_kill().unwrap();
    worker.wait().await.unwrap();
    let path = format!("/api/v1/jobs/{}", id_of(&job));
    let deleted = Call::to(api.address, Method::DELETE, &path);
    assert_eq!(deleted.bearer(&key).send().await.status, 204);
    assert!(!here.path().join("objects").exists() && !there.path().join("objects").exists());
    assert_eq!(api.stop().await.0, Some(0));
}
