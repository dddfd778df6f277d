//! Quotas by a clock that stands still until it is moved.

use std::{sync::Arc, time::Duration};

use atg_azure_sim::{Config, Count, Limits, Principal, Provider, Quotas, RetryAfter, VirtualClock};
use serde_json::json;

use crate::client::{ARM, Answer, Azure, GRAPH, demo};

struct Metered {
    azure: Azure,
    clock: Arc<VirtualClock>,
    token: String,
    subscription: String,
}

async fn metered(limits: Limits) -> Metered {
    let clock = Arc::new(VirtualClock::new("2026-01-01T00:00:00Z".parse().unwrap()));
    let config = Config {
        clock: Arc::clone(&clock) as _,
        quotas: Quotas::Faithful(limits),
        ..demo()
    };
    let azure = Azure::start(config).await;
    let token = azure.token(ARM).await;
    let subscription = azure.rows(|id| id.split('/').count() == 3).pop_first().unwrap();
    Metered {
        azure,
        clock,
        token,
        subscription,
    }
}

impl Metered {
    async fn read(&self, token: &str) -> Answer {
        self.azure
            .get(token, &format!("{}?api-version=2022-12-01", self.subscription))
            .await
    }
}

#[tokio::test]
async fn reads_are_a_bucket_of_250_that_fills_with_25_a_second() {
    let metered = metered(Limits::default()).await;
    for left in (0..250_u32).rev() {
        let answer = metered.read(&metered.token).await;
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.header("x-ms-ratelimit-remaining-subscription-reads"),
            Some(&*left.to_string())
        );
    }
    let refused = metered.read(&metered.token).await;
    assert_eq!(
        (refused.status, refused.code()),
        (429, "SubscriptionRequestsThrottled")
    );
    assert_eq!(refused.header("retry-after"), Some("1"));
    // Another subscription has a bucket of its own, and so has another principal.
    let other = metered
        .azure
        .rows(|id| id.split('/').count() == 3)
        .pop_last()
        .unwrap();
    assert_eq!(
        metered
            .azure
            .get(&metered.token, &format!("{other}?api-version=2022-12-01"))
            .await
            .status,
        200
    );
    metered
        .azure
        .simulator
        .put_principal(Principal::reader("44444444-0000-4000-8000-000000000004", "s"));
    let second = metered
        .azure
        .token_of("44444444-0000-4000-8000-000000000004", "s", ARM)
        .await;
    let answer = metered.read(&second).await;
    assert_eq!(
        answer.header("x-ms-ratelimit-remaining-subscription-reads"),
        Some("249")
    );
    assert_eq!(
        answer.header("x-ms-ratelimit-remaining-subscription-global-reads"),
        Some("3499")
    );
    metered.clock.advance(Duration::from_secs(1));
    for _ in 0..25 {
        assert_eq!(metered.read(&metered.token).await.status, 200);
    }
    assert_eq!(metered.read(&metered.token).await.status, 429);
    let tallies = metered.azure.simulator.tallies();
    let key = format!(
        "arm/{}/{}/reads",
        Principal::CLIENT_ID,
        metered.subscription.rsplit('/').next().unwrap()
    );
    assert_eq!((tallies[&key].allowed, tallies[&key].refused), (275, 2));
}

#[tokio::test]
async fn queries_are_15_in_5_seconds_and_say_when_the_window_ends() {
    let metered = metered(Limits::default()).await;
    for left in (0..15).rev() {
        let answer = metered
            .azure
            .query(&metered.token, "resources | project id", json!({}))
            .await;
        assert_eq!(
            answer.header("x-ms-user-quota-remaining"),
            Some(&*left.to_string())
        );
        assert_eq!(answer.header("x-ms-user-quota-resets-after"), Some("00:00:05"));
    }
    metered.clock.advance(Duration::from_secs(3));
    let refused = metered
        .azure
        .query(&metered.token, "resources | project id", json!({}))
        .await;
    assert_eq!((refused.status, refused.code()), (429, "RateLimiting"));
    assert_eq!(refused.header("x-ms-user-quota-resets-after"), Some("00:00:02"));
    assert_eq!(refused.header("retry-after"), Some("2"));
    metered.clock.advance(Duration::from_secs(2));
    assert_eq!(
        metered
            .azure
            .query(&metered.token, "resources | project id", json!({}))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn microsoft_graph_counts_units_by_the_size_of_the_tenant() {
    let metered = metered(Limits::default()).await;
    let token = metered.azure.token(GRAPH).await;
    let answer = metered.azure.get(&token, "/v1.0/users").await;
    assert_eq!(answer.header("x-ms-resource-unit"), Some("2"));
    // Fourteen users are a small tenant: 3,500 units, of which 2 are used.
    let group = metered.azure.simulator.object_ids("group").remove(0);
    let expensive: Vec<_> = (0..20)
        .map(|id| json!({"id": id.to_string(), "method": "GET", "url": format!("/groups/{group}/transitiveMembers")}))
        .collect();
    for _ in 0..34 {
        let batch = metered
            .azure
            .ask(
                &token,
                reqwest::Method::POST,
                "/v1.0/$batch",
                Some(json!({"requests": expensive})),
            )
            .await;
        assert_eq!(batch.status, 200);
    }
    // 3,402 units are used; the 20th of these would be the 3,502nd.
    let batch = metered
        .azure
        .ask(
            &token,
            reqwest::Method::POST,
            "/v1.0/$batch",
            Some(json!({"requests": expensive})),
        )
        .await;
    let refused: Vec<_> = batch.body["responses"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|response| response["status"] == 429)
        .collect();
    assert_eq!(refused.len(), 1, "{batch:?}");
    assert_eq!(refused[0]["headers"]["Retry-After"], "10");
    metered.clock.advance(Duration::from_secs(10));
    assert_eq!(metered.azure.get(&token, "/v1.0/users").await.status, 200);
}

#[tokio::test]
async fn a_stolen_quota_fills_slower_and_a_refusal_may_say_nothing_or_a_date() {
    let metered = metered(Limits {
        stolen: 0.5,
        retry_after: RetryAfter::Absent,
        ..Limits::default()
    })
    .await;
    while metered.read(&metered.token).await.status == 200 {}
    let refused = metered.read(&metered.token).await;
    assert_eq!(refused.header("retry-after"), None);
    metered.clock.advance(Duration::from_secs(2));
    let mut allowed = 0;
    while metered.read(&metered.token).await.status == 200 {
        allowed += 1;
    }
    assert_eq!(allowed, 25);
    let dated = Limits {
        retry_after: RetryAfter::Date,
        reads: atg_azure_sim::Rate {
            size: 1.0,
            per_second: 0.1,
        },
        ..Limits::default()
    };
    metered.azure.simulator.set_quotas(Quotas::Faithful(dated));
    assert_eq!(metered.read(&metered.token).await.status, 200);
    assert_eq!(
        metered.read(&metered.token).await.header("retry-after"),
        Some("Thu, 01 Jan 2026 00:00:12 GMT")
    );
}

#[tokio::test]
async fn providers_and_reads_from_the_index_have_limits_of_their_own() {
    let limits = Limits {
        providers: vec![Provider {
            namespace: "Microsoft.Storage".to_owned(),
            reads: Count {
                count: 2,
                seconds: 300,
            },
        }],
        resource_graph_reads: Count {
            count: 1,
            seconds: 60,
        },
        ..Limits::default()
    };
    let metered = metered(limits).await;
    let storage = format!(
        "{}/providers/Microsoft.Storage/storageAccounts?api-version=2023-05-01",
        metered.subscription
    );
    for status in [200, 200, 429] {
        assert_eq!(metered.azure.get(&metered.token, &storage).await.status, status);
    }
    let compute = format!(
        "{}/providers/Microsoft.Compute/disks?api-version=2023-10-02&useResourceGraph=true",
        metered.subscription
    );
    for status in [200, 429] {
        assert_eq!(metered.azure.get(&metered.token, &compute).await.status, status);
    }
}
