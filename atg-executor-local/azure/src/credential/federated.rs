//! A token of another issuer that the application trusts: Kubernetes writes one into a file and renews it there.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use atg_sdk::ErrorKind;
use secrecy::SecretString;

use super::{AccessToken, AuthMethod, Credential, CredentialError, Login, TokenRequest};

/// Such tokens have a few kilobytes; anything larger is another file.
const LONGEST: u64 = 64 * 1024;

/// Signs in with another issuer's token.
#[derive(Debug)]
pub struct FederatedToken {
    login: Login,
    file: PathBuf,
}

impl FederatedToken {
    /// That application with the token in that file, which is read anew each time.
    pub fn new(login: Login, file: impl Into<PathBuf>) -> Self {
        Self {
            login,
            file: file.into(),
        }
    }
}

#[async_trait]
impl Credential for FederatedToken {
    fn method(&self) -> AuthMethod {
        AuthMethod::Federated
    }

    async fn token(&self, request: &TokenRequest) -> Result<AccessToken, CredentialError> {
        let assertion = read(&self.file).await?;
        self.login
            .sign_in(request, &[("client_assertion", &assertion)])
            .await
    }
}

async fn read(file: &Path) -> Result<SecretString, CredentialError> {
    let refuse = |why: &str| {
        CredentialError::failed(
            ErrorKind::Unauthenticated,
            format!("read the federated token in {}: {why}", file.display()),
        )
    };
    let size = tokio::fs::metadata(file)
        .await
        .map_err(|error| refuse(&error.to_string()))?
        .len();
    if size > LONGEST {
        return Err(refuse("it is far too long for a token"));
    }
    let text = tokio::fs::read_to_string(file)
        .await
        .map_err(|error| refuse(&error.to_string()))?;
    match text.trim() {
        "" => Err(refuse("it is empty")),
        token => Ok(SecretString::from(token)),
    }
}
