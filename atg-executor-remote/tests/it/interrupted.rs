//! Connections that are cut, services that start anew, streams that something holds back.

use std::{sync::Arc, time::Duration};

use atg_executor_remote::{RemoteExecutor, RemoteOptions};
use atg_sdk::{
    ErrorKind, EventKind, Executor, ExecutorExt as _, InputContent, JobEvent, JobId, JobRequest, JobStatus,
    Operation, Owner,
    model::operations::rehearsal::{Parameters, Step},
};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{header_exists, method, path},
};

use super::{
    proxy::Cutting,
    service::{Keys, Service, Setup, generous, local},
};

fn script(steps: Vec<Step>) -> JobRequest {
    JobRequest::new(Operation::Rehearsal(Parameters {
        steps,
        ..Parameters::default()
    }))
}

fn warnings(count: usize) -> Vec<Step> {
    (0..count)
        .map(|n| Step::Warn {
            message: format!("warning {n} of some length, so that connections are cut within it"),
        })
        .collect()
}

fn quick(options: RemoteOptions) -> RemoteExecutor {
    RemoteExecutor::new(options.with_retry_delay(Duration::from_millis(1))).unwrap()
}

fn sequences(events: &[JobEvent]) -> Vec<u64> {
    events.iter().map(|event| event.sequence).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_goes_on_where_it_was_cut() {
    let home = tempfile::tempdir().unwrap();
    let executor = local(home.path(), 1);
    let service = Service::start(Arc::clone(&executor), &[Owner::default()], Setup::default()).await;
    let text = (0..40_000).map(|n| format!("{n:08}")).collect::<String>();
    let request = script(vec![Step::Artifact {
        name: "large".to_owned(),
        text: text.clone(),
        repeat: 5,
    }]);
    let id = request.id;
    quick(service.client(&Owner::default()))
        .run(request)
        .await
        .unwrap();
    // 1.6 MB through connections that carry 200 kB each: more cuts than tries, and each goes on.
    let proxy = Cutting::before(service.address, 200_000).await;
    let key = service.key(&Owner::default());
    let remote = quick(RemoteOptions::new(format!("http://{}", proxy.address), key));
    let opened = remote.read_artifact(id, "large", None).await.unwrap();
    let bytes = opened.bytes.try_collect::<Vec<_>>().await.unwrap().concat();
    assert!(bytes == text.repeat(5).into_bytes(), "the bytes changed");
    assert!(proxy.connections() >= 8, "{}", proxy.connections());
    let range = atg_sdk::ByteRange {
        start: 300_001,
        end: Some(1_000_003),
    };
    let opened = remote.read_artifact(id, "large", Some(range)).await.unwrap();
    let part = opened.bytes.try_collect::<Vec<_>>().await.unwrap().concat();
    assert!(part == bytes[300_001..1_000_003], "the range changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_goes_on_where_it_was_cut_and_misses_nothing() {
    let home = tempfile::tempdir().unwrap();
    let executor = local(home.path(), 1);
    let service = Service::start(Arc::clone(&executor), &[Owner::default()], Setup::default()).await;
    let request = script(warnings(100));
    let id = request.id;
    let whole = quick(service.client(&Owner::default()));
    whole.run(request).await.unwrap();
    let log: Vec<_> = whole.watch_job(id, None).try_collect().await.unwrap();
    // Cut within heads, within events, and between them.
    for after in [1_001, 1_500, 4_096] {
        let proxy = Cutting::before(service.address, after).await;
        let key = service.key(&Owner::default());
        let remote = quick(RemoteOptions::new(format!("http://{}", proxy.address), key));
        let seen: Vec<_> = remote.watch_job(id, Some(1)).try_collect().await.unwrap();
        assert_eq!(seen, log[1..], "cut after {after}");
        assert!(proxy.connections() > 4, "{after}: {}", proxy.connections());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_survives_a_restart_of_the_service() {
    let home = tempfile::tempdir().unwrap();
    let executor = local(home.path(), 1);
    let keys = Keys::of(&[Owner::default()]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let service = Service::start_on(listener, Arc::clone(&executor), keys.clone(), Setup::default()).await;
    let address = service.address;
    let remote = quick(service.client(&Owner::default()));
    let request = script([warnings(3), vec![Step::Hang]].concat());
    let id = request.id;
    remote.submit_job(request).await.unwrap();
    let mut events = remote.watch_job(id, None);
    let mut seen = Vec::new();
    while !matches!(
        seen.last(),
        Some(JobEvent {
            kind: EventKind::Warning { .. },
            ..
        })
    ) {
        seen.push(events.next().await.unwrap().unwrap());
    }
    service.end().await;
    // What happens meanwhile is in the log when it is back.
    executor.cancel_job(id).await.unwrap();
    let rest = tokio::spawn(events.try_collect::<Vec<_>>());
    let listener = loop {
        // The old listener's port is free when its last connection is gone.
        match TcpListener::bind(address).await {
            Ok(listener) => break listener,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    let _service = Service::start_on(listener, executor, keys, Setup::default()).await;
    seen.extend(rest.await.unwrap().unwrap());
    let expected: Vec<_> = (1..=seen.len() as u64).collect();
    assert_eq!(sequences(&seen), expected);
    assert_eq!(seen.last().unwrap().kind, EventKind::Cancelled);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_ends_in_words_when_the_service_stays_away_or_the_time_is_over() {
    let home = tempfile::tempdir().unwrap();
    let executor = local(home.path(), 1);
    let service = Service::start(Arc::clone(&executor), &[Owner::default()], Setup::default()).await;
    let request = script(vec![Step::Hang]);
    let id = request.id;
    let options = || service.client(&Owner::default());
    quick(options()).submit_job(request).await.unwrap();
    let impatient = quick(options().with_max_wait(Some(Duration::from_millis(300))));
    let events: Vec<_> = impatient.watch_job(id, None).collect().await;
    let error = events.last().unwrap().as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.message().contains("it goes on at the service"), "{error}");

    let remote = quick(options().with_reconnect_for(Duration::from_millis(300)));
    let mut events = remote.watch_job(id, None);
    events.next().await.unwrap().unwrap();
    service.end().await;
    let rest: Vec<_> = events.collect().await;
    assert_eq!(
        rest.last().unwrap().as_ref().unwrap_err().kind(),
        ErrorKind::Unavailable
    );
    executor.cancel_job(id).await.unwrap();
}

fn log(id: JobId) -> String {
    let time = "2026-01-01T00:00:00Z";
    let events = [
        json!({ "sequence": 1, "time": time, "kind": "submitted", "owner": "o", "operation": "query" }),
        json!({ "sequence": 2, "time": time, "kind": "started", "attempt": 1 }),
        json!({ "sequence": 3, "time": time, "kind": "of_a_newer_version", "job": id }),
        json!({ "sequence": 4, "time": time, "kind": "cancelled" }),
    ];
    events.map(|event| format!("data: {event}\n\n")).concat()
}

fn job(id: JobId, status: JobStatus) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(
        json!({ "job_id": id, "operation": "query", "status": status, "created_at": "2026-01-01T00:00:00Z" }),
    )
}

#[tokio::test]
async fn where_streams_are_refused_the_job_is_asked_for_and_the_events_follow() {
    for refusal in [
        ResponseTemplate::new(504).set_body_raw("<html>", "text/html"),
        ResponseTemplate::new(406),
        ResponseTemplate::new(200).set_body_raw("<html>", "text/html"),
    ] {
        let (server, id) = (MockServer::start().await, JobId::new());
        let events = || Mock::given(path(format!("/api/v1/jobs/{id}/events")));
        events()
            .respond_with(refusal)
            .up_to_n_times(1)
            .mount(&server)
            .await;
        let stream = ResponseTemplate::new(200).set_body_raw(log(id), "text/event-stream");
        events().respond_with(stream).mount(&server).await;
        let asked = || Mock::given(path(format!("/api/v1/jobs/{id}")));
        asked()
            .respond_with(job(id, JobStatus::Running))
            .up_to_n_times(2)
            .mount(&server)
            .await;
        asked()
            .respond_with(job(id, JobStatus::Cancelled))
            .expect(1)
            .mount(&server)
            .await;
        let options = RemoteOptions::new(server.uri(), "atg_dev_x".into())
            .with_max_retries(0)
            .with_poll_interval(Duration::from_millis(20));
        let seen: Vec<_> = quick(options).watch_job(id, None).try_collect().await.unwrap();
        assert_eq!(sequences(&seen), [1, 2, 3, 4]);
        assert_eq!(seen[2].kind.name(), "of_a_newer_version");
        let calls = server.received_requests().await.unwrap();
        assert!(
            calls[1]
                .url
                .query()
                .is_some_and(|query| query.starts_with("wait="))
        );
    }
}

#[tokio::test]
async fn a_stream_that_stays_silent_is_given_up_for_asking() {
    let id = JobId::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // A proxy that begins an answer and holds the rest back until it is whole.
    tokio::spawn(async move {
        let mut streams = 0;
        let mut held = Vec::new();
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut head = vec![0; 4096];
            let count = connection.read(&mut head).await.unwrap();
            let head = String::from_utf8_lossy(&head[..count]).into_owned();
            if head.contains("/events") {
                streams += 1;
                let begin = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
                connection.write_all(begin.as_bytes()).await.unwrap();
                if streams > 2 {
                    connection.write_all(log(id).as_bytes()).await.unwrap();
                } else {
                    held.push(connection);
                }
            } else {
                let body = json!({ "job_id": id, "operation": "query", "status": "cancelled",
                    "created_at": "2026-01-01T00:00:00Z" })
                .to_string();
                let answer = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
                connection.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    });
    let options = RemoteOptions::new(format!("http://{address}"), "atg_dev_x".into())
        .with_event_silence(Duration::from_millis(100));
    let seen: Vec<_> = quick(options).watch_job(id, None).try_collect().await.unwrap();
    assert_eq!(sequences(&seen), [1, 2, 3, 4]);
}

#[tokio::test]
async fn events_with_a_gap_or_twice_are_put_right_or_told() {
    let (server, id) = (MockServer::start().await, JobId::new());
    let time = "2026-01-01T00:00:00Z";
    let event = |sequence| {
        format!(
            "data: {}\n\n",
            json!({ "sequence": sequence, "time": time, "kind": "started", "attempt": 1 })
        )
    };
    let body = [event(1), event(1), event(3)].concat();
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_raw(body, "text/event-stream"))
        .mount(&server)
        .await;
    let options = RemoteOptions::new(server.uri(), "atg_dev_x".into());
    let seen: Vec<_> = quick(options).watch_job(id, None).collect().await;
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert_eq!(seen[0].as_ref().unwrap().sequence, 1);
    assert!(
        seen[1]
            .as_ref()
            .unwrap_err()
            .message()
            .contains("event 3 after event 1")
    );
}

#[tokio::test]
async fn wrong_bytes_are_told_and_a_service_without_ranges_is_read_all_the_same() {
    use sha2::Digest as _;
    let (server, id) = (MockServer::start().await, JobId::new());
    let sha256 = atg_sdk::InputDigest::from_bytes(sha2::Sha256::digest(b"0123456789").into());
    let artifact =
        json!({ "name": "digits", "content_type": "text/plain", "size_bytes": 10, "sha256": sha256 });
    let body = json!({ "job_id": id, "operation": "query", "status": "completed", "created_at": "2026-01-01T00:00:00Z",
        "artifacts": [artifact] });
    Mock::given(path(format!("/api/v1/jobs/{id}")))
        .respond_with(ResponseTemplate::new(200).set_body_json(body))
        .mount(&server)
        .await;
    // Neither digest nor tag nor range: the job says what it should be.
    let of = |text: &'static str| ResponseTemplate::new(200).set_body_raw(text, "text/plain");
    Mock::given(path(format!("/api/v1/jobs/{id}/artifacts/digits")))
        .and(header_exists("range"))
        .respond_with(of("0123456789"))
        .mount(&server)
        .await;
    Mock::given(path(format!("/api/v1/jobs/{id}/artifacts/digits")))
        .respond_with(of("0123456780"))
        .mount(&server)
        .await;
    let remote = quick(RemoteOptions::new(server.uri(), "atg_dev_x".into()));
    let range = atg_sdk::ByteRange {
        start: 3,
        end: Some(7),
    };
    let opened = remote.read_artifact(id, "digits", Some(range)).await.unwrap();
    assert_eq!(
        opened.bytes.try_collect::<Vec<_>>().await.unwrap().concat(),
        b"3456"
    );
    let opened = remote.read_artifact(id, "digits", None).await.unwrap();
    let error = opened.bytes.try_collect::<Vec<_>>().await.unwrap_err();
    assert!(error.message().contains("do not match its digest"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_input_past_the_services_limit_is_too_large_also_in_the_middle_of_the_upload() {
    let home = tempfile::tempdir().unwrap();
    let limits = atg_server::http::Limits {
        input_bytes: 1_000,
        ..generous()
    };
    let setup = Setup {
        limits: Some(limits),
        ..Setup::default()
    };
    let service = Service::start(local(home.path(), 1), &[Owner::default()], setup).await;
    let remote = quick(service.client(&Owner::default()));
    let bytes = Bytes::from(vec![7; 20_000_000]);
    let chunks = bytes
        .chunks(100_000)
        .map(|chunk| Ok(Bytes::copy_from_slice(chunk)))
        .collect::<Vec<_>>();
    for content in [
        InputContent::Bytes(bytes.clone()),
        InputContent::Stream(stream::iter(chunks).boxed()),
    ] {
        let error = remote.put_input(&Owner::default(), content).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_files_come_in_one_archive_and_are_the_same() {
    let home = tempfile::tempdir().unwrap();
    let service = Service::start(local(home.path(), 1), &[Owner::default()], Setup::default()).await;
    let remote = quick(service.client(&Owner::default()));
    let steps = (0..60).map(|n| Step::Artifact {
        name: format!("modules/{}/file {n}.tf", n % 7),
        text: format!("content {n}\n"),
        repeat: n,
    });
    let job = remote.run(script(steps.collect())).await.unwrap();
    let (one, other) = (home.path().join("archive"), home.path().join("single"));
    let files = remote.download_all(job.id, &one).await.unwrap();
    remote.download_artifacts(job.id, &other).await.unwrap();
    assert_eq!(files.len(), 60);
    for (file, artifact) in files.iter().zip(&job.artifacts) {
        assert_eq!(*file, one.join(&artifact.name));
        assert_eq!(
            std::fs::read(file).unwrap(),
            std::fs::read(other.join(&artifact.name)).unwrap()
        );
    }
}
