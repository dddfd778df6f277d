use std::time::Duration;

use http::HeaderValue;
use rstest::rstest;

use super::*;
use crate::clock::RuntimeClock;

fn clock() -> Arc<dyn Clock> {
    Arc::new(RuntimeClock::starting_at(Timestamp::UNIX_EPOCH))
}

fn call(kind: CallKind, lane: &str) -> Call {
    Call {
        bucket: QuotaBucket {
            principal: "p".to_owned(),
            within: None,
            kind,
            provider: None,
        },
        provider: None,
        lane: lane.to_owned(),
        cost: 1,
    }
}

fn headers(given: &[(&'static str, &'static str)]) -> HeaderMap {
    given
        .iter()
        .map(|(name, value)| {
            (
                http::HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn lanes_take_turns_however_long_their_queues_are() {
    let budget = Budget::in_memory(clock());
    let (sender, mut order) = tokio::sync::mpsc::unbounded_channel();
    // A hundred of the first lane queue before the one of the second comes.
    for (lane, count) in [("long", 100), ("short", 3)] {
        for _ in 0..count {
            let (budget, sender) = (Arc::clone(&budget), sender.clone());
            tokio::spawn(async move {
                let leave = budget
                    .acquire(&call(CallKind::ResourceGraphQuery, lane))
                    .await
                    .unwrap();
                sender.send(lane).unwrap();
                leave.answered(StatusCode::OK, &HeaderMap::new());
            });
            tokio::task::yield_now().await;
        }
    }
    let mut first = Vec::new();
    for _ in 0..30 {
        first.push(order.recv().await.unwrap());
    }
    // Fifteen of the long lane had leave before the others came; then they alternate.
    let place = first.iter().rposition(|lane| *lane == "short");
    assert!(place.is_some_and(|place| place < 24), "{first:?}");
    assert_eq!(
        first.iter().filter(|lane| **lane == "short").count(),
        3,
        "{first:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn whoever_gives_up_waiting_holds_nobody_up() {
    let budget = Budget::in_memory(clock());
    for _ in 0..15 {
        let leave = budget
            .acquire(&call(CallKind::ResourceGraphQuery, "a"))
            .await
            .unwrap();
        leave.answered(StatusCode::OK, &HeaderMap::new());
    }
    let wanted = call(CallKind::ResourceGraphQuery, "a");
    let waits = tokio::time::timeout(Duration::from_secs(1), budget.acquire(&wanted));
    assert!(waits.await.is_err(), "the window is used up");
    let leave = tokio::time::timeout(Duration::from_secs(6), budget.acquire(&wanted));
    drop(leave.await.expect("a new window begins").unwrap());
}

#[rstest]
#[case::that_names_itself(&[("x-ms-ratelimit-remaining-resource", "Microsoft.Compute/HighCostGet3Min;0")])]
#[case::while_resource_manager_has_enough(&[("x-ms-ratelimit-remaining-subscription-reads", "200")])]
#[tokio::test(start_paused = true)]
async fn a_provider_that_refuses_is_waited_for_alone(#[case] answer: &[(&'static str, &'static str)]) {
    let clock = clock();
    let budget = Budget::in_memory(Arc::clone(&clock));
    let of = |provider: &str| Call {
        provider: Some(provider.to_owned()),
        ..call(CallKind::SubscriptionRead, "")
    };
    let leave = budget.acquire(&of("microsoft.compute")).await.unwrap();
    let mut given = headers(answer);
    given.insert("retry-after", HeaderValue::from_static("20"));
    leave.answered(StatusCode::TOO_MANY_REQUESTS, &given);

    let start = clock.now();
    drop(budget.acquire(&of("microsoft.network")).await.unwrap());
    assert!(clock.now().duration_since(start).as_secs() < 1, "others go on");
    drop(budget.acquire(&of("microsoft.compute")).await.unwrap());
    assert!(
        clock.now().duration_since(start).as_secs() >= 19,
        "that one waits"
    );
}

#[tokio::test(start_paused = true)]
async fn a_report_tells_calls_refusals_and_the_floor() {
    let budget = Budget::in_memory(clock());
    for number in 0..16 {
        let leave = budget
            .acquire(&call(CallKind::ResourceGraphQuery, "a"))
            .await
            .unwrap();
        let status = if number == 3 {
            StatusCode::TOO_MANY_REQUESTS
        } else {
            StatusCode::OK
        };
        leave.answered(status, &HeaderMap::new());
    }
    let rows = budget.report();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].calls, rows[0].cost, rows[0].refused), (16, 16, 1));
    assert_eq!(floor(&rows), Duration::ZERO);
    assert!(rows[0].took >= Duration::from_secs(5), "{rows:?}");
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_cannot_be_reached_is_an_error_and_not_leave() {
    #[derive(Debug)]
    struct Gone;
    #[async_trait::async_trait]
    impl QuotaLedger for Gone {
        async fn take(&self, _: &QuotaBucket, _: &QuotaLimit, _: u32) -> Result<QuotaVerdict> {
            Err(atg_sdk::Error::new(
                atg_sdk::ErrorKind::Unavailable,
                "reach the ledger",
            ))
        }
        fn settle(&self, _: &QuotaBucket, _: &QuotaLimit, _: &QuotaReading) {}
    }
    let budget = Budget::new(Arc::new(Gone), clock(), BTreeMap::new());
    let error = budget.acquire(&call(CallKind::TenantRead, "")).await.unwrap_err();
    assert_eq!(error.kind(), atg_sdk::ErrorKind::Unavailable);
}
