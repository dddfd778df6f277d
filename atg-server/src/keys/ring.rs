//! The keys in force, read again in the background.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use atg_sdk::{Owner, Result};
use jiff::Timestamp;
use subtle::ConstantTimeEq;

use super::{ApiKey, Caller, Environment, KeyId, KeyRecord, KeySource, Pepper, Scope, TenantAccess};

/// How often records are read again. The contract says 60 s at the most.
const RELOAD: Duration = Duration::from_secs(15);

/// Why a key was not accepted. All are `401` to the bearer; logs tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There was no `Authorization: Bearer` header.
    #[error("no API key: send `Authorization: Bearer atg_…`")]
    Missing,
    /// The text is no key, or mistyped.
    #[error("the text sent is not an API key, or is mistyped")]
    Malformed,
    /// The key is of another installation.
    #[error("the API key is for another environment than this server's")]
    WrongEnvironment,
    /// No such key, or the secret does not match.
    #[error("the API key is not known to this server")]
    Unknown,
    /// Taken back, too early or too late.
    #[error("the API key is not in force: it was revoked, has expired or begins later")]
    NotInForce,
}

/// The keys in force.
#[derive(Debug)]
pub struct KeyRing {
    source: Arc<dyn KeySource>,
    pepper: Pepper,
    environment: Environment,
    records: RwLock<Loaded>,
}

/// A record, and what every call needs of it.
#[derive(Debug)]
struct Known {
    record: KeyRecord,
    /// Nobody knows a secret for a record whose hash is none.
    hash: Option<[u8; 32]>,
    caller: Arc<Caller>,
}

#[derive(Debug, Default)]
struct Loaded {
    by_id: HashMap<KeyId, Known>,
    /// Why the last attempt to read them failed, where it did: the ring then stands on what it knew before.
    stale: Option<String>,
}

impl KeyRing {
    /// Reads the source once.
    ///
    /// # Errors
    /// What the source says: a service does not start without its keys.
    pub async fn load(source: Arc<dyn KeySource>, pepper: Pepper, environment: Environment) -> Result<Self> {
        let records = index(source.records().await?);
        let records = RwLock::new(Loaded {
            by_id: records,
            stale: None,
        });
        Ok(Self {
            source,
            pepper,
            environment,
            records,
        })
    }

    /// Reads the source again. One that cannot be read leaves the known keys in force.
    pub async fn reload(&self) {
        let outcome = self.source.records().await;
        let mut loaded = self.records.write().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Ok(records) => {
                *loaded = Loaded {
                    by_id: index(records),
                    stale: None,
                }
            }
            Err(error) => {
                tracing::warn!(source = %self.source.describe(), %error, "keys not read again; the last known stay in force");
                loaded.stale = Some(error.to_string());
            }
        }
    }

    /// Reads the source again, for ever. Spawn it.
    pub async fn keep_fresh(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(RELOAD);
        ticks.tick().await;
        loop {
            ticks.tick().await;
            self.reload().await;
        }
    }

    /// Why the records in force may be old, where they may.
    #[must_use]
    pub fn stale(&self) -> Option<String> {
        self.records
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .stale
            .clone()
    }

    /// Scopes and tenants of that owner's keys in force.
    pub(super) fn in_force(&self, owner: &Owner, now: Timestamp) -> Vec<(Vec<Scope>, TenantAccess)> {
        let records = self.records.read().unwrap_or_else(PoisonError::into_inner);
        let all = records.by_id.values().map(|known| &known.record);
        let theirs = all.filter(|record| {
            record.owner == *owner && record.environment == self.environment && record.is_in_force(now)
        });
        theirs
            .map(|record| (record.scopes.clone(), record.tenants.clone()))
            .collect()
    }

    /// Who stands behind an `Authorization` header.
    ///
    /// # Errors
    /// Why nobody does.
    pub fn authenticate(&self, header: Option<&[u8]>, now: Timestamp) -> Result<Arc<Caller>, Refusal> {
        let text = header
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .ok_or(Refusal::Missing)?;
        let (scheme, token) = text.split_once(' ').ok_or(Refusal::Missing)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Refusal::Missing);
        }
        let key: ApiKey = token.trim().parse().map_err(|_| Refusal::Malformed)?;
        if key.environment() != self.environment {
            return Err(Refusal::WrongEnvironment);
        }
        let records = self.records.read().unwrap_or_else(PoisonError::into_inner);
        let known = records.by_id.get(key.id()).ok_or(Refusal::Unknown)?;
        let hash = known.hash.ok_or(Refusal::Unknown)?;
        let good = key.hash(&self.pepper).ct_eq(&hash);
        if !bool::from(good) || known.record.environment != self.environment {
            return Err(Refusal::Unknown);
        }
        if !known.record.is_in_force(now) {
            return Err(Refusal::NotInForce);
        }
        Ok(Arc::clone(&known.caller))
    }
}

fn index(records: Vec<KeyRecord>) -> HashMap<KeyId, Known> {
    let known = |record: KeyRecord| Known {
        hash: unhex(&record.hash),
        caller: Arc::new(Caller {
            key: record.id.clone(),
            owner: record.owner.clone(),
            scopes: record.scopes.clone(),
            tenants: record.tenants.clone(),
        }),
        record,
    };
    records
        .into_iter()
        .map(|record| (record.id.clone(), known(record)))
        .collect()
}

/// The bytes of a hash in hexadecimal, in either case.
fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let digit = |at: usize| char::from(digits[at]).to_digit(16);
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::try_from(digit(2 * at)? << 4 | digit(2 * at + 1)?).ok()?;
    }
    Some(bytes)
}
