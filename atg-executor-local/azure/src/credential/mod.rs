//! Who calls Azure: where tokens come from, which source is taken, and how long a token is kept.
//!
//! Nothing here reads the environment: whoever makes a credential passes [`CredentialSettings`], which a binary fills.

mod answer;
mod cache;
mod certificate;
mod chain;
mod federated;
mod identity;
mod key;
mod login;
mod managed;
mod method;
mod secret;
mod settings;
mod tool;

use std::fmt;

use async_trait::async_trait;
use atg_sdk::{Error, ErrorKind};
use jiff::Timestamp;
use secrecy::SecretString;

pub use self::{
    cache::TokenSource,
    certificate::ClientCertificate,
    chain::{Chain, Tried},
    federated::FederatedToken,
    identity::Identity,
    key::Certificate,
    login::Login,
    managed::{AssignedIdentity, ManagedIdentity},
    method::AuthMethod,
    secret::ClientSecret,
    settings::{CredentialSettings, ManagedIdentitySettings},
    tool::{AzureCli, AzureDeveloperCli, Tools},
};
use crate::error::AzureError;

/// What a token is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TokenRequest {
    /// For example `https://management.azure.com/.default`.
    pub scope: String,
    /// The tenant; `None` for the credential's own.
    pub tenant: Option<String>,
    /// What the refusal of an earlier token demands, as JSON.
    pub claims: Option<String>,
}

impl TokenRequest {
    /// For that scope, in the credential's own tenant.
    pub fn new(scope: impl Into<String>) -> Self {
        Self {
            scope: scope.into(),
            tenant: None,
            claims: None,
        }
    }

    /// The resource that the scope is of: what the endpoints of managed identities ask for.
    pub(crate) fn resource(&self) -> &str {
        self.scope.strip_suffix("/.default").unwrap_or(&self.scope)
    }
}

/// A token and how long it is good.
#[derive(Clone)]
pub struct AccessToken {
    /// What is sent.
    pub secret: SecretString,
    /// From then on it is refused.
    pub expires_on: Timestamp,
    /// From then on a new one should be got, as its issuer said.
    pub refresh_on: Option<Timestamp>,
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("expires_on", &self.expires_on)
            .finish_non_exhaustive()
    }
}

/// A source of tokens. Asks anew every time: [`TokenSource`] keeps them.
#[async_trait]
pub trait Credential: fmt::Debug + Send + Sync {
    /// Which it is.
    fn method(&self) -> AuthMethod;

    /// A new token.
    ///
    /// # Errors
    /// [`CredentialError`]
    async fn token(&self, request: &TokenRequest) -> Result<AccessToken, CredentialError>;
}

/// Why a credential gave no token.
#[derive(Debug, Clone)]
pub enum CredentialError {
    /// It is not set up here, or nobody is signed in: another may be tried. What is missing, in words.
    NotHere(String),
    /// It is set up, and was refused or could not be reached.
    Failed(AzureError),
}

impl CredentialError {
    pub(crate) fn failed(kind: ErrorKind, words: impl Into<String>) -> Self {
        Self::Failed(AzureError::new(kind, words))
    }
}

impl From<AzureError> for CredentialError {
    fn from(error: AzureError) -> Self {
        Self::Failed(error)
    }
}

impl fmt::Display for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotHere(words) => f.write_str(words),
            Self::Failed(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for CredentialError {}

/// A setting that a credential cannot do with.
pub(crate) fn invalid(words: impl Into<String>) -> Error {
    Error::invalid(words)
}
