//! Key records out of Azure Key Vault: each enabled version of a secret whose name begins with `atg-key-` is one.
//!
//! A new version is a new key beside the old one, until the old one is switched off, expires, or is taken back by a version
//! that says so: that is a rotation. The vault's own dates bound those of the record.

use std::fmt;

use async_trait::async_trait;
use atg_azure::{
    Azure,
    key_vault::{SecretStore, SecretVersion},
};
use atg_sdk::Result;
use atg_server::keys::{KeyRecord, KeySource};
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use tokio::sync::OnceCell;

/// What the names of key secrets begin with.
const PREFIX: &str = "atg-key-";

/// Records in a vault.
pub(crate) struct VaultKeys {
    azure: Azure,
    /// As the operator named it.
    name: String,
    store: OnceCell<SecretStore>,
}

impl fmt::Debug for VaultKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VaultKeys")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl VaultKeys {
    /// The vault of that name, or at that address. Nothing is asked yet.
    pub(crate) fn new(azure: Azure, name: &str) -> Self {
        Self {
            azure,
            name: name.to_owned(),
            store: OnceCell::new(),
        }
    }

    async fn store(&self) -> Result<&SecretStore> {
        let make = async || {
            let transport = self.azure.transport().await?;
            let vault = transport.cloud().vault(&self.name)?;
            Ok(SecretStore::new(transport.clone(), vault))
        };
        self.store.get_or_try_init(make).await
    }
}

#[async_trait]
impl KeySource for VaultKeys {
    async fn records(&self) -> Result<Vec<KeyRecord>> {
        let versions = self.store().await?.versions(PREFIX).await?;
        Ok(records(versions))
    }

    fn describe(&self) -> String {
        format!("the key vault {}", self.name)
    }
}

/// One bad secret must not take the good ones along: it is named in the log and left out.
fn records(mut versions: Vec<SecretVersion>) -> Vec<KeyRecord> {
    // Of two versions with the same key the newer one says what it may do.
    versions.sort_by_key(|version| version.created_at);
    versions.iter().filter_map(record).collect()
}

fn record(secret: &SecretVersion) -> Option<KeyRecord> {
    let mut record: KeyRecord = match serde_json::from_str(secret.value.expose_secret()) {
        Ok(record) => record,
        Err(error) => {
            // Without the error's own words: they may repeat what the secret holds.
            tracing::warn!(
                secret = %secret.name, version = %secret.version, line = error.line(), column = error.column(),
                "a secret of the key vault is no key record: it is left out"
            );
            return None;
        }
    };
    record.not_before = latest(record.not_before, secret.not_before);
    record.expires_at = earliest(record.expires_at, secret.expires_at);
    Some(record)
}

fn latest(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    a.max(b)
}

/// No date is later than any.
fn earliest(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests;
