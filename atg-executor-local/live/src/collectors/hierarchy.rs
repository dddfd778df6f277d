//! The tenant, its management groups, subscriptions and resource groups.

use async_trait::async_trait;
use atg_azure::transport::Request;
use serde::Deserialize;

use crate::{
    collector::{CallDeclaration, Collector, Declaration, Part},
    ground::Ground,
    listing::{First, Listing},
    page::{Made, Source},
    reader::{Reader, Shortfall},
};

/// Management groups, which lie in no subscription.
const ABOVE: &str = "resourcecontainers \
    | where type =~ 'microsoft.management/managementgroups' \
    | project id, name, type, properties, tags | order by id asc";

/// Subscriptions, and what they are divided into.
const WITHIN: &str = "resourcecontainers \
    | where type =~ 'microsoft.resources/subscriptions' or type =~ 'microsoft.resources/subscriptions/resourcegroups' \
    | project id, name, type, location, managedBy, properties, tags | order by id asc";

/// A query may name so many subscriptions.
const AT_ONCE: usize = 1_000;

/// Reads what resources lie in.
#[derive(Debug)]
pub struct Hierarchy(Declaration);

impl Hierarchy {
    /// The name of this collector, to which subscriptions belong that cannot be read at all.
    pub const NAME: &'static str = "hierarchy";

    /// The one there is.
    #[must_use]
    pub fn new() -> Self {
        Self(Declaration {
            name: Self::NAME.into(),
            about: "tenant, management groups, subscriptions and resource groups".into(),
            part: Part::Inventory,
            calls: vec![
                CallDeclaration::new(
                    "GET /subscriptions",
                    "2022-12-01",
                    "Microsoft.Resources/subscriptions/read",
                ),
                CallDeclaration::new("GET /tenants", "2022-12-01", "none"),
                CallDeclaration::new(
                    "POST /providers/Microsoft.ResourceGraph/resources (resourcecontainers)",
                    "2024-04-01",
                    "Microsoft.ResourceGraph/resources/read",
                ),
            ],
            reads: [
                "microsoft.resources/tenants",
                "microsoft.management/managementgroups",
                "microsoft.resources/subscriptions",
                "microsoft.resources/resourcegroups",
            ]
            .map(Into::into)
            .to_vec(),
            // No subscription: one that is no longer listed may be one that is no longer shown to us.
            lists_all: vec!["microsoft.resources/resourcegroups".into()],
            optional: false,
            follows: Vec::new(),
        })
    }
}

impl Default for Hierarchy {
    fn default() -> Self {
        Self::new()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tenant {
    tenant_id: String,
}

#[async_trait]
impl Collector for Hierarchy {
    fn declaration(&self) -> &Declaration {
        &self.0
    }

    fn begin(&self, ground: &Ground) -> Vec<Listing> {
        let mut listings = vec![
            Listing::tenant_query("above", ABOVE),
            Listing::list("/tenants?api-version=2022-12-01"),
        ];
        let ids: Vec<String> = ground.subscriptions.iter().map(|own| own.id.clone()).collect();
        for (index, ids) in ids.chunks(AT_ONCE).enumerate() {
            listings.push(Listing::query(format!("within/{index}"), WITHIN, ids.to_vec()));
        }
        listings
    }

    async fn read(&self, listing: &Listing, reader: &mut Reader) -> Result<(), Shortfall> {
        let First::List(path) = &listing.first else {
            return reader.read_all(listing).await;
        };
        // A credential may see many tenants, and only one of them is scanned.
        let first = Request::get(reader.transport().cloud(), path)?;
        let mut pages = reader.transport().pages(first);
        let (mut made, mut request_id) = (Made::default(), None);
        while let Some(page) = pages.next().await {
            let page = page?;
            request_id = page.answer().ids().request;
            for text in page.items() {
                let own = serde_json::from_str::<Tenant>(text)
                    .is_ok_and(|tenant| tenant.tenant_id.parse() == Ok(reader.ground().tenant));
                if own {
                    made.push(text);
                }
            }
        }
        reader
            .hand_out(Source::ResourceManager, made, None, request_id)
            .await
    }
}
