//! The log of a job, as those see it who follow it.

use std::{sync::Arc, time::Instant};

use futures::{StreamExt, future};

use super::{
    Fixture,
    support::{
        checked_log, ended, events, fail, file, hang, job, names, ok, progress, refused, run_to_end, script,
        stop, submit, submit_started, until, warn,
    },
};
use crate::{ErrorKind, EventKind, EventThrottle, JobId, JobStatus};

/// From `Submitted` to the event that ended the job, without a gap, and then the watch is over.
pub async fn a_watch_replays_the_log_and_ends(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let scripts = [
        (vec![], "completed"),
        (
            vec![progress(0.5), warn("careful"), file("a", "a", 1)],
            "completed",
        ),
        (
            vec![warn("careful"), fail(ErrorKind::NotFound, "find it")],
            "failed",
        ),
    ];
    for (steps, end) in scripts {
        let request = script(steps);
        run_to_end(&executor, &request).await;
        let log = checked_log(&executor, request.id).await;
        assert_eq!(names(&log).first(), Some(&"submitted"));
        assert_eq!(names(&log).last(), Some(&end));
        assert!(
            log.is_sorted_by_key(|event| event.time),
            "time goes back: {log:?}"
        );
    }
}

/// Who was cut off goes on where it stopped, wherever that was.
pub async fn a_watch_resumes_after_every_event(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let request = script([progress(0.1), warn("one"), warn("two"), warn("three")]);
    run_to_end(&executor, &request).await;
    let log = checked_log(&executor, request.id).await;
    assert_eq!(events(&executor, request.id, Some(0)).await, log);
    for (index, event) in log.iter().enumerate() {
        let rest = events(&executor, request.id, Some(event.sequence)).await;
        assert_eq!(rest, log[index + 1..], "after event {}", event.sequence);
    }
}

/// A job that nobody has started has something to say already, and goes on from there.
pub async fn a_watch_begins_with_a_queued_job(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let blocker = hang();
    submit_started(&executor, &blocker).await;
    let request = script([warn("at last")]);
    submit(&executor, &request).await;
    let mut watch = executor.watch_job(request.id, None);
    let first = match watch.next().await {
        Some(event) => ok(event, "watch a queued job"),
        None => panic!("the watch on a queued job ended"),
    };
    assert_eq!((first.sequence, first.kind.name()), (1, "submitted"));
    assert_eq!(job(&executor, request.id).await.status, JobStatus::Pending);
    stop(&executor, blocker.id).await;
    let rest: Vec<_> = watch.map(|event| ok(event, "go on watching")).collect().await;
    assert_eq!(names(&rest), ["started", "warning", "completed"]);
}

/// Events are seen while the job runs, not only when it is over.
pub async fn a_watch_follows_a_running_job(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let request = script([
        warn("listening"),
        progress(0.25),
        crate::model::operations::rehearsal::Step::Hang,
    ]);
    submit(&executor, &request).await;
    let mut watch = executor.watch_job(request.id, None);
    let mut seen = Vec::new();
    while !(seen.contains(&"warning".to_owned()) && seen.contains(&"progress".to_owned())) {
        match watch.next().await {
            Some(event) => seen.push(ok(event, "watch a running job").kind.name().to_owned()),
            None => panic!("the watch ended while the job ran, after {seen:?}"),
        }
    }
    let running = job(&executor, request.id).await;
    assert_eq!((running.status, running.progress), (JobStatus::Running, 0.25));
    assert_eq!(running.current_step.as_deref(), Some("at 0.25"));
    stop(&executor, request.id).await;
    let rest: Vec<_> = watch.map(|event| ok(event, "watch the end")).collect().await;
    assert_eq!(names(&rest), ["cancel_requested", "cancelled"]);
    checked_log(&executor, request.id).await;
}

/// Whenever they came, all watchers see one log.
pub async fn many_watchers_see_the_same(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let blocker = hang();
    submit_started(&executor, &blocker).await;
    let request = script((0..30).map(|n| warn(format!("warning {n}"))).collect::<Vec<_>>());
    submit(&executor, &request).await;
    let watchers = |count| {
        let watch = |_| {
            let executor = Arc::clone(&executor);
            tokio::spawn(async move { events(&executor, request.id, None).await })
        };
        (0..count).map(watch).collect::<Vec<_>>()
    };
    let mut all = watchers(3);
    stop(&executor, blocker.id).await;
    all.extend(watchers(3));
    until(&executor, request.id, |kind| {
        matches!(kind, EventKind::Warning { .. })
    })
    .await;
    all.extend(watchers(3));
    ended(&executor, request.id).await;
    let log = checked_log(&executor, request.id).await;
    for seen in future::join_all(all).await {
        let Ok(seen) = seen else {
            panic!("a watcher panicked")
        };
        assert_eq!(seen, log);
    }
}

/// One error, and then the watch is over: a caller that loops over it comes to an end.
pub async fn an_unknown_job_is_not_found_and_the_watch_ends(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let mut watch = executor.watch_job(JobId::new(), None);
    match watch.next().await {
        Some(answer) => refused(answer, &[ErrorKind::NotFound], "watching an unknown job"),
        None => panic!("the watch on an unknown job ended without a word"),
    };
    assert!(watch.next().await.is_none(), "the watch goes on after its error");
}

/// Whatever an operation reports, those who watch see 0.0 to 1.0, forwards.
pub async fn progress_never_goes_back(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let mut steps: Vec<_> = [0.5, 0.2, -3.0, 0.4, 7.0, 0.9]
        .into_iter()
        .map(progress)
        .collect();
    steps.push(fail(ErrorKind::NotFound, "find it"));
    let request = script(steps);
    let end = run_to_end(&executor, &request).await;
    let log = checked_log(&executor, request.id).await;
    let seen: Vec<f64> = log
        .iter()
        .filter_map(|event| match event.kind {
            EventKind::Progress { progress, .. } => Some(progress),
            _ => None,
        })
        .collect();
    assert!(!seen.is_empty(), "no progress was seen at all");
    assert!(seen.is_sorted(), "{seen:?}");
    assert!(
        seen.iter().all(|progress| (0.0..=1.0).contains(progress)),
        "{seen:?}"
    );
    assert_eq!(seen.last(), Some(&end.progress));
}

/// An operation may say whatever it likes as often as it likes: the log stays small, and says what it left out.
pub async fn a_flood_of_reports_is_thinned_out(fixture: Arc<dyn Fixture>) {
    const WARNINGS: u64 = EventThrottle::MAX_WARNINGS + 234;
    let executor = fixture.executor(1).await;
    let reports = (0..WARNINGS).flat_map(|n| [progress(n as f64 / 2_000.0), warn(format!("warning {n}"))]);
    let request = script(reports.collect::<Vec<_>>());
    let begin = Instant::now();
    assert_eq!(run_to_end(&executor, &request).await.status, JobStatus::Completed);
    let allowed = 1.0 + begin.elapsed().as_secs_f64() / EventThrottle::INTERVAL.as_secs_f64();
    let log = checked_log(&executor, request.id).await;
    let (mut shown, mut left_out, mut progress_events) = (0, 0, 0.0);
    for event in &log {
        match &event.kind {
            EventKind::Progress { .. } => progress_events += 1.0,
            EventKind::Warning { suppressed: 0, .. } => shown += 1,
            EventKind::Warning { suppressed, .. } => left_out += suppressed,
            _ => {}
        }
    }
    assert_eq!(
        (shown, left_out),
        (
            EventThrottle::MAX_WARNINGS,
            WARNINGS - EventThrottle::MAX_WARNINGS
        )
    );
    assert!(
        progress_events <= allowed,
        "{progress_events} progress events where {allowed} are allowed"
    );
}
