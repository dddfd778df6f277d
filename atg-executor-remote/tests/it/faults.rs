//! A service, and what stands before it, that misbehaves.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use atg_executor_remote::{RemoteExecutor, RemoteOptions};
use atg_sdk::{
    ErrorKind, Executor as _, InputContent, JobFilter, JobId, JobRequest, JobStatus, Operation, Owner,
    model::operations::query,
};
use bytes::Bytes;
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, Request, Respond, ResponseTemplate,
    matchers::{header, method, path},
};

fn options(server: &MockServer) -> RemoteOptions {
    RemoteOptions::new(server.uri(), "atg_dev_canary-of-a-key".into())
        .with_retry_delay(Duration::from_millis(1))
        .with_request_timeout(Duration::from_secs(20))
}

fn executor(server: &MockServer) -> RemoteExecutor {
    RemoteExecutor::new(options(server)).unwrap()
}

fn job(id: JobId, status: JobStatus) -> Value {
    json!({ "job_id": id, "operation": "query", "status": status, "created_at": "2026-01-01T00:00:00Z" })
}

fn problem(status: u16, kind: &str, retryable: bool) -> ResponseTemplate {
    let body = json!({ "status": status, "kind": kind, "code": kind, "detail": "not now", "request_id": "r-7",
        "retryable": retryable });
    ResponseTemplate::new(status).set_body_raw(body.to_string(), "application/problem+json")
}

/// Answers one after the other; the last one again and again.
struct InTurn {
    answers: Vec<ResponseTemplate>,
    next: AtomicUsize,
}

impl Respond for InTurn {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        let at = self.next.fetch_add(1, Ordering::Relaxed);
        self.answers[at.min(self.answers.len() - 1)].clone()
    }
}

fn in_turn(answers: impl Into<Vec<ResponseTemplate>>) -> InTurn {
    InTurn {
        answers: answers.into(),
        next: AtomicUsize::new(0),
    }
}

async fn calls(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}

#[tokio::test]
async fn a_submission_is_repeated_under_the_same_key_until_it_is_accepted() {
    let server = MockServer::start().await;
    let request = JobRequest::new(Operation::Query(query::Parameters::default()));
    let accepted = ResponseTemplate::new(202).set_body_json(job(request.id, JobStatus::Pending));
    Mock::given(method("POST"))
        .and(path("/api/v1/query"))
        .and(header("idempotency-key", request.id.to_string().as_str()))
        .respond_with(in_turn([
            problem(503, "Unavailable", true),
            problem(409, "Conflict", true).insert_header("retry-after", "0"),
            ResponseTemplate::new(502).set_body_raw("<html>bad gateway</html>", "text/html"),
            accepted,
        ]))
        .expect(4)
        .mount(&server)
        .await;
    assert_eq!(
        executor(&server).submit_job(request.clone()).await.unwrap().id,
        request.id
    );
}

#[tokio::test]
async fn a_wish_to_wait_is_obeyed_and_one_for_too_long_is_passed_on() {
    let server = MockServer::start().await;
    let id = JobId::new();
    Mock::given(method("GET"))
        .respond_with(in_turn([
            problem(429, "Throttled", true).insert_header("retry-after", "1"),
            ResponseTemplate::new(200).set_body_json(job(id, JobStatus::Running)),
            problem(429, "Throttled", true).insert_header("retry-after", "3600"),
        ]))
        .expect(3)
        .mount(&server)
        .await;
    let begun = Instant::now();
    assert_eq!(
        executor(&server).get_job(id).await.unwrap().status,
        JobStatus::Running
    );
    assert!(begun.elapsed() >= Duration::from_secs(1));
    let error = executor(&server).get_job(id).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.request_id()),
        (ErrorKind::Throttled, Some("r-7"))
    );
}

#[tokio::test]
async fn tries_are_bounded_and_a_refusal_is_not_repeated() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(problem(503, "Unavailable", true))
        .mount(&server)
        .await;
    let executor = RemoteExecutor::new(options(&server).with_max_retries(2)).unwrap();
    executor.get_job(JobId::new()).await.unwrap_err();
    assert_eq!(calls(&server).await, 3);
    server.reset().await;
    for (status, kind) in [
        (403, "PermissionDenied"),
        (410, "Gone"),
        (422, "InvalidArgument"),
        (500, "Internal"),
    ] {
        server.reset().await;
        Mock::given(method("GET"))
            .respond_with(problem(status, kind, false))
            .expect(1)
            .mount(&server)
            .await;
        let error = executor.get_job(JobId::new()).await.unwrap_err();
        assert_eq!((error.kind_name(), error.message()), (kind, "not now"));
        server.verify().await;
    }
}

#[tokio::test]
async fn an_unknown_kind_keeps_its_name_and_is_repeated_if_its_sender_says_so() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(problem(418, "Teapot", true))
        .expect(4)
        .mount(&server)
        .await;
    let error = executor(&server).get_job(JobId::new()).await.unwrap_err();
    assert_eq!((error.kind(), error.kind_name()), (ErrorKind::Internal, "Teapot"));
}

#[tokio::test]
async fn a_page_for_browsers_is_not_shown_to_people_in_a_terminal() {
    for (status, kind) in [
        (400, ErrorKind::InvalidArgument),
        (401, ErrorKind::Unauthenticated),
        (403, ErrorKind::PermissionDenied),
        (404, ErrorKind::NotFound),
        (413, ErrorKind::TooLarge),
        (500, ErrorKind::Internal),
        (502, ErrorKind::Unavailable),
        (504, ErrorKind::Timeout),
    ] {
        let server = MockServer::start().await;
        Mock::given(method("GET"))
            .respond_with(ResponseTemplate::new(status).set_body_raw("<html>the page</html>", "text/html"))
            .mount(&server)
            .await;
        let executor = RemoteExecutor::new(options(&server).with_max_retries(0)).unwrap();
        let error = executor.get_job(JobId::new()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status}");
        let words = error.to_string();
        assert!(
            words.contains(&server.uri()) && words.contains(&status.to_string()),
            "{words}"
        );
        assert!(!words.contains("page"), "{words}");
    }
}

#[tokio::test]
async fn success_that_is_not_of_this_service_is_an_error_in_words() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_raw("<html>welcome</html>", "text/html"))
        .mount(&server)
        .await;
    let error = executor(&server).get_job(JobId::new()).await.unwrap_err();
    assert!(error.message().contains("is it an ATG service"), "{error}");
}

#[tokio::test]
async fn the_key_goes_to_no_other_origin() {
    let (server, elsewhere) = (MockServer::start().await, MockServer::start().await);
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(job(JobId::new(), JobStatus::Running)))
        .mount(&elsewhere)
        .await;
    for status in [301, 302, 303, 307, 308] {
        server.reset().await;
        Mock::given(method("GET"))
            .respond_with(
                ResponseTemplate::new(status).insert_header("location", format!("{}/x", elsewhere.uri())),
            )
            .mount(&server)
            .await;
        let error = executor(&server).get_job(JobId::new()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.message().contains(&elsewhere.uri()), "{error}");
        let mut events = executor(&server).watch_job(JobId::new(), None);
        let error = futures::StreamExt::next(&mut events).await.unwrap().unwrap_err();
        assert_eq!(error.code(), "RedirectRefused");
    }
    assert_eq!(calls(&elsewhere).await, 0);
}

#[tokio::test]
async fn a_redirect_within_the_service_is_followed() {
    let server = MockServer::start().await;
    let id = JobId::new();
    Mock::given(path("/moved"))
        .and(header("authorization", "Bearer atg_dev_canary-of-a-key"))
        .respond_with(ResponseTemplate::new(200).set_body_json(job(id, JobStatus::Running)))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(path(format!("/api/v1/jobs/{id}")))
        .respond_with(ResponseTemplate::new(307).insert_header("location", "/moved"))
        .mount(&server)
        .await;
    executor(&server).get_job(id).await.unwrap();
}

#[tokio::test]
async fn addresses_in_answers_are_not_followed() {
    let (server, elsewhere) = (MockServer::start().await, MockServer::start().await);
    let request = JobRequest::new(Operation::Query(query::Parameters::default()));
    let answer = ResponseTemplate::new(202)
        .set_body_json(job(request.id, JobStatus::Completed))
        .insert_header("location", format!("{}/x", elsewhere.uri()))
        .insert_header("operation-location", format!("{}/x", elsewhere.uri()));
    Mock::given(method("POST"))
        .respond_with(answer)
        .mount(&server)
        .await;
    executor(&server).submit_job(request).await.unwrap();
    assert_eq!(calls(&elsewhere).await, 0);
}

#[tokio::test]
async fn another_job_than_the_one_submitted_is_not_taken_for_it() {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(202).set_body_json(job(JobId::new(), JobStatus::Pending));
    Mock::given(method("POST"))
        .respond_with(answer)
        .mount(&server)
        .await;
    let request = JobRequest::new(Operation::Query(query::Parameters::default()));
    executor(&server).submit_job(request).await.unwrap_err();
}

#[tokio::test]
async fn nobody_listening_is_unavailable_and_names_the_address() {
    let address = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let options = RemoteOptions::new(format!("http://{address}"), "atg_dev_canary-of-a-key".into())
        .with_retry_delay(Duration::from_millis(1));
    let executor = RemoteExecutor::new(options).unwrap();
    let errors = [
        executor.get_job(JobId::new()).await.unwrap_err(),
        executor.health().await.unwrap_err(),
        executor
            .put_input(&Owner::default(), InputContent::Bytes(Bytes::from_static(b"x")))
            .await
            .unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.message().contains(&address.to_string()), "{error}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_a_timeout_and_not_asked_for_again() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_delay(Duration::from_secs(60)))
        .mount(&server)
        .await;
    let options = options(&server).with_request_timeout(Duration::from_millis(200));
    let error = RemoteExecutor::new(options)
        .unwrap()
        .get_job(JobId::new())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(calls(&server).await, 1);
}

#[tokio::test]
async fn no_debug_output_and_no_error_shows_the_key() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(problem(401, "Unauthenticated", false))
        .mount(&server)
        .await;
    let executor = executor(&server);
    let error = executor.get_job(JobId::new()).await.unwrap_err();
    let shown = format!("{executor:?} {:?} {error:?} {error}", options(&server));
    assert!(!shown.contains("canary"), "{shown}");
    let bad = RemoteOptions::new(server.uri(), "canary\nkey".into());
    let error = RemoteExecutor::new(bad).unwrap_err();
    assert!(!format!("{error:?} {error}").contains("canary"), "{error:?}");
}

#[tokio::test]
async fn pages_are_followed_and_what_the_service_cannot_filter_is_filtered_here() {
    let server = MockServer::start().await;
    let tenants = [1_u128, 2, 3].map(|n| atg_sdk::azure::TenantId::new(uuid::Uuid::from_u128(n)));
    let of = |tenant: usize| {
        let mut job = job(JobId::new(), JobStatus::Completed);
        job["tenant_id"] = json!(tenants[tenant]);
        job
    };
    Mock::given(path("/api/v1/jobs"))
        .respond_with(in_turn([
            ResponseTemplate::new(200)
                .set_body_json(json!({ "jobs": [of(0), of(2)], "next_cursor": "a/b&c" })),
            ResponseTemplate::new(200).set_body_json(json!({ "jobs": [of(2)], "next_cursor": "d" })),
            ResponseTemplate::new(200).set_body_json(json!({ "jobs": [of(1)], "next_cursor": null })),
        ]))
        .expect(3)
        .mount(&server)
        .await;
    let filter = JobFilter {
        tenants: Some(vec![tenants[0], tenants[1]]),
        ..JobFilter::default()
    };
    let jobs: Vec<_> = futures::StreamExt::collect(executor(&server).list_jobs(filter)).await;
    let found: Vec<_> = jobs
        .into_iter()
        .map(|job| job.unwrap().tenant_id.unwrap())
        .collect();
    assert_eq!(found, tenants[..2]);
    let asked = server.received_requests().await.unwrap();
    assert_eq!(
        asked[1]
            .url
            .query_pairs()
            .find(|(name, _)| name == "cursor")
            .unwrap()
            .1,
        "a/b&c"
    );
    assert!(asked.iter().all(|call| !call.url.as_str().contains("tenant_id")));
}

#[tokio::test]
async fn an_input_that_is_there_is_not_sent_and_one_that_changed_is_told() {
    let server = MockServer::start().await;
    let heads = Arc::new(in_turn([
        ResponseTemplate::new(200).insert_header("content-length", "7"),
        ResponseTemplate::new(404),
    ]));
    let answers = Arc::clone(&heads);
    Mock::given(method("HEAD"))
        .respond_with(move |request: &Request| answers.respond(request))
        .mount(&server)
        .await;
    let mut mismatch: Value = json!({ "status": 422, "kind": "InvalidArgument", "code": "DigestMismatch" });
    mismatch["detail"] = json!("the bytes sent are not those that the path names");
    Mock::given(method("PUT"))
        .respond_with(
            ResponseTemplate::new(422).set_body_raw(mismatch.to_string(), "application/problem+json"),
        )
        .expect(1)
        .mount(&server)
        .await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("input");
    std::fs::write(&file, "content").unwrap();
    let put = || async {
        executor(&server)
            .put_input(&Owner::default(), InputContent::File(file.clone()))
            .await
    };
    assert_eq!(put().await.unwrap().size_bytes, 7);
    let error = put().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(
        error.message().contains("changed while it was being sent"),
        "{error}"
    );
}
