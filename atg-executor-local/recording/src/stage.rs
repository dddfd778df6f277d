//! What stands around a replay instead of the real thing: a quota without limits, time that passes by itself, a token that
//! opens nothing.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use atg_azure::{
    budget::Budget,
    clock::Clock,
    cloud::Cloud,
    credential::{AccessToken, AuthMethod, Chain, Credential, CredentialError, TokenRequest, TokenSource},
    transport::Transport,
};
use atg_sdk::quota::{QuotaBucket, QuotaLedger, QuotaLimit, QuotaReading, QuotaVerdict};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use futures::future::BoxFuture;
use jiff::Timestamp;
use serde_json::json;

use crate::{Header, RecordedIdentity, recording::Answers, replay::Replay};

pub(crate) fn transport(header: &Header, answers: Arc<Answers>) -> Transport {
    let clock: Arc<dyn Clock> = Arc::new(Eager {
        now: Mutex::new(header.clock),
    });
    let credential = Understudy {
        identity: header.identity.clone(),
        tokens: AtomicU64::new(0),
    };
    let tokens = TokenSource::new(Chain::of(Arc::new(credential)), Arc::clone(&clock));
    Transport::new(
        Cloud::from(header.cloud.clone()),
        Arc::new(Replay::new(answers)),
        Arc::new(tokens),
        Budget::new(Arc::new(NoLimits), Arc::clone(&clock), Default::default()),
        clock,
    )
}

/// Grants everything.
#[derive(Debug)]
struct NoLimits;

#[async_trait]
impl QuotaLedger for NoLimits {
    async fn take(&self, _: &QuotaBucket, _: &QuotaLimit, _: u32) -> atg_sdk::Result<QuotaVerdict> {
        Ok(QuotaVerdict::Granted)
    }

    fn settle(&self, _: &QuotaBucket, _: &QuotaLimit, _: &QuotaReading) {}
}

/// A clock that begins when the recording did and goes on when somebody waits, at once: refusals are in the recording, and
/// waiting for them a second time would change nothing.
#[derive(Debug)]
struct Eager {
    now: Mutex<Timestamp>,
}

impl Clock for Eager {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.checked_add(time).unwrap_or(Timestamp::MAX);
        // Whoever waits in a loop lets others on.
        Box::pin(tokio::task::yield_now())
    }
}

/// Gives tokens that say whose they are, as those of the recording did, and that nobody would take.
#[derive(Debug)]
struct Understudy {
    identity: RecordedIdentity,
    tokens: AtomicU64,
}

#[async_trait]
impl Credential for Understudy {
    fn method(&self) -> AuthMethod {
        self.identity.auth_method()
    }

    async fn token(&self, _: &TokenRequest) -> Result<AccessToken, CredentialError> {
        // Another one each time: a refused token is given up only for one that differs.
        let number = self.tokens.fetch_add(1, Ordering::Relaxed);
        let claims = json!({
            "tid": self.identity.tenant_id,
            "oid": self.identity.object_id,
            "appid": self.identity.client_id,
            "jti": number,
        });
        Ok(AccessToken {
            secret: format!("e30.{}.", BASE64_URL_SAFE_NO_PAD.encode(claims.to_string())).into(),
            expires_on: Timestamp::MAX,
            refresh_on: None,
        })
    }
}
