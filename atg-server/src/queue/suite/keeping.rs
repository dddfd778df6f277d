//! What is kept, for whom, and until when.

use std::sync::Arc;

use atg_sdk::{
    ErrorKind, EventKind, FormerJob, Input, InputDigest, Job, JobFilter, JobRequest, JobStatus, Operation,
    model::operations::scan,
};
use futures::FutureExt as _;
use jiff::SignedDuration;

use super::{
    super::{Identity, Lane, Policy, Topic},
    Bench, Fixture, completed, outage, progress, question, refused, scan_of, seconds, somebody, soon, tenant,
    warning,
};

fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

pub(crate) async fn everything_is_there_for_another_process(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    let lease = bench.running().await;
    bench.append(lease, [progress(0.5), warning("w")]).await.unwrap();
    let (job, log) = (bench.job(lease.job).await, bench.log(lease.job).await);
    let other = fixture.open(Policy::default(), Arc::clone(&bench.clock)).await;
    assert_eq!(other.get(lease.job).await.unwrap(), job);
    assert_eq!(other.events(lease.job, 0).await.unwrap().events, log);
    other.append(lease, vec![completed()]).await.unwrap();
    assert_eq!(bench.job(lease.job).await.status, JobStatus::Completed);
}

pub(crate) async fn a_long_log_is_read_in_pages(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    let lease = bench.running().await;
    let many: Vec<_> = (0..1_200).map(|number| warning(&number.to_string())).collect();
    bench.append(lease, many).await.unwrap();
    let page = bench.queue.events(lease.job, 1_202).await.unwrap();
    assert_eq!((page.events.len(), page.last), (0, false), "something may follow");
    bench.append(lease, [completed()]).await.unwrap();
    assert_eq!(bench.log(lease.job).await.len(), 1_203);
    let page = bench.queue.events(lease.job, 1_202).await.unwrap();
    assert_eq!((page.events.len(), page.last), (1, true));
    let page = bench.queue.events(lease.job, 1_203).await.unwrap();
    assert_eq!((page.events.len(), page.last), (0, true));
}

pub(crate) async fn a_listing_is_filtered_and_continued(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    let mut ids = Vec::new();
    for number in 0..10 {
        let owner = somebody(if number % 2 == 0 { "a" } else { "b" });
        // Two at a time, so that equal times need a second criterion.
        bench.pass(seconds(i64::from(number % 2 == 0)));
        let request = scan_of(number / 5).with_owner(owner);
        ids.push((bench.submit(&request).await.created_at, request.id));
    }
    let job = bench.submit_next(&question().with_owner(somebody("a"))).await;
    bench.queue.cancel(job).await.unwrap();
    ids.sort();
    ids.reverse();
    let list = async |filter: JobFilter, limit| {
        let jobs = bench.queue.list(filter, limit).await.unwrap();
        jobs.into_iter()
            .map(|job| (job.created_at, job.id))
            .collect::<Vec<_>>()
    };
    let mut pages = vec![];
    loop {
        let filter = JobFilter {
            before: pages.last().copied(),
            operations: vec!["scan".to_owned()],
            ..JobFilter::default()
        };
        let page = list(filter, 3).await;
        if page.is_empty() {
            break;
        }
        pages.extend(page);
    }
    assert_eq!(pages, ids);
    let of = |owner: &str| JobFilter {
        owner: Some(somebody(owner)),
        ..JobFilter::default()
    };
    assert_eq!(list(of("a"), 100).await.len(), 6);
    assert_eq!(list(of("c"), 100).await.len(), 0);
    let cancelled = JobFilter {
        status: vec![JobStatus::Cancelled],
        ..JobFilter::default()
    };
    assert_eq!(
        list(cancelled, 100)
            .await
            .iter()
            .map(|(_, id)| *id)
            .collect::<Vec<_>>(),
        [job]
    );
    let of_tenant = JobFilter {
        tenants: Some(vec![tenant(1)]),
        ..of("b")
    };
    assert_eq!(list(of_tenant, 100).await.len(), 3);
    let none = JobFilter {
        tenants: Some(Vec::new()),
        ..JobFilter::default()
    };
    assert_eq!(list(none, 100).await.len(), 0);
}

/// Says that the job is gone, and whose it was.
fn remembered<T: std::fmt::Debug>(answer: atg_sdk::Result<T>, owner: &str) {
    let error = answer.unwrap_err();
    let former = FormerJob {
        owner: somebody(owner),
        tenant_id: Some(tenant(1)),
    };
    assert_eq!(
        (error.kind(), FormerJob::of(&error)),
        (ErrorKind::Gone, Some(&former))
    );
}

pub(crate) async fn an_ended_job_is_kept_for_its_time(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    bench.submit(&scan_of(1).with_owner(somebody("a"))).await;
    let lease = bench.claim().await.unwrap().lease;
    bench.pass(hours(24 * 30));
    let job = bench.append(lease, [completed()]).await.unwrap();
    assert_eq!(job.expires_at, job.completed_at.map(|at| at + hours(24 * 7)));
    bench.pass(hours(24 * 7) - seconds(1));
    assert!(bench.queue.expire().await.unwrap().jobs.is_empty());
    assert_eq!(bench.job(lease.job).await.status, JobStatus::Completed);
    bench.pass(seconds(2));
    // Its time is over, whether or not somebody has cleared it away.
    for expected in [vec![lease.job], Vec::new()] {
        remembered(bench.queue.get(lease.job).await, "a");
        remembered(bench.queue.events(lease.job, 0).await, "a");
        assert!(
            bench
                .queue
                .list(JobFilter::default(), 10)
                .await
                .unwrap()
                .is_empty()
        );
        assert_eq!(bench.queue.expire().await.unwrap().jobs, expected);
    }
    remembered(bench.queue.submit(scan_of(1).with_id(lease.job), 0).await, "a");
    bench.pass(hours(24 * 7) + seconds(1));
    bench.queue.expire().await.unwrap();
    refused(bench.queue.get(lease.job).await, ErrorKind::NotFound);
}

pub(crate) async fn a_deleted_job_leaves_only_its_id(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    bench.submit(&scan_of(1).with_owner(somebody("a"))).await;
    let lease = bench.claim().await.unwrap().lease;
    refused(bench.queue.delete(lease.job).await, ErrorKind::Conflict);
    bench.append(lease, [completed()]).await.unwrap();
    assert!(bench.queue.delete(lease.job).await.unwrap());
    assert!(!bench.queue.delete(lease.job).await.unwrap());
    refused(bench.queue.get(lease.job).await, ErrorKind::NotFound);
    refused(bench.queue.events(lease.job, 0).await, ErrorKind::NotFound);
    refused(bench.queue.cancel(lease.job).await, ErrorKind::NotFound);
    refused(bench.append(lease, [warning("late")]).await, ErrorKind::NotFound);
    remembered(bench.queue.submit(scan_of(1).with_id(lease.job), 0).await, "a");
    bench.pass(hours(24 * 8));
    bench.queue.expire().await.unwrap();
    bench.submit(&scan_of(1).with_id(lease.job)).await;
}

pub(crate) async fn an_input_is_kept_while_somebody_needs_it(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    let input = |byte: u8| Input {
        sha256: InputDigest::from_bytes([byte; 32]),
        size_bytes: 5,
    };
    for byte in [1, 2, 3] {
        let location = format!("at/{byte}");
        bench
            .queue
            .put_input(somebody("a"), input(byte), location)
            .await
            .unwrap();
    }
    // The same digest, but somebody else's: nobody needs that one.
    bench
        .queue
        .put_input(somebody("b"), input(1), "at/b".to_owned())
        .await
        .unwrap();
    let request = JobRequest::new(Operation::Scan(scan::Parameters {
        tenant_id: Some(tenant(1)),
        input: Some(input(1).sha256),
        ..scan::Parameters::default()
    }));
    bench.submit(&request.with_owner(somebody("a"))).await;
    let lease = bench.claim().await.unwrap().lease;
    bench.pass(hours(23));
    bench
        .queue
        .find_input(somebody("a"), input(2).sha256)
        .await
        .unwrap();
    assert!(bench.queue.expire().await.unwrap().inputs.is_empty());
    bench.pass(hours(2));
    let mut gone = bench.queue.expire().await.unwrap().inputs;
    gone.sort();
    assert_eq!(gone, ["at/3", "at/b"], "2 was used, and 1 is needed");
    refused(
        bench.queue.find_input(somebody("a"), input(3).sha256).await,
        ErrorKind::NotFound,
    );
    bench.append(lease, [completed()]).await.unwrap();
    bench.pass(hours(25));
    let mut gone = bench.queue.expire().await.unwrap().inputs;
    gone.sort();
    assert_eq!(gone, ["at/1", "at/2"]);
}

pub(crate) async fn an_owner_has_so_much_room_for_inputs(fixture: &dyn Fixture) {
    let policy = Policy {
        input_quota: 10,
        ..Policy::default()
    };
    let bench = Bench::with(fixture, policy).await;
    let put = async |owner: &str, byte: u8, size_bytes| {
        let input = Input {
            sha256: InputDigest::from_bytes([byte; 32]),
            size_bytes,
        };
        bench
            .queue
            .put_input(somebody(owner), input, format!("{owner}/{byte}"))
            .await
    };
    put("a", 1, 6).await.unwrap();
    refused(put("a", 2, 5).await, ErrorKind::TooLarge);
    put("a", 1, 6).await.unwrap();
    put("a", 3, 4).await.unwrap();
    put("b", 1, 10).await.unwrap();
    bench.pass(hours(25));
    bench.queue.expire().await.unwrap();
    put("a", 2, 5).await.unwrap();
}

pub(crate) async fn news_reach_everybody_who_follows(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    let other = fixture.open(Policy::default(), Arc::clone(&bench.clock)).await;
    let (mut here, mut there) = (bench.queue.news(Topic::Queue), other.news(Topic::Queue));
    let id = bench.submit(&scan_of(1)).await.id;
    soon(here.changed()).await;
    soon(there.changed()).await;
    let (mut here, mut there) = (bench.queue.news(Topic::Job(id)), other.news(Topic::Job(id)));
    // Each has heard of it when it knows what the job is now, however often it was told something before.
    for step in [JobStatus::Running, JobStatus::Cancelled] {
        if step == JobStatus::Running {
            other
                .claim(bench.worker, Lane::Long, Operation::NAMES)
                .await
                .unwrap()
                .unwrap();
        } else {
            bench.queue.cancel(id).await.unwrap();
            bench.pass(seconds(11));
            other.reclaim().await.unwrap();
        }
        for (news, queue) in [(&mut here, &bench.queue), (&mut there, &other)] {
            while queue.get(id).await.unwrap().status != step {
                soon(news.changed()).await;
            }
        }
    }
    here.mark_seen();
    assert!(
        bench
            .queue
            .news(Topic::Job(atg_sdk::JobId::new()))
            .changed()
            .now_or_never()
            .is_none()
    );
}

pub(crate) async fn parts_of_other_services_are_refused_by_name(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    let bring = |graph: Option<&str>, store: Option<&str>| Identity {
        queue_id: None,
        graph_id: graph.map(str::to_owned),
        artifact_store_id: store.map(str::to_owned),
    };
    let known = bench.queue.identify(bring(None, Some("store-1"))).await.unwrap();
    assert!(known.queue_id.is_some());
    assert_eq!(
        (known.graph_id, known.artifact_store_id.as_deref()),
        (None, Some("store-1"))
    );
    assert_eq!(bench.submit(&scan_of(1)).await.graph_id, None);
    bench
        .queue
        .identify(bring(Some("graph-1"), Some("store-1")))
        .await
        .unwrap();
    assert_eq!(
        bench.submit(&scan_of(1)).await.graph_id.as_deref(),
        Some("graph-1")
    );
    for (other, names) in [
        (bring(Some("graph-2"), None), ["graph-1", "graph-2"]),
        (bring(Some("graph-1"), Some("store-2")), ["store-1", "store-2"]),
    ] {
        let error = refused(bench.queue.identify(other).await, ErrorKind::InvalidArgument);
        assert_eq!(error.kind().exit_code(), 2);
        for name in names {
            assert!(error.message().contains(name), "{error}");
        }
    }
    let known_again = bench.queue.identify(Identity::default()).await.unwrap();
    assert_eq!(known_again.queue_id, known.queue_id);
    assert_eq!(known_again.graph_id.as_deref(), Some("graph-1"));
}

/// Whoever is told that something is so, finds it so wherever he asks next, however often he asked before.
pub(crate) async fn what_is_acknowledged_is_read_by_everybody(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    let other = fixture.open(Policy::default(), Arc::clone(&bench.clock)).await;
    let request = scan_of(1);
    let job = bench.submit(&request).await;
    let id = job.id;
    let everywhere = async |job: &Job| {
        for queue in [&bench.queue, &other, &bench.queue, &other] {
            assert_eq!(queue.get(id).await.as_ref(), Ok(job));
        }
    };
    everywhere(&job).await;
    let lease = bench.claim().await.unwrap().lease;
    for step in 1..=200 {
        let (writer, reader) = match step % 2 {
            0 => (&bench.queue, &other),
            _ => (&other, &bench.queue),
        };
        let job = writer
            .append(lease, vec![progress(f64::from(step) / 1_000.0)])
            .await
            .unwrap();
        assert_eq!(reader.get(id).await, Ok(job.clone()));
        everywhere(&job).await;
        // What happens to others changes nothing here.
        bench.submit_next(&scan_of(2)).await;
        everywhere(&job).await;
    }
    everywhere(&other.cancel(id).await.unwrap()).await;
    everywhere(&bench.append(lease, [EventKind::Cancelled]).await.unwrap()).await;
    assert!(other.delete(id).await.unwrap());
    for queue in [&bench.queue, &other] {
        refused(queue.get(id).await, ErrorKind::NotFound);
    }
    let lease = {
        let id = bench.submit_next(&question()).await;
        let claim = bench.claim_in(Lane::Short).await.unwrap();
        assert_eq!(claim.lease.job, id);
        claim.lease
    };
    let job = bench
        .append(lease, [EventKind::Failed { error: outage() }])
        .await
        .unwrap();
    assert_eq!(other.get(lease.job).await, Ok(job));
    // Nothing is written when a job's time is over.
    bench.pass(hours(7 * 24));
    for queue in [&bench.queue, &other] {
        refused(queue.get(lease.job).await, ErrorKind::Gone);
    }
}
