//! The service behind certificates, spoken to in both versions of HTTP.

use std::sync::Arc;

use atg_sdk::ErrorKind;
use atg_server::http::{TlsFiles, load_tls};
use bytes::Bytes;
use http::{Request, Response, Version};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::support::{PATIENCE, Setup, Site, id_of, key};

/// A certificate for this machine, of an authority that nobody knows.
struct Certificates {
    dir: TempDir,
    root: rustls::pki_types::CertificateDer<'static>,
}

impl Certificates {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(dir.path().join("cert.pem"), made.cert.pem()).unwrap();
        std::fs::write(dir.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        Self {
            root: made.cert.der().clone(),
            dir,
        }
    }

    fn files(&self) -> TlsFiles {
        TlsFiles {
            certificate: self.dir.path().join("cert.pem"),
            key: self.dir.path().join("key.pem"),
        }
    }

    async fn connect(&self, site: &Site, protocols: &[&[u8]]) -> TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        let stream = TcpStream::connect(site.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
            .unwrap()
    }
}

async fn json_of(response: Response<hyper::body::Incoming>) -> (u16, Value) {
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn both_versions_of_http_are_spoken_behind_tls() {
    let certificates = Certificates::new();
    let key = key("owner");
    let mut setup = Setup::new(&[&key]);
    setup.tls = Some(load_tls(&certificates.files()).unwrap());
    let site = setup.start().await;
    let request = |version: Version, method: &str, path: &str, body: &str| {
        let uri = if version == Version::HTTP_2 {
            format!("https://localhost:{}{path}", site.address.port())
        } else {
            path.to_owned()
        };
        let builder = Request::builder()
            .method(method)
            .uri(uri)
            .header("authorization", format!("Bearer {}", key.text))
            .header("content-type", "application/json");
        let builder = if version == Version::HTTP_2 {
            builder
        } else {
            builder.header("host", format!("localhost:{}", site.address.port()))
        };
        builder.body(Full::new(Bytes::from(body.to_owned()))).unwrap()
    };
    let submitted = |response: &Response<hyper::body::Incoming>| {
        let url = response.headers()["location"].to_str().unwrap().to_owned();
        let start = format!("https://localhost:{}/api/v1/jobs/", site.address.port());
        assert!(url.starts_with(&start), "{url}");
    };

    let stream = certificates.connect(&site, &[b"h2", b"http/1.1"]).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (sender, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    let send = async |method: &str, path: &str, body: &str| {
        let mut sender = sender.clone();
        let call = sender.send_request(request(Version::HTTP_2, method, path, body));
        let answer = tokio::time::timeout(PATIENCE, call).await.unwrap().unwrap();
        assert_eq!(answer.version(), Version::HTTP_2);
        answer
    };
    let answer = send("POST", "/api/v1/rehearsal", r#"{"steps":["hang"]}"#).await;
    submitted(&answer);
    let (status, job) = json_of(answer).await;
    assert_eq!(status, 202);
    // Many calls on one connection: one that is held holds nobody.
    let (job, cancel) = (
        format!("/api/v1/jobs/{}", id_of(&job)),
        format!("/api/v1/jobs/{}/cancel", id_of(&job)),
    );
    let held = format!("{job}/events");
    let held = async {
        send("GET", &held, "")
            .await
            .into_body()
            .collect()
            .await
            .unwrap()
            .to_bytes()
    };
    let others = async {
        for _ in 0..20 {
            assert_eq!(send("GET", &job, "").await.status(), 200);
        }
        assert_eq!(send("POST", &cancel, "").await.status(), 200);
    };
    let (events, ()) = tokio::join!(held, others);
    assert!(String::from_utf8_lossy(&events).contains("event: cancelled"));
    let answer = send("POST", "/api/v1/rehearsal", "{").await;
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    assert_eq!(json_of(answer).await.0, 400);

    let stream = certificates.connect(&site, &[b"http/1.1"]).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    let answer = sender
        .send_request(request(Version::HTTP_11, "POST", "/api/v1/rehearsal", "{}"))
        .await
        .unwrap();
    submitted(&answer);
    assert_eq!(json_of(answer).await.0, 202);
}

#[tokio::test]
async fn who_speaks_no_tls_learns_nothing_and_harms_nobody() {
    let certificates = Certificates::new();
    let key = key("owner");
    let mut setup = Setup::new(&[&key]);
    setup.tls = Some(load_tls(&certificates.files()).unwrap());
    let site = setup.start().await;
    let mut plain = TcpStream::connect(site.address).await.unwrap();
    plain
        .write_all(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let read = plain.read_to_end(&mut answer);
    let _ = tokio::time::timeout(PATIENCE, read).await.unwrap();
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    let mut stream = certificates.connect(&site, &[]).await;
    stream
        .write_all(b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    // Not every end of a connection is announced.
    let _ = stream.read_to_string(&mut answer).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn files_that_are_no_certificates_are_named() {
    let certificates = Certificates::new();
    let other = Certificates::new();
    let good = certificates.files();
    let empty = certificates.dir.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let with = |certificate: &std::path::Path, key: &std::path::Path| TlsFiles {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
    };
    for (files, named) in [
        (with("/nowhere.pem".as_ref(), &good.key), "/nowhere.pem"),
        (with(&empty, &good.key), "empty.pem"),
        (with(&good.certificate, &empty), "empty.pem"),
        (with(&good.key, &good.key), "key.pem"),
        // A key of another certificate.
        (with(&good.certificate, &other.files().key), "cert.pem"),
    ] {
        let error = load_tls(&files).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
        assert!(error.message().contains(named), "{error}");
    }
    load_tls(&good).unwrap();
}
