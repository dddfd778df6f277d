//! What a simulator is started with.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{
    clock::{Clock, SystemClock},
    faults::Schedule,
    imds::IDENTITY_HEADER,
    principal::Principal,
    quota::Quotas,
    tenant::Source,
};

/// What a simulator is started with.
#[derive(Debug, Clone)]
pub struct Config {
    /// The tenant.
    pub source: Source,
    /// The tenant's id, where the data's own should not decide.
    pub tenant_id: Option<String>,
    /// Who may log in.
    pub principals: Vec<Principal>,
    /// What is allowed in how much time.
    pub quotas: Quotas,
    /// What goes wrong.
    pub faults: Schedule,
    /// How far lists lag behind.
    pub lag: Lag,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// The address that all listeners use.
    pub address: IpAddr,
    /// The port for https; 0 for a free one.
    pub https_port: u16,
    /// The port for http (IMDS, and whoever does without TLS); 0 for a free one.
    pub http_port: u16,
    /// The port of the proxy that leads every Azure host here; 0 for a free one.
    pub proxy_port: u16,
    /// How long tokens live.
    pub token_lifetime: Duration,
    /// How many items pages have at most.
    pub pages: Pages,
    /// Secrets in the tenant's key vaults.
    pub secrets: Vec<Secret>,
    /// The header that App Service and its like want to see with a request for a token.
    pub identity_header: String,
    /// The file whose content Azure Arc wants to see.
    pub arc_key_file: Option<PathBuf>,
}

/// How far lists lag behind what single reads say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lag {
    /// Seconds until Resource Graph knows of a change.
    pub resource_graph: u64,
    /// Seconds until Resource Manager's lists know of a change: what is gone stays in them as a ghost.
    pub lists: u64,
}

/// How many items pages have at most, unless the client asks for fewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pages {
    /// Resource Manager.
    pub arm: usize,
    /// Resource Graph; the client may ask for up to 1,000.
    pub resource_graph: usize,
    /// Microsoft Graph, where the client does not say `$top`.
    pub graph: usize,
    /// Key Vault.
    pub vault: usize,
}

impl Default for Pages {
    fn default() -> Self {
        Self {
            arm: 1000,
            resource_graph: 100,
            graph: 100,
            vault: 25,
        }
    }
}

/// A secret in a vault.
#[derive(Clone)]
pub struct Secret {
    /// The vault's name.
    pub vault: String,
    /// The secret's name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secret")
            .field("vault", &self.vault)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Config {
    /// That tenant, the usual principal, no quotas, no faults, free ports of the loopback interface.
    #[must_use]
    pub fn new(source: Source) -> Self {
        Self {
            source,
            tenant_id: None,
            principals: vec![Principal::default()],
            quotas: Quotas::Off,
            faults: Schedule::default(),
            lag: Lag::default(),
            clock: Arc::new(SystemClock),
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            https_port: 0,
            http_port: 0,
            proxy_port: 0,
            token_lifetime: Duration::from_secs(3600),
            pages: Pages::default(),
            secrets: Vec::new(),
            identity_header: IDENTITY_HEADER.to_owned(),
            arc_key_file: None,
        }
    }
}
