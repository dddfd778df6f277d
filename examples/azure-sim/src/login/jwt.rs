//! Tokens: made here, and read where a client sends one.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use uuid::Uuid;

/// Signs the tokens of one simulator, so that no other's, and none that a client made up, is accepted.
pub(crate) struct Signer {
    key: [u8; 32],
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").finish_non_exhaustive()
    }
}

impl Signer {
    /// With a key of its own.
    pub(crate) fn new() -> Self {
        let mut key = [0; 32];
        let (first, second) = key.split_at_mut(16);
        first.copy_from_slice(Uuid::new_v4().as_bytes());
        second.copy_from_slice(Uuid::new_v4().as_bytes());
        Self { key }
    }

    /// A token of these claims.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = json!({"typ": "JWT", "alg": "HS256", "kid": "azure-sim"});
        let text = format!("{}.{}", encode(&header), encode(claims));
        let signature = URL_SAFE_NO_PAD.encode(self.mac(&text).finalize().into_bytes());
        format!("{text}.{signature}")
    }

    /// The claims of a token of this signer.
    pub(crate) fn verify(&self, token: &str) -> Option<Value> {
        let (text, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        self.mac(text).verify_slice(&signature).ok()?;
        Some(read(token)?.claims)
    }

    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    fn mac(&self, text: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("a key of any length");
        mac.update(text.as_bytes());
        mac
    }
}

/// A token of whatever origin, its signature not looked at.
#[derive(Debug)]
pub(crate) struct Unverified {
    pub(crate) header: Value,
    pub(crate) claims: Value,
}

/// Takes a token apart.
pub(crate) fn read(token: &str) -> Option<Unverified> {
    let mut parts = token.split('.');
    let mut part = || serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts.next()?).ok()?).ok();
    Some(Unverified {
        header: part()?,
        claims: part()?,
    })
}

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_unchanged_tokens_are_accepted() {
        let signer = Signer::new();
        let token = signer.sign(&json!({"oid": "a"}));
        assert_eq!(signer.verify(&token).unwrap()["oid"], "a");
        assert_eq!(Signer::new().verify(&token), None);
        let (head, signature) = token.rsplit_once('.').unwrap();
        let (head, _) = head.rsplit_once('.').unwrap();
        let other = format!("{head}.{}.{signature}", encode(&json!({"oid": "b"})));
        assert_eq!(signer.verify(&other), None);
    }
}
