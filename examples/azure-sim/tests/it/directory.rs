//! Microsoft Graph.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use atg_azure_sim::{Change, VirtualClock};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::client::{Azure, GRAPH, demo};

#[rstest]
#[case("users", "user")]
#[case("groups", "group")]
#[case("servicePrincipals", "servicePrincipal")]
#[case("applications", "application")]
#[case("directoryRoles", "directoryRole")]
#[tokio::test]
async fn pages_join_to_the_whole(#[case] collection: &str, #[case] kind: &str) {
    let azure = Azure::demo().await;
    let token = azure.token(GRAPH).await;
    let all: BTreeSet<String> = azure.simulator.object_ids(kind).into_iter().collect();
    assert!(!all.is_empty());
    for size in [1, 3, 999] {
        let (ids, pages) = azure
            .all(&token, &format!("/v1.0/{collection}?$top={size}"))
            .await;
        assert_eq!(ids, all);
        assert_eq!(pages, all.len().div_ceil(size));
    }
    let refused = azure.get(&token, &format!("/v1.0/{collection}?$top=1000")).await;
    assert_eq!(
        (refused.status, refused.code()),
        (400, "Request_UnsupportedQuery")
    );
}

#[tokio::test]
async fn a_user_shows_little_unless_more_is_selected() {
    let azure = Azure::demo().await;
    let token = azure.token(GRAPH).await;
    let plain = azure.get(&token, "/v1.0/users?$top=1").await.body["value"][0].clone();
    assert!(plain.get("department").is_none() && plain["businessPhones"] == json!([]));
    let id = plain["id"].as_str().unwrap();
    let selected = azure
        .get(
            &token,
            &format!("/v1.0/users/{id}?$select=department,accountEnabled,faxNumber"),
        )
        .await
        .body;
    assert_eq!(selected["id"], id);
    assert!(
        selected["accountEnabled"].is_boolean()
            && selected["faxNumber"].is_null()
            && selected.get("mail").is_none()
    );
    let name = plain["userPrincipalName"].as_str().unwrap();
    assert_eq!(
        azure.get(&token, &format!("/v1.0/users/{name}")).await.body["id"],
        id
    );
}

#[tokio::test]
async fn applications_are_found_by_their_other_id_and_filters() {
    let azure = Azure::demo().await;
    let token = azure.token(GRAPH).await;
    let principal = azure.get(&token, "/v1.0/servicePrincipals?$top=1").await.body["value"][0].clone();
    let app = principal["appId"].as_str().unwrap();
    let by_key = azure
        .get(&token, &format!("/v1.0/servicePrincipals(appId='{app}')"))
        .await;
    assert_eq!(by_key.body["id"], principal["id"]);
    let by_filter = azure
        .get(
            &token,
            &format!("/v1.0/servicePrincipals?$filter=appId eq '{app}'&$count=true"),
        )
        .await;
    assert_eq!(by_filter.body["@odata.count"], 1);
    for (target, status, code) in [
        (
            "/v1.0/users/00000000-0000-4000-8000-000000000000",
            404,
            "Request_ResourceNotFound",
        ),
        ("/v1.0/nothing", 400, "BadRequest"),
        ("/v1.0/me", 400, "BadRequest"),
    ] {
        let answer = azure.get(&token, target).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{target}");
    }
}

/// A group of the demo tenant that has a group in it, and the lists of both.
async fn nested(azure: &Azure, token: &str) -> (String, BTreeSet<String>, BTreeSet<String>) {
    for group in azure.simulator.object_ids("group") {
        let (members, _) = azure
            .all(token, &format!("/v1.0/groups/{group}/members?$top=2"))
            .await;
        let (all, _) = azure
            .all(token, &format!("/v1.0/groups/{group}/transitiveMembers"))
            .await;
        if all.len() > members.len() {
            return (group, members, all);
        }
    }
    panic!("the demo tenant has nested groups");
}

#[tokio::test]
async fn members_are_followed_in_both_directions() {
    let azure = Azure::demo().await;
    let token = azure.token(GRAPH).await;
    let (group, members, all) = nested(&azure, &token).await;
    assert!(all.is_superset(&members));
    let deep = all.difference(&members).next().unwrap();
    let (holders, _) = azure
        .all(
            &token,
            &format!("/v1.0/directoryObjects/{deep}/transitiveMemberOf"),
        )
        .await;
    assert!(holders.contains(&group), "{holders:?}");
    let users = azure
        .get(
            &token,
            &format!("/v1.0/groups/{group}/transitiveMembers/microsoft.graph.user"),
        )
        .await;
    assert!(
        users.body["value"]
            .as_array()
            .unwrap()
            .iter()
            .all(|user| user["@odata.type"] == "#microsoft.graph.user")
    );
    let reference = azure
        .get(&token, &format!("/v1.0/groups/{group}/members/$ref"))
        .await;
    assert!(
        reference.body["value"][0]["@odata.id"]
            .as_str()
            .unwrap()
            .contains("/directoryObjects/")
    );
    let body = json!({"ids": members, "types": ["group"]});
    let found = azure
        .ask(
            &token,
            Method::POST,
            "/v1.0/directoryObjects/getByIds",
            Some(body),
        )
        .await;
    assert!(!found.ids().is_empty() && found.ids().len() < members.len() + 1);
}

#[tokio::test]
async fn a_batch_answers_each_request_by_itself_and_in_no_order() {
    let azure = Azure::demo().await;
    let token = azure.token(GRAPH).await;
    let requests = json!({"requests": [
        {"id": "a", "method": "GET", "url": "/users?$top=1"},
        {"id": "b", "method": "GET", "url": "/users/00000000-0000-4000-8000-000000000000"},
        {"id": "c", "method": "GET", "url": "groups/$count", "dependsOn": ["b"]},
    ]});
    let answer = azure
        .ask(&token, Method::POST, "/v1.0/$batch", Some(requests))
        .await;
    let responses = answer.body["responses"].as_array().unwrap();
    let status = |id: &str| responses.iter().find(|response| response["id"] == id).unwrap()["status"].clone();
    assert_eq!(
        (status("a"), status("b"), status("c")),
        (json!(200), json!(404), json!(424))
    );
    assert_ne!(responses[0]["id"], "a");
    let many: Vec<Value> = (0..21)
        .map(|id| json!({"id": id.to_string(), "method": "GET", "url": "/users"}))
        .collect();
    let refused = azure
        .ask(
            &token,
            Method::POST,
            "/v1.0/$batch",
            Some(json!({"requests": many})),
        )
        .await;
    assert_eq!((refused.status, refused.code()), (400, "BadRequest"));
}

#[tokio::test]
async fn delta_tells_everything_once_and_then_what_changed() {
    let clock = Arc::new(VirtualClock::new("2026-01-01T00:00:00Z".parse().unwrap()));
    let mut config = demo();
    config.clock = Arc::clone(&clock) as _;
    config.token_lifetime = Duration::from_secs(100 * 86400);
    config.pages.graph = 3;
    let azure = Azure::start(config).await;
    let token = azure.token(GRAPH).await;
    let (mut seen, mut next) = (
        BTreeSet::new(),
        "/v1.0/groups/delta?$select=displayName,members".to_owned(),
    );
    let link = loop {
        let page = azure.get(&token, &next).await;
        seen.extend(page.ids());
        match page.body.get("@odata.nextLink") {
            Some(link) => next = link.as_str().unwrap().to_owned(),
            None => break page.body["@odata.deltaLink"].as_str().unwrap().to_owned(),
        }
    };
    let groups: Vec<String> = azure.simulator.object_ids("group");
    assert_eq!(seen, groups.iter().cloned().collect());
    assert!(azure.get(&token, &link).await.ids().is_empty());

    let user = azure.simulator.object_ids("user").remove(0);
    let members = azure
        .get(&token, &format!("/v1.0/groups/{}/members", groups[0]))
        .await
        .ids();
    let new = "aaaaaaaa-0000-4000-8000-00000000000a";
    azure
        .simulator
        .change(&[
            Change::Patch {
                id: groups[0].clone(),
                with: json!({"members": [user], "displayName": "Renamed"}),
            },
            Change::Delete(groups[1].clone()),
            Change::Set(json!({"@odata.type": "#microsoft.graph.group", "id": new, "displayName": "New"})),
        ])
        .unwrap();
    let changed = azure.get(&token, &link).await;
    let of = |id: &str| {
        changed.body["value"]
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["id"] == id)
            .unwrap()
            .clone()
    };
    assert_eq!(changed.ids().len(), 3);
    assert_eq!(of(&groups[0])["displayName"], "Renamed");
    let told = of(&groups[0])["members@delta"].as_array().unwrap().clone();
    let went = told
        .iter()
        .filter(|member| member.get("@removed").is_some())
        .count();
    assert_eq!(
        went,
        members.iter().filter(|member| **member != user).count(),
        "{told:?}"
    );
    assert!(of(&groups[1]).get("@removed").is_some());
    assert_eq!(of(new)["displayName"], "New");
    let (all, _) = azure.all(&token, "/v1.0/groups?$top=3").await;
    assert!(all.contains(new) && !all.contains(&groups[1]) && all.len() == groups.len());

    let newest = changed.body["@odata.deltaLink"].as_str().unwrap().to_owned();
    assert!(azure.get(&token, &newest).await.ids().is_empty());
    clock.advance(Duration::from_secs(7 * 86400 + 1));
    assert_eq!(azure.get(&token, &newest).await.status, 410);
}

#[tokio::test]
async fn links_between_objects_are_made_and_taken_away() {
    let azure = Azure::demo().await;
    let token = azure.token(GRAPH).await;
    let made = azure
        .ask(&token, Method::POST, "/v1.0/groups", Some(json!({"displayName": "G", "mailEnabled": false, "mailNickname": "g", "securityEnabled": true})))
        .await;
    assert_eq!(made.status, 201);
    let group = made.body["id"].as_str().unwrap().to_owned();
    let user = azure.simulator.object_ids("user").remove(0);
    let link = json!({"@odata.id": format!("{GRAPH}/v1.0/directoryObjects/{user}")});
    let target = format!("/v1.0/groups/{group}/members/$ref");
    assert_eq!(
        azure
            .ask(&token, Method::POST, &target, Some(link.clone()))
            .await
            .status,
        204
    );
    assert_eq!(
        azure.ask(&token, Method::POST, &target, Some(link)).await.status,
        400
    );
    assert!(
        azure
            .get(&token, &format!("/v1.0/users/{user}/memberOf"))
            .await
            .ids()
            .contains(&group)
    );
    assert_eq!(
        azure
            .ask(
                &token,
                Method::DELETE,
                &format!("/v1.0/groups/{group}/members/{user}/$ref"),
                None
            )
            .await
            .status,
        204
    );
    assert!(
        azure
            .get(&token, &format!("/v1.0/groups/{group}/members"))
            .await
            .ids()
            .is_empty()
    );
    assert_eq!(
        azure
            .ask(&token, Method::DELETE, &format!("/v1.0/groups/{group}"), None)
            .await
            .status,
        204
    );
    assert_eq!(
        azure.get(&token, &format!("/v1.0/groups/{group}")).await.status,
        404
    );
}
