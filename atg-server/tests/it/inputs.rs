use atg_server::http::Limits;
use http::Method;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::{PATIENCE, Setup, id_of, key, site};

fn path_of(content: &[u8]) -> String {
    let digest: String = Sha256::digest(content)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("/api/v1/inputs/{digest}")
}

#[tokio::test]
async fn an_input_is_verified_kept_and_its_owners_own() {
    let (one, other) = (key("one"), key("other"));
    let site = Setup::new(&[&one, &other]).start().await;
    let content = b"what to read";
    let path = path_of(content);
    let put = |key, content: &'static [u8]| site.call(Method::PUT, &path).key(key).body(content).send();
    let head = |key| site.call(Method::HEAD, &path).key(key).send();
    assert_eq!(head(&one).await.status, 404);
    put(&one, b"something else").await.problem(422, "DigestMismatch");
    assert_eq!(head(&one).await.status, 404);
    let stored = put(&one, content).await;
    assert_eq!(
        (stored.status.as_u16(), &stored.json()["size_bytes"]),
        (201, &json!(12))
    );
    assert_eq!(put(&one, content).await.status, 200);
    // Also where it is known what is sent is verified.
    put(&one, b"something else").await.problem(422, "DigestMismatch");
    let there = head(&one).await;
    assert_eq!(
        (there.status.as_u16(), there.header("content-length")),
        (200, "12")
    );
    assert_eq!(head(&other).await.status, 404);

    let digest = path.rsplit('/').next().unwrap();
    let body = json!({ "input": digest, "steps": [] });
    let mine = site.post("/api/v1/rehearsal", &one, &body).send().await;
    assert_eq!(mine.status, 202, "{mine:?}");
    let job = site.ended(&one, id_of(&mine.json())).await;
    assert_eq!(job["status"], "completed", "{job}");
    let theirs = site.post("/api/v1/rehearsal", &other, &body).send().await;
    theirs.problem(422, "UnknownInput");
}

#[tokio::test]
async fn inputs_that_are_too_large_are_refused_before_and_while_they_come() {
    let key = key("owner");
    let mut setup = Setup::new(&[&key]);
    setup.limits = Limits {
        input_bytes: 10,
        ..Limits::default()
    };
    let site = setup.start().await;
    let path = path_of(b"01234567890");
    let declared = site
        .call(Method::PUT, &path)
        .key(&key)
        .body("01234567890")
        .send()
        .await;
    declared.problem(413, "TooLarge");
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let head = format!(
        "PUT {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ntransfer-encoding: chunked\r\n\r\n\
         b\r\n01234567890\r\n0\r\n\r\n",
        key.text
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    assert!(first_line(&mut stream).await.starts_with("HTTP/1.1 413"));
}

/// Most clients read no answer before they have sent everything: one that is refused half way is heard to the end, or
/// the reset of the connection would take the answer with it.
#[tokio::test]
async fn a_refused_upload_is_heard_to_its_end_and_answered() {
    let key = key("k");
    let mut setup = Setup::new(&[&key]);
    setup.limits = Limits {
        input_bytes: 1_000,
        ..Limits::default()
    };
    let site = setup.start().await;
    let path = path_of(b"");
    for (authorization, status) in [(key.text.as_str(), 413), ("atg_dev_nobody", 401)] {
        let mut stream = TcpStream::connect(site.address).await.unwrap();
        let head = format!(
            "PUT {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {authorization}\r\n\
             content-length: 20000000\r\n\r\n",
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        for _ in 0..200 {
            let sent = stream.write_all(&[7; 100_000]).await;
            assert!(sent.is_ok(), "{status}: {sent:?}");
        }
        let line = first_line(&mut stream).await;
        assert!(line.starts_with(&format!("HTTP/1.1 {status}")), "{line}");
    }
}

async fn first_line(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    while !text.contains(&b'\n') {
        let read = tokio::time::timeout(PATIENCE, stream.read_buf(&mut text))
            .await
            .unwrap();
        if read.unwrap() == 0 {
            break;
        }
    }
    String::from_utf8_lossy(&text)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test]
async fn a_body_without_an_end_is_refused() {
    let (site, key) = site().await;
    for (method, path) in [("PUT", path_of(b"")), ("POST", "/api/v1/rehearsal".to_owned())] {
        let mut stream = TcpStream::connect(site.address).await.unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\n\r\n",
            key.text
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        assert!(
            first_line(&mut stream).await.starts_with("HTTP/1.1 411"),
            "{method}"
        );
    }
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let (site, key) = site().await;
    let path = path_of(b"whole");
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let head = format!(
        "PUT {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: 5\r\n\r\nwho",
        key.text
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    // Whatever the server says to a client that is gone, it has read the end of the connection when it says it.
    let _ = first_line(&mut stream).await;
    assert_eq!(site.call(Method::HEAD, &path).key(&key).send().await.status, 404);
    let bad = site
        .call(Method::PUT, "/api/v1/inputs/xyz")
        .key(&key)
        .body("x")
        .send()
        .await;
    assert_eq!(bad.pointers(), ["{sha256}"]);
}
