//! Everything that answers share.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use jiff::Timestamp;

use crate::{config::Config, login::Signer, principal::Principal, tenant::Tenant};

/// Everything that answers share.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) tenant: Tenant,
    pub(crate) config: Config,
    pub(crate) signer: Signer,
    pub(crate) principals: RwLock<Vec<Principal>>,
    /// Where the listeners are, once they are.
    pub(crate) places: OnceLock<Places>,
}

/// Where a simulator listens.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    pub(crate) https: String,
    pub(crate) http: String,
    pub(crate) proxy: String,
}

impl World {
    pub(crate) fn new(config: Config) -> Result<Self, String> {
        let tenant = Tenant::open(&config.source, config.tenant_id.as_deref())?;
        Ok(Self {
            tenant,
            signer: Signer::new(),
            principals: RwLock::new(config.principals.clone()),
            places: OnceLock::new(),
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

    /// Whether that origin is one of the simulator's own rather than an Azure host reached through the proxy.
    pub(crate) fn is_own(&self, origin: &str) -> bool {
        let origin = origin.trim_end_matches('/');
        let host = origin.split_once("://").map_or(origin, |(_, rest)| rest);
        let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
        host == "localhost"
            || host.ends_with(".localhost")
            || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok()
    }
}
