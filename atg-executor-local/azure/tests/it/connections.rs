use std::time::Duration;

use atg_azure::wire::{Cause, ConnectionOptions, Connections, Limits, Wire as _};
use bytes::Bytes;
use http::Request;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use crate::secure::Secure;

fn connections() -> Connections {
    Connections::new(&ConnectionOptions::default().without_proxy()).unwrap()
}

fn get(address: &str) -> Request<Bytes> {
    Request::get(address).body(Bytes::new()).unwrap()
}

fn limits(bytes: usize) -> Limits {
    Limits {
        time: Duration::from_secs(20),
        bytes,
    }
}

#[tokio::test]
async fn an_authority_of_ones_own_is_trusted_beside_the_others_and_a_stranger_is_not() {
    let server = Secure::start("{}").await;
    let trusting = ConnectionOptions::default()
        .without_proxy()
        .with_extra_ca(server.ca.clone());
    let wire = Connections::new(&trusting).unwrap();
    for _ in 0..3 {
        let answer = wire.exchange(get(&server.address), limits(100)).await.unwrap();
        assert_eq!(answer.body().as_ref(), b"{}");
    }
    assert_eq!(
        *server.connections.lock().unwrap(),
        1,
        "a connection is used again"
    );
    let failure = connections()
        .exchange(get(&server.address), limits(100))
        .await
        .unwrap_err();
    assert_eq!(failure.cause, Cause::Certificate, "{failure:?}");
}

#[test]
fn a_file_that_holds_no_certificate_is_refused_before_anything_is_called() {
    for text in [
        "",
        "nonsense",
        "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n",
    ] {
        assert!(
            Connections::new(&ConnectionOptions::default().with_extra_ca(text)).is_err(),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(307).insert_header("location", format!("{}/next", server.uri())))
        .mount(&server)
        .await;
    let answer = connections()
        .exchange(get(&server.uri()), limits(100))
        .await
        .unwrap();
    assert_eq!(answer.status(), 307);
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_answer_longer_than_allowed_is_cut_off_whether_its_length_is_told_or_not() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_bytes(vec![b'x'; 1_001]))
        .mount(&server)
        .await;
    let failure = connections()
        .exchange(get(&server.uri()), limits(1_000))
        .await
        .unwrap_err();
    assert_eq!(failure.cause, Cause::TooLong);
    assert!(
        connections()
            .exchange(get(&server.uri()), limits(1_001))
            .await
            .is_ok()
    );

    // Ten megabytes of nothing, packed into ten kilobytes.
    let packed = pack(&vec![0; 10_000_000]);
    assert!(packed.len() < 20_000);
    let address = raw(
        [
            b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n".as_slice(),
            &packed,
        ]
        .concat(),
        Some(0),
    )
    .await;
    let failure = connections()
        .exchange(get(&address), limits(1_000_000))
        .await
        .unwrap_err();
    assert_eq!(failure.cause, Cause::TooLong);
}

#[tokio::test]
async fn a_body_that_ends_before_its_length_is_a_cut_and_not_an_answer() {
    let address = raw(
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"value\":[]".to_vec(),
        Some(0),
    )
    .await;
    let failure = connections()
        .exchange(get(&address), limits(1_000))
        .await
        .unwrap_err();
    assert_eq!(failure.cause, Cause::Cut, "{failure:?}");
}

#[tokio::test]
async fn silence_ends_with_the_time_that_the_call_was_given() {
    let address = raw(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n".to_vec(), None).await;
    let short = Limits {
        time: Duration::from_millis(200),
        bytes: 100,
    };
    let failure = connections().exchange(get(&address), short).await.unwrap_err();
    assert_eq!(failure.cause, Cause::Time);
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/?canary", listener.local_addr().unwrap());
    drop(listener);
    let failure = connections()
        .exchange(get(&address), limits(100))
        .await
        .unwrap_err();
    assert_eq!(failure.cause, Cause::Connect);
    assert!(!failure.words.contains("canary"), "{failure:?}");
}

#[tokio::test]
async fn everything_goes_through_a_proxy_that_was_named() {
    let proxy = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_string("through"))
        .mount(&proxy)
        .await;
    let mut options = ConnectionOptions::default();
    options.proxy = Some(proxy.uri().into());
    let wire = Connections::new(&options).unwrap();
    let answer = wire
        .exchange(get("http://nowhere.invalid/x"), limits(100))
        .await
        .unwrap();
    assert_eq!(answer.body().as_ref(), b"through");
    options.proxy = Some("http://user:canary@:bad".to_owned().into());
    let error = Connections::new(&options).unwrap_err();
    assert!(!format!("{error:?} {options:?}").contains("canary"));
}

/// A server that says the same to everybody and then closes, at once or never.
async fn raw(answer: Vec<u8>, close: Option<u64>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut buffer = [0; 4096];
        let _ = stream.read(&mut buffer).await;
        stream.write_all(&answer).await.unwrap();
        if close.is_none() {
            std::future::pending::<()>().await;
        }
        let _ = stream.shutdown().await;
    });
    address
}

fn pack(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}
