//! What happens seldom: twins on their way in, silence, slowness, defects, full queues, and jobs that were here once.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use atg_sdk::{
    ArtifactStream, ByteRange, Error, Executor, Health, Input, InputContent, Job, JobEvent, JobFilter, JobId,
    JobRequest, Owner, Result,
};
use atg_server::{http::Limits, keys::Scope, queue::Policy};
use futures::{StreamExt as _, stream::BoxStream};
use http::Method;
use http_body_util::BodyExt as _;
use jiff::SignedDuration;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::support::{Key, PATIENCE, Setup, Site, TENANT_A, TENANT_B, id_of, key};

/// How an executor misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// Submissions wait to be let in.
    Waits,
    /// Jobs are looked for without end.
    Hangs,
    /// Every answer is a defect, with words for the log alone.
    Breaks,
    /// It panics.
    Panics,
}

#[derive(Debug)]
struct Troubled {
    inner: Arc<dyn Executor>,
    trouble: Trouble,
    /// One permit for each submission that is let in.
    gate: Arc<Semaphore>,
    /// One permit for each submission that has come.
    came: Arc<Semaphore>,
}

const CANARY: &str = "canary-7f3a at /var/lib/secret.db";

impl Troubled {
    async fn befall(&self) -> Result<()> {
        match self.trouble {
            Trouble::Waits => Ok(()),
            Trouble::Hangs => std::future::pending().await,
            Trouble::Breaks => {
                let cause = std::io::Error::other(CANARY);
                Err(Error::internal(CANARY)
                    .with_field("/x", CANARY)
                    .with_source(cause))
            }
            Trouble::Panics => panic!("{CANARY}"),
        }
    }
}

#[async_trait]
impl Executor for Troubled {
    async fn put_input(&self, owner: &Owner, content: InputContent) -> Result<Input> {
        self.inner.put_input(owner, content).await
    }

    async fn submit_job(&self, request: JobRequest) -> Result<Job> {
        if self.trouble == Trouble::Waits {
            self.came.add_permits(1);
            self.gate.acquire().await.unwrap().forget();
        }
        self.inner.submit_job(request).await
    }

    async fn get_job(&self, id: JobId) -> Result<Job> {
        self.befall().await?;
        self.inner.get_job(id).await
    }

    fn list_jobs(&self, filter: JobFilter) -> BoxStream<'static, Result<Job>> {
        if self.trouble == Trouble::Breaks {
            return futures::stream::iter([Err(Error::internal(CANARY))]).boxed();
        }
        self.inner.list_jobs(filter)
    }

    fn watch_job(&self, id: JobId, after: Option<u64>) -> BoxStream<'static, Result<JobEvent>> {
        self.inner.watch_job(id, after)
    }

    async fn cancel_job(&self, id: JobId) -> Result<Job> {
        self.inner.cancel_job(id).await
    }

    async fn delete_job(&self, id: JobId) -> Result<()> {
        self.inner.delete_job(id).await
    }

    async fn read_artifact(&self, id: JobId, name: &str, range: Option<ByteRange>) -> Result<ArtifactStream> {
        self.inner.read_artifact(id, name, range).await
    }

    async fn health(&self) -> Result<Health> {
        if self.trouble == Trouble::Breaks {
            return Err(Error::internal(CANARY));
        }
        self.inner.health().await
    }
}

struct Scene {
    site: Site,
    key: Key,
    gate: Arc<Semaphore>,
    came: Arc<Semaphore>,
}

async fn troubled(trouble: Trouble, limits: Limits) -> Scene {
    let key = key("owner");
    let (gate, came) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let mut setup = Setup::new(&[&key]);
    setup.limits = limits;
    let parts = (Arc::clone(&gate), Arc::clone(&came));
    setup.wrap = Box::new(move |inner| {
        Arc::new(Troubled {
            inner,
            trouble,
            gate: parts.0,
            came: parts.1,
        })
    });
    Scene {
        site: setup.start().await,
        key,
        gate,
        came,
    }
}

#[tokio::test]
async fn a_twin_of_a_submission_on_its_way_in_is_told_to_come_back() {
    let Scene {
        site,
        key,
        gate,
        came,
    } = troubled(Trouble::Waits, Limits::default()).await;
    for name in [Uuid::now_v7().to_string(), "by words".to_owned()] {
        let send = |steps: Value| {
            let call = site.post("/api/v1/rehearsal", &key, &json!({ "steps": steps }));
            call.header("idempotency-key", &name).send_owned()
        };
        let first = tokio::spawn(send(json!([])));
        came.acquire().await.unwrap().forget();
        // Whether it is the same request is known once the first is in.
        for steps in [json!([]), json!(["hang"])] {
            let twin = send(steps).await;
            assert_eq!(twin.problem(409, "StillBeingAccepted")["retryable"], true);
            assert_eq!(twin.header("retry-after"), "1");
        }
        gate.add_permits(1);
        let first = first.await.unwrap();
        assert_eq!(first.status, 202, "{first:?}");
        let again = send(json!([])).await;
        assert_eq!(again.status, 200);
        assert_eq!(id_of(&again.json()), id_of(&first.json()));
        send(json!(["hang"])).await.problem(422, "IdempotencyKeyReused");
    }
}

/// A caller that hangs up before it is answered does not lock its key.
#[tokio::test]
async fn a_submission_whose_caller_left_can_be_sent_again() {
    let Scene {
        site,
        key,
        gate,
        came,
    } = troubled(Trouble::Waits, Limits::default()).await;
    let send = || {
        let call = site.post("/api/v1/rehearsal", &key, &json!({ "steps": [] }));
        call.header("idempotency-key", "k").send_owned()
    };
    let first = tokio::spawn(send());
    came.acquire().await.unwrap().forget();
    first.abort();
    assert!(first.await.is_err());
    gate.add_permits(10);
    let answered = async {
        loop {
            let answer = send().await;
            if answer.status != 409 {
                return answer;
            }
        }
    };
    let answer = tokio::time::timeout(PATIENCE, answered).await.unwrap();
    assert!(answer.status.is_success(), "{answer:?}");
}

#[tokio::test]
async fn a_silent_stream_says_that_it_lives() {
    assert_eq!(
        Limits::default().heartbeat,
        Duration::from_secs(15),
        "as the contract has it"
    );
    let key = key("owner");
    let mut setup = Setup::new(&[&key]);
    setup.limits = Limits {
        heartbeat: Duration::from_millis(20),
        ..Limits::default()
    };
    let site = setup.start().await;
    let job = site.rehearse(&key, json!(["hang"])).await;
    let path = format!("/api/v1/jobs/{}/events", id_of(&job));
    let mut body = site.get(&path, &key).open().await.into_body();
    let mut text = String::new();
    while text.matches(": alive\n\n").count() < 3 {
        let frame = tokio::time::timeout(PATIENCE, body.frame()).await.unwrap();
        text.push_str(std::str::from_utf8(&frame.unwrap().unwrap().into_data().unwrap()).unwrap());
    }
    assert!(text.contains("event: started"), "{text}");
    for block in text.split("\n\n").filter(|block| !block.is_empty()) {
        assert!(block.starts_with("id: ") || block.starts_with(": "), "{block}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_begin_is_given_up() {
    assert_eq!(
        Limits::default().first_byte,
        Duration::from_secs(30),
        "as the contract has it"
    );
    assert_eq!(
        Limits::default().header_time,
        Duration::from_secs(10),
        "as the contract has it"
    );
    let limits = || Limits {
        first_byte: Duration::from_millis(50),
        ..Limits::default()
    };
    let Scene { site, key, .. } = troubled(Trouble::Hangs, limits()).await;
    let id = Uuid::now_v7();
    for path in [format!("/api/v1/jobs/{id}"), format!("/api/v1/jobs/{id}/result")] {
        let answer = site.get(&path, &key).send().await;
        assert_eq!(answer.problem(504, "Timeout")["retryable"], true);
        assert!(!answer.header("retry-after").is_empty(), "{answer:?}");
    }
    // Who asks to be held is not slow.
    let mut setup = Setup::new(&[&key]);
    setup.limits = limits();
    let site = setup.start().await;
    let job = site.rehearse(&key, json!(["hang"])).await;
    site.started(&key, id_of(&job)).await;
    let held = site
        .get(&format!("/api/v1/jobs/{}?wait=1", id_of(&job)), &key)
        .send()
        .await;
    assert_eq!(held.status, 200, "{held:?}");
    let waiting = site
        .post("/api/v1/rehearsal", &key, &json!({ "steps": ["hang"] }))
        .header("prefer", "wait=1")
        .send()
        .await;
    assert_eq!(waiting.status, 202, "{waiting:?}");
}

#[tokio::test]
async fn a_defect_shows_a_request_id_and_nothing_of_itself() {
    for trouble in [Trouble::Breaks, Trouble::Panics] {
        let Scene { site, key, .. } = troubled(trouble, Limits::default()).await;
        let id = Uuid::now_v7();
        let mut paths = vec![format!("/api/v1/jobs/{id}"), format!("/api/v1/jobs/{id}/events")];
        if trouble == Trouble::Breaks {
            paths.push("/api/v1/jobs".to_owned());
        }
        for path in paths {
            let answer = site.get(&path, &key).header("accept", "*/*").send().await;
            let problem = answer.problem(500, "Internal");
            let shown = format!("{:?} {problem}", answer.headers);
            assert!(!shown.contains("canary") && !shown.contains("secret"), "{shown}");
            assert_eq!(problem["retryable"], false);
            assert!(problem.get("errors").is_none(), "{problem}");
        }
        // One broken call takes no other with it.
        assert_eq!(site.call(Method::GET, "/health/live").send().await.status, 200);
        let unhealthy = trouble == Trouble::Breaks;
        for (path, word) in [("/health", "unhealthy"), ("/health/ready", "not_ready")] {
            let answer = site.call(Method::GET, path).send().await;
            assert_eq!(answer.status == 503, unhealthy, "{answer:?}");
            assert_eq!(answer.json()["status"] == word, unhealthy, "{answer:?}");
            assert!(!answer.text().contains("canary"), "{answer:?}");
        }
    }
}

async fn queued(policy: Policy, keys: &[&Key], worker: bool) -> Site {
    let mut setup = Setup::new(keys);
    setup.queue = Some(policy);
    setup.worker = worker;
    setup.start().await
}

#[tokio::test]
async fn a_full_queue_and_too_many_open_jobs_are_told_apart() {
    let (one, other) = (key("one"), key("other"));
    let policy = Policy {
        max_depth: 3,
        max_open_per_owner: 2,
        ..Policy::default()
    };
    let site = queued(policy, &[&one, &other], false).await;
    let submit = |key| site.post("/api/v1/rehearsal", key, &json!({})).send();
    let mut mine = Vec::new();
    for _ in 0..2 {
        let job = submit(&one).await;
        assert_eq!(job.status, 202, "{job:?}");
        mine.push(id_of(&job.json()).to_owned());
    }
    let refused = submit(&one).await;
    assert_eq!(refused.problem(429, "TooManyOpenJobs")["retryable"], true);
    assert!(!refused.header("retry-after").is_empty());
    assert!(!refused.header("ratelimit").is_empty() && !refused.header("ratelimit-policy").is_empty());
    assert_eq!(submit(&other).await.status, 202);
    let refused = submit(&other).await;
    assert_eq!(refused.problem(503, "QueueFull")["retryable"], true);
    assert!(!refused.header("retry-after").is_empty());
    let health = site.call(Method::GET, "/health").send().await;
    assert_eq!(health.json()["job_queue_depth"], 3);
    // What nobody has started ends at once, and makes room.
    let cancel = format!("/api/v1/jobs/{}/cancel", mine[0]);
    let cancelled = site.call(Method::POST, &cancel).key(&one).send().await;
    assert_eq!(cancelled.json()["status"], "cancelled");
    assert_eq!(submit(&one).await.status, 202);
    // What was accepted before is answered however full it is.
    let id = Uuid::now_v7().to_string();
    let call = || {
        site.post("/api/v1/rehearsal", &other, &json!({}))
            .header("idempotency-key", &id)
    };
    call().send().await.problem(503, "QueueFull");
    let cancel = format!("/api/v1/jobs/{}/cancel", mine[1]);
    assert_eq!(
        site.call(Method::POST, &cancel).key(&one).send().await.status,
        200
    );
    assert_eq!(call().send().await.status, 202, "a refusal is not remembered");
    assert_eq!(call().send().await.status, 200);
}

#[tokio::test]
async fn inputs_have_a_quota_for_each_owner() {
    let (one, other) = (key("one"), key("other"));
    let policy = Policy {
        input_quota: 10,
        ..Policy::default()
    };
    let site = queued(policy, &[&one, &other], false).await;
    let put = async |key: &Key, content: &'static str| {
        let digest: String = Sha256::digest(content)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let path = format!("/api/v1/inputs/{digest}");
        site.call(Method::PUT, &path).key(key).body(content).send().await
    };
    assert_eq!(put(&one, "123456").await.status, 201);
    let refused = put(&one, "abcdef").await.problem(413, "InputQuota");
    assert_eq!(refused["retryable"], false);
    assert_eq!(put(&one, "123456").await.status, 200, "what is there is there");
    assert_eq!(put(&one, "abcd").await.status, 201);
    assert_eq!(put(&other, "abcdef").await.status, 201);
}

#[tokio::test]
async fn that_a_job_was_here_is_told_to_whom_it_belonged() {
    let (owner, successor, other) = (
        key("owner"),
        key("owner"),
        key("other").scopes(&[Scope::GraphRead]),
    );
    let (all, bound) = (
        key("watcher").scopes(&[Scope::JobsAll]).tenants(&[TENANT_A]),
        key("neighbour").scopes(&[Scope::JobsAll]).tenants(&[TENANT_B]),
    );
    let policy = Policy {
        retention: SignedDuration::ZERO,
        ..Policy::default()
    };
    let site = queued(policy, &[&owner, &successor, &other, &all, &bound], true).await;
    let body = json!({ "tenant_id": TENANT_A, "steps": [] });
    let id = Uuid::now_v7().to_string();
    let submit = |key: &Key| {
        site.post("/api/v1/rehearsal", key, &body)
            .header("idempotency-key", &id)
            .send_owned()
    };
    assert_eq!(submit(&owner).await.status, 202);
    let path = format!("/api/v1/jobs/{id}");
    let gone = async {
        while site.get(&path, &owner).send().await.status != 410 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.unwrap();
    let unknown = format!("/api/v1/jobs/{}", Uuid::now_v7());
    for tail in [
        "",
        "?wait=1",
        "/result",
        "/events",
        "/artifacts",
        "/artifacts?list",
        "/artifacts/a",
    ] {
        for key in [&owner, &successor, &all] {
            let answer = site.get(&format!("{path}{tail}"), key).send().await;
            answer.problem(410, "Gone");
        }
        for key in [&other, &bound] {
            let problem = async |path: &str| {
                let answer = site.get(&format!("{path}{tail}"), key).send().await;
                let mut problem = answer.problem(404, "NotFound");
                for member in ["instance", "request_id"] {
                    problem[member] = Value::Null;
                }
                let id = path.rsplit('/').next().unwrap();
                problem.to_string().replace(id, "ID")
            };
            assert_eq!(problem(&path).await, problem(&unknown).await, "{tail}");
        }
    }
    submit(&owner).await.problem(410, "Gone");
    submit(&successor).await.problem(410, "Gone");
    // The same as for a job of somebody else that is still there.
    submit(&all).await.problem(422, "IdempotencyKeyReused");
    let delete = |key| site.call(Method::DELETE, &path).key(key).send();
    assert_eq!(delete(&other).await.status, 204);
    assert_eq!(delete(&owner).await.status, 204);
}
