//! What an operator does with the process: settings that it refuses, dead letters, priorities, keys taken back, traces.

use std::{net::SocketAddr, path::Path, time::Duration};

use http::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpListener,
    process::{Child, Command},
    sync::mpsc,
};

use crate::{
    process::{Server, command, output},
    support::{Call, PATIENCE, TENANT_A, TENANT_B, id_of},
};

fn with(args: &[&str], data: &Path) -> Command {
    let mut command = command();
    command.env("ATG_DATA_DIR", data).args(args);
    command
}

/// A worker process, which says nothing on stdout.
fn worker(data: &Path, configure: impl FnOnce(&mut Command)) -> Child {
    let mut command = with(&["--role", "worker"], data);
    configure(&mut command);
    command.spawn().unwrap()
}

/// What a process has logged, once it has ended.
async fn logs_of(mut child: Child) -> String {
    let mut text = String::new();
    let mut stderr = child.stderr.take().unwrap();
    let read = stderr.read_to_string(&mut text);
    tokio::time::timeout(PATIENCE, read).await.unwrap().unwrap();
    child.wait().await.unwrap();
    text
}

fn terminate(child: &Child) {
    let id = child.id().unwrap().to_string();
    let sent = std::process::Command::new("kill").args(["-TERM", &id]).status();
    assert!(sent.unwrap().success());
}

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

#[tokio::test]
async fn what_this_version_does_not_have_is_refused_and_not_ignored() {
    let dir = TempDir::new().unwrap();
    for (name, value) in [
        ("REDIS_URL", "http://:canary@cache:6380"),
        ("NEO4J_URI", "neo4j+s://u:canary@graph"),
        (
            "ATG_ARTIFACT_STORE",
            "https://store.blob.core.windows.net/?sig=canary",
        ),
    ] {
        for role in ["api", "worker", "all"] {
            let (code, stdout, stderr) = output(with(&["--role", role], dir.path()).env(name, value)).await;
            assert_eq!((code, stdout.as_str()), (Some(2), ""), "{name}: {stderr}");
            assert!(stderr.contains(name) && !stderr.contains("canary"), "{stderr}");
        }
        // Set to nothing it is not set.
        let (code, ..) = output(with(&["--port", "x"], dir.path()).env(name, "")).await;
        assert_eq!(code, Some(2));
    }
    assert!(!dir.path().join("queue.db").exists(), "nothing was begun");
}

#[tokio::test]
async fn artifacts_are_kept_where_the_operator_says_and_nowhere_else() {
    let (data, store, other) = (
        TempDir::new().unwrap(),
        TempDir::new().unwrap(),
        TempDir::new().unwrap(),
    );
    let server = Server::start(command().env("ATG_ARTIFACT_STORE", store.path()), data.path()).await;
    let key = server.own_key();
    let steps = json!({ "steps": [{ "artifact": { "name": "a", "text": "b", "repeat": 1 } }] });
    let job = server.post("/api/v1/rehearsal", &key, &steps).await.json();
    let id = id_of(&job).to_owned();
    assert_eq!(server.ended(&key, &id).await["status"], "completed");
    assert!(store.path().join("artifacts").join(&id).join("1/a").is_file());
    assert!(!data.path().join("objects").exists());
    assert_eq!(server.stop().await.0, Some(0));
    // Another store beside the same queue would lose what is there.
    let (code, _, stderr) = output(with(&[], data.path()).env("ATG_ARTIFACT_STORE", other.path())).await;
    assert_eq!(code, Some(2), "{stderr}");
    let id_in = |place: &TempDir| std::fs::read_to_string(place.path().join("id")).unwrap();
    assert!(
        stderr.contains(&id_in(&store)) && stderr.contains(&id_in(&other)),
        "{stderr}"
    );
}

#[tokio::test]
async fn another_graph_beside_the_same_queue_is_refused_before_anything_is_announced() {
    let dir = TempDir::new().unwrap();
    let server = Server::start(&mut command(), dir.path()).await;
    assert_eq!(server.stop().await.0, Some(0));
    let other = format!("sqlite:{}", dir.path().join("other.db").display());
    for role in ["all", "worker"] {
        let mut command = with(&["--role", role, "--port", "0"], dir.path());
        let (code, stdout, stderr) = output(command.env("ATG_GRAPH", &other)).await;
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
        assert!(
            stderr.contains("works with the graph") && stderr.contains("brings"),
            "{stderr}"
        );
    }
}

#[tokio::test]
async fn dead_letters_are_listed_and_submitted_again() {
    let dir = TempDir::new().unwrap();
    let (code, _, stderr) = output(&mut with(&["queue", "dead-letters"], dir.path())).await;
    assert_eq!(code, Some(4), "{stderr}");
    let server = Server::start(&mut command(), dir.path()).await;
    let key = server.own_key();
    let failing = json!({ "steps": [{ "fail": { "kind": "Unavailable", "message": "reach the graph" } }] });
    let job = server.post("/api/v1/rehearsal", &key, &failing).await.json();
    let hopeless = json!({ "steps": [{ "fail": { "kind": "Conflict", "message": "give up" } }] });
    let final_one = server.post("/api/v1/rehearsal", &key, &hopeless).await.json();
    let dead = server.ended(&key, id_of(&job)).await;
    assert_eq!((&dead["status"], &dead["attempt"]), (&json!("failed"), &json!(3)));
    server.ended(&key, id_of(&final_one)).await;

    let run = async |args: &[&str]| {
        let (code, stdout, stderr) = output(&mut with(args, dir.path())).await;
        (code, lines(&stdout), stderr)
    };
    let (code, letters, _) = run(&["queue", "dead-letters"]).await;
    assert_eq!((code, letters.len()), (Some(0), 1), "{letters:?}");
    assert_eq!(letters[0]["job_id"], dead["job_id"]);
    assert_eq!(letters[0]["error"]["kind"], "Unavailable");
    assert_eq!(
        (&letters[0]["attempts"], &letters[0]["requeued_as"]),
        (&json!(3), &Value::Null)
    );
    // While the server runs, and once however often it is asked for.
    let (code, first, _) = run(&["queue", "requeue", "--all"]).await;
    assert_eq!((code, first.len()), (Some(0), 1));
    let again = first[0]["requeued_as"].as_str().unwrap().to_owned();
    let (_, twice, _) = run(&["queue", "requeue", id_of(&dead)]).await;
    assert_eq!(twice, first);
    assert_eq!(run(&["queue", "requeue", "--all"]).await.1, [Value::Null; 0]);
    // The server takes it up, and its owner sees it.
    let job = server.ended(&key, &again).await;
    assert_eq!(
        (&job["status"], &job["operation"]),
        (&json!("failed"), &json!("rehearsal"))
    );
    let (_, letters, _) = run(&["queue", "dead-letters"]).await;
    let requeued: Vec<_> = letters.iter().map(|letter| &letter["requeued_as"]).collect();
    assert_eq!(requeued, [&Value::Null, &json!(again)], "the newest first");
    // What is none is named, and the others go their way.
    let (code, answers, stderr) = run(&["queue", "requeue", id_of(&final_one), id_of(&dead)]).await;
    assert_eq!(code, Some(4), "{stderr}");
    assert_eq!(answers[0]["error"]["kind"], "NotFound");
    assert_eq!(answers[1]["requeued_as"], json!(again));
    assert_eq!(run(&["queue", "requeue", "x"]).await.0, Some(2));
    assert_eq!(server.stop().await.0, Some(0));
}

/// Keys in a file, made by the command.
async fn make_key(file: &Path, data: &Path, owner: &str, tenants: &str) -> String {
    let args = [
        "keys",
        "new",
        "--owner",
        owner,
        "--scopes",
        "scan:run,graph:read,jobs:all",
        "--tenants",
        tenants,
    ];
    let (code, key, stderr) = output(with(&args, data).env("ATG_API_KEYS_FILE", file)).await;
    assert_eq!(code, Some(0), "{stderr}");
    key.trim().to_owned()
}

#[tokio::test]
async fn jobs_of_some_owners_come_first() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("keys.json");
    let (slow, plain, urgent) = (
        make_key(&file, dir.path(), "nightly", "*").await,
        make_key(&file, dir.path(), "plain", "*").await,
        make_key(&file, dir.path(), "oncall", "*").await,
    );
    let mut api = command();
    api.args(["--role", "api"])
        .env("ATG_API_KEYS_FILE", &file)
        .env("ATG_OWNER_PRIORITIES", "nightly=-10,oncall=10");
    let api = Server::start(&mut api, dir.path()).await;
    let mut jobs = Vec::new();
    for key in [&slow, &plain, &urgent, &plain, &slow, &urgent] {
        let job = api.post("/api/v1/rehearsal", key, &json!({})).await.json();
        jobs.push(id_of(&job).to_owned());
    }
    let worker = worker(dir.path(), |command| {
        command
            .env("ATG_API_KEYS_FILE", &file)
            .env("ATG_MAX_CONCURRENT_JOBS", "1");
    });
    let mut started = Vec::new();
    for id in &jobs {
        let job = api.ended(&urgent, id).await;
        assert_eq!(job["status"], "completed", "{job}");
        started.push((job["started_at"].as_str().unwrap().to_owned(), id.clone()));
    }
    started.sort();
    let order: Vec<_> = started
        .iter()
        .map(|(_, id)| jobs.iter().position(|job| job == id).unwrap())
        .collect();
    assert_eq!(order, [2, 5, 1, 3, 0, 4]);
    terminate(&worker);
    logs_of(worker).await;
    assert_eq!(api.stop().await.0, Some(0));
}

#[tokio::test]
async fn a_key_that_was_taken_back_or_narrowed_starts_no_job_any_more() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("keys.json");
    let make = async |owner: &str, tenants: &str| make_key(&file, dir.path(), owner, tenants).await;
    let (revoked, rotated, narrowed, good) = (
        make("revoked", "*").await,
        make("rotated", "*").await,
        make("narrowed", "*").await,
        make("good", "*").await,
    );
    let mut api = command();
    api.args(["--role", "api"]).env("ATG_API_KEYS_FILE", &file);
    let api = Server::start(&mut api, dir.path()).await;
    let submit = async |key: &str, tenant: &str| {
        let job = api
            .post(
                "/api/v1/rehearsal",
                key,
                &json!({ "tenant_id": tenant, "steps": [] }),
            )
            .await;
        assert_eq!(job.status, 202, "{job:?}");
        id_of(&job.json()).to_owned()
    };
    let refused = [
        submit(&revoked, TENANT_A).await,
        submit(&narrowed, TENANT_B).await,
    ];
    let carried_out = [
        submit(&rotated, TENANT_A).await,
        submit(&narrowed, TENANT_A).await,
    ];
    for (key, successor) in [
        (&revoked, None),
        (&rotated, Some("*")),
        (&narrowed, Some(TENANT_A)),
    ] {
        let owner = [
            ("revoked", &revoked),
            ("rotated", &rotated),
            ("narrowed", &narrowed),
        ]
        .into_iter()
        .find_map(|(owner, of)| (of == key).then_some(owner))
        .unwrap();
        if let Some(tenants) = successor {
            make(owner, tenants).await;
        }
        let args = ["keys", "revoke", &key[8..16]];
        let (code, ..) = output(with(&args, dir.path()).env("ATG_API_KEYS_FILE", &file)).await;
        assert_eq!(code, Some(0));
    }
    let worker = worker(dir.path(), |command| {
        command.env("ATG_API_KEYS_FILE", &file);
    });
    for id in refused {
        let job = api.ended(&good, &id).await;
        assert_eq!(job["status"], "failed", "{job}");
        assert_eq!(job["error"]["kind"], "PermissionDenied", "{job}");
        assert_eq!(job["attempt"], 1, "{job}");
    }
    for id in carried_out {
        let job = api.ended(&good, &id).await;
        assert_eq!(job["status"], "completed", "{job}");
    }
    terminate(&worker);
    logs_of(worker).await;
    assert_eq!(api.stop().await.0, Some(0));
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[tokio::test]
async fn a_trace_goes_with_the_job_to_the_worker_of_another_process() {
    let dir = TempDir::new().unwrap();
    let mut api = command();
    let api = Server::start(api.args(["--role", "api"]), dir.path()).await;
    let worker = worker(dir.path(), |_| {});
    let key = api.own_key();
    let traced = api
        .call("/api/v1/self-test", &key, &json!({}))
        .header("traceparent", &format!("00-{TRACE}-00f067aa0ba902b7-01"))
        .send()
        .await
        .json();
    let other = api.post("/api/v1/self-test", &key, &json!({})).await.json();
    for job in [&traced, &other] {
        assert_eq!(api.ended(&key, id_of(job)).await["status"], "completed");
    }
    terminate(&worker);
    let worker = lines(&logs_of(worker).await);
    let (code, said) = api.stop().await;
    assert_eq!(code, Some(0), "{said}");
    let of = |job: &Value| -> Vec<&Value> {
        let about = |line: &&Value| line["span"]["job"] == job["job_id"];
        worker.iter().filter(about).collect()
    };
    assert!(of(&traced).len() >= 2, "{worker:?}");
    for line in of(&traced) {
        assert_eq!(line["span"]["trace"], TRACE, "{line}");
        assert_eq!(line["span"]["operation"], "self-test", "{line}");
    }
    for line in of(&other) {
        assert_eq!(line["span"].get("trace"), None, "{line}");
    }
    let audit = said
        .lines()
        .find(|line| line.contains("atg::audit") && line.contains(TRACE));
    let audit: Value = serde_json::from_str(audit.expect("the call's own line")).unwrap();
    assert_eq!(audit["job"], traced["job_id"]);
}

/// A collector of traces: what was posted to it.
async fn collector() -> (SocketAddr, mpsc::UnboundedReceiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let sender = sender.clone();
            tokio::spawn(async move {
                let mut stream = BufReader::new(stream);
                loop {
                    let (mut head, mut length) = (String::new(), 0);
                    loop {
                        let mut line = String::new();
                        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                            return;
                        }
                        let lower = line.to_ascii_lowercase();
                        if let Some(value) = lower.strip_prefix("content-length:") {
                            length = value.trim().parse().unwrap();
                        }
                        if line == "\r\n" {
                            break;
                        }
                        head.push_str(&line);
                    }
                    let mut body = vec![0; length];
                    stream.read_exact(&mut body).await.unwrap();
                    let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
                    stream.write_all(answer.as_bytes()).await.unwrap();
                    if sender.send((head, body)).is_err() {
                        return;
                    }
                }
            });
        }
    });
    (address, receiver)
}

#[tokio::test]
async fn traces_are_sent_where_the_operator_says() {
    let dir = TempDir::new().unwrap();
    let (address, mut posted) = collector().await;
    let mut command = command();
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{address}"))
        .env("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=mine")
        .env("OTEL_BSP_SCHEDULE_DELAY", "50");
    let server = Server::start(&mut command, dir.path()).await;
    let key = server.own_key();
    let job = server
        .call("/api/v1/self-test", &key, &json!({}))
        .header("traceparent", &format!("00-{TRACE}-00f067aa0ba902b7-01"))
        .send()
        .await
        .json();
    assert_eq!(server.ended(&key, id_of(&job)).await["status"], "completed");
    // Without a parent a trace begins here, and the logs name it.
    let begun = server.post("/api/v1/self-test", &key, &json!({})).await.json();
    assert_eq!(server.ended(&key, id_of(&begun)).await["status"], "completed");
    let (code, said) = server.stop().await;
    assert_eq!(code, Some(0), "{said}");
    let (mut heads, mut bodies) = (String::new(), Vec::new());
    while let Ok(Some((head, body))) = tokio::time::timeout(Duration::from_secs(1), posted.recv()).await {
        heads.push_str(&head);
        bodies.extend(body);
    }
    assert!(heads.contains("POST /v1/traces"), "{heads}");
    assert!(heads.to_ascii_lowercase().contains("x-tenant: mine"), "{heads}");
    let holds = |needle: &[u8]| {
        bodies
            .windows(needle.len())
            .filter(|window| *window == needle)
            .count()
    };
    let trace: Vec<u8> = (0..16)
        .map(|at| u8::from_str_radix(&TRACE[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    for (name, least) in [
        ("POST /api/v1/self-test", 2),
        ("self-test attempt", 2),
        ("atg-server", 1),
    ] {
        assert!(holds(name.as_bytes()) >= least, "{name}");
    }
    // The call, the attempt, and the job within it.
    assert!(
        holds(&trace) >= 3,
        "{} spans of the caller's trace",
        holds(&trace)
    );
    assert_eq!(holds(key.as_bytes()), 0, "no span holds the key");
    let attempt = said
        .lines()
        .filter(|line| line.contains(id_of(&begun)) && line.contains("attempt"))
        .find_map(|line| serde_json::from_str::<Value>(line).ok())
        .unwrap();
    let own = attempt["span"]["trace"]
        .as_str()
        .unwrap_or_else(|| panic!("{attempt}"));
    assert!(own.len() == 32 && own != TRACE, "{own}");
}

#[tokio::test]
async fn writes_of_the_graph_are_measured() {
    let dir = TempDir::new().unwrap();
    let server = Server::start(&mut command(), dir.path()).await;
    let key = server.own_key();
    let rows = json!([{ "id": "/subscriptions/a0a0a0a0-0000-4000-8000-00000000000a", "name": "a",
        "type": "Microsoft.Resources/subscriptions", "tenantId": TENANT_A }]);
    let content = rows.to_string();
    let digest: String = Sha256::digest(&content)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let put = Call::to(server.address, Method::PUT, &format!("/api/v1/inputs/{digest}"))
        .bearer(&key)
        .body(content.clone())
        .send()
        .await;
    assert_eq!(put.status, 201, "{put:?}");
    let body = json!({ "tenant_id": TENANT_A, "input": digest });
    let job = server.post("/api/v1/scan", &key, &body).await.json();
    assert_eq!(server.ended(&key, id_of(&job)).await["status"], "completed");
    let metrics = server.get("/metrics", &key).send().await;
    let text = metrics.text();
    let count = text
        .lines()
        .find_map(|line| line.strip_prefix("atg_graph_write_duration_seconds_count "))
        .unwrap_or_else(|| panic!("{text}"));
    assert!(count.parse::<u64>().unwrap() > 0);
    assert_eq!(server.stop().await.0, Some(0));
}
