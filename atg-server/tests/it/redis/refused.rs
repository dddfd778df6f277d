//! Servers that no queue may lie in, and what is said about them.

use atg_sdk::ErrorKind;
use atg_server::queue::{Policy, RedisOptions, RedisQueue};

use super::server::Server;

async fn refused(url: &str) -> atg_sdk::Error {
    let options = RedisOptions::parse(url).unwrap();
    RedisQueue::open(options, Policy::default()).await.unwrap_err()
}

#[tokio::test]
async fn a_server_that_would_lose_jobs_is_refused() {
    for (settings, says) in [
        (vec!["--appendonly", "no"], "appendonly"),
        (
            vec!["--appendonly", "yes", "--maxmemory-policy", "allkeys-lru"],
            "noeviction",
        ),
    ] {
        let server = Server::start(&settings);
        let error = refused(&server.url()).await;
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
        assert!(error.message().contains(says), "{error}");
    }
}

#[tokio::test]
async fn a_password_is_needed_and_never_shown() {
    let server = Server::start(&["--appendonly", "yes", "--requirepass", "canary"]);
    for login in ["", ":wrong-canary@", "somebody:canary@"] {
        let error = refused(&server.url().replace("//", &format!("//{login}"))).await;
        assert!(
            matches!(error.kind(), ErrorKind::Unauthenticated | ErrorKind::Unavailable),
            "{error}"
        );
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
    let options = RedisOptions::parse(&server.url().replace("//", "//:canary@")).unwrap();
    let queue = RedisQueue::open(options, Policy::default()).await.unwrap();
    assert!(!format!("{queue:?}").contains("canary"));
}

#[tokio::test]
async fn nobody_there_is_unavailable() {
    let error = refused("redis://127.0.0.1:1").await;
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.message().contains("REDIS_URL"), "{error}");
}
