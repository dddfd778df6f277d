use std::{net::IpAddr, time::Duration};

use atg_server::http::{Limits, Rate};
use http::Method;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::{Answer, PATIENCE, Setup, key, site};

const STATUS: &str = "/api/v1/status";

#[tokio::test]
async fn lanes_are_counted_apart_and_say_what_is_left() {
    let key = key("owner");
    let mut setup = Setup::new(&[&key]);
    setup.limits = Limits {
        long: Rate::per_minute(2),
        ..Limits::default()
    };
    let site = setup.start().await;
    let submit = || site.post("/api/v1/rehearsal", &key, &json!({})).send();
    let first = submit().await;
    assert_eq!(first.header("ratelimit-policy"), "\"long\";q=2;w=60");
    assert!(
        first.header("ratelimit").starts_with("\"long\";r=1;t="),
        "{first:?}"
    );
    assert_eq!(submit().await.status, 202);
    let refused = submit().await;
    assert_eq!(refused.problem(429, "Throttled")["retryable"], true);
    assert_eq!(refused.header("ratelimit-policy"), "\"long\";q=2;w=60");
    assert!(
        refused.header("ratelimit").starts_with("\"long\";r=0;t="),
        "{refused:?}"
    );
    let after: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&after));
    let short = site.post("/api/v1/self-test", &key, &json!({})).send().await;
    assert_eq!(short.status, 202, "a short operation is not behind a long one");
    assert_eq!(site.get(STATUS, &key).send().await.status, 200);
}

#[tokio::test]
async fn an_address_is_counted_whatever_key_it_shows() {
    let (one, other, third) = (key("one"), key("other"), key("third"));
    let mut setup = Setup::new(&[&one, &other, &third]);
    setup.limits = Limits {
        other: Rate::per_minute(2),
        ..Limits::default()
    };
    setup.trusted_proxies = vec![IpAddr::from([127, 0, 0, 1])];
    let site = setup.start().await;
    let from = |key, address: &'static str| site.get(STATUS, key).header("x-forwarded-for", address).send();
    assert_eq!(from(&one, "192.0.2.1").await.status, 200);
    assert_eq!(from(&other, "192.0.2.1").await.status, 200);
    from(&other, "192.0.2.1").await.problem(429, "Throttled");
    assert_eq!(from(&third, "198.51.100.7, 192.0.2.2").await.status, 200);
    // What the client itself wrote stands on the left and counts for nothing.
    assert_eq!(from(&third, "192.0.2.9, 192.0.2.1").await.status, 429);
}

#[tokio::test]
async fn guessing_keys_is_slowed_down() {
    let mut setup = Setup::new(&[]);
    setup.limits = Limits {
        other: Rate::per_minute(3),
        ..Limits::default()
    };
    let site = setup.start().await;
    for _ in 0..3 {
        site.get(STATUS, &key("guess"))
            .send()
            .await
            .problem(401, "Unauthenticated");
    }
    site.get(STATUS, &key("guess"))
        .send()
        .await
        .problem(429, "Throttled");
}

/// Reads until the other side closes.
async fn closed(mut stream: TcpStream) -> Vec<u8> {
    let mut text = Vec::new();
    let end = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut text)).await;
    // A reset is an end as well.
    let _ = end.expect("the server closes the connection");
    text
}

#[tokio::test]
async fn clients_that_take_too_long_to_ask_are_left() {
    let key = key("owner");
    let mut setup = Setup::new(&[&key]);
    setup.limits = Limits {
        header_time: Duration::from_millis(200),
        idle: Duration::from_millis(200),
        ..Limits::default()
    };
    let site = setup.start().await;
    for begin in [
        "",
        "GET / HT",
        "PRI * HTTP/2.0\r\n",
        "GET /health HTTP/1.1\r\nhost: x\r\nx-a: ",
    ] {
        let mut stream = TcpStream::connect(site.address).await.unwrap();
        stream.write_all(begin.as_bytes()).await.unwrap();
        let answer = closed(stream).await;
        assert!(!answer.starts_with(b"HTTP/1.1 200"), "{begin:?}");
    }
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let head = format!(
        "POST /api/v1/rehearsal HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: 9\r\n\r\n{{",
        key.text
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = closed(stream).await;
    assert!(
        answer.starts_with(b"HTTP/1.1 408"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
}

/// An answer as it came over the wire.
fn answer_in(text: &str) -> Answer {
    let (head, body) = text
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no answer: {text}"));
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let mut headers = http::HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        headers.append(
            http::HeaderName::from_bytes(name.as_bytes()).unwrap(),
            value.parse().unwrap(),
        );
    }
    Answer {
        status,
        headers,
        body: body.to_owned().into(),
    }
}

#[tokio::test]
async fn what_is_no_http_is_told_so_in_problem_details_and_harms_nobody() {
    let (site, key) = site().await;
    let long = "a".repeat(100_000);
    let many: String = (0..200).map(|number| format!("x-{number}: 1\r\n")).collect();
    for (text, status, code) in [
        ("\r\n\r\n\0\0\0", 400, "MalformedRequest"),
        ("GET\r\n\r\n", 400, "MalformedRequest"),
        ("GET / HTTP/9.9\r\n\r\n", 400, "MalformedRequest"),
        ("GET /\u{7f}\u{0} HTTP/1.1\r\n\r\n", 400, "MalformedRequest"),
        (
            "GET /health HTTP/1.1\r\nhost : x\r\n\r\n",
            400,
            "MalformedRequest",
        ),
        (
            "GET /health HTTP/1.1\r\nhost: x\r\nx\u{1}: y\r\n\r\n",
            400,
            "MalformedRequest",
        ),
        (
            "GET /api/v1/jobs HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
            400,
            "MalformedRequest",
        ),
        (
            "POST /api/v1/scan HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
            400,
            "MalformedRequest",
        ),
        (
            "POST /api/v1/scan HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip\r\n\r\n",
            400,
            "MalformedRequest",
        ),
        // One host, which is what a proxy in front took it for.
        ("GET /health HTTP/1.1\r\n\r\n", 400, "MalformedRequest"),
        (
            "GET /health HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
            400,
            "MalformedRequest",
        ),
        (
            &format!("GET / HTTP/1.1\r\nhost: x\r\nx-a: {long}\r\n\r\n"),
            431,
            "HeadTooLarge",
        ),
        (
            &format!("GET / HTTP/1.1\r\nhost: x\r\n{many}\r\n"),
            431,
            "HeadTooLarge",
        ),
        (
            &format!("GET /{long} HTTP/1.1\r\nhost: x\r\n\r\n"),
            431,
            "HeadTooLarge",
        ),
    ] {
        let shown = &text[..text.len().min(80)];
        let mut stream = TcpStream::connect(site.address).await.unwrap();
        // The server may hang up before it has all of it.
        let _ = stream.write_all(text.as_bytes()).await;
        let answer = String::from_utf8_lossy(&closed(stream).await).into_owned();
        assert!(!answer.is_empty(), "{shown:?}");
        let answer = answer_in(&answer);
        assert_eq!(answer.status, status, "{shown:?}: {answer:?}");
        answer.problem(status, code);
    }
    assert_eq!(site.get(STATUS, &key).send().await.status, 200);
    let metrics = site.get("/metrics", &key).send().await;
    let counted = "atg_api_requests_total{endpoint=\"other\",method=\"other\",status=\"431\"} 3";
    assert!(metrics.text().contains(counted), "{}", metrics.text());
}

/// One that sends, byte by byte, never quite enough.
#[tokio::test]
async fn a_client_that_dribbles_is_left_and_holds_nobody_up() {
    let key = key("owner");
    let mut setup = Setup::new(&[&key]);
    setup.limits = Limits {
        header_time: Duration::from_millis(400),
        idle: Duration::from_millis(400),
        ..Limits::default()
    };
    let site = setup.start().await;
    let begun = std::time::Instant::now();
    let dribble = async |head: &str| {
        let mut stream = TcpStream::connect(site.address).await.unwrap();
        let mut sent = 0;
        if stream.write_all(head.as_bytes()).await.is_err() {
            return sent;
        }
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        let mut byte = [0];
        loop {
            tokio::select! {
                // Whatever it is, nobody gets this far with what was sent.
                read = stream.read(&mut byte) => {
                    if !matches!(read, Ok(1)) {
                        return sent;
                    }
                }
                _ = ticks.tick() => {
                    if stream.write_all(b"a").await.is_err() {
                        return sent;
                    }
                    sent += 1;
                }
            }
        }
    };
    let many =
        futures::future::join_all((0..20).map(|_| dribble("GET /health HTTP/1.1\r\nhost: x\r\nx-a: ")));
    let (sent, answer) = tokio::join!(
        tokio::time::timeout(PATIENCE, many),
        site.get(STATUS, &key).send()
    );
    assert_eq!(answer.status, 200);
    let sent = sent.expect("all of them are left");
    assert!(sent.iter().all(|sent| *sent < 500), "{sent:?}");
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}

/// One that asks for much and takes nothing of it.
#[tokio::test]
async fn a_client_that_takes_nothing_is_left() {
    let key = key("owner");
    let mut setup = Setup::new(&[&key]);
    setup.limits = Limits {
        idle: Duration::from_millis(300),
        connections: 1,
        ..Limits::default()
    };
    let site = setup.start().await;
    let large = json!([{ "artifact": { "name": "a", "text": "0123456789abcdef", "repeat": 2_000_000 } }]);
    let job = site.rehearsed(&key, large).await;
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let head = format!(
        "GET /api/v1/jobs/{}/artifacts/a HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\r\n",
        crate::support::id_of(&job),
        key.text
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // There is room for one connection: this one is answered when that one is given up.
    assert_eq!(site.get(STATUS, &key).send().await.status, 200);
    let got = closed(stream).await;
    assert!(
        got.starts_with(b"HTTP/1.1 200") && got.len() < 32_000_000,
        "{}",
        got.len()
    );
}

#[tokio::test]
async fn over_the_limit_connections_wait_for_a_place() {
    let key = key("owner");
    let mut setup = Setup::new(&[&key]);
    setup.limits = Limits {
        connections: 1,
        ..Limits::default()
    };
    let site = setup.start().await;
    let first = TcpStream::connect(site.address).await.unwrap();
    let second = tokio::spawn(site.get(STATUS, &key).send_owned());
    assert!(!second.is_finished());
    drop(first);
    assert_eq!(second.await.unwrap().status, 200);
}

#[tokio::test]
async fn calls_are_counted_by_route_and_never_by_id() {
    let (site, key) = site().await;
    let unknown = "/api/v1/jobs/00000000-0000-4000-8000-000000000000";
    assert_eq!(site.get(unknown, &key).send().await.status, 404);
    let brew = Method::from_bytes(b"BREW").unwrap();
    assert_eq!(site.call(brew, "/wp-login.php").send().await.status, 404);
    let metrics = site.get("/metrics", &key).send().await;
    assert!(
        metrics
            .header("content-type")
            .starts_with("text/plain; version=0.0.4")
    );
    let text = metrics.text();
    for line in [
        "atg_api_requests_total{endpoint=\"/api/v1/jobs/{job_id}\",method=\"GET\",status=\"404\"} 1",
        "atg_api_requests_total{endpoint=\"other\",method=\"other\",status=\"404\"} 1",
        "atg_job_queue_depth 0",
        "atg_jobs_running 0",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert!(!text.contains("00000000") && !text.contains("wp-login"));
}

#[tokio::test]
async fn a_probe_listener_shows_no_job() {
    let key = key("owner");
    let mut setup = Setup::new(&[&key]);
    setup.probes_only = true;
    let site = setup.start().await;
    for path in ["/health", "/health/live", "/health/ready", "/metrics"] {
        assert_eq!(site.call(Method::GET, path).send().await.status, 200, "{path}");
    }
    for path in ["/api/v1/jobs", STATUS, "/openapi.json"] {
        site.get(path, &key).send().await.problem(404, "NotFound");
    }
}

#[tokio::test]
async fn a_call_keeps_the_name_that_its_caller_gave() {
    let (site, key) = site().await;
    let named = site
        .get(STATUS, &key)
        .header("x-request-id", "abc-1")
        .send()
        .await;
    assert_eq!(named.header("x-request-id"), "abc-1");
    let unfit = site.get(STATUS, &key).header("x-request-id", "a b").send().await;
    assert!(!unfit.header("x-request-id").is_empty() && unfit.header("x-request-id") != "a b");
}
