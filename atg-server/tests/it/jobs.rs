use http::Method;
use serde_json::{Value, json};

use crate::support::{Setup, TENANT_A, TENANT_B, id_of, key, site};

#[tokio::test]
async fn a_job_has_a_tag_and_is_not_sent_twice() {
    let (site, key) = site().await;
    let job = site.rehearsed(&key, json!([])).await;
    let path = format!("/api/v1/jobs/{}", id_of(&job));
    let first = site.get(&path, &key).send().await;
    assert_eq!((first.status.as_u16(), first.header("retry-after")), (200, ""));
    let tag = first.header("etag").to_owned();
    let again = site
        .get(&path, &key)
        .header("if-none-match", &format!("\"x\", W/{tag}"))
        .send()
        .await;
    assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
    assert_eq!(again.header("etag"), tag);
    let head = site.call(Method::HEAD, &path).key(&key).send().await;
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), first.body.len().to_string());
}

#[tokio::test]
async fn a_job_that_has_not_ended_says_when_to_ask_again() {
    let (site, key) = site().await;
    let job = site.rehearse(&key, json!(["hang"])).await;
    let path = format!("/api/v1/jobs/{}", id_of(&job));
    let answer = site.get(&path, &key).send().await;
    assert!(answer.header("retry-after").parse::<u32>().is_ok(), "{answer:?}");
    let result = site.get(&format!("{path}/result"), &key).send().await;
    result.problem(409, "JobNotEnded");
    for artifacts in ["/artifacts", "/artifacts/x", "/artifacts?list"] {
        let answer = site.get(&format!("{path}{artifacts}"), &key).send().await;
        answer.problem(409, "JobNotEnded");
    }
}

#[tokio::test]
async fn a_long_poll_is_answered_by_the_change_and_not_before() {
    let (site, key) = site().await;
    let job = site.rehearse(&key, json!(["hang"])).await;
    site.started(&key, id_of(&job)).await;
    let path = format!("/api/v1/jobs/{}", id_of(&job));
    // Nothing changes: it is held until the time is over.
    let begun = std::time::Instant::now();
    let held = site.get(&format!("{path}?wait=1"), &key).send().await;
    assert_eq!(held.json()["status"], "running");
    assert!(begun.elapsed() >= std::time::Duration::from_secs(1));
    let wait = format!("{path}?wait=60");
    let cancel = format!("{path}/cancel");
    let (polled, cancelled) = tokio::join!(
        site.get(&wait, &key).send(),
        site.call(Method::POST, &cancel).key(&key).send()
    );
    assert_eq!(cancelled.status, 200);
    assert_eq!(polled.json()["status"], "cancelled");
    let too_long = site.get(&format!("{path}?wait=61"), &key).send().await;
    assert_eq!(too_long.pointers(), ["?wait"]);
}

#[tokio::test]
async fn results_are_outputs_or_conflicts_with_the_jobs_own_error() {
    let (site, key) = site().await;
    let done = site.rehearsed(&key, json!([])).await;
    let path = format!("/api/v1/jobs/{}/result", id_of(&done));
    let answer = site.get(&path, &key).send().await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["output"], done["output"]);

    let failing = json!([{ "fail": { "kind": "Throttled", "message": "read: too many calls" } }]);
    let failed = site.rehearsed(&key, failing).await;
    let path = format!("/api/v1/jobs/{}/result", id_of(&failed));
    let problem = site.get(&path, &key).send().await.problem(409, "JobFailed");
    assert_eq!(problem["retryable"], false);
    assert_eq!(problem["job_error"]["kind"], "Throttled");

    let hanging = site.rehearse(&key, json!(["hang"])).await;
    let cancel = format!("/api/v1/jobs/{}/cancel", id_of(&hanging));
    assert_eq!(
        site.call(Method::POST, &cancel).key(&key).send().await.status,
        200
    );
    site.ended(&key, id_of(&hanging)).await;
    let path = format!("/api/v1/jobs/{}/result", id_of(&hanging));
    site.get(&path, &key).send().await.problem(409, "JobCancelled");
}

#[tokio::test]
async fn cancelling_an_ended_job_changes_nothing() {
    let (site, key) = site().await;
    let job = site.rehearsed(&key, json!([])).await;
    let path = format!("/api/v1/jobs/{}/cancel", id_of(&job));
    let answer = site.call(Method::POST, &path).key(&key).send().await;
    assert_eq!((answer.status.as_u16(), answer.json()), (200, job));
}

#[tokio::test]
async fn deleting_means_what_the_jobs_state_makes_of_it() {
    let (site, key) = site().await;
    let job = site.rehearse(&key, json!(["hang"])).await;
    let path = format!("/api/v1/jobs/{}", id_of(&job));
    let purge = format!("{path}?purge=true");
    let delete = |path| site.call(Method::DELETE, path).key(&key).send();
    delete(&purge).await.problem(409, "Conflict");
    let asked = delete(&path).await;
    assert_eq!(asked.status, 202, "{asked:?}");
    assert!(!asked.json()["cancel_requested_at"].is_null());
    site.ended(&key, id_of(&job)).await;
    assert_eq!(delete(&purge).await.status, 204);
    assert_eq!(delete(&path).await.status, 204);
    assert_eq!(
        delete("/api/v1/jobs/00000000-0000-4000-8000-000000000000")
            .await
            .status,
        204
    );
    delete("/api/v1/jobs/no-uuid").await.problem(404, "NotFound");
    let gone = site.get(&path, &key).send().await;
    gone.problem(404, "NotFound");
}

#[tokio::test]
async fn jobs_are_listed_newest_first_in_pages() {
    let (site, key) = site().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(id_of(&site.rehearsed(&key, json!([])).await).to_owned());
    }
    ids.reverse();
    let mut found = Vec::new();
    let mut path = "/api/v1/jobs?limit=2&status=completed,failed&operation=rehearsal".to_owned();
    loop {
        let page = site.get(&path, &key).send().await.json();
        let jobs = page["jobs"].as_array().unwrap();
        assert!(jobs.len() <= 2);
        found.extend(jobs.iter().map(|job| id_of(job).to_owned()));
        let Value::String(cursor) = &page["next_cursor"] else {
            break;
        };
        path = format!("/api/v1/jobs?limit=2&status=completed,failed&operation=rehearsal&cursor={cursor}");
    }
    assert_eq!(found, ids);
    let none = site.get("/api/v1/jobs?status=failed", &key).send().await.json();
    assert_eq!(none, json!({ "jobs": [], "next_cursor": null }));
    let bad = "/api/v1/jobs?status=ended&limit=0&tenant_id=x&cursor=y&page=2";
    let answer = site.get(bad, &key).send().await;
    assert_eq!(answer.pointers(), ["?page"]);
    let bad = "/api/v1/jobs?status=ended&limit=0&tenant_id=x&cursor=y";
    let answer = site.get(bad, &key).send().await;
    assert_eq!(answer.pointers(), ["?status", "?limit", "?tenant_id", "?cursor"]);
}

#[tokio::test]
async fn a_foreign_job_is_answered_like_an_unknown_one() {
    let (one, other) = (key("one"), key("other").scopes(&[]));
    let site = Setup::new(&[&one, &other]).start().await;
    let job = site.rehearsed(&one, json!([])).await;
    let unknown = "00000000-0000-4000-8000-000000000000";
    for tail in ["", "/result", "/events", "/artifacts", "/artifacts/x", "?wait=1"] {
        let mut seen = Vec::new();
        for id in [id_of(&job), unknown, "no-uuid"] {
            let answer = site.get(&format!("/api/v1/jobs/{id}{tail}"), &other).send().await;
            let mut problem = answer.problem(404, "NotFound");
            for member in ["instance", "request_id"] {
                problem[member] = Value::Null;
            }
            seen.push(problem.to_string().replace(id, "ID"));
        }
        assert_eq!(seen[0], seen[1], "{tail}");
        assert_eq!(seen[0], seen[2], "{tail}");
    }
    let cancel = format!("/api/v1/jobs/{}/cancel", id_of(&job));
    let answer = site.call(Method::POST, &cancel).key(&other).send().await;
    answer.problem(404, "NotFound");
    let path = format!("/api/v1/jobs/{}", id_of(&job));
    assert_eq!(
        site.call(Method::DELETE, &path).key(&other).send().await.status,
        204
    );
    assert_eq!(site.get(&path, &one).send().await.status, 200);
    assert_eq!(
        site.get("/api/v1/jobs", &other).send().await.json()["jobs"],
        json!([])
    );
}

#[tokio::test]
async fn a_key_for_all_jobs_is_bounded_by_its_tenants() {
    use atg_server::keys::Scope::JobsAll;
    let owner = key("owner");
    let watcher = key("watcher").scopes(&[JobsAll]).tenants(&[TENANT_A]);
    let site = Setup::new(&[&owner, &watcher]).start().await;
    let mut jobs = Vec::new();
    for tenant in [json!(TENANT_A), json!(TENANT_B), Value::Null] {
        let body = json!({ "tenant_id": tenant, "steps": [] });
        let answer = site.post("/api/v1/rehearsal", &owner, &body).send().await;
        jobs.push(site.ended(&owner, id_of(&answer.json())).await);
    }
    let listed = site.get("/api/v1/jobs", &watcher).send().await.json();
    let listed: Vec<_> = listed["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(id_of)
        .map(str::to_owned)
        .collect();
    assert_eq!(listed, [id_of(&jobs[0])]);
    for (job, status) in jobs.iter().zip([200, 404, 404]) {
        let path = format!("/api/v1/jobs/{}", id_of(job));
        assert_eq!(site.get(&path, &watcher).send().await.status, status);
    }
    let path = format!("/api/v1/jobs?tenant_id={TENANT_B}");
    site.get(&path, &watcher)
        .send()
        .await
        .problem(403, "PermissionDenied");
}

#[tokio::test]
async fn paths_and_methods_that_are_none_are_told_apart() {
    let (site, key) = site().await;
    site.get("/api/v1/nothing", &key)
        .send()
        .await
        .problem(404, "NotFound");
    site.get("/api/v2/jobs", &key)
        .send()
        .await
        .problem(404, "NotFound");
    for (method, path, allowed) in [
        (Method::PUT, "/api/v1/jobs", "GET, HEAD"),
        (Method::GET, "/api/v1/rehearsal", "POST"),
        (Method::POST, "/api/v1/jobs/x", "GET, HEAD, DELETE"),
        (Method::OPTIONS, "/api/v1/inputs/x", "PUT, HEAD"),
        (Method::TRACE, "/health", "GET, HEAD"),
    ] {
        let answer = site.call(method, path).key(&key).send().await;
        answer.problem(405, "MethodNotAllowed");
        assert_eq!(answer.header("allow"), allowed);
    }
}
