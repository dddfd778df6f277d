//! What the service knows of a key, and what a caller with that key may do.

use std::{fmt, str::FromStr};

use atg_sdk::{Error, Owner, azure::TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Environment, KeyId};

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Run scans.
    ScanRun,
    /// Query, compare and export the graph.
    GraphRead,
    /// Import into the graph.
    GraphWrite,
    /// Generate infrastructure as code.
    IacGenerate,
    /// Load a specification.
    TenantCreate,
    /// Deploy one.
    TenantDeploy,
    /// See and handle the jobs of other owners, within the key's tenants.
    JobsAll,
    /// Everything, within the key's tenants.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 8] = [
        Self::ScanRun,
        Self::GraphRead,
        Self::GraphWrite,
        Self::IacGenerate,
        Self::TenantCreate,
        Self::TenantDeploy,
        Self::JobsAll,
        Self::Admin,
    ];

    /// The scope that an operation asks for; `None` where any key will do.
    #[must_use]
    pub fn of_operation(name: &str) -> Option<Self> {
        match name {
            "scan" => Some(Self::ScanRun),
            "import" => Some(Self::GraphWrite),
            "generate-iac" => Some(Self::IacGenerate),
            "create-tenant" => Some(Self::TenantCreate),
            "self-test" | "rehearsal" => None,
            _ => Some(Self::GraphRead),
        }
    }

    /// As it stands in records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ScanRun => "scan:run",
            Self::GraphRead => "graph:read",
            Self::GraphWrite => "graph:write",
            Self::IacGenerate => "iac:generate",
            Self::TenantCreate => "tenant:create",
            Self::TenantDeploy => "tenant:deploy",
            Self::JobsAll => "jobs:all",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Scope {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.name() == text)
            .ok_or_else(|| {
                let known: Vec<_> = Self::ALL.iter().map(|scope| scope.name()).collect();
                Error::invalid(format!(
                    "`{}` is not a scope: {} are",
                    text.escape_debug(),
                    known.join(", ")
                ))
            })
    }
}

impl Serialize for Scope {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// Which tenants a key is good for. No tenant at all unless some are named: `*` is explicit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TenantAccess {
    /// `*`
    Every,
    /// Only these; none where empty.
    Only(Vec<TenantId>),
}

impl TenantAccess {
    /// Whether the key is good for that tenant.
    #[must_use]
    pub fn admits(&self, tenant: TenantId) -> bool {
        match self {
            Self::Every => true,
            Self::Only(tenants) => tenants.contains(&tenant),
        }
    }

    /// The list that jobs and queries are confined to; `None` for no confinement.
    #[must_use]
    pub fn confinement(&self) -> Option<Vec<TenantId>> {
        match self {
            Self::Every => None,
            Self::Only(tenants) => Some(tenants.clone()),
        }
    }
}

impl Serialize for TenantAccess {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Every => ["*"].serialize(serializer),
            Self::Only(tenants) => tenants.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for TenantAccess {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        if names.iter().any(|name| name == "*") {
            return Ok(Self::Every);
        }
        let tenants: Result<_, _> = names.iter().map(|name| name.parse()).collect();
        tenants.map(Self::Only).map_err(serde::de::Error::custom)
    }
}

/// Whether a record is in force.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// In force, within its times.
    #[default]
    Active,
    /// Taken back.
    Revoked,
}

impl KeyRecord {
    /// Whether it is good at that time.
    #[must_use]
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        let early = self.not_before.is_some_and(|from| now < from);
        let late = self.expires_at.is_some_and(|until| now >= until);
        self.state == KeyState::Active && !early && !late
    }
}

/// One key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRecord {
    /// The public part of the key.
    pub id: KeyId,
    /// HMAC-SHA-256 of the secret under the pepper, in hexadecimal.
    pub hash: String,
    /// Who stands behind it. Keys that succeed each other share one, so a rotation loses nothing.
    pub owner: Owner,
    /// The installation it is for.
    pub environment: Environment,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// For which tenants.
    pub tenants: TenantAccess,
    /// Not good before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// Not good from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Whether it is in force.
    #[serde(default)]
    pub state: KeyState,
}

/// Somebody who showed a good key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The key's public part.
    pub key: KeyId,
    /// Whose jobs are theirs.
    pub owner: Owner,
    /// What they may do.
    pub scopes: Vec<Scope>,
    /// For which tenants.
    pub tenants: TenantAccess,
}

impl Caller {
    /// Whether they may do that.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope) || self.scopes.contains(&Scope::Admin)
    }

    /// Whether a job of that owner, about that tenant, exists for them. One about every tenant that its owner may see is
    /// its owner's alone, unless they may see every tenant themselves: `jobs:all` is bounded by tenants.
    #[must_use]
    pub fn sees(&self, owner: &Owner, tenant: Option<TenantId>) -> bool {
        let own = *owner == self.owner;
        match tenant {
            Some(tenant) => (own || self.may(Scope::JobsAll)) && self.tenants.admits(tenant),
            None => own || (self.may(Scope::JobsAll) && self.tenants.confinement().is_none()),
        }
    }
}
