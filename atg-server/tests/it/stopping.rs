use std::time::Duration;

use atg_server::http::Limits;
use http::Method;
use http_body_util::BodyExt as _;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::support::{PATIENCE, Setup, id_of, key};

#[tokio::test]
async fn a_service_that_stops_takes_no_work_finishes_calls_and_ends() {
    let key = key("owner");
    let closing = CancellationToken::new();
    let mut setup = Setup::new(&[&key]);
    setup.closing = Some(closing.clone());
    let mut site = setup.start().await;
    assert_eq!(site.call(Method::GET, "/health/ready").send().await.status, 200);
    let job = site.rehearse(&key, json!(["hang"])).await;
    site.started(&key, id_of(&job)).await;
    let events = format!("/api/v1/jobs/{}/events", id_of(&job));
    let streaming = site.get(&events, &key).open().await.into_body();
    let poll = format!("/api/v1/jobs/{}?wait=60", id_of(&job));
    let polling = tokio::spawn(site.get(&poll, &key).send_owned());

    site.stop.cancel();
    let ready = site.call(Method::GET, "/health/ready").send().await;
    assert_eq!(
        (ready.status.as_u16(), &ready.json()["status"]),
        (503, &json!("draining"))
    );
    assert_eq!(site.call(Method::GET, "/health/live").send().await.status, 200);
    let refused = site.post("/api/v1/rehearsal", &key, &json!({})).send().await;
    refused.problem(503, "Unavailable");
    assert!(!refused.header("retry-after").is_empty());
    // Whoever waits or watches is let go, and comes back to another server.
    assert_eq!(polling.await.unwrap().status, 200);
    let rest = tokio::time::timeout(PATIENCE, streaming.collect()).await.unwrap();
    rest.unwrap();
    closing.cancel();
    let served = tokio::time::timeout(PATIENCE, &mut site.serving).await;
    served.expect("an end in time").unwrap().unwrap();
}

#[tokio::test]
async fn calls_that_do_not_end_are_cut_off_after_the_grace() {
    let key = key("owner");
    let mut setup = Setup::new(&[&key]);
    setup.limits = Limits {
        grace: Duration::from_millis(100),
        ..Limits::default()
    };
    let mut site = setup.start().await;
    let path = format!("/api/v1/inputs/{}", "0".repeat(64));
    // An upload of which nothing comes.
    let mut stream = tokio::net::TcpStream::connect(site.address).await.unwrap();
    let head = format!(
        "PUT {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: 5\r\n\r\n",
        key.text
    );
    tokio::io::AsyncWriteExt::write_all(&mut stream, head.as_bytes())
        .await
        .unwrap();
    // Answered on another connection, so the first one was accepted before.
    assert_eq!(site.call(Method::GET, "/health/live").send().await.status, 200);
    site.stop.cancel();
    let served = tokio::time::timeout(PATIENCE, &mut site.serving).await;
    served.expect("an end in time").unwrap().unwrap();
}
