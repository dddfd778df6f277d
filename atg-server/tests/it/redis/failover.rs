//! A master that dies, a replica that takes its place, and Sentinels that say so.

use std::time::Duration;

use atg_sdk::{Error, ErrorKind, EventKind, JobId, JobRequest, Operation, model::operations::query};
use atg_server::queue::{
    Claim, JobQueue as _, JobStore as _, Lane, PerLane, Policy, RedisOptions, RedisQueue, WorkerId,
};
use jiff::SignedDuration;
use tokio::time::{sleep, timeout};

use super::server::Server;

fn question() -> JobRequest {
    JobRequest::new(Operation::Query(query::Parameters::default()))
}

fn end() -> Vec<EventKind> {
    let error = Error::new(ErrorKind::Conflict, "end it");
    vec![EventKind::Failed { error }]
}

/// Submits as a client does: again while nobody can take it.
async fn submit(queue: &RedisQueue, request: &JobRequest) {
    loop {
        match queue.submit(request.clone(), 0).await {
            Ok(job) => return assert_eq!(job.id, request.id),
            Err(error) => assert!(error.is_retryable(), "{error}"),
        }
        sleep(Duration::from_millis(100)).await;
    }
}

async fn claim(queue: &RedisQueue, limit: usize) -> Vec<Claim> {
    let claimed = queue
        .claim_many(WorkerId::new(), Lane::Short, Operation::NAMES, limit)
        .await;
    claimed.unwrap_or_else(|error| {
        assert!(error.is_retryable(), "{error}");
        Vec::new()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failover_commits_nothing_twice_and_resubmission_restores_what_was_lost() {
    let master = Server::start(&["--appendonly", "yes"]);
    let port = master.port.to_string();
    // Two, so that the one that takes the master's place has one itself.
    let _replicas =
        [(); 2].map(|()| Server::start(&["--appendonly", "yes", "--replicaof", "127.0.0.1", &port]));
    let sentinel = Server::sentinel(master.port, "mymaster");
    // Whom it does not know it cannot put into the master's place.
    let known = async {
        while !sentinel
            .says("SENTINEL REPLICAS mymaster")
            .is_some_and(|said| said.starts_with("*2"))
        {
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(Duration::from_secs(30), known).await.unwrap();
    let many = PerLane {
        long: 1_000,
        short: 1_000,
    };
    let policy = Policy {
        lease: SignedDuration::from_secs(2),
        running_per_owner: many,
        running_per_tenant: many,
        ..Policy::default()
    };
    let options =
        RedisOptions::parse(&format!("redis+sentinel://127.0.0.1:{}/mymaster", sentinel.port)).unwrap();
    let queue = loop {
        // The Sentinel has to find the replica first, and the replica its master.
        match RedisQueue::open(options.clone(), policy.clone()).await {
            Ok(queue) => break queue,
            Err(error) => assert!(error.is_retryable(), "{error}"),
        }
        sleep(Duration::from_millis(100)).await;
    };
    let requests: Vec<_> = (0..60).map(|_| question()).collect();
    for request in &requests[..40] {
        submit(&queue, request).await;
    }
    let mut before = claim(&queue, 20).await;
    while before.len() < 20 {
        before.extend(claim(&queue, 20 - before.len()).await);
    }
    for claim in &before[..5] {
        queue.append(claim.lease, end()).await.unwrap();
    }
    master.tell("kill");
    for request in &requests[40..] {
        timeout(Duration::from_secs(30), submit(&queue, request))
            .await
            .unwrap();
    }
    let after = loop {
        if let Some(claim) = claim(&queue, 1).await.pop() {
            break claim;
        }
    };
    assert!(
        after.lease.fence.epoch > before[0].lease.fence.epoch,
        "the epoch is raised"
    );
    // Whoever held a job goes on with it or has lost it; either way it ends once.
    for claim in before[5..].iter().chain([&after]) {
        if let Err(error) = queue.append(claim.lease, end()).await {
            assert!(
                matches!(error.kind(), ErrorKind::Conflict | ErrorKind::NotFound),
                "{error}"
            );
        }
    }
    let mut lost = 0;
    for request in &requests {
        match queue.get(request.id).await {
            Ok(_) => {}
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::NotFound);
                lost += 1;
            }
        }
        submit(&queue, request).await;
    }
    let finished = async {
        while queue.depth().await.unwrap() != atg_server::queue::Depth::default() {
            queue.reclaim().await.unwrap();
            for claim in claim(&queue, 100).await {
                queue.append(claim.lease, end()).await.unwrap();
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(30), finished).await.unwrap();
    for request in &requests {
        ends_once(&queue, request.id).await;
    }
    // A replica had each before anybody was told.
    assert_eq!(lost, 0);
}

async fn ends_once(queue: &RedisQueue, id: JobId) {
    let page = queue.events(id, 0).await.unwrap();
    let ends = page.events.iter().filter(|event| event.kind.ends_job()).count();
    assert_eq!((ends, page.last), (1, true), "{page:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_replica_a_server_accepts_nothing() {
    let master = Server::start(&["--appendonly", "yes"]);
    let options = RedisOptions::parse(&master.url()).unwrap().with_replicas(1);
    let queue = RedisQueue::open(options, Policy::default()).await.unwrap();
    let request = question();
    let error = queue.submit(request.clone(), 0).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.is_retryable()),
        (ErrorKind::Unavailable, true)
    );
    let port = master.port.to_string();
    let _replica = Server::start(&["--appendonly", "yes", "--replicaof", "127.0.0.1", &port]);
    timeout(Duration::from_secs(20), submit(&queue, &request))
        .await
        .unwrap();
    assert_eq!(queue.depth().await.unwrap().pending, 1, "sent twice, there once");
}
