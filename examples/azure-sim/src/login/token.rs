//! The token endpoint.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    error,
    principal::Principal,
    web::{Call, Reply},
    world::World,
};

use super::{Audience, assertion, discovery, is_tenant};

/// Answers the token endpoint of the second version or the first.
pub(crate) fn answer(world: &World, call: &Call, tenant: &str, second: bool) -> Reply {
    grant(world, call, tenant, second).unwrap_or_else(|refusal| refusal)
}

fn grant(world: &World, call: &Call, tenant: &str, second: bool) -> Result<Reply, Reply> {
    if call.method != http::Method::POST {
        return Err(refused(
            world,
            400,
            "invalid_request",
            900561,
            &format!(
                "The endpoint only accepts POST requests. Received a {} request.",
                call.method
            ),
        ));
    }
    let form = call.form();
    let field = |name: &str| {
        form.iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| &**value)
    };
    if matches!(tenant, "common" | "organizations") {
        return Err(refused(
            world,
            400,
            "invalid_request",
            50059,
            "No tenant-identifying information found in either the request or implied by any provided credentials.",
        ));
    }
    if !is_tenant(world, tenant) {
        return Err(discovery::unknown_tenant(world, tenant));
    }
    match field("grant_type") {
        None => {
            return Err(refused(
                world,
                400,
                "invalid_request",
                900144,
                "The request body must contain the following parameter: 'grant_type'.",
            ));
        }
        Some("client_credentials") => {}
        Some(other) => {
            return Err(refused(
                world,
                400,
                "unsupported_grant_type",
                70003,
                &format!("The app requested an unsupported grant type '{other}'."),
            ));
        }
    }
    let Some(client) = field("client_id") else {
        return Err(refused(
            world,
            400,
            "invalid_request",
            900144,
            "The request body must contain the following parameter: 'client_id'.",
        ));
    };
    let Some(principal) = world.principal(client) else {
        return Err(refused(
            world,
            400,
            "unauthorized_client",
            700016,
            &format!(
                "Application with identifier '{client}' was not found in the directory '{}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.",
                world.tenant.display_name
            ),
        ));
    };
    match (field("client_secret"), field("client_assertion")) {
        (Some(secret), _) if principal.secrets.iter().any(|known| known == secret) => {}
        (Some(_), _) => {
            return Err(refused(
                world,
                401,
                "invalid_client",
                7_000_215,
                &format!(
                    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{client}'."
                ),
            ));
        }
        (None, Some(assertion)) => assertion::check(world, &principal, assertion)?,
        (None, None) => {
            return Err(refused(
                world,
                401,
                "invalid_client",
                7_000_218,
                "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
            ));
        }
    }
    let resource = if second {
        let scope = field("scope").unwrap_or_default();
        let Some(resource) = scope.strip_suffix("/.default") else {
            return Err(refused(
                world,
                400,
                "invalid_scope",
                1_002_012,
                &format!(
                    "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI)."
                ),
            ));
        };
        resource
    } else {
        field("resource").unwrap_or_default()
    };
    if Audience::of(world, resource).is_none() {
        return Err(refused(
            world,
            400,
            "invalid_resource",
            500_011,
            &format!(
                "The resource principal named {resource} was not found in the tenant named {}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.",
                world.tenant.display_name
            ),
        ));
    }
    let claims = field("claims").and_then(|text| serde_json::from_str(text).ok());
    let (token, expires) = issue(world, &principal, resource, claims.as_ref());
    let lifetime = expires.as_second() - world.now().as_second();
    let mut body = json!({"token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime, "access_token": token});
    if !second {
        // The first version speaks in strings.
        body["expires_in"] = json!(lifetime.to_string());
        body["ext_expires_in"] = json!(lifetime.to_string());
        body["expires_on"] = json!(expires.as_second().to_string());
        body["not_before"] = json!(world.now().as_second().to_string());
        body["resource"] = json!(resource);
    }
    Ok(Reply::json(&body)
        .with("cache-control", "no-store, no-cache")
        .with("pragma", "no-cache"))
}

/// A token for that resource, and when it expires. `claims` are those of a challenge that the client answers.
pub(crate) fn issue(
    world: &World,
    principal: &Arc<Principal>,
    resource: &str,
    claims: Option<&Value>,
) -> (String, Timestamp) {
    let now = world.now();
    let expires = now.checked_add(world.config.token_lifetime).unwrap_or(now);
    let tenant = &world.tenant.id;
    let mut body = json!({
        "aud": resource,
        "iss": format!("https://sts.windows.net/{tenant}/"),
        "iat": now.as_second(),
        "nbf": now.as_second(),
        "exp": expires.as_second(),
        "appid": principal.client_id,
        "appidacr": "1",
        "idp": format!("https://sts.windows.net/{tenant}/"),
        "idtyp": "app",
        "oid": principal.object_id,
        "sub": principal.object_id,
        "tid": tenant,
        "uti": Uuid::new_v4().simple().to_string(),
        "ver": "1.0",
    });
    if let Some(not_before) = claims.and_then(|claims| claims["access_token"]["nbf"]["value"].as_str()) {
        // The answer to a challenge is a token that is newer than what the challenge refused.
        body["xms_cae"] = json!("1");
        body["answers"] = json!(not_before);
    }
    (world.signer.sign(&body), expires)
}

fn refused(world: &World, status: u16, error: &str, number: u32, message: &str) -> Reply {
    error::login(status, error, number, message, world.now())
}
