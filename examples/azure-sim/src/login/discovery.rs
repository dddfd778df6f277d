//! What clients ask before they log in.

use serde_json::json;

use crate::{
    error,
    web::{Call, Reply},
    world::World,
};

use super::is_tenant;

/// `openid-configuration`, of the second version or the first.
pub(crate) fn openid(world: &World, call: &Call, tenant: &str, second: bool) -> Reply {
    let known = is_tenant(world, tenant);
    if !known && !matches!(tenant, "common" | "organizations" | "consumers") {
        return unknown_tenant(world, tenant);
    }
    let origin = &call.origin;
    let tenant = if known { &world.tenant.id } else { tenant };
    let (path, issuer, keys) = if second {
        (
            "oauth2/v2.0",
            format!("{origin}/{tenant}/v2.0"),
            "discovery/v2.0/keys",
        )
    } else {
        (
            "oauth2",
            format!("https://sts.windows.net/{tenant}/"),
            "discovery/keys",
        )
    };
    Reply::json(&json!({
        "token_endpoint": format!("{origin}/{tenant}/{path}/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": format!("{origin}/{tenant}/{keys}"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": issuer,
        "request_uri_parameter_supported": false,
        "userinfo_endpoint": format!("{origin}/oidc/userinfo"),
        "authorization_endpoint": format!("{origin}/{tenant}/{path}/authorize"),
        "device_authorization_endpoint": format!("{origin}/{tenant}/{path}/devicecode"),
        "http_logout_supported": true,
        "end_session_endpoint": format!("{origin}/{tenant}/{path}/logout"),
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "oid", "tid", "ver"],
        "tenant_region_scope": "EU",
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": "graph.microsoft.com",
        "rbac_url": "https://pas.windows.net",
    }))
}

/// Which login hosts there are, and that the one that was asked is one of them.
pub(crate) fn instance(call: &Call) -> Reply {
    let own = call.origin.split_once("://").map_or("", |(_, rest)| rest);
    let authorization = call.parameter("authorization_endpoint").unwrap_or_default();
    // `https://HOST/TENANT/oauth2/v2.0/authorize`
    let asked: Vec<&str> = authorization.split('/').collect();
    let host = asked
        .get(2)
        .copied()
        .filter(|host| !host.is_empty())
        .unwrap_or(own);
    let tenant = asked
        .get(3)
        .copied()
        .filter(|tenant| !tenant.is_empty())
        .unwrap_or("common");
    Reply::json(&json!({
        "tenant_discovery_endpoint": format!("https://{host}/{tenant}/v2.0/.well-known/openid-configuration"),
        "api-version": "1.1",
        "metadata": [
            {"preferred_network": own, "preferred_cache": own, "aliases": [own, host]},
            {"preferred_network": "login.microsoftonline.com", "preferred_cache": "login.windows.net",
             "aliases": ["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"]},
            {"preferred_network": "login.partner.microsoftonline.cn", "preferred_cache": "login.partner.microsoftonline.cn",
             "aliases": ["login.partner.microsoftonline.cn", "login.chinacloudapi.cn"]},
            {"preferred_network": "login.microsoftonline.us", "preferred_cache": "login.microsoftonline.us",
             "aliases": ["login.microsoftonline.us", "login.usgovcloudapi.net"]},
        ],
    }))
}

/// No keys: tokens are signed with a secret that only the simulator has.
pub(crate) fn keys() -> Reply {
    Reply::json(&json!({"keys": []}))
}

/// The answer to a tenant that does not exist.
pub(super) fn unknown_tenant(world: &World, tenant: &str) -> Reply {
    error::login(
        400,
        "invalid_tenant",
        90002,
        &format!(
            "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant."
        ),
        world.now(),
    )
}
