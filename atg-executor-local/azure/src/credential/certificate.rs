//! An application's certificate: it signs a statement of who it is.

use async_trait::async_trait;
use atg_sdk::ErrorKind;
use base64::{Engine as _, prelude::BASE64_STANDARD, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::SignedDuration;
use secrecy::SecretString;
use serde_json::json;
use uuid::Uuid;

use super::{AccessToken, AuthMethod, Certificate, Credential, CredentialError, Login, TokenRequest};

/// How long a statement is good. It is used at once.
const GOOD_FOR: SignedDuration = SignedDuration::from_mins(10);
/// Clocks differ.
const SLACK: SignedDuration = SignedDuration::from_mins(5);

/// Signs in with an application's certificate.
#[derive(Debug)]
pub struct ClientCertificate {
    login: Login,
    certificate: Certificate,
    send_chain: bool,
}

impl ClientCertificate {
    /// That application with that certificate. With `send_chain` the certificates go along, for applications that trust a name
    /// and an authority.
    #[must_use]
    pub fn new(login: Login, certificate: Certificate, send_chain: bool) -> Self {
        Self {
            login,
            certificate,
            send_chain,
        }
    }

    /// The statement: who we are, to whom it is made, and until when.
    fn assertion(&self, audience: &str) -> Result<SecretString, CredentialError> {
        let mut header = json!({
            "alg": "PS256",
            "typ": "JWT",
            "x5t#S256": BASE64_URL_SAFE_NO_PAD.encode(self.certificate.thumbprint()),
        });
        if self.send_chain {
            let chain: Vec<String> = self
                .certificate
                .chain()
                .iter()
                .map(|der| BASE64_STANDARD.encode(der))
                .collect();
            header["x5c"] = json!(chain);
        }
        let now = self.login.clock().now();
        let claims = json!({
            "aud": audience,
            "iss": self.login.client_id(),
            "sub": self.login.client_id(),
            "jti": Uuid::new_v4(),
            "iat": now.as_second(),
            "nbf": (now - SLACK).as_second(),
            "exp": (now + GOOD_FOR).as_second(),
        });
        let part = |value: &serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let statement = format!("{}.{}", part(&header), part(&claims));
        let signature = self
            .certificate
            .sign(statement.as_bytes())
            .map_err(|error| CredentialError::failed(ErrorKind::Internal, error.message()))?;
        Ok(SecretString::from(format!(
            "{statement}.{}",
            BASE64_URL_SAFE_NO_PAD.encode(signature)
        )))
    }
}

#[async_trait]
impl Credential for ClientCertificate {
    fn method(&self) -> AuthMethod {
        AuthMethod::Certificate
    }

    async fn token(&self, request: &TokenRequest) -> Result<AccessToken, CredentialError> {
        let assertion = self.assertion(&self.login.endpoint(request)?)?;
        self.login
            .sign_in(request, &[("client_assertion", &assertion)])
            .await
    }
}
