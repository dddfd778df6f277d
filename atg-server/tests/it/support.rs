//! A running service, and a client that does what it is told and nothing more.

use std::{borrow::Cow, net::SocketAddr, sync::Arc, time::Duration};

use atg_executor_local::{LocalExecutor, LocalOptions, operations::validate};
use atg_sdk::{Executor, Owner, Result, azure::TenantId};
use atg_server::{
    QueueExecutor, QueueOptions,
    http::{Limits, Options, serve},
    keys::{
        ApiKey, Environment, FileKeys, KeyRecord, KeyRing, KeyState, Pepper, Scope, TenantAccess, write_file,
    },
    queue::Policy,
    worker::{Worker, WorkerOptions},
};
use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

/// Nothing here takes longer, however busy the machine is.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
pub(crate) const TENANT_A: &str = "aaaaaaaa-0000-4000-8000-00000000000a";
pub(crate) const TENANT_B: &str = "bbbbbbbb-0000-4000-8000-00000000000b";

pub(crate) fn pepper() -> Pepper {
    Pepper::new(b"a pepper for tests only").unwrap()
}

/// A key and what the service knows of it.
pub(crate) struct Key {
    pub(crate) text: String,
    pub(crate) record: KeyRecord,
}

/// A key of that owner that may do everything everywhere.
pub(crate) fn key(owner: &str) -> Key {
    let key = ApiKey::generate(Environment::Dev).unwrap();
    Key {
        text: key.reveal().expose_secret().to_owned(),
        record: KeyRecord {
            id: key.id().clone(),
            hash: key.hash_hex(&pepper()),
            owner: Owner::new(owner),
            environment: Environment::Dev,
            scopes: vec![Scope::Admin],
            tenants: TenantAccess::Every,
            not_before: None,
            expires_at: None,
            state: KeyState::Active,
        },
    }
}

impl Key {
    pub(crate) fn scopes(mut self, scopes: &[Scope]) -> Self {
        self.record.scopes = scopes.to_vec();
        self
    }

    pub(crate) fn tenants(mut self, tenants: &[&str]) -> Self {
        self.record.tenants = TenantAccess::Only(tenants.iter().map(|id| id.parse().unwrap()).collect());
        self
    }
}

/// What stands between the service and its executor.
pub(crate) type Wrap = Box<dyn FnOnce(Arc<dyn Executor>) -> Arc<dyn Executor>>;

/// How a service is set up before it starts.
pub(crate) struct Setup {
    pub(crate) keys: Vec<KeyRecord>,
    pub(crate) limits: Limits,
    pub(crate) target_tenant: Option<TenantId>,
    pub(crate) public_url: Option<String>,
    pub(crate) tls: Option<Arc<rustls::ServerConfig>>,
    pub(crate) wrap: Wrap,
    /// A queue in front, with such numbers.
    pub(crate) queue: Option<Policy>,
    /// Whether somebody carries the queue's jobs out.
    pub(crate) worker: bool,
    pub(crate) closing: Option<CancellationToken>,
    pub(crate) probes_only: bool,
    pub(crate) trusted_proxies: Vec<std::net::IpAddr>,
}

impl Setup {
    pub(crate) fn new(keys: &[&Key]) -> Self {
        Self {
            keys: keys.iter().map(|key| key.record.clone()).collect(),
            limits: Limits::default(),
            target_tenant: None,
            public_url: None,
            tls: None,
            wrap: Box::new(|executor| executor),
            queue: None,
            worker: true,
            closing: None,
            probes_only: false,
            trusted_proxies: Vec::new(),
        }
    }

    pub(crate) async fn start(self) -> Site {
        let dir = tempfile::tempdir().unwrap();
        let key_file = dir.path().join("keys.json");
        write_file(&key_file, self.keys).unwrap();
        let keys = KeyRing::load(Arc::new(FileKeys::new(&key_file)), pepper(), Environment::Dev).await;
        let keys = Arc::new(keys.unwrap());
        let data = dir.path().join("data");
        let executor: Arc<dyn Executor> = match self.queue {
            None => Arc::new(LocalExecutor::open(LocalOptions::new(data)).unwrap()),
            Some(policy) => {
                let options = QueueOptions::new(&data).with_policy(policy);
                std::fs::create_dir_all(&data).unwrap();
                let queue = QueueExecutor::open(options).await.unwrap();
                if self.worker {
                    let local = Arc::new(LocalExecutor::open(LocalOptions::new(data)).unwrap());
                    let worker = Worker::new(&queue, local, WorkerOptions::default());
                    // It dies with the runtime of the test.
                    tokio::spawn(worker.run(CancellationToken::new()));
                }
                Arc::new(queue)
            }
        };
        let executor = (self.wrap)(executor);
        let options = Options {
            public_url: self.public_url,
            target_tenant: self.target_tenant,
            trusted_proxies: self.trusted_proxies,
            limits: self.limits,
            tls: self.tls,
            validate: Some(validate),
            probes_only: self.probes_only,
            closing: self.closing,
            ..Options::new(Arc::clone(&keys))
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let serving = tokio::spawn(serve(listener, executor, options, stop.clone()));
        Site {
            dir,
            address,
            keys,
            stop,
            serving,
        }
    }
}

/// A running service.
pub(crate) struct Site {
    pub(crate) dir: TempDir,
    pub(crate) address: SocketAddr,
    pub(crate) keys: Arc<KeyRing>,
    pub(crate) stop: CancellationToken,
    pub(crate) serving: JoinHandle<Result<()>>,
}

impl Drop for Site {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A service with one key that may do everything.
pub(crate) async fn site() -> (Site, Key) {
    let key = key("owner");
    (Setup::new(&[&key]).start().await, key)
}

impl Site {
    pub(crate) fn call<'a>(&self, method: Method, path: &'a str) -> Call<'a> {
        Call::to(self.address, method, path)
    }

    pub(crate) fn get<'a>(&self, path: &'a str, key: &Key) -> Call<'a> {
        self.call(Method::GET, path).key(key)
    }

    pub(crate) fn post<'a>(&self, path: &'a str, key: &Key, body: &Value) -> Call<'a> {
        self.call(Method::POST, path).key(key).json(body)
    }

    /// Submits a rehearsal and returns the job as it was accepted.
    pub(crate) async fn rehearse(&self, key: &Key, steps: Value) -> Value {
        let answer = self
            .post("/api/v1/rehearsal", key, &json!({ "steps": steps }))
            .send()
            .await;
        assert_eq!(answer.status, 202, "{answer:?}");
        answer.json()
    }

    /// Submits a rehearsal and waits for its end.
    pub(crate) async fn rehearsed(&self, key: &Key, steps: Value) -> Value {
        let job = self.rehearse(key, steps).await;
        self.ended(key, id_of(&job)).await
    }

    /// The job, once it has ended.
    pub(crate) async fn ended(&self, key: &Key, id: &str) -> Value {
        loop {
            let path = format!("/api/v1/jobs/{id}?wait=30");
            let job = self.get(&path, key).send().await.json();
            if !matches!(job["status"].as_str(), Some("pending" | "running")) {
                return job;
            }
        }
    }

    /// The job, once somebody has started it.
    pub(crate) async fn started(&self, key: &Key, id: &str) {
        loop {
            let path = format!("/api/v1/jobs/{id}?wait=30");
            if self.get(&path, key).send().await.json()["status"] == "running" {
                return;
            }
        }
    }
}

pub(crate) fn id_of(job: &Value) -> &str {
    job["job_id"].as_str().unwrap()
}

/// One request, on a connection of its own.
#[derive(Clone)]
pub(crate) struct Call<'a> {
    address: SocketAddr,
    method: Method,
    path: Cow<'a, str>,
    headers: Vec<(String, String)>,
    body: Option<Bytes>,
}

impl<'a> Call<'a> {
    pub(crate) fn to(address: SocketAddr, method: Method, path: &'a str) -> Self {
        Self {
            address,
            method,
            path: path.into(),
            headers: Vec::new(),
            body: None,
        }
    }

    pub(crate) fn bearer(self, text: &str) -> Self {
        self.header("authorization", &format!("Bearer {text}"))
    }

    pub(crate) fn key(self, key: &Key) -> Self {
        self.bearer(&key.text)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json")
            .body(body.to_string())
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// The answer, as soon as its head is there.
    pub(crate) async fn open(self) -> Response<Incoming> {
        tokio::time::timeout(PATIENCE, async {
            let stream = TcpStream::connect(self.address).await.unwrap();
            let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
                .await
                .unwrap();
            tokio::spawn(connection);
            let mut request = Request::builder()
                .method(self.method.clone())
                .uri(self.path.as_ref())
                .header("host", self.address.to_string());
            for (name, value) in &self.headers {
                request = request.header(name, value);
            }
            let request = request.body(Full::new(self.body.unwrap_or_default())).unwrap();
            sender.send_request(request).await.unwrap()
        })
        .await
        .expect("an answer in time")
    }

    /// The same as a task of its own.
    pub(crate) fn send_owned(self) -> BoxFuture<'static, Answer> {
        let call: Call<'static> = Call {
            address: self.address,
            method: self.method,
            path: self.path.into_owned().into(),
            headers: self.headers,
            body: self.body,
        };
        Box::pin(call.send())
    }

    pub(crate) async fn send(self) -> Answer {
        let (parts, body) = self.open().await.into_parts();
        let body = tokio::time::timeout(PATIENCE, body.collect())
            .await
            .expect("a body in time");
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.unwrap().to_bytes(),
        }
    }
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// Checks that this is a problem of that status and code, with all that every problem has, and returns it.
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{self:?}"
        );
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["request_id"], self.header("x-request-id"), "{problem}");
        assert!(
            problem["instance"]
                .as_str()
                .is_some_and(|path| path.starts_with('/'))
        );
        let kind = problem["type"].as_str().unwrap();
        assert!(
            kind.starts_with("https://azure-tenant-grapher.dev/problems/"),
            "{problem}"
        );
        for member in ["title", "detail", "kind"] {
            assert!(
                problem[member].as_str().is_some_and(|text| !text.is_empty()),
                "{problem}"
            );
        }
        let retryable = problem["retryable"].as_bool().unwrap();
        assert_eq!(
            retryable,
            self.headers.contains_key("retry-after") && retryable,
            "{self:?}"
        );
        problem
    }

    /// The pointers of all invalid members.
    pub(crate) fn pointers(&self) -> Vec<String> {
        let problem = self.problem(422, "InvalidArgument");
        let errors = problem["errors"].as_array().unwrap();
        errors
            .iter()
            .map(|error| error["pointer"].as_str().unwrap().to_owned())
            .collect()
    }
}
