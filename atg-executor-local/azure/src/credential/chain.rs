//! The ways to sign in, one after the other, until one works.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use atg_sdk::{Error, ErrorKind};

use super::{
    AccessToken, AuthMethod, AzureCli, AzureDeveloperCli, Certificate, ClientCertificate, ClientSecret,
    Credential, CredentialError, CredentialSettings, FederatedToken, Login, ManagedIdentity, TokenRequest,
    Tools,
};
use crate::{clock::Clock, cloud::Cloud, wire::Wire};

/// A way that was tried, and why it gave no token; `None` for the one that did.
#[derive(Debug, Clone)]
pub struct Tried {
    /// Which.
    pub method: AuthMethod,
    /// Why not.
    pub failure: Option<CredentialError>,
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.failure {
            Some(failure) => write!(f, "{}: {failure}", self.method),
            None => write!(f, "{}: ok", self.method),
        }
    }
}

/// All ways that the settings allow, in order. The first that works is kept to: the next token is its as well.
pub struct Chain {
    links: Vec<(AuthMethod, Link)>,
    chosen: OnceLock<Arc<dyn Credential>>,
}

/// A way, or why it is none.
type Link = Result<Arc<dyn Credential>, CredentialError>;

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let methods: Vec<_> = self.links.iter().map(|(method, _)| method.name()).collect();
        f.debug_tuple("Chain").field(&methods).finish()
    }
}

impl Chain {
    /// Makes every way ready; nothing is asked yet. `wire` reaches the network, `local` this machine without a proxy.
    #[must_use]
    pub fn new(
        settings: &CredentialSettings,
        cloud: &Cloud,
        wire: &Arc<dyn Wire>,
        local: &Arc<dyn Wire>,
        clock: &Arc<dyn Clock>,
    ) -> Self {
        let links = AuthMethod::ALL
            .into_iter()
            .filter(|method| settings.only.is_none_or(|only| only == *method))
            .map(|method| (method, link(method, settings, cloud, wire, local, clock)))
            .collect();
        Self {
            links,
            chosen: OnceLock::new(),
        }
    }

    /// A chain of one.
    pub fn of(credential: Arc<dyn Credential>) -> Self {
        Self {
            links: vec![(credential.method(), Ok(credential))],
            chosen: OnceLock::new(),
        }
    }

    /// The way that worked, once one did.
    #[must_use]
    pub fn chosen(&self) -> Option<AuthMethod> {
        self.chosen.get().map(|credential| credential.method())
    }

    /// A token, and which ways were tried for it.
    ///
    /// # Errors
    /// Each way that was tried and why it failed.
    pub async fn token(&self, request: &TokenRequest) -> Result<(AccessToken, Vec<Tried>), Vec<Tried>> {
        if let Some(credential) = self.chosen.get() {
            let method = credential.method();
            return match credential.token(request).await {
                Ok(token) => Ok((
                    token,
                    vec![Tried {
                        method,
                        failure: None,
                    }],
                )),
                Err(failure) => Err(vec![Tried {
                    method,
                    failure: Some(failure),
                }]),
            };
        }
        let mut tried = Vec::new();
        for (method, link) in &self.links {
            let outcome = match link {
                Ok(credential) => match credential.token(request).await {
                    Ok(token) => {
                        let _ = self.chosen.set(Arc::clone(credential));
                        tried.push(Tried {
                            method: *method,
                            failure: None,
                        });
                        return Ok((token, tried));
                    }
                    Err(failure) => failure,
                },
                Err(failure) => failure.clone(),
            };
            let ends = method.is_deliberate() && matches!(outcome, CredentialError::Failed(_));
            tried.push(Tried {
                method: *method,
                failure: Some(outcome),
            });
            if ends {
                break;
            }
        }
        Err(tried)
    }

    /// Those that were not tried, because one before them was set up and failed.
    fn left_out(&self, tried: &[Tried]) -> Vec<AuthMethod> {
        self.links[tried.len().min(self.links.len())..]
            .iter()
            .map(|(method, _)| *method)
            .collect()
    }

    /// One error that lists every way and why it failed.
    pub(super) fn error(&self, tried: &[Tried]) -> Error {
        // A failure says more than an absence, and the first failure is of the way that was meant.
        let failed = tried.iter().find_map(|tried| match &tried.failure {
            Some(CredentialError::Failed(error)) => Some(error),
            _ => None,
        });
        let kind = failed.map_or(ErrorKind::Unauthenticated, |error| match error.kind() {
            kind @ (ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Throttled) => kind,
            kind @ (ErrorKind::InvalidArgument | ErrorKind::Unsupported) => kind,
            _ => ErrorKind::Unauthenticated,
        });
        let list: Vec<String> = tried.iter().map(ToString::to_string).collect();
        let mut words = format!("sign in to Azure; tried {}", list.join("; "));
        let rest = self.left_out(tried);
        if !rest.is_empty() && self.chosen.get().is_none() {
            let rest: Vec<_> = rest.into_iter().map(AuthMethod::name).collect();
            words.push_str(&format!(
                "; not tried, since the last one is set up for this: {} (pick one with --auth)",
                rest.join(", ")
            ));
        }
        let mut error = Error::new(kind, words);
        if let Some(failed) = failed {
            if let Some(code) = failed.code() {
                error = error.with_code(code);
            }
            if let Some(id) = failed.request_id() {
                error = error.with_request_id(id);
            }
        }
        error
    }
}

fn link(
    method: AuthMethod,
    settings: &CredentialSettings,
    cloud: &Cloud,
    wire: &Arc<dyn Wire>,
    local: &Arc<dyn Wire>,
    clock: &Arc<dyn Clock>,
) -> Link {
    let login = |missing: Option<&str>| {
        if let Some(missing) = missing {
            return Err(CredentialError::NotHere(format!("{missing} is not set")));
        }
        let need = |value: &Option<String>, name: &str| {
            value.clone().ok_or_else(|| {
                CredentialError::failed(
                    ErrorKind::InvalidArgument,
                    format!("sign in: {name} is not set beside it"),
                )
            })
        };
        let tenant = need(&settings.tenant_id, "AZURE_TENANT_ID")?;
        let client = need(&settings.client_id, "AZURE_CLIENT_ID")?;
        Login::new(
            &cloud.authority,
            &tenant,
            &client,
            Arc::clone(wire),
            Arc::clone(clock),
        )
        .map_err(|error| setting(&error))
    };
    let tools = || Tools::in_path(settings.path.clone().unwrap_or_default());
    Ok(match method {
        AuthMethod::Secret => {
            let secret = settings.client_secret.clone();
            let login = login(secret.is_none().then_some("AZURE_CLIENT_SECRET"))?;
            Arc::new(ClientSecret::new(login, secret.unwrap_or_default()))
        }
        AuthMethod::Certificate => {
            let path = settings.certificate_path.clone();
            let login = login(path.is_none().then_some("AZURE_CLIENT_CERTIFICATE_PATH"))?;
            let certificate =
                Certificate::read(&path.unwrap_or_default(), settings.certificate_password.as_ref())
                    .map_err(|error| setting(&error))?;
            Arc::new(ClientCertificate::new(
                login,
                certificate,
                settings.send_certificate_chain,
            ))
        }
        AuthMethod::Federated => {
            let file = settings.federated_token_file.clone();
            let login = login(file.is_none().then_some("AZURE_FEDERATED_TOKEN_FILE"))?;
            Arc::new(FederatedToken::new(login, file.unwrap_or_default()))
        }
        AuthMethod::ManagedIdentity => {
            if !settings.use_managed_identity && settings.only.is_none() {
                return Err(CredentialError::NotHere(
                    "ATG_USE_MANAGED_IDENTITY is false".to_owned(),
                ));
            }
            let identity = ManagedIdentity::new(settings, Arc::clone(local), Arc::clone(clock))
                .map_err(|error| setting(&error))?;
            Arc::new(identity)
        }
        AuthMethod::Az => Arc::new(AzureCli::new(
            tools(),
            settings.tenant_id.clone(),
            Arc::clone(clock),
        )),
        AuthMethod::Azd => Arc::new(AzureDeveloperCli::new(
            tools(),
            settings.tenant_id.clone(),
            Arc::clone(clock),
        )),
    })
}

fn setting(error: &Error) -> CredentialError {
    CredentialError::failed(error.kind(), error.message())
}
