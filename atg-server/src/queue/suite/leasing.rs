//! Workers that are heard of, and workers that are not.

use std::sync::Arc;

use atg_sdk::{ErrorKind, EventKind, JobStatus};
use futures::future;

use super::{
    super::{LEASE_LOST, Policy},
    Bench, Fixture, completed, outage, refused, scan_of, seconds,
};

pub(crate) async fn a_lease_lasts_as_long_as_it_is_renewed(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    let lease = bench.running().await;
    for _ in 0..20 {
        bench.pass(seconds(9));
        let renewals = bench.queue.renew(bench.worker, vec![lease]).await.unwrap();
        assert_eq!(
            (renewals[0].lease, renewals[0].held, renewals[0].cancelling),
            (lease, true, false)
        );
        assert!(bench.queue.reclaim().await.unwrap().is_empty());
    }
    bench.pass(seconds(9));
    assert!(bench.queue.reclaim().await.unwrap().is_empty());
    bench.pass(seconds(1));
    assert_eq!(bench.queue.reclaim().await.unwrap(), [lease.job]);
    assert_eq!(bench.job(lease.job).await.status, JobStatus::Pending);
}

pub(crate) async fn a_lost_lease_is_told_at_renewal(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    let (lost, kept) = (bench.running().await, bench.running().await);
    bench.pass(seconds(9));
    bench.queue.renew(bench.worker, vec![kept]).await.unwrap();
    bench.pass(seconds(2));
    bench.queue.reclaim().await.unwrap();
    bench.queue.cancel(kept.job).await.unwrap();
    let renewals = bench.queue.renew(bench.worker, vec![lost, kept]).await.unwrap();
    assert_eq!((renewals[0].held, renewals[1].held), (false, true));
    assert!(renewals[1].cancelling, "the wish travels with the renewal");
    // Late, but nobody took the job away: the token is still the newest.
    bench.pass(seconds(3600));
    bench.append(kept, [EventKind::Cancelled]).await.unwrap();
}

pub(crate) async fn a_job_whose_lease_record_is_lost_is_found(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    let lease = bench.running().await;
    fixture.lose_lease(lease.job).await;
    // Whoever still has the token takes it up again.
    let renewals = bench.queue.renew(bench.worker, vec![lease]).await.unwrap();
    assert!(renewals[0].held);
    assert!(bench.queue.reclaim().await.unwrap().is_empty());
    fixture.lose_lease(lease.job).await;
    assert_eq!(bench.queue.reclaim().await.unwrap(), [lease.job]);
    assert_eq!(
        bench.names(lease.job).await,
        ["submitted", "started", "attempt_failed"]
    );
}

pub(crate) async fn a_job_that_kills_its_workers_fails(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    let id = bench.submit(&scan_of(1)).await.id;
    for attempt in 1..=3 {
        let claim = bench.claim().await.unwrap();
        assert_eq!((claim.lease.attempt, claim.failures), (attempt, attempt - 1));
        bench.pass(seconds(11));
        bench.queue.reclaim().await.unwrap();
        bench.pass(seconds(60));
    }
    assert!(bench.claim().await.is_none());
    let job = bench.job(id).await;
    assert_eq!((job.status, job.attempt), (JobStatus::Failed, 3));
    let error = job.error.unwrap();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Unavailable, "WorkerLost")
    );
    let letters = bench.queue.dead_letters(10).await.unwrap();
    assert_eq!(
        letters.iter().map(|letter| letter.job.id).collect::<Vec<_>>(),
        [id]
    );
}

pub(crate) async fn a_job_given_back_starts_again_and_nothing_counts(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    let id = bench.submit(&scan_of(1)).await.id;
    for attempt in 1..=7 {
        let claim = bench.claim().await.unwrap();
        assert_eq!((claim.lease.attempt, claim.failures), (attempt, 0));
        let job = bench.queue.hand_back(claim.lease).await.unwrap();
        assert_eq!(job.status, JobStatus::Pending);
        let late = refused(
            bench.append(claim.lease, [completed()]).await,
            ErrorKind::Conflict,
        );
        assert_eq!(late.code(), LEASE_LOST);
    }
    let claim = bench.claim().await.unwrap();
    bench.append(claim.lease, [completed()]).await.unwrap();
    assert_eq!(bench.job(id).await.status, JobStatus::Completed);
}

pub(crate) async fn a_stopped_job_gets_no_further_attempt(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    for end in ["fail", "hand back", "reclaim"] {
        let lease = bench.running().await;
        let job = bench.queue.cancel(lease.job).await.unwrap();
        assert_eq!(job.status, JobStatus::Running, "only its worker can stop it");
        match end {
            "fail" => drop(bench.queue.fail(lease, outage()).await.unwrap()),
            "hand back" => drop(bench.queue.hand_back(lease).await.unwrap()),
            _ => {
                bench.pass(seconds(11));
                bench.queue.reclaim().await.unwrap();
            }
        }
        assert_eq!(bench.job(lease.job).await.status, JobStatus::Cancelled, "{end}");
        bench.pass(seconds(60));
        assert!(bench.claim().await.is_none(), "{end}");
        let names = ["submitted", "started", "cancel_requested", "cancelled"];
        assert_eq!(bench.names(lease.job).await, names, "{end}");
    }
}

pub(crate) async fn only_the_first_reclaims(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    let other = fixture.open(Policy::default(), Arc::clone(&bench.clock)).await;
    let lease = bench.running().await;
    bench.pass(seconds(11));
    let reclaimers = (0..8).map(|number| {
        let queue = Arc::clone(if number % 2 == 0 { &bench.queue } else { &other });
        tokio::spawn(async move { queue.reclaim().await.unwrap() })
    });
    let reclaimed: Vec<_> = future::join_all(reclaimers)
        .await
        .into_iter()
        .flat_map(Result::unwrap)
        .collect();
    assert_eq!(reclaimed, [lease.job]);
    assert_eq!(
        bench.names(lease.job).await,
        ["submitted", "started", "attempt_failed"]
    );
}
