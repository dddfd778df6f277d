//! Attempts that fail.

use atg_sdk::{Error, ErrorKind, JobStatus};

use super::{
    super::{Lane, Policy},
    Bench, Fixture, completed, outage, question, refused, scan_of, seconds,
};

pub(crate) async fn a_failure_waits_and_waits_longer(fixture: &dyn Fixture) {
    let policy = Policy {
        first_delay: seconds(8),
        ..Policy::default()
    };
    let bench = Bench::with(fixture, policy).await;
    bench.submit(&scan_of(1)).await;
    for (least, most) in [(4, 8), (8, 16)] {
        let lease = bench.claim().await.unwrap().lease;
        let job = bench.queue.fail(lease, outage()).await.unwrap();
        assert_eq!(job.status, JobStatus::Pending);
        assert!(bench.claim().await.is_none());
        let now = super::super::Clock::now(&*bench.clock);
        let due = bench.queue.next_due(Lane::Long).await.unwrap().unwrap();
        assert!(
            due >= now + seconds(least) && due < now + seconds(most),
            "{}",
            due - now
        );
        assert_eq!(bench.queue.next_due(Lane::Short).await.unwrap(), None);
        bench.pass(seconds(least) - jiff::SignedDuration::from_millis(1));
        assert!(bench.claim().await.is_none());
        bench.pass(seconds(most - least) + jiff::SignedDuration::from_millis(1));
    }
    let lease = bench.claim().await.unwrap().lease;
    assert_eq!(bench.queue.next_due(Lane::Long).await.unwrap(), None);
    bench.append(lease, [completed()]).await.unwrap();
    assert_eq!(bench.job(lease.job).await.attempt, 3);
}

pub(crate) async fn a_job_fails_after_its_attempts_and_is_a_dead_letter(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    let id = bench.submit(&scan_of(1)).await.id;
    for _ in 0..3 {
        let lease = bench.claim().await.unwrap().lease;
        bench.queue.fail(lease, outage()).await.unwrap();
        bench.pass(seconds(60));
    }
    let job = bench.job(id).await;
    assert_eq!((job.status, job.attempt), (JobStatus::Failed, 3));
    assert_eq!((job.error, job.artifacts), (Some(outage()), Vec::new()));
    assert!(bench.claim().await.is_none());
    let letters = bench.queue.dead_letters(10).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!((letters[0].job.id, letters[0].requeued_as), (id, None));
    bench.log(id).await;
}

pub(crate) async fn a_final_failure_is_final(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    for kind in ErrorKind::ALL.into_iter().filter(|kind| !kind.is_retryable()) {
        let lease = bench.running().await;
        let error = Error::new(kind, "do it");
        let job = bench.queue.fail(lease, error.clone()).await.unwrap();
        assert_eq!(
            (job.status, job.error),
            (JobStatus::Failed, Some(error)),
            "{kind}"
        );
    }
    assert!(bench.queue.dead_letters(10).await.unwrap().is_empty());
}

pub(crate) async fn a_query_is_tried_once(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    let failed = bench.submit(&question()).await.id;
    let lease = bench.claim_in(Lane::Short).await.unwrap().lease;
    bench.queue.fail(lease, outage()).await.unwrap();
    let lost = bench.submit(&question()).await.id;
    bench.claim_in(Lane::Short).await.unwrap();
    bench.pass(seconds(11));
    bench.queue.reclaim().await.unwrap();
    for id in [failed, lost] {
        let job = bench.job(id).await;
        assert_eq!((job.status, job.attempt), (JobStatus::Failed, 1));
    }
    assert!(
        bench.queue.dead_letters(10).await.unwrap().is_empty(),
        "who asked asks again"
    );
}

pub(crate) async fn a_dead_letter_is_sent_again_once(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    let request = scan_of(7).with_owner(super::somebody("a"));
    bench.submit(&request).await;
    for _ in 0..3 {
        let lease = bench.claim().await.unwrap().lease;
        bench.queue.fail(lease, outage()).await.unwrap();
        bench.pass(seconds(60));
    }
    let first = bench.queue.requeue(request.id).await.unwrap();
    assert_eq!(
        bench.queue.requeue(request.id).await.unwrap(),
        first,
        "asked twice, sent once"
    );
    assert_ne!(first.id, request.id);
    assert_eq!(
        (&first.owner, &first.parameters),
        (&request.owner, &request.operation.parameters())
    );
    let letters = bench.queue.dead_letters(10).await.unwrap();
    assert_eq!(letters[0].requeued_as, Some(first.id));
    assert_eq!(
        bench.job(request.id).await.status,
        JobStatus::Failed,
        "what ended stays as it is"
    );
    let claim = bench.claim().await.unwrap();
    assert_eq!((claim.lease.job, claim.failures), (first.id, 0));
    refused(bench.queue.requeue(first.id).await, ErrorKind::NotFound);
    refused(
        bench.queue.requeue(atg_sdk::JobId::new()).await,
        ErrorKind::NotFound,
    );
}
