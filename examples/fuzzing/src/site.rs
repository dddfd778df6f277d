//! The service over a pipe: nothing is listened to, and nothing waits.

use std::{cell::RefCell, net::SocketAddr, sync::Arc, time::Duration};

use atg_sdk::{Owner, Result};
use atg_server::{
    http::{Connections, Limits, Options, Rate},
    keys::{ApiKey, Environment, KeyRecord, KeyRing, KeyState, Pepper, Scope, StaticKeys, TenantAccess},
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, duplex},
    runtime::Runtime,
};
use tokio_util::sync::CancellationToken;

use crate::stub::{OWNER, Stub};

/// What stands for the key in an input: the key itself is another one in every process.
const KEY: &[u8] = b"KEY";
/// Calls that no limit stops.
const OFTEN: Rate = Rate {
    calls: u32::MAX,
    window: Duration::from_secs(60),
};
/// More than is ever sent or answered at once: neither side waits for the other.
const PIPE: usize = 1 << 20;

/// Turns of the runtime in which nothing comes: far more than any call takes that does not wait.
const STILL: u32 = 64;

pub(crate) struct Site {
    runtime: Runtime,
    service: Connections,
    pub(crate) key: SecretString,
    pub(crate) keys: Arc<KeyRing>,
}

thread_local! {
    static SITE: RefCell<Option<Site>> = const { RefCell::new(None) };
}

/// Works with this thread's service.
pub(crate) fn with<T>(work: impl FnOnce(&Site) -> T) -> T {
    SITE.with_borrow_mut(|site| {
        let site = match site {
            Some(site) => site,
            None => match Site::new() {
                Ok(new) => site.insert(new),
                Err(error) => panic!("failed to set the service up: {error}"),
            },
        };
        work(site)
    })
}

impl Site {
    fn new() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| atg_sdk::Error::internal("start a runtime").with_source(error))?;
        let pepper = Pepper::new(&[7; 16])?;
        let key = ApiKey::generate(Environment::Dev)?;
        let record = KeyRecord {
            id: key.id().clone(),
            hash: key.hash_hex(&pepper),
            owner: Owner::new(OWNER),
            environment: Environment::Dev,
            scopes: vec![Scope::Admin],
            tenants: TenantAccess::Every,
            not_before: None,
            expires_at: None,
            state: KeyState::Active,
        };
        let source = Arc::new(StaticKeys(vec![record]));
        let keys = Arc::new(runtime.block_on(KeyRing::load(source, pepper, Environment::Dev))?);
        let options = Options {
            limits: Limits {
                long: OFTEN,
                short: OFTEN,
                other: OFTEN,
                ..Limits::default()
            },
            validate: Some(atg_executor_local::operations::validate),
            ..Options::new(Arc::clone(&keys))
        };
        Ok(Self {
            service: Connections::new(Arc::new(Stub), options, CancellationToken::new()),
            runtime,
            key: key.reveal(),
            keys,
        })
    }

    /// What is answered to these bytes, of which the end is the end of the connection. `KEY` becomes the key.
    pub(crate) fn answers(&self, input: &[u8]) -> Vec<u8> {
        let input = replace(input, KEY, self.key.expose_secret().as_bytes());
        let peer = SocketAddr::from(([192, 0, 2, 1], 1));
        self.runtime.block_on(async {
            let (mut client, server) = duplex(PIPE);
            let mut answers = Vec::new();
            let serving = self.service.serve(server, peer);
            let calling = async {
                // A server that has heard enough closes the connection before its end.
                let _ = client.write_all(&input).await;
                // A client that closes its side early is not answered, so it does only when nothing moves any more.
                let mut still = 0;
                while still < STILL {
                    tokio::select! {
                        biased;
                        read = client.read_buf(&mut answers) => match read {
                            Ok(1..) => still = 0,
                            _ => break,
                        },
                        () = tokio::task::yield_now() => still += 1,
                    }
                }
                let _ = client.shutdown().await;
                let _ = client.read_to_end(&mut answers).await;
            };
            // How a connection ends is not the question; what was answered on it is.
            let (_ended, ()) = tokio::join!(serving, calling);
            answers
        })
    }
}

fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(text.len() + to.len());
    let mut rest = text;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        replaced.extend_from_slice(&rest[..at]);
        replaced.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    replaced.extend_from_slice(rest);
    replaced
}
