use proptest::prelude::*;
use rstest::rstest;
use serde_json::json;

use super::*;
use crate::{
    Artifact, Completeness, ErrorKind, Output,
    model::operations::{query, scan},
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn request() -> JobRequest {
    JobRequest::new(Operation::Scan(scan::Parameters::default()))
}

fn completed() -> EventKind {
    EventKind::Completed {
        output: Box::new(Output::Scan(scan::Output::default())),
        completeness: Completeness::Partial,
        artifacts: vec![Artifact {
            name: "report.json".to_owned(),
            content_type: "application/json".to_owned(),
            size_bytes: 2,
            sha256: "0".repeat(64),
        }],
    }
}

fn progress(progress: f64) -> EventKind {
    EventKind::Progress {
        progress,
        step: Some("resources".to_owned()),
        counters: Counters {
            resources: 7,
            ..Counters::default()
        },
    }
}

fn error() -> Error {
    Error::new(ErrorKind::Unavailable, "reach the graph")
}

fn failed() -> EventKind {
    EventKind::Failed { error: error() }
}

fn attempt_failed(attempt: u32) -> EventKind {
    EventKind::AttemptFailed {
        attempt,
        error: error(),
    }
}

fn warning() -> EventKind {
    EventKind::Warning {
        message: "a filter matched nothing".to_owned(),
        suppressed: 0,
    }
}

fn unknown() -> EventKind {
    EventKind::Unknown {
        name: "moved".to_owned(),
        data: json!({ "to": 7 }).as_object().unwrap().clone(),
    }
}

fn submitted() -> EventKind {
    JobLog::submit(&request(), None, at(0)).1.kind
}

/// Every state that a log can be in, as far as the rules tell states apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Pending,
    /// Only between the two events of a cancellation, or after a crash there.
    PendingWished,
    /// In attempt 2, at 0.5.
    Running,
    RunningWished,
    /// After attempt 2.
    PendingAgain,
    Completed,
    Failed,
    Cancelled,
}

const STATES: [State; 8] = [
    State::Pending,
    State::PendingWished,
    State::Running,
    State::RunningWished,
    State::PendingAgain,
    State::Completed,
    State::Failed,
    State::Cancelled,
];

fn log_in(state: State) -> JobLog {
    let (mut log, _) = JobLog::submit(&request(), Some("g".to_owned()), at(0));
    let second_attempt = [
        EventKind::Started { attempt: 1 },
        attempt_failed(1),
        EventKind::Started { attempt: 2 },
        progress(0.5),
    ];
    let more: Vec<EventKind> = match state {
        State::Pending => vec![],
        State::PendingWished => vec![EventKind::CancelRequested],
        State::Running => second_attempt.into(),
        State::RunningWished => [&second_attempt[..], &[EventKind::CancelRequested]].concat(),
        State::PendingAgain => [&second_attempt[..], &[attempt_failed(2)]].concat(),
        State::Completed => [&second_attempt[..], &[completed()]].concat(),
        State::Failed => [&second_attempt[..], &[failed()]].concat(),
        State::Cancelled => vec![EventKind::CancelRequested, EventKind::Cancelled],
    };
    for (second, kind) in (1..).zip(more) {
        log.append(at(second), kind).unwrap();
    }
    log
}

/// The state as the job shows it.
fn state_of(job: &Job) -> State {
    match (job.status, job.cancel_requested_at, job.attempt) {
        (JobStatus::Pending, None, 0) => State::Pending,
        (JobStatus::Pending, None, _) => State::PendingAgain,
        (JobStatus::Pending, Some(_), _) => State::PendingWished,
        (JobStatus::Running, None, _) => State::Running,
        (JobStatus::Running, Some(_), _) => State::RunningWished,
        (JobStatus::Completed, ..) => State::Completed,
        (JobStatus::Failed, ..) => State::Failed,
        (JobStatus::Cancelled, ..) => State::Cancelled,
    }
}

/// The whole table: for every event the state that follows in each of [`STATES`]; `None` is a refusal.
#[test]
fn every_event_in_every_state_does_what_the_table_says() {
    use State::{Cancelled, Completed, Failed, Pending, PendingAgain, PendingWished, Running, RunningWished};
    const NO: Option<State> = None;
    #[rustfmt::skip]
    let table: [(EventKind, [Option<State>; 8]); 19] = [
        //                                 Pending              PendingWished        Running             RunningWished         PendingAgain          ended: completed, failed, cancelled
        (submitted(),                     [NO,                  NO,                  NO,                 NO,                   NO,                   NO, NO, NO]),
        (EventKind::Started { attempt: 0 }, [NO,                NO,                  NO,                 NO,                   NO,                   NO, NO, NO]),
        (EventKind::Started { attempt: 1 }, [Some(Running),     NO,                  NO,                 NO,                   NO,                   NO, NO, NO]),
        (EventKind::Started { attempt: 2 }, [NO,                NO,                  NO,                 NO,                   NO,                   NO, NO, NO]),
        (EventKind::Started { attempt: 3 }, [NO,                NO,                  NO,                 NO,                   Some(Running),        NO, NO, NO]),
        (progress(0.4),                   [NO,                  NO,                  NO,                 NO,                   NO,                   NO, NO, NO]),
        (progress(0.5),                   [NO,                  NO,                  Some(Running),      Some(RunningWished),  NO,                   NO, NO, NO]),
        (progress(1.0),                   [NO,                  NO,                  Some(Running),      Some(RunningWished),  NO,                   NO, NO, NO]),
        (progress(1.1),                   [NO,                  NO,                  NO,                 NO,                   NO,                   NO, NO, NO]),
        (progress(f64::NAN),              [NO,                  NO,                  NO,                 NO,                   NO,                   NO, NO, NO]),
        (warning(),                       [NO,                  NO,                  Some(Running),      Some(RunningWished),  NO,                   NO, NO, NO]),
        (attempt_failed(1),               [NO,                  NO,                  NO,                 NO,                   NO,                   NO, NO, NO]),
        (attempt_failed(2),               [NO,                  NO,                  Some(PendingAgain), NO,                   NO,                   NO, NO, NO]),
        (attempt_failed(3),               [NO,                  NO,                  NO,                 NO,                   NO,                   NO, NO, NO]),
        (EventKind::CancelRequested,      [Some(PendingWished), NO,                  Some(RunningWished), NO,                  Some(PendingWished),  NO, NO, NO]),
        (completed(),                     [NO,                  NO,                  Some(Completed),    Some(Completed),      NO,                   NO, NO, NO]),
        (failed(),                        [Some(Failed),        NO,                  Some(Failed),       Some(Failed),         Some(Failed),         NO, NO, NO]),
        (EventKind::Cancelled,            [NO,                  Some(Cancelled),     NO,                 Some(Cancelled),      NO,                   NO, NO, NO]),
        (unknown(),                       [Some(Pending),       Some(PendingWished), Some(Running),      Some(RunningWished),  Some(PendingAgain),   NO, NO, NO]),
    ];
    for (kind, row) in table {
        for (state, expected) in STATES.into_iter().zip(row) {
            let before = log_in(state);
            let mut log = before.clone();
            let verdict = before.admits(&kind);
            let outcome = log.append(at(99), kind.clone());
            match expected {
                Some(next) => {
                    let event = outcome.unwrap_or_else(|error| panic!("{kind:?} in {state:?}: {error}"));
                    verdict.unwrap();
                    assert_eq!(event.sequence, before.last_sequence() + 1);
                    assert_eq!(log.last_sequence(), event.sequence);
                    assert_eq!(state_of(log.job()), next, "{kind:?} in {state:?}");
                }
                None => {
                    let refusal = outcome.expect_err(&format!("{kind:?} in {state:?}"));
                    assert_eq!(refusal.kind(), ErrorKind::Conflict);
                    assert_eq!(verdict.unwrap_err(), refusal);
                    assert_eq!(log, before, "a refused event changed the job");
                }
            }
        }
    }
}

#[test]
fn an_attempt_begins_at_zero_and_knows_when() {
    let mut log = log_in(State::PendingAgain);
    assert_eq!((log.job().progress, log.job().started_at), (0.0, None));
    log.append(at(50), EventKind::Started { attempt: 3 }).unwrap();
    let job = log.job();
    assert_eq!(
        (job.progress, job.started_at, job.attempt),
        (0.0, Some(at(50)), 3)
    );
    assert_eq!(
        (job.counters, job.current_step.as_deref()),
        (Counters::default(), None)
    );
}

#[test]
fn a_completed_job_shows_its_output_files_and_time() {
    let job = log_in(State::Completed).into_job();
    assert_eq!(job.output, Some(Output::Scan(scan::Output::default())));
    assert_eq!(job.completeness, Some(Completeness::Partial));
    assert_eq!(job.artifacts[0].name, "report.json");
    assert_eq!((job.progress, job.completed_at), (1.0, Some(at(5))));
    assert_eq!(job.error, None);
}

#[test]
fn a_failed_job_shows_its_error_and_how_far_it_came() {
    let job = log_in(State::Failed).into_job();
    assert_eq!(job.error, Some(error()));
    assert_eq!(
        (job.progress, job.current_step.as_deref()),
        (0.5, Some("resources"))
    );
    assert_eq!(job.output, None);
}

#[rstest]
#[case(State::Pending, &["cancel_requested", "cancelled"], JobStatus::Cancelled)]
#[case(State::PendingWished, &["cancelled"], JobStatus::Cancelled)]
#[case(State::PendingAgain, &["cancel_requested", "cancelled"], JobStatus::Cancelled)]
#[case(State::Running, &["cancel_requested"], JobStatus::Running)]
#[case(State::RunningWished, &[], JobStatus::Running)]
#[case(State::Completed, &[], JobStatus::Completed)]
#[case(State::Failed, &[], JobStatus::Failed)]
#[case(State::Cancelled, &[], JobStatus::Cancelled)]
fn cancelling_records_the_wish_and_ends_what_nobody_started(
    #[case] state: State,
    #[case] expected: &[&str],
    #[case] status: JobStatus,
) {
    let before = log_in(state);
    let mut log = before.clone();
    let events = log.cancel(at(70));
    let names: Vec<_> = events.iter().map(|event| event.kind.name()).collect();
    assert_eq!(names, expected);
    assert_eq!(log.job().status, status);
    let mut replayed = before;
    for event in &events {
        replayed.apply(event).unwrap();
    }
    assert_eq!(replayed, log);
    assert_eq!(log.cancel(at(71)), []);
}

#[test]
fn a_damaged_log_is_refused() {
    let id = JobId::new();
    let (_, first) = JobLog::submit(&request(), None, at(0));
    let event = |sequence, kind| JobEvent {
        sequence,
        time: at(1),
        kind,
    };
    let started = || EventKind::Started { attempt: 1 };
    let logs = [
        vec![],
        vec![event(1, started())],
        vec![event(2, submitted())],
        vec![first.clone(), event(3, started())],
        vec![first.clone(), event(1, started())],
        vec![first.clone(), event(2, completed())],
        vec![first, event(2, failed()), event(3, warning())],
    ];
    for log in logs {
        let error = JobLog::replay(id, &log).expect_err(&format!("{log:?}"));
        assert_eq!(error.kind(), ErrorKind::Internal);
        assert!(error.message().contains(&id.to_string()));
    }
}

#[test]
fn the_same_request_is_recognised_whatever_defaults_it_leaves_out() {
    let wanted = request();
    let (log, _) = JobLog::submit(&wanted, None, at(0));
    let mut job = log.into_job();
    job.check_same_request(&wanted).unwrap();
    // As an older version stored it: without a member that is new.
    job.parameters.as_object_mut().unwrap().remove("keep_export");
    job.check_same_request(&wanted).unwrap();

    let mut others = vec![
        wanted.clone().with_owner(Owner::new("somebody else")),
        wanted.clone().with_id(JobId::new()),
        JobRequest::new(Operation::Query(query::Parameters::default())).with_id(wanted.id),
    ];
    others.push(
        JobRequest::new(Operation::Scan(scan::Parameters {
            include_rbac: false,
            ..scan::Parameters::default()
        }))
        .with_id(wanted.id),
    );
    for other in others {
        let refusal = job.check_same_request(&other).unwrap_err();
        assert_eq!(refusal.kind(), ErrorKind::Conflict, "{other:?}");
    }
}

fn any_kind() -> impl Strategy<Value = EventKind> {
    prop_oneof![
        1 => Just(submitted()),
        6 => (0_u32..5).prop_map(|attempt| EventKind::Started { attempt }),
        8 => (-0.1..1.1_f64).prop_map(progress),
        2 => Just(warning()),
        3 => (0_u32..5).prop_map(attempt_failed),
        2 => Just(EventKind::CancelRequested),
        1 => Just(completed()),
        1 => Just(failed()),
        2 => Just(EventKind::Cancelled),
        1 => Just(unknown()),
    ]
}

proptest! {
    /// Whatever is tried in whatever order, the accepted events keep the promises of the contract.
    #[test]
    fn accepted_events_keep_every_promise(kinds in prop::collection::vec(any_kind(), 0..60)) {
        let (mut log, first) = JobLog::submit(&request(), Some("g".to_owned()), at(0));
        let mut events = vec![first];
        for (second, kind) in (1..).zip(kinds) {
            let before = log.clone();
            match log.append(at(second), kind) {
                Ok(event) => events.push(event),
                Err(_) => { prop_assert_eq!(&log, &before); continue; }
            }
            let (old, new) = (before.job(), log.job());
            prop_assert!(!old.status.has_ended(), "something followed the end");
            prop_assert!((0.0..=1.0).contains(&new.progress));
            prop_assert!(new.attempt == old.attempt || new.attempt == old.attempt + 1);
            if new.attempt > old.attempt {
                prop_assert!(old.cancel_requested_at.is_none(), "an attempt began after the wish");
            } else if new.status == JobStatus::Running {
                prop_assert!(new.progress >= old.progress, "progress went back within an attempt");
            }
            prop_assert!(old.cancel_requested_at.is_none() || new.cancel_requested_at == old.cancel_requested_at);
            prop_assert_eq!(new.completed_at.is_some(), new.status.has_ended());
            prop_assert_eq!(new.output.is_some(), new.status == JobStatus::Completed);
            prop_assert_eq!(new.completeness.is_some(), new.status == JobStatus::Completed);
            prop_assert_eq!(
                new.error.is_some(),
                matches!(new.status, JobStatus::Failed | JobStatus::Cancelled)
            );
            prop_assert!(new.status != JobStatus::Cancelled || new.cancel_requested_at.is_some());
            prop_assert!(new.artifacts.is_empty() || new.status.has_ended());
        }
        for (index, event) in (1..).zip(&events) {
            prop_assert_eq!(event.sequence, index);
        }
        let ends = events.iter().filter(|event| event.kind.ends_job()).count();
        prop_assert_eq!(ends, usize::from(log.job().status.has_ended()));

        // Replaying, also of what went over the wire and from any kept state, gives the same job.
        prop_assert_eq!(&JobLog::replay(log.job().id, &events).unwrap(), &log);
        let wire: Vec<JobEvent> =
            serde_json::from_str(&serde_json::to_string(&events).unwrap()).unwrap();
        prop_assert_eq!(&JobLog::replay(log.job().id, &wire).unwrap(), &log);
        let half = events.len().div_ceil(2);
        let kept = JobLog::replay(log.job().id, &events[..half]).unwrap();
        let mut resumed = JobLog::resume(kept.job().clone(), kept.last_sequence());
        for event in &events[half..] {
            resumed.apply(event).unwrap();
        }
        prop_assert_eq!(&resumed, &log);
    }

    /// After the wish a job can always end, and by cancelling it always does unless it runs.
    #[test]
    fn a_cancelled_job_never_waits_for_anybody(kinds in prop::collection::vec(any_kind(), 0..40)) {
        let (mut log, _) = JobLog::submit(&request(), None, at(0));
        for kind in kinds {
            let _ = log.append(at(1), kind);
        }
        log.cancel(at(2));
        prop_assert!(log.job().status.has_ended() || log.job().status == JobStatus::Running);
        if log.job().status == JobStatus::Running {
            log.append(at(3), EventKind::Cancelled).unwrap();
        }
        prop_assert!(log.job().status.has_ended());
    }
}
