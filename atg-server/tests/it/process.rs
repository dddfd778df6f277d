//! The binary as it is started, spoken to and stopped.

use std::{net::SocketAddr, path::Path, process::Stdio};

use http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use crate::support::{Answer, Call, PATIENCE, id_of};

pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_atg-server"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        let others = [
            "LOG_LEVEL",
            "ENABLE_METRICS",
            "REDIS_URL",
            "NEO4J_URI",
            "AZURE_KEY_VAULT_NAME",
        ];
        if name.starts_with("ATG_") || name.starts_with("OTEL_") || others.contains(&name.as_str()) {
            command.env_remove(name);
        }
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// A server process.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) said: Vec<String>,
    stdout: Lines<BufReader<ChildStdout>>,
}

impl Server {
    /// Starts it and reads what it says until it listens.
    pub(crate) async fn start(command: &mut Command, data: &Path) -> Self {
        let mut child = command
            .env("ATG_DATA_DIR", data)
            .env("ATG_SERVER_PORT", "0")
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said = Vec::new();
        loop {
            let line = tokio::time::timeout(PATIENCE, stdout.next_line())
                .await
                .unwrap()
                .unwrap();
            let line = line.expect("it says that it listens");
            if let Some(url) = line.strip_prefix("listening on http://") {
                let address = url.parse().unwrap();
                return Self {
                    child,
                    address,
                    said,
                    stdout,
                };
            }
            said.push(line);
        }
    }

    /// The key that it made for its run.
    pub(crate) fn own_key(&self) -> String {
        let line = self.said.first().unwrap();
        let path = line.strip_prefix("API key for this run is in ").unwrap();
        std::fs::read_to_string(path).unwrap().trim().to_owned()
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().unwrap().to_string();
        let sent = std::process::Command::new("kill")
            .args([&format!("-{name}"), &id])
            .status();
        assert!(sent.unwrap().success());
    }

    /// Tells it to stop and waits for its end: its exit code, and all that it said.
    pub(crate) async fn stop(mut self) -> (Option<i32>, String) {
        self.signal("TERM");
        let mut logs = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        let end = async {
            stderr.read_to_string(&mut logs).await.unwrap();
            while let Some(line) = self.stdout.next_line().await.unwrap() {
                self.said.push(line);
            }
            self.child.wait().await.unwrap().code()
        };
        let code = tokio::time::timeout(PATIENCE, end).await.expect("an end in time");
        (code, format!("{}\n{logs}", self.said.join("\n")))
    }

    pub(crate) fn get<'a>(&self, path: &'a str, key: &str) -> Call<'a> {
        Call::to(self.address, Method::GET, path).bearer(key)
    }

    pub(crate) fn call<'a>(&self, path: &'a str, key: &str, body: &Value) -> Call<'a> {
        Call::to(self.address, Method::POST, path).bearer(key).json(body)
    }

    pub(crate) async fn post(&self, path: &str, key: &str, body: &Value) -> Answer {
        self.call(path, key, body).send().await
    }

    pub(crate) async fn ended(&self, key: &str, id: &str) -> Value {
        loop {
            let job = self
                .get(&format!("/api/v1/jobs/{id}?wait=30"), key)
                .send()
                .await
                .json();
            if !matches!(job["status"].as_str(), Some("pending" | "running")) {
                return job;
            }
        }
    }
}

pub(crate) async fn output(command: &mut Command) -> (Option<i32>, String, String) {
    let output = tokio::time::timeout(PATIENCE, command.output())
        .await
        .unwrap()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn without_any_configuration_it_serves_this_machine_under_a_key_of_its_own() {
    let dir = TempDir::new().unwrap();
    let server = Server::start(&mut command(), dir.path()).await;
    assert!(server.address.ip().is_loopback());
    let key = server.own_key();
    let file = dir.path().join(format!("server-{}.key", server.address.port()));
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&file).unwrap());
        assert_eq!(mode & 0o777, 0o600);
    }
    let status = server.get("/api/v1/status", &key).send().await.json();
    assert_eq!(status["key"]["scopes"], json!(["admin"]));
    // Through the queue and a worker, to a metric.
    let job = server.post("/api/v1/self-test", &key, &json!({})).await;
    assert_eq!(job.status, 202, "{job:?}");
    let job = server.ended(&key, id_of(&job.json())).await;
    assert_eq!(job["status"], "completed", "{job}");
    let fail = json!({ "steps": [{ "fail": { "kind": "Conflict", "message": "give up" } }] });
    let job = server.post("/api/v1/rehearsal", &key, &fail).await.json();
    assert_eq!(server.ended(&key, id_of(&job)).await["status"], "failed");
    let metrics = server.get("/metrics", &key).send().await;
    for line in [
        "atg_job_execution_duration_seconds_count{job_type=\"self-test\"} 1",
        "atg_job_failures_total{job_type=\"rehearsal\",error_type=\"Conflict\"} 1",
    ] {
        assert!(metrics.text().contains(line), "{line} in {}", metrics.text());
    }
    let (code, said) = server.stop().await;
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains(&key) && !file.exists(), "{said}");
    // Logs are JSON, and every call with a key has left its line.
    let audit: Vec<Value> = said
        .lines()
        .filter(|line| line.contains("atg::audit"))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(audit.len() >= 5, "{said}");
    for line in &audit {
        for member in ["timestamp", "key", "owner", "address", "action", "status"] {
            assert!(line.get(member).is_some(), "{member} in {line}");
        }
    }
}

#[tokio::test]
async fn what_is_wrong_is_told_at_once_and_ends_with_2() {
    let dir = TempDir::new().unwrap();
    let mut wrong = command();
    wrong
        .env("ATG_DATA_DIR", dir.path())
        .args(["--host", "127.0.0.1", "--port", "x"]);
    let (code, stdout, stderr) = output(&mut wrong).await;
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    assert!(
        stderr.contains("ATG_SERVER_PORT: ") && stderr.contains("ATG_SERVER_HOST: "),
        "{stderr}"
    );
    let mut plain = command();
    plain
        .env("ATG_DATA_DIR", dir.path())
        .env("ATG_ENVIRONMENT", "prod")
        .env("ATG_API_KEYS", "canary:admin:*");
    let (code, _, stderr) = output(&mut plain).await;
    assert_eq!(code, Some(2), "{stderr}");
    assert!(
        stderr.contains("dev only") && !stderr.contains("canary"),
        "{stderr}"
    );
}

#[tokio::test]
async fn keys_are_made_listed_and_taken_back_while_it_serves() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("keys.json");
    let keys = |args: &[&str]| {
        let mut command = command();
        command
            .env("ATG_DATA_DIR", dir.path())
            .env("ATG_API_KEYS_FILE", &file)
            .arg("keys")
            .args(args);
        command
    };
    let make = [
        "new",
        "--owner",
        "ci",
        "--scopes",
        "scan:run,graph:read",
        "--tenants",
        "*",
    ];
    let (code, first, stderr) = output(&mut keys(&make)).await;
    assert_eq!(code, Some(0), "{stderr}");
    let first = first.trim();
    assert!(first.starts_with("atg_dev_"), "{first}");
    let stored = std::fs::read_to_string(&file).unwrap();
    assert!(!stored.contains(&first[17..]), "the file holds no secret");

    let start = async |pepper: Option<&str>| {
        let mut command = command();
        command.env("ATG_API_KEYS_FILE", &file);
        if let Some(pepper) = pepper {
            command.env("ATG_KEY_PEPPER", pepper);
        }
        Server::start(&mut command, dir.path()).await
    };
    let server = start(None).await;
    assert_eq!(server.get("/api/v1/status", first).send().await.status, 200);
    let (_, second, _) = output(&mut keys(&make)).await;
    let second = second.trim();
    let until = async |key: &str, status: u16| {
        server.signal("HUP");
        while server.get("/api/v1/status", key).send().await.status != status {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, until(second, 200)).await.unwrap();
    let (code, ..) = output(&mut keys(&["revoke", &first[8..16]])).await;
    assert_eq!(code, Some(0));
    tokio::time::timeout(PATIENCE, until(first, 401)).await.unwrap();
    let (_, listed, _) = output(&mut keys(&["list"])).await;
    let states: Vec<Value> = listed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let states: Vec<_> = states
        .iter()
        .map(|record| record["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["revoked", "active"]);
    let (code, _, stderr) = output(&mut keys(&["revoke", "zzzzzzzz"])).await;
    assert_eq!(code, Some(4), "{stderr}");
    assert_eq!(server.stop().await.0, Some(0));

    let server = start(Some("another pepper than before")).await;
    let answer = server.get("/api/v1/status", second).send().await;
    answer.problem(401, "Unauthenticated");
}

#[tokio::test]
async fn answering_and_working_may_be_two_processes() {
    let dir = TempDir::new().unwrap();
    let mut api = command();
    api.args(["--role", "api"]);
    let api = Server::start(&mut api, dir.path()).await;
    let key = api.own_key();
    let job = api.post("/api/v1/self-test", &key, &json!({})).await.json();
    let mut worker = command();
    let mut worker = worker
        .env("ATG_DATA_DIR", dir.path())
        .args(["--role", "worker"])
        .spawn()
        .unwrap();
    let job = api.ended(&key, id_of(&job)).await;
    assert_eq!(job["status"], "completed", "{job}");
    worker.start_kill().unwrap();
    worker.wait().await.unwrap();
    assert_eq!(api.stop().await.0, Some(0));
}
