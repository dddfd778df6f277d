//! A Redis that is one node of a cluster, and one behind TLS and an ACL.

use atg_sdk::{EventKind, JobRequest, JobStatus, Operation, model::operations::query};
use atg_server::queue::{JobQueue as _, JobStore as _, Lane, Policy, RedisOptions, RedisQueue, WorkerId};
use tempfile::TempDir;

use super::server::Server;
use crate::process;

#[tokio::test]
async fn everything_of_a_queue_lies_in_one_slot_of_a_cluster() {
    let server = Server::start(&["--appendonly", "yes", "--cluster-enabled", "yes"]);
    let said = server.says("CLUSTER ADDSLOTSRANGE 0 16383").unwrap();
    assert!(said.starts_with("+OK"), "{said}");
    while !server
        .says("SET atg 1")
        .is_some_and(|said| said.starts_with("+OK"))
    {
        tokio::task::yield_now().await;
    }
    let options = RedisOptions::parse(&server.url()).unwrap();
    let queue = RedisQueue::open(options, Policy::default()).await.unwrap();
    let request = JobRequest::new(Operation::Query(query::Parameters::default()));
    queue.submit(request.clone(), 0).await.unwrap();
    let claim = queue
        .claim(WorkerId::new(), Lane::Short, Operation::NAMES)
        .await
        .unwrap()
        .unwrap();
    let error = atg_sdk::Error::cancelled();
    queue
        .append(claim.lease, vec![EventKind::Failed { error }])
        .await
        .unwrap();
    assert_eq!(queue.get(request.id).await.unwrap().status, JobStatus::Failed);
}

/// The process as people start it, with a user who may do what the README says and nothing else.
#[tokio::test]
async fn a_service_runs_over_tls_as_a_user_of_its_own() {
    let place = TempDir::new().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let (certificate, key) = (place.path().join("cert.pem"), place.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let (certificate, tls_port) = (certificate.to_str().unwrap(), port.to_string());
    let mut settings = vec![
        "--appendonly",
        "yes",
        "--tls-port",
        &tls_port,
        "--tls-auth-clients",
        "no",
    ];
    settings.extend([
        "--tls-cert-file",
        certificate,
        "--tls-key-file",
        key.to_str().unwrap(),
    ]);
    settings.extend([
        "--user",
        "atg",
        "on",
        ">canary",
        "~{atg}*",
        "&{atg}*",
        "+@read",
        "+@write",
        "+@scripting",
    ]);
    settings.extend([
        "+@connection",
        "+publish",
        "+subscribe",
        "+unsubscribe",
        "+info",
        "+time",
        "+wait",
    ]);
    let _server = Server::start(&settings);
    let mut command = process::command();
    command
        .env("REDIS_URL", format!("rediss://atg:canary@localhost:{tls_port}"))
        .env("SSL_CERT_FILE", certificate);
    let server = process::Server::start(&mut command, place.path()).await;
    let key = server.own_key();
    let job = server
        .post("/api/v1/rehearsal", &key, &serde_json::json!({ "steps": [] }))
        .await
        .json();
    let id = job["job_id"].as_str().unwrap();
    assert_eq!(server.ended(&key, id).await["status"], "completed");
    let (code, log) = server.stop().await;
    assert_eq!(code, Some(0));
    assert!(!log.contains("canary"), "{log}");
    assert!(!place.path().join("queue.db").exists(), "the queue is elsewhere");
}
