//! Signing in at Microsoft Entra ID: the one call that secret, certificate and federated token have in common.

use std::{fmt, sync::Arc, time::Duration};

use atg_sdk::ErrorKind;
use bytes::Bytes;
use http::{Method, Request};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use super::{AccessToken, CredentialError, TokenRequest, answer};
use crate::{
    clock::Clock,
    error::AzureError,
    retry::RetryPolicy,
    wire::{Limits, Wire},
};

const LIMITS: Limits = Limits {
    time: Duration::from_secs(30),
    bytes: 1024 * 1024,
};

/// Where an application signs in.
#[derive(Clone)]
pub struct Login {
    wire: Arc<dyn Wire>,
    clock: Arc<dyn Clock>,
    authority: Url,
    tenant: String,
    client_id: String,
    retry: RetryPolicy,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("authority", &self.authority.as_str())
            .field("tenant", &self.tenant)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

impl Login {
    /// That application in that tenant, whose name or id must be one: it becomes part of an address.
    ///
    /// # Errors
    /// `InvalidArgument` for a tenant that is neither.
    pub fn new(
        authority: &Url,
        tenant: &str,
        client_id: &str,
        wire: Arc<dyn Wire>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, atg_sdk::Error> {
        check_tenant(tenant)?;
        Ok(Self {
            wire,
            clock,
            authority: authority.clone(),
            tenant: tenant.to_owned(),
            client_id: client_id.to_owned(),
            retry: RetryPolicy::default().with_tries(4),
        })
    }

    /// With another patience.
    #[must_use]
    pub fn with_retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    pub(super) fn client_id(&self) -> &str {
        &self.client_id
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// The token endpoint, which is also whom an assertion is made out to.
    pub(super) fn endpoint(&self, request: &TokenRequest) -> Result<String, CredentialError> {
        let tenant = request.tenant.as_deref().unwrap_or(&self.tenant);
        check_tenant(tenant)
            .map_err(|error| CredentialError::failed(ErrorKind::InvalidArgument, error.message()))?;
        let base = self.authority.as_str().trim_end_matches('/');
        // AD FS of Azure Stack has no tenants, and no second version of its endpoint.
        Ok(if base.ends_with("/adfs") {
            format!("{base}/oauth2/token")
        } else {
            format!("{base}/{tenant}/oauth2/v2.0/token")
        })
    }

    /// Signs in with what proves who we are: `client_secret`, or `client_assertion` and its type.
    pub(super) async fn sign_in(
        &self,
        request: &TokenRequest,
        proof: &[(&str, &SecretString)],
    ) -> Result<AccessToken, CredentialError> {
        let endpoint = self.endpoint(request)?;
        let body = self.form(request, proof);
        let make = || {
            Request::builder()
                .method(Method::POST)
                .uri(&endpoint)
                .header("content-type", "application/x-www-form-urlencoded")
                .header("accept", "application/json")
                .body(body.clone())
        };
        let url = Url::parse(&endpoint)
            .map_err(|_| CredentialError::failed(ErrorKind::Internal, "make the address to sign in at"))?;
        let outcome = exchange_for_token(
            &*self.wire,
            &*self.clock,
            &self.retry,
            &url,
            LIMITS,
            |_| false,
            make,
        )
        .await;
        outcome.map_err(|error| CredentialError::Failed(mask(error, proof)))
    }

    fn form(&self, request: &TokenRequest, proof: &[(&str, &SecretString)]) -> Bytes {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("client_id", &self.client_id)
            .append_pair("grant_type", "client_credentials")
            .append_pair("scope", &request.scope)
            .append_pair("claims", &claims(request.claims.as_deref()));
        if let [("client_assertion", _)] = proof {
            form.append_pair(
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            );
        }
        for (name, value) in proof {
            form.append_pair(name, value.expose_secret());
        }
        Bytes::from(form.finish())
    }
}

/// No answer should repeat what was sent. If one does, nobody sees it.
fn mask(error: AzureError, proof: &[(&str, &SecretString)]) -> AzureError {
    let masked = proof
        .iter()
        .fold(error.message().to_owned(), |words, (_, secret)| {
            match secret.expose_secret() {
                "" => words,
                secret => words.replace(secret, "********"),
            }
        });
    error.with_message(masked)
}

/// Asks for a token until there is one or patience ends. Asking again is harmless: it makes nothing.
pub(super) async fn exchange_for_token(
    wire: &dyn Wire,
    clock: &dyn Clock,
    retry: &RetryPolicy,
    url: &Url,
    limits: Limits,
    also_again: impl Fn(u16) -> bool,
    make: impl Fn() -> http::Result<Request<Bytes>>,
) -> Result<AccessToken, AzureError> {
    let mut made = 0;
    loop {
        made += 1;
        let request = make().map_err(|_| {
            AzureError::new(
                ErrorKind::InvalidArgument,
                "ask for a token: a setting holds characters that no header has",
            )
        })?;
        let (error, again) = match wire.exchange(request, limits).await {
            Ok(answer) if answer.status().is_success() => return answer::read(answer.body(), clock.now()),
            Ok(answer) => {
                let status = answer.status().as_u16();
                let again = matches!(status, 408 | 429 | 500..=599) || also_again(status);
                (AzureError::of_answer(&answer), again)
            }
            Err(failure) => {
                let again = failure.may_pass();
                (failure.into_error(url), again)
            }
        };
        match retry.wait(made, error.retry_after()).filter(|_| again) {
            Some(wait) => clock.sleep(wait).await,
            None => return Err(error.with_tries(made)),
        }
    }
}

/// What is asked of a token: that it may be refused before its time (continuous access evaluation), and what a refusal
/// demanded.
fn claims(demanded: Option<&str>) -> String {
    let mut claims = demanded
        .and_then(|text| serde_json::from_str::<Value>(text).ok())
        .filter(Value::is_object)
        .unwrap_or_else(|| json!({}));
    claims["access_token"]["xms_cc"] = json!({"values": ["cp1"]});
    claims.to_string()
}

pub(super) fn check_tenant(tenant: &str) -> Result<(), atg_sdk::Error> {
    let good = !tenant.is_empty()
        && !tenant.starts_with('.')
        && tenant
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.');
    if good {
        return Ok(());
    }
    Err(super::invalid(format!(
        "sign in to the tenant `{}`: it is neither an id nor a domain name: set AZURE_TENANT_ID",
        crate::error::tame(tenant)
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_refusal_demands_is_asked_for_beside_what_we_can_do() {
        assert_eq!(claims(None), r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#);
        let merged: Value =
            serde_json::from_str(&claims(Some(r#"{"access_token":{"nbf":{"value":"1"}}}"#))).unwrap();
        assert_eq!(merged["access_token"]["nbf"]["value"], "1");
        assert_eq!(merged["access_token"]["xms_cc"]["values"][0], "cp1");
        assert_eq!(claims(Some("[]")), claims(None));
    }

    #[test]
    fn a_tenant_is_an_id_or_a_domain_and_never_a_path() {
        for good in ["contoso.onmicrosoft.com", "4baabe85-98a8-43fe-89fe-574c55f50b56"] {
            assert!(check_tenant(good).is_ok());
        }
        for bad in ["", "a/b", "../x", "a?b", "a#b", "a b"] {
            assert!(check_tenant(bad).is_err(), "{bad}");
        }
    }
}
