//! The suite that every [`Executor`](crate::Executor) must pass.
//!
//! A crate that implements the trait switches the feature `conformance` on for its tests, says in a [`Fixture`] how to
//! make its executor, and expands the suite in its integration tests. Every case becomes a test of its own, so there is
//! no list to keep up to date anywhere else:
//!
//! ```
//! # use std::sync::Arc;
//! # use atg_sdk::{Executor, conformance::Fixture};
//! struct Mine;
//!
//! #[async_trait::async_trait]
//! impl Fixture for Mine {
//!     async fn executor(&self, concurrency: usize) -> Arc<dyn Executor> {
//! #       fn open(_: usize) -> Arc<dyn Executor> { unreachable!() }
//!         open(concurrency)
//!     }
//! }
//!
//! mod conformance {
//!     atg_sdk::conformance_suite!(super::Mine);
//! }
//! # fn main() {}
//! ```
//!
//! The cases are scripts for the `rehearsal` operation and wait for events, never for time. Each has a time limit, also
//! where the executor blocks its thread: a hang is a failure.

mod fixture;
mod run;
mod support;

// One module for each part of the contract. A case is a `pub async fn` of one of them.
pub mod artifacts;
pub mod cancelling;
pub mod deleting;
pub mod inputs;
pub mod listing;
pub mod outcomes;
pub mod running;
pub mod submitting;
pub mod watching;

pub use fixture::Fixture;
pub use run::run;

/// Expands to one `#[test]` for every case, against a fresh value of the given expression, a [`Fixture`].
#[macro_export]
macro_rules! conformance_suite {
    ($fixture:expr) => {
        $crate::conformance_suite! { @expand $fixture;
            artifacts: a_bad_name_fails_the_job;
            artifacts: a_download_writes_whole_files_and_replaces_old_ones;
            artifacts: a_half_read_file_harms_nobody;
            artifacts: a_job_that_did_not_complete_leaves_no_files;
            artifacts: an_empty_file_is_a_file;
            artifacts: files_appear_when_the_job_has_ended;
            artifacts: files_are_what_the_job_says_they_are;
            artifacts: names_that_nobody_wrote_are_not_found;
            artifacts: ranges_are_cut_at_the_end_and_refused_past_it;
            cancelling: a_cancelled_job_makes_room_for_the_next;
            cancelling: a_queued_job_ends_at_once;
            cancelling: a_race_with_the_end_has_one_winner;
            cancelling: a_running_job_stops;
            cancelling: an_ended_job_is_returned_unchanged;
            cancelling: many_wishes_are_recorded_once;
            deleting: a_deleted_id_is_gone_for_submissions;
            deleting: a_job_that_has_not_ended_stays;
            deleting: a_job_that_is_not_there_is_fine;
            deleting: an_ended_job_goes_with_its_files;
            inputs: a_directory_is_not_an_input;
            inputs: a_file_becomes_an_input;
            inputs: a_file_that_changed_is_never_read_as_it_is_now;
            inputs: a_known_input_is_confirmed_and_an_unknown_one_is_not;
            inputs: a_missing_file_is_not_found;
            inputs: a_stream_becomes_an_input_when_it_ends_well;
            inputs: an_empty_input_is_an_input;
            inputs: an_input_of_another_owner_is_unknown;
            inputs: an_unknown_input_is_refused_at_submission;
            inputs: bytes_become_an_input_named_by_their_digest;
            inputs: the_same_content_twice_is_one_input;
            listing: a_listing_goes_on_where_it_stopped;
            listing: an_executor_without_jobs_lists_none;
            listing: every_filter_admits_what_it_says;
            listing: many_jobs_come_newest_first;
            outcomes: a_partial_job_is_completed;
            outcomes: a_retryable_failure_is_tried_again_as_often_as_it_may;
            outcomes: every_kind_of_failure_keeps_its_kind_and_words;
            outcomes: the_output_is_what_the_operation_answered;
            outcomes: warnings_are_in_the_log_in_order;
            running: a_dropped_handle_does_not_stop_a_queued_job;
            running: a_dropped_handle_does_not_stop_a_running_job;
            running: jobs_at_the_same_time_do_not_mix;
            running: no_more_jobs_run_than_were_allowed;
            running: the_health_names_a_version_and_counts_jobs;
            submitting: a_finished_job_submitted_again_is_not_run_again;
            submitting: a_queued_job_submitted_again_runs_once;
            submitting: a_submitted_job_is_known_at_once;
            submitting: an_id_of_another_owner_is_a_conflict;
            submitting: an_unknown_job_is_not_found;
            submitting: another_request_under_the_same_id_is_a_conflict;
            submitting: one_request_sent_by_many_at_once_is_one_job;
            watching: a_flood_of_reports_is_thinned_out;
            watching: a_watch_begins_with_a_queued_job;
            watching: a_watch_follows_a_running_job;
            watching: a_watch_replays_the_log_and_ends;
            watching: a_watch_resumes_after_every_event;
            watching: an_unknown_job_is_not_found_and_the_watch_ends;
            watching: many_watchers_see_the_same;
            watching: progress_never_goes_back;
        }
    };
    (@expand $fixture:expr; $($module:ident: $case:ident;)+) => {
        $(
            #[test]
            fn $case() {
                $crate::conformance::run($fixture, $crate::conformance::$module::$case);
            }
        )+
    };
}

#[cfg(test)]
mod tests {
    /// A case that is written and not expanded would be a test that nobody runs.
    #[test]
    fn every_case_is_expanded() {
        let modules = [
            ("artifacts", include_str!("conformance/artifacts.rs")),
            ("cancelling", include_str!("conformance/cancelling.rs")),
            ("deleting", include_str!("conformance/deleting.rs")),
            ("inputs", include_str!("conformance/inputs.rs")),
            ("listing", include_str!("conformance/listing.rs")),
            ("outcomes", include_str!("conformance/outcomes.rs")),
            ("running", include_str!("conformance/running.rs")),
            ("submitting", include_str!("conformance/submitting.rs")),
            ("watching", include_str!("conformance/watching.rs")),
        ];
        let written: Vec<String> = modules
            .iter()
            .flat_map(|(module, source)| {
                let cases = source
                    .lines()
                    .filter_map(|line| line.strip_prefix("pub async fn "));
                cases.map(move |rest| format!("{module}: {};", rest.split('(').next().unwrap_or_default()))
            })
            .collect();
        let own = include_str!("conformance.rs");
        let expanded: Vec<_> = own
            .lines()
            .skip_while(|line| !line.contains("@expand $fixture;"))
            .map(str::trim)
            .take_while(|line| *line != "}")
            .filter(|line| line.ends_with(';') && !line.contains('$'))
            .collect();
        let mut sorted = written.clone();
        sorted.sort();
        assert_eq!(sorted, expanded);
        let declared = own.lines().filter(|line| line.starts_with("pub mod ")).count();
        assert_eq!(declared, modules.len());
    }
}
