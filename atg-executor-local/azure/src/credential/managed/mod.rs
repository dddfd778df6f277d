//! The identity of the place where this runs. Each place has its own endpoint for it, and tells of it through variables;
//! where none does, there may be a machine's metadata service.

mod arc;
mod places;
mod probe;

use std::sync::Arc;

use async_trait::async_trait;
use atg_sdk::ErrorKind;
use bytes::Bytes;
use http::Request;
use secrecy::ExposeSecret as _;
use url::Url;

use self::places::Place;
use super::{
    AccessToken, AuthMethod, Credential, CredentialError, CredentialSettings, TokenRequest,
    login::exchange_for_token,
};
use crate::{
    clock::Clock,
    retry::RetryPolicy,
    wire::{ConnectionOptions, Connections, Limits, Wire},
};

/// Which of several identities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssignedIdentity {
    /// The place's own.
    System,
    /// One that was assigned to it, by its client id.
    Client(String),
    /// One that was assigned to it, by its object id.
    Object(String),
    /// One that was assigned to it, by its resource ID.
    Resource(String),
}

impl AssignedIdentity {
    /// What `AZURE_CLIENT_ID` names: a client id, or a resource ID.
    #[must_use]
    pub fn of(text: Option<&str>) -> Self {
        match text.map(str::trim).filter(|text| !text.is_empty()) {
            None => Self::System,
            Some(id) if id.starts_with('/') => Self::Resource(id.to_owned()),
            Some(id) => Self::Client(id.to_owned()),
        }
    }

    /// The query of endpoints that call them so.
    fn query(&self, names: [&'static str; 3]) -> Option<(&'static str, &str)> {
        match self {
            Self::System => None,
            Self::Client(id) => Some((names[0], id)),
            Self::Object(id) => Some((names[1], id)),
            Self::Resource(id) => Some((names[2], id)),
        }
    }
}

/// Takes tokens from the place where this runs.
#[derive(Debug)]
pub struct ManagedIdentity {
    place: Result<Place, String>,
    identity: AssignedIdentity,
    /// Without a proxy: what answers is on this machine.
    wire: Arc<dyn Wire>,
    clock: Arc<dyn Clock>,
    retry: RetryPolicy,
    limits: Limits,
}

impl ManagedIdentity {
    /// Finds out from the settings which place this is. `wire` must go without a proxy.
    ///
    /// # Errors
    /// `InvalidArgument` for a setting of the place that cannot be read.
    pub fn new(
        settings: &CredentialSettings,
        wire: Arc<dyn Wire>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, atg_sdk::Error> {
        let place = Place::of(&settings.managed);
        let wire = match &place {
            // Its certificate is its own; only the thumbprint says that it is the right one.
            Ok(Place::ServiceFabric { thumbprint, .. }) => {
                let mut options = ConnectionOptions::default().without_proxy();
                options.thumbprint = Some(thumbprint.clone());
                Arc::new(Connections::new(&options)?)
            }
            _ => wire,
        };
        let identity = match &place {
            Ok(Place::MachineLearning { default_client, .. }) => {
                AssignedIdentity::of(settings.client_id.as_deref().or(default_client.as_deref()))
            }
            _ => AssignedIdentity::of(settings.client_id.as_deref()),
        };
        Ok(Self {
            place,
            identity,
            wire,
            clock,
            retry: RetryPolicy::default(),
            limits: Limits {
                time: std::time::Duration::from_secs(30),
                bytes: 1024 * 1024,
            },
        })
    }

    /// With that one of several identities.
    #[must_use]
    pub fn with_identity(mut self, identity: AssignedIdentity) -> Self {
        self.identity = identity;
        self
    }

    /// With another patience.
    #[must_use]
    pub fn with_retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// The place's name, for people; what is wrong where the settings fit none.
    ///
    /// # Errors
    /// What is wrong.
    pub fn place(&self) -> Result<&'static str, &str> {
        self.place.as_ref().map(Place::name).map_err(String::as_str)
    }
}

#[async_trait]
impl Credential for ManagedIdentity {
    fn method(&self) -> AuthMethod {
        AuthMethod::ManagedIdentity
    }

    async fn token(&self, request: &TokenRequest) -> Result<AccessToken, CredentialError> {
        let place = self
            .place
            .as_ref()
            .map_err(|words| CredentialError::failed(ErrorKind::InvalidArgument, words))?;
        if !matches!(self.identity, AssignedIdentity::System) && !place.takes_identities() {
            return Err(CredentialError::failed(
                ErrorKind::Unsupported,
                format!(
                    "use the managed identity that AZURE_CLIENT_ID names: {} gives tokens of one identity only: unset it",
                    place.name()
                ),
            ));
        }
        let url = place.url(&self.identity, request.resource())?;
        match place {
            Place::Arc { keys, .. } => {
                arc::token(&*self.wire, &*self.clock, &self.retry, self.limits, &url, keys).await
            }
            Place::Machine { .. } => {
                probe::is_there(&*self.wire, &url).await?;
                self.ask(place, request, &url).await
            }
            _ => self.ask(place, request, &url).await,
        }
    }
}

impl ManagedIdentity {
    async fn ask(
        &self,
        place: &Place,
        request: &TokenRequest,
        url: &Url,
    ) -> Result<AccessToken, CredentialError> {
        let make = || {
            let builder = Request::builder().method(place.method()).uri(url.as_str());
            let builder = match place {
                Place::AppService { header, .. } => {
                    builder.header("x-identity-header", header.expose_secret())
                }
                Place::ServiceFabric { header, .. } => builder.header("secret", header.expose_secret()),
                Place::MachineLearning { secret, .. } => builder.header("secret", secret.expose_secret()),
                Place::CloudShell { .. } => builder
                    .header("metadata", "true")
                    .header("content-type", "application/x-www-form-urlencoded"),
                Place::Machine { .. } | Place::Arc { .. } => builder.header("metadata", "true"),
            };
            builder.body(place.body(request.resource()))
        };
        // A new machine's identity is not known everywhere at once: its metadata service says 404, and 410 while it updates.
        let again = |status| matches!(place, Place::Machine { .. }) && matches!(status, 404 | 410);
        let token = exchange_for_token(
            &*self.wire,
            &*self.clock,
            &self.retry,
            url,
            self.limits,
            again,
            make,
        )
        .await;
        token.map_err(|error| {
            if matches!(place, Place::Machine { .. }) && error.status() == Some(400) {
                // The service is there, and has no identity to give.
                CredentialError::NotHere(format!(
                    "this machine has no managed identity that fits: assign one, or correct AZURE_CLIENT_ID ({})",
                    error.message()
                ))
            } else {
                CredentialError::Failed(error.with_call(place.name()))
            }
        })
    }
}

impl Place {
    fn body(&self, resource: &str) -> Bytes {
        match self {
            Self::CloudShell { .. } => {
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                Bytes::from(form.append_pair("resource", resource).finish())
            }
            _ => Bytes::new(),
        }
    }
}
