//! The suite that every backend passes. Time stands still in it until a case moves it.

pub(super) mod appending;
pub(super) mod claiming;
pub(super) mod keeping;
pub(super) mod leasing;
pub(super) mod retrying;
pub(super) mod submitting;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use atg_sdk::{
    Error, ErrorKind, EventKind, Job, JobEvent, JobId, JobLog, JobRequest, Operation, Output, Owner, Result,
    azure::TenantId,
    model::operations::{query, scan, self_test},
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{Backend, Claim, Lane, Lease, ManualClock, Policy, WorkerId};

/// Makes the backend under test.
#[async_trait]
pub(super) trait Fixture: Send + Sync {
    /// One more client of one and the same queue, as another process would be.
    async fn open(&self, policy: Policy, clock: Arc<ManualClock>) -> Arc<dyn Backend>;

    /// Loses the record of who runs that job, as a careless restore would.
    async fn lose_lease(&self, id: JobId);

    /// Makes the job's record one of a version that this build does not know.
    async fn make_newer(&self, id: JobId);
}

/// Expands to one test for every case, each with a fresh value of the given expression, a [`Fixture`].
macro_rules! queue_suite {
    ($fixture:expr) => {
        $crate::queue::suite::queue_suite! { @expand $fixture;
            appending: a_refused_event_takes_the_others_with_it;
            appending: an_old_token_is_refused;
            appending: nothing_follows_the_end;
            appending: the_log_has_no_gaps_and_time_does_not_go_back;
            appending: what_is_appended_is_counted_over_all_attempts;
            claiming: a_claim_says_all_that_a_worker_needs;
            claiming: a_newer_record_and_an_unknown_operation_are_left_alone;
            claiming: a_short_job_never_waits_behind_long_ones;
            claiming: a_stopped_job_is_not_claimed;
            claiming: an_owner_and_a_tenant_have_so_many_at_a_time;
            claiming: many_at_a_time_are_those_of_one_by_one;
            claiming: many_claimers_get_each_job_once;
            claiming: owners_take_turns;
            claiming: tokens_only_grow;
            claiming: urgent_jobs_come_first_and_then_the_oldest;
            keeping: a_deleted_job_leaves_only_its_id;
            keeping: a_listing_is_filtered_and_continued;
            keeping: a_long_log_is_read_in_pages;
            keeping: an_ended_job_is_kept_for_its_time;
            keeping: an_input_is_kept_while_somebody_needs_it;
            keeping: an_owner_has_so_much_room_for_inputs;
            keeping: everything_is_there_for_another_process;
            keeping: news_reach_everybody_who_follows;
            keeping: parts_of_other_services_are_refused_by_name;
            keeping: what_is_acknowledged_is_read_by_everybody;
            leasing: a_job_given_back_starts_again_and_nothing_counts;
            leasing: a_job_that_kills_its_workers_fails;
            leasing: a_job_whose_lease_record_is_lost_is_found;
            leasing: a_lease_lasts_as_long_as_it_is_renewed;
            leasing: a_lost_lease_is_told_at_renewal;
            leasing: a_stopped_job_gets_no_further_attempt;
            leasing: only_the_first_reclaims;
            retrying: a_dead_letter_is_sent_again_once;
            retrying: a_failure_waits_and_waits_longer;
            retrying: a_final_failure_is_final;
            retrying: a_job_fails_after_its_attempts_and_is_a_dead_letter;
            retrying: a_query_is_tried_once;
            submitting: a_full_queue_accepts_nothing_new;
            submitting: a_job_begins_with_its_request;
            submitting: an_id_stands_for_one_request;
            submitting: an_input_must_be_its_owners;
            submitting: an_owner_has_so_many_open_jobs;
            submitting: the_same_request_is_the_same_job;
        }
    };
    (@expand $fixture:expr; $($module:ident: $case:ident;)+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let case = async { $crate::queue::suite::$module::$case(&$fixture).await };
                let limit = std::time::Duration::from_secs(60);
                tokio::time::timeout(limit, case).await.expect("a hang is a failure");
            }
        )+
    };
}
pub(super) use queue_suite;

/// A queue with its clock.
struct Bench {
    queue: Arc<dyn Backend>,
    clock: Arc<ManualClock>,
    worker: WorkerId,
}

impl Bench {
    async fn new(fixture: &dyn Fixture) -> Self {
        Self::with(fixture, Policy::default()).await
    }

    async fn with(fixture: &dyn Fixture, policy: Policy) -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp::from_second(1_800_000_000).unwrap()));
        Self {
            queue: fixture.open(policy, Arc::clone(&clock)).await,
            clock,
            worker: WorkerId::new(),
        }
    }

    async fn submit(&self, request: &JobRequest) -> Job {
        self.queue.submit(request.clone(), 0).await.unwrap()
    }

    /// Submits, a moment after whatever happened before.
    async fn submit_next(&self, request: &JobRequest) -> JobId {
        self.pass(SignedDuration::from_millis(1));
        self.submit(request).await.id
    }

    async fn claim(&self) -> Option<Claim> {
        self.claim_in(Lane::Long).await
    }

    async fn claim_in(&self, lane: Lane) -> Option<Claim> {
        let claimed = self.queue.claim(self.worker, lane, Operation::NAMES).await;
        claimed.unwrap()
    }

    /// Submits a scan and claims it.
    async fn running(&self) -> Lease {
        let id = self.submit(&scan_of(1)).await.id;
        let claim = self.claim().await.unwrap();
        assert_eq!(claim.lease.job, id);
        claim.lease
    }

    async fn append(&self, lease: Lease, kinds: impl Into<Vec<EventKind>>) -> Result<Job> {
        self.queue.append(lease, kinds.into()).await
    }

    async fn job(&self, id: JobId) -> Job {
        self.queue.get(id).await.unwrap()
    }

    /// The whole log, which must make the job that is shown.
    async fn log(&self, id: JobId) -> Vec<JobEvent> {
        let mut events = Vec::new();
        loop {
            let after = events.last().map_or(0, |event: &JobEvent| event.sequence);
            let page = self.queue.events(id, after).await.unwrap();
            let done = page.last || page.events.is_empty();
            events.extend(page.events);
            if done {
                break;
            }
        }
        let made = JobLog::replay(id, &events).unwrap().into_job();
        let shown = self.job(id).await;
        assert_eq!(
            made,
            Job {
                expires_at: None,
                ..shown
            }
        );
        assert!(events.is_sorted_by_key(|event| event.time), "{events:?}");
        events
    }

    async fn names(&self, id: JobId) -> Vec<String> {
        let log = self.log(id).await;
        log.iter().map(|event| event.kind.name().to_owned()).collect()
    }

    fn pass(&self, duration: SignedDuration) {
        self.clock.advance(duration);
    }
}

fn tenant(number: u128) -> TenantId {
    TenantId::new(Uuid::from_u128(number))
}

fn scan_of(number: u128) -> JobRequest {
    JobRequest::new(Operation::Scan(scan::Parameters {
        tenant_id: Some(tenant(number)),
        ..scan::Parameters::default()
    }))
}

fn question() -> JobRequest {
    JobRequest::new(Operation::Query(query::Parameters::default()))
}

fn self_test() -> JobRequest {
    JobRequest::new(Operation::SelfTest(self_test::Parameters::default()))
}

fn somebody(name: &str) -> Owner {
    Owner::new(name)
}

fn seconds(count: i64) -> SignedDuration {
    SignedDuration::from_secs(count)
}

fn completed() -> EventKind {
    EventKind::Completed {
        output: Box::new(Output::Scan(scan::Output::default())),
        completeness: atg_sdk::Completeness::Complete,
        artifacts: Vec::new(),
    }
}

fn progress(progress: f64) -> EventKind {
    EventKind::Progress {
        progress,
        step: None,
        counters: atg_sdk::Counters::default(),
    }
}

fn warning(message: &str) -> EventKind {
    EventKind::Warning {
        message: message.to_owned(),
        suppressed: 0,
    }
}

fn outage() -> Error {
    Error::new(ErrorKind::Unavailable, "reach Azure")
}

/// The error, which must be of that kind.
#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T>, kind: ErrorKind) -> Error {
    let error = result.expect_err("this was to be refused");
    assert_eq!(error.kind(), kind, "{error:?}");
    error
}

/// News come, and soon.
async fn soon<T>(wait: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), wait)
        .await
        .expect("nobody was told")
}

/// A case that is written and not expanded would be a test that nobody runs.
#[test]
fn every_case_is_expanded() {
    let modules = [
        ("appending", include_str!("appending.rs")),
        ("claiming", include_str!("claiming.rs")),
        ("keeping", include_str!("keeping.rs")),
        ("leasing", include_str!("leasing.rs")),
        ("retrying", include_str!("retrying.rs")),
        ("submitting", include_str!("submitting.rs")),
    ];
    let mut written: Vec<_> = modules
        .iter()
        .flat_map(|(module, source)| {
            let cases = source
                .lines()
                .filter_map(|line| line.strip_prefix("pub(crate) async fn "));
            cases.map(move |rest| format!("{module}: {};", rest.split('(').next().unwrap()))
        })
        .collect();
    written.sort();
    let expanded: Vec<_> = include_str!("mod.rs")
        .lines()
        .skip_while(|line| !line.contains("@expand $fixture;"))
        .map(str::trim)
        .take_while(|line| *line != "}")
        .filter(|line| line.ends_with(';') && !line.contains('$'))
        .collect();
    assert_eq!(written, expanded);
}
