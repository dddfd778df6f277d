//! Resource Manager: lists, pages, single resources, errors.

use std::collections::BTreeSet;

use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use crate::client::{ARM, Azure, demo};

/// A resource of the demo tenant with children, and its subscription.
async fn network(azure: &Azure) -> (String, String) {
    let id = azure
        .rows(|id| id.contains("/virtualnetworks/") && id.split('/').count() == 9)
        .pop_first()
        .unwrap();
    let subscription = id.split("/resourcegroups").next().unwrap().to_owned();
    (id, subscription)
}

#[rstest]
#[case(1)]
#[case(7)]
#[case(1000)]
#[tokio::test]
async fn every_page_size_brings_every_resource_once(#[case] size: usize) {
    let mut config = demo();
    config.pages.arm = size;
    let azure = Azure::start(config).await;
    let token = azure.token(ARM).await;
    let (subscriptions, _) = azure.all(&token, "/subscriptions?api-version=2022-12-01").await;
    let mut seen = BTreeSet::new();
    for subscription in subscriptions {
        let (ids, pages) = azure
            .all(
                &token,
                &format!("{subscription}/resources?api-version=2021-04-01"),
            )
            .await;
        // The last page is not followed by an empty one.
        assert_eq!(pages, ids.len().div_ceil(size));
        seen.extend(ids);
    }
    let answer = azure
        .query(&token, "resources | project id", json!({"$top": 1000}))
        .await;
    let listed: BTreeSet<String> = answer.ids().into_iter().map(|id| id.to_lowercase()).collect();
    assert!(seen.len() > 100);
    assert_eq!(seen, listed);
}

#[tokio::test]
async fn a_link_is_good_for_its_own_list_only() {
    let mut config = demo();
    config.pages.arm = 2;
    let azure = Azure::start(config).await;
    let token = azure.token(ARM).await;
    let (_, subscription) = network(&azure).await;
    let page = azure
        .get(
            &token,
            &format!("{subscription}/resources?api-version=2021-04-01"),
        )
        .await;
    let link = page.body["nextLink"].as_str().unwrap().to_owned();
    assert_eq!(azure.get(&token, &link).await.status, 200);
    for other in [
        link.replace("/resources?", "/resourceGroups?"),
        link.replace("skiptoken=", "skiptoken=x"),
    ] {
        assert_eq!(
            azure.get(&token, &other).await.code(),
            "InvalidSkipToken",
            "{other}"
        );
    }
}

#[tokio::test]
async fn ids_are_found_in_any_casing_and_under_any_version() {
    let azure = Azure::demo().await;
    let token = azure.token(ARM).await;
    let (id, _) = network(&azure).await;
    let plain = azure.get(&token, &format!("{id}?api-version=2023-09-01")).await;
    assert_eq!(plain.status, 200);
    for (spelled, version) in [
        (id.to_uppercase(), "2015-01-01-preview"),
        (id.replace("resourcegroups", "resourceGroups"), "2099-12-31"),
    ] {
        let answer = azure
            .get(&token, &format!("{spelled}?api-version={version}"))
            .await;
        assert_eq!(answer.body, plain.body, "{spelled}");
    }
    for (query, code) in [
        ("", "MissingApiVersionParameter"),
        ("?api-version=newest", "InvalidApiVersionParameter"),
    ] {
        let answer = azure.get(&token, &format!("{id}{query}")).await;
        assert_eq!((answer.status, answer.code()), (400, code));
    }
}

#[rstest]
#[case(
    "/subscriptions/00000000-0000-4000-8000-000000000000",
    "",
    "SubscriptionNotFound"
)]
#[case("", "/resourceGroups/none", "ResourceGroupNotFound")]
#[case("", "/resourceGroups/none/resources", "ResourceGroupNotFound")]
#[case(
    "",
    "/resourceGroups/none/providers/Microsoft.Compute/disks/d",
    "ResourceGroupNotFound"
)]
#[case(
    "",
    "/resourceGroups/rg-hub-network/providers/Microsoft.Compute/disks/d",
    "ResourceNotFound"
)]
#[case(
    "",
    "/resourceGroups/rg-hub-network/providers/Microsoft.Sql/servers/s/databases/d",
    "ParentResourceNotFound"
)]
#[case(
    "",
    "/resourceGroups/rg-hub-network/providers/Microsoft.Sql/servers/s/databases",
    "ParentResourceNotFound"
)]
#[case(
    "",
    "/providers/Microsoft.Authorization/roleDefinitions/00000000-0000-4000-8000-000000000000",
    "RoleDefinitionDoesNotExist"
)]
#[tokio::test]
async fn what_is_missing_first_is_named(#[case] scope: &str, #[case] path: &str, #[case] code: &str) {
    let azure = Azure::demo().await;
    let token = azure.token(ARM).await;
    let hub = azure
        .rows(|id| id.ends_with("/resourcegroups/rg-hub-network"))
        .pop_first()
        .unwrap();
    let subscription = if scope.is_empty() {
        hub.split("/resourcegroups").next().unwrap()
    } else {
        scope
    };
    let answer = azure
        .get(&token, &format!("{subscription}{path}?api-version=2021-04-01"))
        .await;
    assert_eq!((answer.status, answer.code()), (404, code), "{answer:?}");
    // The message names what was asked for as it was spelled.
    let last = path.rsplit('/').find(|part| part.starts_with("none"));
    assert!(last.is_none_or(|name| answer.body["error"]["message"].as_str().unwrap().contains(name)));
}

#[tokio::test]
async fn methods_and_conflicts_are_refused() {
    let azure = Azure::demo().await;
    let token = azure.token(ARM).await;
    let (id, _) = network(&azure).await;
    let target = format!("{id}/subnets?api-version=2021-04-01");
    let answer = azure.ask(&token, Method::PUT, &target, Some(json!({}))).await;
    assert_eq!((answer.status, answer.code()), (405, "HttpMethodNotAllowed"));
    let answer = azure
        .ask(
            &token,
            Method::PUT,
            &format!("{id}?api-version=2021-04-01"),
            Some(json!({"location": "mars"})),
        )
        .await;
    assert_eq!((answer.status, answer.code()), (409, "InvalidResourceLocation"));
    let hub = azure
        .rows(|id| id.ends_with("/resourcegroups/rg-hub-network"))
        .pop_first()
        .unwrap();
    let hub = format!("{hub}?api-version=2021-04-01");
    let answer = azure.ask(&token, Method::DELETE, &hub, None).await;
    assert_eq!((answer.status, answer.code()), (409, "ScopeLocked"), "{answer:?}");
}

#[tokio::test]
async fn what_is_written_is_read_again() {
    let azure = Azure::demo().await;
    let token = azure.token(ARM).await;
    let (_, subscription) = network(&azure).await;
    let group = format!("{subscription}/resourceGroups/rg-new?api-version=2021-04-01");
    let made = azure
        .ask(
            &token,
            Method::PUT,
            &group,
            Some(json!({"location": "westeurope"})),
        )
        .await;
    assert_eq!(made.status, 201);
    let disk = format!(
        "{subscription}/resourceGroups/RG-NEW/providers/Microsoft.Compute/disks/d?api-version=2023-10-02"
    );
    let body =
        json!({"location": "westeurope", "tags": {"a": "1", "b": "2"}, "properties": {"diskSizeGB": 4}});
    assert_eq!(
        azure.ask(&token, Method::PUT, &disk, Some(body)).await.status,
        201
    );
    let patched = azure
        .ask(&token, Method::PATCH, &disk, Some(json!({"tags": {"a": null}})))
        .await;
    assert_eq!(patched.body["tags"], json!({"b": "2"}));
    assert_eq!(azure.get(&token, &disk).await.body["properties"]["diskSizeGB"], 4);
    assert_eq!(azure.ask(&token, Method::DELETE, &group, None).await.status, 200);
    assert_eq!(azure.get(&token, &disk).await.code(), "ResourceGroupNotFound");
    assert_eq!(azure.ask(&token, Method::DELETE, &group, None).await.status, 204);
}

#[tokio::test]
async fn children_in_a_body_are_a_list_of_their_own() {
    let azure = Azure::demo().await;
    let token = azure.token(ARM).await;
    let (id, _) = network(&azure).await;
    let body = azure
        .get(&token, &format!("{id}?api-version=2023-09-01"))
        .await
        .body;
    let inline = body["properties"]["subnets"].as_array().unwrap();
    let listed = azure
        .get(&token, &format!("{id}/subnets?api-version=2023-09-01"))
        .await;
    assert!(!inline.is_empty());
    assert_eq!(listed.ids().len(), inline.len());
    let subnet = inline[0]["id"].as_str().unwrap();
    let single = azure
        .get(&token, &format!("{subnet}?api-version=2023-09-01"))
        .await;
    assert_eq!(single.body["name"], inline[0]["name"]);
    // What hangs on a child that has no row finds nothing rather than failing.
    let assignments =
        format!("{subnet}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01");
    assert_eq!(azure.get(&token, &assignments).await.status, 200);
}

#[tokio::test]
async fn assignments_are_inherited_and_filters_cut_what_lies_below() {
    let azure = Azure::demo().await;
    let token = azure.token(ARM).await;
    let is_assignment = |id: &str| id.contains("/roleassignments/");
    let lower = azure
        .rows(|id| is_assignment(id) && id.contains("/resourcegroups/"))
        .pop_first()
        .unwrap();
    let subscription = lower.split("/resourcegroups").next().unwrap();
    let list = |filter: &str| {
        format!(
            "{subscription}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01{filter}"
        )
    };
    let (all, _) = azure.all(&token, &list("")).await;
    let (at, _) = azure.all(&token, &list("&$filter=atScope()")).await;
    let below =
        azure.rows(|id| is_assignment(id) && id.starts_with(&format!("{subscription}/resourcegroups")));
    let root = azure.rows(|id| id.starts_with("/providers/microsoft.authorization/roleassignments/"));
    assert!(!below.is_empty() && !root.is_empty());
    assert!(all.is_superset(&below) && all.is_superset(&root));
    assert!(at.is_disjoint(&below) && at.is_superset(&root));
    let one = azure
        .get(
            &token,
            all.first()
                .map(|id| format!("{id}?api-version=2022-04-01"))
                .unwrap()
                .as_str(),
        )
        .await;
    let principal = one.body["properties"]["principalId"].as_str().unwrap().to_owned();
    let (own, _) = azure
        .all(&token, &list(&format!("&$filter=principalId eq '{principal}'")))
        .await;
    assert!(!own.is_empty() && own.is_subset(&all) && own.len() < all.len());
}

#[tokio::test]
async fn management_groups_know_what_lies_below_them() {
    let azure = Azure::demo().await;
    let token = azure.token(ARM).await;
    let root = azure.simulator.tenant_id();
    let target = format!(
        "/providers/Microsoft.Management/managementGroups/{root}?api-version=2020-05-01&$expand=children&$recurse=true"
    );
    let tree = azure.get(&token, &target).await;
    let text = tree.body["properties"]["children"].to_string();
    assert_eq!(text.matches("\"/subscriptions\"").count(), 3, "{text}");
    let below = azure
        .get(
            &token,
            &format!(
                "/providers/Microsoft.Management/managementGroups/{root}/descendants?api-version=2020-05-01"
            ),
        )
        .await;
    assert_eq!(below.ids().len(), 3 + 4);
}

#[tokio::test]
async fn lists_are_filtered() {
    let azure = Azure::demo().await;
    let token = azure.token(ARM).await;
    let (_, subscription) = network(&azure).await;
    let target = format!(
        "{subscription}/resources?api-version=2021-04-01&$filter=resourceType eq 'microsoft.network/VIRTUALNETWORKS'&$expand=createdTime"
    );
    let answer = azure.get(&token, &target).await;
    assert!(!answer.ids().is_empty());
    assert!(
        answer
            .ids()
            .iter()
            .all(|id| id.to_lowercase().contains("/virtualnetworks/"))
    );
    assert!(
        answer.body["value"][0].get("properties").is_none(),
        "the list has no properties"
    );
    let refused = azure
        .get(
            &token,
            &format!("{subscription}/resources?api-version=2021-04-01&$filter=what is this"),
        )
        .await;
    assert_eq!(refused.code(), "InvalidFilterInQueryString");
}

#[tokio::test]
async fn what_nobody_wrote_is_answered_by_azures_defaults() {
    let azure = Azure::demo().await;
    let token = azure.token(ARM).await;
    let account = azure
        .rows(|id| id.contains("/storageaccounts/") && id.split('/').count() == 9)
        .pop_first()
        .unwrap();
    let service = format!("{account}/queueServices/default");
    let default = azure
        .get(&token, &format!("{service}?api-version=2023-05-01"))
        .await;
    assert_eq!(default.body["properties"]["cors"]["corsRules"], json!([]));
    let shares = azure
        .get(&token, &format!("{service}/queues?api-version=2023-05-01"))
        .await;
    assert_eq!(shares.status, 200);
    let missing = azure
        .get(
            &token,
            &format!("{account}/queueServices/other?api-version=2023-05-01"),
        )
        .await;
    assert_eq!((missing.status, missing.code()), (404, "ResourceNotFound"));
    let keys = format!("{account}/listKeys?api-version=2023-05-01");
    let answer = azure.ask(&token, Method::POST, &keys, None).await;
    assert_eq!(answer.body["keys"].as_array().unwrap().len(), 2);
    azure.simulator.put_principal(atg_azure_sim::Principal::reader(
        "66666666-0000-4000-8000-000000000006",
        "s",
    ));
    let reader = azure
        .token_of("66666666-0000-4000-8000-000000000006", "s", ARM)
        .await;
    let refused = azure.ask(&reader, Method::POST, &keys, None).await;
    assert_eq!((refused.status, refused.code()), (403, "AuthorizationFailed"));
    let site = azure
        .rows(|id| id.contains("/sites/") && id.split('/').count() == 9)
        .pop_first()
        .unwrap();
    let settings = format!("{site}/config/appsettings/list?api-version=2023-12-01");
    assert!(azure.ask(&token, Method::POST, &settings, None).await.body["properties"].is_object());
}

/// The IDs, lower-cased, of what a path lists.
async fn listed(azure: &Azure, path: &str) -> BTreeSet<String> {
    let token = azure.token(ARM).await;
    let (ids, _) = azure.all(&token, path).await;
    ids.into_iter().map(|id| id.to_lowercase()).collect()
}

const RG: &str = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/g/providers";

fn azure_with(rows: &[serde_json::Value]) -> atg_azure_sim::Config {
    let lines: Vec<String> = rows.iter().map(ToString::to_string).collect();
    atg_azure_sim::Config::new(atg_azure_sim::Source::Lines(lines.join("\n")))
}

#[tokio::test]
async fn settings_that_nobody_wrote_are_listed_and_written_ones_take_their_place() {
    let account = |name: &str| format!("{RG}/Microsoft.Storage/storageAccounts/{name}");
    let azure = Azure::start(azure_with(&[
        json!({"id": account("a"), "type": "Microsoft.Storage/storageAccounts", "location": "x"}),
        json!({"id": account("b"), "type": "Microsoft.Storage/storageAccounts", "location": "x"}),
        json!({"id": format!("{}/blobServices/default", account("b")), "type": "Microsoft.Storage/storageAccounts/blobServices", "properties": {"own": true}}),
    ]))
    .await;
    let token = azure.token(ARM).await;
    for (name, own) in [("a", json!(null)), ("b", json!(true))] {
        let path = format!("{}/blobServices?api-version=2024-01-01", account(name));
        let list = azure.get(&token, &path).await.body;
        assert_eq!(list["value"].as_array().unwrap().len(), 1, "{list}");
        assert_eq!(list["value"][0]["properties"]["own"], own);
        assert_eq!(
            list["value"][0]["id"],
            json!(format!("{}/blobServices/default", account(name)))
        );
    }
    let defaults = azure.simulator.default_ids();
    assert!(defaults.contains(&format!("{}/blobservices/default", account("a").to_lowercase())));
    assert!(!defaults.contains(&format!("{}/blobservices/default", account("b").to_lowercase())));
}

#[tokio::test]
async fn one_list_holds_the_records_of_all_types_in_a_zone() {
    let zone = format!("{RG}/Microsoft.Network/dnsZones/z.example");
    let record = |kind: &str| json!({"id": format!("{zone}/{kind}/@"), "type": format!("Microsoft.Network/dnszones/{kind}"), "properties": {}});
    let azure = Azure::start(azure_with(&[
        json!({"id": zone, "type": "Microsoft.Network/dnszones", "location": "global"}),
        record("NS"),
        record("SOA"),
        record("CAA"),
    ]))
    .await;
    let ids = listed(&azure, &format!("{zone}/recordsets?api-version=2018-05-01")).await;
    assert_eq!(ids.len(), 3);
    // Resource Graph has none of names and of certificate authorities.
    let token = azure.token(ARM).await;
    let answer = azure.query(&token, "dnsresources | project id", json!({})).await;
    assert_eq!(answer.ids(), [format!("{zone}/SOA/@")]);
}
