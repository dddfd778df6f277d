//! Everything put together: from settings to calls.

use std::sync::Arc;

use atg_sdk::Result;
use tokio::sync::OnceCell;

use crate::{
    budget::Budget,
    clock::{Clock, SystemClock},
    cloud::{self, Cloud, CloudName},
    credential::{Chain, CredentialSettings, TokenSource},
    transport::Transport,
    wire::{ConnectionOptions, Connections, Wire},
};

/// How Azure is reached, and as whom.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct AzureOptions {
    /// Which cloud.
    pub cloud: CloudName,
    /// Another place to sign in than the cloud's own: `AZURE_AUTHORITY_HOST`.
    pub authority: Option<String>,
    /// How to sign in.
    pub credentials: CredentialSettings,
    /// How connections are made.
    pub connections: ConnectionOptions,
}

impl AzureOptions {
    /// To that cloud.
    #[must_use]
    pub fn with_cloud(mut self, cloud: CloudName) -> Self {
        self.cloud = cloud;
        self
    }

    /// Signing in there, where it is given.
    #[must_use]
    pub fn with_authority(mut self, host: Option<String>) -> Self {
        self.authority = host;
        self
    }

    /// Signing in so.
    #[must_use]
    pub fn with_credentials(mut self, credentials: CredentialSettings) -> Self {
        self.credentials = credentials;
        self
    }

    /// With such connections.
    #[must_use]
    pub fn with_connections(mut self, connections: ConnectionOptions) -> Self {
        self.connections = connections;
        self
    }
}

/// Azure as these options reach it. Nothing is read, made or asked before the first call needs it.
#[derive(Debug)]
pub struct Azure {
    options: AzureOptions,
    budget: Arc<Budget>,
    clock: Arc<dyn Clock>,
    transport: OnceCell<Transport>,
}

impl Azure {
    /// As those options say, with a quota of this process alone.
    #[must_use]
    pub fn new(options: AzureOptions) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let budget = Budget::in_memory(Arc::clone(&clock));
        Self::with_budget(options, budget, clock)
    }

    /// With a quota that is shared, and another clock.
    #[must_use]
    pub fn with_budget(options: AzureOptions, budget: Arc<Budget>, clock: Arc<dyn Clock>) -> Self {
        Self {
            options,
            budget,
            clock,
            transport: OnceCell::new(),
        }
    }

    /// How it was set up.
    #[must_use]
    pub fn options(&self) -> &AzureOptions {
        &self.options
    }

    /// What calls it. Made once; finding out the hosts of a cloud that is known by its address alone asks that address.
    ///
    /// # Errors
    /// A setting that cannot be used, or a cloud that does not answer.
    pub async fn transport(&self) -> Result<&Transport> {
        self.transport.get_or_try_init(|| self.connect()).await
    }

    async fn connect(&self) -> Result<Transport> {
        let AzureOptions {
            cloud,
            authority,
            credentials,
            connections,
        } = &self.options;
        let wire: Arc<dyn Wire> = Arc::new(Connections::new(connections)?);
        let local: Arc<dyn Wire> = Arc::new(Connections::new(&connections.clone().without_proxy())?);
        let mut hosts = match (Cloud::known(cloud), cloud) {
            (Some(cloud), _) => cloud,
            (None, CloudName::Endpoint(endpoint)) => cloud::discover(endpoint, &*wire).await?,
            (None, _) => return Err(atg_sdk::Error::internal("find the hosts of the cloud")),
        };
        if let Some(authority) = authority {
            hosts = hosts.with_authority(authority)?;
        }
        let chain = Chain::new(credentials, &hosts, &wire, &local, &self.clock);
        let tokens = Arc::new(TokenSource::new(chain, Arc::clone(&self.clock)));
        Ok(Transport::new(
            hosts,
            wire,
            tokens,
            Arc::clone(&self.budget),
            Arc::clone(&self.clock),
        ))
    }
}
