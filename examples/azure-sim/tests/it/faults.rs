//! What goes wrong on purpose.

use std::time::Duration;

use atg_azure_sim::{Fault, Matching, RetryAfter, Rule, Schedule};
use rstest::rstest;
use serde_json::json;

use crate::client::{ARM, Azure, GRAPH, demo};

fn rule(fault: Fault) -> Rule {
    Rule {
        matching: Matching {
            contains: Some("/resources?".to_owned()),
            ..Matching::default()
        },
        fault,
        per_mille: 1000,
        times: Some(1),
        skip: 0,
    }
}

async fn with(rules: Vec<Rule>) -> (Azure, String, String) {
    let mut config = demo();
    config.pages.arm = 10;
    config.faults = Schedule { seed: 1, rules };
    let azure = Azure::start(config).await;
    let token = azure.token(ARM).await;
    let subscription = azure.rows(|id| id.split('/').count() == 3).pop_last().unwrap();
    (
        azure,
        token,
        format!("{subscription}/resources?api-version=2021-04-01"),
    )
}

#[rstest]
#[case(Fault::Forbidden, 403, "AuthorizationFailed")]
#[case(Fault::NotFound, 404, "ResourceNotFound")]
#[case(Fault::TooManyRequests { retry_after: RetryAfter::Seconds, seconds: 7 }, 429, "SubscriptionRequestsThrottled")]
#[case(Fault::ServerError { status: 503 }, 503, "ServiceUnavailable")]
#[case(Fault::ServerError { status: 500 }, 500, "InternalServerError")]
#[case(Fault::ExpiredToken, 401, "ExpiredAuthenticationToken")]
#[case(Fault::ClaimsChallenge, 401, "InvalidAuthenticationToken")]
#[case(Fault::NoRegisteredProvider, 400, "NoRegisteredProviderFound")]
#[tokio::test]
async fn an_error_comes_once_and_then_the_answer(
    #[case] fault: Fault,
    #[case] status: u16,
    #[case] code: &str,
) {
    let (azure, token, target) = with(vec![rule(fault)]).await;
    let answer = azure.get(&token, &target).await;
    assert_eq!((answer.status, answer.code()), (status, code), "{answer:?}");
    assert_eq!(answer.header("retry-after"), (status == 429).then_some("7"));
    assert_eq!(azure.get(&token, &target).await.status, 200);
    assert_eq!(azure.simulator.faults_applied()[0].applied, 1);
}

#[tokio::test]
async fn connections_and_bodies_end_early() {
    let (azure, token, target) = with(vec![
        rule(Fault::Cut),
        rule(Fault::Truncated),
        rule(Fault::InvalidJson),
    ])
    .await;
    let url = format!("{}{target}", azure.simulator.origin());
    assert!(azure.http.get(&url).bearer_auth(&token).send().await.is_err());
    // Over HTTP/2 the whole answer is reset, over HTTP/1 its body ends.
    let ends = match azure.http.get(&url).bearer_auth(&token).send().await {
        Ok(response) => response.text().await.is_err(),
        Err(_) => true,
    };
    assert!(ends);
    let plain = format!("{}{target}", azure.simulator.http_origin());
    azure.simulator.set_faults(Schedule {
        seed: 1,
        rules: vec![rule(Fault::Truncated), rule(Fault::InvalidJson)],
    });
    let response = azure.http.get(&plain).bearer_auth(&token).send().await.unwrap();
    assert!(response.status() == 200 && response.text().await.is_err());
    let half = azure
        .http
        .get(&url)
        .bearer_auth(&token)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(&half).is_err());
    assert_eq!(azure.get(&token, &target).await.status, 200);
}

#[tokio::test]
async fn pages_come_twice_and_empty_and_links_go_bad() {
    let (azure, token, target) = with(Vec::new()).await;
    let (all, _) = azure.all(&token, &target).await;
    for fault in [Fault::RepeatedPage, Fault::EmptyPage] {
        azure.simulator.set_faults(Schedule {
            seed: 1,
            rules: vec![rule(fault.clone())],
        });
        let (mut ids, mut next, mut pages) = (Vec::new(), Some(target.clone()), 0);
        while let Some(target) = next {
            let page = azure.get(&token, &target).await;
            ids.extend(page.ids());
            pages += 1;
            next = page
                .body
                .get("nextLink")
                .map(|link| link.as_str().unwrap().to_owned());
        }
        let distinct: std::collections::BTreeSet<_> = ids.iter().map(|id| id.to_lowercase()).collect();
        assert_eq!(distinct, all, "{fault:?} loses nothing");
        assert_eq!(ids.len() > all.len(), fault == Fault::RepeatedPage);
        assert_eq!(pages, all.len().div_ceil(10) + 1);
    }
    azure.simulator.set_faults(Schedule {
        seed: 1,
        rules: vec![rule(Fault::CursorRefused)],
    });
    let page = azure.get(&token, &target).await;
    assert_eq!(page.status, 200, "only requests for a next page are hit");
    azure.simulator.set_faults(Schedule {
        seed: 1,
        rules: vec![rule(Fault::CursorRefused)],
    });
    let link = page.body["nextLink"].as_str().unwrap();
    assert_eq!(azure.get(&token, link).await.code(), "InvalidSkipToken");
}

#[tokio::test]
async fn the_seed_decides_whatever_the_order() {
    let rules = vec![Rule {
        times: None,
        per_mille: 300,
        matching: Matching::default(),
        ..rule(Fault::ServerError { status: 503 })
    }];
    let (azure, token, _) = with(Vec::new()).await;
    let targets: Vec<String> = azure
        .rows(|id| id.contains("/providers/"))
        .into_iter()
        .take(60)
        .collect();
    let mut outcomes = Vec::new();
    for (seed, reversed) in [(5, false), (5, true), (6, false)] {
        azure.simulator.set_faults(Schedule {
            seed,
            rules: rules.clone(),
        });
        let mut order = targets.clone();
        if reversed {
            order.reverse();
        }
        let mut hit = std::collections::BTreeSet::new();
        for id in order {
            if azure
                .get(&token, &format!("{id}?api-version=2021-04-01"))
                .await
                .status
                == 503
            {
                hit.insert(id);
            }
        }
        outcomes.push(hit);
    }
    assert_eq!(outcomes[0], outcomes[1]);
    assert_ne!(outcomes[0], outcomes[2]);
    assert!((5..35).contains(&outcomes[0].len()), "{}", outcomes[0].len());
}

#[tokio::test]
async fn slow_answers_wait_by_the_injected_clock() {
    let clock = std::sync::Arc::new(atg_azure_sim::VirtualClock::new(
        "2026-01-01T00:00:00Z".parse().unwrap(),
    ));
    let mut config = demo();
    config.clock = std::sync::Arc::clone(&clock) as _;
    config.faults = Schedule {
        seed: 1,
        rules: vec![rule(Fault::Slow { milliseconds: 60_000 })],
    };
    let azure = Azure::start(config).await;
    let token = azure.token(ARM).await;
    let subscription = azure.rows(|id| id.split('/').count() == 3).pop_last().unwrap();
    let target = format!("{subscription}/resources?api-version=2021-04-01");
    let pending = azure.get(&token, &target);
    tokio::pin!(pending);
    let quick = tokio::time::timeout(Duration::from_millis(200), pending.as_mut()).await;
    assert!(quick.is_err(), "it waits");
    clock.advance(Duration::from_secs(60));
    assert_eq!(pending.await.status, 200);
}

#[tokio::test]
async fn a_batch_has_faults_inside() {
    let azure = Azure::demo().await;
    let token = azure.token(GRAPH).await;
    let matching = Matching {
        service: Some("graph".to_owned()),
        contains: Some("/groups".to_owned()),
        ..Matching::default()
    };
    let fault = Fault::TooManyRequests {
        retry_after: RetryAfter::Absent,
        seconds: 1,
    };
    azure.simulator.set_faults(Schedule {
        seed: 1,
        rules: vec![Rule {
            matching,
            ..rule(fault)
        }],
    });
    let requests = json!({"requests": [{"id": "u", "method": "GET", "url": "/users"}, {"id": "g", "method": "GET", "url": "/groups"}]});
    let answer = azure
        .ask(&token, reqwest::Method::POST, "/v1.0/$batch", Some(requests))
        .await;
    let statuses: Vec<_> = answer.body["responses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["id"].clone(), one["status"].clone()))
        .collect();
    assert!(
        statuses.contains(&(json!("u"), json!(200))) && statuses.contains(&(json!("g"), json!(429))),
        "{statuses:?}"
    );
}
