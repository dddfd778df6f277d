//! The secrets, with all their versions.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    config::Config,
    tenant::{Tenant, Want},
};

/// One version of a secret.
#[derive(Clone)]
pub(crate) struct Version {
    pub(crate) id: String,
    pub(crate) value: String,
    pub(crate) created: Timestamp,
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Version")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// All secrets of all vaults.
#[derive(Debug)]
pub(crate) struct Secrets {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    vaults: BTreeSet<String>,
    /// By vault and name, lower-cased; the name as it was given beside its versions, oldest first.
    secrets: BTreeMap<(String, String), (String, Vec<Version>)>,
}

/// Rows that are looked at for vaults: a large generated tenant has more than anyone asks for.
const SAMPLE: usize = 20_000;

impl Secrets {
    /// Those that the configuration names, and those that the tenant's rows name, with values that are made up.
    pub(crate) fn new(tenant: &Tenant, config: &Config) -> Self {
        let secrets = Self {
            state: Mutex::default(),
        };
        let now = config.clock.now();
        let want = Want::types(&["Microsoft.KeyVault/vaults", "Microsoft.KeyVault/vaults/secrets"]);
        for row in tenant.rows("", None, &want).take(SAMPLE) {
            let mut names = row.id.rsplit('/');
            let name = names.next().unwrap_or_default();
            if row.is("Microsoft.KeyVault/vaults") {
                secrets.with(|state| state.vaults.insert(name.to_lowercase()));
            } else if let Some(vault) = names.nth(1) {
                let value = Uuid::new_v5(&Uuid::NAMESPACE_URL, row.key.as_bytes()).to_string();
                secrets.put(vault, name, &value, now);
            }
        }
        for secret in &config.secrets {
            secrets.put(&secret.vault, &secret.name, &secret.value, now);
        }
        secrets
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A new version of a secret, in a vault that there is from now on.
    pub(crate) fn put(&self, vault: &str, name: &str, value: &str, now: Timestamp) {
        let version = Version {
            id: Uuid::new_v4().simple().to_string(),
            value: value.to_owned(),
            created: now,
        };
        self.with(|state| {
            state.vaults.insert(vault.to_lowercase());
            let key = (vault.to_lowercase(), name.to_lowercase());
            let entry = state
                .secrets
                .entry(key)
                .or_insert_with(|| (name.to_owned(), Vec::new()));
            entry.1.push(version);
        });
    }

    /// Takes a secret away.
    pub(crate) fn delete(&self, vault: &str, name: &str) -> Option<Version> {
        self.with(|state| state.secrets.remove(&(vault.to_lowercase(), name.to_lowercase())))?
            .1
            .pop()
    }

    pub(crate) fn has_vault(&self, name: &str) -> bool {
        self.with(|state| state.vaults.contains(&name.to_lowercase()))
    }

    /// The first vault with a secret, otherwise the first vault.
    pub(crate) fn first_vault(&self) -> Option<String> {
        self.with(|state| {
            let filled = state.secrets.keys().next().map(|(vault, _)| vault.clone());
            filled.or_else(|| state.vaults.first().cloned())
        })
    }

    /// The newest version of each secret of a vault.
    pub(crate) fn newest(&self, vault: &str) -> Vec<(String, Version)> {
        let vault = vault.to_lowercase();
        self.with(|state| {
            let own = state.secrets.iter().filter(|((known, _), _)| *known == vault);
            own.filter_map(|(_, (name, versions))| Some((name.clone(), versions.last()?.clone())))
                .collect()
        })
    }

    /// The versions of a secret, oldest first.
    pub(crate) fn versions(&self, vault: &str, name: &str) -> Vec<Version> {
        let key = (vault.to_lowercase(), name.to_lowercase());
        self.with(|state| {
            state
                .secrets
                .get(&key)
                .map_or_else(Vec::new, |(_, versions)| versions.clone())
        })
    }

    /// Vault and name of each secret.
    pub(crate) fn names(&self) -> Vec<(String, String)> {
        self.with(|state| {
            let named = state.secrets.iter();
            named
                .map(|((vault, _), (name, _))| (vault.clone(), name.clone()))
                .collect()
        })
    }
}
