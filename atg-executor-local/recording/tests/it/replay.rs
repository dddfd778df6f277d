//! What was told is told again, and nothing else.

use std::io::Read as _;

use atg_azure::transport::Request;
use atg_azure_sim::{Fault, Matching, Principal, RetryAfter, Rule, Schedule, Secret};
use atg_recording::{Header, Recorder, Recording};
use atg_sdk::ErrorKind;
use rstest::rstest;

use crate::support::{ask, connect, record, redact, redacted, simulator};

fn open(packed: &[u8]) -> atg_sdk::Result<Recording> {
    let unpacked = zstd::Decoder::new(packed).unwrap();
    Recording::open(unpacked, &std::env::temp_dir())
}

fn text(packed: &[u8]) -> String {
    let mut out = String::new();
    zstd::Decoder::new(packed)
        .unwrap()
        .read_to_string(&mut out)
        .unwrap();
    out
}

fn often(service: &str, fault: Fault, per_mille: u16) -> Rule {
    Rule {
        matching: Matching {
            service: Some(service.to_owned()),
            ..Matching::default()
        },
        fault,
        per_mille,
        times: None,
        skip: 0,
    }
}

#[tokio::test]
async fn a_replay_tells_what_was_told() {
    let azure = simulator(|_| {}).await;
    let (file, told) = record(&azure).await;
    drop(azure);
    let recording = open(&file).unwrap();
    assert_eq!(recording.damage(), None);
    assert_eq!(recording.header().parameters["a"], 1);
    let transport = recording.transport();
    let again = ask(&transport).await;
    assert!(told.len() > 100, "{}", told.len());
    let expected: Vec<String> = told.iter().map(|item| redacted(item)).collect();
    assert_eq!(again, expected);
    assert_eq!(recording.recorded().left, 0);
    let identity = transport.identity().await.unwrap();
    assert!(identity.object_id.is_some() && identity.client_id.is_some());
    // What was read to the end is gone: nothing is told twice.
    let error = transport
        .send(&Request::get(transport.cloud(), "/subscriptions?api-version=2022-12-01").unwrap())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn trouble_is_replayed_without_waiting_for_it() {
    let azure = simulator(|config| {
        let too_many = Fault::TooManyRequests {
            retry_after: RetryAfter::default(),
            seconds: 1,
        };
        // Not of signing in: that is never recorded, so what it said cannot be told again.
        let trouble = ["arm", "resource_graph", "graph"]
            .into_iter()
            .flat_map(|service| {
                [
                    often(service, Fault::Cut, 100),
                    often(service, Fault::InvalidJson, 50),
                    often(service, Fault::ServerError { status: 503 }, 100),
                    often(service, too_many.clone(), 20),
                ]
            });
        let forbidden = Rule {
            matching: Matching {
                contains: Some("/applications".to_owned()),
                ..Matching::default()
            },
            ..often("graph", Fault::Forbidden, 1_000)
        };
        config.faults = Schedule {
            seed: 11,
            rules: trouble.chain([forbidden]).collect(),
        };
    })
    .await;
    let (file, told) = record(&azure).await;
    assert!(
        azure
            .faults_applied()
            .iter()
            .filter(|rule| rule.applied > 0)
            .count()
            >= 3
    );
    let recording = open(&file).unwrap();
    assert_eq!(recording.damage(), None);
    let started = std::time::Instant::now();
    let again = ask(&recording.transport()).await;
    assert_eq!(again, told.iter().map(|item| redacted(item)).collect::<Vec<_>>());
    assert!(started.elapsed().as_secs() < 10);
    assert_eq!(recording.recorded().left, 0);
}

#[tokio::test]
async fn nothing_that_proves_anything_is_in_it() {
    let azure = simulator(|config| {
        config.secrets.push(Secret {
            vault: "kv-more".to_owned(),
            name: "first".to_owned(),
            value: "vault-canary".to_owned(),
        });
    })
    .await;
    let transport = connect(&azure).await;
    let identity = transport.identity().await.unwrap();
    let header = Header::new(
        azure.tenant_id().parse().unwrap(),
        &transport,
        &identity,
        serde_json::Value::Null,
    );
    let (recorder, recorded) = Recorder::start(&transport, &header, Vec::new(), redact()).unwrap();
    let told = ask(&recorded).await;
    // Under another name the simulator is another host, as Azure's vaults are.
    let port = azure.origin().rsplit_once(':').unwrap().1;
    let vault = format!("https://127.0.0.1:{port}").parse().unwrap();
    let secret = Request::get_vault(&vault, "/secrets/first?api-version=7.4").unwrap();
    let secret = recorded.send(&secret).await.unwrap();
    assert!(String::from_utf8_lossy(secret.body()).contains("vault-canary"));
    let text = text(&recorder.finish().await.unwrap());
    assert!(
        told.iter().any(|item| item.contains("\"vmSize\":\"")),
        "the demo tenant has machines"
    );
    for secret in [
        Principal::SECRET,
        "vault-canary",
        "Bearer ",
        "oauth2",
        "\"vmSize\":\"",
        "access_token",
    ] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[rstest]
#[case::in_the_middle(2, 3)]
#[case::just_before_the_end(99, 100)]
#[tokio::test]
async fn a_recording_that_is_cut_says_so_and_what_is_missing_is_not_taken_for_nothing(
    #[case] numerator: usize,
    #[case] denominator: usize,
) {
    let azure = simulator(|_| {}).await;
    let (file, told) = record(&azure).await;
    let whole = text(&file);
    // Cut as text and packed again, and cut as it lies packed.
    let cut_text = &whole.as_bytes()[..whole.len() * numerator / denominator];
    let packed = zstd::encode_all(cut_text, 1).unwrap();
    for cut in [&packed[..], &file[..file.len() * numerator / denominator]] {
        let recording = open(cut).unwrap();
        assert!(recording.damage().is_some());
        let again = ask(&recording.transport()).await;
        let expected: Vec<String> = told.iter().map(|item| redacted(item)).collect();
        assert_ne!(again, expected);
        let lost: Vec<_> = again.iter().filter(|item| !expected.contains(item)).collect();
        assert!(!lost.is_empty(), "something is missing and is told");
        assert!(lost.iter().all(|words| words.contains("recording")), "{lost:?}");
    }
}

#[tokio::test]
async fn a_damaged_line_loses_that_exchange_and_no_other() {
    let azure = simulator(|_| {}).await;
    let (file, _) = record(&azure).await;
    let mut lines: Vec<String> = text(&file).lines().map(str::to_owned).collect();
    let count = lines.len();
    lines[3].truncate(40);
    let damaged = zstd::encode_all(lines.join("\n").as_bytes(), 1).unwrap();
    let recording = open(&damaged).unwrap();
    assert!(
        recording.damage().unwrap().contains("line 4"),
        "{:?}",
        recording.damage()
    );
    assert_eq!(recording.recorded().left, count as u64 - 3);
}

#[test]
fn what_is_no_recording_is_refused() {
    for (text, kind) in [
        (&b"{\"id\":\"/x\"}\n"[..], ErrorKind::InvalidArgument),
        (b"", ErrorKind::InvalidArgument),
        (
            b"{\"format\":\"atg-recording\",\"version\":2}\n",
            ErrorKind::Unsupported,
        ),
        (
            b"{\"format\":\"atg-recording\",\"version\":1}\n",
            ErrorKind::InvalidArgument,
        ),
    ] {
        let error = Recording::open(text, &std::env::temp_dir()).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
}
