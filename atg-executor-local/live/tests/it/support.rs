//! A simulated Azure, and a run over it.

use std::{collections::BTreeSet, path::Path};

use atg_azure::{
    Azure, AzureOptions, credential::CredentialSettings, transport::Transport, wire::ConnectionOptions,
};
use atg_azure_sim::{Config, Principal, Simulator, Source};
use atg_live::{
    collectors,
    ground::{Ground, Wanted},
    page::Page,
    run::{Event, Plan},
    unit::UnitEnd,
};

/// The demo tenant, changed before it starts.
pub(crate) async fn demo(change: impl FnOnce(&mut Config)) -> Simulator {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/demo-tenant/demo.jsonl");
    let mut config = Config::new(Source::File(file));
    change(&mut config);
    Simulator::start(config).await.unwrap()
}

/// What calls it.
pub(crate) async fn transport(simulator: &Simulator) -> Transport {
    let mut credentials = CredentialSettings::from_variables(|name| {
        let value = match name {
            "AZURE_TENANT_ID" => simulator.tenant_id(),
            "AZURE_CLIENT_ID" => Principal::CLIENT_ID,
            "AZURE_CLIENT_SECRET" => Principal::SECRET,
            _ => return None,
        };
        Some(value.into())
    });
    credentials.managed.arc_agent = Some("/nowhere".into());
    let options = AzureOptions::default()
        .with_cloud(simulator.origin().parse().unwrap())
        .with_connections(
            ConnectionOptions::default()
                .without_proxy()
                .with_extra_ca(simulator.ca_pem()),
        )
        .with_credentials(credentials);
    Azure::new(options).transport().await.unwrap().clone()
}

/// What a run handed out.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pub(crate) pages: Vec<Page>,
    pub(crate) units: Vec<UnitEnd>,
}

impl Gathered {
    /// The IDs of one collector's objects, in small letters.
    pub(crate) fn ids(&self, collector: &str) -> BTreeSet<String> {
        let pages = self.pages.iter().filter(|page| &*page.collector == collector);
        let id = |text: &str| {
            let value: serde_json::Value = serde_json::from_str(text).unwrap();
            value["id"].as_str().unwrap().to_lowercase()
        };
        pages
            .flat_map(|page| page.texts().map(id).collect::<Vec<_>>())
            .collect()
    }
}

/// The ground of a simulator's tenant.
pub(crate) async fn ground(simulator: &Simulator, transport: &Transport) -> Ground {
    let tenant = simulator.tenant_id().parse().unwrap();
    Ground::read(transport, tenant, Wanted::default()).await.unwrap()
}

/// Everything that a plan gives, or what it gives until `enough`.
pub(crate) async fn run(plan: Plan, transport: &Transport, enough: usize) -> Gathered {
    let mut run = plan.start(transport);
    let mut gathered = Gathered::default();
    while gathered.pages.len() < enough
        && let Some(event) = run.next().await
    {
        match event {
            Event::Page(page) => gathered.pages.push(page),
            Event::Unit(unit) => gathered.units.push(unit),
        }
    }
    gathered
}

/// A plan of all collectors.
pub(crate) fn plan(ground: Ground) -> Plan {
    Plan::new(collectors::all(), ground)
}
