//! Logging in without a secret: by a certificate, or by the token of somebody else's identity provider.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rustls::pki_types::CertificateDer;
use serde_json::Value;
use sha2::{Digest, Sha256};
use webpki::EndEntityCert;

use crate::{error, principal::Principal, web::Reply, world::World};

use super::jwt;

/// Checks a `client_assertion` of that principal.
pub(crate) fn check(world: &World, principal: &Principal, assertion: &str) -> Result<(), Reply> {
    let Some(token) = jwt::read(assertion) else {
        return Err(refused(world, 50027, "JWT token is invalid or malformed."));
    };
    let now = world.now().as_second();
    if token.claims["exp"].as_i64().is_none_or(|expires| expires <= now) {
        return Err(refused(
            world,
            700024,
            "Client assertion is not within its valid time range. Current time and the assertion's expiry do not agree.",
        ));
    }
    let claim = |name: &str| token.claims[name].as_str().unwrap_or_default();
    let own = claim("iss").eq_ignore_ascii_case(&principal.client_id);
    if own || token.header.get("x5t").is_some() || token.header.get("x5t#S256").is_some() {
        return certificate(world, principal, assertion, &token.header);
    }
    let known = |federated: &&crate::principal::Federated| {
        federated.issuer == claim("iss")
            && federated.subject == claim("sub")
            && has_audience(&token.claims, &federated.audience)
    };
    if principal.federated.iter().any(|federated| known(&federated)) {
        return Ok(());
    }
    Err(refused(
        world,
        70021,
        &format!(
            "No matching federated identity record found for presented assertion. Assertion Issuer: '{}'. Assertion Subject: '{}'. Assertion Audience: '{}'.",
            claim("iss"),
            claim("sub"),
            claim("aud"),
        ),
    ))
}

fn has_audience(claims: &Value, audience: &str) -> bool {
    match &claims["aud"] {
        Value::String(one) => one == audience,
        Value::Array(many) => many.iter().any(|one| one == audience),
        _ => false,
    }
}

/// The assertion names the certificate by its thumbprint and is signed with its key.
fn certificate(world: &World, principal: &Principal, assertion: &str, header: &Value) -> Result<(), Reply> {
    let thumbprint = |name: &str| {
        header[name]
            .as_str()
            .and_then(|text| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok())
    };
    let (short, long) = (thumbprint("x5t"), thumbprint("x5t#S256"));
    let matching = principal.certificates.iter().find(|der| {
        long.as_deref()
            .is_some_and(|long| Sha256::digest(der)[..] == *long)
            || short
                .as_deref()
                .is_some_and(|short| sha1_smol::Sha1::from(der).digest().bytes()[..] == *short)
    });
    let Some(der) = matching else {
        return Err(refused(
            world,
            700027,
            "The certificate with identifier used to sign the client assertion is not registered on application.",
        ));
    };
    let algorithm = match header["alg"].as_str() {
        Some("RS256") => webpki::ring::RSA_PKCS1_2048_8192_SHA256,
        Some("PS256") => webpki::ring::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
        Some("ES256") => webpki::ring::ECDSA_P256_SHA256,
        _ => {
            return Err(refused(
                world,
                5002738,
                "Invalid JWT token. Unsupported algorithm.",
            ));
        }
    };
    let der = CertificateDer::from(der.as_slice());
    let signed = assertion.rsplit_once('.').and_then(|(text, signature)| {
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let certificate = EndEntityCert::try_from(&der).ok()?;
        certificate
            .verify_signature(algorithm, text.as_bytes(), &signature)
            .ok()
    });
    signed.ok_or_else(|| {
        refused(
            world,
            700027,
            "The certificate used to sign the client assertion is registered, but the signature of the assertion is not its.",
        )
    })
}

fn refused(world: &World, number: u32, message: &str) -> Reply {
    error::login(401, "invalid_client", number, message, world.now())
}
