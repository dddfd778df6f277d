//! A Redis that dies, stands still and comes back, and answers that are lost.

use std::{sync::Arc, time::Duration};

use atg_sdk::{ErrorKind, EventKind, JobRequest, JobStatus, Operation, Owner, model::operations::query};
use atg_server::queue::{
    Claim, JobQueue as _, JobStore as _, Lane, Policy, RedisOptions, RedisQueue, WorkerId,
};
use tokio::time::{sleep, timeout};

use super::{proxy::Proxy, server::Server};

fn question() -> JobRequest {
    JobRequest::new(Operation::Query(query::Parameters::default())).with_owner(Owner::new("somebody"))
}

async fn open(url: &str) -> RedisQueue {
    RedisQueue::open(RedisOptions::parse(url).unwrap(), Policy::default())
        .await
        .unwrap()
}

async fn claim(queue: &RedisQueue) -> Claim {
    queue
        .claim(WorkerId::new(), Lane::Short, Operation::NAMES)
        .await
        .unwrap()
        .unwrap()
}

fn warning(text: &str) -> EventKind {
    EventKind::Warning {
        message: text.to_owned(),
        suppressed: 0,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_loses_nothing_and_raises_the_epoch() {
    // With `everysec` a server that dies may forget what it acknowledged while the disk was busy.
    let server = Server::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    let queue = open(&server.url()).await;
    let (one, two) = (question(), question());
    queue.submit(one.clone(), 0).await.unwrap();
    let before = claim(&queue).await;
    queue.submit(two.clone(), 0).await.unwrap();
    server.tell("kill");
    server.tell("start");
    // The connection is made anew by itself, and whoever held a job goes on with it.
    assert_eq!(queue.get(one.id).await.unwrap().status, JobStatus::Running);
    queue
        .append(before.lease, vec![warning("still here")])
        .await
        .unwrap();
    let after = claim(&queue).await;
    assert_eq!(after.lease.job, two.id);
    assert!(after.lease.fence.epoch > before.lease.fence.epoch);
    assert!(after.lease.fence > before.lease.fence);
    let renewals = queue
        .renew(WorkerId::new(), vec![before.lease, after.lease])
        .await
        .unwrap();
    assert!(renewals.iter().all(|renewal| renewal.held));
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_wait_for_a_server_that_stands_still_and_then_say_so() {
    let server = Server::start(&["--appendonly", "yes"]);
    let queue = Arc::new(open(&server.url()).await);
    server.tell("pause");
    let submitting = tokio::spawn({
        let queue = Arc::clone(&queue);
        async move { queue.submit(question(), 0).await }
    });
    sleep(Duration::from_millis(500)).await;
    server.tell("resume");
    let job = timeout(Duration::from_secs(10), submitting)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    server.tell("pause");
    let error = timeout(Duration::from_secs(25), queue.get(job.id))
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.is_retryable());
    server.tell("resume");
    assert_eq!(queue.get(job.id).await.unwrap().status, JobStatus::Pending);
}

/// Requests arrive and answers do not: everything has happened, and nobody was told.
#[tokio::test(flavor = "multi_thread")]
async fn an_append_whose_answer_is_lost_happens_once() {
    let server = Server::start(&["--appendonly", "yes"]);
    let proxy = Proxy::start(server.port).await;
    let queue = open(&format!("redis://127.0.0.1:{}", proxy.port)).await;
    let request = question();
    queue.submit(request.clone(), 0).await.unwrap();
    let lease = claim(&queue).await.lease;
    for round in 0..5 {
        proxy.lose_next_answer();
        queue
            .append(lease, vec![warning(&format!("warning {round}"))])
            .await
            .unwrap();
    }
    proxy.lose_next_answer();
    let job = queue
        .append(
            lease,
            vec![EventKind::Failed {
                error: atg_sdk::Error::cancelled(),
            }],
        )
        .await
        .unwrap();
    assert_eq!(job.status, JobStatus::Failed);
    let log = queue.events(request.id, 0).await.unwrap();
    assert!(log.last);
    let warnings = log
        .events
        .iter()
        .filter(|event| event.kind.name() == "warning")
        .count();
    assert_eq!((warnings, log.events.len()), (5, 8));
    // The same for submitting, and for a claim.
    let request = question();
    proxy.lose_next_answer();
    let job = queue.submit(request.clone(), 0).await.unwrap();
    assert_eq!((job.id, job.status), (request.id, JobStatus::Pending));
    assert_eq!(queue.depth().await.unwrap().pending, 1);
}
