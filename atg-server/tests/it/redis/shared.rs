//! What servers share besides jobs: how often callers call, and what is left of Azure's quota.

use std::time::Duration;

use atg_sdk::quota::{CallKind, QuotaBucket, QuotaLedger as _, QuotaReading, QuotaVerdict};
use atg_server::{
    http::{Rate, RateLimiter as _},
    queue::{Policy, RedisQueue},
};
use futures::future;

use super::fresh;

#[tokio::test(flavor = "multi_thread")]
async fn three_servers_together_let_in_as_many_calls_as_one() {
    let options = fresh();
    let mut limiters = Vec::new();
    for _ in 0..3 {
        let queue = RedisQueue::open(options.clone(), Policy::default())
            .await
            .unwrap();
        limiters.push(queue.rates());
    }
    let rate = Rate {
        calls: 40,
        window: Duration::from_secs(600),
    };
    let calls = (0..300).map(|call| limiters[call % 3].count("key/somebody", rate));
    let decisions: Vec<_> = future::join_all(calls)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let allowed = decisions.iter().filter(|decision| decision.allowed).count();
    // A forty-first would come back after 15 s.
    assert_eq!(allowed, 40);
    let refused = decisions.iter().find(|decision| !decision.allowed).unwrap();
    assert!(
        refused.reset > Duration::ZERO && refused.reset <= Duration::from_secs(15),
        "{refused:?}"
    );
    assert!(
        limiters[0]
            .count("key/somebody else", rate)
            .await
            .unwrap()
            .allowed
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_share_one_quota() {
    let options = fresh();
    let mut ledgers = Vec::new();
    for _ in 0..3 {
        let queue = RedisQueue::open(options.clone(), Policy::default())
            .await
            .unwrap();
        ledgers.push(queue.quota());
    }
    let bucket = QuotaBucket {
        principal: "p".to_owned(),
        within: None,
        kind: CallKind::ResourceGraphQuery,
        provider: None,
    };
    let limit = CallKind::ResourceGraphQuery.documented();
    let burst = usize::try_from(limit.burst).unwrap();
    let calls = (0..3 * burst).map(|call| ledgers[call % 3].take(&bucket, &limit, 1));
    let verdicts: Vec<_> = future::join_all(calls)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let granted = verdicts
        .iter()
        .filter(|verdict| **verdict == QuotaVerdict::Granted)
        .count();
    assert_eq!(granted, burst, "as if there were one worker");
    // What one of them hears, all know: somebody else has used the next window up.
    let reading = QuotaReading {
        cost: 1,
        answered: true,
        refused: true,
        remaining: Some(0.0),
        retry_after: Some(Duration::from_secs(60)),
        ..QuotaReading::default()
    };
    ledgers[0].settle(&bucket, &limit, &reading);
    let told = async {
        loop {
            match ledgers[2].take(&bucket, &limit, 1).await.unwrap() {
                QuotaVerdict::Wait(time) if time > Duration::from_secs(30) => return,
                _ => tokio::task::yield_now().await,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), told).await.unwrap();
}
