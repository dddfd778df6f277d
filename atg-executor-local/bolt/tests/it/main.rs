//! Connections to a server that says what the test wants.

mod server;

use std::time::Duration;

use atg_bolt::{Address, Failure, Limits, Mode, Options, Pool, Transaction};

use self::server::{Scripted, Speaks};

const READ: Transaction<'static> = Transaction {
    mode: Mode::Read,
    timeout: Some(Duration::from_secs(1)),
    metadata: &[],
};

fn options(uri: &str) -> Options {
    Options {
        address: Address::parse(uri).unwrap(),
        login: None,
        database: None,
        authorities: None,
        limits: Limits {
            connect: Duration::from_secs(5),
            silence: Duration::from_secs(5),
        },
        connections: 1,
        wait: Duration::from_millis(50),
    }
}

async fn ask(options: Options) -> Result<i64, Failure> {
    let pool = Pool::new(options).unwrap();
    let mut lease = pool.lease().await?;
    let answer = lease.run("RETURN 1", &[0xa0], READ).await?;
    Ok(answer.single().and_then(atg_bolt::Value::as_int).unwrap())
}

#[tokio::test]
async fn a_certificate_of_a_named_authority_is_trusted_and_no_other() {
    let server = Scripted::start(Speaks::Bolt, true).await;
    let uri = |scheme: &str| format!("{scheme}://localhost:{}", server.port);
    let mut trusting = options(&uri("bolt+s"));
    trusting.authorities = Some(server.authority.clone().into_bytes());
    assert_eq!(ask(trusting).await.unwrap(), 1);

    let stranger = ask(options(&uri("bolt+s"))).await.unwrap_err();
    assert!(matches!(stranger, Failure::Tls { .. }), "{stranger:?}");
    assert_eq!(ask(options(&uri("bolt+ssc"))).await.unwrap(), 1);

    let mut elsewhere = options(&format!("bolt+s://127.0.0.1:{}", server.port));
    elsewhere.authorities = Some(server.authority.clone().into_bytes());
    let misnamed = ask(elsewhere).await.unwrap_err();
    assert!(matches!(misnamed, Failure::Tls { .. }), "{misnamed:?}");
}

#[test]
fn what_is_no_authority_is_refused() {
    let mut with = options("bolt+s://localhost");
    for nonsense in ["", "nothing"] {
        with.authorities = Some(nonsense.into());
        assert!(Pool::new(with.clone()).is_err(), "{nonsense}");
    }
}

#[tokio::test]
async fn what_speaks_something_else_is_told_apart() {
    for (speaks, word) in [
        (Speaks::Http, "HTTP"),
        (Speaks::OlderBolt, "5.1"),
        (Speaks::Noise, "no Neo4j"),
    ] {
        let server = Scripted::start(speaks, false).await;
        let failure = ask(options(&format!("bolt://127.0.0.1:{}", server.port)))
            .await
            .unwrap_err();
        assert!(matches!(failure, Failure::NotBolt(_)), "{failure:?}");
        assert!(failure.to_string().contains(word), "{failure}");
    }
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up_and_one_that_only_takes_long_is_not() {
    let server = Scripted::start(Speaks::SignsOfLife, false).await;
    let mut patient = options(&format!("bolt://127.0.0.1:{}", server.port));
    patient.limits.silence = Duration::from_millis(400);
    assert_eq!(ask(patient.clone()).await.unwrap(), 1, "it says that it lives");

    let server = Scripted::start(Speaks::Nothing, false).await;
    patient.address.port = server.port;
    let failure = ask(patient).await.unwrap_err();
    assert!(
        matches!(failure, Failure::Silent(_)) && failure.is_uncertain(),
        "{failure:?}"
    );
}

#[tokio::test]
async fn a_full_pool_is_waited_for_no_longer_than_said() {
    let server = Scripted::start(Speaks::Bolt, false).await;
    let pool = Pool::new(options(&format!("bolt://127.0.0.1:{}", server.port))).unwrap();
    let lease = pool.lease().await.unwrap();
    let failure = pool.lease().await.unwrap_err();
    assert!(
        matches!(failure, Failure::Busy { connections: 1, .. }),
        "{failure:?}"
    );
    drop(lease);
    pool.lease().await.unwrap();
    assert_eq!(server.connections(), 1, "a connection is used again");
}

#[tokio::test]
async fn a_refusal_ends_the_transaction_and_not_the_connection() {
    let server = Scripted::start(Speaks::Refusals, false).await;
    let pool = Pool::new(options(&format!("bolt://127.0.0.1:{}", server.port))).unwrap();
    let mut lease = pool.lease().await.unwrap();
    lease.begin(READ);
    lease.query("RETURN 1", &[0xa0]);
    lease.commit();
    let failure = lease.exchange().await.unwrap_err();
    assert_eq!(
        failure.code(),
        Some("Neo.TransientError.Transaction.DeadlockDetected")
    );
    assert!(lease.is_usable() && !failure.is_uncertain());
    let Failure::Server(failure) = failure else {
        panic!("the server refused")
    };
    assert!(failure.is_transient());
}

#[tokio::test]
#[ignore = "needs Neo4j"]
async fn neo4j_that_stands_alone_leads_to_itself() {
    let uri = std::env::var("ATG_TEST_NEO4J_URI").expect("ATG_TEST_NEO4J_URI names a server");
    let routed = uri.replace("bolt://", "neo4j://");
    assert_eq!(ask(options(&routed)).await.unwrap(), 1);
}
