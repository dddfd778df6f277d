use atg_server::{http::Limits, keys::Scope};
use http::Method;
use serde_json::json;
use uuid::Uuid;

use crate::support::{Setup, TENANT_A, TENANT_B, id_of, key, site};

const PATH: &str = "/api/v1/rehearsal";

#[tokio::test]
async fn an_accepted_job_says_where_it_is() {
    let (site, key) = site().await;
    let answer = site.post(PATH, &key, &json!({ "steps": [] })).send().await;
    assert_eq!(answer.status, 202, "{answer:?}");
    let job = answer.json();
    let url = format!("http://{}/api/v1/jobs/{}", site.address, id_of(&job));
    assert_eq!(answer.header("location"), url);
    assert_eq!(answer.header("operation-location"), url);
    assert!(answer.header("retry-after").parse::<u32>().unwrap() >= 1);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(
        (&job["operation"], &job["attempt"]),
        (&json!("rehearsal"), &json!(0))
    );
    for member in [
        "status",
        "progress",
        "counters",
        "tenant_id",
        "created_at",
        "output",
        "completeness",
        "error",
        "artifacts",
        "cancel_requested_at",
        "expires_at",
    ] {
        assert!(job.get(member).is_some(), "{member} in {job}");
    }
}

#[tokio::test]
async fn urls_are_of_the_public_address() {
    let key = key("owner");
    let mut setup = Setup::new(&[&key]);
    setup.public_url = Some("https://atg.example.com/base".into());
    let site = setup.start().await;
    let answer = site.post(PATH, &key, &json!({})).send().await;
    let location = answer.header("location");
    assert!(
        location.starts_with("https://atg.example.com/base/api/v1/jobs/"),
        "{location}"
    );
}

#[tokio::test]
async fn validating_queues_nothing_and_finds_what_a_run_would() {
    let (site, key) = site().await;
    let answer = site
        .post(
            "/api/v1/query?validate_only=true",
            &key,
            &json!({ "query": "MATCH (n) RETURN n" }),
        )
        .send()
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.json()["parameters"]["row_limit"], 10_000);
    let answer = site
        .post(
            "/api/v1/query?validate_only=true",
            &key,
            &json!({ "query": "MATCH (n) DELETE n" }),
        )
        .send()
        .await;
    assert_eq!(answer.status, 422, "{answer:?}");
    let unknown = "0".repeat(64);
    let answer = site
        .post(
            "/api/v1/import?validate_only=true",
            &key,
            &json!({ "input": unknown }),
        )
        .send()
        .await;
    answer.problem(422, "UnknownInput");
    let jobs = site.get("/api/v1/jobs", &key).send().await.json();
    assert_eq!(jobs["jobs"], json!([]));
}

#[tokio::test]
async fn a_caller_that_prefers_to_wait_gets_the_ended_job() {
    let (site, key) = site().await;
    let answer = site
        .post(PATH, &key, &json!({ "steps": ["partial"] }))
        .header("prefer", "respond-async, wait=30")
        .send()
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("preference-applied"), "wait=30");
    assert_eq!(answer.json()["status"], "completed");
    assert_eq!(answer.json()["completeness"], "partial");
    let answer = site
        .post(PATH, &key, &json!({ "steps": ["hang"] }))
        .header("prefer", "wait=0")
        .send()
        .await;
    assert_eq!(answer.status, 202, "{answer:?}");
}

#[tokio::test]
async fn the_same_key_gives_the_same_job() {
    let (site, key) = site().await;
    let uuid = Uuid::now_v7().to_string();
    for idempotency_key in [uuid.as_str(), "nightly scan of contoso"] {
        let send = |body| {
            site.post(PATH, &key, &body)
                .header("idempotency-key", idempotency_key)
                .send()
        };
        let first = send(json!({ "steps": [] })).await;
        assert_eq!(first.status, 202, "{first:?}");
        let id = id_of(&first.json()).to_owned();
        assert!(idempotency_key != uuid || id == uuid);
        // Defaults are filled in before parameters are compared.
        let again = send(json!({ "steps": [], "input": null })).await;
        assert_eq!((again.status.as_u16(), id_of(&again.json())), (200, id.as_str()));
        send(json!({ "steps": ["hang"] }))
            .await
            .problem(422, "IdempotencyKeyReused");
        site.ended(&key, &id).await;
        let path = format!("/api/v1/jobs/{id}");
        assert_eq!(
            site.call(Method::DELETE, &path).key(&key).send().await.status,
            204
        );
        send(json!({ "steps": [] })).await.problem(410, "Gone");
    }
}

#[tokio::test]
async fn a_key_of_one_route_is_not_one_of_another() {
    let (site, key) = site().await;
    let once = |path| {
        site.post(path, &key, &json!({}))
            .header("idempotency-key", "k")
            .send()
    };
    assert_eq!(once(PATH).await.status, 202);
    once("/api/v1/self-test")
        .await
        .problem(422, "IdempotencyKeyReused");
}

#[tokio::test]
async fn text_keys_are_the_owners_own() {
    let (one, other) = (key("one"), key("other"));
    let site = Setup::new(&[&one, &other]).start().await;
    let send = |key| {
        site.post(PATH, key, &json!({}))
            .header("idempotency-key", "k")
            .send()
    };
    let (first, second) = (send(&one).await.json(), send(&other).await.json());
    assert_ne!(id_of(&first), id_of(&second));
}

#[tokio::test]
async fn idempotency_keys_that_are_none_are_refused() {
    let (site, key) = site().await;
    for bad in ["", "\"\"", &"a".repeat(256)] {
        let answer = site
            .post(PATH, &key, &json!({}))
            .header("idempotency-key", bad)
            .send()
            .await;
        assert_eq!(answer.pointers(), ["Idempotency-Key"], "{bad}");
    }
}

#[tokio::test]
async fn only_accepted_submissions_are_remembered() {
    let (site, key) = site().await;
    let send = |body| site.post(PATH, &key, &body).header("idempotency-key", "k").send();
    assert_eq!(send(json!({ "stepz": [] })).await.status, 422);
    assert_eq!(send(json!({ "steps": [] })).await.status, 202);
}

#[tokio::test]
async fn every_invalid_member_is_named_at_once() {
    let (site, key) = site().await;
    let body =
        json!({ "query": 7, "row_limit": -1, "timeout_seconds": 301, "tenant_id": "contoso", "extra": 1 });
    let mut pointers = site.post("/api/v1/query", &key, &body).send().await.pointers();
    pointers.sort();
    assert_eq!(
        pointers,
        ["/extra", "/query", "/row_limit", "/tenant_id", "/timeout_seconds"]
    );
    let answer = site
        .post("/api/v1/rehearsal?validate=true&x=1", &key, &json!({}))
        .send()
        .await;
    assert_eq!(answer.pointers(), ["?validate", "?x"]);
}

#[tokio::test]
async fn a_scan_must_know_its_tenant() {
    let key = key("owner");
    let open = Setup::new(&[&key]).start().await;
    let answer = open.post("/api/v1/scan", &key, &json!({})).send().await;
    assert_eq!(answer.pointers(), ["/tenant_id"]);
    let mut setup = Setup::new(&[&key]);
    setup.target_tenant = Some(TENANT_A.parse().unwrap());
    let bound = setup.start().await;
    let body = json!({ "tenant_id": TENANT_B, "steps": [] });
    bound
        .post(PATH, &key, &body)
        .send()
        .await
        .problem(403, "PermissionDenied");
    let job = bound.rehearse(&key, json!([])).await;
    assert_eq!(job["tenant_id"], TENANT_A);
}

#[tokio::test]
async fn bodies_that_are_none_are_told_apart() {
    let key = key("owner");
    let mut setup = Setup::new(&[&key]);
    setup.limits = Limits {
        body_bytes: 1000,
        ..Limits::default()
    };
    let site = setup.start().await;
    let post = || site.call(Method::POST, PATH).key(&key);
    let json = || post().header("content-type", "application/json; charset=utf-8");
    json().body("{").send().await.problem(400, "MalformedJson");
    json().body("\x0c").send().await.problem(400, "MalformedJson");
    json().body("[]").send().await.problem(422, "InvalidArgument");
    json()
        .body(vec![b' '; 1001])
        .send()
        .await
        .problem(413, "TooLarge");
    post()
        .body("{}")
        .send()
        .await
        .problem(415, "UnsupportedMediaType");
    post()
        .header("content-type", "text/plain")
        .body("{}")
        .send()
        .await
        .problem(415, "UnsupportedMediaType");
    json()
        .header("accept", "text/html, application/json;q=0")
        .body("{}")
        .send()
        .await
        .problem(406, "NotAcceptable");
    assert_eq!(
        json()
            .header("accept", "text/html, */*;q=0.1")
            .body("{}")
            .send()
            .await
            .status,
        202
    );
}

#[tokio::test]
async fn a_scope_that_is_missing_is_named() {
    let reader = key("reader").scopes(&[Scope::GraphRead]);
    let site = Setup::new(&[&reader]).start().await;
    for (operation, scope) in [("scan", "scan:run"), ("import", "graph:write")] {
        let path = format!("/api/v1/{operation}");
        let answer = site
            .post(&path, &reader, &json!({ "tenant_id": TENANT_A }))
            .send()
            .await;
        let problem = answer.problem(403, "PermissionDenied");
        assert!(problem["detail"].as_str().unwrap().contains(scope), "{problem}");
    }
    let any = site.post("/api/v1/self-test", &reader, &json!({})).send().await;
    assert_eq!(any.status, 202, "{any:?}");
}
