//! Microsoft Entra ID.

use std::{collections::BTreeMap, path::Path, time::Duration};

use atg_azure::RetryPolicy;
use atg_azure_sim::{Config, Principal, Schedule, Simulator, Source};
use atg_live::unit::UnitState;
use serde_json::{Value, json};

use crate::support::{Gathered, demo, ground, plan, run, transport};

/// What the directory's collectors handed out, by id.
fn objects(gathered: &Gathered) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for page in &gathered.pages {
        for text in page.texts() {
            let object: Value = serde_json::from_str(text).unwrap();
            if object.get("@odata.type").is_some() {
                let id = object["id"].as_str().unwrap().to_lowercase();
                assert!(found.insert(id, object).is_none(), "twice: {text}");
            }
        }
    }
    found
}

/// The objects of the demo tenant, as its file has them.
fn written() -> Vec<Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/demo-tenant/demo.jsonl");
    let text = std::fs::read_to_string(file).unwrap();
    let all = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    all.filter(|object| object.get("@odata.type").is_some()).collect()
}

async fn scan(simulator: &Simulator) -> Gathered {
    let transport = transport(simulator).await;
    let ground = ground(simulator, &transport).await;
    run(plan(ground), &transport, usize::MAX).await
}

#[tokio::test]
async fn every_object_comes_whole_with_what_hangs_on_it() {
    let simulator = demo(|_| {}).await;
    let found = objects(&scan(&simulator).await);
    for own in written() {
        let id = own["id"].as_str().unwrap().to_lowercase();
        let live = found.get(&id).unwrap_or_else(|| panic!("{own}"));
        for (name, value) in own.as_object().unwrap() {
            let (mut value, mut live) = (value.clone(), live[name].clone());
            if matches!(&**name, "members" | "owners") {
                for list in [&mut value, &mut live] {
                    list.as_array_mut().unwrap().sort_by_key(ToString::to_string);
                }
            }
            assert_eq!(value, live, "{name} of {id}");
        }
    }
}

fn group(id: &str, members: &[String]) -> String {
    json!({"@odata.type": "#microsoft.graph.group", "id": id, "displayName": id, "members": members, "owners": []}).to_string()
}

fn user(id: &str) -> String {
    json!({"@odata.type": "#microsoft.graph.user", "id": id, "displayName": id, "userPrincipalName": id})
        .to_string()
}

fn guid(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

#[tokio::test]
async fn a_group_of_many_has_all_its_members_and_lists_come_in_batches() {
    let members: Vec<String> = (0..2_100).map(guid).collect();
    let mut lines: Vec<String> = members.iter().map(|id| user(id)).collect();
    lines.extend((5_000..5_050).map(|number| group(&guid(number), &members[..number - 5_000])));
    lines.push(group(&guid(9_000), &members));
    let simulator = Simulator::start(Config::new(Source::Lines(lines.join("\n"))))
        .await
        .unwrap();
    let found = objects(&scan(&simulator).await);
    for number in 5_000..5_050 {
        assert_eq!(
            found[&guid(number)]["members"].as_array().unwrap().len(),
            number - 5_000
        );
    }
    assert_eq!(found[&guid(9_000)]["members"], json!(members));
    let requests = simulator.requests();
    let count = |needle: &str| {
        requests
            .last
            .iter()
            .filter(|own| own.target.contains(needle))
            .count()
    };
    // 51 groups with two lists each are 102 reads: six calls.
    assert_eq!(count("$batch"), 6);
    // The rest of the large one: two more pages.
    assert!(count("/members") >= 2);
}

#[tokio::test]
async fn app_roles_and_grants_are_read() {
    let (client, resource, person) = (guid(1), guid(2), guid(3));
    let lines = [
        json!({"@odata.type": "#microsoft.graph.servicePrincipal", "id": client, "displayName": "client"}).to_string(),
        json!({"@odata.type": "#microsoft.graph.servicePrincipal", "id": resource, "displayName": "resource",
            "appRoles": [{"id": guid(7), "value": "Mail.Read"}]}).to_string(),
        json!({"@odata.type": "#microsoft.graph.appRoleAssignment", "id": "a1", "principalId": client, "resourceId": resource, "appRoleId": guid(7)}).to_string(),
        json!({"@odata.type": "#microsoft.graph.oAuth2PermissionGrant", "id": "g1", "clientId": client, "resourceId": resource,
            "principalId": person, "consentType": "Principal", "scope": "User.Read"}).to_string(),
        user(&person),
    ];
    let simulator = Simulator::start(Config::new(Source::Lines(lines.join("\n"))))
        .await
        .unwrap();
    let found = objects(&scan(&simulator).await);
    assert_eq!(
        found[&resource]["appRoleAssignedTo"][0]["principalId"],
        json!(client)
    );
    assert_eq!(found[&client]["appRoleAssignedTo"], json!([]));
    assert_eq!(found["g1"]["scope"], "User.Read");
    assert_eq!(
        found["g1"]["@odata.type"],
        "#microsoft.graph.oAuth2PermissionGrant"
    );
}

#[tokio::test]
async fn without_permission_the_directory_is_skipped_and_nothing_else() {
    let simulator = demo(|_| {}).await;
    let mut principal = Principal::reader(Principal::CLIENT_ID, Principal::SECRET);
    principal.directory = false;
    simulator.put_principal(principal);
    let gathered = scan(&simulator).await;
    assert!(objects(&gathered).is_empty());
    let (directory, other): (Vec<_>, Vec<_>) = gathered
        .units
        .iter()
        .partition(|unit| unit.key.collector.starts_with("directory/"));
    assert_eq!(directory.len(), 6);
    for unit in directory {
        assert_eq!(unit.state, UnitState::Skipped, "{unit:?}");
        assert!(unit.reason.is_some());
    }
    assert!(other.iter().all(|unit| unit.state == UnitState::Complete));
}

#[tokio::test]
async fn refusals_within_a_batch_lose_nothing() {
    let simulator = demo(|_| {}).await;
    let schedule: Schedule = serde_json::from_value(json!({"seed": 3, "rules": [
        {"match": {"service": "graph", "contains": "/owners"}, "fault": {"kind": "too_many_requests", "retry_after": "seconds", "seconds": 0}, "per_mille": 400},
    ]}))
    .unwrap();
    simulator.set_faults(schedule);
    let retry = RetryPolicy::default().with_first(Duration::from_millis(1));
    let transport = transport(&simulator).await.with_retry(retry);
    let ground = ground(&simulator, &transport).await;
    let gathered = run(plan(ground), &transport, usize::MAX).await;
    let short: Vec<_> = gathered
        .units
        .iter()
        .filter(|unit| unit.state != UnitState::Complete)
        .collect();
    assert!(short.is_empty(), "{short:?}");
    let found = objects(&gathered);
    for own in written() {
        let id = own["id"].as_str().unwrap().to_lowercase();
        let members = |object: &Value| object["members"].as_array().map_or(0, Vec::len);
        assert_eq!(members(&own), members(&found[&id]), "{id}");
    }
    assert!(simulator.faults_applied()[0].applied > 3);
}
