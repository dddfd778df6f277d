use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use atg_sdk::ErrorKind;

use super::*;
use crate::{
    clock::RuntimeClock,
    credential::{Credential, CredentialError},
};

/// Gives tokens `1`, `2`, … each good for an hour, after a second; or refuses.
#[derive(Debug)]
struct Counter {
    clock: Arc<dyn Clock>,
    asked: AtomicU32,
    refuses: std::sync::atomic::AtomicBool,
    claims: StdMutex<Vec<Option<String>>>,
}

#[async_trait]
impl Credential for Counter {
    fn method(&self) -> AuthMethod {
        AuthMethod::Az
    }

    async fn token(&self, request: &TokenRequest) -> Result<AccessToken, CredentialError> {
        let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        self.claims.lock().unwrap().push(request.claims.clone());
        tokio::time::sleep(Duration::from_secs(1)).await;
        if self.refuses.load(Ordering::SeqCst) {
            return Err(CredentialError::failed(ErrorKind::Unavailable, "reach it"));
        }
        Ok(AccessToken {
            secret: number.to_string().into(),
            expires_on: self.clock.now() + Duration::from_secs(3_600),
            refresh_on: None,
        })
    }
}

fn source() -> (Arc<TokenSource>, Arc<Counter>) {
    let clock: Arc<dyn Clock> = Arc::new(RuntimeClock::starting_at(Timestamp::UNIX_EPOCH));
    let counter = Arc::new(Counter {
        clock: Arc::clone(&clock),
        asked: AtomicU32::new(0),
        refuses: false.into(),
        claims: StdMutex::default(),
    });
    let chain = Chain::of(Arc::clone(&counter) as _);
    (Arc::new(TokenSource::new(chain, clock)), counter)
}

async fn get(source: &TokenSource) -> String {
    let token = source.token(&TokenRequest::new("s")).await.unwrap();
    token.secret.expose_secret().to_owned()
}

async fn pass(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn of_many_callers_one_asks_and_all_get_the_answer() {
    let (source, counter) = source();
    let all = (0..50).map(|_| get(&source));
    let tokens = futures::future::join_all(all).await;
    assert!(tokens.iter().all(|token| token == "1"));
    assert_eq!(counter.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn scopes_and_tenants_have_tokens_of_their_own() {
    let (source, counter) = source();
    let mut elsewhere = TokenRequest::new("s");
    elsewhere.tenant = Some("t".to_owned());
    for request in [TokenRequest::new("s"), TokenRequest::new("r"), elsewhere] {
        source.token(&request).await.unwrap();
    }
    assert_eq!(counter.asked.load(Ordering::SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn near_its_end_one_caller_renews_while_the_others_go_on() {
    let (source, _) = source();
    assert_eq!(get(&source).await, "1");
    pass(3_600 - 9 * 60).await;
    let (first, second) = tokio::join!(get(&source), get(&source));
    assert_eq!((first.as_str(), second.as_str()), ("2", "1"));
    assert_eq!(get(&source).await, "2");
}

#[tokio::test(start_paused = true)]
async fn an_early_renewal_that_fails_leaves_the_old_token_and_is_tried_again_a_little_later() {
    let (source, counter) = source();
    assert_eq!(get(&source).await, "1");
    pass(3_600 - 9 * 60).await;
    counter.refuses.store(true, Ordering::SeqCst);
    assert_eq!(get(&source).await, "1");
    assert_eq!(get(&source).await, "1");
    assert_eq!(counter.asked.load(Ordering::SeqCst), 2, "not at every call");
    pass(31).await;
    counter.refuses.store(false, Ordering::SeqCst);
    assert_eq!(get(&source).await, "3");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_over_is_not_given_even_if_none_other_can_be_had() {
    let (source, counter) = source();
    assert_eq!(get(&source).await, "1");
    pass(3_600 - 9 * 60).await;
    counter.refuses.store(true, Ordering::SeqCst);
    assert_eq!(get(&source).await, "1");
    pass(8 * 60).await;
    let error = source.token(&TokenRequest::new("s")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.message().contains("az: reach it"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn of_many_that_were_refused_one_asks_again_with_the_claims() {
    let (source, counter) = source();
    let plain = TokenRequest::new("s");
    let refused = source.token(&plain).await.unwrap();
    let mut demanding = plain.clone();
    demanding.claims = Some("{}".to_owned());
    let all = (0..20).map(|_| source.renew(&demanding, &refused));
    for token in futures::future::join_all(all).await {
        assert_eq!(token.unwrap().secret.expose_secret(), "2");
    }
    assert_eq!(*counter.claims.lock().unwrap(), [None, Some("{}".to_owned())]);
}
