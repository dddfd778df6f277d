//! Everything put together: from settings to calls.

use std::{
    collections::{BTreeMap, HashMap},
    ffi::OsString,
    path::PathBuf,
    str::FromStr,
    sync::Arc,
};

use atg_sdk::{
    Error, Result, env,
    quota::{CallKind, QuotaLedger, QuotaLimit},
};
use tokio::sync::{Mutex, OnceCell};

use crate::{
    budget::{Budget, MemoryLedger},
    clock::{Clock, SystemClock},
    cloud::{self, Cloud, CloudName},
    credential::{Chain, CredentialSettings, TokenSource},
    retry::RetryPolicy,
    transport::{CallObserver, Transport},
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
    /// How often calls are tried.
    pub retry: RetryPolicy,
    /// Who hears of every answer.
    pub calls: Option<CallObserver>,
    /// What holds calls back.
    pub pacing: Pacing,
}

/// What holds calls back before Azure refuses them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pacing {
    /// The quotas that Microsoft documents.
    #[default]
    Documented,
    /// Refusals alone, for an endpoint without those quotas, such as a simulator.
    Refusals,
}

impl Pacing {
    /// The quotas that differ from what Microsoft documents.
    fn limits(self) -> BTreeMap<CallKind, QuotaLimit> {
        match self {
            Self::Documented => BTreeMap::new(),
            Self::Refusals => CallKind::ALL
                .into_iter()
                .map(|kind| (kind, QuotaLimit::unknown()))
                .collect(),
        }
    }
}

impl FromStr for Pacing {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "documented" => Ok(Self::Documented),
            "refusals" => Ok(Self::Refusals),
            other => Err(Error::invalid(format!(
                "'{other}' is no pacing: documented (the quotas that Microsoft documents) or refusals (nothing else, for simulators)"
            ))),
        }
    }
}

/// A variable that cannot be used, and why.
pub type BadVariable = (&'static str, String);

impl AzureOptions {
    /// Asks `read` for every variable by its name. An empty one counts as not set.
    ///
    /// # Errors
    /// All variables that cannot be used.
    pub fn from_variables(
        mut read: impl FnMut(&'static str) -> Option<OsString>,
    ) -> Result<Self, Vec<BadVariable>> {
        let mut options = Self {
            credentials: CredentialSettings::from_variables(&mut read),
            ..Self::default()
        };
        let mut bad = Vec::new();
        let mut text = |name: &'static str| {
            let value = read(name).filter(|value| !value.is_empty())?;
            Some(value.to_string_lossy().into_owned())
        };
        if let Some(cloud) = text(env::AZURE_CLOUD) {
            match cloud.parse() {
                Ok(cloud) => options.cloud = cloud,
                Err(error) => bad.push((env::AZURE_CLOUD, error.message().to_owned())),
            }
        }
        if let Some(method) = text(env::ATG_AUTH) {
            match method.parse() {
                Ok(method) => options.credentials.only = Some(method),
                Err(error) => bad.push((env::ATG_AUTH, error.message().to_owned())),
            }
        }
        if let Some(pacing) = text(env::ATG_AZURE_PACING) {
            match pacing.parse() {
                Ok(pacing) => options.pacing = pacing,
                Err(error) => bad.push((env::ATG_AZURE_PACING, error.message().to_owned())),
            }
        }
        options.authority = text(env::AZURE_AUTHORITY_HOST);
        options.connections.extra_ca_file = text(env::SSL_CERT_FILE).map(PathBuf::from);
        if bad.is_empty() { Ok(options) } else { Err(bad) }
    }

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

    /// With such patience.
    #[must_use]
    pub fn with_retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// With somebody who hears of every answer.
    #[must_use]
    pub fn with_calls(mut self, observer: CallObserver) -> Self {
        self.calls = Some(observer);
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
    /// Whether it was given rather than made.
    fixed: bool,
    /// Those that sign in to a tenant that no setting names, by the tenant.
    elsewhere: Mutex<HashMap<String, Transport>>,
}

impl Azure {
    /// As those options say, with a quota of this process alone.
    #[must_use]
    pub fn new(options: AzureOptions) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let ledger = Arc::new(MemoryLedger::new(Arc::clone(&clock)));
        let budget = Budget::new(ledger, Arc::clone(&clock), options.pacing.limits());
        Self::with_budget(options, budget, clock)
    }

    /// With a quota that other processes share.
    #[must_use]
    pub fn with_ledger(options: AzureOptions, ledger: Arc<dyn QuotaLedger>) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let budget = Budget::new(ledger, Arc::clone(&clock), options.pacing.limits());
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
            fixed: false,
            elsewhere: Mutex::default(),
        }
    }

    /// Whatever that transport calls: a recording, or a stand-in within this process.
    #[must_use]
    pub fn over(transport: Transport) -> Self {
        let (budget, clock) = (Arc::clone(transport.budget()), Arc::clone(transport.clock()));
        let options = AzureOptions::default();
        Self {
            transport: OnceCell::new_with(Some(transport)),
            fixed: true,
            ..Self::with_budget(options, budget, clock)
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
        let connect = || self.connect(&self.options.credentials);
        self.transport.get_or_try_init(connect).await
    }

    /// What calls it, signed in to that tenant unless a setting names the tenant to sign in to. Quotas are shared with all
    /// others.
    ///
    /// # Errors
    /// As [`transport`](Self::transport).
    pub async fn transport_to(&self, tenant: &str) -> Result<Transport> {
        if self.fixed || self.options.credentials.tenant_id.is_some() {
            return self.transport().await.cloned();
        }
        let mut elsewhere = self.elsewhere.lock().await;
        if let Some(transport) = elsewhere.get(tenant) {
            return Ok(transport.clone());
        }
        let mut credentials = self.options.credentials.clone();
        credentials.tenant_id = Some(tenant.to_owned());
        let transport = self.connect(&credentials).await?;
        elsewhere.insert(tenant.to_owned(), transport.clone());
        Ok(transport)
    }

    async fn connect(&self, credentials: &CredentialSettings) -> Result<Transport> {
        let AzureOptions {
            cloud,
            authority,
            credentials: _,
            connections,
            retry,
            calls,
            // The budget has it.
            pacing: _,
        } = &self.options;
        let wire: Arc<dyn Wire> = Arc::new(Connections::new(connections)?);
        let local: Arc<dyn Wire> = Arc::new(Connections::new(&connections.clone().without_proxy())?);
        let mut hosts = match (Cloud::known(cloud), cloud) {
            (Some(cloud), _) => cloud,
            (None, CloudName::Endpoint(endpoint)) => cloud::discover(endpoint, &*wire).await?,
            (None, _) => return Err(Error::internal("find the hosts of the cloud")),
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
        )
        .with_retry(*retry)
        .heard_by(calls.clone()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use atg_sdk::quota::{QuotaBucket, QuotaReading, QuotaVerdict};

    use super::*;

    #[test]
    fn all_variables_that_cannot_be_used_are_told_at_once() {
        let bad = AzureOptions::from_variables(|name| match name {
            "AZURE_CLOUD" => Some("mars".into()),
            "ATG_AUTH" => Some("browser".into()),
            "ATG_AZURE_PACING" => Some("fast".into()),
            _ => None,
        })
        .unwrap_err();
        let names: Vec<_> = bad.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["AZURE_CLOUD", "ATG_AUTH", "ATG_AZURE_PACING"]);
    }

    #[tokio::test]
    async fn paced_by_refusals_alone_nothing_waits_until_one_comes() {
        let options =
            AzureOptions::from_variables(|name| (name == env::ATG_AZURE_PACING).then(|| "refusals".into()))
                .unwrap();
        let limits = options.pacing.limits();
        let ledger = MemoryLedger::new(Arc::new(SystemClock));
        for kind in CallKind::ALL {
            let bucket = QuotaBucket {
                principal: "someone".to_owned(),
                within: None,
                kind,
                provider: None,
            };
            for _ in 0..10_000 {
                let verdict = ledger.take(&bucket, &limits[&kind], 1).await.unwrap();
                assert_eq!(verdict, QuotaVerdict::Granted, "{kind}");
            }
            let refusal = QuotaReading {
                cost: 1,
                answered: true,
                refused: true,
                retry_after: Some(Duration::from_secs(60)),
                ..QuotaReading::default()
            };
            ledger.settle(&bucket, &limits[&kind], &refusal);
            let verdict = ledger.take(&bucket, &limits[&kind], 1).await.unwrap();
            assert!(
                matches!(verdict, QuotaVerdict::Wait(time) if time > Duration::from_secs(50)),
                "{kind}"
            );
        }
    }

    #[test]
    fn without_any_variable_it_is_the_public_cloud_and_every_way_to_sign_in() {
        let options = AzureOptions::from_variables(|_| None).unwrap();
        assert_eq!(
            (options.cloud, options.credentials.only),
            (CloudName::Public, None)
        );
    }
}
