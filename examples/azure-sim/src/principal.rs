//! Who logs in, with what, and what they may see.

use std::fmt;

use serde::Deserialize;
use uuid::Uuid;

/// A service principal or managed identity of the simulated tenant.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Principal {
    /// The application's id.
    pub client_id: String,
    /// The service principal's id.
    pub object_id: String,
    /// Secrets that are valid at the same time.
    pub secrets: Vec<String>,
    /// Certificates, DER, any of which may sign an assertion.
    pub certificates: Vec<Vec<u8>>,
    /// Foreign identities that may log in as this one.
    pub federated: Vec<Federated>,
    /// The scopes at which it is a Reader: `/` for the whole tenant.
    pub scopes: Vec<String>,
    /// Whether it may also write at these scopes.
    pub writer: bool,
    /// Whether it may read the directory.
    pub directory: bool,
    /// Whether it may read secrets.
    pub vaults: bool,
}

/// A federated identity credential.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Federated {
    /// Who issued the foreign token.
    pub issuer: String,
    /// Whom it is about.
    pub subject: String,
    /// For whom it is meant.
    pub audience: String,
}

impl Principal {
    /// The client id of the principal that is there unless told otherwise.
    pub const CLIENT_ID: &'static str = "11111111-aaaa-4000-8000-000000000001";
    /// Its secret. Worth nothing anywhere else.
    pub const SECRET: &'static str = "azure-sim-secret";

    /// A principal with that client id and secret that may read everything.
    #[must_use]
    pub fn reader(client_id: &str, secret: &str) -> Self {
        Self {
            client_id: client_id.to_lowercase(),
            object_id: Uuid::new_v5(&Uuid::NAMESPACE_OID, client_id.to_lowercase().as_bytes()).to_string(),
            secrets: vec![secret.to_owned()],
            certificates: Vec::new(),
            federated: vec![Federated {
                issuer: "https://issuer.azure-sim.example".to_owned(),
                subject: "workload".to_owned(),
                audience: "api://AzureADTokenExchange".to_owned(),
            }],
            scopes: vec!["/".to_owned()],
            writer: false,
            directory: true,
            vaults: true,
        }
    }

    /// Whether it may read at that scope: a scope of its own is that one or lies above it.
    pub(crate) fn may_read(&self, scope: &str, above: &[String]) -> bool {
        let key = scope.trim_end_matches('/').to_lowercase();
        self.scopes.iter().any(|own| {
            let own = own.trim_end_matches('/').to_lowercase();
            crate::tenant::is_within(&key, &own) || above.contains(&own)
        })
    }

    /// Whether it may read everything.
    pub(crate) fn reads_all(&self) -> bool {
        self.scopes.iter().any(|scope| scope == "/")
    }
}

impl Default for Principal {
    fn default() -> Self {
        Self {
            writer: true,
            ..Self::reader(Self::CLIENT_ID, Self::SECRET)
        }
    }
}

impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Principal")
            .field("client_id", &self.client_id)
            .field("object_id", &self.object_id)
            .field("scopes", &self.scopes)
            .field("writer", &self.writer)
            .field("directory", &self.directory)
            .field("vaults", &self.vaults)
            .finish_non_exhaustive()
    }
}
