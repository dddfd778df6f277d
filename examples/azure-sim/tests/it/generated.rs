//! A tenant that is made while it is read is the tenant that its seed names.

use std::collections::BTreeSet;

use atg_azure_sim::{Change, Config, Shape, Simulator, Source};
use serde_json::json;

use crate::client::{ARM, Azure, GRAPH};

const ROWS: u64 = 3000;

fn source() -> Source {
    Source::Generated {
        seed: 7,
        rows: ROWS,
        shape: Shape {
            subscriptions: Some(5),
            ..Shape::default()
        },
    }
}

/// The same tenant, written to lines and loaded.
fn lines() -> String {
    let parts = atg_synthetic::Parts::new(atg_synthetic::Options {
        seed: 7,
        rows: ROWS,
        ..Default::default()
    })
    .count() as u64;
    let options = atg_synthetic::Options {
        seed: 7,
        rows: ROWS,
        groups_per_subscription: parts.div_ceil(5),
        ..Default::default()
    };
    let mut bytes = Vec::new();
    atg_synthetic::generate(&options, &mut bytes, None).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn every_row_is_served_in_order_as_if_it_had_been_loaded() {
    let made = Simulator::start(Config::new(source())).await.unwrap();
    let loaded = Simulator::start(Config::new(Source::Lines(lines())))
        .await
        .unwrap();
    let ids = made.resource_ids();
    let keys: Vec<String> = ids.iter().map(|id| id.to_lowercase()).collect();
    assert!(keys.is_sorted());
    let without_made_up = |simulator: &Simulator| -> BTreeSet<String> {
        let groups = "/providers/Microsoft.Management/managementGroups/";
        simulator
            .resource_ids()
            .into_iter()
            .filter(|id| !id.starts_with(groups))
            .collect()
    };
    let (left, right) = (without_made_up(&made), without_made_up(&loaded));
    assert_eq!(left.symmetric_difference(&right).next(), None);
    let objects = |simulator: &Simulator| -> BTreeSet<String> {
        ["user", "group", "servicePrincipal"]
            .iter()
            .flat_map(|kind| simulator.object_ids(kind))
            .collect()
    };
    assert_eq!(objects(&made), objects(&loaded));
    // What is made up beside the management groups is the same, and all that is not of the seed.
    let beside = |simulator: &Simulator| {
        let mut made_up = simulator.made_up().clone();
        made_up.ids.remove("Microsoft.Management/managementGroups");
        made_up
    };
    assert_eq!(beside(&made), beside(&loaded));
    let rows = without_made_up(&made).len() + objects(&made).len() - beside(&made).count();
    assert_eq!(rows, usize::try_from(ROWS).unwrap());
    assert_eq!(made.counts().subscriptions, 5);
}

#[tokio::test]
async fn pages_of_every_kind_bring_everything_once() {
    let mut config = Config::new(source());
    config.pages.arm = 100;
    let azure = Azure::start(config).await;
    let (arm, graph) = (azure.token(ARM).await, azure.token(GRAPH).await);
    let (subscriptions, _) = azure.all(&arm, "/subscriptions?api-version=2022-12-01").await;
    let mut seen = BTreeSet::new();
    for subscription in &subscriptions {
        seen.extend(
            azure
                .all(&arm, &format!("{subscription}/resources?api-version=2021-04-01"))
                .await
                .0,
        );
    }
    let mut queried = BTreeSet::new();
    let mut skip = None::<String>;
    loop {
        let page = azure
            .query(
                &arm,
                "resources | project id | order by id asc",
                json!({"$top": 333, "$skipToken": skip}),
            )
            .await;
        queried.extend(page.ids().into_iter().map(|id| id.to_lowercase()));
        match page.body["$skipToken"].as_str() {
            Some(token) => skip = Some(token.to_owned()),
            None => break,
        }
    }
    assert_eq!(seen, queried);
    assert_eq!(seen.len() as u64, azure.simulator.counts().tracked_resources);
    let (users, _) = azure.all(&graph, "/v1.0/users?$top=7").await;
    assert_eq!(users, azure.simulator.object_ids("user").into_iter().collect());
    let group = azure.simulator.object_ids("group").remove(3);
    let members = azure
        .get(&graph, &format!("/v1.0/groups/{group}/members"))
        .await
        .ids();
    assert_eq!(members.len(), 2);
    assert_eq!(
        azure
            .get(&graph, &format!("/v1.0/users/{}/memberOf", members[0]))
            .await
            .ids(),
        [group]
    );
}

#[tokio::test]
async fn changes_lie_over_what_the_seed_makes() {
    let azure = Azure::start(Config::new(source())).await;
    let arm = azure.token(ARM).await;
    let group = azure
        .rows(|id| id.starts_with("/subscriptions/") && id.split('/').count() == 5)
        .pop_first()
        .unwrap();
    let within = azure.rows(|id| id.starts_with(&format!("{group}/"))).len() as u64;
    let before = azure.simulator.counts();
    let subscription = group.split("/resourcegroups").next().unwrap();
    let new = format!("{subscription}/resourceGroups/zz-new/providers/Microsoft.Compute/disks/d");
    let outcome = azure
        .simulator
        .change(&[
            Change::Delete(group.clone()),
            Change::Set(json!({"id": format!("{subscription}/resourceGroups/zz-new"), "type": "Microsoft.Resources/resourceGroups", "location": "westeurope"})),
            Change::Set(json!({"id": new, "name": "d", "type": "Microsoft.Compute/disks", "location": "westeurope", "properties": {}})),
        ])
        .unwrap();
    assert_eq!((outcome.created, outcome.deleted), (2, within + 1));
    assert_eq!(azure.simulator.counts().resource_groups, before.resource_groups);
    let (groups, _) = azure
        .all(
            &arm,
            &format!("{subscription}/resourcegroups?api-version=2021-04-01"),
        )
        .await;
    assert!(!groups.contains(&group) && groups.contains(&format!("{subscription}/resourcegroups/zz-new")));
    assert_eq!(
        azure
            .get(&arm, &format!("{new}?api-version=2021-04-01"))
            .await
            .status,
        200
    );
    assert!(
        azure.simulator.change(&[Change::Delete(group)]).is_err(),
        "it is gone already"
    );
}
