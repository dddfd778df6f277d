//! Ctrl-C while a service carries the job out.

use std::{
    process::Child,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use atg_sdk::{
    ArtifactStream, ByteRange, Executor, Health, Input, InputContent, Job, JobEvent, JobFilter, JobId,
    JobRequest, Owner, Result,
};
use futures::stream::BoxStream;

use super::{
    service::Service,
    signals::large_source,
    support::{Home, Ran, TENANT, signal},
};

/// Starts a long scan and waits until the service runs it; returns its job's id.
fn running(home: &Home, service: &Service) -> (Child, String) {
    let source = large_source(home);
    let mut child = service
        .command(home, &["scan", "--from", &source, "--tenant-id", TENANT])
        .spawn()
        .unwrap();
    loop {
        let jobs = service
            .run(home, &["job", "list", "--status", "running", "--output", "json"])
            .expect(0)
            .json();
        if let Some(job) = jobs["jobs"].as_array().unwrap().first() {
            return (child, job["job_id"].as_str().unwrap().to_owned());
        }
        assert!(
            child.try_wait().unwrap().is_none(),
            "the scan ended before it was seen to run"
        );
    }
}

#[test]
fn ctrl_c_asks_the_services_job_to_stop_and_waits_for_it() {
    let (home, service) = (Home::new(), Service::start());
    let (child, id) = running(&home, &service);
    signal(&child, "INT");
    let ran = Ran::from(child.wait_with_output().unwrap()).expect(130);
    assert!(ran.stderr.contains("asked the job to stop"), "{}", ran.stderr);
    let job = service
        .run(&home, &["job", "show", &id, "--output", "json"])
        .expect(0)
        .json();
    assert_eq!(job["status"], "cancelled");
}

#[test]
fn ctrl_c_twice_leaves_the_job_where_it_is_and_says_how_to_come_back() {
    let home = Home::new();
    let asked = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&asked);
    let service = Service::over(move |inner| Arc::new(Deaf { inner, asked: seen }));
    let (child, id) = running(&home, &service);
    signal(&child, "INT");
    // The second must not be one with the first for the operating system.
    while !asked.load(Ordering::Acquire) {
        std::thread::yield_now();
    }
    signal(&child, "INT");
    let ran = Ran::from(child.wait_with_output().unwrap()).expect(130);
    let words = format!("atg --remote job watch {id}");
    assert!(
        ran.stderr.contains(&words) && ran.stderr.contains(&service.url()),
        "{}",
        ran.stderr
    );
    service.run(&home, &["job", "watch", &id]).expect(0);
}

/// A service that takes a wish to stop and never comes round to it.
#[derive(Debug)]
struct Deaf {
    inner: Arc<dyn Executor>,
    asked: Arc<AtomicBool>,
}

#[async_trait]
impl Executor for Deaf {
    async fn put_input(&self, owner: &Owner, content: InputContent) -> Result<Input> {
        self.inner.put_input(owner, content).await
    }

    async fn submit_job(&self, request: JobRequest) -> Result<Job> {
        self.inner.submit_job(request).await
    }

    async fn get_job(&self, id: JobId) -> Result<Job> {
        self.inner.get_job(id).await
    }

    fn list_jobs(&self, filter: JobFilter) -> BoxStream<'static, Result<Job>> {
        self.inner.list_jobs(filter)
    }

    fn watch_job(&self, id: JobId, after: Option<u64>) -> BoxStream<'static, Result<JobEvent>> {
        self.inner.watch_job(id, after)
    }

    async fn cancel_job(&self, _: JobId) -> Result<Job> {
        self.asked.store(true, Ordering::Release);
        std::future::pending().await
    }

    async fn delete_job(&self, id: JobId) -> Result<()> {
        self.inner.delete_job(id).await
    }

    async fn read_artifact(&self, id: JobId, name: &str, range: Option<ByteRange>) -> Result<ArtifactStream> {
        self.inner.read_artifact(id, name, range).await
    }

    async fn health(&self) -> Result<Health> {
        self.inner.health().await
    }
}
