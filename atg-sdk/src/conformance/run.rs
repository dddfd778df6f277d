//! One case in a runtime of its own, with a time limit.

use std::{future::Future, panic, sync::Arc, time::Duration};

use tokio::runtime::Builder;

use super::Fixture;

/// Carries out one case.
///
/// The case runs on a worker thread while this one keeps the time, so that an executor that blocks its thread is caught
/// as well.
///
/// # Panics
/// When the case does, and when it does not end in time: that is how a test fails.
pub fn run<C>(fixture: impl Fixture, case: impl FnOnce(Arc<dyn Fixture>) -> C)
where
    C: Future<Output = ()> + Send + 'static,
{
    let limit = fixture.time_limit();
    let fixture: Arc<dyn Fixture> = Arc::new(fixture);
    let runtime = match Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => panic!("no runtime for the case: {error}"),
    };
    let task = runtime.spawn(case(Arc::clone(&fixture)));
    let outcome = runtime.block_on(async { tokio::time::timeout(limit, task).await });
    // What the executor still does must not outlive the fixture's files for long, nor hold the test up.
    runtime.shutdown_timeout(Duration::from_secs(1));
    drop(fixture);
    match outcome {
        Ok(Ok(())) => {}
        Ok(Err(error)) => match error.try_into_panic() {
            Ok(reason) => panic::resume_unwind(reason),
            Err(error) => panic!("the case was given up: {error}"),
        },
        Err(_) => panic!("the case did not end within {limit:?}"),
    }
}
