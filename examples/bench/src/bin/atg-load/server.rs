//! The processes that are measured.

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use atg_bench::{Process, Server};

use crate::{
    Result,
    arguments::Arguments,
    bare,
    connection::{Connection, SOURCES},
};

/// How often a start is measured.
const STARTS: usize = 7;
/// More than anybody submits here.
const PLENTY: &str = "1000000";
/// Keys, each with its own budget: a million calls a minute is the most that one may be given.
const KEYS: usize = 4;

/// Who to ask, and for what.
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) requests: Vec<Vec<u8>>,
    pub(crate) process: Process,
}

/// The bare server.
pub(crate) struct Bare {
    kept: Server,
    requests: Vec<Vec<u8>>,
}

impl Bare {
    /// Over rows that hold what the service answers.
    pub(crate) async fn start(database: &Path, service: &Service) -> Result<Self> {
        let mut rows = Vec::new();
        let mut connection = Connection::open(service.kept.address(), 0).await?;
        for (number, id) in service.jobs.iter().enumerate() {
            let answer = connection.call(&service.get(id, number)).await?;
            rows.push((id.clone(), String::from_utf8(answer.body.to_owned())?));
        }
        bare::create(database, &rows)?;
        let kept = Server::start(Command::new(std::env::current_exe()?).arg("--bare").arg(database))?;
        let requests = service
            .jobs
            .iter()
            .enumerate()
            .map(|(number, id)| service.get(id, number));
        Ok(Self {
            requests: requests.collect(),
            kept,
        })
    }

    pub(crate) fn target(&self) -> Target {
        Target {
            address: self.kept.address(),
            requests: self.requests.clone(),
            process: self.kept.process(),
        }
    }
}

/// The service.
pub(crate) struct Service {
    kept: Server,
    keys: Vec<String>,
    pub(crate) jobs: Vec<String>,
}

impl Service {
    /// Only the half that answers calls: without a worker, jobs stay as they are.
    pub(crate) fn start(arguments: &Arguments, directory: &Path) -> Result<Self> {
        fs::create_dir_all(directory)?;
        let keys = (0..KEYS)
            .map(|_| new_key(&arguments.server, directory))
            .collect::<Result<_>>()?;
        let log = File::create(directory.join("server.log"))?;
        let kept = Server::start(
            Command::new(&arguments.server)
                .args(["--role", "api", "--port", "0", "--data-dir"])
                .arg(directory)
                .arg("--keys-file")
                .arg(directory.join("keys.json"))
                .args(["--rate-limit-short", PLENTY, "--rate-limit-other", PLENTY])
                .args(["--max-open-jobs", PLENTY, "--max-queue-depth", PLENTY])
                .stderr(log),
        )?;
        Ok(Self {
            kept,
            keys,
            jobs: Vec::new(),
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.kept.address()
    }

    pub(crate) fn process(&self) -> Process {
        self.kept.process()
    }

    pub(crate) fn target(&self) -> Target {
        let requests = self.jobs.iter().enumerate();
        Target {
            address: self.kept.address(),
            requests: requests.map(|(number, id)| self.get(id, number)).collect(),
            process: self.kept.process(),
        }
    }

    fn get(&self, id: &str, number: usize) -> Vec<u8> {
        self.request("GET", &format!("/api/v1/jobs/{id}"), "", number)
    }

    /// A request with the n-th key.
    pub(crate) fn request(&self, method: &str, path: &str, body: &str, number: usize) -> Vec<u8> {
        let key = &self.keys[number % self.keys.len()];
        let host = self.kept.address();
        let length = body.len();
        format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }

    /// A small job of the short lane.
    pub(crate) fn submission(&self, number: usize) -> Vec<u8> {
        let body = r#"{"query":"MATCH (n:Resource) RETURN count(n) AS resources"}"#;
        self.request("POST", "/api/v1/query", body, number)
    }

    /// Puts that many jobs into the queue.
    pub(crate) async fn submit_jobs(&mut self, count: usize) -> Result<()> {
        let mut connection = Connection::open(self.kept.address(), 0).await?;
        for number in 0..count {
            let request = self.submission(number);
            let answer = connection.call(&request).await?;
            let job: serde_json::Value = serde_json::from_slice(answer.body)?;
            let id = job.get("job_id").and_then(serde_json::Value::as_str);
            let id = id.ok_or_else(|| format!("a submission was answered with {}: {job}", answer.status))?;
            self.jobs.push(id.to_owned());
        }
        Ok(())
    }

    /// Ends the process, and says so if it ended before.
    pub(crate) fn stop(mut self) -> Result<()> {
        self.kept.check()
    }
}

/// Makes a key with the server's own command. All have one owner, and so the same jobs.
fn new_key(server: &Path, directory: &Path) -> Result<String> {
    let made = Command::new(server)
        .args([
            "keys",
            "new",
            "--owner",
            "load",
            "--scopes",
            "graph:read",
            "--tenants",
            "*",
        ])
        .arg("--data-dir")
        .arg(directory)
        .arg("--file")
        .arg(directory.join("keys.json"))
        .stderr(Stdio::inherit())
        .output()?;
    let key = String::from_utf8(made.stdout)?.trim().to_owned();
    if made.status.success() && key.starts_with("atg_") {
        return Ok(key);
    }
    Err(format!("`{} keys new` made no key", server.display()).into())
}

/// Times from the start of a process, of both halves and on an empty directory, to the first 200 of `/health`; and its
/// memory a second later.
pub(crate) async fn start_and_idle(
    arguments: &Arguments,
    directory: &Path,
) -> Result<(Vec<Duration>, Option<u64>)> {
    let mut times = Vec::new();
    let mut idle = None;
    for start in 0..STARTS {
        let place = directory.join(format!("start-{start}"));
        fs::create_dir_all(&place)?;
        let log = File::create(place.join("server.log"))?;
        let kept = Server::start(
            Command::new(&arguments.server)
                .args(["--port", "0", "--data-dir"])
                .arg(&place)
                .stderr(log),
        )?;
        let mut connection = Connection::open(kept.address(), start % SOURCES).await?;
        let answer = connection
            .call(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n")
            .await?;
        if answer.status != 200 {
            return Err(format!("/health answered {}", answer.status).into());
        }
        times.push(kept.age());
        if start + 1 == STARTS {
            tokio::time::sleep(Duration::from_secs(1)).await;
            idle = kept.process().resident_bytes();
        }
    }
    times.sort_unstable();
    Ok((times, idle))
}
