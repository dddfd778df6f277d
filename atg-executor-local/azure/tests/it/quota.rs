//! The simulation of the example `quota`, held to what it shows.

#[path = "../../examples/quota/simulation.rs"]
mod simulation;

use simulation::{Outcome, Scenario, Work, run, scenarios};

fn simulate(scenario: &Scenario, seed: u64) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(run(scenario, seed))
}

/// The aim, in every case of the table: less than one call in a hundred refused, nine tenths of what there is used.
#[test]
fn hardly_a_call_is_refused_and_hardly_any_quota_left() {
    for mut scenario in scenarios() {
        // Buckets have nothing to do with one another: eight of them show what thirty do. Queries share one.
        if scenario.work == Work::Reads {
            scenario.subscriptions = 8;
        }
        let outcome = simulate(&scenario, 7);
        let (used, _) = outcome.used_percent();
        let shown = format!(
            "{}: {} refused of {}, {used:.1} % used, {:?} over a floor of {:?}; {:?}",
            scenario.name,
            outcome.tally.refused(),
            outcome.tally.total(),
            outcome.took,
            outcome.floor,
            outcome.buckets
        );
        assert!(outcome.refused_percent() < 1.0, "{shown}");
        assert!(used >= 90.0, "{shown}");
        let good = outcome.tally.total() - outcome.tally.refused();
        assert_eq!(good, (scenario.subscriptions * scenario.calls) as u64, "{shown}");
    }
}

#[test]
fn a_slow_subscription_holds_up_nobody_else() {
    let mut slow = scenarios()
        .into_iter()
        .find(|scenario| scenario.slow != scenario.latency)
        .unwrap();
    slow.subscriptions = 8;
    let outcome = simulate(&slow, 3);
    let others = outcome.done[1..].iter().max().unwrap();
    assert!(others.as_secs_f64() < 30.0 * 1.05, "{others:?}");
}

#[test]
fn no_subscription_is_served_long_before_the_others_where_all_share_one_quota() {
    let queries = scenarios().into_iter().last().unwrap();
    let outcome = simulate(&queries, 5);
    // Work that waits together ends together: nobody's ten pages come after all others' three hundred. The first two came
    // before anybody had to wait.
    let mut done: Vec<_> = outcome
        .done
        .iter()
        .map(std::time::Duration::as_secs_f64)
        .collect();
    done.sort_by(f64::total_cmp);
    assert!(done[2] > done[29] * 0.9, "{done:?}");
}
