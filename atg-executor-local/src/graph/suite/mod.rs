//! What every store of a graph must do, as tests that know the trait and nothing else.
//!
//! `graph_store_suite!(make)` expands every case for one store. `make` is an `async fn` whose answer lends the store as
//! `store()` and cleans up when it is dropped. Cases make tenants of their own, so a store may be shared.

pub(crate) mod aliases;
pub(crate) mod edges;
pub(crate) mod exchange;
pub(crate) mod fixture;
pub(crate) mod going_on;
pub(crate) mod leaving;
pub(crate) mod locking;
pub(crate) mod removal;
pub(crate) mod writing;

/// Expands every case for the store that `$make` makes. A case that hangs looks like one that passes, so each has a limit.
macro_rules! graph_store_suite {
    ($make:path $(, #[$attribute:meta])?) => {
        $crate::graph::suite::graph_store_suite! { @cases $make; [$($attribute)?]
            writing {
                a_first_scan_adds_everything
                an_unchanged_scan_writes_nothing
                a_change_is_told_with_its_path_and_both_values
                the_order_of_json_members_is_no_change
                numbers_and_odd_names_survive
                deep_properties_survive
                a_thin_source_clears_nothing
                a_whole_source_clears_what_it_no_longer_says
                a_stub_becomes_what_is_described_later
                what_stands_lower_never_overwrites
                one_spelling_is_kept_whatever_the_order
                of_two_descriptions_the_richer_counts
                neither_order_nor_batches_matter
                values_go_with_the_last_that_has_them
                a_node_of_another_tenant_is_refused
            }
            edges {
                an_edge_said_twice_is_one
                edge_properties_are_kept_and_changed
                a_list_decides_about_its_own_edges
                what_the_near_end_says_makes_the_far_end_superfluous
                what_is_assumed_holds_until_somebody_knows
                edges_can_be_worked_out_anew
            }
            aliases {
                an_alias_leads_to_the_one_that_has_it_whatever_the_order
                an_alias_that_two_have_leads_to_neither
                an_edge_follows_its_alias_though_nobody_read_it_again
                an_alias_goes_with_who_had_it
                what_aliases_led_survives_an_export
            }
            removal {
                without_a_licence_nothing_is_removed
                a_licence_ends_at_its_scope
                a_licence_is_for_its_classes
                other_tenants_are_out_of_reach
                what_is_still_pointed_at_becomes_a_stub
                what_a_new_edge_needs_is_there_although_it_was_removed
                what_was_seen_in_any_way_stays
            }
            going_on {
                a_stopped_scan_finds_its_checkpoints_in_their_order
                another_scan_drops_checkpoints
                a_scan_that_goes_on_counts_as_if_nothing_had_happened
                unseen_is_what_a_licence_covers_and_removes_nothing
                what_is_confirmed_to_be_gone_goes_unless_it_was_seen
            }
            leaving {
                what_a_scan_leaves_is_there_for_the_next_one
                after_a_stopped_scan_nothing_is_remembered
                an_import_leaves_nothing
                what_the_graph_holds_is_told_page_by_page
                what_is_gone_is_in_no_list_that_was_not_read_again
            }
            locking {
                a_second_scan_is_refused_by_name
                a_waiting_scan_gets_its_turn
                waiting_can_be_cancelled
                writing_can_be_cancelled
                a_dropped_writer_gives_the_tenant_back_incomplete
                a_scan_that_missed_something_mixes_nothing
            }
            exchange {
                an_export_comes_back_byte_for_byte
                without_history_nothing_tells_when_it_was
                a_scan_after_an_import_finds_everything_as_it_was
                an_import_refuses_what_is_there_and_replaces_when_told
                a_foreign_tenant_is_refused_before_anything_is_written
                bad_lines_are_named_and_nothing_is_changed
                a_cut_or_newer_export_is_refused
                forgetting_takes_one_tenant_and_no_other
                info_counts_what_is_there
            }
        }
    };
    (@cases $make:path; $attributes:tt $($module:ident { $($case:ident)* })*) => {
        $($(
            $crate::graph::suite::graph_store_suite! { @case $make; $attributes $module $case }
        )*)*
    };
    (@case $make:path; [$($attribute:meta)?] $module:ident $case:ident) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        $(#[$attribute])?
        async fn $case() {
            let made = $make().await;
            let limit = std::time::Duration::from_secs(60);
            tokio::time::timeout(limit, $crate::graph::suite::$module::$case(made.store()))
                .await
                .expect("the case takes less than a minute");
        }
    };
}
pub(crate) use graph_store_suite;
