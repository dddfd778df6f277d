//! What a token says of whoever it is for. Read, not believed: only Azure can check it, and does.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use serde::Deserialize;

use super::AccessToken;

/// Whose token it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The tenant that issued it.
    pub tenant_id: Option<String>,
    /// The user, service principal or managed identity: what quotas and role assignments go by.
    pub object_id: Option<String>,
    /// The application.
    pub client_id: Option<String>,
    /// A user's name.
    pub name: Option<String>,
    /// When it ends.
    pub expires_on: Option<Timestamp>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Claims {
    tid: Option<String>,
    oid: Option<String>,
    appid: Option<String>,
    azp: Option<String>,
    upn: Option<String>,
    unique_name: Option<String>,
    preferred_username: Option<String>,
    exp: Option<i64>,
}

impl Identity {
    /// What the token says; nothing where it is not of the usual form, which its issuer may choose.
    #[must_use]
    pub fn of(token: &AccessToken) -> Self {
        Self::read(token.secret.expose_secret()).unwrap_or_default()
    }

    pub(super) fn read(token: &str) -> Option<Self> {
        let payload = token.split('.').nth(1)?;
        let bytes = BASE64_URL_SAFE_NO_PAD
            .decode(payload.trim_end_matches('='))
            .ok()?;
        let claims: Claims = serde_json::from_slice(&bytes).ok()?;
        Some(Self {
            tenant_id: claims.tid,
            object_id: claims.oid,
            client_id: claims.appid.or(claims.azp),
            name: claims.upn.or(claims.preferred_username).or(claims.unique_name),
            expires_on: claims
                .exp
                .and_then(|seconds| Timestamp::from_second(seconds).ok()),
        })
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.name, &self.client_id, &self.object_id) {
            (Some(name), ..) => f.write_str(&crate::error::tame(name)),
            (None, Some(application), _) => write!(f, "application {}", crate::error::tame(application)),
            (None, None, Some(object)) => write!(f, "object {}", crate::error::tame(object)),
            (None, None, None) => f.write_str("somebody whose token does not say who"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_whose_it_is_and_an_opaque_one_says_nothing() {
        let claims = r#"{"tid":"t","oid":"o","appid":"a","exp":1700000000}"#;
        let token = format!("e30.{}.", BASE64_URL_SAFE_NO_PAD.encode(claims));
        let identity = Identity::read(&token).unwrap();
        assert_eq!(identity.tenant_id.as_deref(), Some("t"));
        assert_eq!(identity.to_string(), "application a");
        assert_eq!(identity.expires_on.unwrap().as_second(), 1_700_000_000);
        assert_eq!(Identity::read("opaque"), None);
        assert_eq!(Identity::read("a.b.c"), None);
    }
}
