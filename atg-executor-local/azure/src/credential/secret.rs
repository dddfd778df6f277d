//! An application's secret.

use async_trait::async_trait;
use secrecy::SecretString;

use super::{AccessToken, AuthMethod, Credential, CredentialError, Login, TokenRequest};

/// Signs in with an application's secret.
#[derive(Debug)]
pub struct ClientSecret {
    login: Login,
    secret: SecretString,
}

impl ClientSecret {
    /// That application with that secret.
    #[must_use]
    pub fn new(login: Login, secret: SecretString) -> Self {
        Self { login, secret }
    }
}

#[async_trait]
impl Credential for ClientSecret {
    fn method(&self) -> AuthMethod {
        AuthMethod::Secret
    }

    async fn token(&self, request: &TokenRequest) -> Result<AccessToken, CredentialError> {
        self.login
            .sign_in(request, &[("client_secret", &self.secret)])
            .await
    }
}
