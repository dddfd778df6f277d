//! Scans of a simulated Azure, through the executor.

mod asked_for;
mod going_on;
mod incremental;
mod recorded_tenant;
mod recording;
mod removal;
mod whole;

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use atg_azure_sim::{Config, Fault, Matching, Principal, Rule, Schedule, Simulator, Source};
use atg_executor_local::{
    LocalExecutor, LocalOptions,
    azure::{AzureOptions, credential::CredentialSettings, wire::ConnectionOptions},
};
use atg_sdk::{
    ExecutorExt as _, JobRequest, Operation, Result,
    quota::{QuotaBucket, QuotaLedger, QuotaLimit, QuotaReading, QuotaVerdict},
};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) use crate::support::Scanned;
use crate::support::export;

/// A simulated tenant and an executor that may sign in to it.
pub(crate) struct Place {
    pub(crate) simulator: Arc<Simulator>,
    pub(crate) executor: LocalExecutor,
    pub(crate) directory: TempDir,
}

/// The demo tenant.
pub(crate) fn demo() -> Config {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/demo-tenant/demo.jsonl");
    Config::new(Source::File(file))
}

/// Options with which that simulator lets us in.
fn azure(simulator: &Simulator) -> AzureOptions {
    options(simulator.origin(), simulator.tenant_id(), simulator.ca_pem())
}

/// The same by what another process can be told.
pub(crate) fn options(origin: &str, tenant: &str, ca_pem: &str) -> AzureOptions {
    let mut credentials = CredentialSettings::from_variables(|name| {
        let value = match name {
            "AZURE_TENANT_ID" => tenant,
            "AZURE_CLIENT_ID" => Principal::CLIENT_ID,
            "AZURE_CLIENT_SECRET" => Principal::SECRET,
            _ => return None,
        };
        Some(value.into())
    });
    credentials.managed.arc_agent = Some("/nowhere".into());
    AzureOptions::default()
        .with_cloud(origin.parse().unwrap())
        .with_connections(ConnectionOptions::default().without_proxy().with_extra_ca(ca_pem))
        .with_credentials(credentials)
}

/// What always happens to such a call.
pub(crate) fn always(matching: Matching, fault: Fault) -> Rule {
    Rule {
        matching,
        fault,
        per_mille: 1_000,
        times: None,
        skip: 0,
    }
}

/// Nothing else goes wrong.
pub(crate) fn only(rule: Rule) -> Schedule {
    Schedule {
        seed: 1,
        rules: vec![rule],
    }
}

/// Quota without an end.
#[derive(Debug)]
struct Plenty;

#[async_trait]
impl QuotaLedger for Plenty {
    async fn take(&self, _: &QuotaBucket, _: &QuotaLimit, _: u32) -> Result<QuotaVerdict> {
        Ok(QuotaVerdict::Granted)
    }

    fn settle(&self, _: &QuotaBucket, _: &QuotaLimit, _: &QuotaReading) {}
}

impl Place {
    pub(crate) async fn new(config: Config) -> Self {
        let simulator = Simulator::start(config).await.unwrap();
        Self::at(Arc::new(simulator))
    }

    /// The same tenant with another executor, whose graph is empty.
    pub(crate) fn at(simulator: Arc<Simulator>) -> Self {
        Self::with(simulator, |options| options)
    }

    /// The same with an executor that waits for no quota: of many small scans that is most of the time.
    pub(crate) fn without_quota(simulator: Arc<Simulator>) -> Self {
        Self::with(simulator, |options| options.with_quota(Arc::new(Plenty)))
    }

    fn with(simulator: Arc<Simulator>, change: impl FnOnce(LocalOptions) -> LocalOptions) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let options = LocalOptions::new(directory.path()).with_azure(azure(&simulator));
        let options = change(options);
        let executor = LocalExecutor::open(options).unwrap();
        Self {
            simulator,
            executor,
            directory,
        }
    }

    pub(crate) async fn try_scan(&self, parameters: Value) -> Result<Scanned> {
        let operation = Operation::from_parts("scan", parameters)?;
        self.finish(JobRequest::new(operation)).await
    }

    pub(crate) async fn finish(&self, request: JobRequest) -> Result<Scanned> {
        let job = self.executor.run(request).await?;
        Ok(Scanned::of(&self.executor, &job).await)
    }

    pub(crate) async fn scan(&self, parameters: Value) -> Scanned {
        self.try_scan(parameters).await.unwrap()
    }

    /// The tenant's export, as text.
    pub(crate) async fn export(&self) -> String {
        export(&self.executor, self.simulator.tenant_id()).await
    }

    /// The IDs of the nodes of a class, in small letters.
    pub(crate) async fn ids(&self, labelled: &str) -> Vec<String> {
        let mut ids: Vec<String> = self
            .export()
            .await
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).unwrap().get("node").cloned())
            .filter(|node| {
                node["labels"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|label| label == labelled)
            })
            .map(|node| node["id"].as_str().unwrap().to_lowercase())
            .collect();
        ids.sort();
        ids
    }
}
