//! Where a tenant comes from.

use std::path::PathBuf;

use atg_synthetic::{Options, Parts};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    Tenant, Want,
    base::Base,
    generated::Generated,
    hierarchy,
    loaded::Loaded,
    made_up::{self, MadeUp},
    row::Class,
};

/// Where the tenant comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// Made while it is read. `changed_per_mille` of it differ from the tenant of the same seed without changes.
    Generated {
        /// Decides every name and value.
        seed: u64,
        /// Resources and directory objects together.
        rows: u64,
        /// How it is divided.
        shape: Shape,
    },
    /// JSON Lines of ARM resources and Microsoft Graph objects.
    Lines(String),
    /// A file of such lines.
    File(PathBuf),
}

/// How a generated tenant is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// About how many subscriptions; `None` for one per 64 resource groups.
    pub subscriptions: Option<u64>,
    /// Management groups between the root and the subscriptions.
    pub management_groups: u64,
    /// How many of 1,000 rows differ from those of the tenant with 0 here.
    pub changed_per_mille: u64,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            subscriptions: None,
            management_groups: 3,
            changed_per_mille: 0,
        }
    }
}

/// What a tenant holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Subscriptions.
    pub subscriptions: u64,
    /// Resource groups.
    pub resource_groups: u64,
    /// Resources that a subscription's own list holds.
    pub tracked_resources: u64,
    /// All other ARM rows: children, extensions, management groups, settings.
    pub other_rows: u64,
}

impl Tenant {
    /// Loads or generates a tenant. `id` decides over what the data says.
    ///
    /// # Errors
    /// A file that cannot be read, a line that is neither a resource nor an object.
    pub(crate) fn open(source: &Source, id: Option<&str>) -> Result<Self, String> {
        match source {
            Source::Generated { seed, rows, shape } => Ok(Self::generate(*seed, *rows, *shape, id)),
            Source::Lines(text) => Self::load(text, id),
            Source::File(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|error| format!("read {}: {error}", path.display()))?;
                Self::load(&text, id)
            }
        }
    }

    fn load(text: &str, id: Option<&str>) -> Result<Self, String> {
        let mut loaded = Loaded::read(text)?;
        let id = match id {
            Some(id) => id.to_lowercase(),
            None => tenant_of(&loaded).unwrap_or_else(|| {
                // No line says which tenant it is: the same lines are the same tenant.
                Uuid::new_v5(&Uuid::NAMESPACE_URL, text.as_bytes()).to_string()
            }),
        };
        let made_up = made_up::complete(&mut loaded, &id);
        Ok(Self::of(id, Box::new(loaded), made_up))
    }

    fn generate(seed: u64, rows: u64, shape: Shape, id: Option<&str>) -> Self {
        let mut options = Options {
            seed,
            rows,
            changed_per_mille: shape.changed_per_mille,
            ..Options::default()
        };
        if let Some(subscriptions) = shape.subscriptions {
            let groups = Parts::new(options).count() as u64;
            options.groups_per_subscription = groups.div_ceil(subscriptions.max(1)).max(1);
        }
        let id = id.map_or_else(|| atg_synthetic::tenant_id(seed), str::to_lowercase);
        let mut generated = Generated::new(options);
        let made_up = hierarchy::put_over(&mut generated, &id, shape.management_groups);
        Self::of(id, Box::new(generated), made_up)
    }

    fn of(id: String, base: Box<dyn Base>, made_up: MadeUp) -> Self {
        let domain = base
            .objects("user", None)
            .filter_map(|user| {
                let name = user.body()["userPrincipalName"].as_str()?;
                let (_, domain) = name.rsplit_once('@')?;
                (!domain.is_empty()).then(|| domain.to_owned())
            })
            .next()
            .unwrap_or_else(|| "azure-sim.example".to_owned());
        Self {
            id,
            display_name: "Simulated tenant".to_owned(),
            domain,
            base,
            overlay: std::sync::RwLock::default(),
            links: std::sync::Mutex::default(),
            made_up,
        }
    }

    /// Counts what there is now. Of a large generated tenant this reads all of it.
    pub(crate) fn count(&self) -> Counts {
        let mut counts = Counts::default();
        for row in self.rows("", None, &Want::default()) {
            match row.class {
                Class::Subscription => counts.subscriptions += 1,
                Class::ResourceGroup => counts.resource_groups += 1,
                Class::Tracked => counts.tracked_resources += 1,
                Class::ManagementGroup | Class::Other => counts.other_rows += 1,
            }
        }
        counts
    }

    /// Everything that the tenant's directory holds about the tenant itself.
    pub(crate) fn organization(&self) -> serde_json::Value {
        json!({
            "id": self.id,
            "displayName": self.display_name,
            "tenantType": "AAD",
            "countryLetterCode": "SE",
            "createdDateTime": "2020-01-01T00:00:00Z",
            "verifiedDomains": [
                {"capabilities": "Email, OfficeCommunicationsOnline", "isDefault": true, "isInitial": true, "name": self.domain, "type": "Managed"}
            ],
        })
    }
}

/// The tenant that the lines speak of: a root group's, a subscription's, or the one most resources name.
fn tenant_of(loaded: &Loaded) -> Option<String> {
    let mut named = std::collections::BTreeMap::<String, usize>::new();
    for row in loaded.rows.values() {
        let body = row.body();
        let weight = match row.class {
            Class::ManagementGroup => 1_000_000,
            Class::Subscription => 10_000,
            _ => 1,
        };
        let own = body
            .get("tenantId")
            .or_else(|| body["properties"].get("tenantId"));
        let of_identity = body["identity"].get("tenantId");
        for id in own.into_iter().chain(of_identity).filter_map(|id| id.as_str()) {
            if Uuid::try_parse(id).is_ok_and(|id| !id.is_nil()) {
                *named.entry(id.to_lowercase()).or_default() += weight;
            }
        }
    }
    named
        .into_iter()
        .max_by_key(|(_, weight)| *weight)
        .map(|(id, _)| id)
}
