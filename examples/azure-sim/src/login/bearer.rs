//! Who calls, by the token that came with the request.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    cloud::Part,
    error,
    principal::Principal,
    web::{Call, Reply},
    world::World,
};

use super::Audience;

/// Who calls.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) principal: Arc<Principal>,
}

/// Reads the token for that part of Azure, or says what is wrong with it, in that part's words.
pub(crate) fn authenticate(world: &World, call: &Call, part: Part) -> Result<Caller, Reply> {
    let Some(token) = call.header("authorization").and_then(bearer) else {
        return Err(refused(world, call, part, Problem::Missing));
    };
    let Some(claims) = world.signer.verify(token) else {
        return Err(refused(world, call, part, Problem::Invalid));
    };
    let audience = claims["aud"].as_str().unwrap_or_default();
    if !Audience::of(world, audience).is_some_and(|audience| audience.fits(part)) {
        return Err(refused(world, call, part, Problem::Audience(audience.to_owned())));
    }
    if claims["exp"].as_i64().unwrap_or_default() <= world.now().as_second() {
        return Err(refused(world, call, part, Problem::Expired(claims)));
    }
    let client = claims["appid"].as_str().unwrap_or_default();
    let Some(principal) = world.principal(client) else {
        return Err(refused(world, call, part, Problem::Invalid));
    };
    if world.is_revoked(&claims) {
        return Err(challenge(world, part));
    }
    Ok(Caller { principal })
}

/// 401 with claims: the token is no longer good although it has not expired, and a new one has to say that it knows.
pub(crate) fn challenge(world: &World, part: Part) -> Reply {
    let claims = serde_json::json!({"access_token": {"nbf": {"essential": true, "value": world.now().as_second().to_string()}}});
    let claims = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, claims.to_string());
    let header = format!(
        "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", client_id=\"00000003-0000-0000-c000-000000000000\", error=\"insufficient_claims\", claims=\"{claims}\""
    );
    let reply = match part {
        Part::Graph => error::graph(
            401,
            "InvalidAuthenticationToken",
            "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp",
            world.now(),
        ),
        Part::Vault => error::vault(
            401,
            "Unauthorized",
            "AKV10029: The token was issued before the session was revoked.",
        ),
        _ => error::arm(
            401,
            "InvalidAuthenticationToken",
            "Continuous access evaluation resulted in challenge: the token was issued before the session was revoked.",
        ),
    };
    reply.with("www-authenticate", header)
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// What is wrong with a token.
pub(crate) enum Problem {
    Missing,
    Invalid,
    Audience(String),
    Expired(Value),
}

/// 401 in the words of that part.
pub(crate) fn refused(world: &World, call: &Call, part: Part, problem: Problem) -> Reply {
    match part {
        Part::Graph => {
            let message = match problem {
                Problem::Missing => "Access token is empty.",
                Problem::Invalid => "Access token validation failure.",
                Problem::Audience(_) => "Access token validation failure. Invalid audience.",
                Problem::Expired(_) => "Lifetime validation failed, the token is expired.",
            };
            error::graph(401, "InvalidAuthenticationToken", message, world.now())
                .with("www-authenticate", "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", client_id=\"00000003-0000-0000-c000-000000000000\"")
        }
        Part::Vault => {
            let message = match problem {
                Problem::Missing => "AKV10000: Request is missing a Bearer or PoP token.",
                Problem::Invalid => "AKV10032: Invalid issuer or signature of the token.",
                Problem::Audience(_) => "AKV10022: Invalid audience.",
                Problem::Expired(_) => "AKV10015: Error validating token: the token is expired.",
            };
            let (login, resource) = vault_challenge(world, call);
            error::vault(401, "Unauthorized", message).with(
                "www-authenticate",
                format!(
                    "Bearer authorization=\"{login}/{}\", resource=\"{resource}\"",
                    world.tenant.id
                ),
            )
        }
        _ => arm(world, problem),
    }
}

fn arm(world: &World, problem: Problem) -> Reply {
    let (code, message) = match problem {
        Problem::Missing => (
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.".to_owned(),
        ),
        Problem::Invalid => (
            "InvalidAuthenticationToken",
            "The access token is invalid.".to_owned(),
        ),
        Problem::Audience(audience) => (
            "InvalidAuthenticationTokenAudience",
            format!(
                "The access token has been obtained for wrong audience or resource '{audience}'. It should exactly match with one of the allowed audiences 'https://management.core.windows.net/','https://management.core.windows.net','https://management.azure.com/','https://management.azure.com'."
            ),
        ),
        Problem::Expired(claims) => {
            let expired =
                jiff::Timestamp::from_second(claims["exp"].as_i64().unwrap_or_default()).unwrap_or_default();
            let text = |time: jiff::Timestamp| time.strftime("%-m/%-d/%Y %-I:%M:%S %p").to_string();
            (
                "ExpiredAuthenticationToken",
                format!(
                    "The access token expiry UTC time '{}' is earlier than current UTC time '{}'.",
                    text(expired),
                    text(world.now())
                ),
            )
        }
    };
    let description = message.clone();
    error::arm(401, code, message).with(
        "www-authenticate",
        format!(
            "Bearer authorization_uri=\"https://login.windows.net/{}\", error=\"invalid_token\", error_description=\"{description}\"",
            world.tenant.id
        ),
    )
}

/// Where to log in for a vault, and for which resource: Azure's own names where the client used Azure's own host.
fn vault_challenge(world: &World, call: &Call) -> (String, String) {
    match crate::cloud::part_of(&call.host) {
        Some((cloud, _)) => (
            format!("https://{}", cloud.login),
            format!("https://{}", cloud.vault),
        ),
        None => {
            let login = world
                .places
                .get()
                .map_or_else(|| call.origin.clone(), |places| places.https.clone());
            (login, format!("https://{}", crate::cloud::LOCAL_VAULTS))
        }
    }
}
