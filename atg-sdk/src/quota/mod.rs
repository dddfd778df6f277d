//! Whose quota a call of Azure is counted against, and the ledger that says when the next one may be made.
//!
//! Azure counts calls by who makes them, where and of what kind, and refuses those beyond. Workers that share a principal
//! share its quota, so the ledger is a port: one process keeps it in memory, several keep it where all of them look.
//! [`Allowance`] is the arithmetic, without a clock, a lock or a network, for whatever keeps it.

mod allowance;
mod learned;

use std::{fmt, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub use self::allowance::Allowance;
use crate::Result;

/// What kind of call it is, as Azure tells kinds apart when it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallKind {
    /// Azure Resource Manager: reading within a subscription.
    SubscriptionRead,
    /// Azure Resource Manager: creating or changing within a subscription.
    SubscriptionWrite,
    /// Azure Resource Manager: deleting within a subscription.
    SubscriptionDelete,
    /// Azure Resource Manager: reading outside of subscriptions.
    TenantRead,
    /// A query of Azure Resource Graph.
    ResourceGraphQuery,
    /// A list that Azure Resource Graph answers in Resource Manager's stead (`useResourceGraph=true`).
    ResourceGraphList,
    /// Microsoft Graph, counted in resource units.
    MicrosoftGraph,
    /// Azure Key Vault, by vault.
    KeyVault,
}

impl CallKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::SubscriptionRead,
        Self::SubscriptionWrite,
        Self::SubscriptionDelete,
        Self::TenantRead,
        Self::ResourceGraphQuery,
        Self::ResourceGraphList,
        Self::MicrosoftGraph,
        Self::KeyVault,
    ];

    /// The name in reports, for example `subscription-read`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SubscriptionRead => "subscription-read",
            Self::SubscriptionWrite => "subscription-write",
            Self::SubscriptionDelete => "subscription-delete",
            Self::TenantRead => "tenant-read",
            Self::ResourceGraphQuery => "resource-graph-query",
            Self::ResourceGraphList => "resource-graph-list",
            Self::MicrosoftGraph => "microsoft-graph",
            Self::KeyVault => "key-vault",
        }
    }

    /// What Microsoft documents for that kind. Microsoft Graph: for a tenant of 50 to 500 users.
    #[must_use]
    pub const fn documented(self) -> QuotaLimit {
        match self {
            Self::SubscriptionRead | Self::TenantRead => QuotaLimit::steady(250, 25),
            Self::SubscriptionWrite | Self::SubscriptionDelete => QuotaLimit::steady(200, 10),
            Self::ResourceGraphQuery => QuotaLimit::window(15, Duration::from_secs(5)),
            Self::ResourceGraphList => QuotaLimit::window(4_000, Duration::from_secs(60)),
            Self::MicrosoftGraph => QuotaLimit::window(5_000, Duration::from_secs(10)),
            Self::KeyVault => QuotaLimit::window(4_000, Duration::from_secs(10)),
        }
    }
}

impl fmt::Display for CallKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What calls are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct QuotaBucket {
    /// Who calls: the object id of the user, service principal or managed identity.
    pub principal: String,
    /// In which subscription or vault, in lower case; `None` where the whole tenant is counted together.
    pub within: Option<String>,
    /// What kind of call.
    pub kind: CallKind,
    /// The resource provider, where it counts by itself beside Resource Manager.
    pub provider: Option<String>,
}

impl fmt::Display for QuotaBucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if let Some(within) = &self.within {
            write!(f, " in {within}")?;
        }
        if let Some(provider) = &self.provider {
            write!(f, " of {provider}")?;
        }
        Ok(())
    }
}

/// How much is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct QuotaLimit {
    /// How much may be used at once. Zero stands for a limit that nobody documents: it is learned from refusals.
    pub burst: u32,
    /// How it comes back.
    pub refill: Refill,
}

/// How a quota comes back.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refill {
    /// So much every second, evenly.
    PerSecond(u32),
    /// All of it, so long after its first use.
    After(Duration),
}

impl QuotaLimit {
    /// A bucket that holds `burst` and regains `per_second`.
    #[must_use]
    pub const fn steady(burst: u32, per_second: u32) -> Self {
        Self {
            burst,
            refill: Refill::PerSecond(per_second),
        }
    }

    /// So many in each period.
    #[must_use]
    pub const fn window(burst: u32, period: Duration) -> Self {
        Self {
            burst,
            refill: Refill::After(period),
        }
    }

    /// A limit that nobody documents.
    #[must_use]
    pub const fn unknown() -> Self {
        Self::steady(0, 0)
    }

    /// Whether anything is known of it.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.burst > 0
    }

    /// The shortest time in which that much can be used, from a full bucket.
    #[must_use]
    pub fn floor(&self, cost: u64) -> Duration {
        let beyond = cost.saturating_sub(u64::from(self.burst));
        match self.refill {
            _ if !self.is_known() => Duration::ZERO,
            Refill::PerSecond(0) => Duration::MAX,
            Refill::PerSecond(rate) => Duration::from_secs_f64(beyond as f64 / f64::from(rate)),
            Refill::After(period) => period.mul_f64(beyond.div_ceil(u64::from(self.burst)) as f64),
        }
    }
}

/// Whether a call may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuotaVerdict {
    /// It may, and is counted.
    Granted,
    /// Not yet: ask again after that time. Nothing is kept for whoever asked.
    Wait(Duration),
}

/// What the answer to a call said about its quota.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct QuotaReading {
    /// What was asked for when the call was granted.
    pub cost: u32,
    /// From the grant to the answer.
    pub latency: Duration,
    /// Whether there was an answer: a call that was cut says nothing.
    pub answered: bool,
    /// Whether it was refused for being one too many.
    pub refused: bool,
    /// How long to wait, as the refusal said.
    pub retry_after: Option<Duration>,
    /// How much is left, as the answer said.
    pub remaining: Option<f64>,
    /// When all of it is back, as the answer said; Azure rounds it to seconds.
    pub resets_after: Option<Duration>,
}

/// Keeps count of calls for everybody who shares a quota.
#[async_trait]
pub trait QuotaLedger: fmt::Debug + Send + Sync {
    /// Asks for leave to make a call of that cost.
    ///
    /// # Errors
    /// When a shared ledger cannot be reached.
    async fn take(&self, bucket: &QuotaBucket, limit: &QuotaLimit, cost: u32) -> Result<QuotaVerdict>;

    /// Tells what came of a call that was granted: exactly once for each. Must not block; a ledger that lies elsewhere
    /// passes it on in its own time.
    fn settle(&self, bucket: &QuotaBucket, limit: &QuotaLimit, reading: &QuotaReading);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_is_what_the_documentation_says() {
        let reads = CallKind::SubscriptionRead.documented();
        assert_eq!(reads.floor(250), Duration::ZERO);
        assert_eq!(reads.floor(1_000), Duration::from_secs(30));
        // 3,000 rows a second: 100 pages of 1,000 are the first 15 and six more windows.
        assert_eq!(
            CallKind::ResourceGraphQuery.documented().floor(100),
            Duration::from_secs(30)
        );
        assert_eq!(QuotaLimit::unknown().floor(1_000_000), Duration::ZERO);
    }
}
