use atg_sdk::Owner;
use atg_server::keys::{ApiKey, Environment, KeyState, Scope, write_file};
use http::Method;
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::support::{Setup, id_of, key, site};

const STATUS: &str = "/api/v1/status";

#[tokio::test]
async fn without_a_good_key_nothing_is_answered_and_everything_alike() {
    let (site, good) = site().await;
    let stranger = key("stranger");
    let prod = ApiKey::generate(Environment::Prod).unwrap().reveal();
    let mut mistyped = good.text.clone();
    mistyped.pop();
    // The right id with another secret.
    let mut forged = stranger.text.clone();
    forged.replace_range(8..16, good.record.id.as_str());
    for (header, why) in [
        (None, "no key"),
        (Some("Basic YTpi".to_owned()), "another scheme"),
        (Some("Bearer ".to_owned()), "an empty one"),
        (Some(format!("Bearer {mistyped}")), "a typo"),
        (Some(format!("Bearer {forged}")), "a checksum that does not match"),
        (Some(format!("Bearer {}", stranger.text)), "an unknown one"),
        (
            Some(format!("Bearer {}", prod.expose_secret())),
            "another environment's",
        ),
    ] {
        for path in [STATUS, "/metrics", "/api/v1/jobs", "/api/v1/jobs/x/events"] {
            let mut call = site.call(Method::GET, path);
            if let Some(header) = &header {
                call = call.header("authorization", header);
            }
            let answer = call.send().await;
            answer.problem(401, "Unauthenticated");
            assert_eq!(answer.header("www-authenticate"), "Bearer", "{why}");
            assert!(!answer.text().contains(&stranger.text), "{why}");
        }
    }
    let fine = site
        .call(Method::GET, STATUS)
        .header("authorization", &format!("bearer {}", good.text));
    assert_eq!(fine.send().await.status, 200);
}

#[tokio::test]
async fn times_and_states_of_records_are_kept_to() {
    let hour = SignedDuration::from_hours(1);
    let now = Timestamp::now();
    let (mut early, mut late, mut revoked, mut fine) = (key("a"), key("b"), key("c"), key("d"));
    early.record.not_before = Some(now + hour);
    late.record.expires_at = Some(now - hour);
    revoked.record.state = KeyState::Revoked;
    fine.record.not_before = Some(now - hour);
    fine.record.expires_at = Some(now + hour);
    let site = Setup::new(&[&early, &late, &revoked, &fine]).start().await;
    for refused in [&early, &late, &revoked] {
        site.get(STATUS, refused)
            .send()
            .await
            .problem(401, "Unauthenticated");
    }
    assert_eq!(site.get(STATUS, &fine).send().await.status, 200);
}

#[tokio::test]
async fn keys_follow_each_other_without_a_restart_and_without_losing_a_job() {
    let (old, new) = (key("ci"), key("ci"));
    let site = Setup::new(&[&old]).start().await;
    let job = site.rehearsed(&old, json!([])).await;
    let path = format!("/api/v1/jobs/{}", id_of(&job));
    let file = site.dir.path().join("keys.json");
    site.get(&path, &new).send().await.problem(401, "Unauthenticated");
    write_file(&file, vec![old.record.clone(), new.record.clone()]).unwrap();
    site.keys.reload().await;
    for key in [&old, &new] {
        assert_eq!(site.get(&path, key).send().await.json(), job, "both are good");
    }
    let mut revoked = old.record.clone();
    revoked.state = KeyState::Revoked;
    write_file(&file, vec![revoked, new.record.clone()]).unwrap();
    site.keys.reload().await;
    site.get(&path, &old).send().await.problem(401, "Unauthenticated");
    assert_eq!(site.get(&path, &new).send().await.json(), job);
    // A file that cannot be read takes nobody's key away, and does not go unnoticed.
    std::fs::write(&file, "{").unwrap();
    site.keys.reload().await;
    assert_eq!(site.get(&path, &new).send().await.status, 200);
    let health = site.call(Method::GET, "/health").send().await;
    assert_eq!(
        (health.status.as_u16(), &health.json()["status"]),
        (200, &json!("degraded"))
    );
}

#[tokio::test]
async fn the_status_says_what_the_key_may_do() {
    let reader = key("reader")
        .scopes(&[Scope::GraphRead])
        .tenants(&[crate::support::TENANT_A]);
    let site = Setup::new(&[&reader]).start().await;
    let status = site.get(STATUS, &reader).send().await.json();
    let expected = json!({
        "id": reader.record.id, "owner": Owner::new("reader"), "scopes": ["graph:read"],
        "tenants": [crate::support::TENANT_A]
    });
    assert_eq!(status["key"], expected);
    for member in ["job_queue_depth", "jobs_running"] {
        assert_eq!(status[member], 0, "{status}");
    }
    assert!(
        status["graph_id"].is_string() && status["versions"]["api"] == "v1",
        "{status}"
    );
    // Measurements are for every key: they name no tenant, no owner and no job.
    assert_eq!(site.get("/metrics", &reader).send().await.status, 200);
}
