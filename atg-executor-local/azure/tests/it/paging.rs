use atg_azure::transport::{Page, Request, ResourceGraphQuery};
use atg_sdk::ErrorKind;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Scripted, answer, public, transport};

fn list() -> Request {
    Request::get(&public(), "/subscriptions/s/resources?api-version=1").unwrap()
}

fn items(page: &Page) -> Vec<String> {
    page.items().map(str::to_owned).collect()
}

#[tokio::test(start_paused = true)]
async fn pages_follow_one_another_to_the_end() {
    let wire = Scripted::new(|before, request| {
        let next = [
            // As it comes from Resource Manager, with its port, and without a host.
            r#","nextLink":"https://management.azure.com:443/subscriptions/s/resources?page=2""#,
            r#","nextLink":"/subscriptions/s/resources?page=3""#,
            r#","nextLink":"""#,
        ];
        assert!(
            request
                .uri()
                .query()
                .unwrap()
                .ends_with(&(before + 1).to_string())
        );
        answer(
            200,
            &[],
            &format!(r#"{{"value":[ {{"n":{before}}} , "é" ]{}}}"#, next[before]),
        )
    });
    let (transport, _) = transport(&wire);
    let mut pages = transport.pages(list());
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        all.extend(items(&page.unwrap()));
    }
    // Each item as Azure wrote it.
    assert_eq!(
        all,
        [
            r#"{"n":0}"#,
            "\"é\"",
            r#"{"n":1}"#,
            "\"é\"",
            r#"{"n":2}"#,
            "\"é\""
        ]
    );
    assert!(pages.next().await.is_none());
}

#[rstest]
#[case::another_host("https://management.azure.com.evil.example/x?page=2")]
#[case::another_port("https://management.azure.com:444/x?page=2")]
#[case::without_tls("http://management.azure.com/x?page=2")]
#[case::a_name_before_the_host("https://management.azure.com@evil.example/x")]
#[case::without_a_scheme("//evil.example/x")]
#[case::the_same_again("/subscriptions/s/resources?api-version=1")]
#[tokio::test(start_paused = true)]
async fn a_way_that_leads_elsewhere_or_back_is_not_taken(#[case] link: &'static str) {
    let wire =
        Scripted::new(move |_, _| answer(200, &[], &json!({"value": [], "nextLink": link}).to_string()));
    let (transport, _) = transport(&wire);
    let error = transport.pages(list()).next().await.unwrap().unwrap_err();
    assert!(error.message().contains("not complete"), "{error}");
    assert_eq!(wire.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_ring_of_pages_is_found() {
    let wire = Scripted::new(|before, _| {
        let link = format!("/subscriptions/s/resources?page={}", before % 3);
        answer(200, &[], &json!({"value": [], "nextLink": link}).to_string())
    });
    let (transport, _) = transport(&wire);
    let mut pages = transport.pages(list());
    let mut read = 0;
    let error = loop {
        match pages.next().await.expect("a ring has no end") {
            Ok(_) => read += 1,
            Err(error) => break error,
        }
    };
    assert!(error.message().contains("leads back"), "{error}");
    assert_eq!((read, wire.count()), (3, 4));
    assert!(pages.next().await.is_none(), "it does not go round again");
}

#[tokio::test(start_paused = true)]
async fn a_page_that_came_damaged_is_asked_for_again() {
    let wire = Scripted::new(|before, _| match before {
        0 => answer(200, &[], r#"{"value":[{"a""#),
        _ => answer(200, &[], r#"{"value":[1]}"#),
    });
    let (transport, _) = transport(&wire);
    let page = transport.pages(list()).next().await.unwrap().unwrap();
    assert_eq!((items(&page), wire.count()), (vec!["1".to_owned()], 2));
}

#[tokio::test(start_paused = true)]
async fn what_is_no_list_is_an_error_and_never_an_empty_one() {
    for body in ["", "[]", "{}", r#"{"value":null}"#, r#"{"value":{}}"#, "<html>"] {
        let wire = Scripted::new(move |_, _| answer(200, &[], body));
        let (transport, _) = transport(&wire);
        let error = transport.pages(list()).next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_goes_on_from_a_cursor_and_from_no_strangers() {
    let wire = Scripted::new(|_, _| answer(200, &[], r#"{"value":[]}"#));
    let (transport, _) = transport(&wire);
    let mut pages = transport
        .pages_from(
            &list(),
            "https://management.azure.com/subscriptions/s/resources?page=7",
        )
        .unwrap();
    assert!(pages.next().await.unwrap().unwrap().is_empty());
    assert_eq!(wire.requests.lock().unwrap()[0].uri().query(), Some("page=7"));
    assert!(transport.pages_from(&list(), "https://evil.example/").is_err());
}

#[tokio::test(start_paused = true)]
async fn a_failed_page_can_be_asked_for_once_more() {
    let wire = Scripted::new(|before, _| match before {
        0 => answer(
            200,
            &[],
            r#"{"value":[1],"nextLink":"/subscriptions/s/resources?page=2"}"#,
        ),
        1 => answer(403, &[], "{}"),
        _ => answer(200, &[], r#"{"value":[2]}"#),
    });
    let (transport, _) = transport(&wire);
    let mut pages = transport.pages(list());
    pages.next().await.unwrap().unwrap();
    assert!(pages.next().await.unwrap().is_err());
    assert_eq!(items(&pages.next().await.unwrap().unwrap()), ["2"]);
}

#[tokio::test(start_paused = true)]
async fn a_query_follows_its_token_in_the_body() {
    let wire = Scripted::new(|before, request| {
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        let token = body["options"].get("$skipToken").and_then(Value::as_str);
        assert_eq!(token, [None, Some("t1"), Some("t2")][before]);
        assert_eq!(body["options"]["$top"], 1000);
        assert_eq!(body["subscriptions"], json!(["s"]));
        let mut answered =
            json!({"totalRecords": 3, "count": 1, "data": [{"id": before}], "resultTruncated": "false"});
        if before < 2 {
            answered["$skipToken"] = json!(format!("t{}", before + 1));
        }
        answer(200, &[], &answered.to_string())
    });
    let (transport, _) = transport(&wire);
    let query = ResourceGraphQuery::new("resources | project id | order by id asc").in_subscriptions(["s"]);
    let mut pages = transport.query(query, "s").unwrap();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        assert_eq!((page.total(), page.is_truncated()), (Some(3), false));
        all.extend(items(&page));
    }
    assert_eq!(all, [r#"{"id":0}"#, r#"{"id":1}"#, r#"{"id":2}"#]);
}

#[tokio::test(start_paused = true)]
async fn rows_that_were_left_out_without_a_way_to_them_are_told() {
    let wire = Scripted::new(|_, _| answer(200, &[], r#"{"data":[1],"resultTruncated":"true"}"#));
    let (transport, _) = transport(&wire);
    let mut pages = transport.query(ResourceGraphQuery::new("resources"), "").unwrap();
    assert!(pages.next().await.unwrap().unwrap().is_truncated());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_comes_back_ends_the_query_with_an_error() {
    let wire = Scripted::new(|_, _| answer(200, &[], r#"{"data":[],"$skipToken":"t"}"#));
    let (transport, _) = transport(&wire);
    let mut pages = transport.query(ResourceGraphQuery::new("resources"), "").unwrap();
    pages.next().await.unwrap().unwrap();
    assert!(pages.next().await.unwrap().is_err());
    assert!(pages.next().await.is_none());
}
