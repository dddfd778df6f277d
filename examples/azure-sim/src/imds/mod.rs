//! Tokens for managed identities, in each way that Azure's hosts hand them out.

use http::Method;
use serde_json::json;

use crate::{
    login::{Audience, issue},
    principal::Principal,
    web::{Call, Reply},
    world::World,
};

/// The header that App Service, Service Fabric and Machine Learning want to see, unless the configuration names another.
pub const IDENTITY_HEADER: &str = "azure-sim-identity-header";

/// Answers a request for a token, or for what the machine is.
pub(crate) fn answer(world: &World, call: &Call) -> Reply {
    let lower = call.lower();
    let path: Vec<&str> = lower.iter().map(String::as_str).collect();
    let answer = match path.as_slice() {
        ["metadata", "identity", "oauth2", "token"] => machine(world, call),
        ["msi", "token"] => app_service(world, call),
        ["msi", "arc"] => arc(world, call),
        ["msi", "cloud-shell"] => cloud_shell(world, call),
        ["msi", "service-fabric"] => with_secret(world, call, "secret"),
        ["msi", "machine-learning"] => with_secret(world, call, "secret"),
        ["metadata", "instance", ..] => instance(world, call),
        _ => Ok(Reply::empty(404)),
    };
    answer.unwrap_or_else(|refusal| refusal)
}

/// The metadata service of a virtual machine.
fn machine(world: &World, call: &Call) -> Result<Reply, Reply> {
    metadata_header(call)?;
    if call.method != Method::GET {
        return Err(Reply::status(405, &json!({"error": "Method not allowed"})));
    }
    token(world, |name| call.parameter(name).map(str::to_owned))
}

/// Whoever can only send what a redirected browser sends does not get a token.
fn metadata_header(call: &Call) -> Result<(), Reply> {
    let has = call
        .header("metadata")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"));
    if has && call.header("x-forwarded-for").is_none() {
        return Ok(());
    }
    Err(refused(
        400,
        "invalid_request",
        "Required metadata header not specified",
    ))
}

/// App Service, Functions, Container Apps.
fn app_service(world: &World, call: &Call) -> Result<Reply, Reply> {
    with_secret(world, call, "x-identity-header")
}

fn with_secret(world: &World, call: &Call, header: &str) -> Result<Reply, Reply> {
    if call.header(header) != Some(&world.config.identity_header) {
        return Err(refused(
            401,
            "unauthorized",
            "The identity header is missing or wrong.",
        ));
    }
    token(world, |name| call.parameter(name).map(str::to_owned))
}

/// Azure Arc: the first answer names a file that only the machine's own can read, the second request quotes it.
fn arc(world: &World, call: &Call) -> Result<Reply, Reply> {
    metadata_header(call)?;
    let Some(path) = &world.config.arc_key_file else {
        return Err(refused(
            404,
            "not_found",
            "No key file for Azure Arc was configured.",
        ));
    };
    let quoted = call
        .header("authorization")
        .and_then(|value| value.strip_prefix("Basic "));
    let key = std::fs::read_to_string(path).unwrap_or_default();
    match quoted {
        Some(quoted) if !key.is_empty() && quoted == key => {
            token(world, |name| call.parameter(name).map(str::to_owned))
        }
        _ => Err(refused(401, "unauthorized", "The key is missing or wrong.")
            .with("www-authenticate", format!("Basic realm={}", path.display()))),
    }
}

/// Cloud Shell: a form is posted.
fn cloud_shell(world: &World, call: &Call) -> Result<Reply, Reply> {
    metadata_header(call)?;
    let form = call.form();
    token(world, |name| {
        form.iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.clone())
    })
}

fn token(world: &World, parameter: impl Fn(&str) -> Option<String>) -> Result<Reply, Reply> {
    let Some(resource) = parameter("resource") else {
        return Err(refused(
            400,
            "invalid_request",
            "Required query variable 'resource' is missing",
        ));
    };
    let asked = [
        "client_id",
        "clientid",
        "object_id",
        "principal_id",
        "mi_res_id",
        "msi_res_id",
    ]
    .into_iter()
    .find_map(&parameter);
    let principals = world.principals();
    let principal = match &asked {
        None => principals.first(),
        Some(id) => principals.iter().find(|known| is(known, id)),
    };
    let Some(principal) = principal else {
        return Err(refused(400, "invalid_request", "Identity not found"));
    };
    if Audience::of(world, &resource).is_none() {
        return Err(refused(
            400,
            "invalid_resource",
            &format!(
                "AADSTS500011: The resource principal named {resource} was not found in the tenant named {}.",
                world.tenant.display_name
            ),
        ));
    }
    let (token, expires) = issue(world, &std::sync::Arc::new(principal.clone()), &resource, None);
    let lifetime = expires.as_second() - world.now().as_second();
    Ok(Reply::json(&json!({
        "access_token": token,
        "client_id": principal.client_id,
        "expires_in": lifetime.to_string(),
        "expires_on": expires.as_second().to_string(),
        "ext_expires_in": lifetime.to_string(),
        "not_before": world.now().as_second().to_string(),
        "resource": resource,
        "token_type": "Bearer",
    })))
}

fn is(principal: &Principal, id: &str) -> bool {
    principal.client_id.eq_ignore_ascii_case(id) || principal.object_id.eq_ignore_ascii_case(id)
}

/// What the machine is: enough for whoever asks whether it is one of Azure's.
fn instance(world: &World, call: &Call) -> Result<Reply, Reply> {
    metadata_header(call)?;
    let subscription = world
        .tenant
        .hierarchy()
        .into_iter()
        .find_map(|row| row.subscription().map(str::to_owned));
    Ok(Reply::json(&json!({"compute": {
        "azEnvironment": "AzurePublicCloud",
        "location": "westeurope",
        "name": "azure-sim",
        "osType": "Linux",
        "subscriptionId": subscription,
        "vmId": uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, world.tenant.id.as_bytes()).to_string(),
    }})))
}

fn refused(status: u16, error: &str, description: &str) -> Reply {
    Reply::status(status, &json!({"error": error, "error_description": description}))
}
