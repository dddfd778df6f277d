//! The suite can be passed, and it notices every promise that is broken.

use std::{panic, sync::Arc, time::Duration};

use async_trait::async_trait;
use atg_sdk::{
    Executor,
    conformance::{
        self, Fixture, artifacts, cancelling, deleting, inputs, listing, outcomes, running, submitting,
        watching,
    },
};
use futures::{FutureExt, future::BoxFuture};
use rstest::rstest;

use crate::{
    faulty::{Fault, Faulty},
    reference::Reference,
};

/// The executor in memory, as it should be.
struct Sound {
    max_attempts: u32,
}

#[async_trait]
impl Fixture for Sound {
    async fn executor(&self, concurrency: usize) -> Arc<dyn Executor> {
        Arc::new(Reference::new(concurrency, self.max_attempts))
    }

    fn max_attempts(&self) -> u32 {
        self.max_attempts
    }

    fn copies_inputs(&self) -> bool {
        true
    }
}

mod one_attempt {
    atg_sdk::conformance_suite!(super::Sound { max_attempts: 1 });
}

mod three_attempts {
    atg_sdk::conformance_suite!(super::Sound { max_attempts: 3 });
}

struct Broken(Fault);

#[async_trait]
impl Fixture for Broken {
    async fn executor(&self, concurrency: usize) -> Arc<dyn Executor> {
        Arc::new(Faulty {
            inner: Arc::new(Reference::new(concurrency, 1)),
            fault: self.0,
        })
    }

    fn copies_inputs(&self) -> bool {
        true
    }

    /// What hangs here is meant to.
    fn time_limit(&self) -> Duration {
        Duration::from_secs(2)
    }
}

type Case = fn(Arc<dyn Fixture>) -> BoxFuture<'static, ()>;

#[rstest]
#[case(Fault::BlocksItsThread, |f| submitting::a_submitted_job_is_known_at_once(f).boxed())]
#[case(Fault::CancelsRunningJobsThatAreNoLongerWatched, |f| running::a_dropped_handle_does_not_stop_a_running_job(f).boxed())]
#[case(Fault::CancelsQueuedJobsThatAreNoLongerWatched, |f| running::a_dropped_handle_does_not_stop_a_queued_job(f).boxed())]
#[case(Fault::DeletesRunningJobs, |f| deleting::a_job_that_has_not_ended_stays(f).boxed())]
#[case(Fault::EndsWatchesEarly, |f| watching::a_watch_replays_the_log_and_ends(f).boxed())]
#[case(Fault::ForgetsKinds, |f| outcomes::every_kind_of_failure_keeps_its_kind_and_words(f).boxed())]
#[case(Fault::ForgetsTheOwnerOfInputs, |f| inputs::an_input_of_another_owner_is_unknown(f).boxed())]
#[case(Fault::IgnoresCancellation, |f| cancelling::a_running_job_stops(f).boxed())]
#[case(Fault::IgnoresFilters, |f| listing::every_filter_admits_what_it_says(f).boxed())]
#[case(Fault::IgnoresRanges, |f| artifacts::ranges_are_cut_at_the_end_and_refused_past_it(f).boxed())]
#[case(Fault::IgnoresResume, |f| watching::a_watch_resumes_after_every_event(f).boxed())]
#[case(Fault::InventsArtifacts, |f| artifacts::names_that_nobody_wrote_are_not_found(f).boxed())]
#[case(Fault::ListsOldestFirst, |f| listing::many_jobs_come_newest_first(f).boxed())]
#[case(Fault::LosesAnEvent, |f| watching::a_watch_replays_the_log_and_ends(f).boxed())]
#[case(Fault::NeverEndsWatches, |f| watching::a_watch_replays_the_log_and_ends(f).boxed())]
#[case(Fault::RunsUnderAnotherId, |f| submitting::a_submitted_job_is_known_at_once(f).boxed())]
#[case(Fault::SaysNothingOfItsVersion, |f| running::the_health_names_a_version_and_counts_jobs(f).boxed())]
#[case(Fault::TakesAnyRequestForTheSame, |f| submitting::another_request_under_the_same_id_is_a_conflict(f).boxed())]
fn a_broken_promise_is_noticed(#[case] fault: Fault, #[case] case: Case) {
    let outcome = panic::catch_unwind(|| conformance::run(Broken(fault), case));
    assert!(outcome.is_err(), "nobody noticed that it {fault:?}");
}
