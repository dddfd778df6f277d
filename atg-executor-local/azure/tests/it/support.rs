//! Scripted answers, and a cloud to ask.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use atg_azure::{
    RetryPolicy,
    budget::Budget,
    clock::{Clock, RuntimeClock},
    cloud::{Cloud, CloudName},
    credential::{AccessToken, AuthMethod, Chain, Credential, CredentialError, TokenRequest, TokenSource},
    transport::Transport,
    wire::{Limits, Wire, WireFailure},
};
use bytes::Bytes;
use http::{Request, Response};
use jiff::Timestamp;

type Script = dyn Fn(usize, &Request<Bytes>) -> Result<Response<Bytes>, WireFailure> + Send + Sync;

/// Answers each request by a script, which is told how many came before, and keeps them.
pub(crate) struct Scripted {
    script: Box<Script>,
    pub(crate) requests: Mutex<Vec<Request<Bytes>>>,
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scripted")
    }
}

impl Scripted {
    pub(crate) fn new(
        script: impl Fn(usize, &Request<Bytes>) -> Result<Response<Bytes>, WireFailure> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            script: Box::new(script),
            requests: Mutex::default(),
        })
    }

    pub(crate) fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    /// The token that each request carried.
    pub(crate) fn tokens(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        let token =
            |request: &Request<Bytes>| request.headers()["authorization"].to_str().unwrap().to_owned();
        requests.iter().map(token).collect()
    }
}

#[async_trait]
impl Wire for Scripted {
    async fn exchange(&self, request: Request<Bytes>, _: Limits) -> Result<Response<Bytes>, WireFailure> {
        let before = self.count();
        let answer = (self.script)(before, &request);
        self.requests.lock().unwrap().push(request);
        answer
    }
}

pub(crate) fn answer(
    status: u16,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<Response<Bytes>, WireFailure> {
    let mut answer = Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(*name, *value);
    }
    Ok(answer.body(Bytes::copy_from_slice(body.as_bytes())).unwrap())
}

/// Gives tokens `token-1`, `token-2`, …, and keeps what each was asked with.
#[derive(Debug)]
pub(crate) struct Tokens {
    clock: Arc<dyn Clock>,
    pub(crate) asked: Mutex<Vec<TokenRequest>>,
    /// How long each is good, in seconds.
    pub(crate) good_for: u64,
}

#[async_trait]
impl Credential for Tokens {
    fn method(&self) -> AuthMethod {
        AuthMethod::Secret
    }

    async fn token(&self, request: &TokenRequest) -> Result<AccessToken, CredentialError> {
        let mut asked = self.asked.lock().unwrap();
        asked.push(request.clone());
        Ok(AccessToken {
            secret: format!("token-{}", asked.len()).into(),
            expires_on: self.clock.now() + std::time::Duration::from_secs(self.good_for),
            refresh_on: None,
        })
    }
}

pub(crate) fn public() -> Cloud {
    Cloud::known(&CloudName::Public).unwrap()
}

pub(crate) fn virtual_clock() -> Arc<dyn Clock> {
    Arc::new(RuntimeClock::starting_at(
        "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap(),
    ))
}

/// A transport over that wire, in virtual time, and the tokens it asks for.
pub(crate) fn transport(wire: &Arc<Scripted>) -> (Transport, Arc<Tokens>) {
    transport_with(wire, 3_600)
}

pub(crate) fn transport_with(wire: &Arc<Scripted>, good_for: u64) -> (Transport, Arc<Tokens>) {
    let clock = virtual_clock();
    let tokens = Arc::new(Tokens {
        clock: Arc::clone(&clock),
        asked: Mutex::default(),
        good_for,
    });
    let source = TokenSource::new(Chain::of(Arc::clone(&tokens) as _), Arc::clone(&clock));
    let transport = Transport::new(
        public(),
        Arc::clone(wire) as _,
        Arc::new(source),
        Budget::in_memory(Arc::clone(&clock)),
        clock,
    );
    (transport.with_retry(RetryPolicy::default()), tokens)
}

/// Compares with a golden file of this folder, or writes it where `ATG_UPDATE_GOLDEN` is set.
pub(crate) fn golden(name: &str, found: &str) {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("ATG_UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, found).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == found,
        "{} differs; if that is meant, run with ATG_UPDATE_GOLDEN=1 and read the difference. Found:\n{found}",
        path.display()
    );
}
