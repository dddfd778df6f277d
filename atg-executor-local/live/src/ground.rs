//! What must be known before anything is read: whose tenant it is, and which subscriptions belong to it.

use std::collections::BTreeMap;

use atg_azure::transport::{Request, ResourceGraphQuery, Transport};
use atg_sdk::{
    Error, ErrorKind, Result,
    azure::{SubscriptionId, TenantId},
};
use serde::Deserialize;

/// The api-version of the list of subscriptions.
pub(crate) const SUBSCRIPTIONS_VERSION: &str = "2022-12-01";

/// What of a tenant is asked for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Only these subscriptions; all for none.
    pub subscriptions: Vec<SubscriptionId>,
    /// Not what Microsoft Entra ID knows.
    pub without_directory: bool,
    /// Not who may do what.
    pub without_authorization: bool,
}

/// A subscription of the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Its GUID, lower-cased.
    pub id: String,
    /// Its display name.
    pub name: String,
    /// `Enabled`, `Warned`, `PastDue`, `Disabled` or `Deleted`.
    pub state: String,
    /// How many rows Resource Graph has of it; `None` where it did not say.
    pub rows: Option<u64>,
}

impl Subscription {
    /// `/subscriptions/GUID`
    #[must_use]
    pub fn scope(&self) -> String {
        format!("/subscriptions/{}", self.id)
    }
}

/// What is known before anything is read.
#[derive(Debug, Clone)]
pub struct Ground {
    /// The tenant.
    pub tenant: TenantId,
    /// Its subscriptions, as far as they are wanted, ordered by ID.
    pub subscriptions: Vec<Subscription>,
    /// How many subscriptions the credential sees that are of other tenants. They are left alone.
    pub foreign: u64,
    /// Subscriptions that are wanted and not listed.
    pub absent: Vec<SubscriptionId>,
    /// What is asked for.
    pub wanted: Wanted,
    /// When that was, by Azure's clock: the header `Date` of its first answer.
    pub date: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    subscription_id: String,
    display_name: Option<String>,
    state: Option<String>,
    tenant_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Counted {
    subscription_id: String,
    rows: u64,
}

impl Ground {
    /// The tenant of the credential.
    ///
    /// # Errors
    /// When nobody can sign in, or the token does not tell.
    pub async fn tenant_of(transport: &Transport) -> Result<TenantId> {
        let identity = transport.identity().await?;
        identity
            .tenant_id
            .as_deref()
            .and_then(|id| id.parse().ok())
            .ok_or_else(|| {
                Error::invalid(
                    "find out whose credential it is: its token names no tenant: pass --tenant-id (`tenant_id`)",
                )
            })
    }

    /// Lists the subscriptions.
    ///
    /// # Errors
    /// When nobody can sign in to that tenant, or the list of subscriptions cannot be read: without it no scope is known.
    pub async fn read(transport: &Transport, tenant: TenantId, wanted: Wanted) -> Result<Self> {
        let own = Self::tenant_of(transport).await?;
        if own != tenant {
            return Err(Error::new(
                ErrorKind::PermissionDenied,
                format!(
                    "scan tenant {tenant}: the credential is of tenant {own}: sign in to the other (`az login --tenant {tenant}`, or AZURE_TENANT_ID)"
                ),
            ));
        }
        let path = format!("/subscriptions?api-version={SUBSCRIPTIONS_VERSION}");
        let mut pages = transport.pages(Request::get(transport.cloud(), &path)?);
        let (mut found, mut foreign) = (BTreeMap::new(), 0);
        let mut date = None;
        while let Some(page) = pages.next().await {
            let page = page?;
            if date.is_none() {
                let told = page.answer().headers().get("date");
                date = told.and_then(|text| text.to_str().ok()).map(str::to_owned);
            }
            for text in page.items() {
                let listed: Listed = serde_json::from_str(text).map_err(|error| {
                    Error::new(
                        ErrorKind::Unavailable,
                        format!("read the list of subscriptions: {error}"),
                    )
                })?;
                let of_tenant = listed
                    .tenant_id
                    .as_deref()
                    .is_none_or(|id| id.parse() == Ok(tenant));
                if !of_tenant {
                    foreign += 1;
                    continue;
                }
                let id = listed.subscription_id.to_lowercase();
                found.insert(
                    id.clone(),
                    Subscription {
                        id,
                        name: listed.display_name.unwrap_or_default(),
                        state: listed.state.unwrap_or_default(),
                        rows: None,
                    },
                );
            }
        }
        let mut absent = Vec::new();
        if !wanted.subscriptions.is_empty() {
            let all = std::mem::take(&mut found);
            for id in &wanted.subscriptions {
                match all.get_key_value(&id.to_string().to_lowercase()) {
                    Some((id, subscription)) => drop(found.insert(id.clone(), subscription.clone())),
                    None => absent.push(*id),
                }
            }
        }
        let mut ground = Self {
            tenant,
            subscriptions: found.into_values().collect(),
            foreign,
            absent,
            wanted,
            date,
        };
        ground.count(transport).await;
        Ok(ground)
    }

    /// Asks how many rows each subscription has, so that lists can be made of one length. Without an answer they are
    /// taken to be alike.
    async fn count(&mut self, transport: &Transport) {
        if self.subscriptions.is_empty() {
            return;
        }
        let query = ResourceGraphQuery::new("resources | summarize rows = count() by subscriptionId");
        let answer = match transport.query(query, "count") {
            Ok(mut pages) => pages.next().await,
            Err(error) => Some(Err(error)),
        };
        let page = match answer {
            Some(Ok(page)) => page,
            Some(Err(error)) => {
                tracing::warn!(%error, "Resource Graph did not count the resources");
                return;
            }
            None => return,
        };
        let rows: BTreeMap<String, u64> = page
            .items()
            .filter_map(|text| serde_json::from_str::<Counted>(text).ok())
            .map(|counted| (counted.subscription_id.to_lowercase(), counted.rows))
            .collect();
        for subscription in &mut self.subscriptions {
            let told = rows.get(&subscription.id).copied();
            subscription.rows = if page.is_truncated() {
                told
            } else {
                Some(told.unwrap_or(0))
            };
        }
    }
}
