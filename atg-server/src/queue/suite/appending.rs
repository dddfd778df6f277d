//! Writing into a log under a token.

use atg_sdk::{ErrorKind, EventKind, JobStatus};

use super::{
    super::{LEASE_LOST, Lease},
    Bench, Fixture, completed, outage, progress, refused, seconds, warning,
};

pub(crate) async fn the_log_has_no_gaps_and_time_does_not_go_back(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    let lease = bench.running().await;
    bench
        .append(lease, [progress(0.1), warning("one")])
        .await
        .unwrap();
    // The machine's clock was wrong and is put right.
    bench.pass(seconds(-3600));
    bench.append(lease, [progress(0.2)]).await.unwrap();
    let job = bench.append(lease, [warning("two"), completed()]).await.unwrap();
    assert_eq!(job, bench.job(lease.job).await);
    assert_eq!((job.status, job.progress), (JobStatus::Completed, 1.0));
    assert!(job.expires_at > job.completed_at);
    let names = [
        "submitted",
        "started",
        "progress",
        "warning",
        "progress",
        "warning",
        "completed",
    ];
    assert_eq!(bench.names(lease.job).await, names);
}

pub(crate) async fn an_old_token_is_refused(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    let old = bench.running().await;
    let wrong = Lease {
        fence: super::super::Fence {
            counter: old.fence.counter + 1,
            ..old.fence
        },
        ..old
    };
    refused(bench.append(wrong, [progress(0.1)]).await, ErrorKind::Conflict);
    bench.pass(seconds(11));
    assert_eq!(bench.queue.reclaim().await.unwrap(), [old.job]);
    let stale = async |lease: Lease| {
        for error in [
            refused(bench.append(lease, [completed()]).await, ErrorKind::Conflict),
            refused(bench.queue.fail(lease, outage()).await, ErrorKind::Conflict),
            refused(bench.queue.hand_back(lease).await, ErrorKind::Conflict),
        ] {
            assert_eq!(error.code(), LEASE_LOST);
        }
    };
    stale(old).await;
    bench.pass(seconds(60));
    let new = bench.claim().await.unwrap().lease;
    assert!(new.fence > old.fence);
    stale(old).await;
    bench.append(new, [progress(0.5), completed()]).await.unwrap();
    stale(old).await;
    let names = [
        "submitted",
        "started",
        "attempt_failed",
        "started",
        "progress",
        "completed",
    ];
    assert_eq!(bench.names(old.job).await, names);
}

pub(crate) async fn a_refused_event_takes_the_others_with_it(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    let lease = bench.running().await;
    bench.append(lease, [progress(0.5)]).await.unwrap();
    let before = bench.job(lease.job).await;
    let error = refused(
        bench
            .append(lease, [progress(0.6), warning("w"), progress(0.4)])
            .await,
        ErrorKind::Conflict,
    );
    assert_ne!(error.code(), LEASE_LOST, "the worker still has the job");
    assert_eq!(bench.job(lease.job).await, before);
    assert_eq!(bench.names(lease.job).await, ["submitted", "started", "progress"]);
    bench.append(lease, [progress(0.6)]).await.unwrap();
}

pub(crate) async fn nothing_follows_the_end(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    let lease = bench.running().await;
    refused(
        bench.append(lease, [completed(), warning("late")]).await,
        ErrorKind::Conflict,
    );
    bench.append(lease, [completed()]).await.unwrap();
    refused(bench.append(lease, [warning("late")]).await, ErrorKind::Conflict);
    refused(bench.append(lease, [completed()]).await, ErrorKind::Conflict);
    bench.pass(seconds(60));
    assert!(
        bench.queue.reclaim().await.unwrap().is_empty(),
        "an ended job has no lease to lose"
    );
    let renewals = bench.queue.renew(bench.worker, vec![lease]).await.unwrap();
    assert!(!renewals[0].held);
    assert_eq!(
        bench.names(lease.job).await,
        ["submitted", "started", "completed"]
    );
}

pub(crate) async fn what_is_appended_is_counted_over_all_attempts(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    let lease = bench.running().await;
    let counted = EventKind::Warning {
        message: "many more".to_owned(),
        suppressed: 70,
    };
    let kinds = [
        progress(0.1),
        warning("a"),
        progress(0.2),
        warning("b"),
        warning("c"),
        counted,
    ];
    bench.append(lease, kinds).await.unwrap();
    bench.queue.fail(lease, outage()).await.unwrap();
    bench.pass(seconds(60));
    let claim = bench.claim().await.unwrap();
    assert_eq!((claim.failures, claim.progress_events, claim.warnings), (1, 2, 3));
}
