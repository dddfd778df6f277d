//! Everything that answers share.

use std::{
    net::IpAddr,
    sync::{Arc, OnceLock, PoisonError, RwLock},
};

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    config::{Config, Lag},
    control::Log,
    faults::Faults,
    keyvault::Secrets,
    login::Signer,
    principal::Principal,
    quota::{Quotas, Used},
    resource_graph::Totals,
    tenant::Tenant,
};

/// Everything that answers share.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) tenant: Tenant,
    pub(crate) config: Config,
    pub(crate) signer: Signer,
    pub(crate) used: Used,
    pub(crate) faults: Faults,
    pub(crate) log: Log,
    pub(crate) secrets: Secrets,
    pub(crate) totals: Totals,
    /// Where the listeners are, once they are.
    pub(crate) places: OnceLock<Places>,
    pub(crate) ca_pem: String,
    principals: RwLock<Vec<Principal>>,
    quotas: RwLock<Arc<Quotas>>,
    lag: RwLock<Lag>,
    /// Tokens that are older are answered with a challenge.
    revoked: RwLock<Option<Timestamp>>,
    users: OnceLock<usize>,
}

/// Where a simulator listens.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    pub(crate) https: String,
    pub(crate) http: String,
    pub(crate) proxy: String,
}

impl World {
    pub(crate) fn new(config: Config, ca_pem: String) -> Result<Self, String> {
        let tenant = Tenant::open(&config.source, config.tenant_id.as_deref())?;
        Ok(Self {
            secrets: Secrets::new(&tenant, &config),
            tenant,
            signer: Signer::new(),
            used: Used::default(),
            faults: Faults::new(config.faults.clone()),
            log: Log::default(),
            totals: Totals::default(),
            places: OnceLock::new(),
            ca_pem,
            principals: RwLock::new(config.principals.clone()),
            quotas: RwLock::new(Arc::new(config.quotas.clone())),
            lag: RwLock::new(config.lag),
            revoked: RwLock::default(),
            users: OnceLock::new(),
            config,
        })
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.config.clock.now()
    }

    /// The principal of that client id.
    pub(crate) fn principal(&self, client_id: &str) -> Option<Arc<Principal>> {
        let principals = self.principals.read().unwrap_or_else(PoisonError::into_inner);
        let found = principals
            .iter()
            .find(|known| known.client_id.eq_ignore_ascii_case(client_id))?;
        Some(Arc::new(found.clone()))
    }

    /// All principals.
    pub(crate) fn principals(&self) -> Vec<Principal> {
        self.principals
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Adds a principal, or puts it in the place of the one with its client id.
    pub(crate) fn put_principal(&self, principal: Principal) {
        let mut principals = self.principals.write().unwrap_or_else(PoisonError::into_inner);
        principals.retain(|known| !known.client_id.eq_ignore_ascii_case(&principal.client_id));
        principals.push(principal);
    }

    /// The quotas in force.
    pub(crate) fn quotas(&self) -> Arc<Quotas> {
        Arc::clone(&self.quotas.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts other quotas in force, all unused.
    pub(crate) fn set_quotas(&self, quotas: Quotas) {
        *self.quotas.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(quotas);
        self.used.reset();
    }

    /// How far lists lag behind.
    pub(crate) fn lag(&self) -> Lag {
        *self.lag.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets lists lag behind.
    pub(crate) fn set_lag(&self, lag: Lag) {
        *self.lag.write().unwrap_or_else(PoisonError::into_inner) = lag;
    }

    /// Revokes all tokens that there are.
    pub(crate) fn revoke_tokens(&self) {
        *self.revoked.write().unwrap_or_else(PoisonError::into_inner) = Some(self.now());
    }

    /// Whether a token is older than the last revocation. One that was made in answer to the challenge is not, even if
    /// it was made in the same second.
    pub(crate) fn is_revoked(&self, claims: &Value) -> bool {
        let revoked = *self.revoked.read().unwrap_or_else(PoisonError::into_inner);
        revoked.is_some_and(|revoked| {
            let answers = claims["answers"]
                .as_str()
                .and_then(|text| text.parse::<i64>().ok());
            let issued = answers.or_else(|| claims["iat"].as_i64()).unwrap_or_default();
            if answers.is_some() {
                issued < revoked.as_second()
            } else {
                issued <= revoked.as_second()
            }
        })
    }

    /// How many users the tenant has, as far as quotas ask.
    pub(crate) fn users(&self) -> usize {
        *self
            .users
            .get_or_init(|| self.tenant.objects("user", None).take(501).count())
    }

    /// Whether that origin is one of the simulator's own rather than an Azure host reached through the proxy.
    pub(crate) fn is_own(&self, origin: &str) -> bool {
        let origin = origin.trim_end_matches('/');
        let authority = origin.split_once("://").map_or(origin, |(_, rest)| rest);
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => authority,
        };
        host == "localhost"
            || host.ends_with(".localhost")
            || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
    }
}
