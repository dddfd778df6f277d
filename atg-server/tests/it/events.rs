use atg_sdk::JobEvent;
use http::Method;
use http_body_util::BodyExt as _;
use serde_json::json;

use crate::support::{PATIENCE, id_of, site};

/// The events of a stream's text: their ids, kinds and data.
fn read(text: &str) -> Vec<(u64, String, JobEvent)> {
    let events = text.split("\n\n").filter(|event| event.starts_with("id:"));
    events
        .map(|event| {
            let field = |name: &str| {
                let line = event.lines().find_map(|line| line.strip_prefix(name));
                line.unwrap_or_else(|| panic!("{name} in {event}"))
                    .trim()
                    .to_owned()
            };
            let data: JobEvent = serde_json::from_str(&field("data:")).unwrap();
            (field("id:").parse().unwrap(), field("event:"), data)
        })
        .collect()
}

#[tokio::test]
async fn a_stream_replays_follows_and_ends() {
    let (site, key) = site().await;
    let job = site
        .rehearse(
            &key,
            json!([{ "progress": { "progress": 0.5, "step": "half" } }, { "warn": { "message": "look" } }]),
        )
        .await;
    let path = format!("/api/v1/jobs/{}/events", id_of(&job));
    let answer = site
        .get(&path, &key)
        .header("accept", "text/event-stream")
        .send()
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/event-stream");
    assert_eq!(answer.header("cache-control"), "no-store");
    let events = read(answer.text());
    let sequences: Vec<_> = events.iter().map(|(id, ..)| *id).collect();
    let expected: Vec<_> = (events[0].0..).take(events.len()).collect();
    assert_eq!(sequences, expected, "no gaps");
    assert_eq!(
        (events[0].1.as_str(), events[events.len() - 1].1.as_str()),
        ("submitted", "completed")
    );
    for (id, kind, event) in &events {
        assert_eq!((*id, kind.as_str()), (event.sequence, event.kind.name()));
    }
    // Resumed in the middle it has the rest, and at its end nothing.
    let middle = sequences[1];
    let rest = site
        .get(&path, &key)
        .header("last-event-id", &middle.to_string())
        .send()
        .await;
    assert_eq!(read(rest.text()).first().map(|event| event.0), Some(middle + 1));
    let last = sequences.last().unwrap().to_string();
    let after = site.get(&path, &key).header("last-event-id", &last).send().await;
    assert_eq!((after.status.as_u16(), after.body.len()), (204, 0));
}

#[tokio::test]
async fn events_come_while_the_job_runs() {
    let (site, key) = site().await;
    let job = site.rehearse(&key, json!(["hang"])).await;
    let path = format!("/api/v1/jobs/{}/events", id_of(&job));
    let mut body = site.get(&path, &key).open().await.into_body();
    let mut text = String::new();
    let mut read_until = async |word: &str| {
        while !text.contains(word) {
            let frame = tokio::time::timeout(PATIENCE, body.frame()).await.unwrap();
            let Some(frame) = frame else { break };
            text.push_str(std::str::from_utf8(&frame.unwrap().into_data().unwrap()).unwrap());
        }
        assert!(text.contains(word), "{word} in {text}");
    };
    read_until("event: started").await;
    let cancel = format!("/api/v1/jobs/{}/cancel", id_of(&job));
    assert_eq!(
        site.call(Method::POST, &cancel).key(&key).send().await.status,
        200
    );
    read_until("event: cancelled").await;
}

#[tokio::test]
async fn what_cannot_be_streamed_is_refused() {
    let (site, key) = site().await;
    let job = site.rehearsed(&key, json!([])).await;
    let path = format!("/api/v1/jobs/{}/events", id_of(&job));
    for bad in ["x", ""] {
        let answer = site.get(&path, &key).header("last-event-id", bad).send().await;
        assert_eq!(answer.pointers(), ["Last-Event-ID"]);
    }
    let bad = site
        .get(&path, &key)
        .header("accept", "application/json")
        .send()
        .await;
    bad.problem(406, "NotAcceptable");
}
