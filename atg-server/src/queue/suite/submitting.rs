//! Accepting jobs.

use atg_sdk::{
    ErrorKind, Input, InputDigest, JobId, JobRequest, JobStatus, Operation, model::operations::scan,
};

use super::{super::Policy, Bench, Fixture, question, refused, scan_of, somebody, tenant};

pub(crate) async fn a_job_begins_with_its_request(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    let request = JobRequest {
        confined_to: Some(vec![tenant(1)]),
        ..scan_of(1).with_owner(somebody("a"))
    };
    let job = bench.submit(&request).await;
    assert_eq!(
        (job.id, job.status, job.attempt),
        (request.id, JobStatus::Pending, 0)
    );
    assert_eq!(job.parameters, request.operation.parameters());
    assert_eq!(job.confined_to, request.confined_to);
    assert_eq!(job, bench.job(request.id).await);
    assert_eq!(bench.names(request.id).await, ["submitted"]);
    refused(bench.queue.get(JobId::new()).await, ErrorKind::NotFound);
}

pub(crate) async fn the_same_request_is_the_same_job(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    let request = scan_of(1);
    let first = bench.submit(&request).await;
    assert_eq!(bench.submit(&request).await, first);
    let claim = bench.claim().await.unwrap();
    assert!(
        bench.claim().await.is_none(),
        "one job, however often it was sent"
    );
    bench.append(claim.lease, [super::completed()]).await.unwrap();
    assert_eq!(bench.submit(&request).await.status, JobStatus::Completed);
    assert_eq!(
        bench.names(request.id).await,
        ["submitted", "started", "completed"]
    );
}

pub(crate) async fn an_id_stands_for_one_request(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    let request = scan_of(1).with_owner(somebody("a"));
    let first = bench.submit(&request).await;
    let others = [
        scan_of(2).with_owner(somebody("a")).with_id(request.id),
        question().with_owner(somebody("a")).with_id(request.id),
        request.clone().with_owner(somebody("b")),
        JobRequest {
            confined_to: Some(vec![tenant(1)]),
            ..request.clone()
        },
    ];
    for other in others {
        refused(bench.queue.submit(other, 0).await, ErrorKind::Conflict);
    }
    assert_eq!(bench.job(request.id).await, first);
}

pub(crate) async fn an_input_must_be_its_owners(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    let digest = InputDigest::from_bytes([7; 32]);
    let request = JobRequest::new(Operation::Scan(scan::Parameters {
        tenant_id: Some(tenant(1)),
        input: Some(digest.clone()),
        ..scan::Parameters::default()
    }))
    .with_owner(somebody("a"));
    let input = Input {
        sha256: digest.clone(),
        size_bytes: 3,
    };
    for owner in ["b", "a"] {
        refused(bench.queue.submit(request.clone(), 0).await, ErrorKind::NotFound);
        refused(bench.queue.get(request.id).await, ErrorKind::NotFound);
        let lies = bench
            .queue
            .put_input(somebody(owner), input.clone(), format!("inputs/{owner}"));
        assert_eq!(lies.await.unwrap(), format!("inputs/{owner}"));
    }
    bench.submit(&request).await;
    let found = bench
        .queue
        .find_input(somebody("a"), digest.clone())
        .await
        .unwrap();
    assert_eq!(found, (input.clone(), "inputs/a".to_owned()));
    let again = bench
        .queue
        .put_input(somebody("a"), input, "inputs/new".to_owned())
        .await;
    assert_eq!(again.unwrap(), "inputs/a", "what is there is used");
    refused(
        bench.queue.find_input(somebody("c"), digest).await,
        ErrorKind::NotFound,
    );
}

pub(crate) async fn a_full_queue_accepts_nothing_new(fixture: &dyn Fixture) {
    let policy = Policy {
        max_depth: 2,
        ..Policy::default()
    };
    let bench = Bench::with(fixture, policy).await;
    let first = scan_of(1);
    bench.submit(&first).await;
    bench.submit(&scan_of(2)).await;
    let error = refused(bench.queue.submit(scan_of(3), 0).await, ErrorKind::Unavailable);
    assert!(error.is_retryable());
    bench.submit(&first).await;
    bench.claim().await.unwrap();
    bench.submit(&scan_of(3)).await;
}

pub(crate) async fn an_owner_has_so_many_open_jobs(fixture: &dyn Fixture) {
    let policy = Policy {
        max_open_per_owner: 2,
        ..Policy::default()
    };
    let bench = Bench::with(fixture, policy).await;
    let mine = |number| scan_of(number).with_owner(somebody("a"));
    let first = mine(1);
    bench.submit(&first).await;
    bench.submit(&mine(2)).await;
    let running = bench.claim().await.unwrap().lease;
    refused(bench.queue.submit(mine(3), 0).await, ErrorKind::Throttled);
    bench.submit(&mine(3).with_owner(somebody("b"))).await;
    bench.submit(&first).await;
    bench.append(running, [super::completed()]).await.unwrap();
    bench.submit(&mine(4)).await;
}
