//! After any changes, a scan of what changed leaves the graph that a scan of everything leaves.

use std::{collections::BTreeSet, ops::Range, sync::Arc, time::Duration};

use atg_azure_sim::{Config, Lag, Source, VirtualClock};
use futures::StreamExt as _;
use serde_json::json;

use super::{
    super::Place,
    begin,
    tenant::{Dice, Tenant},
};

/// Rounds of changes in one tenant.
const ROUNDS: u64 = 3;
/// Tenants at the same time.
const SIDE_BY_SIDE: usize = 12;

async fn run(seed: u64) {
    let mut tenant = Tenant::new(seed);
    let mut dice = Dice::new(seed ^ 0xd1ce);
    let clock = Arc::new(VirtualClock::new("2026-01-05T08:00:00Z".parse().unwrap()));
    let mut config = Config::new(Source::Lines(tenant.lines()));
    config.clock = Arc::<VirtualClock>::clone(&clock);
    // What Resource Graph does not know yet, the next scan has to find.
    let lag = Lag {
        resource_graph: if seed % 3 == 2 {
            1 + dice.below(4 * 3_600)
        } else {
            0
        },
        lists: 0,
    };
    config.lag = lag;
    let place = begin(config).await;
    place.scan(json!({})).await;
    for round in 0..ROUNDS {
        for _ in 0..1 + dice.below(8) {
            let changes = tenant.change();
            place.simulator.change(&changes).unwrap();
            clock.advance(Duration::from_secs(dice.below(3_600)));
        }
        clock.advance(Duration::from_secs(dice.below(40 * 3_600)));
        if dice.below(3) == 0 {
            place.scan(json!({ "incremental": true, "fast": true })).await;
            clock.advance(Duration::from_secs(60));
        }
        if lag != Lag::default() {
            // While the two sources contradict each other nothing goes, so that there is more than a fresh scan finds.
            for _ in 0..1 + dice.below(4) {
                let changes = tenant.change();
                place.simulator.change(&changes).unwrap();
                clock.advance(Duration::from_secs(dice.below(1 + lag.resource_graph / 5)));
            }
            // Resource Graph knows nothing of this yet.
            clock.advance(Duration::from_secs(2));
            place.scan(json!({ "incremental": true })).await;
            clock.advance(Duration::from_secs(lag.resource_graph + dice.below(60)));
            place.simulator.set_lag(Lag::default());
        }
        compare(&place, seed, round).await;
        place.simulator.set_lag(lag);
    }
}

async fn compare(place: &Place, seed: u64, round: u64) {
    let scanned = place.scan(json!({ "incremental": true })).await;
    assert!(scanned.output.success, "seed {seed}: {:?}", scanned.output);
    let units = scanned.manifest["units"].as_array().unwrap();
    assert!(
        units.iter().any(|unit| unit["collector"] == "resources/changed"),
        "seed {seed}: it went by what changed: {:?}",
        scanned.warnings
    );
    let fresh = Place::without_quota(Arc::clone(&place.simulator));
    fresh.scan(json!({})).await;
    let (own, whole) = (place.export().await, fresh.export().await);
    let only = |one: &str, other: &str| -> Vec<String> {
        let other: BTreeSet<&str> = other.lines().collect();
        let differing = one.lines().filter(|line| !other.contains(line));
        differing.map(str::to_owned).collect()
    };
    assert!(
        own == whole,
        "seed {seed}, round {round}: only after changes {:#?}, only afresh {:#?}; {:?}",
        only(&own, &whole),
        only(&whole, &own),
        scanned.warnings,
    );
}

/// Side by side: a scan spends most of its time waiting for the quota of Resource Graph.
async fn run_all(seeds: Range<u64>) {
    let seeds = futures::stream::iter(seeds);
    let runs = seeds
        .map(|seed| tokio::spawn(run(seed)))
        .buffer_unordered(SIDE_BY_SIDE);
    runs.for_each(|done| async { done.unwrap() }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changed_and_everything_leave_the_same_graph() {
    run_all(0..12).await;
}

/// Any number: `ATG_SEEDS=1000 cargo test -p atg-executor-local --test it any_number -- --ignored`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes as long as it is told to"]
async fn any_number_of_changes_leaves_the_same_graph() {
    let count = std::env::var("ATG_SEEDS").map_or(200, |text| text.parse().unwrap());
    let from = std::env::var("ATG_FIRST_SEED").map_or(1_000, |text| text.parse().unwrap());
    run_all(from..from + count).await;
}
