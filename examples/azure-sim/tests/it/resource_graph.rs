//! Resource Graph: pages, totals, what is cut, what changed.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use atg_azure_sim::{Change, Lag, VirtualClock};
use rstest::rstest;
use serde_json::{Value, json};

use crate::client::{ARM, Azure, demo};

/// All rows of a query in pages of that size, and how many pages there were.
async fn pages(azure: &Azure, token: &str, query: &str, size: u64) -> (Vec<Value>, usize) {
    let (mut rows, mut count, mut skip) = (Vec::new(), 0, None::<String>);
    loop {
        let answer = azure
            .query(token, query, json!({"$top": size, "$skipToken": skip}))
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        rows.extend(answer.body["data"].as_array().unwrap().clone());
        count += 1;
        match answer.body.get("$skipToken") {
            Some(token) => skip = Some(token.as_str().unwrap().to_owned()),
            None => {
                assert_eq!(answer.body["totalRecords"], json!(rows.len()), "{query}");
                return (rows, count);
            }
        }
    }
}

#[rstest]
#[case("resources | project id, name | order by id asc")]
#[case("resources | where location == 'westeurope' | project id")]
#[case("resources | project id, name | order by name desc")]
#[case(
    "resources | join kind=leftouter (resourcecontainers | project group = name, subscriptionId) on subscriptionId | project id, group"
)]
#[case("resources | project id | union (resourcecontainers | project id)")]
#[tokio::test]
async fn pages_join_to_the_whole(#[case] query: &str) {
    let azure = Azure::demo().await;
    let token = azure.token(ARM).await;
    let (whole, one) = pages(&azure, &token, query, 1000).await;
    assert!(one == 1 && whole.len() > 20);
    for size in [1, 7, whole.len() as u64] {
        let (rows, count) = pages(&azure, &token, query, size).await;
        assert_eq!(rows, whole, "{query}");
        assert_eq!(count, whole.len().div_ceil(usize::try_from(size).unwrap()));
    }
}

#[tokio::test]
async fn without_ids_or_with_a_limit_there_is_no_second_page() {
    let azure = Azure::demo().await;
    let token = azure.token(ARM).await;
    for query in [
        "resources | project name",
        "resources | project id | take 50",
        "resources | distinct type",
    ] {
        let answer = azure.query(&token, query, json!({"$top": 5})).await;
        assert_eq!(answer.body["count"], 5, "{query}");
        assert_eq!(answer.body["resultTruncated"], "true", "{query}");
        assert!(answer.body.get("$skipToken").is_none(), "{query}");
    }
    let answer = azure
        .query(&token, "resources | project name", json!({"$top": 1000}))
        .await;
    assert_eq!(answer.body["resultTruncated"], "false");
}

#[tokio::test]
async fn a_token_of_another_query_is_refused() {
    let azure = Azure::demo().await;
    let token = azure.token(ARM).await;
    let page = azure
        .query(&token, "resources | project id", json!({"$top": 5}))
        .await;
    let skip = page.body["$skipToken"].clone();
    let other = azure
        .query(
            &token,
            "resources | project id, name",
            json!({"$top": 5, "$skipToken": skip}),
        )
        .await;
    assert_eq!((other.status, other.code()), (400, "BadRequest"));
}

#[tokio::test]
async fn rows_are_as_resource_graph_spells_them() {
    let azure = Azure::demo().await;
    let token = azure.token(ARM).await;
    let answer = azure
        .query(
            &token,
            "Resources | where type =~ 'Microsoft.Network/virtualNetworks' | take 1",
            json!({}),
        )
        .await;
    let row = &answer.body["data"][0];
    assert_eq!(row["type"], "microsoft.network/virtualnetworks");
    assert_eq!(row["tenantId"], azure.simulator.tenant_id());
    assert!(row["properties"]["subnets"].is_array() && row["managedBy"] == "" && row["sku"].is_null());
    assert!(row.get("systemData").is_none());
    let counted = azure
        .query(
            &token,
            "resources | summarize count() by type | order by count_ desc",
            json!({"$top": 1000}),
        )
        .await;
    let total: i64 = counted.body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["count_"].as_i64().unwrap())
        .sum();
    let all = azure.query(&token, "resources | count", json!({})).await;
    assert_eq!(all.body["data"][0]["Count"], total);
    let table = azure
        .query(
            &token,
            "resources | project name, type | take 2",
            json!({"resultFormat": "table"}),
        )
        .await;
    assert_eq!(table.body["data"]["columns"][1]["name"], "type");
    assert_eq!(table.body["data"]["rows"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_query_is_about_the_subscriptions_it_names() {
    let azure = Azure::demo().await;
    let token = azure.token(ARM).await;
    let subscription = azure.rows(|id| id.split('/').count() == 3).pop_first().unwrap();
    let id = subscription.rsplit('/').next().unwrap();
    let target = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01";
    let body = json!({"query": "resources | project id", "subscriptions": [id.to_uppercase()], "options": {"$top": 1000}});
    let answer = azure.ask(&token, reqwest::Method::POST, target, Some(body)).await;
    let (listed, _) = azure
        .all(
            &token,
            &format!("{subscription}/resources?api-version=2021-04-01"),
        )
        .await;
    assert_eq!(
        answer
            .ids()
            .into_iter()
            .map(|id| id.to_lowercase())
            .collect::<BTreeSet<_>>(),
        listed
    );
    let body = json!({"query": "resources", "subscriptions": ["00000000-0000-4000-8000-000000000000"]});
    let answer = azure.ask(&token, reqwest::Method::POST, target, Some(body)).await;
    assert_eq!(
        answer.body["error"]["details"][0]["code"],
        "NoValidSubscriptionsInQueryRequest"
    );
}

#[tokio::test]
async fn changes_are_told_for_two_weeks_and_late_where_the_index_lags() {
    let clock = Arc::new(VirtualClock::new("2026-01-01T00:00:00Z".parse().unwrap()));
    let mut config = demo();
    config.clock = Arc::clone(&clock) as _;
    config.token_lifetime = Duration::from_secs(100 * 86400);
    let azure = Azure::start(config).await;
    let token = azure.token(ARM).await;
    let disk = azure.rows(|id| id.contains("/disks/")).pop_first().unwrap();
    let gone = azure
        .rows(|id| id.contains("/publicipaddresses/"))
        .pop_first()
        .unwrap();
    azure.simulator.set_lag(Lag {
        resource_graph: 60,
        lists: 0,
    });
    azure
        .simulator
        .change(&[
            Change::Patch {
                id: disk.clone(),
                with: json!({"tags": {"changed": "yes"}}),
            },
            Change::Delete(gone.clone()),
        ])
        .unwrap();
    let has = |id: &str| format!("resources | where id =~ '{id}' | project id, tags");
    // Resource Manager knows at once, Resource Graph a minute later.
    assert_eq!(
        azure
            .get(&token, &format!("{gone}?api-version=2021-04-01"))
            .await
            .status,
        404
    );
    assert_eq!(azure.query(&token, &has(&gone), json!({})).await.body["count"], 1);
    clock.advance(Duration::from_secs(61));
    assert_eq!(azure.query(&token, &has(&gone), json!({})).await.body["count"], 0);
    assert_eq!(
        azure.query(&token, &has(&disk), json!({})).await.body["data"][0]["tags"]["changed"],
        "yes"
    );

    let changes = "resourcechanges | extend at = todatetime(properties.changeAttributes.timestamp), target = tostring(properties.targetResourceId), kind = tostring(properties.changeType) | where at > ago(1h) | project id, target, kind, properties | order by at asc";
    let answer = azure.query(&token, changes, json!({})).await;
    assert_eq!(answer.status, 400, "`at` was projected away: {answer:?}");
    let changes = changes.replace("kind, properties", "kind, at, properties");
    let answer = azure.query(&token, &changes, json!({})).await;
    let kinds: Vec<_> = answer.body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["kind"].clone())
        .collect();
    assert_eq!(kinds, ["Update", "Delete"]);
    let update = &answer.body["data"][0]["properties"]["changes"]["tags.changed"];
    assert_eq!(
        (&update["propertyChangeType"], &update["newValue"]),
        (&json!("Insert"), &json!("yes"))
    );
    clock.advance(Duration::from_secs(15 * 86400));
    let later = azure
        .query(&token, "resourcechanges | project id", json!({}))
        .await;
    assert_eq!(later.body["count"], 0);
}

#[tokio::test]
async fn mistakes_are_answered_with_their_place() {
    let azure = Azure::demo().await;
    let token = azure.token(ARM).await;
    let answer = azure.query(&token, "resources\n| were true", json!({})).await;
    let details = &answer.body["error"]["details"];
    assert_eq!(details[0]["code"], "InvalidQuery");
    assert_eq!(
        (&details[1]["code"], &details[1]["line"], &details[1]["token"]),
        (&json!("ParserFailure"), &json!(2), &json!("were"))
    );
    let answer = azure.query(&token, "resources", json!({"$top": 1001})).await;
    assert_eq!(answer.status, 400);
}
