use std::time::Duration;

use atg_azure::{
    cloud::Audience,
    transport::Request,
    wire::{Cause, WireFailure},
};
use atg_sdk::ErrorKind;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{Method, StatusCode};
use rstest::rstest;
use tokio::time::Instant;
use url::Url;

use crate::support::{Scripted, answer, public, transport, transport_with};

fn get() -> Request {
    Request::get(&public(), "/subscriptions?api-version=2022-12-01").unwrap()
}

fn post() -> Request {
    Request::write(
        &public(),
        Audience::ResourceManager,
        Method::POST,
        "/x?api-version=1",
        &(),
    )
    .unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_call_carries_its_token_and_ids_and_gives_its_answer() {
    let wire = Scripted::new(|_, _| answer(200, &[("x-ms-request-id", "r")], r#"{"a":1}"#));
    let (transport, tokens) = transport(&wire);
    let found = transport.send(&get()).await.unwrap();
    assert_eq!(found.json::<serde_json::Value>().unwrap()["a"], 1);
    assert_eq!((found.ids().request.as_deref(), found.tries()), (Some("r"), 1));
    assert_eq!(wire.tokens(), ["Bearer token-1"]);
    assert_eq!(
        tokens.asked.lock().unwrap()[0].scope,
        "https://management.azure.com/.default"
    );
    let requests = wire.requests.lock().unwrap();
    assert!(requests[0].headers().contains_key("x-ms-client-request-id"));
    assert_eq!(requests[0].uri().query(), Some("api-version=2022-12-01"));
}

#[rstest]
#[case(500)]
#[case(502)]
#[case(503)]
#[case(504)]
#[case(408)]
#[case(429)]
#[tokio::test(start_paused = true)]
async fn what_may_pass_is_tried_again(#[case] status: u16) {
    let wire = Scripted::new(move |before, _| answer(if before < 3 { status } else { 200 }, &[], "{}"));
    let (transport, _) = transport(&wire);
    assert_eq!(transport.send(&get()).await.unwrap().tries(), 4);
    assert_eq!(transport.tally().repeated, 3);
}

#[rstest]
#[case(400, ErrorKind::InvalidArgument)]
#[case(403, ErrorKind::PermissionDenied)]
#[case(404, ErrorKind::NotFound)]
#[case(409, ErrorKind::Conflict)]
#[case(301, ErrorKind::Unsupported)]
#[tokio::test(start_paused = true)]
async fn what_will_not_pass_is_tried_once(#[case] status: u16, #[case] kind: ErrorKind) {
    let wire = Scripted::new(move |_, _| {
        answer(
            status,
            &[("location", "https://evil.example"), ("x-ms-request-id", "r-9")],
            r#"{"error":{"code":"C","message":"M."}}"#,
        )
    });
    let (transport, _) = transport(&wire);
    let error = transport.send(&get()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code(), error.request_id()),
        (kind, Some("C"), Some("r-9"))
    );
    assert_eq!(wire.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn patience_ends_and_the_error_says_how_often_it_was_tried() {
    let wire = Scripted::new(|_, _| answer(503, &[], ""));
    let (transport, _) = transport(&wire);
    let error = transport.send(&get()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.tries(), wire.count()),
        (ErrorKind::Unavailable, 6, 6)
    );
    assert!(error.to_string().contains("tried 6 times"), "{error}");
}

#[rstest]
#[case::seconds("retry-after", "7", 7.0)]
#[case::milliseconds("x-ms-retry-after-ms", "2500", 2.5)]
#[case::a_date("retry-after", "Thu, 01 Jan 2026 00:00:09 GMT", 9.0)]
#[tokio::test(start_paused = true)]
async fn what_azure_asks_for_is_waited_for(
    #[case] name: &'static str,
    #[case] value: &'static str,
    #[case] wait: f64,
) {
    let wire = Scripted::new(move |before, _| match before {
        0 => answer(
            503,
            &[(name, value), ("date", "Thu, 01 Jan 2026 00:00:00 GMT")],
            "",
        ),
        _ => answer(200, &[], "{}"),
    });
    let (transport, _) = transport(&wire);
    let start = Instant::now();
    transport.send(&get()).await.unwrap();
    let took = start.elapsed().as_secs_f64();
    assert!(took >= wait && took < wait * 1.2 + 0.2, "{took}");
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_too_long_is_not_begun_but_told() {
    let wire = Scripted::new(|_, _| answer(429, &[("retry-after", "86400")], ""));
    let (transport, _) = transport(&wire);
    let start = Instant::now();
    let error = transport.send(&get()).await.unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(1));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(86_400)));
    assert_eq!(error.kind(), ErrorKind::Throttled);
}

#[rstest]
#[case::a_server_error(answer(500, &[], ""), 1)]
#[case::a_cut(Err(WireFailure::new(Cause::Cut, "cut")), 1)]
#[case::silence(Err(WireFailure::new(Cause::Time, "silent")), 1)]
#[case::refused_so_not_done(answer(429, &[], ""), 2)]
#[case::never_sent(Err(WireFailure::new(Cause::Connect, "refused")), 2)]
#[tokio::test(start_paused = true)]
async fn a_call_that_does_something_is_repeated_only_where_it_was_not_done(
    #[case] first: Result<http::Response<bytes::Bytes>, WireFailure>,
    #[case] calls: usize,
) {
    let wire = Scripted::new(move |before, _| match before {
        0 => first.clone(),
        _ => answer(200, &[], "{}"),
    });
    let (transport, _) = transport(&wire);
    let outcome = transport.send(&post()).await;
    assert_eq!(wire.count(), calls);
    assert_eq!(outcome.is_ok(), calls == 2);
}

#[tokio::test(start_paused = true)]
async fn a_post_that_only_reads_is_repeated_like_any_read() {
    let wire = Scripted::new(|before, _| match before {
        0 => Err(WireFailure::new(Cause::Cut, "cut")),
        1 => answer(500, &[], ""),
        _ => answer(200, &[], "{}"),
    });
    let (transport, _) = transport(&wire);
    let request = Request::read(&public(), Audience::ResourceManager, "/q", &"query").unwrap();
    transport.send(&request).await.unwrap();
    let requests = wire.requests.lock().unwrap();
    assert_eq!(requests.len(), 3);
    assert!(
        requests
            .iter()
            .all(|request| request.body().as_ref() == b"\"query\"")
    );
}

#[tokio::test(start_paused = true)]
async fn a_token_refused_with_claims_is_replaced_by_one_with_them() {
    let claims = r#"{"access_token":{"nbf":{"essential":true,"value":"1"}}}"#;
    let challenge = format!(
        r#"Bearer error="insufficient_claims", claims="{}""#,
        BASE64_STANDARD.encode(claims)
    );
    let wire = Scripted::new(move |before, _| match before {
        0 => answer(401, &[("www-authenticate", &challenge)], ""),
        _ => answer(200, &[], "{}"),
    });
    let (transport, tokens) = transport(&wire);
    transport.send(&get()).await.unwrap();
    assert_eq!(wire.tokens(), ["Bearer token-1", "Bearer token-2"]);
    assert_eq!(tokens.asked.lock().unwrap()[1].claims.as_deref(), Some(claims));
    // The next call goes on with the new one.
    transport.send(&get()).await.unwrap();
    assert_eq!(wire.tokens()[2], "Bearer token-2");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_stays_refused_is_an_error_after_two_new_ones() {
    let body = r#"{"error":{"code":"InvalidAuthenticationToken","message":"No."}}"#;
    let wire = Scripted::new(move |_, _| answer(401, &[], body));
    let (transport, _) = transport(&wire);
    let error = transport.send(&get()).await.unwrap_err();
    assert_eq!((error.kind(), wire.count()), (ErrorKind::Unauthenticated, 3));
}

#[tokio::test(start_paused = true)]
async fn a_write_refused_for_its_token_was_not_done_and_is_sent_again() {
    let wire = Scripted::new(|before, _| answer(if before == 0 { 401 } else { 200 }, &[], "{}"));
    let (transport, _) = transport(&wire);
    transport.send(&post()).await.unwrap();
    assert_eq!(wire.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn work_that_outlasts_its_token_goes_on_with_the_next() {
    let wire = Scripted::new(|_, _| answer(200, &[], "{}"));
    let (transport, tokens) = transport_with(&wire, 3_600);
    for _ in 0..12 {
        transport.send(&get()).await.unwrap();
        tokio::time::advance(Duration::from_secs(600)).await;
    }
    // Two hours: no call was ever refused for it.
    assert_eq!(transport.tally().renewed, 0);
    assert_eq!(tokens.asked.lock().unwrap().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn no_token_goes_to_a_host_that_is_none_of_the_clouds() {
    let wire = Scripted::new(|_, _| answer(200, &[], "{}"));
    let (transport, tokens) = transport(&wire);
    let mut elsewhere = public();
    elsewhere.resource_manager = Url::parse("https://evil.example").unwrap();
    let request = Request::get(&elsewhere, "/subscriptions").unwrap();
    let error = transport.send(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert_eq!((wire.count(), tokens.asked.lock().unwrap().len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_status_that_was_expected_is_an_answer() {
    let wire = Scripted::new(|_, _| answer(404, &[], "{}"));
    let (transport, _) = transport(&wire);
    let request = get().expecting(StatusCode::NOT_FOUND);
    assert_eq!(transport.send(&request).await.unwrap().status(), 404);
}

#[tokio::test(start_paused = true)]
async fn no_error_and_no_debug_shows_a_token_or_a_cursor() {
    let wire = Scripted::new(|_, _| answer(403, &[], "{}"));
    let (transport, _) = transport(&wire);
    let request = Request::get(&public(), "/x?$skiptoken=canary").unwrap();
    let error = transport.send(&request).await.unwrap_err();
    let shown = format!(
        "{error} {error:?} {transport:?} {request:?} {:?}",
        transport.tokens()
    );
    assert!(!shown.contains("canary") && !shown.contains("token-1"), "{shown}");
}
