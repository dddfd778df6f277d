//! The simulated Azure on a bad day: refusals, cuts, tokens taken back; and its quotas, counted by somebody else.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use atg_azure::{
    Azure, RetryPolicy,
    budget::{Budget, MemoryLedger},
    clock::{Clock, SystemClock},
    transport::{Request, ResourceGraphQuery, Transport},
    wire::{ConnectionOptions, Connections, Limits, Wire as _},
};
use atg_azure_sim::{Fault, Limits as Quota, Matching, Quotas, Rate, RetryAfter, Rule, Schedule, Simulator};
use atg_sdk::quota::{CallKind, QuotaLimit};
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use serde::Deserialize;

use crate::simulator::{connect, demo, ids, options, start, with_secret};

/// Patience for a bad day that passes quickly.
fn patient() -> RetryPolicy {
    RetryPolicy::default()
        .with_tries(20)
        .with_first(Duration::from_millis(2))
}

fn rule(service: &str, per_mille: u16, fault: Fault) -> Rule {
    Rule {
        matching: Matching {
            service: Some(service.to_owned()),
            ..Matching::default()
        },
        fault,
        per_mille,
        times: None,
        skip: 0,
    }
}

/// The resource groups and resources of every subscription.
async fn inventory(transport: &Transport) -> BTreeSet<String> {
    let (subscriptions, _) = ids(transport, "/subscriptions?api-version=2022-12-01").await;
    let mut found = BTreeSet::new();
    for subscription in subscriptions {
        for list in ["resourceGroups", "resources"] {
            found.extend(
                ids(
                    transport,
                    &format!("{subscription}/{list}?api-version=2021-04-01"),
                )
                .await
                .0,
            );
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_bad_day_nothing_is_lost() {
    let simulator = start(&demo(), |_| {}).await;
    let quiet = connect(options(&simulator, &with_secret(&simulator))).await;
    let all = inventory(&quiet).await;
    assert!(all.len() > 100, "{}", all.len());
    let mut applied = 0;
    for seed in 0..4 {
        // A fifth of all calls go wrong in one way or another.
        let refusal = Fault::TooManyRequests {
            retry_after: RetryAfter::Seconds,
            seconds: 0,
        };
        let rules = [
            refusal,
            Fault::ServerError { status: 503 },
            Fault::ServerError { status: 500 },
            Fault::Cut,
            Fault::Truncated,
            Fault::InvalidJson,
            Fault::ExpiredToken,
            Fault::ClaimsChallenge,
        ];
        let rules = rules.into_iter().map(|fault| rule("arm", 25, fault)).collect();
        simulator.set_faults(Schedule { seed, rules });
        let transport = connect(options(&simulator, &with_secret(&simulator)).with_retry(patient())).await;
        assert_eq!(inventory(&transport).await, all, "seed {seed}");
        let tally = transport.tally();
        assert!(tally.repeated + tally.renewed > 0, "{tally:?}");
        applied += simulator.faults_applied().len();
    }
    assert!(applied > 20, "{applied}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_leads_to_itself_is_an_error_and_no_shorter_list() {
    let simulator = start(&demo(), |_| {}).await;
    let transport = connect(options(&simulator, &with_secret(&simulator))).await;
    let (subscriptions, _) = ids(&transport, "/subscriptions?api-version=2022-12-01").await;
    // The longest list, so that there is a page between the first and the last.
    let mut lists = Vec::new();
    for subscription in subscriptions {
        let list = format!("{subscription}/resources?api-version=2021-04-01");
        lists.push((ids(&transport, &list).await.1, list));
    }
    let (pages, list) = lists.iter().max().unwrap();
    assert!(*pages > 2, "{lists:?}");
    simulator.set_faults(Schedule {
        seed: 1,
        rules: vec![Rule {
            skip: 1,
            ..rule("arm", 1_000, Fault::RepeatedPage)
        }],
    });
    let list = Request::get(transport.cloud(), list).unwrap();
    let mut pages = transport.pages(list);
    let error = loop {
        match pages.next().await.expect("it does not end as if it were whole") {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(error.message().contains("not complete"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_are_taken_back_in_the_middle_are_replaced_once_for_all() {
    let simulator = start(&demo(), |_| {}).await;
    let transport = connect(options(&simulator, &with_secret(&simulator))).await;
    let before = inventory(&transport).await;
    simulator.revoke_tokens();
    let again = stream::iter(0..8)
        .map(|_| inventory(&transport))
        .buffer_unordered(8);
    let all: Vec<_> = again.collect().await;
    assert!(all.iter().all(|found| *found == before));
    assert!(transport.tally().renewed > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_of_the_second_version_where_it_is_offered() {
    let simulator = start(&demo(), |_| {}).await;
    let trusting = ConnectionOptions::default()
        .without_proxy()
        .with_extra_ca(simulator.ca_pem());
    let wire = Connections::new(&trusting).unwrap();
    let address = format!("{}/metadata/endpoints?api-version=2022-09-01", simulator.origin());
    let request = http::Request::get(address).body(Bytes::new()).unwrap();
    let answer = wire.exchange(request, Limits::default()).await.unwrap();
    assert_eq!(answer.version(), http::Version::HTTP_2);
}

#[derive(Deserialize)]
struct HasId {
    id: String,
}

/// Every row of a query, in pages of fifty.
async fn rows(transport: &Transport, query: &str) -> (Vec<String>, usize) {
    let query = ResourceGraphQuery::new(query).with_rows(50);
    let mut pages = transport.query(query, "").unwrap();
    let (mut found, mut count) = (Vec::new(), 0);
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        assert!(!page.is_truncated());
        count += 1;
        found.extend(
            page.items()
                .map(|row| serde_json::from_str::<HasId>(row).unwrap().id.to_lowercase()),
        );
    }
    (found, count)
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_page_through_the_same_inventory_as_lists() {
    let simulator = start(&demo(), |_| {}).await;
    let transport = connect(options(&simulator, &with_secret(&simulator))).await;
    let lists = inventory(&transport).await;
    let (resources, pages) = rows(&transport, "resources | project id, type | order by id asc").await;
    assert!(pages > 2, "{pages}");
    let query = "resourcecontainers | where type =~ 'microsoft.resources/subscriptions/resourcegroups' | project id | order by id asc";
    let (groups, _) = rows(&transport, query).await;
    let found: BTreeSet<_> = resources.iter().chain(&groups).cloned().collect();
    assert_eq!(found.len(), resources.len() + groups.len(), "no row comes twice");
    let missing: Vec<_> = lists.difference(&found).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_directory_is_paged_through_in_microsoft_graphs_own_way() {
    let simulator = start(&demo(), |_| {}).await;
    let transport = connect(options(&simulator, &with_secret(&simulator))).await;
    for (kind, path) in [
        ("user", "users"),
        ("group", "groups"),
        ("servicePrincipal", "servicePrincipals"),
    ] {
        let request = Request::get_graph(transport.cloud(), &format!("/v1.0/{path}?$select=id")).unwrap();
        let mut pages = transport.pages(request);
        let mut found = BTreeSet::new();
        while let Some(page) = pages.next().await {
            found.extend(
                page.unwrap()
                    .items()
                    .map(|item| serde_json::from_str::<HasId>(item).unwrap().id),
            );
        }
        let expected: BTreeSet<_> = simulator.object_ids(kind).into_iter().collect();
        assert!(!expected.is_empty(), "{kind}");
        assert_eq!(found, expected, "{kind}");
    }
}

/// A tenth of Azure's reads, so that it takes seconds of real time: the simulator counts, and knows nothing of our count.
const BURST: u32 = 25;
const RATE: u32 = 25;

async fn against_quota(simulator: &Simulator, calls: usize) -> Transport {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let limit = QuotaLimit::steady(BURST, RATE);
    let limits = BTreeMap::from([(CallKind::SubscriptionRead, limit), (CallKind::TenantRead, limit)]);
    let ledger = Arc::new(MemoryLedger::new(Arc::clone(&clock)));
    let budget = Budget::new(ledger, Arc::clone(&clock), limits);
    let azure = Azure::with_budget(options(simulator, &with_secret(simulator)), budget, clock);
    let transport = azure.transport().await.unwrap().clone();
    let (subscriptions, _) = ids(&transport, "/subscriptions?api-version=2022-12-01").await;
    stream::iter(subscriptions.iter().flat_map(|id| (0..calls).map(move |_| id)))
        .for_each_concurrent(100, |id| {
            let request = Request::get(transport.cloud(), &format!("{id}?api-version=2022-12-01")).unwrap();
            let transport = transport.clone();
            async move {
                transport.send(&request).await.unwrap();
            }
        })
        .await;
    transport
}

#[tokio::test(flavor = "multi_thread")]
async fn the_simulators_own_count_of_its_quota_refuses_hardly_a_call() {
    for stolen in [0.0, 0.5] {
        let simulator = start(&demo(), |config| {
            config.quotas = Quotas::Faithful(Quota {
                reads: Rate {
                    size: f64::from(BURST),
                    per_second: f64::from(RATE),
                },
                stolen,
                ..Quota::default()
            });
        })
        .await;
        let transport = against_quota(&simulator, 80).await;
        let tally = transport.tally();
        // A machine that stands still for a moment sends what it had leave for all at once: a few are forgiven.
        assert!(
            tally.refused() * 50 <= tally.total(),
            "{stolen} stolen: {tally:?}"
        );
        let rows = transport.budget().report();
        assert!(rows.iter().all(|row| row.calls - row.refused >= 1), "{rows:?}");
    }
}
