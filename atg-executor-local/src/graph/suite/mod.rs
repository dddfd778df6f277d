//! What every store of a graph must do, as tests that know the trait and nothing else.
//!
//! `graph_store_suite!(make)` expands every case for one store. `make` is an `async fn` whose answer lends the store as
//! `store()` and cleans up when it is dropped. Cases make tenants of their own, so a store may be shared.

mod fixture;
pub(crate) mod writing;

/// Expands every case for the store that `$make` makes. A case that hangs looks like one that passes, so each has a limit.
macro_rules! graph_store_suite {
    ($make:path) => {
        $crate::graph::suite::graph_store_suite! { @cases $make;
            writing {
                a_first_scan_adds_everything
            }
        }
    };
    (@cases $make:path; $($module:ident { $($case:ident)* })*) => {
        $($(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let made = $make().await;
                let limit = std::time::Duration::from_secs(60);
                tokio::time::timeout(limit, $crate::graph::suite::$module::$case(made.store()))
                    .await
                    .expect("the case takes less than a minute");
            }
        )*)*
    };
}
pub(crate) use graph_store_suite;
