//! Tokens that are kept: one for each scope, renewed before their end by one caller for all.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex as StdMutex, PoisonError},
};

use atg_sdk::{Error, Result};
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret as _;
use tokio::sync::Mutex;

use super::{AccessToken, AuthMethod, Chain, Identity, TokenRequest, Tried};
use crate::clock::Clock;

/// A token this close to its end is not sent any more: the call may take as long.
const TOO_LATE: SignedDuration = SignedDuration::from_mins(2);
/// From then on one caller gets a new one, while the others go on with the old.
const EARLY: SignedDuration = SignedDuration::from_mins(10);
/// A renewal that failed while the old token is good is tried again after that.
const PAUSE: SignedDuration = SignedDuration::from_secs(30);

/// Gives tokens to every call of a process.
pub struct TokenSource {
    chain: Chain,
    clock: Arc<dyn Clock>,
    entries: StdMutex<HashMap<Place, Arc<Entry>>>,
}

/// Scope and tenant.
type Place = (String, Option<String>);

#[derive(Default)]
struct Entry {
    token: StdMutex<Option<Kept>>,
    /// Whoever holds it gets the next token.
    turn: Mutex<()>,
}

#[derive(Clone)]
struct Kept {
    token: AccessToken,
    /// Not renewed early before that.
    not_before: Timestamp,
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSource")
            .field("chain", &self.chain)
            .finish_non_exhaustive()
    }
}

impl TokenSource {
    /// Tokens of that chain.
    #[must_use]
    pub fn new(chain: Chain, clock: Arc<dyn Clock>) -> Self {
        Self {
            chain,
            clock,
            entries: StdMutex::default(),
        }
    }

    /// Which way to sign in is used, once one was found.
    #[must_use]
    pub fn method(&self) -> Option<AuthMethod> {
        self.chain.chosen()
    }

    /// A token that is good for some minutes at least.
    ///
    /// # Errors
    /// Each way that was tried and why it failed.
    pub async fn token(&self, request: &TokenRequest) -> Result<AccessToken> {
        let entry = self.entry(request);
        let now = self.clock.now();
        if let Some(kept) = entry.kept() {
            if kept.is_good(now) && !kept.is_due(now) {
                return Ok(kept.token);
            }
            if kept.is_good(now) {
                // Early: whoever comes first renews it, nobody waits for them.
                let Ok(_turn) = entry.turn.try_lock() else {
                    return Ok(kept.token);
                };
                return Ok(match self.fetch(&entry, request).await {
                    Ok(token) => token,
                    Err(error) => {
                        tracing::warn!(%error, "a token was not renewed; the old one is good for a while");
                        entry.postpone(now + PAUSE);
                        kept.token
                    }
                });
            }
        }
        let _turn = entry.turn.lock().await;
        match entry.kept().filter(|kept| kept.is_good(self.clock.now())) {
            // Somebody got one while we waited.
            Some(kept) => Ok(kept.token),
            None => self.fetch(&entry, request).await,
        }
    }

    /// A token other than the one that was refused, with the claims that the refusal demanded. Of many callers that were
    /// refused together one asks, the others take what it got.
    ///
    /// # Errors
    /// As [`Self::token`].
    pub async fn renew(&self, request: &TokenRequest, refused: &AccessToken) -> Result<AccessToken> {
        let entry = self.entry(request);
        let _turn = entry.turn.lock().await;
        let other = entry
            .kept()
            .filter(|kept| kept.token.secret.expose_secret() != refused.secret.expose_secret());
        match other.filter(|kept| kept.is_good(self.clock.now())) {
            Some(kept) => Ok(kept.token),
            None => self.fetch(&entry, request).await,
        }
    }

    /// Who calls, as the token says.
    ///
    /// # Errors
    /// As [`Self::token`].
    pub async fn identity(&self, request: &TokenRequest) -> Result<Identity> {
        Ok(Identity::of(&self.token(request).await?))
    }

    /// Asks every way in its turn and tells what came of each. What is found is kept.
    ///
    /// # Errors
    /// Each way that was tried and why it failed.
    pub async fn try_all(
        &self,
        request: &TokenRequest,
    ) -> Result<(AccessToken, Vec<Tried>), (Error, Vec<Tried>)> {
        let entry = self.entry(request);
        let _turn = entry.turn.lock().await;
        match self.chain.token(request).await {
            Ok((token, tried)) => {
                entry.keep(token.clone());
                Ok((token, tried))
            }
            Err(tried) => Err((self.chain.error(&tried), tried)),
        }
    }

    fn entry(&self, request: &TokenRequest) -> Arc<Entry> {
        let key = (request.scope.clone(), request.tenant.clone());
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(entries.entry(key).or_default())
    }

    async fn fetch(&self, entry: &Entry, request: &TokenRequest) -> Result<AccessToken> {
        let (token, _) = self
            .chain
            .token(request)
            .await
            .map_err(|tried| self.chain.error(&tried))?;
        entry.keep(token.clone());
        Ok(token)
    }
}

impl Entry {
    fn kept(&self) -> Option<Kept> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, token: AccessToken) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = Some(Kept {
            token,
            not_before: Timestamp::MIN,
        });
    }

    fn postpone(&self, until: Timestamp) {
        if let Some(kept) = &mut *self.token.lock().unwrap_or_else(PoisonError::into_inner) {
            kept.not_before = until;
        }
    }
}

impl Kept {
    fn is_good(&self, now: Timestamp) -> bool {
        now < before(self.token.expires_on, TOO_LATE)
    }

    /// Whether a new one should be got.
    fn is_due(&self, now: Timestamp) -> bool {
        let early = before(self.token.expires_on, EARLY);
        let due = self.token.refresh_on.map_or(early, |said| said.min(early));
        now >= due.max(self.not_before)
    }
}

/// That long before; at the beginning of time where there is no before.
fn before(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_sub(by).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests;
